import { describe, expect, it } from 'vitest'
import { NO_TIMESTAMP, type RecordBatch } from '../../../../sim/kafka/log/batch.ts'
import type { Log } from '../../../../sim/kafka/log/log.ts'
import { createLog } from '../../../../sim/kafka/log/recovery.ts'
import {
  at,
  batchesOf,
  batchOf,
  emptyLog,
  type LogBenchOptions,
  logOptions,
  producerBatch,
} from '../../../fixtures/log.ts'

// Facts of Kafka's UnifiedLogTest, by the names that they have there.

/** A log into which batches of as many records as listed were appended. */
const logOf = (counts: readonly number[], options: LogBenchOptions = {}): Log => {
  const log = emptyLog(options)
  for (const count of counts)
    log.appendAsLeader(batchOf(Array.from({ length: count }, (_, n) => `${n}`)), 0, 0)
  return log
}

const epochs = (log: Log) => log.epochs.entries.map(({ epoch, startOffset }) => [epoch, startOffset])
const marks = (log: Log) => [log.logStartOffset, log.lastStableOffset, log.highWatermark, log.logEndOffset]
const bases = (log: Log) => log.segments.all.map(({ baseOffset }) => baseOffset)
const baseOffsets = (batches: readonly RecordBatch[]) => batches.map(({ baseOffset }) => baseOffset)

describe('marks', () => {
  it('[KL1] [KL6] testHighWatermarkMaintenance', () => {
    const log = emptyLog()
    const found = [marks(log)]
    log.appendAsLeader(batchOf(['a', 'b', 'c']), 0, 0)
    found.push(marks(log))
    log.maybeIncrementHighWatermark(1, 0)
    found.push(marks(log))
    log.updateHighWatermark(5, 0)
    found.push(marks(log))
    expect(log.appendAsFollower([at(3, batchOf(['a', 'b', 'c']))], 0, 0)).toBe('NONE')
    log.updateHighWatermark(6, 0)
    found.push(marks(log))
    log.truncateTo(3, 0)
    found.push(marks(log))
    log.appendAsLeader(batchOf(['a', 'b', 'c']), 0, 0)
    found.push(marks(log))
    log.truncateFullyAndStartAt(4, 0)
    found.push(marks(log))
    expect(found).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 3],
      [0, 1, 1, 3],
      [0, 3, 3, 3],
      [0, 6, 6, 6],
      [0, 3, 3, 3],
      [0, 3, 3, 6],
      [4, 4, 4, 4],
    ])
  })

  it('[KL5] testMaybeUpdateHighWatermarkAsFollower', () => {
    const log = logOf([100])
    expect([99, 99, 100, 101].map((offset) => log.updateHighWatermark(offset, 0))).toEqual([99, 99, 100, 100])
    log.updateHighWatermark(98, 0)
    expect(log.highWatermark).toBe(98)
  })

  it('[KL3] a leader only raises its high watermark, and never above the end', () => {
    const log = logOf([5])
    expect([3, 3, 2, 5].map((offset) => log.maybeIncrementHighWatermark(offset, 0))).toEqual([
      true,
      false,
      false,
      true,
    ])
    expect(log.highWatermark).toBe(5)
    expect(() => log.maybeIncrementHighWatermark(6, 0)).toThrow(RangeError)
  })

  it('[KL6] testCannotIncrementLogStartOffsetPastHighWatermark, testNoOpWhenRemoteLogStorageIsDisabled', () => {
    const log = logOf([100])
    log.updateHighWatermark(25, 0)
    expect(log.maybeIncrementLogStartOffset(26, 0)).toBe('OFFSET_OUT_OF_RANGE')
    expect(log.maybeIncrementLogStartOffset(20, 0)).toBe('NONE')
    expect(log.maybeIncrementLogStartOffset(10, 0)).toBe('NONE')
    expect(marks(log)).toEqual([20, 25, 25, 100])
  })

  it('[KL6] a log start below which the epoch began moves the epoch with it', () => {
    const log = logOf([10])
    log.updateHighWatermark(10, 0)
    log.maybeIncrementLogStartOffset(4, 0)
    expect(epochs(log)).toEqual([[0, 4]])
  })

  it('[KL6] a truncation below the start of the log lowers the start, too', () => {
    const log = logOf([1, 1, 1, 1, 1])
    log.maybeIncrementHighWatermark(5, 0)
    log.maybeIncrementLogStartOffset(3, 0)
    log.truncateTo(2, 0)
    expect(marks(log)).toEqual([2, 2, 2, 2])
  })

  it('[KL1] an open transaction above the high watermark does not raise the last stable offset', () => {
    const log = logOf([2])
    log.appendAsLeader(producerBatch(1, 0, 0, 2, true), 0, 0)
    log.maybeIncrementHighWatermark(1, 0)
    expect(marks(log)).toEqual([0, 1, 1, 4])
    log.maybeIncrementHighWatermark(4, 0)
    expect(marks(log)).toEqual([0, 2, 4, 4])
  })

  it('[KL1] testLogReinitializeAfterManualDelete', () => {
    expect(marks(createLog(logOptions(), 0, 500))).toEqual([500, 500, 500, 500])
  })
})

