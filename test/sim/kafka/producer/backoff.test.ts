import { describe, expect, it } from 'vitest'
import { ExponentialBackoff } from '../../../../sim/kafka/producer/backoff.ts'

describe('[KP3] back-off', () => {
  const rows: readonly (readonly [number, number, number, number, number])[] = [
    [100, 1000, 0, 80, 120],
    [100, 1000, 1, 160, 240],
    [100, 1000, 3, 640, 960],
    [100, 1000, 4, 800, 1000],
    [100, 1000, 60, 800, 1000],
    [2000, 1000, 0, 800, 1000],
    [0, 1000, 5, 0, 0],
  ]
  it.each(rows)('[KP3] of %d to %d after %d attempts is %d to %d', (initial, max, attempts, least, most) => {
    expect(new ExponentialBackoff(initial, max, () => 0).backoffMillis(attempts)).toBe(least)
    expect(new ExponentialBackoff(initial, max, (bound) => bound - 1).backoffMillis(attempts)).toBe(most)
  })
})
