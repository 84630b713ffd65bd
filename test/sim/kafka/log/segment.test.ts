import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { producedBatch } from '../../../../sim/kafka/log/batch.ts'
import { LOG_DEFAULTS, type LogConfig } from '../../../../sim/kafka/log/config.ts'
import { LogSegment } from '../../../../sim/kafka/log/segment.ts'
import { at, batchOf, record } from '../../../fixtures/log.ts'

const HOUR = 3_600_000

/** A segment of batches with the given offsets, of so many records each. */
const segmentOf = (batches: readonly (readonly [number, number])[], baseOffset = 0) => {
  const segment = new LogSegment(baseOffset, 0)
  for (const [offset, count] of batches) {
    segment.append(at(offset, batchOf(Array.from({ length: count }, () => 'x'))), 4096, 0)
  }
  return segment
}

describe('a segment', () => {
  it('[KF2] finds the batch that holds an offset, or the next one', () => {
    const segment = segmentOf(
      [
        [50, 2],
        [52, 1],
        [60, 3],
      ],
      40,
    )
    const found = [40, 50, 51, 52, 53, 59, 60, 62, 63].map((offset) => segment.indexOf(offset))
    expect(found).toEqual([0, 0, 0, 1, 2, 2, 2, 2, 3])
    expect(segmentOf([]).indexOf(0)).toBe(0)
  })

  it('[KF2] finds what a walk from the start would find, whatever the gaps', () => {
    const shape = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 3 })), {
      maxLength: 12,
    })
    fc.assert(
      fc.property(shape, fc.integer({ min: 0, max: 60 }), (gaps, offset) => {
        let next = 10
        const batches = gaps.map(([gap, count]) => {
          const base = next + gap
          next = base + count
          return [base, count] as const
        })
        const walked = batches.findIndex(([base, count]) => base + count > offset)
        return segmentOf(batches, 10).indexOf(offset) === (walked < 0 ? batches.length : walked)
      }),
    )
  })

  it('[KL6] LogSegmentTest.testTruncate: drops the batch that holds the offset, and all above', () => {
    const segment = segmentOf([
      [0, 1],
      [1, 3],
      [4, 1],
    ])
    const bytes = segment.sizeInBytes
    const cut = segment.truncateTo(2, 7)
    expect([segment.nextOffset, segment.sizeInBytes + cut]).toEqual([1, bytes])
    expect([segment.truncateTo(1, 7), segment.truncateTo(0, 7) > 0, segment.nextOffset]).toEqual([0, true, 0])
    expect(segment.lastModifiedMillis).toBe(7)
  })

  it('[KL6] forgets the times of what it drops', () => {
    const segment = new LogSegment(0, 0)
    for (const [n, timestamp] of [5, 20, 10, 40].entries())
      segment.append(at(n, batchOf(['a'], timestamp)), 60, 99)
    const times = [4, 3, 2, 1, 0].map((offset) => {
      segment.truncateTo(offset, 99)
      return [segment.maxTimestamp, segment.findMaxTimestamp()?.offset]
    })
    expect(times).toEqual([
      [40, 3],
      [20, 1],
      [20, 1],
      [5, 0],
      [-1, undefined],
    ])
    expect(segment.largestTimestamp).toBe(99)
  })

  it('[KL13] finds times through its index as it would without', () => {
    const stamps = fc.array(fc.integer({ min: 0, max: 8 }), { maxLength: 12 })
    fc.assert(
      fc.property(
        stamps,
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: 0, max: 4 }),
        (times, timestamp, start) => {
          const segment = new LogSegment(0, 0)
          for (const [n, time] of times.entries())
            segment.append(at(n, producedBatch([record('k', 'v', time)])), 60, 0)
          const expected = times.findIndex((time, n) => time >= timestamp && n >= start)
          return (segment.findByTimestamp(timestamp, start)?.offset ?? -1) === expected
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('[KL15] a fault may make a batch corrupt', () => {
    const segment = segmentOf([
      [0, 1],
      [1, 3],
      [9, 1],
    ])
    segment.replace(2, (batch) => batch.corrupted())
    expect(segment.batches.map(({ isValid }) => isValid)).toEqual([true, false, true])
    expect(() => segment.replace(5, (batch) => batch)).toThrow(RangeError)
  })
})

describe('rolling', () => {
  const rolls = (
    segment: LogSegment,
    config: Partial<LogConfig>,
    bytes: number,
    timestamp: number,
    offset: number,
    now = 0,
  ) => segment.shouldRoll({ ...LOG_DEFAULTS, ...config }, bytes, timestamp, offset, now)

  it('[KD3] testSizeBasedLogRoll: when it would be larger than segment.bytes', () => {
    const segment = segmentOf([[0, 1]])
    const { sizeInBytes } = segment
    const limit = { 'segment.bytes': sizeInBytes + 100 }
    expect([rolls(segment, limit, 100, -1, 1), rolls(segment, limit, 101, -1, 1)]).toEqual([false, true])
  })

  it('[KD3] testTimeBasedLogRollDuringAppend: without timestamps by the clock, but never when empty', () => {
    const empty = segmentOf([])
    const config = { 'segment.ms': HOUR }
    expect(rolls(empty, config, 1, -1, 0, 2 * HOUR)).toBe(false)
    const segment = segmentOf([[0, 1]])
    expect([rolls(segment, config, 1, -1, 1, HOUR), rolls(segment, config, 1, -1, 1, HOUR + 1)]).toEqual([
      false,
      true,
    ])
    expect(rolls(segment, config, 1, 2 * HOUR, 1, 0)).toBe(false)
  })

  it('[KD3] testTimeBasedLogRollDuringAppend: with timestamps by those, whatever the clock says', () => {
    const segment = new LogSegment(0, 0)
    segment.append(at(0, batchOf(['a'], 1000)), 4096, 0)
    const config = { 'segment.ms': HOUR }
    expect(rolls(segment, config, 1, 1000 + HOUR, 1, 9 * HOUR)).toBe(false)
    expect(rolls(segment, config, 1, 1001 + HOUR, 1, 0)).toBe(true)
  })

  it('[KD3] when an offset is too far from its base', () => {
    const segment = segmentOf([[5, 1]], 5)
    expect([rolls(segment, {}, 1, -1, 5 + 2 ** 31 - 1), rolls(segment, {}, 1, -1, 5 + 2 ** 31)]).toEqual([
      false,
      true,
    ])
  })

  it('[KD3] when an index is full', () => {
    const full = (bytes: number) => {
      const segment = new LogSegment(0, 0)
      for (let n = 0; n < 4; n += 1) segment.append(at(n, batchOf(['a'], n)), 60, 0)
      return [
        segment.offsetIndexBytes,
        segment.timeIndexBytes,
        rolls(segment, { 'segment.index.bytes': bytes }, 1, 3, 4),
      ]
    }
    expect([full(60), full(59), full(24)]).toEqual([
      [24, 36, false],
      [24, 36, true],
      [24, 36, true],
    ])
  })
})
