import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../../../sim/kafka/error-code.ts'
import { markerBatch, NO_TIMESTAMP, type RecordBatch } from '../../../../sim/kafka/log/batch.ts'
import { Disk } from '../../../../sim/kafka/log/disk.ts'
import type { Log } from '../../../../sim/kafka/log/log.ts'
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
const _logOf = (counts: readonly number[], options: LogBenchOptions = {}): Log => {
  const log = emptyLog(options)
  for (const count of counts)
    log.appendAsLeader(batchOf(Array.from({ length: count }, (_, n) => `${n}`)), 0, 0)
  return log
}

const _epochs = (log: Log) => log.epochs.entries.map(({ epoch, startOffset }) => [epoch, startOffset])
const marks = (log: Log) => [log.logStartOffset, log.lastStableOffset, log.highWatermark, log.logEndOffset]
const _bases = (log: Log) => log.segments.all.map(({ baseOffset }) => baseOffset)
const _baseOffsets = (batches: readonly RecordBatch[]) => batches.map(({ baseOffset }) => baseOffset)

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
      'one record less than it counts',
      at(0, batchOf(['a', 'b'])).retaining([record(null, 'a')], NO_TIMESTAMP),
      'INVALID_RECORD',
    ],
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
    ['a time too far ahead', batchOf(['a'], 4_001), 'INVALID_TIMESTAMP'],
    ['a time too long ago', batchOf(['a'], 999), 'INVALID_TIMESTAMP'],
    ['a time that is for the log to give', batchOf(['a']).assigned(0, 0, 3000), 'INVALID_TIMESTAMP'],
  ])('[KL14] a leader refuses %s', (_, batch, expected) => {
    const config = {
      'max.message.bytes': 200,
      'message.timestamp.before.max.ms': 2000,
      'message.timestamp.after.max.ms': 1000,
    }
    const log = emptyLog({ config })
    const refused = log.appendAsLeader(batch, 0, 3000)
    const errorCode: ErrorCode = refused.errorCode
    expect([errorCode, refused.firstOffset]).toEqual([expected, -1])
    expect(log.logEndOffset).toBe(0)
    expect(log.appendAsLeader(batchOf(['a'], 4000), 0, 3000).errorCode).toBe('NONE')
  })

  it('[KD4] a leader refuses records without keys on a compacted topic', () => {
    const log = emptyLog({ config: { 'cleanup.policy': ['compact'] } })
    expect(log.appendAsLeader(batchOf(['a']), 0, 0).errorCode).toBe('INVALID_RECORD')
    expect(log.appendAsLeader(producerBatch(1, 0, 0), 0, 0).errorCode).toBe('NONE')
  })

  it('[KL14] a batch may be as large as max.message.bytes', () => {
    const batch = batchOf(['a', 'b'])
    const appended = (limit: number): ErrorCode =>
      emptyLog({ config: { 'max.message.bytes': limit } }).appendAsLeader(batch, 0, 0).errorCode
    expect([appended(batch.sizeInBytes), appended(batch.sizeInBytes - 1)]).toEqual([
      'NONE',
      'MESSAGE_TOO_LARGE',
    ])
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
