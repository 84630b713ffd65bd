import { useMemo } from 'react'
import { jointLanes } from '../model/lanes.ts'
import type { RunName } from '../model/run-diff.ts'
import type { RunView } from '../model/run-view.ts'
import { wholeOf } from '../model/viewport.ts'
import type { Pair, TimelineView } from '../view/state.ts'
import { useNarrow } from '../view/use-narrow.ts'
import { crowdedBands } from './crowded-bands.ts'
import { comparisonsOf, laidRows, masksOf, rowsShown } from './layout.ts'
import { Pyramid } from './pyramid.ts'
import { type Axis, axesOf, rowHeightFor, type Scene } from './scene.ts'

/** What of the state decides what is seen. */
export interface SceneInputs {
  /** The runs that are shown: one, or both of a pair, one above the other. */
  readonly names: readonly RunName[]
  readonly runs: readonly RunView[]
  readonly pair: Pair | undefined
  readonly timeline: TimelineView
  readonly filter: string
  /** Only this entity's events; '' for all. */
  readonly only: string
  readonly width: number
  /** Height that there is for the rows of a run. */
  readonly room: number
}

/** A run as it is shown. */
export interface Shown {
  readonly name: RunName
  readonly scene: Scene
  /** Made when it is needed. */
  readonly pyramid: () => Pyramid
}

/** The scenes of all runs that are shown; each part is made again only when what it depends on has changed. */
export function useScenes(inputs: SceneInputs): readonly Shown[] {
  const { names, runs, pair, timeline, filter, only, width, room } = inputs
  const { axis: mode, foldIdle, storyLanes, folded, viewport, solo } = timeline
  const masks = useMemo(() => masksOf(runs, filter, only, storyLanes), [runs, filter, only, storyLanes])
  // A filter dims; it does not move anything.
  const places = useMemo(() => masksOf(runs, '', only, storyLanes), [runs, only, storyLanes])
  const lanes = useMemo(() => runs.map((run) => run.lanes).reduce(jointLanes), [runs])
  const rows = useMemo(
    () => rowsShown(lanes, { runs, places, folded, storyLanes, only, solo }),
    [lanes, runs, places, folded, storyLanes, only, solo],
  )
  const laid = useMemo(() => runs.map((run) => laidRows(run, rows, lanes)), [runs, rows, lanes])
  const axes = useMemo(() => {
    const masked = runs.map((run, at) => ({ run, mask: places[at] as Uint8Array }))
    return axesOf(masked, mode, foldIdle)
  }, [runs, places, mode, foldIdle])
  const pyramids = useMemo(
    () => runs.map((run, at) => lazily(() => new Pyramid(run, axes[at] as Axis, places[at] as Uint8Array))),
    [runs, axes, places],
  )
  const comparisons = useMemo(
    () => (pair === undefined ? [] : comparisonsOf(pair, names, axes, rows, lanes)),
    [pair, names, axes, rows, lanes],
  )
  const crowded = useMemo(
    () => runs.map((run, at) => crowdedBands(run.laneBands, laid[at]?.rowOfLane as Int32Array, rows.length)),
    [runs, laid, rows],
  )
  const rowHeight = rowHeightFor(rows.length, room, useNarrow())
  return useMemo(() => {
    const seen = viewport ?? wholeOf(axes[0]?.lengthUnits ?? 1)
    return runs.map((run, at) => {
      const scene = {
        ...(laid[at] as (typeof laid)[number]),
        run,
        axis: axes[at] as Axis,
        mask: masks[at] as Uint8Array,
        viewport: seen,
        width,
        rowHeight,
        crowded: crowded[at] as Scene['crowded'],
        comparison: comparisons[at],
      }
      return { name: names[at] as RunName, scene, pyramid: pyramids[at] as Shown['pyramid'] }
    })
  }, [names, runs, laid, axes, masks, viewport, width, rowHeight, crowded, comparisons, pyramids])
}

function lazily<Value>(make: () => Value): () => Value {
  let made: Value | undefined
  return () => {
    made ??= make()
    return made
  }
}
