import { describe, expect, it } from 'vitest'
import {
  decrementSequence,
  headerSizeInBytes,
  incrementSequence,
  inSequence,
  markerBatch,
  markerOf,
  producedBatch,
  recordSizeInBytes,
} from '../../../../sim/kafka/log/batch.ts'
import { at, batchOf, producerBatch, record } from '../../../fixtures/log.ts'

const MAX = 2 ** 31 - 1

describe('a batch', () => {
  it('[KL14] has the offsets of its base and its deltas, as one', () => {
    const batch = at(17, batchOf(['a', 'b', 'c']), 5)
    expect([batch.baseOffset, batch.lastOffset, batch.nextOffset]).toEqual([17, 19, 20])
    expect(batch.partitionLeaderEpoch).toBe(5)
  })

  it('[KL14] has the largest timestamp of its records, or the time of the log for all of them', () => {
    const records = [record('k', 'a', 5), record('k', 'b', 9, 1), record('k', 'c', 7, 2)]
    const sent = producedBatch(records)
    expect([sent.maxTimestamp, ...records.map((one) => sent.timestampOf(one))]).toEqual([9, 5, 9, 7])
    const kept = sent.assigned(0, 0, 1000)
    expect([kept.maxTimestamp, ...records.map((one) => kept.timestampOf(one))]).toEqual([
      1000, 1000, 1000, 1000,
    ])
  })

  it('[KL14] keeps offsets and sequences when records are taken out', () => {
    const batch = at(23, producerBatch(1, 0, 7, ['a', 'b', 'c']))
    const { records } = batch
    const rest = batch.retaining(records.slice(1, 2), 9)
    expect([rest.baseOffset, rest.lastOffset, rest.baseSequence, rest.lastSequence]).toEqual([23, 25, 7, 9])
    expect(rest.records).toEqual([records[1]])
    expect(rest.sizeInBytes).toBeLessThan(batch.sizeInBytes)
    expect(rest.deleteHorizonMillis).toBe(9)
  })

  it('[KL14] grows when a delete horizon takes the place of its base timestamp', () => {
    const batch = at(0, producerBatch(1, 0, 0, ['a']))
    const later = batch.retaining(batch.records, 100_000)
    expect(later.sizeInBytes).toBe(batch.sizeInBytes + 2)
    expect(later.retaining(later.records, -1).sizeInBytes).toBe(batch.sizeInBytes)
  })

  // DefaultRecordBatchTest and the sizes that LogCleanerTest and UnifiedLogTest rely on.
  it('[KL14] has the size that it has on the wire', () => {
    expect(batchOf(['0']).sizeInBytes).toBe(69)
    expect(batchOf(['test']).sizeInBytes).toBe(72)
    expect(markerBatch(1, 0, { controlType: 'COMMIT', coordinatorEpoch: 0 }, 0).sizeInBytes).toBe(78)
    expect(recordSizeInBytes(0, 0, -1, -1)).toBe(7)
    expect(recordSizeInBytes(63, 0, 3, 5) - recordSizeInBytes(0, 0, 3, 5)).toBe(0)
    expect(recordSizeInBytes(64, 0, 3, 5) - recordSizeInBytes(0, 0, 3, 5)).toBe(1)
    expect(recordSizeInBytes(0, 2 ** 40, 3, 5) - recordSizeInBytes(0, 0, 3, 5)).toBe(5)
    expect(recordSizeInBytes(0, 0, -1, 100)).toBe(2 + 1 + 1 + 1 + 1 + 2 + 100 + 1)
    expect(recordSizeInBytes(0, 0, 1, 1, 1, headerSizeInBytes(2, 3))).toBe(1 + 3 + 2 + 2 + 1 + 3 + 4)
  })

  it('[KT7] marks the end of a transaction with one record, and nothing once that is gone', () => {
    const batch = markerBatch(9, 3, { controlType: 'ABORT', coordinatorEpoch: 12 }, 77)
    expect([batch.isControl, batch.isTransactional, batch.records.length, batch.maxTimestamp]).toEqual([
      true,
      true,
      1,
      77,
    ])
    expect(markerOf(batch)).toEqual({ controlType: 'ABORT', coordinatorEpoch: 12 })
    expect(markerOf(batch.retaining([], -1))).toBeUndefined()
  })
})

describe('sequences', () => {
  // DefaultRecordBatchTest.testIncrementSequence, testDecrementSequence.
  it.each([
    [0, 5, 5],
    [MAX - 3, 2, MAX - 1],
    [MAX - 5, 10, 4],
    [MAX, 1, 0],
    [MAX - 10, 20, 9],
  ])('[KS3] wrap: %i, %i further, is %i', (sequence, by, expected) => {
    expect(incrementSequence(sequence, by)).toBe(expected)
    expect(decrementSequence(expected, by)).toBe(sequence)
  })

  it.each([
    [0, 1, true],
    [-1, 0, true],
    [MAX, 0, true],
    [MAX, 1, false],
    [4, 4, false],
    [4, 6, false],
  ])('[KS3] after %i, %i is in sequence: %s', (last, next, expected) =>
    expect(inSequence(last, next)).toBe(expected),
  )
})
