import { describe, expect, it } from 'vitest'
import { rootKey, samplingStream } from '../../../sim/kernel/seed.ts'

const draws = (seed: number, name: string, count = 200, bound = 1_000): number[] => {
  const stream = samplingStream(seed, name)
  return Array.from({ length: count }, () => stream.below(bound))
}

describe('seeds', () => {
  it('[K6] every seed has a root key of its own, in both words', () => {
    const keys = Array.from({ length: 20_000 }, (_, seed) => rootKey(seed))
    expect(new Set(keys.map(({ low, high }) => `${low} ${high}`)).size).toBe(keys.length)
    expect(new Set(keys.map(({ low }) => low)).size).toBeGreaterThan(keys.length - 5)
    expect(new Set(keys.map(({ high }) => high)).size).toBeGreaterThan(keys.length - 5)
  })

  it('[K6] a sampling stream repeats for the same seed and name, and differs for any other', () => {
    const base = draws(1, 'workload')
    expect(draws(1, 'workload')).toEqual(base)
    expect(draws(2, 'workload')).not.toEqual(base)
    expect(draws(1, 'topology')).not.toEqual(base)
  })

  it('[K6] draws of one stream leave the others where they are', () => {
    const one = samplingStream(1, 'workload')
    const other = samplingStream(1, 'topology')
    const mixed = Array.from({ length: 200 }, () => {
      one.below(7)
      return other.below(1_000)
    })
    expect(mixed).toEqual(draws(1, 'topology'))
  })

  it('[K6] streams draw integers evenly from their range', () => {
    const counts = new Map<number, number>()
    for (const value of draws(1, 'workload', 60_000, 6)) counts.set(value, (counts.get(value) ?? 0) + 1)
    expect([...counts.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5])
    // Six standard deviations of 60,000 throws of a die.
    for (const count of counts.values()) expect(Math.abs(count - 10_000)).toBeLessThan(6 * Math.sqrt(8_334))
    expect(draws(1, 'workload', 50, 1)).toEqual(new Array(50).fill(0))
  })

  it('[K6] keys and streams are fixed for good: a changed value would change every run', () => {
    expect(rootKey(1)).toMatchInlineSnapshot(`
      {
        "high": 1719331208,
        "low": -200217081,
      }
    `)
    expect(draws(1, 'workload', 5)).toMatchInlineSnapshot(`
      [
        177,
        585,
        552,
        776,
        812,
      ]
    `)
  })
})
