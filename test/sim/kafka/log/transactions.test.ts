import { describe, expect, it } from 'vitest'
import { type ControlRecordType, markerBatch } from '../../../../sim/kafka/log/batch.ts'
import { NO_OFFSET } from '../../../../sim/kafka/log/producer-entry.ts'
import { at, producerBatch } from '../../../fixtures/log.ts'
import { ProducerBench as Bench, EPOCH, PID } from '../../../fixtures/producers.ts'

const _MAX_SEQUENCE = 2 ** 31 - 1
const LATE_MILLIS = 900_000 + 300_000

// Facts of Kafka's ProducerStateManagerTest, by the names that they have there; offsets and sequences are those of the
// originals. What Kafka's cases do with files is done here with the list of snapshots.

describe('transactions of producers', () => {
  it('[KS1] [KT8] testTxnFirstOffsetMetadataCached', () => {
    const bench = new Bench()
    bench.client(EPOCH, 0, 992_342, true)
    expect(bench.unstable).toEqual([992_342, 992_342])
  })

  it('[KT8] testFirstUnstableOffset', () => {
    const bench = new Bench()
    const { transactions } = bench.state
    expect(bench.unstable).toEqual([-1, -1])
    bench.client(5, 0, 99, true)
    expect(bench.unstable).toEqual([99, 99])
    bench.client(5, 0, 105, true, 2)
    expect(bench.unstable).toEqual([99, 99])
    bench.end(5, 'COMMIT', 109)
    expect(bench.unstable).toEqual([99, 105])
    transactions.settle(100)
    expect(bench.unstable).toEqual([99, 105])
    transactions.settle(109)
    expect(bench.unstable).toEqual([99, 105])
    transactions.settle(110)
    expect(bench.unstable).toEqual([105, 105])
    bench.end(5, 'ABORT', 112, 0, 2)
    expect(bench.unstable).toEqual([105, -1])
    transactions.settle(113)
    expect(bench.unstable).toEqual([-1, -1])
  })

  it('[KT8] testLastStableOffsetCompletedTxn', () => {
    const { state } = new Bench()
    const { transactions } = state
    const [first, second, third] = [992_342, 992_367, 992_399]
    for (const [pid, offset] of [
      [1, first],
      [2, second],
      [3, third],
    ] as const)
      transactions.begin(pid, offset)
    const ends = (producerId: number, firstOffset: number, lastOffset: number) => {
      const completed = { producerId, firstOffset, lastOffset, isAborted: false }
      const lastStableOffset = transactions.lastStableOffset(completed)
      transactions.complete(completed)
      transactions.settle(lastOffset + 1)
      return [lastStableOffset, transactions.firstUnstableOffset]
    }
    expect(ends(1, first, third + 15)).toEqual([second, second])
    expect(ends(3, third, third + 35)).toEqual([second, second])
    expect(ends(2, second, third + 113)).toEqual([third + 114, -1])
    expect(() => ends(2, second, third + 113)).toThrow(RangeError)
  })

  it('[KT8] testSkipEmptyTransactions', () => {
    const bench = new Bench()
    const { state } = bench
    const data = (from: number, to: number, sequence: number) =>
      state.apply(at(from, producerBatch(PID, EPOCH, sequence, to - from + 1, true)), 0)
    const end = (offset: number, controlType: ControlRecordType) => {
      const completed = state.apply(
        at(offset, markerBatch(PID, EPOCH, { controlType, coordinatorEpoch: 0 }, 0)),
        0,
      )
      if (completed !== undefined) state.transactions.complete(completed)
      return completed && [completed.firstOffset, completed.lastOffset, completed.isAborted]
    }
    data(16, 20, 0)
    state.transactions.settle(21)
    expect(bench.unstable).toEqual([16, 16])
    expect(end(21, 'COMMIT')).toEqual([16, 21, false])
    expect([end(22, 'COMMIT'), end(23, 'ABORT')]).toEqual([undefined, undefined])
    data(24, 27, 5)
    expect(end(28, 'ABORT')).toEqual([24, 28, true])
    expect(end(29, 'ABORT')).toBeUndefined()
    data(30, 31, 9)
    state.transactions.settle(32)
    expect(bench.unstable).toEqual([30, 30])
  })

  it('[KS1] updateProducerTransactionState', () => {
    const bench = new Bench()
    bench.client(EPOCH, 0, 9)
    bench.append(at(16, producerBatch(PID, EPOCH, 1, 5, true)))
    expect(bench.entry()).toMatchObject({ lastSequence: 5, lastDataOffset: 20, currentTxnFirstOffset: 16 })
    bench.append(at(26, producerBatch(PID, EPOCH, 6, 5, true)))
    expect(bench.entry()).toMatchObject({ lastSequence: 10, lastDataOffset: 30, currentTxnFirstOffset: 16 })
    const marker = markerBatch(PID, EPOCH, { controlType: 'COMMIT', coordinatorEpoch: 15 }, 0)
    const completed = { producerId: PID, firstOffset: 16, lastOffset: 40, isAborted: false }
    expect(bench.state.apply(at(40, marker), 0)).toEqual(completed)
    const after = {
      lastSequence: 10,
      lastDataOffset: 30,
      currentTxnFirstOffset: NO_OFFSET,
      coordinatorEpoch: 15,
    }
    expect(bench.entry()).toMatchObject(after)
  })

  it('[KS6] testNonTransactionalAppendWithOngoingTransaction', () => {
    const bench = new Bench()
    bench.client(EPOCH, 0, 0, true)
    expect(bench.client(EPOCH, 1, 1, false)).toBe('INVALID_TXN_STATE')
    expect(bench.client(EPOCH, 1, 1, true)).toBe('NONE')
  })

  it('[KT7] testOldEpochForControlRecord', () => {
    const bench = new Bench()
    bench.client(5, 0, 99, true)
    expect(bench.end(3, 'COMMIT', 100)).toBe('INVALID_PRODUCER_EPOCH')
  })

  it('[KT7] testCoordinatorFencing', () => {
    const bench = new Bench()
    bench.client(5, 0, 99, true)
    bench.end(5, 'COMMIT', 100, 1)
    expect(bench.entry()?.coordinatorEpoch).toBe(1)
    expect(bench.end(5, 'COMMIT', 101, 1)).toBe('NONE')
    expect(bench.end(5, 'COMMIT', 102, 2)).toBe('NONE')
    expect(bench.end(5, 'COMMIT', 103, 1)).toBe('TRANSACTION_COORDINATOR_FENCED')
  })

  it('[KT7] testCoordinatorFencedAfterReload', () => {
    const bench = new Bench()
    bench.client(EPOCH, 0, 99, true)
    bench.end(EPOCH, 'COMMIT', 100, 1)
    bench.state.takeSnapshot(0)
    expect(bench.reopened(0, 102).end(EPOCH, 'COMMIT', 100, 0)).toBe('TRANSACTION_COORDINATOR_FENCED')
  })

  it.each([
    [1, -1, 'INVALID_PRODUCER_EPOCH'],
    [1, 0, 'NONE'],
    [2, -1, 'INVALID_PRODUCER_EPOCH'],
    [2, 0, 'INVALID_PRODUCER_EPOCH'],
    [2, 1, 'NONE'],
  ] as const)('[KT7] testEndTxnWithFencedProducerEpoch: version %i, epoch %+i', (version, by, expected) => {
    const bench = new Bench()
    bench.client(5, 0, 0, true)
    const marker = at(1, markerBatch(PID, 5 + by, { controlType: 'ABORT', coordinatorEpoch: 1 }, 0))
    expect(bench.append(marker, 'coordinator', version)).toBe(expected)
    // KAFKA-19999: the same marker once more is a retry.
    if (expected === 'NONE') expect(bench.append(at(2, marker), 'coordinator', version)).toBe('NONE')
  })

  it('[KS1] testAppendEmptyControlBatch', () => {
    const bench = new Bench()
    const marker = markerBatch(23_423, 0, { controlType: 'COMMIT', coordinatorEpoch: 0 }, 0)
    expect(bench.append(at(15, marker.retaining([], -1)))).toBe('NONE')
    expect(bench.entry(23_423)?.currentTxnFirstOffset).toBe(NO_OFFSET)
  })

  it('[KT8] testHasLateTransaction', () => {
    const bench = new Bench()
    const isLate = () => bench.state.hasLateTransaction(bench.nowMillis)
    bench.nowMillis = 1000
    bench.client(2, 0, 100, true, 39)
    bench.nowMillis += 500
    bench.client(9, 0, 150, true, 57)
    const found = [isLate()]
    bench.nowMillis = 1000 + LATE_MILLIS + 1
    found.push(isLate())
    bench.nowMillis += 500
    bench.end(2, 'COMMIT', 200, 0, 39)
    found.push(isLate())
    bench.end(9, 'COMMIT', 250, 0, 57)
    found.push(isLate())
    expect(found).toEqual([false, true, true, false])
  })

  it('[KT8] testHasLateTransactionInitializedAfterReload, UpdatedAfterPartialTruncation, AfterFullTruncation', () => {
    const bench = new Bench()
    bench.nowMillis = 1000
    bench.client(2, 0, 100, true)
    bench.state.takeSnapshot(bench.nowMillis)
    bench.nowMillis += LATE_MILLIS + 1
    expect(bench.state.hasLateTransaction(bench.nowMillis)).toBe(true)
    expect(bench.reopened(0, 101).state.hasLateTransaction(bench.nowMillis)).toBe(true)
    expect(bench.reopened(0, 80).state.hasLateTransaction(bench.nowMillis)).toBe(false)
    bench.state.truncateFully(150)
    expect(bench.state.hasLateTransaction(bench.nowMillis)).toBe(false)
  })
})
