import type { LaneBand } from '../model/lane-bands.ts'
import type { LaneRow } from '../model/lanes.ts'
import type { RunView } from '../model/run-view.ts'
import { type AxisMode, TimeScale } from '../model/time-scale.ts'
import type { Viewport } from '../model/viewport.ts'
import type { Comparison } from './comparison.ts'

/** Heights of a row, in CSS pixels: closer than the first nothing could be told apart, nor on a narrow page touched. */
const LEAST_ROW = 20
const LEAST_NARROW_ROW = 26
const MOST_ROW = 34

/** How much an event is shown. */
export const HIDDEN = 0
export const DIM = 1
export const SHOWN = 2

/** Where things are along the axis, for one run and one way of looking. */
export interface Axis {
  readonly mode: AxisMode
  readonly scale: TimeScale
  /** Place of every event, by id. */
  readonly units: Float64Array
  /** The same places, ascending from 1 on. */
  readonly sorted: Float64Array
  readonly lengthUnits: number
  /** The events of a lane, from left to right. */
  readonly ofLane: (lane: number) => Uint32Array
}

/** What is drawn: everything that a picture of a run depends on. */
export interface Scene {
  readonly run: RunView
  readonly rows: readonly LaneRow[]
  /** Row of a lane, by its number; -1: hidden. */
  readonly rowOfLane: Int32Array
  readonly axis: Axis
  /** HIDDEN, DIM or SHOWN, by id. */
  readonly mask: Uint8Array
  readonly viewport: Viewport
  readonly width: number
  /** Beside another run. */
  readonly comparison: Comparison | undefined
  /** In CSS pixels. */
  readonly rowHeight: number
  /** Faults that are marked at the edge of their rows, because most rows are under one. */
  readonly crowded: ReadonlySet<LaneBand>
}

/** A run with how much of each of its events is shown. */
export interface Masked {
  readonly run: RunView
  /** HIDDEN, DIM or SHOWN, by id. */
  readonly mask: Uint8Array
}

/** Lays out the axis for the events that matter: idle time is where none of them happens. */
export function axisOf(run: RunView, mode: AxisMode, foldIdle: boolean, mask: Uint8Array): Axis {
  return axesOf([{ run, mask }], mode, foldIdle)[0] as Axis
}

/** An axis for each of some runs, all as long: the same moment, step or depth lies at the same place on every one. */
export function axesOf(shown: readonly Masked[], mode: AxisMode, foldIdle: boolean): Axis[] {
  const end = Math.max(...shown.map(({ run }) => run.recording.endMicros))
  const scale = new TimeScale(shown.map(shownTimes).reduce(merged), end, foldIdle)
  if (mode === 'depth') return depthAxes(shown, scale)
  const places = shown.map((each) =>
    mode === 'steps' ? stepsOf(each) : scale.allToUnits(each.run.recording.columns.atMicros),
  )
  const steps = places.map((units) => units[units.length - 1] as number)
  const lengthUnits = mode === 'steps' ? Math.max(1, ...steps) : scale.lengthUnits
  return shown.map(({ run }, at) => {
    const units = places[at] as Float64Array
    return { mode, scale, units, sorted: units, lengthUnits, ofLane: (lane) => run.recording.ofLane(lane) }
  })
}

/** The moments of what is shown, ascending. */
function shownTimes({ run, mask }: Masked): Float64Array {
  const { atMicros, count } = run.recording.columns
  const times = new Float64Array(count)
  let length = 0
  for (let id = 1; id <= count; id++) if (mask[id] === SHOWN) times[length++] = atMicros[id] as number
  return times.subarray(0, length)
}

/** Two ascending lists as one. */
function merged(left: Float64Array, right: Float64Array): Float64Array {
  const both = new Float64Array(left.length + right.length)
  let [fromLeft, fromRight] = [0, 0]
  for (let at = 0; at < both.length; at++) {
    const [one, other] = [left[fromLeft], right[fromRight]]
    const isLeft = other === undefined || (one !== undefined && one <= other)
    both[at] = (isLeft ? left[fromLeft++] : right[fromRight++]) as number
  }
  return both
}

/** How many shown events there are up to each, by id. */
function stepsOf({ run, mask }: Masked): Float64Array {
  const steps = new Float64Array(run.recording.count + 1)
  for (let id = 1; id < steps.length; id++)
    steps[id] = (steps[id - 1] as number) + (mask[id] === SHOWN ? 1 : 0)
  return steps
}

/** Events lie as far from the left as the longest chain of causes behind them: what lies above each other is independent. */
function depthAxes(shown: readonly Masked[], scale: TimeScale): Axis[] {
  const depths = shown.map(({ run }) => depthsOf(run))
  const ranks = ranksOf(depths, shown)
  const lengthUnits = Math.max(1, ranks[ranks.length - 1] as number)
  return shown.map(({ run }, at) => {
    const units = Float64Array.from(depths[at] as Uint32Array, (depth) => ranks[depth] as number)
    const sorted = units.slice().sort()
    return { mode: 'depth', scale, units, sorted, lengthUnits, ofLane: byUnit(run, units) }
  })
}

function depthsOf({ recording }: RunView): Uint32Array {
  const depths = new Uint32Array(recording.count + 1)
  for (let id = 1; id < depths.length; id++) {
    let depth = 0
    for (const parent of recording.parents(id)) depth = Math.max(depth, depths[parent] as number)
    depths[id] = depth + 1
  }
  return depths
}

