import { describe, expect, it } from 'vitest'
import { FlushPoint } from '../../../../sim/kafka/log/flush.ts'

describe('the recovery point', () => {
  it('[KL15] rises when a flush has ended', () => {
    const flushes = new FlushPoint(0, 0, 60_000, 0)
    flushes.flushLater(10, 50)
    flushes.flushLater(20, 70)
    expect([49, 50, 69, 70].map((at) => flushes.offset(25, at))).toEqual([0, 10, 10, 20])
    flushes.flushTo(15, 80)
    expect(flushes.offset(25, 80)).toBe(20)
  })

  it('[KL15] is written to disk once a minute', () => {
    const flushes = new FlushPoint(0, 0, 60_000, 0)
    flushes.flushLater(10, 60_001)
    expect([60_001, 119_999, 120_000].map((at) => flushes.stored(25, at))).toEqual([0, 0, 10])
  })

  it('[KL6] [KL15] falls with a truncation, as do flushes under way', () => {
    const flushes = new FlushPoint(30, 30, 60_000, 0)
    flushes.flushLater(40, 100)
    flushes.lowerTo(20, 50)
    expect([flushes.offset(20, 50), flushes.durableOffset(20, 50), flushes.offset(50, 100)]).toEqual([
      20, 20, 20,
    ])
  })

  it('[KL6] rises with the start of the log', () => {
    const flushes = new FlushPoint(5, 5, 60_000, 0)
    flushes.raiseTo(9, 0)
    flushes.raiseTo(7, 0)
    expect(flushes.offset(10, 0)).toBe(9)
  })

  it('[KL15] of what was on disk when the log was opened, nothing is lost', () => {
    const flushes = new FlushPoint(2, 8, 60_000, 0)
    expect([flushes.offset(8, 0), flushes.durableOffset(8, 0)]).toEqual([2, 8])
  })
})
