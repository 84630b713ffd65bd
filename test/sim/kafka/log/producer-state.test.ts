import { describe, expect, it } from 'vitest'
import { NO_OFFSET } from '../../../../sim/kafka/log/producer-entry.ts'
import { type ProducerSnapshot, ProducerState } from '../../../../sim/kafka/log/producer-state.ts'
import { at, emptyLog, endTransaction, logOptions, producerBatch } from '../../../fixtures/log.ts'
import { ProducerBench as Bench, DAY, EPOCH, PID } from '../../../fixtures/producers.ts'

const MAX_SEQUENCE = 2 ** 31 - 1
const _LATE_MILLIS = 900_000 + 300_000

// Facts of Kafka's ProducerStateManagerTest, by the names that they have there; offsets and sequences are those of the
// originals. What Kafka's cases do with files is done here with the list of snapshots.

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
    const { broker, switches, startMillis } = logOptions({ switches: { producerStateWindow: 1 } })
    const state = new ProducerState({ broker, switches, startMillis })
    for (const n of [0, 1]) state.apply(at(n, producerBatch(PID, EPOCH, n)), 0)
    const known = [0, 1].map(
      (n) => state.entry(PID, 0)?.findDuplicate(producerBatch(PID, EPOCH, n))?.firstOffset,
    )
    expect(known).toEqual([undefined, 1])
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

  it('[KS5] what has expired is not loaded, though the next scan is still to come', () => {
    const bench = new Bench()
    bench.nowMillis = 1000
    bench.client(EPOCH, 0, 0)
    bench.state.takeSnapshot(1000)
    expect(
      [DAY + 999, DAY + 1000].map((nowMillis) => {
        bench.nowMillis = nowMillis
        return bench.reopened(0, 1).entry()?.lastSequence
      }),
    ).toEqual([0, undefined])
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

describe('switches', () => {
  it.each([
    { markersKeepProducerState: true, late: 'INVALID_PRODUCER_EPOCH' },
    { markersKeepProducerState: false, late: 'NONE' },
  ])(
    '[KS5] KAFKA-9144: markers as signs of life $markersKeepProducerState, a write that is fenced gets $late',
    ({ markersKeepProducerState, late }) => {
      const log = emptyLog({ switches: { markersKeepProducerState } })
      log.appendAsLeader(producerBatch(PID, 0, 0, 1, true, 0), 0, 0)
      // Its coordinator aborts with a new epoch when the records are as old as a producer may be.
      endTransaction(log, PID, 1, 'ABORT', { nowMillis: DAY })
      expect(log.appendAsLeader(producerBatch(PID, 0, 1, 1, true, DAY), 0, 2 * DAY - 1).errorCode).toBe(late)
    },
  )

  it.each([
    { producerStateOutlivesRecords: true, logEndOffset: 2 },
    { producerStateOutlivesRecords: false, logEndOffset: 3 },
  ])(
    '[KS5] KAFKA-7190: producers outliving their records $producerStateOutlivesRecords, a retry ends the log at $logEndOffset',
    ({ producerStateOutlivesRecords, logEndOffset }) => {
      const log = emptyLog({ switches: { producerStateOutlivesRecords } })
      log.appendAsLeader(producerBatch(PID, 0, 0), 0, 0)
      log.appendAsLeader(producerBatch(PID + 1, 0, 0), 0, 0)
      log.maybeIncrementHighWatermark(2, 0)
      expect(log.maybeIncrementLogStartOffset(1, 0)).toBe('NONE')
      log.appendAsLeader(producerBatch(PID, 0, 0), 0, 0)
      expect(log.logEndOffset).toBe(logEndOffset)
      log.appendAsLeader(producerBatch(PID + 1, 0, 0), 0, 0)
      expect(log.logEndOffset).toBe(logEndOffset)
    },
  )
})
