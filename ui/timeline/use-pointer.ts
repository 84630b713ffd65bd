import { type PointerEvent, type RefObject, useEffect, useRef, useState } from 'react'
import { panned, type Viewport, wholeOf, zoomed } from '../model/viewport.ts'
import type { Controller } from '../view/controller.ts'
import { soloLane } from '../view/lane-commands.ts'
import { hit, unitAt } from './scene.ts'
import type { Shown } from './use-scenes.ts'

/** Zooming the picture does not zoom the page as well: React's own listeners cannot prevent it. */
export function useOwnZoom(plot: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const element = plot.current
    const prevent = (event: WheelEvent): void => {
      if (event.ctrlKey || event.metaKey) event.preventDefault()
    }
    element?.addEventListener('wheel', prevent, { passive: false })
    return () => element?.removeEventListener('wheel', prevent)
  }, [plot])
}

interface Drag {
  readonly x: number
  readonly viewport: Viewport
  readonly ranging: boolean
  moved: boolean
}

/** Pointer and wheel: hover, focus, drag to pan, shift-drag to pick a range, wheel to pan and zoom. */
export function usePointer(
  { name, scene }: Shown,
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
      controller.hover(hit(scene, x, y), name)
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
      if (id > 0) controller.focus(id, name)
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
