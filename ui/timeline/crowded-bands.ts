import type { LaneBand } from '../model/lane-bands.ts'

/** Share of the rows from which on bands at one moment would be the picture, and what happens meanwhile hidden by them. */
const SHARE = 0.5
/** Rows below which every band has the room that it needs. */
const FEW = 4

/** The bands of what is cut off, slowed or otherwise troubled at a moment when most rows are. What is down is never among them: nothing happens there. */
export function crowdedBands(
  bands: readonly LaneBand[],
  rowOfLane: Int32Array,
  rows: number,
): ReadonlySet<LaneBand> {
  const shown = bands.filter(({ lane, down }) => !down && (rowOfLane[lane] as number) >= 0)
  const crowded = new Set<LaneBand>()
  // The most bands lie beside each other where one of them begins.
  for (const moment of new Set(shown.map(({ fromMicros }) => fromMicros))) {
    const together = shown.filter(({ fromMicros, toMicros }) => fromMicros <= moment && moment < toMicros)
    const { size } = new Set(together.map(({ lane }) => rowOfLane[lane]))
    if (size >= FEW && size > rows * SHARE) for (const band of together) crowded.add(band)
  }
  return crowded
}
