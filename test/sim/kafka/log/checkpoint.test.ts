import { describe, expect, it } from 'vitest'
import { Checkpoint } from '../../../../sim/kafka/log/checkpoint.ts'

describe('a checkpoint', () => {
  it('[KL15] has on disk what the value was at the last tick', () => {
    const checkpoint = new Checkpoint(100, 1000, 1)
    checkpoint.set(2, 1050)
    expect([1099, 1100].map((at) => checkpoint.stored(at))).toEqual([1, 2])
    checkpoint.set(3, 1150)
    checkpoint.set(4, 1199)
    expect([1199, 1200].map((at) => checkpoint.stored(at))).toEqual([2, 4])
  })

  it('[KL15] counts ticks that nobody asked about', () => {
    const checkpoint = new Checkpoint(100, 0, 1)
    checkpoint.set(2, 50)
    checkpoint.set(3, 750)
    expect(checkpoint.stored(760)).toBe(2)
    expect(checkpoint.stored(5000)).toBe(3)
  })
})
