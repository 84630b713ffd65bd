import type { Shape } from '../model/event-class.ts'
import type { RunDiff } from '../model/run-diff.ts'
import type { RunView } from '../model/run-view.ts'
import type { RunName } from '../view/state.ts'
import type { Axis } from './scene.ts'

/** Weight from which an event of the other run is shown. */
const SHOWN_WEIGHT = 3
const MOST_GHOSTS = 4_000

/** An event that only the other run has. */
export interface Ghost {
  readonly row: number
  readonly unit: number
  readonly shape: Shape
}

/** How a run looks beside another one. */
export interface Comparison {
  readonly ghosts: readonly Ghost[]
  /** Events that only this run has. */
  readonly added: readonly number[]
  /** Where they part in what matters: a row or an effect outside. */
  readonly partsAtMicros: number | undefined
}

/**
 * Lays one run over another.
 * @param name of the run that is looked at
 */
export function comparisonOf(
  name: RunName,
  run: RunView,
  other: RunView,
  diff: RunDiff,
  { mode, scale }: Axis,
  rowOfLane: Int32Array,
): Comparison {
  const [pairs, otherPairs] = name === 'A' ? [diff.inB, diff.inA] : [diff.inA, diff.inB]
  const added: number[] = []
  for (let id = 1; id < pairs.length; id++)
    if (pairs[id] === 0 && (run.looks.weights[id] as number) >= SHOWN_WEIGHT) added.push(id)
  const rows = new Map(run.recording.columns.lanes.map((lane, number) => [lane, rowOfLane[number] as number]))
  const ghosts: Ghost[] = []
  for (let id = 1; mode === 'time' && id < otherPairs.length && ghosts.length < MOST_GHOSTS; id++) {
    if (otherPairs[id] !== 0 || (other.looks.weights[id] as number) < SHOWN_WEIGHT) continue
    const row = rows.get(other.recording.lane(id)) ?? -1
    if (row < 0) continue
    ghosts.push({ row, unit: scale.toUnits(other.recording.at(id)), shape: other.looks.shapeOf(id) })
  }
  const { a, b } = diff.consequential
  const [own, others] = name === 'A' ? [a, b] : [b, a]
  const moments = [
    own > 0 ? run.recording.at(own) : undefined,
    others > 0 ? other.recording.at(others) : undefined,
  ]
  const known = moments.filter((moment) => moment !== undefined)
  return { ghosts, added, partsAtMicros: known.length === 0 ? undefined : Math.min(...known) }
}
