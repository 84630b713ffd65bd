import { describe, expect, it } from 'vitest'
import type { RecordBatch } from '../../../../sim/kafka/log/batch.ts'
import type { Log } from '../../../../sim/kafka/log/log.ts'
import {
  batchesOf,
  batchOf,
  emptyLog,
  endTransaction,
  type LogBenchOptions,
  sequencer,
} from '../../../fixtures/log.ts'

// Facts of Kafka's UnifiedLogTest, by the names that they have there.

/** A log into which batches of as many records as listed were appended. */
const logOf = (counts: readonly number[], options: LogBenchOptions = {}): Log => {
  const log = emptyLog(options)
  for (const count of counts)
    log.appendAsLeader(batchOf(Array.from({ length: count }, (_, n) => `${n}`)), 0, 0)
  return log
}

const _epochs = (log: Log) => log.epochs.entries.map(({ epoch, startOffset }) => [epoch, startOffset])
const _marks = (log: Log) => [log.logStartOffset, log.lastStableOffset, log.highWatermark, log.logEndOffset]
const _bases = (log: Log) => log.segments.all.map(({ baseOffset }) => baseOffset)
const _baseOffsets = (batches: readonly RecordBatch[]) => batches.map(({ baseOffset }) => baseOffset)

describe('transactions of a log', () => {
  /** The appends of testTransactionIndexUpdated. */
  const mixed = (log: Log) => {
    const [first, second, third, fourth] = [1, 2, 3, 4].map((pid) => sequencer(log, pid, 0, true))
    const plain = (count: number) =>
      log.appendAsLeader(batchOf(Array.from({ length: count }, () => 'x')), 0, 0)
    first?.(5)
    plain(3)
    second?.(2)
    first?.(4)
    third?.(3)
    plain(2)
    first?.(10)
    endTransaction(log, 1, 0, 'ABORT')
    second?.(6)
    fourth?.(3)
    plain(10)
    third?.(9)
    endTransaction(log, 3, 0, 'COMMIT')
    fourth?.(8)
    second?.(7)
    endTransaction(log, 2, 0, 'ABORT')
    plain(10)
    fourth?.(4)
    endTransaction(log, 4, 0, 'COMMIT')
  }
  const expected = [
    { producerId: 1, firstOffset: 0, lastOffset: 29, lastStableOffset: 8 },
    { producerId: 2, firstOffset: 8, lastOffset: 74, lastStableOffset: 36 },
  ]
  const aborted = (log: Log) => log.segments.collectAborted(0, 0, log.logEndOffset)
  const unstableAt = (log: Log) =>
    [30, 75, log.logEndOffset].map((offset) => {
      log.updateHighWatermark(offset, 0)
      return log.firstUnstableOffset
    })

  it('[KT8] testTransactionIndexUpdated', () => {
    const log = emptyLog()
    mixed(log)
    expect(aborted(log)).toEqual(expected)
    expect(unstableAt(log)).toEqual([8, 36, -1])
  })

  it('[KT8] testTransactionIndexUpdatedThroughReplication', () => {
    const leader = emptyLog()
    mixed(leader)
    const follower = emptyLog()
    expect(follower.appendAsFollower(batchesOf(leader), 0, 0)).toBe('NONE')
    expect(aborted(follower)).toEqual(expected)
    expect(unstableAt(follower)).toEqual([8, 36, -1])
  })

  it('[KT8] testFirstUnstableOffsetNoTransactionalData, WithTransactionalData', () => {
    const log = logOf([3])
    expect(log.firstUnstableOffset).toBe(-1)
    const append = sequencer(log, 137, 5, true)
    const found = [append(3), append(1), endTransaction(log, 137, 5, 'COMMIT')].map(
      () => log.firstUnstableOffset,
    )
    expect(found).toEqual([3, 3, 3])
    log.updateHighWatermark(8, 0)
    expect(log.firstUnstableOffset).toBe(-1)
  })

  it('[KT8] testLastStableOffsetWithMixedProducerData', () => {
    const log = emptyLog()
    sequencer(log, 137, 5, true)(3)
    log.appendAsLeader(batchOf(['g', 'h', 'i']), 0, 0)
    sequencer(log, 983, 5, true)(3)
    expect(log.firstUnstableOffset).toBe(0)
    const steps = ([137, 983] as const).map((pid, index) => {
      endTransaction(log, pid, 5, index === 0 ? 'ABORT' : 'COMMIT')
      log.updateHighWatermark(log.logEndOffset, 0)
      return log.firstUnstableOffset
    })
    expect(steps).toEqual([6, -1])
  })

  it('[KT7] testZombieCoordinatorFenced, testZombieCoordinatorFencedEmptyTransaction', () => {
    const log = emptyLog()
    const append = sequencer(log, 1, 0, true)
    const end = (coordinatorEpoch: number) =>
      endTransaction(log, 1, 0, 'ABORT', { coordinatorEpoch }).errorCode
    append(10)
    expect(end(1)).toBe('NONE')
    append(5)
    expect([end(2), end(2), end(1)]).toEqual(['NONE', 'NONE', 'TRANSACTION_COORDINATOR_FENCED'])
  })

  it('[KT7] testTV2MarkerWithBumpedEpochSucceeds, testReplicationWithTVUnknownAllowed', () => {
    const log = emptyLog()
    sequencer(log, 1, 5, true)(1)
    expect(
      endTransaction(log, 1, 6, 'COMMIT', { transactionVersion: 2, coordinatorEpoch: 1 }).errorCode,
    ).toBe('NONE')
    const follower = emptyLog()
    for (const batch of batchesOf(log)) expect(follower.appendAsFollower([batch], 0, 0)).toBe('NONE')
    for (const one of [log, follower]) {
      expect(one.producers.entry(1, 0)).toMatchObject({ producerEpoch: 6, coordinatorEpoch: 1 })
      expect(one.logEndOffset).toBe(2)
    }
  })

  it('[KT8] testLastStableOffsetDoesNotExceedLogStartOffsetMidSegment', () => {
    const log = emptyLog()
    const append = sequencer(log, 1, 0, true)
    append(5)
    log.appendAsLeader(batchOf(['a', 'b', 'c']), 0, 0)
    log.roll(0)
    append(5)
    expect(log.firstUnstableOffset).toBe(0)
    log.updateHighWatermark(log.logEndOffset, 0)
    log.maybeIncrementLogStartOffset(5, 0)
    expect([log.firstUnstableOffset, log.lastStableOffset]).toEqual([5, 5])
  })

  it('[KL6] [KT8] testTruncateBelowFirstUnstableOffset, testTruncateFullyAndStart', () => {
    const open = () => {
      const log = logOf([3])
      sequencer(log, 17, 10, true)(2)
      expect(log.firstUnstableOffset).toBe(3)
      return log
    }
    const cut = open()
    cut.truncateTo(0, 0)
    expect([cut.firstUnstableOffset, cut.producers.active(0).size]).toEqual([-1, 0])
    const emptied = open()
    emptied.truncateFullyAndStartAt(2, 0, 1)
    expect([emptied.firstUnstableOffset, emptied.producers.active(0).size]).toEqual([-1, 0])
    expect([emptied.logStartOffset, emptied.logEndOffset]).toEqual([1, 2])
  })

  it('[KT8] a truncation that leaves a transaction open, or ended, leaves it so', () => {
    const log = emptyLog()
    sequencer(log, 1, 0, true)(2)
    endTransaction(log, 1, 0, 'COMMIT')
    log.appendAsLeader(batchOf(['a']), 0, 0)
    log.updateHighWatermark(3, 0)
    log.truncateTo(3, 0)
    expect([log.lastStableOffset, log.firstUnstableOffset]).toEqual([3, -1])
    log.truncateTo(2, 0)
    expect([log.lastStableOffset, log.firstUnstableOffset]).toEqual([0, 0])
  })
})
