import { exactParts, span, type TimeParts, timeParts } from '../model/format.ts'
import { type Scene, unitAt, xOf } from './scene.ts'

/** A text of the axis, with the room that it takes. */
export interface AxisLabel {
  readonly kind: 'tick' | 'fold'
  /** In pixels from the left. */
  readonly left: number
  readonly width: number
  readonly parts: TimeParts
}

/** Widest letters of the axis' fonts, and what stands before the text of a tick, in pixels. */
const [TICK_LETTER, FOLD_LETTER, TICK_LINE] = [6.8, 6.5, 6]
/** Between two labels at least. */
const APART = 6
/** Between the edge and what was folded there. */
const EDGE = 6
/** Ticks begin no closer than this. */
const TICK_EVERY = 112
/** Folds that are worth a word, by themselves and as a share of the run; of many the longest. */
const LEAST_FOLD_MICROS = 100_000
const LEAST_FOLD_SHARE = 1 / 20
const FOLD_EVERY = 150
/** Where a tick stands for less, moments are told to the microsecond. */
const FINE_MICROS = 4_000

/** The labels of the axis from left to right: none over another one, nor over an edge. What was folded comes first. */
export function axisLabels(scene: Scene): AxisLabel[] {
  const folds = foldLabels(scene)
  return [...folds, ...tickLabels(scene, folds)].sort((left, right) => left.left - right.left)
}

function foldLabels(scene: Scene): AxisLabel[] {
  const { axis, run, width } = scene
  if (axis.mode !== 'time') return []
  const least = Math.max(LEAST_FOLD_MICROS, run.recording.endMicros * LEAST_FOLD_SHARE)
  const longest = axis.scale.breaks
    .map(({ fromUnit, toUnit, fromMicros, toMicros }) => ({
      x: (xOf(scene, fromUnit) + xOf(scene, toUnit)) / 2,
      micros: toMicros - fromMicros,
    }))
    .filter(({ micros }) => micros >= least)
    .sort((left, right) => right.micros - left.micros)
  const placed: AxisLabel[] = []
  for (const { x, micros } of longest) {
    const parts = { strong: '', light: `// ${span(micros)}` }
    const wide = parts.light.length * FOLD_LETTER
    if (x < 0 || x > width) continue
    const left = Math.min(Math.max(EDGE, x - wide / 2), width - wide - EDGE)
    const label: AxisLabel = { kind: 'fold', left, width: wide, parts }
    if (placed.length < width / FOLD_EVERY && fits(label, placed, width)) placed.push(label)
  }
  return placed
}

/** Moments at places that are free: round ones would lie anyhow, as the time folds. */
function tickLabels(scene: Scene, folds: readonly AxisLabel[]): AxisLabel[] {
  const { axis, width } = scene
  const placed: AxisLabel[] = []
  for (let x = 2; x < width; x += TICK_EVERY / 8) {
    if (x - (placed.at(-1)?.left ?? -TICK_EVERY) < TICK_EVERY) continue
    const unit = unitAt(scene, x)
    if (unit < -axis.lengthUnits * 0.001 || unit > axis.lengthUnits) continue
    const parts = partsAt(scene, x)
    const letters = parts.strong.length + parts.light.length
    const label: AxisLabel = { kind: 'tick', left: x, width: TICK_LINE + letters * TICK_LETTER, parts }
    if (fits(label, [...folds, ...placed], width)) placed.push(label)
  }
  return placed
}

function partsAt(scene: Scene, x: number): TimeParts {
  const { axis } = scene
  const unit = unitAt(scene, x)
  if (axis.mode !== 'time') {
    const what = axis.mode === 'steps' ? 'step' : 'depth'
    return { strong: `${what} ${Math.max(0, Math.round(unit))}`, light: '' }
  }
  const { scale } = axis
  const micros = scale.toMicros(unit)
  const isFine = scale.toMicros(unitAt(scene, x + TICK_EVERY)) - micros < FINE_MICROS
  return isFine ? exactParts(micros) : timeParts(micros)
}

function fits(label: AxisLabel, placed: readonly AxisLabel[], width: number): boolean {
  if (label.left < 0 || label.left + label.width > width) return false
  return placed.every(
    (other) =>
      label.left + label.width + APART <= other.left || other.left + other.width + APART <= label.left,
  )
}
