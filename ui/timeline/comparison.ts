import type { Shape } from '../model/event-class.ts'
import { type Divergence, pairsOf, type RunDiff, type RunName, seenFrom } from '../model/run-diff.ts'
import type { RunView } from '../model/run-view.ts'
import { type Axis, unitOfMoment } from './scene.ts'

/** Weight from which an event of the other run is shown. */
const SHOWN_WEIGHT = 3
const MOST_GHOSTS = 4_000

/** An event that only the other run has. */
export interface Ghost {
  readonly row: number
  readonly unit: number
  readonly shape: Shape
}

/** Where two runs part, as a line through all lanes. */
export interface Parting {
  /** At all, or in what matters: a row or an effect outside. */
  readonly kind: 'first' | 'consequential'
  readonly unit: number
  readonly place: Divergence
}

/** How a run looks beside another one. */
export interface Comparison {
  readonly ghosts: readonly Ghost[]
  /** Events that only this run has, by id. */
  readonly added: readonly number[]
  readonly partings: readonly Parting[]
}

/** A run beside another one. */
export interface Beside {
  /** Of the run that is looked at. */
  readonly name: RunName
  readonly run: RunView
  readonly other: RunView
  readonly diff: RunDiff
  readonly axis: Axis
  /** The axis of the other run, where that is shown as well. */
  readonly otherAxis: Axis | undefined
  /** Rows of the other run's lanes, by their numbers; -1: it has none. */
  readonly otherRows: Int32Array
}

/** Lays one run over another, or beside it. */
export function comparisonOf(beside: Beside): Comparison {
  const { name, run, other, diff, otherRows } = beside
  const pairs = pairsOf(diff, name)
  const added: number[] = []
  for (let id = 1; id < pairs.length; id++) if (pairs[id] === 0) added.push(id)
  const otherPairs = pairsOf(diff, name === 'A' ? 'B' : 'A')
  const ghosts: Ghost[] = []
  for (let id = 1; id < otherPairs.length && ghosts.length < MOST_GHOSTS; id++) {
    if (otherPairs[id] !== 0 || (other.looks.weights[id] as number) < SHOWN_WEIGHT) continue
    const row = otherRows[other.recording.columns.lane[id] as number] as number
    const unit = ghostPlace(beside, id)
    if (row >= 0 && unit !== undefined) ghosts.push({ row, unit, shape: other.looks.shapeOf(id) })
  }
  return { ghosts, added, partings: partingsOf(beside, run) }
}

/** Where an event of the other run would be on this one's axis; undefined: that means nothing there. */
function ghostPlace({ other, axis, otherAxis }: Beside, id: number): number | undefined {
  if (otherAxis !== undefined) return otherAxis.units[id] as number
  return axis.mode === 'time' ? axis.scale.toUnits(other.recording.at(id)) : undefined
}

/** Over another run, there is one line, where they part in what matters; beside it, each has its own. */
function partingsOf({ name, other, diff, axis, otherAxis }: Beside, run: RunView): Parting[] {
  const { first, consequential } = diff
  const unitOf = (place: Divergence): number | undefined => {
    const [own, others] = seenFrom(place, name)
    if (otherAxis !== undefined && own > 0) return axis.units[own] as number
    if (otherAxis !== undefined && others > 0) return otherAxis.units[others] as number
    const moments = [
      ...(own > 0 ? [run.recording.at(own)] : []),
      ...(others > 0 ? [other.recording.at(others)] : []),
    ]
    return moments.length === 0 ? undefined : unitOfMoment(axis, run, Math.min(...moments))
  }
  const isOne = first.a === consequential.a && first.b === consequential.b
  const wanted: readonly (readonly [Parting['kind'], Divergence])[] = [
    ...(otherAxis === undefined || isOne ? [] : [['first', first] as const]),
    ['consequential', consequential],
  ]
  return wanted.flatMap(([kind, place]) => {
    const unit = unitOf(place)
    return unit === undefined ? [] : [{ kind, unit, place }]
  })
}