describe('epochs', () => {
  it('[KL8] shouldApplyEpochToMessageOnAppendIfLeader', () => {
    const log = emptyLog()
    for (let n = 0; n < 50; n += 1) log.appendAsLeader(batchOf([`${n}`]), 72, 0)
    expect(new Set(batchesOf(log).map(({ partitionLeaderEpoch }) => partitionLeaderEpoch))).toEqual(
      new Set([72]),
    )
  })

  it('[KL8] a new leader has an epoch before it has written anything', () => {
    const log = logOf([3])
    log.startEpoch(7)
    expect(epochs(log)).toEqual([
      [0, 0],
      [7, 3],
    ])
    expect([6, 7, 8].map((epoch) => log.endOffsetForEpoch(epoch).endOffset)).toEqual([3, 3, -1])
  })

  it('[KL8] followerShouldSaveEpochInformationFromReplicatedMessagesToTheEpochCache', () => {
    const log = emptyLog()
    for (let n = 0; n < 50; n += 1) log.appendAsFollower([at(n, batchOf([`${n}`]), 42)], 42, 0)
    expect(epochs(log)).toEqual([[42, 0]])
  })

  it('[KL8] a follower that copies older batches has their epochs, not that of its leader', () => {
    const log = emptyLog()
    expect(log.appendAsFollower([at(0, batchOf(['a']), 3), at(1, batchOf(['b']), 4)], 5, 0)).toBe('NONE')
    expect(epochs(log)).toEqual([
      [3, 0],
      [4, 1],
    ])
  })

  it('[KL8] a follower leaves out batches of a later epoch than it asked in (KAFKA-18723)', () => {
    const log = emptyLog()
    const replicated = [at(0, batchOf(['a']), 3), at(1, batchOf(['b']), 4), at(2, batchOf(['c']), 3)]
    expect(log.appendAsFollower(replicated, 3, 0)).toBe('NONE')
    expect([log.logEndOffset, epochs(log)]).toEqual([1, [[3, 0]]])
  })

  it('[KL10] shouldTruncateLeaderEpochCheckpointFileWhenTruncatingLog', () => {
    const size = batchOf(['value']).sizeInBytes
    const log = emptyLog({ config: { 'segment.bytes': 10 * size } })
    for (const [epoch, start, count] of [
      [0, 0, 10],
      [1, 10, 6],
      [2, 16, 4],
    ] as const) {
      for (let n = 0; n < count; n += 1)
        log.appendAsFollower([at(start + n, batchOf(['value']), epoch)], epoch, 0)
    }
    expect([log.segments.count, log.logEndOffset]).toEqual([2, 20])
    const counts = [20, 11, 10, 0].map((offset) => {
      log.truncateTo(offset, 0)
      return log.epochs.entries.length
    })
    expect(counts).toEqual([3, 2, 1, 0])
  })

  it('[KL10] testTruncateToEndOffsetClearsEpochCache', () => {
    const log = emptyLog()
    log.appendAsFollower([at(27, batchOf(['a', 'b']), 19)], 19, 0)
    expect(epochs(log)).toEqual([[19, 27]])
    for (const [epoch, offset] of [
      [20, 29],
      [24, 30],
    ] as const) {
      log.startEpoch(epoch)
      expect(epochs(log)).toEqual([
        [19, 27],
        [epoch, 29],
      ])
      expect(log.truncateTo(offset, 0)).toBe(false)
      expect([epochs(log), log.logEndOffset]).toEqual([[[19, 27]], 29])
    }
  })
})

