import { memo, type PointerEvent, useLayoutEffect, useMemo, useRef } from 'react'
import { grouped } from '../model/format.ts'
import { centred, type Viewport } from '../model/viewport.ts'
import { useTokens } from '../view/theme.ts'
import { HIDDEN, type Scene, SHOWN, unitOfMoment } from './scene.ts'

const HEIGHT = 30

/** The whole run in small, with the part that is seen; drag to move it. */
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
  const drag = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.buttons !== 1) return
    const box = event.currentTarget.getBoundingClientRect()
    onViewport(centred(viewport, ((event.clientX - box.left) / width) * axis.lengthUnits, axis.lengthUnits))
  }
  const shownCount = useMemo(() => mask.reduce((sum, shown) => sum + (shown === HIDDEN ? 0 : 1), 0), [mask])
  return (
    <div className="minimap-row">
      <div className="lane-head minimap-label">{grouped(shownCount)} events</div>
      <div
        className="minimap"
        onPointerDown={drag}
        onPointerMove={drag}
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
