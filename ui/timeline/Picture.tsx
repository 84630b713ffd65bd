import { type RefObject, useCallback, useEffect, useRef } from 'react'
import type { Viewport } from '../model/viewport.ts'
import { FAULT_TYPE } from '../panes/new-fault.ts'
import { besideSaid } from '../view/announce.ts'
import type { Controller } from '../view/controller.ts'
import { counterpartOf, type TimelineView } from '../view/state.ts'
import { useSelected } from '../view/store.ts'
import { EventBadges, MarkFlags } from './EventBadges.tsx'
import { dropFault, momentAt } from './FaultTrack.tsx'
import { LaneLabels } from './LaneLabels.tsx'
import { paintScene } from './paint.ts'
import { type Looked, paintOverlay } from './paint-overlay.ts'
import { type Paint, SceneCanvas } from './SceneCanvas.tsx'
import { heightOf, rowOf, type Scene, xOf, yOf } from './scene.ts'
import { Tooltip } from './Tooltip.tsx'
import { useOwnZoom, usePointer } from './use-pointer.ts'
import type { Shown } from './use-scenes.ts'

/** How keys go along a run. */
const KEYS =
  'J and K step along the story, Shift+H and Shift+L to causes and effects, H and L to what has the same cause, N to the violation.'

interface Props {
  readonly controller: Controller
  readonly shown: Shown
  /** Whether the keys are for this run. */
  readonly active: boolean
  /** Whether it is shown with another run, and where that one is looked at. */
  readonly both: boolean
  readonly cursor: number | undefined
  readonly plotRef: RefObject<HTMLDivElement | null>
  readonly scrollRef: RefObject<HTMLDivElement | null>
  onViewport(viewport: Viewport | undefined): void
  /** It was moved up or down. */
  onScrolled(): void
}

/** The lanes of a run with what happened on them. */
export function Picture(props: Props) {
  const { controller, shown, active, both, plotRef, scrollRef, onViewport } = props
  const { name, scene, pyramid } = shown
  const range = useSelected(controller.store, (state) => state.timeline.range)
  const looked = useLooked(props)
  useOwnZoom(plotRef)
  useRowRevealed(scrollRef, scene, looked.focus)
  const paintBase = useCallback<Paint>(
    (pen, tokens) => paintScene(pen, scene, pyramid, tokens),
    [scene, pyramid],
  )
  const paintFocus: Paint = (pen, tokens) => paintOverlay(pen, scene, tokens, looked)
  const pointer = usePointer(shown, controller, onViewport)
  const other = name === 'A' ? 'B' : 'A'
  const which = both ? `run ${name}, beside run ${other}` : 'the run'
  return (
    <div className="timeline-scroll" ref={scrollRef} onScroll={props.onScrolled}>
      <LaneLabels controller={controller} scene={scene} of={both ? ` of run ${name}` : ''} />
      <div
        className={active ? 'plot' : 'plot plot-beside'}
        ref={plotRef}
        tabIndex={0}
        role="application"
        aria-roledescription="timeline"
        aria-label={`Timeline of ${which}. ${active ? KEYS : `B goes to it from run ${other}.`}`}
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
        <EventBadges controller={controller} shown={shown} />
        <MarkFlags controller={controller} shown={shown} />
        <Range places={pointer.range ?? rangeOf(scene, range)} />
        {looked.hover > 0 && <Tooltip scene={scene} id={looked.hover} beside={looked.beside} />}
      </div>
    </div>
  )
}

/** What is looked at and pointed at, here and in the run beside it. */
function useLooked(props: Props): Looked & { readonly beside: string } {
  const { controller, shown, active, both, cursor } = props
  const { name } = shown
  const { store } = controller
  const focus = useSelected(store, (state) => state.focus.event)
  const hover = useSelected(store, (state) => state.hover)
  const runs = useSelected(store, (state) => state.runs)
  const other = name === 'A' ? 'B' : 'A'
  const echo = active ? 0 : counterpartOf({ runs }, { run: other, event: focus })
  const hoverEcho = hover.run === name ? 0 : counterpartOf({ runs }, hover)
  return {
    focus: active ? focus : 0,
    hover: hover.run === name ? hover.event : 0,
    echoes: both ? [echo, hoverEcho].filter((id) => id > 0) : [],
    cursor: both && !active ? cursor : undefined,
    beside: both && hover.run === name && hover.event > 0 ? besideSaid({ runs }, hover) : '',
  }
}

/** The row of what is looked at comes into view where there are more rows than room. */
function useRowRevealed(scroller: RefObject<HTMLElement | null>, scene: Scene, event: number): void {
  const latest = useRef(scene)
  latest.current = scene
  useEffect(() => {
    const element = scroller.current
    const row = event > 0 ? rowOf(latest.current, event) : -1
    if (element === null || row < 0) return
    const { rowHeight } = latest.current
    const [top, bottom] = [row * rowHeight, (row + 1) * rowHeight]
    const { scrollTop, clientHeight } = element
    if (top < scrollTop || bottom > scrollTop + clientHeight)
      element.scrollTop = yOf(latest.current, row) - clientHeight / 2
  }, [scroller, event])
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
