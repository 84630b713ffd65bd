import {
  type PointerEvent,
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import { diffOf } from '../model/run-diff.ts'
import type { RunView } from '../model/run-view.ts'
import { panned, revealed, type Viewport, wholeOf, zoomed } from '../model/viewport.ts'
import { FAULT_TYPE } from '../panes/new-fault.ts'
import type { Controller } from '../view/controller.ts'
import { soloLane } from '../view/lane-commands.ts'
import type { TimelineView } from '../view/state.ts'
import { useSelected } from '../view/store.ts'
import { useTokens } from '../view/theme.ts'
import { AxisTicks } from './AxisTicks.tsx'
import { EventBadges, MarkFlags } from './EventBadges.tsx'
import { dropFault, FaultTrack, momentAt } from './FaultTrack.tsx'
import { LaneLabels } from './LaneLabels.tsx'
import { Legend } from './Legend.tsx'
import { Minimap } from './Minimap.tsx'
import { paintScene } from './paint.ts'
import { paintOverlay } from './paint-overlay.ts'
import { RangePanel } from './RangePanel.tsx'
import { heightOf, hit, type Scene, unitAt, xOf } from './scene.ts'
import { TimelineTools } from './TimelineTools.tsx'
import { Tooltip } from './Tooltip.tsx'
import type { Tokens } from './tokens.ts'
import { type SceneInputs, useScene } from './use-scene.ts'
import { useSize } from './use-size.ts'

/** The space-time picture of a run: a lane for everything that acts, time from left to right. */
export function Timeline({ controller, run }: { controller: Controller; run: RunView }) {
  const { store } = controller
  const timeline = useSelected(store, (state) => state.timeline)
  const filter = useSelected(store, (state) => state.filter)
  const focus = useSelected(store, (state) => state.focus)
  const hover = useSelected(store, (state) => state.hover)
  const only = useSelected(store, (state) =>
    state.onlyEntity ? state.focus.entity || (run.story?.subject ?? '') : '',
  )
  const plotRef = useRef<HTMLDivElement>(null)
  const { width } = useSize(plotRef)
  const scrollRef = useRef<HTMLDivElement>(null)
  useOwnZoom(plotRef)
  const { height: room } = useSize(scrollRef)
  const beside = useBeside(controller)
  const { scene, pyramid } = useScene({ run, timeline, filter, only, width, room, beside })
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
  useRevealed(scene, focus.event, setViewport)
  const paintBase = useCallback<Paint>(
    (pen, tokens) => paintScene(pen, scene, pyramid, tokens),
    [scene, pyramid],
  )
  const paintFocus = useCallback<Paint>(
    (pen, tokens) => paintOverlay(pen, scene, tokens, focus.event, hover),
    [scene, focus.event, hover],
  )
  const pointer = usePointer(scene, controller, setViewport)
  return (
    <section className="timeline" aria-label="Timeline">
      <TimelineTools controller={controller} scene={scene} />
      <Minimap scene={scene} onViewport={setViewport} />
      <div className="timeline-head">
        <div className="lane-head" />
        <AxisTicks scene={scene} />
      </div>
      <FaultTrack controller={controller} scene={scene} />
      <div className="timeline-scroll" ref={scrollRef}>
        <LaneLabels controller={controller} scene={scene} />
        <div
          className="plot"
          ref={plotRef}
          tabIndex={0}
          role="application"
          aria-roledescription="timeline"
          aria-label="Timeline of the run. J and K step along the story, Shift+H and Shift+L to causes and effects, H and L to what has the same cause, N to the violation."
          style={{ height: heightOf(scene) }}
          {...pointer.handlers}
          onDragOver={(event) => event.dataTransfer.types.includes(FAULT_TYPE) && event.preventDefault()}
          onDrop={(event) => {
            event.preventDefault()
            const box = event.currentTarget.getBoundingClientRect()
            const lane = scene.rows[Math.floor((event.clientY - box.top) / scene.rowHeight)]?.label
            const atMicros = momentAt(scene, event.clientX - box.left)
            dropFault(controller, event.dataTransfer.getData(FAULT_TYPE), lane, atMicros)
          }}
        >
          <SceneCanvas scene={scene} paint={paintBase} />
          <SceneCanvas scene={scene} paint={paintFocus} />
          <EventBadges controller={controller} scene={scene} />
          <MarkFlags controller={controller} scene={scene} />
          <Range places={pointer.range ?? rangeOf(scene, timeline.range)} />
          {hover > 0 && <Tooltip scene={scene} id={hover} />}
        </div>
      </div>
      <RangePanel controller={controller} scene={scene} />
      <Legend compared={beside !== undefined} again={run.duplicates.size > 0} />
    </section>
  )
}

type Places = readonly [from: number, to: number]

/** Where a picked range is, in pixels. */
function rangeOf(scene: Scene, range: TimelineView['range']): Places | undefined {
  if (range === undefined || range === 'seen') return undefined
  return [xOf(scene, range.fromUnit), xOf(scene, range.toUnit)]
}

function Range({ places }: { places: Places | undefined }) {
  if (places === undefined) return null
  const [from, to] = places
  return <div className="range" style={{ left: from, width: to - from }} />
}

/** The other run, and how it differs. */
function useBeside(controller: Controller): SceneInputs['beside'] {
  const runs = useSelected(controller.store, (state) => state.runs)
  const active = useSelected(controller.store, (state) => state.active)
  const { A, B } = runs
  const diff = useMemo(() => (A && B ? diffOf(A.recording, B.recording) : undefined), [A, B])
  return useMemo(() => {
    const other = active === 'A' ? B : A
    return diff === undefined || other === undefined ? undefined : { name: active, other, diff }
  }, [active, A, B, diff])
}

/** Zooming the picture does not zoom the page as well: React's own listeners cannot prevent it. */
function useOwnZoom(plot: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const element = plot.current
    const prevent = (event: WheelEvent): void => {
      if (event.ctrlKey || event.metaKey) event.preventDefault()
    }
    element?.addEventListener('wheel', prevent, { passive: false })
    return () => element?.removeEventListener('wheel', prevent)
  }, [plot])
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

