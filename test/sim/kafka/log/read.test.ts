import { describe, expect, it } from 'vitest'
import type { RecordBatch } from '../../../../sim/kafka/log/batch.ts'
import type { Log } from '../../../../sim/kafka/log/log.ts'
import type { FetchIsolation } from '../../../../sim/kafka/log/read.ts'
import {
  at,
  batchOf,
  emptyLog,
  endTransaction,
  type LogBenchOptions,
  producerBatch,
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
const bases = (log: Log) => log.segments.all.map(({ baseOffset }) => baseOffset)
const baseOffsets = (batches: readonly RecordBatch[]) => batches.map(({ baseOffset }) => baseOffset)

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

  it('[KF2] what is not committed as a transaction is read up to the high watermark, if that was asked for', () => {
    const log = emptyLog()
    sequencer(log, 1, 0, true)(2)
    log.appendAsLeader(batchOf(['a']), 0, 0)
    log.updateHighWatermark(log.logEndOffset, 0)
    expect([log.lastStableOffset, log.highWatermark]).toEqual([0, 3])
    expect(found(log, 0, 'high_watermark')).toEqual([0, 2])
    expect(found(log, 0, 'txn_committed')).toEqual([])
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
