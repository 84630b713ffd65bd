import { describe, expect, it } from 'vitest'
import { CLIENT_APPEND } from '../../../../sim/kafka/log/append.ts'
import {
  markerBatch,
  NO_TIMESTAMP,
  producedBatch,
  type RecordBatch,
} from '../../../../sim/kafka/log/batch.ts'
import { Disk } from '../../../../sim/kafka/log/disk.ts'
import type { Log } from '../../../../sim/kafka/log/log.ts'
import type { FetchIsolation } from '../../../../sim/kafka/log/read.ts'
import { createLog } from '../../../../sim/kafka/log/recovery.ts'
import {
  at,
  batchesOf,
  batchOf,
  emptyLog,
  endTransaction,
  type LogBenchOptions,
  logOptions,
  producerBatch,
  record,
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
    expect(log.updateHighWatermark(98, 0)).toBe(98)
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

describe('appends', () => {
  it('[KL14] testAppendInfoFirstOffset', () => {
    const log = emptyLog()
    const append = () => log.appendAsLeader(batchOf(['a', 'b', 'c']), 0, 0).firstOffset
    expect([append(), append()]).toEqual([0, 3])
    log.roll(0)
    expect(append()).toBe(6)
  })

  it.each<[string, RecordBatch, string]>([
    ['more than max.message.bytes', batchOf(['x'.repeat(200)]), 'MESSAGE_TOO_LARGE'],
    ['a wrong checksum', batchOf(['a']).corrupted(), 'CORRUPT_MESSAGE'],
    ['offsets of its own', at(3, batchOf(['a'])), 'INVALID_RECORD'],
    ['no records', batchOf([]), 'INVALID_RECORD'],
    [
      'fewer records than it counts',
      at(0, batchOf(['a', 'b'])).retaining([], NO_TIMESTAMP),
      'INVALID_RECORD',
    ],
    [
      'a marker of a client',
      markerBatch(1, 0, { controlType: 'ABORT', coordinatorEpoch: 0 }, 0),
      'INVALID_RECORD',
    ],
    ['no sequence', producerBatch(1, 0, -1), 'INVALID_RECORD'],
    ['a time too far ahead', batchOf(['a'], 5_001), 'INVALID_TIMESTAMP'],
    ['a time too long ago', batchOf(['a'], 999), 'INVALID_TIMESTAMP'],
    ['a time of the log that is the client’s', batchOf(['a']).assigned(0, 0, 3000), 'INVALID_TIMESTAMP'],
  ])('[KL14] a leader refuses %s', (_, batch, expected) => {
    const config = {
      'max.message.bytes': 200,
      'message.timestamp.before.max.ms': 2000,
      'message.timestamp.after.max.ms': 2000,
    }
    const log = emptyLog({ config })
    expect(log.appendAsLeader(batch, 0, 3000)).toMatchObject({ errorCode: expected, firstOffset: -1 })
    expect(log.logEndOffset).toBe(0)
    expect(log.appendAsLeader(batchOf(['a'], 5000), 0, 3000).errorCode).toBe('NONE')
  })

  it('[KD4] a leader refuses records without keys on a compacted topic', () => {
    const log = emptyLog({ config: { 'cleanup.policy': ['compact'] } })
    expect(log.appendAsLeader(batchOf(['a']), 0, 0).errorCode).toBe('INVALID_RECORD')
    expect(log.appendAsLeader(producerBatch(1, 0, 0), 0, 0).errorCode).toBe('NONE')
  })

  it('[KL14] a batch must fit into a segment', () => {
    const log = emptyLog({ config: { 'segment.bytes': 71 } })
    expect(log.appendAsLeader(batchOf(['test']), 0, 0).errorCode).toBe('RECORD_LIST_TOO_LARGE')
    expect(log.appendAsLeader(batchOf(['tes']), 0, 0).errorCode).toBe('NONE')
  })

  it('[KL14] a log may keep its own time', () => {
    const log = emptyLog({ config: { 'message.timestamp.type': 'LogAppendTime' } })
    expect(log.appendAsLeader(batchOf(['a', 'b'], 5), 0, 3000).logAppendTimeMillis).toBe(3000)
    const [batch] = batchesOf(log)
    expect(batch?.records.map((one) => batch.timestampOf(one))).toEqual([3000, 3000])
  })

  it('[KL14] a follower takes offsets as they come, with gaps, but never below its end', () => {
    const log = emptyLog()
    expect(log.appendAsFollower([at(0, batchOf(['a'])), at(5, batchOf(['b', 'c']))], 0, 0)).toBe('NONE')
    expect(log.logEndOffset).toBe(7)
    expect(log.appendAsFollower([at(6, batchOf(['d', 'e']))], 0, 0)).toBe('UNEXPECTED_APPEND_OFFSET')
    expect(log.appendAsFollower([at(9, batchOf(['d'])), at(8, batchOf(['e']))], 0, 0)).toBe(
      'OFFSETS_OUT_OF_ORDER',
    )
    expect(log.appendAsFollower([at(9, batchOf(['d']).corrupted())], 0, 0)).toBe('CORRUPT_MESSAGE')
    expect(log.appendAsFollower([], 0, 0)).toBe('NONE')
    expect(log.logEndOffset).toBe(7)
  })

  it('[KL14] an empty follower goes back to the start of the batch that holds its start offset', () => {
    const log = createLog(logOptions(), 0, 4)
    expect(log.appendAsFollower([at(3, batchOf(['a', 'b', 'c']))], 0, 0)).toBe('NONE')
    expect(marks(log)).toEqual([3, 3, 3, 6])
  })

  it('[KS3] testNonSequentialAppend, testOldProducerEpoch', () => {
    const log = emptyLog()
    expect(log.appendAsLeader(producerBatch(1, 1, 0), 0, 0).errorCode).toBe('NONE')
    expect(log.appendAsLeader(producerBatch(1, 1, 2), 0, 0).errorCode).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(log.appendAsLeader(producerBatch(1, 0, 0), 0, 0).errorCode).toBe('INVALID_PRODUCER_EPOCH')
    expect(log.logEndOffset).toBe(1)
  })

  it('[KS1] [KS2] [KS3] testDuplicateAppends', () => {
    const log = emptyLog()
    const append = (sequence: number, count = 1) => {
      const { errorCode, firstOffset, lastOffset, isDuplicate } = log.appendAsLeader(
        producerBatch(1, 0, sequence, count),
        0,
        0,
      )
      return [errorCode, firstOffset, lastOffset, isDuplicate]
    }
    for (let sequence = 0; sequence <= 5; sequence += 1) append(sequence)
    expect(append(6, 3)).toEqual(['NONE', 6, 8, false])
    expect(append(6, 3)).toEqual(['NONE', 6, 8, true])
    const refused = ['OUT_OF_ORDER_SEQUENCE_NUMBER', -1, -1, false]
    expect(append(7, 2)).toEqual(refused)
    expect(append(2)).toEqual(['NONE', 2, 2, true])
    expect(append(1)).toEqual(refused)
    expect(append(9)).toEqual(['NONE', 9, 9, false])
    expect(append(9)).toEqual(['NONE', 9, 9, true])
    expect(log.logEndOffset).toBe(10)
  })

  it('[KS5] testDuplicateAppendToFollower, testMultipleProducersWithDuplicatesInSingleAppend', () => {
    const log = emptyLog()
    const same = (offset: number) => at(offset, producerBatch(1, 0, 0, 2))
    expect(log.appendAsFollower([same(0)], 0, 0)).toBe('NONE')
    expect(log.appendAsFollower([same(2), same(4), at(6, producerBatch(2, 0, 1))], 0, 0)).toBe('NONE')
    expect(log.logEndOffset).toBe(7)
  })

  it('[KS1] testActiveProducers', () => {
    const log = emptyLog()
    const transactional = sequencer(log, 1, 5, true)
    const state = (pid: number) => {
      const entry = log.producers.entry(pid, 0)
      return [
        entry?.producerEpoch,
        entry?.lastSequence,
        entry?.currentTxnFirstOffset,
        entry?.coordinatorEpoch,
      ]
    }
    transactional(5)
    expect(state(1)).toEqual([5, 4, 0, -1])
    endTransaction(log, 1, 5, 'COMMIT', { coordinatorEpoch: 15 })
    expect(state(1)).toEqual([5, 4, -1, 15])
    sequencer(log, 2, 5, false)(3)
    expect(state(2)).toEqual([5, 2, -1, -1])
  })

  it('[KL15] a full disk takes the log offline with KAFKA_STORAGE_ERROR', () => {
    const size = batchOf(['a']).sizeInBytes
    const disk = new Disk(3 * size)
    const log = emptyLog({ disk })
    const other = emptyLog({ disk })
    log.appendAsLeader(batchOf(['a']), 0, 0)
    other.appendAsFollower([at(0, batchOf(['a'])), at(1, batchOf(['b']))], 0, 0)
    expect(log.appendAsLeader(batchOf(['b']), 0, 0).errorCode).toBe('KAFKA_STORAGE_ERROR')
    expect([log.logEndOffset, disk.offline]).toEqual([1, true])
    expect(log.read(0, 100, 'log_end').errorCode).toBe('KAFKA_STORAGE_ERROR')
    expect(other.appendAsFollower([at(2, batchOf(['b']))], 0, 0)).toBe('KAFKA_STORAGE_ERROR')
  })
})

describe('reads', () => {
  const found = (log: Log, offset: number, isolation: FetchIsolation, maxBytes = 1e6, minOneBatch = true) => {
    const { errorCode, batches } = log.read(offset, maxBytes, isolation, minOneBatch)
    return errorCode === 'NONE' ? baseOffsets(batches) : errorCode
  }

  it('[KF2] testFetchUpToLogEndOffset', () => {
    const log = logOf([3, 2])
    expect([0, 1, 2, 3, 4, 5].map((offset) => found(log, offset, 'log_end'))).toEqual([
      [0, 3],
      [0, 3],
      [0, 3],
      [3],
      [3],
      [],
    ])
  })

  it('[KF2] testFetchUpToHighWatermark', () => {
    const log = logOf([3, 2])
    const all = (highWatermark: number) => {
      log.updateHighWatermark(highWatermark, 0)
      return [0, 2, 3, 5].map((offset) => found(log, offset, 'high_watermark'))
    }
    expect(all(0)).toEqual([[], [], [], []])
    expect(all(1)).toEqual([[], [], [], []])
    expect(all(3)).toEqual([[0], [0], [], []])
    expect(all(5)).toEqual([[0, 3], [0, 3], [3], []])
  })

  it('[KF2] [KT8] testFetchUpToLastStableOffset', () => {
    const log = emptyLog()
    const first = sequencer(log, 1, 0, true)
    const second = sequencer(log, 2, 0, true)
    first(5)
    log.appendAsLeader(batchOf(['a', 'b', 'c']), 0, 0)
    second(2)
    first(4)
    log.appendAsLeader(batchOf(['a', 'b']), 0, 0)
    first(10)
    const stable = () => [
      log.lastStableOffset,
      found(log, 0, 'txn_committed'),
      found(log, 8, 'txn_committed'),
    ]
    expect(stable()).toEqual([0, [], []])
    log.updateHighWatermark(log.logEndOffset, 0)
    expect(stable()).toEqual([0, [], []])
    endTransaction(log, 1, 0, 'COMMIT')
    expect(stable()).toEqual([0, [], []])
    log.updateHighWatermark(log.logEndOffset, 0)
    expect(stable()).toEqual([8, [0, 5], []])
    endTransaction(log, 2, 0, 'ABORT')
    expect(log.lastStableOffset).toBe(8)
    log.updateHighWatermark(log.logEndOffset, 0)
    expect(stable()).toEqual([28, [0, 5, 8, 10, 14, 16, 26, 27], [8, 10, 14, 16, 26, 27]])
  })

  it('[KF2] the first batch comes whatever its size, the next only if it fits (KIP-74)', () => {
    const log = logOf([1, 1, 1])
    const size = batchOf(['0']).sizeInBytes
    const limits = [0, 1, size, 2 * size - 1, 2 * size, 3 * size]
    expect(limits.map((limit) => found(log, 0, 'log_end', limit))).toEqual([
      [0],
      [0],
      [0],
      [0],
      [0, 1],
      [0, 1, 2],
    ])
    expect(limits.map((limit) => found(log, 1, 'log_end', limit, false))).toEqual([
      [],
      [],
      [1],
      [1],
      [1, 2],
      [1, 2],
    ])
    expect(log.read(0, 1, 'log_end').sizeInBytes).toBe(size)
  })

  it('[KF3] below the start and above the end is out of range, between high watermark and end is nothing', () => {
    const log = logOf([5, 5])
    log.updateHighWatermark(7, 0)
    log.maybeIncrementLogStartOffset(3, 0)
    const offsets = [2, 3, 7, 8, 10, 11]
    const out = 'OFFSET_OUT_OF_RANGE'
    expect(offsets.map((offset) => found(log, offset, 'high_watermark'))).toEqual([out, [0], [], [], [], out])
    expect(offsets.map((offset) => found(log, offset, 'log_end'))).toEqual([out, [0, 5], [5], [5], [], out])
  })

  it('[KF2] testAppendAndReadWithSequentialOffsets: every record of many segments', () => {
    const log = emptyLog({ config: { 'segment.bytes': 71 } })
    for (let n = 0; n < 50; n += 1) log.appendAsLeader(batchOf([`${2 * n}`]), 0, 0)
    expect(log.segments.count).toBe(50)
    for (let n = 0; n < 50; n += 1) {
      const { batches } = log.read(n, 1, 'log_end')
      expect([batches[0]?.baseOffset, batches[0]?.records[0]?.value]).toEqual([n, `${2 * n}`])
    }
    expect(found(log, 50, 'log_end')).toEqual([])
  })

  it('[KF2] testAppendAndReadWithNonSequentialOffsets: offsets that are not there lead to the next', () => {
    const log = emptyLog({ config: { 'segment.bytes': 72 * 3 } })
    const offsets = [...Array(50).keys(), ...Array.from({ length: 22 }, (_, n) => 50 + 7 * n)]
    for (const offset of offsets) log.appendAsFollower([at(offset, batchOf([`${offset}`]))], 0, 0)
    for (let offset = 0; offset <= 197; offset += 1) {
      expect(found(log, offset, 'log_end', 1)).toEqual([offsets.find((one) => one >= offset)])
    }
  })

  it('[KF2] testReadAtLogGap: a gap at the end of a segment leads to the next one', () => {
    const log = emptyLog()
    log.appendAsLeader(batchOf(['a']), 0, 0)
    log.roll(0, 5)
    log.appendAsFollower([at(5, batchOf(['b']))], 0, 0)
    expect([bases(log), found(log, 1, 'log_end'), found(log, 4, 'log_end')]).toEqual([[0, 5], [5], [5]])
  })

  it('[KT8] testAbortedTransactionSpanningMultipleSegments', () => {
    const size = producerBatch(137, 5, 0, 3, true).sizeInBytes
    const log = emptyLog({ config: { 'segment.bytes': size } })
    const append = sequencer(log, 137, 5, true)
    append(3)
    append(3)
    expect([log.firstUnstableOffset, bases(log)]).toEqual([0, [0, 3]])
    endTransaction(log, 137, 5, 'ABORT')
    log.updateHighWatermark(7, 0)
    expect(log.firstUnstableOffset).toBe(-1)
    const { batches, abortedTransactions } = log.read(0, 2048, 'txn_committed')
    expect(baseOffsets(batches)).toEqual([0])
    expect(abortedTransactions).toMatchObject([{ producerId: 137, firstOffset: 0, lastOffset: 6 }])
    expect(log.read(0, 2048, 'high_watermark').abortedTransactions).toEqual([])
  })
})

describe('transactions', () => {
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

describe('verification', () => {
  const verifying = { broker: { 'transaction.partition.verification.enable': true } }
  const begin = (log: Log, sequence: number, epoch: number, bumps: boolean) =>
    log.producers.beginVerification(23, sequence, epoch, bumps, 0) as number
  const append = (log: Log, batch: RecordBatch, verificationGuard: number) =>
    log.appendAsLeader(batch, 0, 0, { ...CLIENT_APPEND, verificationGuard }).errorCode

  it.each([true, false])('[KS7] testTransactionIsOngoingAndVerificationGuard, epochs bumped: %s', (bumps) => {
    const log = emptyLog(verifying)
    const guard = begin(log, 0, 1, bumps)
    expect(append(log, producerBatch(23, 1, 0, 2, true), 0)).toBe('INVALID_TXN_STATE')
    expect(append(log, producerBatch(23, 1, 0, 2, true), guard)).toBe('NONE')
    expect(log.producers.hasOngoingTransaction(23, 1, 0)).toBe(true)
    expect([log.producers.verifications.guard(23), begin(log, 2, 1, bumps)]).toEqual([0, 0])
    expect(append(log, producerBatch(23, 1, 2, 1, true), 0)).toBe('NONE')
    endTransaction(log, 23, bumps ? 2 : 1, 'COMMIT', { transactionVersion: bumps ? 2 : 1 })
    expect(log.producers.hasOngoingTransaction(23, 1, 0)).toBe(false)
    const next = begin(log, 3, bumps ? 2 : 1, bumps)
    expect(next).not.toBe(guard)
    // The late produce of a transaction that was aborted meanwhile (KAFKA-14402).
    expect(append(log, producerBatch(23, bumps ? 2 : 1, bumps ? 0 : 3, 1, true), guard)).toBe(
      'INVALID_TXN_STATE',
    )
  })

  it('[KS7] a producer of an older epoch is told so instead', () => {
    const log = emptyLog(verifying)
    endTransaction(log, 23, 4, 'ABORT')
    expect(log.producers.beginVerification(23, 0, 3, true, 0)).toBe('INVALID_PRODUCER_EPOCH')
    expect(append(log, producerBatch(23, 3, 0, 1, true), 9)).toBe('INVALID_PRODUCER_EPOCH')
  })

  it('[KS7] testEmptyTransactionStillClearsVerificationGuard, testNextTransactionVerificationGuardNotCleared', () => {
    const guardAfter = (bumps: boolean, markerEpoch: number, transactionVersion: number) => {
      const log = emptyLog(verifying)
      begin(log, 0, 1, bumps)
      endTransaction(log, 23, markerEpoch, 'COMMIT', { transactionVersion })
      return log.producers.verifications.guard(23)
    }
    expect([guardAfter(true, 2, 2), guardAfter(false, 1, 1), guardAfter(true, 1, 0)]).toEqual([0, 0, 1])
  })

  it('[KS7] without verification a late produce opens a transaction that nobody ends', () => {
    const log = emptyLog()
    endTransaction(log, 23, 1, 'ABORT')
    expect(append(log, producerBatch(23, 1, 0, 1, true), 0)).toBe('NONE')
    log.updateHighWatermark(2, 0)
    expect(log.lastStableOffset).toBe(1)
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
