import { useMemo } from 'react'
import { rowsOf } from '../model/lanes.ts'
import type { RunDiff } from '../model/run-diff.ts'
import type { RunView } from '../model/run-view.ts'
import { wholeOf } from '../model/viewport.ts'
import type { RunName, TimelineView } from '../view/state.ts'
import { useNarrow } from '../view/use-narrow.ts'
import { comparisonOf } from './comparison.ts'
import { crowdedBands } from './crowded-bands.ts'
import { maskOf } from './mask.ts'
import { Pyramid } from './pyramid.ts'
import { axisOf, rowHeightFor, rowsByLane, type Scene } from './scene.ts'

/** What of the state decides what is seen. */
export interface SceneInputs {
  readonly run: RunView
  readonly timeline: TimelineView
  readonly filter: string
  /** Only this entity's events; '' for all. */
  readonly only: string
  readonly width: number
  /** Height that there is for the rows. */
  readonly room: number
  /** The run beside which this one is shown. */
  readonly beside: { readonly name: RunName; readonly other: RunView; readonly diff: RunDiff } | undefined
}

/** The scene, and its pyramid when that is needed; each part is made again only when what it depends on has changed. */
export function useScene({ run, timeline, filter, only, width, room, beside }: SceneInputs): {
  readonly scene: Scene
  readonly pyramid: () => Pyramid
} {
  const { axis: mode, foldIdle, storyLanes, folded, viewport, solo } = timeline
  const mask = useMemo(() => maskOf(run, filter, only, storyLanes), [run, filter, only, storyLanes])
  // A filter dims; it does not move anything.
  const places = useMemo(() => maskOf(run, '', only, storyLanes), [run, only, storyLanes])
  const rows = useMemo(() => {
    if (solo !== '' && run.recording.columns.lanes.includes(solo))
      return rowsOf(
        run.lanes.filter(({ name }) => name === solo),
        new Set(),
        new Set(),
      )
    return rowsOf(run.lanes, new Set(folded), hiddenLanes(run, places, storyLanes, only))
  }, [run, folded, storyLanes, only, places, solo])
  const rowOfLane = useMemo(() => rowsByLane(rows, run.recording.columns.lanes.length), [rows, run])
  const axis = useMemo(() => axisOf(run, mode, foldIdle, places), [run, mode, foldIdle, places])
  const pyramid = useMemo(() => {
    let made: Pyramid | undefined
    return (): Pyramid => {
      made ??= new Pyramid(run, axis, places)
      return made
    }
  }, [run, axis, places])
  const seen = viewport ?? wholeOf(axis.lengthUnits)
  const comparison = useMemo(
    () => beside && comparisonOf(beside.name, run, beside.other, beside.diff, axis, rowOfLane),
    [beside, run, axis, rowOfLane],
  )
  const rowHeight = rowHeightFor(rows.length, room, useNarrow())
  const crowded = useMemo(() => crowdedBands(run.laneBands, rowOfLane, rows.length), [run, rowOfLane, rows])
  const scene = useMemo(
    () => ({ run, rows, rowOfLane, axis, mask, viewport: seen, width, rowHeight, crowded, comparison }),
    [run, rows, rowOfLane, axis, mask, seen, width, rowHeight, crowded, comparison],
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
    for (const { lane: number, through } of run.laneBands) if (through === '') hidden.delete(number)
  } else if (storyLanes && run.storyLanes.size > 0) {
    for (const { number } of run.lanes) if (!run.storyLanes.has(number)) hidden.add(number)
  }
  return hidden
}
