import fc from 'fast-check'
import { run } from 'faultline'
import { describe, expect, it } from 'vitest'
import {
  INTERNET_LATENCY,
  LAN_LATENCY,
  LATENCY_SHAPES,
  type LatencyPoint,
  type LatencyShape,
  latencyTable,
  QUANTILES,
  STATEMENT_LATENCY,
  shapedLatency,
} from '../../../sim/cluster/latency.ts'
import { doubleToll, toll } from '../../fixtures/toll.ts'

/** Ascending corner points from quantile 0 to 1024. */
const points = fc
  .record({
    inner: fc.uniqueArray(fc.integer({ min: 1, max: QUANTILES - 1 }), { maxLength: 6 }),
    delays: fc.array(fc.nat(5_000_000), { minLength: 8, maxLength: 8 }),
  })
  .map(({ inner, delays }): LatencyPoint[] => {
    const quantiles = [0, ...inner.sort((left, right) => left - right), QUANTILES]
    const sorted = delays.sort((left, right) => left - right)
    return quantiles.map((quantile, index) => [quantile, sorted[index] as number])
  })

const ascending = (table: ArrayLike<number>): boolean =>
  Array.from(table).every((delay, index, all) => index === 0 || delay >= (all[index - 1] as number))

describe('a latency table', () => {
  it('[C6] is made of whole microseconds that never fall and stay between its corner points', () => {
    fc.assert(
      fc.property(points, (corners) => {
        const table = latencyTable(corners)
        expect(table).toHaveLength(QUANTILES)
        expect(table).toBeInstanceOf(Int32Array)
        expect(ascending(table)).toBe(true)
        for (const [quantile, delay] of corners.slice(0, -1)) expect(table[quantile]).toBe(delay)
        expect(Math.max(...table)).toBeLessThanOrEqual((corners.at(-1) as LatencyPoint)[1])
      }),
      { numRuns: 200, seed: 1 },
    )
  })

  it('[C6] lies on the lines between its corner points', () => {
    const table = latencyTable([
      [0, 100],
      [512, 612],
      [1024, 612],
    ])
    expect([0, 1, 256, 511, 512, 1023].map((quantile) => table[quantile])).toEqual([
      100, 101, 356, 611, 612, 612,
    ])
  })

  it.each([
    ['inside a data centre', LAN_LATENCY, { least: 120, median: 300, worst: 5_000 }],
    ['on the internet', INTERNET_LATENCY, { least: 8_000, median: 20_000, worst: 200_000 }],
    ['of a statement', STATEMENT_LATENCY, { least: 100, median: 250, worst: 4_000 }],
  ])(
    '[C6] %s has the median and the extremes that it promises',
    (_where, table, { least, median, worst }) => {
      expect(table).toHaveLength(QUANTILES)
      expect(ascending(table)).toBe(true)
      expect(table[0]).toBe(least)
      expect(table[QUANTILES / 2]).toBe(median)
      expect(table[QUANTILES - 1]).toBeLessThanOrEqual(worst)
      expect(table[QUANTILES - 1]).toBeGreaterThan(worst * 0.9)
    },
  )

  it('[C6] of the data centre exceeds 2 ms once in a hundred times', () => {
    const above = LAN_LATENCY.filter((delay) => delay > 2_000).length
    expect(above).toBeGreaterThan(0)
    expect(above / QUANTILES).toBeLessThanOrEqual(0.01)
  })
})

describe('a shape of latencies', () => {
  it.each(LATENCY_SHAPES)(
    '[X13] (%s) is made of whole microseconds that never fall, the same table each time',
    (shape) => {
      for (const table of [LAN_LATENCY, INTERNET_LATENCY, STATEMENT_LATENCY]) {
        const shaped = shapedLatency(table, shape)
        expect(shaped).toHaveLength(QUANTILES)
        expect(ascending(shaped)).toBe(true)
        expect(shapedLatency(table, shape)).toBe(shaped)
      }
    },
  )

  it.each([
    ['usual', 120, 300, 5_000],
    ['constant', 300, 300, 300],
    ['slow', 1_200, 3_000, 50_000],
    ['long-tailed', 120, 300, 35_000],
  ] as const)(
    '[X13] (%s) has its least, its median and its worst where it says',
    (shape, least, median, worst) => {
      const table = shapedLatency(LAN_LATENCY, shape)
      expect([table[0], table[QUANTILES / 2]]).toEqual([least, median])
      expect(table[QUANTILES - 1]).toBeGreaterThan(worst * 0.8)
      expect(table[QUANTILES - 1]).toBeLessThanOrEqual(worst)
    },
  )

  it('[X13] of a scenario is that of its messages and of the work of its external systems', async () => {
    const took = async (latency: LatencyShape): Promise<number> => {
      const scenario = { ...doubleToll, faults: [], cluster: { ...doubleToll.cluster, latency } }
      return (await run(toll(scenario), scenario, 1)).endMicros
    }
    expect(await took('slow')).toBeGreaterThan(await took('usual'))
    expect(await took('constant')).not.toBe(await took('usual'))
  })
})
