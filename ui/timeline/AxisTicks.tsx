import { memo } from 'react'
import { span, timeParts } from '../model/format.ts'
import { type Scene, unitAt, xOf } from './scene.ts'

/** Room that a label needs, in pixels. */
const LABEL_WIDTH = 84

interface Tick {
  readonly x: number
  readonly strong: string
  readonly light: string
}

/** The ticks of the axis, as text. */
export const AxisTicks = memo(function AxisTicks({ scene }: { scene: Scene }) {
  const breaks = breaksOf(scene)
  return (
    <div className="axis" aria-hidden="true">
      {ticksOf(scene, breaks).map(({ x, strong, light }) => (
        <span key={`${x}`} className="axis-tick" style={{ left: x }}>
          <b>{strong}</b>
          {light}
        </span>
      ))}
      {breaks.map(({ x, text }) => (
        <span
          key={`break ${x}`}
          className="axis-break"
          style={{ left: x }}
          title={`${text} without events, folded`}
        >
          ⫽ {text}
        </span>
      ))}
    </div>
  )
})

function breaksOf(scene: Scene): { readonly x: number; readonly text: string }[] {
  const { scale, mode } = scene.axis
  if (mode !== 'time') return []
  return scale.breaks
    .map(({ fromUnit, toUnit, fromMicros, toMicros }) => {
      const [from, to] = [xOf(scene, fromUnit), xOf(scene, toUnit)]
      return { x: (from + to) / 2, wide: to - from, micros: toMicros - fromMicros }
    })
    .filter(({ x, wide, micros }) => x > 24 && x < scene.width - 24 && wide >= 22 && micros >= 100_000)
    .map(({ x, micros }) => ({ x, text: span(micros) }))
}

/** One tick for every stretch of the axis: the time folds, so that round moments would lie anyhow. */
function ticksOf(scene: Scene, breaks: readonly { readonly x: number }[]): Tick[] {
  const { axis, width } = scene
  const ticks: Tick[] = []
  const count = Math.floor(width / (LABEL_WIDTH * 1.35))
  for (let index = 0; index <= count; index++) {
    const x = (index / Math.max(1, count)) * (width - LABEL_WIDTH) + 2
    const unit = unitAt(scene, x)
    if (unit < -axis.lengthUnits * 0.001 || unit > axis.lengthUnits) continue
    if (breaks.some((each) => each.x > x - 34 && each.x < x + LABEL_WIDTH)) continue
    if (axis.mode !== 'time') {
      const what = axis.mode === 'steps' ? 'step' : 'depth'
      ticks.push({ x, strong: `${what} ${Math.max(0, Math.round(unit))}`, light: '' })
      continue
    }
    const { seconds, fraction } = timeParts(axis.scale.toMicros(unit))
    const [whole, milli] = seconds.split('.') as [string, string]
    ticks.push({ x, strong: `${whole}.${milli}`, light: `${fraction} s` })
  }
  return ticks
}
