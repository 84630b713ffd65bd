import { useMemo } from 'react'
import { rowsOf } from '../model/lanes.ts'
import type { RunView } from '../model/run-view.ts'
import { wholeOf } from '../model/viewport.ts'
import type { TimelineView } from '../view/state.ts'
import { maskOf } from './mask.ts'
import { Pyramid } from './pyramid.ts'
import { axisOf, rowsByLane, type Scene } from './scene.ts'

/** What of the state decides what is seen. */
export interface SceneInputs {
  readonly run: RunView
  readonly timeline: TimelineView
  readonly filter: string
  /** Only this entity's events; '' for all. */
  readonly only: string
  readonly width: number
}

/** The scene, and its pyramid when that is needed; each part is made again only when what it depends on has changed. */
export function useScene({ run, timeline, filter, only, width }: SceneInputs): {
  readonly scene: Scene
  readonly pyramid: () => Pyramid
} {
  const { axis: mode, foldIdle, storyLanes, folded, viewport } = timeline
  const mask = useMemo(() => maskOf(run, filter, only, storyLanes), [run, filter, only, storyLanes])
  const rows = useMemo(() => {
    return rowsOf(run.lanes, new Set(folded), hiddenLanes(run, mask, storyLanes, only))
  }, [run, folded, storyLanes, only, mask])
  const rowOfLane = useMemo(() => rowsByLane(rows, run.recording.columns.lanes.length), [rows, run])
  const axis = useMemo(() => axisOf(run, mode, foldIdle, mask), [run, mode, foldIdle, mask])
  const pyramid = useMemo(() => {
    let made: Pyramid | undefined
    return (): Pyramid => {
      made ??= new Pyramid(run, axis, mask)
      return made
    }
  }, [run, axis, mask])
  const seen = viewport ?? wholeOf(axis.lengthUnits)
  const scene = useMemo(
    () => ({ run, rows, rowOfLane, axis, mask, viewport: seen, width }),
    [run, rows, rowOfLane, axis, mask, seen, width],
  )
  return { scene, pyramid }
}

/** Lanes that have no part in what is looked at. */
function hiddenLanes(run: RunView, mask: Uint8Array, storyLanes: boolean, only: string): Set<number> {
  const hidden = new Set<number>()
  const { lane, count } = run.recording.columns
  if (only !== '') {
    for (const { number } of run.lanes) hidden.add(number)
    for (let id = 1; id <= count; id++) if (mask[id] === 2) hidden.delete(lane[id] as number)
    for (const { lane: number } of run.laneBands) hidden.delete(number)
  } else if (storyLanes && run.storyLanes.size > 0) {
    for (const { number } of run.lanes) if (!run.storyLanes.has(number)) hidden.add(number)
  }
  return hidden
}
