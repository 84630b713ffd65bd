import { type Lane, type LaneRow, ownRows, rowsOf } from '../model/lanes.ts'
import type { RunName } from '../model/run-diff.ts'
import type { RunView } from '../model/run-view.ts'
import type { Pair, TimelineView } from '../view/state.ts'
import { type Comparison, comparisonOf } from './comparison.ts'
import { maskOf, subjectsOf } from './mask.ts'
import { type Axis, rowsByLane, type Scene, SHOWN } from './scene.ts'

/** How much of each event of each run is shown: what one story tells of is shown in the other run too. */
export function masksOf(
  runs: readonly RunView[],
  filter: string,
  only: string,
  storyLanes: boolean,
): readonly Uint8Array[] {
  const subjects = subjectsOf(runs)
  return runs.map((run) => maskOf(run, filter, only, storyLanes, subjects))
}

interface Lanes extends Pick<TimelineView, 'folded' | 'storyLanes' | 'solo'> {
  readonly runs: readonly RunView[]
  readonly places: readonly Uint8Array[]
  readonly only: string
}

/** The rows of all runs: a lane has one if any of them has something to show there. */
export function rowsShown(
  lanes: readonly Lane[],
  { runs, places, folded, storyLanes, only, solo }: Lanes,
): LaneRow[] {
  const alone = lanes.filter(({ name }) => name === solo)
  if (alone.length > 0) return rowsOf(alone, new Set(), new Set())
  const found = runs.flatMap((run, at) => namesOfPart(run, places[at] as Uint8Array, storyLanes, only) ?? [])
  const wanted = new Set(found.flatMap((names) => [...names]))
  const hidden = found.length === 0 ? [] : lanes.filter(({ name }) => !wanted.has(name))
  return rowsOf(lanes, new Set(folded), new Set(hidden.map(({ number }) => number)))
}

/** Names of the lanes that have part in what is looked at; undefined: all have. */
function namesOfPart(
  { recording, lanes, laneBands, storyLanes: ofStory }: RunView,
  mask: Uint8Array,
  storyLanes: boolean,
  only: string,
): Set<string> | undefined {
  if (only === '' && !(storyLanes && ofStory.size > 0)) return undefined
  const { lane, count } = recording.columns
  const shown = new Set(only === '' ? ofStory : [])
  if (only !== '') {
    for (let id = 1; id <= count; id++) if (mask[id] === SHOWN) shown.add(lane[id] as number)
    for (const { lane: number, through } of laneBands) if (through === '') shown.add(number)
  }
  return new Set(lanes.filter(({ number }) => shown.has(number)).map(({ name }) => name))
}

/** Rows of all runs as one of them has them. @param lanes of all of them */
export function laidRows(
  run: RunView,
  rows: readonly LaneRow[],
  lanes: readonly Lane[],
): Pick<Scene, 'rows' | 'rowOfLane'> {
  const own = ownRows(rows, lanes, run.lanes)
  return { rows: own, rowOfLane: rowsByLane(own, run.recording.columns.lanes.length) }
}

/** How each of the runs that are shown looks beside the other one. @param lanes of all of them */
export function comparisonsOf(
  pair: Pair,
  names: readonly RunName[],
  axes: readonly Axis[],
  rows: readonly LaneRow[],
  lanes: readonly Lane[],
): Comparison[] {
  const diff = pair.A.diffWith(pair.B)
  return names.map((name, at) => {
    const other = pair[name === 'A' ? 'B' : 'A']
    const { rowOfLane: otherRows } = laidRows(other, rows, lanes)
    const [axis, otherAxis] = [axes[at] as Axis, axes[1 - at]]
    return comparisonOf({ name, run: pair[name], other, diff, axis, otherAxis, otherRows })
  })
}
