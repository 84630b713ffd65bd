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
