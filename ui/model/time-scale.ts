/** What the horizontal axis counts. */
export type AxisMode = 'time' | 'steps' | 'depth'

/** A span of idle time that is drawn shorter than it was. */
export interface Break {
  readonly fromMicros: number
  readonly toMicros: number
  /** Where it is on the axis, in units. */
  readonly fromUnit: number
  readonly toUnit: number
}

/** A gap may take this part of the whole axis; a larger one where there are few. */
const [LEAST_PARTS, MOST_PARTS] = [4, 40]
/** Gaps that are shortened at least so many times are marked, the longest of them. */
const MARKED_RATIO = 4
const MOST_MARKED = 12
/** No gap is shortened below this. */
const LEAST_CAP_MICROS = 1_000

/**
 * Maps virtual time to units of the axis, in which idle time is folded: a gap between two events takes no more than a
 * share of the axis, whatever it was. Strictly monotonic between different moments.
 */
export class TimeScale {
  readonly lengthUnits: number
  readonly breaks: readonly Break[]
  private readonly knotMicros: Float64Array
  private readonly knotUnits: Float64Array

  /** @param times ascending moments of the events that are shown */
  constructor(times: ArrayLike<number>, endMicros: number, fold: boolean) {
    const moments = momentsOf(times, endMicros)
    const cap = fold ? capOf(moments) : Number.POSITIVE_INFINITY
    const units = new Float64Array(moments.length)
    const breaks: Break[] = []
    for (let index = 1; index < moments.length; index++) {
      const [from, to] = [moments[index - 1] as number, moments[index] as number]
      const gap = to - from
      units[index] = (units[index - 1] as number) + Math.min(gap, cap)
      if (gap >= cap * MARKED_RATIO) {
        breaks.push({
          fromMicros: from,
          toMicros: to,
          fromUnit: units[index - 1] as number,
          toUnit: units[index] as number,
        })
      }
    }
    this.knotMicros = moments
    this.knotUnits = units
    this.lengthUnits = Math.max(1, units[units.length - 1] as number)
    const longest = breaks.map(({ fromMicros, toMicros }) => toMicros - fromMicros).sort((a, b) => b - a)
    const least = longest[MOST_MARKED - 1] ?? 0
    this.breaks = breaks.filter(({ fromMicros, toMicros }) => toMicros - fromMicros >= least)
  }

  toUnits(atMicros: number): number {
    return interpolate(this.knotMicros, this.knotUnits, atMicros)
  }

  /** The units of many moments. Where they ascend, as those of records do, each is found from the one before. */
  allToUnits(times: ArrayLike<number>): Float64Array {
    const { knotMicros, knotUnits } = this
    const units = new Float64Array(times.length)
    const last = knotMicros.length - 1
    let knot = 0
    for (let index = 0; index < times.length; index++) {
      const time = times[index] as number
      while (knot < last && (knotMicros[knot + 1] as number) <= time) knot++
      const [x0, y0] = [knotMicros[knot] as number, knotUnits[knot] as number]
      if (time < x0) units[index] = this.toUnits(time)
      else if (time === x0 || knot === last) units[index] = y0
      else {
        const [x1, y1] = [knotMicros[knot + 1] as number, knotUnits[knot + 1] as number]
        units[index] = y0 + ((time - x0) / (x1 - x0)) * (y1 - y0)
      }
    }
    return units
  }

  toMicros(units: number): number {
    return interpolate(this.knotUnits, this.knotMicros, units)
  }
}

/** The beginning, each moment once, and the end. */
function momentsOf(times: ArrayLike<number>, endMicros: number): Float64Array {
  const moments = new Float64Array(times.length + 2)
  let last = 0
  for (let index = 0; index < times.length; index++) {
    const time = times[index] as number
    if (time > (moments[last] as number)) moments[++last] = time
  }
  if (endMicros > (moments[last] as number)) moments[++last] = endMicros
  return moments.slice(0, last + 1)
}

/** The longest that a gap may be drawn. */
function capOf(moments: Float64Array): number {
  if (moments.length < 2) return Number.POSITIVE_INFINITY
  const gaps = new Float64Array(moments.length - 1)
  for (let index = 0; index < gaps.length; index++)
    gaps[index] = (moments[index + 1] as number) - (moments[index] as number)
  gaps.sort()
  const parts = Math.min(MOST_PARTS, Math.max(LEAST_PARTS, gaps.length / 2))
  let cap = gaps[gaps.length - 1] as number
  // Sums of what gaps take shrink with the cap: a few rounds come close enough.
  for (let round = 0; round < 24; round++) {
    let sum = 0
    for (const gap of gaps) sum += Math.min(gap, cap)
    const next = sum / parts
    if (next >= cap) break
    cap = next
  }
  return Math.max(cap, LEAST_CAP_MICROS)
}

function interpolate(from: Float64Array, to: Float64Array, value: number): number {
  const last = from.length - 1
  if (value <= (from[0] as number)) return to[0] as number
  if (value >= (from[last] as number)) return to[last] as number
  let low = 0
  let high = last
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((from[middle] as number) <= value) low = middle
    else high = middle
  }
  const [x0, x1] = [from[low] as number, from[high] as number]
  const [y0, y1] = [to[low] as number, to[high] as number]
  return x1 === x0 ? y0 : y0 + ((value - x0) / (x1 - x0)) * (y1 - y0)
}
