import { rowsOf } from '../../ui/model/lanes.ts'
import type { RunView } from '../../ui/model/run-view.ts'
import type { AxisMode } from '../../ui/model/time-scale.ts'
import { wholeOf } from '../../ui/model/viewport.ts'
import { crowdedBands } from '../../ui/timeline/crowded-bands.ts'
import { maskOf } from '../../ui/timeline/mask.ts'
import { axisOf, rowsByLane, type Scene } from '../../ui/timeline/scene.ts'

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
