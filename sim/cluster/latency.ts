import type { Micros } from '../kernel/time.ts'

/** How many equally likely delays a distribution distinguishes. */
export const QUANTILES = 1024

/** A latency distribution as an integer quantile table: entry i is the delay at probability (i + ½) / 1024. */
export type LatencyTable = Int32Array

/** Corner points of a distribution: probability in 1/1024 and the delay there. */
export type LatencyPoint = readonly [quantile: number, micros: Micros]

/**
 * Builds a table by linear interpolation between corner points, in integers.
 * @param points ascending; the first at quantile 0, the last at 1024
 */
export function latencyTable(points: readonly LatencyPoint[]): LatencyTable {
  const table = new Int32Array(QUANTILES)
  for (let segment = 1; segment < points.length; segment++) {
    const [from, low] = points[segment - 1] as LatencyPoint
    const [to, high] = points[segment] as LatencyPoint
    for (let quantile = from; quantile < to; quantile++) {
      table[quantile] = low + Math.floor(((high - low) * (quantile - from)) / (to - from))
    }
  }
  return table
}

/** One way inside a data centre: median 0.3 ms, one message in a hundred above 2 ms, at worst 5 ms. */
export const LAN_LATENCY = latencyTable([
  [0, 120],
  [512, 300],
  [922, 700],
  [1014, 2_000],
  [1024, 5_000],
])

/** One way to somebody else's service on the internet: median 20 ms, at worst 200 ms. */
export const INTERNET_LATENCY = latencyTable([
  [0, 8_000],
  [512, 20_000],
  [972, 60_000],
  [1024, 200_000],
])

/** A statement at a database: request and execution, median 0.25 ms. */
export const STATEMENT_LATENCY = latencyTable([
  [0, 100],
  [512, 250],
  [972, 900],
  [1024, 4_000],
])

/**
 * Shapes that distributions can be given: `usual` is their own; `constant` always takes their median, so that nothing
 * depends on chance; `slow` takes ten times as long; of `long-tailed` one delay in sixteen is up to a hundred times as long.
 */
export const LATENCY_SHAPES = ['usual', 'constant', 'slow', 'long-tailed'] as const

/** A shape of latencies. */
export type LatencyShape = (typeof LATENCY_SHAPES)[number]

const SLOWER = 10
/** Where the tail of a long-tailed distribution begins. */
const TAIL = QUANTILES - QUANTILES / 16
const shaped = new WeakMap<LatencyTable, Map<LatencyShape, LatencyTable>>()

/** A distribution in a shape: the same table for the same arguments. */
export function shapedLatency(table: LatencyTable, shape: LatencyShape): LatencyTable {
  if (shape === 'usual') return table
  const known = shaped.get(table) ?? new Map<LatencyShape, LatencyTable>()
  shaped.set(table, known)
  let result = known.get(shape)
  if (result === undefined) {
    const median = table[QUANTILES / 2] as number
    result = table.map((micros, quantile) => {
      if (shape === 'constant') return median
      if (shape === 'slow') return micros * SLOWER
      return quantile < TAIL ? micros : micros + (median * (quantile - TAIL) * 100) / (QUANTILES - TAIL)
    })
    known.set(shape, result)
  }
  return result
}
