import { describe, expect, it } from 'vitest'
import { type ControlRecordType, markerBatch, type RecordBatch } from '../../../../sim/kafka/log/batch.ts'
import { NO_OFFSET } from '../../../../sim/kafka/log/producer-entry.ts'
import {
  type AppendOrigin,
  type ProducerError,
  type ProducerSnapshot,
  ProducerState,
} from '../../../../sim/kafka/log/producer-state.ts'
import { SENTINEL_GUARD } from '../../../../sim/kafka/log/verification.ts'
import { at, logOptions, producerBatch } from '../../../fixtures/log.ts'

const PID = 1
const EPOCH = 0
const DAY = 86_400_000
const MAX_SEQUENCE = 2 ** 31 - 1
const LATE_MILLIS = 900_000 + 300_000

// Facts of Kafka's ProducerStateManagerTest, by the names that they have there; offsets and sequences are those of the
// originals. What Kafka's cases do with files is done here with the list of snapshots.

/** A producer state, and the appends of the original's helpers. */
class Bench {
  nowMillis = 0
  state: ProducerState
  private readonly options

  constructor(snapshots: readonly ProducerSnapshot[] = [], expirationMillis = DAY) {
    const {
      broker: config,
      switches,
      startMillis,
    } = logOptions({
      broker: { 'producer.id.expiration.ms': expirationMillis },
    })
    this.options = { config, switches, startMillis }
    this.state = new ProducerState(this.options, snapshots)
  }

  /** A new state that knows the snapshots of the old one. */
  reopened(logStartOffset: number, logEndOffset: number): Bench {
    const bench = new Bench(this.state.snapshots)
    bench.nowMillis = this.nowMillis
    bench.state.truncateAndReload(logStartOffset, logEndOffset, this.nowMillis)
    return bench
  }

  append(batch: RecordBatch, origin: AppendOrigin = 'client', transactionVersion = 0): ProducerError {
    const { state, nowMillis } = this
    const checked = origin !== 'replication'
    const error = checked
      ? state.validate(batch, origin, SENTINEL_GUARD, transactionVersion, nowMillis)
      : 'NONE'
    if (error !== 'NONE') return error
    const completed = state.apply(batch, nowMillis)
    if (completed !== undefined) state.transactions.complete(completed)
    state.advanceTo(batch.nextOffset)
    return error
  }

  client(epoch: number, sequence: number, offset: number, isTransactional = false, pid = PID): ProducerError {
    return this.append(this.batch(epoch, sequence, offset, isTransactional, pid))
  }

  replicate(epoch: number, sequence: number, offset: number): ProducerError {
    return this.append(this.batch(epoch, sequence, offset), 'replication')
  }

  end(
    epoch: number,
    controlType: ControlRecordType,
    offset: number,
    coordinatorEpoch = 0,
    pid = PID,
  ): ProducerError {
    const marker = markerBatch(pid, epoch, { controlType, coordinatorEpoch }, this.nowMillis)
    return this.append(at(offset, marker), 'coordinator')
  }

  entry(pid = PID) {
    return this.state.entry(pid, this.nowMillis)
  }

  get snapshotOffsets() {
    return this.state.snapshots.map(({ offset }) => offset)
  }

  /** The offset that holds back the last stable offset, and the first that is undecided. */
  get unstable() {
    const { firstUnstableOffset, firstOngoing } = this.state.transactions
    return [firstUnstableOffset, firstOngoing?.firstOffset ?? -1]
  }

  private batch(
    epoch: number,
    sequence: number,
    offset: number,
    isTransactional = false,
    pid = PID,
  ): RecordBatch {
    return at(offset, producerBatch(pid, epoch, sequence, 1, isTransactional, this.nowMillis))
  }
}

