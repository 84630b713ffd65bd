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
  const shown = bands.filter(
    ({ lane, down, fromMicros, toMicros }) =>
      !down && fromMicros < toMicros && (rowOfLane[lane] as number) >= 0,
  )
  const moments = crowdedMoments(shown, rowOfLane, (size) => size >= FEW && size > rows * SHARE)
  return new Set(
    shown.filter(({ fromMicros, toMicros }) => {
      const next = moments[firstFrom(moments, fromMicros)]
      return next !== undefined && next < toMicros
    }),
  )
}

/** The moments at which as many rows have a band as asked, rising. The most bands lie beside each other where one of them begins: others are not looked at. */
function crowdedMoments(
  bands: readonly LaneBand[],
  rowOfLane: Int32Array,
  isCrowded: (rows: number) => boolean,
): number[] {
  const begins = [...bands].sort((left, right) => left.fromMicros - right.fromMicros)
  const ends = [...bands].sort((left, right) => left.toMicros - right.toMicros)
  const bandsOfRow = new Map<number, number>()
  const change = ({ lane }: LaneBand, by: 1 | -1): void => {
    const row = rowOfLane[lane] as number
    const left = (bandsOfRow.get(row) ?? 0) + by
    if (left === 0) bandsOfRow.delete(row)
    else bandsOfRow.set(row, left)
  }
  const moments: number[] = []
  let ended = 0
  for (const [at, band] of begins.entries()) {
    const moment = band.fromMicros
    change(band, 1)
    for (; ends[ended] !== undefined && (ends[ended] as LaneBand).toMicros <= moment; ended++)
      change(ends[ended] as LaneBand, -1)
    const isLast = begins[at + 1]?.fromMicros !== moment
    if (isLast && isCrowded(bandsOfRow.size)) moments.push(moment)
  }
  return moments
}

/** Where the first of rising moments is that does not lie before another one. */
function firstFrom(moments: readonly number[], moment: number): number {
  let [low, high] = [0, moments.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((moments[middle] as number) < moment) low = middle + 1
    else high = middle
  }
  return low
}
