import { describe, expect, it } from 'vitest'
import { producedBatch } from '../../../../sim/kafka/log/batch.ts'
import { LOG_BROKER_DEFAULTS, type LogConfig } from '../../../../sim/kafka/log/config.ts'
import type { Log } from '../../../../sim/kafka/log/log.ts'
import { cleanableOffsets, LogCleaner, needsCleaning } from '../../../../sim/kafka/log/log-cleaner.ts'
import { emptyLog, keysIn, record, sequencer } from '../../../fixtures/log.ts'

const SECOND = 1000
const DAY = 86_400_000
const SIZE = producedBatch([record('0', 'v')]).sizeInBytes

/** A compacted log with one key in a segment of two records each. */
const compacted = (count: number, config: Partial<LogConfig> = {}, nowMillis = 0) => {
  const log = emptyLog({ config: { 'cleanup.policy': ['compact'], 'segment.bytes': 2 * SIZE, ...config } })
  for (let n = 0; n < count; n += 1)
    log.appendAsLeader(producedBatch([record('0', 'v', nowMillis)]), 0, nowMillis)
  log.updateHighWatermark(log.logEndOffset, nowMillis)
  return log
}

const range = (log: Log, nowMillis: number) => {
  const { firstDirtyOffset, firstUncleanableOffset } = cleanableOffsets(log, nowMillis)
  return [firstDirtyOffset, firstUncleanableOffset]
}

const cleanerOf = (...logs: Log[]) => {
  const cleaner = new LogCleaner(LOG_BROKER_DEFAULTS, 0)
  for (const log of logs) cleaner.logs.push(log)
  return cleaner
}

// LogCleanerManagerTest, by the names that its cases have there.
describe('what may be cleaned', () => {
  it('[KD4] testCleanableOffsetsForNone: up to the active segment', () => {
    expect(range(compacted(7), 0)).toEqual([0, 6])
  })

  it('[KD4] testCleanableOffsetsActiveSegment: not above the last stable offset', () => {
    const log = compacted(4)
    sequencer(log, 1, 0, true)(1)
    log.roll(0)
    log.updateHighWatermark(log.logEndOffset, 0)
    expect(range(log, 0)).toEqual([0, 4])
    const lagging = compacted(7)
    lagging.truncateTo(7, 0)
    lagging.updateHighWatermark(3, 0)
    expect(range(lagging, 0)).toEqual([0, 3])
  })

  it('[KD4] testCleanableOffsetsForTime: nothing younger than min.compaction.lag.ms', () => {
    const log = compacted(4, { 'min.compaction.lag.ms': 60 * SECOND })
    for (let n = 0; n < 3; n += 1) log.appendAsLeader(producedBatch([record('0', 'v', 50_000)]), 0, 50_000)
    log.updateHighWatermark(7, 50_000)
    expect([59_999, 60_000, 110_000].map((nowMillis) => range(log, nowMillis))).toEqual([
      [0, 0],
      [0, 4],
      [0, 6],
    ])
  })

  it('[KD4] testCleanableOffsetsNeedsCheckpointReset', () => {
    const log = compacted(7)
    log.maybeIncrementLogStartOffset(2, 0)
    const found = [undefined, 1, 3, 7, 8].map((firstDirtyOffset) => {
      log.firstDirtyOffset = firstDirtyOffset
      return range(log, 0)[0]
    })
    expect(found).toEqual([2, 2, 3, 7, 2])
  })

  it('[KD4] a truncation makes dirty what comes in its place', () => {
    const log = compacted(7)
    log.firstDirtyOffset = 6
    log.truncateTo(3, 0)
    expect(log.firstDirtyOffset).toBe(3)
  })

  it('[KD4] is cleaned when more than half of it is dirty, or when it is overdue', () => {
    const log = compacted(9, { 'max.compaction.lag.ms': DAY }, 1)
    const needs = (firstDirtyOffset: number, nowMillis: number) => {
      log.firstDirtyOffset = firstDirtyOffset
      return needsCleaning(log, nowMillis)
    }
    expect([needs(2, 0), needs(4, 0), needs(8, 0)]).toEqual([true, false, false])
    expect([needs(4, DAY + 1), needs(4, DAY + 2), needs(8, DAY + 2)]).toEqual([false, true, false])
  })
})

describe('the cleaner', () => {
  it('[KD4] looks every 15 s at logs that have changed', () => {
    const log = compacted(7)
    const cleaner = cleanerOf(log)
    expect(cleaner.nextDeadlineMillis()).toBe(15 * SECOND)
    cleaner.advance(15 * SECOND - 1)
    expect(keysIn(log)).toHaveLength(7)
    cleaner.advance(15 * SECOND)
    expect([keysIn(log).length, log.firstDirtyOffset, cleaner.nextDeadlineMillis()]).toEqual([
      2,
      6,
      Number.POSITIVE_INFINITY,
    ])
    log.appendAsLeader(producedBatch([record('0', 'v', 0)]), 0, 40 * SECOND)
    expect(cleaner.nextDeadlineMillis()).toBe(45 * SECOND)
  })

  it('[KD4] waits until a segment is old enough', () => {
    const log = compacted(7, { 'min.compaction.lag.ms': 60 * SECOND })
    const cleaner = cleanerOf(log)
    cleaner.advance(15 * SECOND)
    expect([keysIn(log).length, cleaner.nextDeadlineMillis()]).toEqual([7, 60 * SECOND])
    cleaner.advance(60 * SECOND)
    expect(keysIn(log)).toHaveLength(2)
  })

  it('[KD4] cleans what is overdue though little of it is dirty', () => {
    const log = compacted(7, { 'max.compaction.lag.ms': DAY, 'min.cleanable.dirty.ratio': 1 }, 1)
    const cleaner = cleanerOf(log)
    cleaner.advance(15 * SECOND)
    expect(cleaner.nextDeadlineMillis()).toBe(DAY + 15 * SECOND)
    cleaner.advance(DAY + 15 * SECOND)
    expect(keysIn(log)).toHaveLength(2)
  })

  it('[KD1] applies retention to logs that are compacted and deleted from', () => {
    const log = compacted(7, { 'cleanup.policy': ['compact', 'delete'], 'retention.ms': 60 * SECOND })
    const cleaner = cleanerOf(log)
    cleaner.advance(15 * SECOND)
    expect(cleaner.nextDeadlineMillis()).toBe(75 * SECOND)
    cleaner.advance(75 * SECOND)
    expect([log.logStartOffset, log.segments.count]).toEqual([7, 1])
  })

  it('[KD4] leaves other logs alone', () => {
    const log = compacted(7, { 'cleanup.policy': ['delete'] })
    expect(cleanerOf(log).nextDeadlineMillis()).toBe(Number.POSITIVE_INFINITY)
  })
})
