import { Fragment, type RefObject, useEffect, useMemo, useRef } from 'react'
import type { RunName } from '../model/run-diff.ts'
import type { RunView } from '../model/run-view.ts'
import { revealed, type Viewport } from '../model/viewport.ts'
import type { Controller } from '../view/controller.ts'
import { pairOf, showsBoth } from '../view/state.ts'
import { useSelected } from '../view/store.ts'
import { AxisTicks } from './AxisTicks.tsx'
import { FaultTrack } from './FaultTrack.tsx'
import { Legend } from './Legend.tsx'
import { Minimap } from './Minimap.tsx'
import { Picture } from './Picture.tsx'
import { RangePanel } from './RangePanel.tsx'
import { RunStrip } from './RunStrip.tsx'
import type { Scene } from './scene.ts'
import { TimelineTools } from './TimelineTools.tsx'
import { type SceneInputs, type Shown, useScenes } from './use-scenes.ts'
import { useSize } from './use-size.ts'

type Place = RefObject<HTMLDivElement | null>

/**
 * The space-time picture of a run: a lane for everything that acts, time from left to right. With two runs also of both,
 * one above the other, with the same lanes and the same axis.
 */
export function Timeline({ controller, run }: { controller: Controller; run: RunView }) {
  const { store } = controller
  const timeline = useSelected(store, (state) => state.timeline)
  const filter = useSelected(store, (state) => state.filter)
  const event = useSelected(store, (state) => state.focus.event)
  const only = useSelected(store, (state) =>
    state.onlyEntity ? state.focus.entity || (run.story?.subject ?? '') : '',
  )
  const plots: readonly Place[] = [useRef(null), useRef(null)]
  const scrollers: readonly Place[] = [useRef(null), useRef(null)]
  const { width } = useSize(plots[0] as Place)
  const { height: room } = useSize(scrollers[0] as Place)
  const seen = useSeen(controller, run)
  const shown = useScenes({ ...seen, timeline, filter, only, width, room })
  const { scene, name } = shown.find((each) => each.scene.run === run) as Shown
  const setViewport = useMemo(
    () => (viewport: Viewport | undefined) =>
      store.update((draft) => {
        draft.timeline.viewport = viewport
      }),
    [store],
  )
  useEffect(() => {
    controller.layOut(scene.axis)
  }, [controller, scene.axis])
  useRevealed(scene, event, setViewport)
  const both = shown.length > 1
  const cursor = useSharedCursor(both)
  return (
    <section
      className={both ? 'timeline timeline-both' : 'timeline'}
      aria-label="Timeline"
      ref={cursor.ref}
      onPointerMove={cursor.follow}
      onPointerLeave={cursor.leave}
    >
      <TimelineTools controller={controller} scene={scene} />
      <Minimap scene={scene} onViewport={setViewport} />
      <div className="timeline-head">
        <div className="lane-head" />
        <AxisTicks scene={scene} />
      </div>
      {shown.map((each, at) => (
        <Fragment key={at === 0 ? 'upper' : 'lower'}>
          {both && <RunStrip controller={controller} shown={each} active={each.scene === scene} />}
          <FaultTrack
            controller={controller}
            scene={each.scene}
            of={both ? `run ${each.name}` : 'this run'}
          />
          <Picture
            controller={controller}
            shown={each}
            active={each.scene === scene}
            both={both}
            cursor={event > 0 ? scene.axis.units[event] : undefined}
            plotRef={plots[at] as Place}
            scrollRef={scrollers[at] as Place}
            onViewport={setViewport}
            onScrolled={() => alignScroll(scrollers[at], scrollers[1 - at])}
          />
        </Fragment>
      ))}
      <RangePanel controller={controller} scene={scene} of={both ? ` of run ${name}` : ''} />
      <Legend compared={seen.pair !== undefined} again={run.duplicates.size > 0} />
    </section>
  )
}

/** The runs that are seen, and the two that are compared. */
function useSeen(controller: Controller, run: RunView): Pick<SceneInputs, 'names' | 'runs' | 'pair'> {
  const { store } = controller
  const known = useSelected(store, (state) => state.runs)
  const active = useSelected(store, (state) => state.active)
  const both = useSelected(store, showsBoth)
  const pair = useMemo(() => pairOf({ runs: known }), [known])
  // Of two that are both seen nothing changes when another one of them is looked at.
  const only = both ? undefined : active
  const single = both ? undefined : run
  const [names, runs] = useMemo((): readonly [readonly RunName[], readonly RunView[]] => {
    if (pair !== undefined && only === undefined)
      return [
        ['A', 'B'],
        [pair.A, pair.B],
      ]
    return [[only ?? 'A'], single === undefined ? [] : [single]]
  }, [pair, only, single])
  return { names, runs, pair }
}

/** What is focused comes into view; what is looked at otherwise stays where it is. */
function useRevealed(scene: Scene, event: number, setViewport: (viewport: Viewport) => void): void {
  const latest = useRef(scene)
  latest.current = scene
  useEffect(() => {
    const { axis, viewport } = latest.current
    if (event < 1) return
    const next = revealed(viewport, axis.units[event] as number, axis.lengthUnits)
    if (next !== viewport) setViewport(next)
  }, [event, setViewport])
}

/** The lanes of one run stay beside those of the other. */
function alignScroll(moved: Place | undefined, other: Place | undefined): void {
  const [from, to] = [moved?.current ?? null, other?.current ?? null]
  if (from !== null && to !== null && to.scrollTop !== from.scrollTop) to.scrollTop = from.scrollTop
}

/** A line under the pointer that goes through both runs: the style sheet draws it where it is told. */
function useSharedCursor(both: boolean) {
  const ref = useRef<HTMLElement>(null)
  const leave = (): void => {
    ref.current?.style.removeProperty('--cursor')
  }
  const follow = (event: React.PointerEvent<HTMLElement>): void => {
    const plot = both && event.target instanceof Element ? event.target.closest('.plot') : null
    if (plot === null) leave()
    else ref.current?.style.setProperty('--cursor', `${event.clientX - plot.getBoundingClientRect().left}px`)
  }
  return { ref, follow, leave }
}