describe('truncation', () => {
  it('[KL6] drops whole batches and whole segments, and lowers what lay above', () => {
    const log = emptyLog({ config: { 'segment.bytes': 160 } })
    for (let n = 0; n < 6; n += 1) log.appendAsLeader(batchOf(['a', 'b']), n, 0)
    log.updateHighWatermark(11, 0)
    expect(bases(log)).toEqual([0, 4, 8])
    expect(log.truncateTo(6, 0)).toBe(true)
    expect([bases(log), marks(log)]).toEqual([
      [0, 4],
      [0, 6, 6, 6],
    ])
    expect(log.appendAsFollower([at(6, batchOf(['x']), 9)], 9, 0)).toBe('NONE')
    expect(baseOffsets(batchesOf(log))).toEqual([0, 2, 4, 6])
    expect(() => log.truncateTo(-1, 0)).toThrow(RangeError)
  })

  it('[KL6] below the first segment it drops everything', () => {
    const log = createLog(logOptions(), 0, 10)
    log.appendAsFollower([at(10, batchOf(['a', 'b']))], 0, 0)
    log.truncateTo(4, 0)
    expect([marks(log), bases(log), epochs(log)]).toEqual([[4, 4, 4, 4], [4], []])
  })

  it('[KS5] testProducerIdMapTruncateTo, testProducerIdMapTruncateToWithNoSnapshots', () => {
    const log = emptyLog()
    for (const n of [0, 1, 2]) log.appendAsLeader(producerBatch(1, 0, n), 0, 0)
    const left = [2, 1].map((offset) => {
      log.truncateTo(offset, 0)
      return [log.producers.entry(1, 0)?.lastSequence, log.producers.mapEndOffset]
    })
    expect(left).toEqual([
      [1, 2],
      [0, 1],
    ])
    log.truncateTo(0, 0)
    expect([log.producers.active(0).size, log.producers.snapshots.length]).toEqual([0, 0])
  })

  it('[KS5] testProducerSnapshotAfterSegmentRollOnAppend', () => {
    const log = emptyLog({ config: { 'segment.bytes': 100 } })
    log.appendAsLeader(producerBatch(1, 0, 0), 0, 0)
    log.appendAsLeader(producerBatch(1, 0, 1), 0, 0)
    const snapshots = () => log.producers.snapshots.map(({ offset }) => offset)
    expect([bases(log), snapshots()]).toEqual([[0, 1], [1]])
    log.truncateTo(1, 0)
    expect([bases(log), snapshots(), batchesOf(log).length]).toEqual([[0, 1], [1], 1])
    expect(log.producers.entry(1, 0)).toMatchObject({ firstDataOffset: 0, lastDataOffset: 0 })
  })

  it('[KS5] testRebuildProducerIdMapWithCompactedData, testRebuildProducerStateWithEmptyCompactedBatch', () => {
    for (const kept of [1, 0]) {
      const log = emptyLog()
      const batch = at(23, producerBatch(1, 0, 0, 4))
      log.appendAsFollower([batch.retaining(batch.records.slice(0, kept), NO_TIMESTAMP)], 0, 0)
      log.appendAsFollower([at(27, batchOf(['e', 'f']))], 0, 0)
      log.truncateTo(27, 0)
      expect(log.producers.entry(1, 0)?.lastSequence).toBe(3)
    }
  })

  it('[KS5] the fifth batch from the end is no longer known after a truncation to a snapshot', () => {
    const log = emptyLog()
    for (const n of [0, 1, 2]) log.appendAsLeader(producerBatch(1, 0, n), 0, 0)
    log.roll(0)
    log.appendAsLeader(producerBatch(1, 0, 3), 0, 0)
    log.truncateTo(3, 0)
    const again = (n: number) => log.appendAsLeader(producerBatch(1, 0, n), 0, 0)
    expect(again(2).isDuplicate).toBe(true)
    expect(again(1).errorCode).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
  })
})
