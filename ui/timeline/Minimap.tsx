import { memo, type PointerEvent, useLayoutEffect, useMemo, useRef } from 'react'
import { counted } from '../model/format.ts'
import { centred, fitted, panned, type Viewport } from '../model/viewport.ts'
import { useTokens } from '../view/theme.ts'
import { HIDDEN, type Scene, SHOWN, unitOfMoment } from './scene.ts'

const HEIGHT = 30

/** What a pointer that is held down does: it moves what is seen from where it took it, or picks another part. */
type Held =
  | { readonly kind: 'move'; readonly atUnit: number; readonly viewport: Viewport }
  | { readonly kind: 'pick'; readonly fromX: number }

/** A pointer has to go so far, in pixels, to pick something. */
const LEAST_PICK = 4

/** The whole run in small, with the part that is seen: drag to move it, beside it to pick another one. */
export const Minimap = memo(function Minimap({
  scene,
  onViewport,
}: {
  scene: Scene
  onViewport: (viewport: Viewport) => void
}) {
  const ref = useRef<HTMLCanvasElement>(null)
  const tokens = useTokens()
  const { width, axis, run, mask, viewport } = scene
  const counts = useMemo(() => densityOf(width, axis, mask), [width, axis, mask])
  useLayoutEffect(() => {
    const canvas = ref.current
    const pen = canvas?.getContext('2d')
    if (!canvas || !pen || width === 0) return
    const ratio = Math.min(2, window.devicePixelRatio || 1)
    canvas.width = Math.round(width * ratio)
    canvas.height = Math.round(HEIGHT * ratio)
    pen.setTransform(ratio, 0, 0, ratio, 0, 0)
    pen.clearRect(0, 0, width, HEIGHT)
    const most = Math.max(1, ...counts)
    pen.fillStyle = tokens.classes.broker
    pen.globalAlpha = 0.7
    for (const [at, count] of counts.entries()) {
      if (count === 0) continue
      const high = (Math.sqrt(count / most) * (HEIGHT - 6)) | 0
      pen.fillRect(at * 3, HEIGHT - 1 - Math.max(2, high), 2, Math.max(2, high))
    }
    pen.globalAlpha = 1
    const mark = (atMicros: number, colour: string): void => {
      pen.fillStyle = colour
      pen.fillRect((unitOfMoment(axis, run, atMicros) / axis.lengthUnits) * width - 1, 0, 2, HEIGHT)
    }
    for (const { fromMicros } of run.bands) mark(fromMicros, tokens.classes.fault)
    for (const { atMicros } of run.violations) mark(atMicros, tokens.violation)
  }, [counts, tokens, axis, run, width])
  const share = (unit: number): number => Math.min(1, Math.max(0, unit / axis.lengthUnits))
  const left = share(viewport.fromUnit) * width
  const right = share(viewport.toUnit) * width
  const held = useRef<Held | undefined>(undefined)
  const xIn = (event: PointerEvent<HTMLDivElement>): number =>
    event.clientX - event.currentTarget.getBoundingClientRect().left
  const unitIn = (x: number): number => (x / width) * axis.lengthUnits
  const take = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.button !== 0) return
    event.currentTarget.setPointerCapture(event.pointerId)
    const x = xIn(event)
    const isPart = right - left < width - LEAST_PICK
    if (isPart && x >= left && x <= right) held.current = { kind: 'move', atUnit: unitIn(x), viewport }
    else held.current = { kind: 'pick', fromX: x }
  }
  const drag = (event: PointerEvent<HTMLDivElement>): void => {
    const { current } = held
    const x = xIn(event)
    if (current?.kind === 'move') {
      const { fromUnit, toUnit } = current.viewport
      const share = (unitIn(x) - current.atUnit) / (toUnit - fromUnit)
      onViewport(panned(current.viewport, share, axis.lengthUnits))
    } else if (current?.kind === 'pick' && Math.abs(x - current.fromX) >= LEAST_PICK) {
      const [from, to] = [Math.min(x, current.fromX), Math.max(x, current.fromX)]
      onViewport(fitted(unitIn(from), unitIn(to), axis.lengthUnits))
    }
  }
  const drop = (event: PointerEvent<HTMLDivElement>): void => {
    const { current } = held
    held.current = undefined
    const x = xIn(event)
    if (current?.kind === 'pick' && Math.abs(x - current.fromX) < LEAST_PICK)
      onViewport(centred(viewport, unitIn(x), axis.lengthUnits))
  }
  const shownCount = useMemo(() => mask.reduce((sum, shown) => sum + (shown === HIDDEN ? 0 : 1), 0), [mask])
  return (
    <div className="minimap-row">
      <div className="lane-head minimap-label">{counted(shownCount, 'record')}</div>
      <div
        className="minimap"
        onPointerDown={take}
        onPointerMove={drag}
        onPointerUp={drop}
        aria-hidden="true"
        style={{ height: HEIGHT }}
      >
        <canvas ref={ref} style={{ width, height: HEIGHT }} />
        <div className="minimap-window" style={{ left, width: Math.max(4, right - left) }} />
      </div>
    </div>
  )
})

/** How many shown events are in each stretch of three pixels. */
function densityOf(width: number, axis: Scene['axis'], mask: Uint8Array): Uint32Array {
  const counts = new Uint32Array(Math.max(1, Math.floor(width / 3)))
  for (let id = 1; id < axis.units.length; id++) {
    if (mask[id] !== SHOWN) continue
    const at = Math.min(
      counts.length - 1,
      Math.floor(((axis.units[id] as number) / axis.lengthUnits) * counts.length),
    )
    counts[at] = (counts[at] as number) + 1
  }
  return counts
}