type Paint = (pen: CanvasRenderingContext2D, tokens: Tokens) => void

/** A canvas that is painted again when its paint, its size or the theme has changed. */
function SceneCanvas({ scene, paint }: { scene: Scene; paint: Paint }) {
  const ref = useRef<HTMLCanvasElement>(null)
  const tokens = useTokens()
  const height = heightOf(scene)
  useLayoutEffect(() => {
    const canvas = ref.current
    const pen = canvas?.getContext('2d')
    if (!canvas || !pen || scene.width === 0) return
    const ratio = Math.min(2, window.devicePixelRatio || 1)
    const [wide, high] = [Math.round(scene.width * ratio), Math.round(height * ratio)]
    if (canvas.width !== wide || canvas.height !== high) {
      canvas.width = wide
      canvas.height = high
    }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0)
    paint(pen, tokens)
  }, [paint, tokens, scene.width, height])
  return <canvas ref={ref} aria-hidden="true" style={{ width: scene.width, height }} />
}

interface Drag {
  readonly x: number
  readonly viewport: Viewport
  readonly ranging: boolean
  moved: boolean
}

/** Pointer and wheel: hover, focus, drag to pan, shift-drag to pick a range, wheel to pan and zoom. */
function usePointer(
  scene: Scene,
  controller: Controller,
  setViewport: (viewport: Viewport | undefined) => void,
) {
  const drag = useRef<Drag | undefined>(undefined)
  const [range, setRange] = useState<readonly [number, number] | undefined>(undefined)
  const place = (event: PointerEvent<HTMLDivElement>): readonly [number, number] => {
    const box = event.currentTarget.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }
  const move = (event: PointerEvent<HTMLDivElement>): void => {
    const [x, y] = place(event)
    const held = drag.current
    if (held === undefined) {
      controller.hover(hit(scene, x, y))
      return
    }
    if (Math.abs(x - held.x) > 3) held.moved = true
    if (!held.moved) return
    if (held.ranging) setRange([Math.min(held.x, x), Math.max(held.x, x)])
    else setViewport(panned(held.viewport, (held.x - x) / scene.width, scene.axis.lengthUnits))
  }
  const up = (event: PointerEvent<HTMLDivElement>): void => {
    const [x, y] = place(event)
    const held = drag.current
    drag.current = undefined
    setRange(undefined)
    if (held === undefined) return
    if (held.ranging && held.moved) {
      const [from, to] = [Math.min(held.x, x), Math.max(held.x, x)]
      controller.store.update(({ timeline }) => {
        timeline.range = { fromUnit: unitAt(scene, from), toUnit: unitAt(scene, to) }
      })
    } else if (!held.moved && event.altKey) {
      const row = scene.rows[Math.floor(y / scene.rowHeight)]
      if (row?.folded === false) soloLane(controller, row.label)
    } else if (!held.moved) {
      const id = hit(scene, x, y)
      if (id > 0) controller.focus(id)
    }
  }
  const handlers = {
    onPointerDown: (event: PointerEvent<HTMLDivElement>) => {
      if (event.button !== 0) return
      event.currentTarget.setPointerCapture(event.pointerId)
      drag.current = { x: place(event)[0], viewport: scene.viewport, ranging: event.shiftKey, moved: false }
    },
    onPointerMove: move,
    onPointerUp: up,
    onPointerCancel: () => {
      // A finger that scrolls the page is taken over by it, and drags nothing any more.
      drag.current = undefined
      setRange(undefined)
    },
    onPointerLeave: () => controller.hover(0),
    onDoubleClick: () => setViewport(wholeOf(scene.axis.lengthUnits)),
    onWheel: (event: React.WheelEvent<HTMLDivElement>) => {
      const box = event.currentTarget.getBoundingClientRect()
      if (event.ctrlKey || event.metaKey) {
        const anchor = (event.clientX - box.left) / scene.width
        setViewport(zoomed(scene.viewport, 1.0015 ** event.deltaY, anchor, scene.axis.lengthUnits))
      } else if (event.deltaX !== 0 || event.shiftKey) {
        const by = event.deltaX === 0 ? event.deltaY : event.deltaX
        setViewport(panned(scene.viewport, by / scene.width, scene.axis.lengthUnits))
      }
    },
  }
  return { handlers, range }
}
