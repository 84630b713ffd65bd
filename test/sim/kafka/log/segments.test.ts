import { describe, expect, it } from 'vitest'
import { producedBatch, type RecordBatch } from '../../../../sim/kafka/log/batch.ts'
import type { Log } from '../../../../sim/kafka/log/log.ts'
import { at, batchOf, emptyLog, type LogBenchOptions, record } from '../../../fixtures/log.ts'

// Facts of Kafka's UnifiedLogTest, by the names that they have there.

/** A log into which batches of as many records as listed were appended. */
const _logOf = (counts: readonly number[], options: LogBenchOptions = {}): Log => {
  const log = emptyLog(options)
  for (const count of counts)
    log.appendAsLeader(batchOf(Array.from({ length: count }, (_, n) => `${n}`)), 0, 0)
  return log
}

const _epochs = (log: Log) => log.epochs.entries.map(({ epoch, startOffset }) => [epoch, startOffset])
const _marks = (log: Log) => [log.logStartOffset, log.lastStableOffset, log.highWatermark, log.logEndOffset]
const _bases = (log: Log) => log.segments.all.map(({ baseOffset }) => baseOffset)
const _baseOffsets = (batches: readonly RecordBatch[]) => batches.map(({ baseOffset }) => baseOffset)

describe('timestamps', () => {
  it('[KL13] the first record at or after a time, the first of the latest, and none', () => {
    const log = emptyLog({ config: { 'segment.bytes': 200 } })
    for (const [n, timestamp] of [10, 30, 20, 40, 40].entries())
      log.appendAsLeader(batchOf(['a'], timestamp), n, 40)
    expect(log.segments.count).toBe(3)
    const offsetOf = (timestamp: number) =>
      log.segments.findByTimestamp(timestamp, log.logStartOffset)?.offset
    expect([5, 10, 11, 30, 31, 41].map(offsetOf)).toEqual([0, 0, 1, 1, 3, undefined])
    expect(log.segments.findByTimestamp(11, 0)).toEqual({ offset: 1, timestamp: 30, leaderEpoch: 1 })
    expect(log.segments.findMaxTimestamp()).toEqual({ offset: 3, timestamp: 40, leaderEpoch: 3 })
    log.updateHighWatermark(5, 0)
    log.maybeIncrementLogStartOffset(1, 0)
    expect([10, 30, 40].map(offsetOf)).toEqual([1, 1, 3])
  })

  it('[KL13] only the first segment that may have it is looked at, also when all of it lies below the start', () => {
    const log = emptyLog({ config: { 'segment.bytes': 71 } })
    for (const timestamp of [30, 40]) log.appendAsLeader(batchOf(['a'], timestamp), 0, 40)
    log.updateHighWatermark(2, 0)
    log.maybeIncrementLogStartOffset(1, 0)
    expect(log.segments.findByTimestamp(20, 1)).toBeUndefined()
    expect(log.segments.findByTimestamp(31, 1)?.offset).toBe(1)
  })

  it('[KL13] of a batch, the record that has the time', () => {
    const log = emptyLog()
    expect(log.segments.findMaxTimestamp()).toBeUndefined()
    expect(log.segments.findByTimestamp(0, 0)).toBeUndefined()
    const records = [3, 9, 5].map((timestamp, n) => record('k', 'v', timestamp, n))
    log.appendAsFollower([at(7, producedBatch(records))], 0, 0)
    expect(log.segments.findMaxTimestamp()?.offset).toBe(8)
    expect([3, 4, 10].map((timestamp) => log.segments.findByTimestamp(timestamp, 0)?.offset)).toEqual([
      7,
      8,
      undefined,
    ])
    expect(log.segments.findByTimestamp(4, 9)?.offset).toBe(9)
  })
})
