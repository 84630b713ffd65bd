import { jointLanes, rowsOf } from '../../ui/model/lanes.ts'
import type { RunView } from '../../ui/model/run-view.ts'
import type { AxisMode } from '../../ui/model/time-scale.ts'
import { wholeOf } from '../../ui/model/viewport.ts'
import { crowdedBands } from '../../ui/timeline/crowded-bands.ts'
import { comparisonsOf, laidRows, masksOf, rowsShown } from '../../ui/timeline/layout.ts'
import { maskOf } from '../../ui/timeline/mask.ts'
import { type Axis, axesOf, axisOf, rowsByLane, type Scene } from '../../ui/timeline/scene.ts'

/** The whole of a run as the timeline lays it out, nothing folded by hand. */
export function sceneOf(
  run: RunView,
  {
    mode = 'time' as AxisMode,
    width = 1_000,
    rowHeight = 20,
    storyOnly = false,
    hidden = new Set<number>(),
  } = {},
): Scene {
  const mask = maskOf(run, '', '', storyOnly)
  const rows = rowsOf(run.lanes, new Set(), hidden)
  const axis = axisOf(run, mode, true, mask)
  const rowOfLane = rowsByLane(rows, run.recording.columns.lanes.length)
  const viewport = wholeOf(axis.lengthUnits)
  const crowded = crowdedBands(run.laneBands, rowOfLane, rows.length)
  return { run, rows, rowOfLane, axis, mask, viewport, width, rowHeight, crowded, comparison: undefined }
}

/** Two runs as the timeline lays them out one above the other. */
export function bothScenes(
  A: RunView,
  B: RunView,
  { mode = 'time' as AxisMode, width = 1_000, storyLanes = false, only = '', folded = [] as string[] } = {},
): readonly [Scene, Scene] {
  const runs = [A, B]
  const masks = masksOf(runs, '', only, storyLanes)
  const lanes = jointLanes(A.lanes, B.lanes)
  const rows = rowsShown(lanes, { runs, places: masks, folded, storyLanes, only, solo: '' })
  const axes = axesOf(
    runs.map((run, at) => ({ run, mask: masks[at] as Uint8Array })),
    mode,
    true,
  )
  const comparisons = comparisonsOf({ A, B }, ['A', 'B'], axes, rows, lanes)
  return runs.map((run, at) => {
    const axis = axes[at] as Axis
    const laid = laidRows(run, rows, lanes)
    const crowded = crowdedBands(run.laneBands, laid.rowOfLane, rows.length)
    const viewport = wholeOf(axis.lengthUnits)
    const mask = masks[at] as Uint8Array
    return { ...laid, run, axis, mask, viewport, width, rowHeight: 20, crowded, comparison: comparisons[at] }
  }) as unknown as readonly [Scene, Scene]
}
