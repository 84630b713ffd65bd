import { describe, expect, it } from 'vitest'
import { CLIENT_APPEND } from '../../../../sim/kafka/log/append.ts'
import { markerBatch } from '../../../../sim/kafka/log/batch.ts'
import { CleanedTransactions } from '../../../../sim/kafka/log/cleaned-transactions.ts'
import { cleanSegments } from '../../../../sim/kafka/log/cleaner.ts'
import { buildOffsetMap, OffsetMap } from '../../../../sim/kafka/log/offset-map.ts'
import {
  abort,
  abortedIn,
  clean,
  cleanTwice,
  commit,
  compactLog as emptyLog,
  LARGE,
  LATER,
  put,
  transactional,
} from '../../../fixtures/cleaner.ts'
import { at, batchesOf, keysIn, lastOffsetsIn, offsetsIn, producerBatch } from '../../../fixtures/log.ts'

// Facts of Kafka's LogCleanerTest, by the names that they have there.

describe('transactions', () => {
  it('[KD6] testBasicTransactionAwareCleaning', () => {
    const log = emptyLog()
    const [first, second] = [transactional(log, 1), transactional(log, 2)]
    first([1, 2])
    second([2, 3])
    first([3, 4])
    abort(log, 1)
    commit(log, 2)
    first([2])
    commit(log, 1)
    const aborted = abortedIn(log)
    log.roll(0)
    clean(log)
    expect([keysIn(log), offsetsIn(log)]).toEqual([
      [3, 2],
      [3, 6, 7, 8, 9],
    ])
    expect(abortedIn(log)).toEqual(aborted)
  })

  it('[KD6] testCleanWithTransactionsSpanningSegments', () => {
    const log = emptyLog()
    const [first, second, third] = [1, 2, 3].map((pid) => transactional(log, pid))
    first?.([1, 2])
    third?.([2, 3])
    second?.([3, 4])
    log.roll(0)
    second?.([5, 6])
    third?.([6, 7])
    first?.([7, 8])
    abort(log, 2)
    third?.([8, 9])
    commit(log, 3)
    first?.([9, 10])
    abort(log, 1)
    const dirty = clean(log)
    expect(keysIn(log)).toEqual([2, 3, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10])
    log.roll(0)
    second?.([11])
    first?.([12])
    clean(log, dirty)
    expect(keysIn(log)).toEqual([2, 3, 6, 7, 8, 9, 11, 12])
  })

  it('[KD6] testMultiPassSegmentCleaningWithAbortedTransactions', () => {
    const log = emptyLog({ config: { 'delete.retention.ms': 50_000 } })
    const [first, second] = [transactional(log, 1), transactional(log, 2)]
    first([1, 2])
    second([2, 3])
    first([3, 4])
    commit(log, 1)
    commit(log, 2)
    first([2, 3])
    abort(log, 1)
    second([4, 5])
    first([5, 6])
    commit(log, 1)
    abort(log, 2)
    second([6, 7])
    commit(log, 2)
    log.roll(0)
    const aborted = [
      [1, 8, 10],
      [2, 11, 16],
    ]
    expect([log.logEndOffset, abortedIn(log)]).toEqual([20, aborted])
    let dirty = 0
    const pass = (nowMillis: number) => {
      const map = new OffsetMap(3)
      buildOffsetMap(log, dirty, 20, map)
      const segments = log.segments.between(0, 20)
      cleanSegments(
        log,
        segments,
        map,
        new CleanedTransactions(),
        nowMillis,
        segments[segments.length - 1]?.nextOffset ?? 0,
      )
      dirty = map.latestOffset + 1
      return [dirty, batchesOf(log).map(({ baseOffset }) => baseOffset), offsetsIn(log), abortedIn(log)]
    }
    expect(pass(0)).toEqual([
      4,
      [0, 2, 4, 6, 7, 10, 13, 15, 16, 17, 19],
      [0, 2, 3, 4, 5, 6, 7, 10, 13, 14, 15, 16, 17, 18, 19],
      aborted,
    ])
    expect(pass(0)).toEqual([
      14,
      [0, 2, 4, 6, 7, 10, 13, 15, 16, 17, 19],
      [0, 2, 4, 5, 6, 7, 10, 13, 14, 15, 16, 17, 18, 19],
      [],
    ])
    expect(pass(50_000)).toEqual([
      20,
      [0, 2, 4, 6, 7, 13, 15, 17, 19],
      [0, 2, 4, 5, 6, 7, 13, 15, 17, 18, 19],
      [],
    ])
  })

  it('[KD6] testCommitMarkerRemoval', () => {
    const log = emptyLog()
    const append = transactional(log, 1)
    append([1])
    append([2, 3])
    commit(log, 1)
    append([2])
    commit(log, 1)
    log.roll(0)
    let dirty = clean(log, 0, LARGE)
    expect([keysIn(log), offsetsIn(log)]).toEqual([
      [1, 3, 2],
      [0, 2, 3, 4, 5],
    ])
    append([1, 3])
    commit(log, 1)
    log.roll(0)
    dirty = clean(log, dirty, LARGE)
    expect([keysIn(log), offsetsIn(log)]).toEqual([
      [2, 1, 3],
      [3, 4, 5, 6, 7, 8],
    ])
    dirty = clean(log, dirty, LARGE)
    expect([keysIn(log), offsetsIn(log)]).toEqual([
      [2, 1, 3],
      [3, 4, 5, 6, 7, 8],
    ])
    clean(log, dirty, LATER)
    expect([keysIn(log), offsetsIn(log)]).toEqual([
      [2, 1, 3],
      [4, 5, 6, 7, 8],
    ])
  })

  it('[KD6] testDeletedBatchesWithNoMessagesRead', () => {
    const log = emptyLog()
    const append = transactional(log, 1)
    append([1])
    abort(log, 1)
    append([2])
    append([2])
    commit(log, 1)
    log.roll(0)
    clean(log, 0, LARGE)
    expect([keysIn(log), offsetsIn(log)]).toEqual([[2], [1, 3, 4]])
    cleanTwice(log)
    expect([keysIn(log), offsetsIn(log)]).toEqual([[2], [3, 4]])
  })

  it('[KD6] testCommitMarkerRetentionWithEmptyBatch', () => {
    const log = emptyLog()
    const [first, second] = [transactional(log, 1), transactional(log, 2)]
    const state = () => [keysIn(log), offsetsIn(log), lastOffsetsIn(log)]
    first([2, 3])
    log.roll(0)
    second([2, 3])
    commit(log, 2)
    log.roll(0)
    put(log, 2)
    put(log, 3)
    commit(log, 1)
    log.roll(0)
    let dirty = clean(log, 0, LARGE)
    const expected = [
      [2, 3],
      [4, 5, 6, 7],
      [1, 3, 4, 5, 6, 7],
    ]
    expect(state()).toEqual(expected)
    dirty = clean(log, dirty, LARGE)
    expect(state()).toEqual(expected)
    second([1])
    commit(log, 2)
    log.roll(0)
    dirty = clean(log, dirty, LARGE)
    expect(state()).toEqual([
      [2, 3, 1],
      [4, 5, 6, 7, 8, 9],
      [1, 4, 5, 6, 7, 8, 9],
    ])
    cleanTwice(log, dirty)
    expect(state()).toEqual([
      [2, 3, 1],
      [5, 6, 7, 8, 9],
      [1, 5, 6, 7, 8, 9],
    ])
  })

  it('[KD6] testCommittedTransactionSpanningSegments, testAbortedTransactionSpanningSegments', () => {
    const spanning = (end: typeof commit) => {
      const log = emptyLog()
      transactional(log, 1)([1])
      log.roll(0)
      end(log, 1)
      log.roll(0)
      cleanTwice(log)
      return [offsetsIn(log), lastOffsetsIn(log)]
    }
    expect(spanning(commit)).toEqual([
      [0, 1],
      [0, 1],
    ])
    expect(spanning(abort)).toEqual([[1], [0, 1]])
  })

  it('[KD6] testAbortMarkerRemoval', () => {
    const log = emptyLog()
    const append = transactional(log, 1)
    append([1])
    append([2, 3])
    abort(log, 1)
    append([3])
    commit(log, 1)
    log.roll(0)
    const dirty = clean(log, 0, LARGE)
    expect([keysIn(log), offsetsIn(log)]).toEqual([[3], [3, 4, 5]])
    cleanTwice(log, dirty)
    expect([keysIn(log), offsetsIn(log)]).toEqual([[3], [4, 5]])
  })

  it('[KD6] testEmptyBatchRemovalWithSequenceReuse', () => {
    const log = emptyLog()
    for (const key of [1, 2]) {
      const source = { ...CLIENT_APPEND, origin: 'replication' as const }
      log.appendAsLeader(producerBatch(1, 0, 0, [key], true), 0, 0, source)
      commit(log, 1)
    }
    put(log, 1)
    put(log, 2)
    log.roll(0)
    clean(log, 0, LARGE)
    expect([offsetsIn(log), lastOffsetsIn(log)]).toEqual([
      [1, 3, 4, 5],
      [1, 2, 3, 4, 5],
    ])
    cleanTwice(log)
    expect([offsetsIn(log), lastOffsetsIn(log)]).toEqual([
      [3, 4, 5],
      [2, 3, 4, 5],
    ])
  })

  it('[KD6] testAbortMarkerRetentionWithEmptyBatch', () => {
    const log = emptyLog()
    const append = transactional(log, 1)
    const state = () => [keysIn(log), offsetsIn(log), lastOffsetsIn(log), abortedIn(log)]
    append([2, 3])
    abort(log, 1)
    log.roll(0)
    let dirty = clean(log, 0, LARGE)
    const aborted = [[1, 0, 2]]
    expect(state()).toEqual([[], [2], [1, 2], aborted])
    dirty = cleanTwice(log, dirty)
    expect(state()).toEqual([[], [2], [1, 2], aborted])
    append([1])
    log.roll(0)
    dirty = clean(log, dirty, LARGE)
    expect(state()).toEqual([[1], [2, 3], [2, 3], aborted])
    cleanTwice(log, dirty)
    expect(state()).toEqual([[1], [3], [3], []])
  })

  it('[KD6] testCleaningWithKeysConflictingWithTxnMarkerKeys', () => {
    const log = emptyLog()
    transactional(log, 1)([1])
    commit(log, 1)
    transactional(log, 2)(['COMMIT'])
    commit(log, 2)
    log.roll(0)
    clean(log)
    expect([offsetsIn(log), lastOffsetsIn(log)]).toEqual([
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ])
  })
})

describe('a marker', () => {
  it('[KD6] of a transaction that was compacted away is due, one of a live one is not', () => {
    const transactions = new CleanedTransactions()
    const marker = (pid: number, offset: number) =>
      at(offset, markerBatch(pid, 0, { controlType: 'COMMIT', coordinatorEpoch: 0 }, 0))
    expect(transactions.onBatch(at(0, producerBatch(1, 0, 0, 1, true)))).toBe(false)
    expect([transactions.onControlBatch(marker(1, 1)), transactions.onControlBatch(marker(2, 2))]).toEqual([
      false,
      true,
    ])
    expect(transactions.onControlBatch(marker(1, 3).retaining([], -1))).toBe(true)
  })
})