describe('sequences and epochs', () => {
  it('[KS3] testBasicIdMapping', () => {
    const bench = new Bench()
    expect(bench.client(EPOCH, 0, 0)).toBe('NONE')
    expect(bench.client(EPOCH, 1, 0)).toBe('NONE')
    expect(bench.client(EPOCH, 1, 0)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(bench.client(EPOCH, 5, 0)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(bench.client(EPOCH + 1, 0, 0)).toBe('NONE')
    expect(bench.client(EPOCH, 0, 0)).toBe('INVALID_PRODUCER_EPOCH')
  })

  it('[KS3] [KS4] testAppendTxnMarkerWithNoProducerState', () => {
    const bench = new Bench()
    expect(bench.end(2, 'COMMIT', 27)).toBe('NONE')
    expect(bench.entry()).toMatchObject({ producerEpoch: 2, producerId: PID, lastSequence: -1 })
    expect(bench.client(0, 0, 0)).toBe('INVALID_PRODUCER_EPOCH')
    expect(bench.client(2, 17, 0)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(bench.client(2, 0, 39)).toBe('NONE')
    expect(bench.entry()).toMatchObject({ producerEpoch: 2, lastSequence: 0 })
  })

  it('[KS3] testProducerSequenceWrapAround', () => {
    const bench = new Bench()
    bench.replicate(15, MAX_SEQUENCE, 735)
    expect(bench.client(15, 0, 1235)).toBe('NONE')
    expect(bench.entry()).toMatchObject({ producerEpoch: 15, firstSequence: MAX_SEQUENCE, lastSequence: 0 })
  })

  it('[KS3] testProducerSequenceWithWrapAroundBatchRecord', () => {
    const bench = new Bench()
    bench.append(at(2000, producerBatch(PID, 15, MAX_SEQUENCE - 10, 21)), 'replication')
    expect(bench.entry()).toMatchObject({
      firstSequence: MAX_SEQUENCE - 10,
      lastSequence: 9,
      firstDataOffset: 2000,
      lastDataOffset: 2020,
    })
  })

  it('[KS3] testProducerSequenceInvalidWrapAround', () => {
    const bench = new Bench()
    bench.replicate(15, MAX_SEQUENCE, 735)
    expect(bench.client(15, 1, 1235)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
  })

  it('[KS5] testNoValidationOnFirstEntryWhenLoadingLog', () => {
    const bench = new Bench()
    bench.replicate(5, 16, 735)
    const expected = {
      producerEpoch: 5,
      firstSequence: 16,
      lastSequence: 16,
      firstDataOffset: 735,
      lastDataOffset: 735,
    }
    expect(bench.entry()).toMatchObject(expected)
  })

  it('[KS3] testControlRecordBumpsProducerEpoch', () => {
    const bench = new Bench()
    bench.client(EPOCH, 0, 0)
    bench.end(1, 'ABORT', 1)
    const bumped = { producerEpoch: 1, currentTxnFirstOffset: NO_OFFSET, firstSequence: -1, lastSequence: -1 }
    expect(bench.entry()).toMatchObject(bumped)
    expect(bench.client(1, 0, 2)).toBe('NONE')
    expect(bench.entry()?.firstSequence).toBe(0)
  })

  it('[KS3] testOutOfSequenceAfterControlRecordEpochBump', () => {
    const bench = new Bench()
    bench.client(EPOCH, 0, 0, true)
    bench.client(EPOCH, 1, 1, true)
    bench.end(1, 'ABORT', 1)
    expect(bench.client(1, 2, 2, true)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(bench.client(2, 2, 2, true)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(bench.client(1, 0, 0, true)).toBe('NONE')
    expect(bench.entry()).toMatchObject({ producerEpoch: 1, lastSequence: 0 })
  })

  it('[KS3] testRejectNonZeroSequenceForDirectEpochBump', () => {
    const bench = new Bench()
    for (const n of [0, 1, 2]) bench.client(EPOCH, n, n)
    expect(bench.client(1, 5, 3)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(bench.client(1, 0, 3)).toBe('NONE')
  })

  it('[KS4] testPidExpirationTimeout, [KS3] not before', () => {
    const bench = new Bench()
    bench.client(5, 0, 1)
    expect(bench.client(5, 3, 2)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    bench.nowMillis = DAY + 1
    bench.state.removeExpired(bench.nowMillis)
    expect(bench.client(5, 3, 2)).toBe('NONE')
    expect(bench.state.active(bench.nowMillis).size).toBe(1)
    expect(bench.entry()?.lastSequence).toBe(3)
    expect(bench.state.mapEndOffset).toBe(3)
  })

  it('[KS5] testAcceptAppendWithSequenceGapsOnReplica', () => {
    const bench = new Bench()
    bench.client(EPOCH, 0, 0)
    expect(bench.client(EPOCH, 3, 1)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(bench.entry()?.lastSequence).toBe(0)
    bench.replicate(EPOCH, 3, 1)
    expect(bench.entry()?.lastSequence).toBe(3)
  })

  it('[KS5] testSequenceNotValidatedForGroupMetadataTopic', () => {
    const bench = new Bench()
    const offsets = (offset: number) => at(offset, producerBatch(PID, EPOCH, -1, 1, true))
    expect(bench.append(offsets(99), 'coordinator')).toBe('NONE')
    expect(bench.append(offsets(100), 'coordinator')).toBe('NONE')
  })

  it('[KS3] testPrepareUpdateDoesNotMutate', () => {
    const bench = new Bench()
    const { state } = bench
    expect(state.validate(at(15, producerBatch(PID, EPOCH, 0, 6)), 'client', 0, 0, 0)).toBe('NONE')
    expect(bench.entry()).toBeUndefined()
    bench.append(at(15, producerBatch(PID, EPOCH, 0, 6)))
    expect(state.validate(at(26, producerBatch(PID, EPOCH, 6, 5)), 'client', 0, 0, 0)).toBe('NONE')
    expect(bench.entry()).toMatchObject({ firstSequence: 0, lastSequence: 5, lastDataOffset: 20 })
    bench.append(at(26, producerBatch(PID, EPOCH, 6, 5)))
    expect(bench.entry()).toMatchObject({ firstSequence: 0, lastSequence: 10, lastDataOffset: 30 })
  })

  it('[KS1] [KS2] knows the last five batches of the epoch, by their exact sequences', () => {
    const bench = new Bench()
    for (const n of [0, 1, 2, 3, 4, 5]) bench.append(at(10 * n, producerBatch(PID, EPOCH, 2 * n, 2)))
    const known = (epoch: number, sequence: number, count: number) =>
      bench.entry()?.findDuplicate(producerBatch(PID, epoch, sequence, count))?.firstOffset
    expect([0, 2, 4, 6, 8, 10].map((sequence) => known(EPOCH, sequence, 2))).toEqual([
      undefined,
      10,
      20,
      30,
      40,
      50,
    ])
    expect([known(EPOCH, 10, 1), known(EPOCH, 11, 1), known(EPOCH, 8, 4), known(1, 10, 2)]).toEqual(
      Array.from({ length: 4 }, () => undefined),
    )
    bench.append(at(60, producerBatch(PID, 1, 0, 2)))
    expect([known(1, 0, 2), known(1, 10, 2), known(EPOCH, 10, 2)]).toEqual([60, undefined, undefined])
  })

  it('[KS1] knows as many batches as the switch says', () => {
    const { broker: config, switches, startMillis } = logOptions({ switches: { producerStateWindow: 1 } })
    const state = new ProducerState({ config, switches, startMillis })
    for (const n of [0, 1]) state.apply(at(n, producerBatch(PID, EPOCH, n)), 0)
    const known = [0, 1].map(
      (n) => state.entry(PID, 0)?.findDuplicate(producerBatch(PID, EPOCH, n))?.firstOffset,
    )
    expect(known).toEqual([undefined, 1])
  })
})

describe('transactions', () => {
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

describe('snapshots', () => {
  const appended = (count: number) => {
    const bench = new Bench()
    for (let n = 0; n < count; n += 1) {
      bench.client(EPOCH, n, n)
      bench.state.takeSnapshot(0)
    }
    return bench
  }

  it('[KS5] testTruncateAndReloadRemovesOutOfRangeSnapshots', () => {
    const bench = appended(5)
    bench.state.truncateAndReload(1, 3, 0)
    expect(bench.snapshotOffsets).toEqual([2, 3])
    expect(bench.entry()?.lastSequence).toBe(2)
  })

  it('[KS5] testTakeSnapshot, testSkipSnapshotIfOffsetUnchanged', () => {
    const bench = appended(1)
    bench.state.takeSnapshot(0)
    expect(bench.snapshotOffsets).toEqual([1])
  })

  it('[KS5] testRecoverFromSnapshotUnfinishedTransaction: the last batch is all that it holds', () => {
    const bench = new Bench()
    bench.client(EPOCH, 0, 0, true)
    bench.client(EPOCH, 1, 1, true)
    bench.state.takeSnapshot(0)
    const recovered = bench.reopened(0, 3)
    const expected = { firstDataOffset: 1, firstSequence: 1, lastDataOffset: 1, lastSequence: 1 }
    expect(recovered.entry()).toMatchObject({ ...expected, currentTxnFirstOffset: 0 })
    expect(recovered.unstable).toEqual([0, 0])
    expect(recovered.client(EPOCH, 2, 2, true)).toBe('NONE')
  })

  it('[KS5] testRecoverFromSnapshotFinishedTransaction', () => {
    const bench = new Bench()
    bench.client(EPOCH, 0, 0, true)
    bench.client(EPOCH, 1, 1, true)
    bench.end(EPOCH, 'ABORT', 2)
    bench.state.takeSnapshot(0)
    expect(bench.reopened(0, 3).entry()).toMatchObject({ firstSequence: 1, currentTxnFirstOffset: NO_OFFSET })
  })

  it('[KS5] testRecoverFromSnapshotEmptyTransaction', () => {
    const bench = new Bench()
    bench.nowMillis = 777
    bench.end(EPOCH, 'ABORT', 0)
    bench.state.takeSnapshot(777)
    const expected = { lastTimestamp: 777, currentTxnFirstOffset: NO_OFFSET }
    expect(bench.reopened(0, 1).entry()).toMatchObject(expected)
  })

  it('[KS5] testProducerStateAfterFencingAbortMarker', () => {
    const bench = new Bench()
    bench.client(EPOCH, 0, 0, true)
    bench.end(EPOCH + 1, 'ABORT', 1)
    bench.state.removeExpired(0)
    const expected = { currentTxnFirstOffset: NO_OFFSET, lastDataOffset: -1, firstDataOffset: -1 }
    expect(bench.entry()).toMatchObject(expected)
  })

  it('[KS4] [KS5] testRemoveExpiredPidsOnReload, testAcceptAppendWithoutProducerStateOnReplica', () => {
    const bench = new Bench()
    bench.client(EPOCH, 0, 0)
    bench.client(EPOCH, 1, 1)
    bench.state.takeSnapshot(0)
    bench.nowMillis = DAY
    const recovered = bench.reopened(0, 2)
    expect(recovered.entry()).toBeUndefined()
    expect(recovered.client(EPOCH, 2, 2)).toBe('NONE')
    expect(recovered.entry()?.lastSequence).toBe(2)
    expect(recovered.state.mapEndOffset).toBe(3)
    const replica = bench.reopened(0, 2)
    replica.replicate(EPOCH, 2, 2)
    expect(replica.entry()).toMatchObject({ producerEpoch: EPOCH, firstSequence: 2, lastSequence: 2 })
  })

  it('[KS5] testTruncateFullyAndStartAt', () => {
    const bench = appended(3)
    bench.state.truncateFully(0)
    expect([bench.snapshotOffsets, bench.state.isEmpty]).toEqual([[], true])
    bench.client(EPOCH, 0, 0)
    bench.state.takeSnapshot(0)
    expect(bench.snapshotOffsets).toEqual([1])
  })

  it('[KT8] testFirstUnstableOffsetAfterTruncation', () => {
    const bench = new Bench()
    bench.client(EPOCH, 0, 99, true)
    expect(bench.unstable).toEqual([99, 99])
    bench.state.takeSnapshot(0)
    bench.end(EPOCH, 'COMMIT', 105)
    bench.state.transactions.settle(106)
    expect(bench.unstable).toEqual([-1, -1])
    bench.state.takeSnapshot(0)
    bench.client(EPOCH, 1, 106)
    bench.state.truncateAndReload(0, 106, 0)
    expect(bench.unstable).toEqual([-1, -1])
    bench.state.truncateAndReload(0, 100, 0)
    expect(bench.unstable).toEqual([99, 99])
  })

  it('[KS5] testLoadFromSnapshotRetainsNonExpiredProducers', () => {
    const bench = new Bench()
    bench.client(EPOCH, 0, 0, false, 1)
    bench.client(EPOCH, 0, 1, false, 2)
    bench.state.takeSnapshot(0)
    const recovered = bench.reopened(1, 2)
    expect([1, 2].map((pid) => recovered.entry(pid)?.lastDataOffset)).toEqual([0, 1])
  })

  it('[KS5] testLoadFromCorruptSnapshotFile: the one before it counts, and it is gone', () => {
    const bench = appended(2)
    const [first, second] = bench.state.snapshots as [ProducerSnapshot, ProducerSnapshot]
    const torn = new Bench([first, { ...second, isValid: false }])
    torn.state.truncateAndReload(0, 2, 0)
    expect([torn.snapshotOffsets, torn.state.mapEndOffset, torn.entry()?.lastSequence]).toEqual([[1], 1, 0])
  })

  const snapshotsAt = (...offsets: number[]) =>
    new Bench(offsets.map((offset) => ({ offset, producers: [], isValid: true })))

  it('[KS5] testRemoveStraySnapshotsKeepCleanShutdownSnapshot, testRemoveAllStraySnapshots', () => {
    const clean = snapshotsAt(2, 5, 42)
    clean.state.removeStraySnapshots([5])
    expect(clean.snapshotOffsets).toEqual([5, 42])
    const stray = snapshotsAt(2, 5, 42)
    stray.state.removeStraySnapshots([42])
    expect(stray.snapshotOffsets).toEqual([42])
  })
})

describe('expiry', () => {
  it('[KS5] testProducersWithOngoingTransactionsDontExpire', () => {
    const bench = new Bench()
    bench.client(5, 0, 99, true)
    bench.nowMillis = DAY + 1
    bench.state.removeExpired(bench.nowMillis)
    expect(bench.entry()).toBeDefined()
    expect(bench.unstable).toEqual([99, 99])
  })

  it('[KS5] testPeriodicProducerIdExpiration: at the scan after the time, however long nobody asked', () => {
    const bench = new Bench([], 200)
    bench.client(EPOCH, 0, 0)
    const known = (nowMillis: number) => bench.state.active(nowMillis).size
    expect([known(200), known(599_999), known(600_000)]).toEqual([1, 1, 0])
    const late = new Bench([], 200)
    late.client(EPOCH, 0, 0)
    late.nowMillis = 1_200_001
    late.replicate(EPOCH, 7, 1)
    expect(late.entry()?.batches).toHaveLength(1)
  })
})

describe('verification', () => {
  const verified = (broker = {}) => {
    const {
      broker: config,
      switches,
      startMillis,
    } = logOptions({
      broker: { 'transaction.partition.verification.enable': true, ...broker },
    })
    return new ProducerState({ config, switches, startMillis })
  }
  const begin = (state: ProducerState, sequence: number, epoch: number, bumps = true) =>
    state.beginVerification(PID, sequence, epoch, bumps, 0) as number

  it('[KS7] testEntryForVerification', () => {
    const state = verified()
    const guard = begin(state, 0, EPOCH)
    expect([begin(state, 0, EPOCH), state.verifications.guard(PID)]).toEqual([guard, guard])
    state.apply(at(0, producerBatch(PID, EPOCH, 0, 1, true)), 0)
    expect(state.verifications.entry(PID)).toBeUndefined()
  })

  it('[KS7] testSequenceAndEpochInVerificationEntry', () => {
    const state = verified()
    const steps = (
      [
        [1, 0],
        [0, 0],
        [2, 1],
        [0, 0],
      ] as const
    ).map(([sequence, epoch]) => {
      const guard = begin(state, sequence, epoch)
      const { lowestSequence, producerEpoch } = state.verifications.entry(PID) ?? {}
      return [guard, lowestSequence, producerEpoch]
    })
    expect(steps).toEqual([
      [1, 1, 0],
      [1, 0, 0],
      [1, 2, 1],
      [1, 2, 1],
    ])
  })

  it('[KS7] testThrowOutOfOrderSequenceWithVerificationSequenceCheck', () => {
    for (const enabled of [true, false]) {
      const state = verified({ 'transaction.partition.verification.enable': enabled })
      const guard = begin(state, 0, EPOCH)
      const batch = at(0, producerBatch(PID, EPOCH, 4, 1, true))
      expect(state.validate(batch, 'client', guard, 0, 0)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
      expect(state.verifications.guard(PID)).toBe(guard)
    }
  })

  it('[KS7] testVerificationStateEntryExpiration', () => {
    const state = verified()
    const guard = begin(state, 0, EPOCH)
    state.removeExpired(DAY / 2)
    expect(state.verifications.guard(PID)).toBe(guard)
    state.removeExpired(DAY + 1)
    expect(state.verifications.guard(PID)).toBe(SENTINEL_GUARD)
  })

  it('[KS4] [KS7] testRejectNonZeroSequenceForTransactionsV2WithEmptyState, testAllow... V1', () => {
    const state = verified()
    const check = (guard: number, sequence: number) =>
      state.validate(at(0, producerBatch(PID, EPOCH, sequence, 1, true)), 'client', guard, 0, 0)
    const second = begin(state, 5, EPOCH, true)
    expect(check(second, 5)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(check(second, 0)).toBe('NONE')
    state.verifications.clear(PID)
    expect(check(begin(state, 5, EPOCH, false), 5)).toBe('NONE')
  })
})