/** The events of a lane from left to right, where that is not the order in which they happened. */
function byUnit({ recording }: RunView, units: Float64Array): Axis['ofLane'] {
  const lanes = new Map<number, Uint32Array>()
  const order = (left: number, right: number): number =>
    (units[left] as number) - (units[right] as number) || left - right
  return (lane) => {
    const ids = lanes.get(lane) ?? recording.ofLane(lane).slice().sort(order)
    lanes.set(lane, ids)
    return ids
  }
}

/** For each depth how many depths up to it have a shown event: the others take no room. */
function ranksOf(depths: readonly Uint32Array[], shown: readonly Masked[]): Uint32Array {
  let deepest = 0
  for (const ofRun of depths) for (const depth of ofRun) deepest = Math.max(deepest, depth)
  const ranks = new Uint32Array(deepest + 1)
  for (const [at, ofRun] of depths.entries()) {
    const mask = shown[at]?.mask as Uint8Array
    for (let id = 1; id < ofRun.length; id++) if (mask[id] === SHOWN) ranks[ofRun[id] as number] = 1
  }
  for (let depth = 1; depth <= deepest; depth++)
    ranks[depth] = (ranks[depth] as number) + (ranks[depth - 1] as number)
  return ranks
}

/** Where a moment is on the axis. */
export function unitOfMoment({ mode, scale, units }: Axis, run: RunView, atMicros: number): number {
  if (mode === 'time') return scale.toUnits(atMicros)
  return units[run.recording.lastUpTo(atMicros)] as number
}

/** The row of each lane. */
export function rowsByLane(rows: readonly LaneRow[], lanes: number): Int32Array {
  const found = new Int32Array(lanes).fill(-1)
  for (const [index, row] of rows.entries()) for (const lane of row.lanes) found[lane] = index
  return found
}

/** Pixels from the left. */
export function xOf({ viewport, width }: Scene, unit: number): number {
  return ((unit - viewport.fromUnit) / (viewport.toUnit - viewport.fromUnit)) * width
}

/** The place on the axis at some pixels from the left. */
export function unitAt({ viewport, width }: Scene, x: number): number {
  return viewport.fromUnit + (x / width) * (viewport.toUnit - viewport.fromUnit)
}

/** Row of an event; -1: not shown. */
export function rowOf({ run, rowOfLane, mask }: Scene, id: number): number {
  return mask[id] === HIDDEN ? -1 : (rowOfLane[run.recording.columns.lane[id] as number] as number)
}

/** Middle of a row, in pixels from the top. */
export function yOf({ rowHeight }: Pick<Scene, 'rowHeight'>, row: number): number {
  return row * rowHeight + rowHeight / 2
}

/** Height of all rows. */
export function heightOf({ rows, rowHeight }: Pick<Scene, 'rows' | 'rowHeight'>): number {
  return rows.length * rowHeight
}

/** Rows share the room that there is, as far as that helps. */
export function rowHeightFor(rows: number, room: number, isNarrow: boolean): number {
  const least = isNarrow ? LEAST_NARROW_ROW : LEAST_ROW
  return Math.min(MOST_ROW, Math.max(least, Math.floor(room / Math.max(1, rows))))
}

/** The first place in ascending ids whose event lies at or after some unit. */
export function firstFrom(ids: Uint32Array, units: Float64Array, unit: number): number {
  let low = 0
  let high = ids.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((units[ids[middle] as number] as number) < unit) low = middle + 1
    else high = middle
  }
  return low
}

/** Events in view above which buckets are drawn instead of shapes. */
export const MAX_SHAPES = 5_000

/** How many events lie between the edges, hidden ones included. */
export function eventsInView({ axis, viewport }: Scene): number {
  return lowerBound(axis.sorted, viewport.toUnit) - lowerBound(axis.sorted, viewport.fromUnit)
}

function lowerBound(units: Float64Array, unit: number): number {
  let low = 1
  let high = units.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((units[middle] as number) < unit) low = middle + 1
    else high = middle
  }
  return low
}

/** How far from an event a pointer may be, in pixels. */
const REACH = 7

/** The event under a pointer: of those within reach the weightiest, then the nearest; 0 when there is none. */
export function hit(scene: Scene, x: number, y: number): number {
  const { run, axis, rows, mask, rowHeight } = scene
  const row = rows[Math.floor(y / rowHeight)]
  if (row === undefined) return 0
  const { weights } = run.looks
  const [from, to] = [unitAt(scene, x - REACH), unitAt(scene, x + REACH)]
  let best = 0
  let bestScore = Number.NEGATIVE_INFINITY
  for (const lane of row.lanes) {
    const ids = axis.ofLane(lane)
    for (let at = firstFrom(ids, axis.units, from); at < ids.length; at++) {
      const id = ids[at] as number
      const unit = axis.units[id] as number
      if (unit > to) break
      if (mask[id] === HIDDEN) continue
      const distance = Math.abs(xOf(scene, unit) - x)
      const score = (mask[id] as number) * 40 + (weights[id] as number) * 2 - distance
      if (score <= bestScore) continue
      best = id
      bestScore = score
    }
  }
  return best
}
