import { describe, expect, it } from 'vitest'
import { ProducerSequences } from '../../../../sim/kafka/transaction/client-sequences.ts'
import {
  incrementSequence,
  NO_SEQUENCE,
  PartitionSequences,
} from '../../../../sim/kafka/transaction/sequence.ts'

const MAX = 2 ** 31 - 1
const batch = (baseSequence: number, recordCount: number, producerEpoch = 0) => ({
  partition: 'a-0',
  recordCount,
  producerId: 1,
  producerEpoch,
  baseSequence,
  sequenceHasBeenReset: false,
})

describe('a sequence', () => {
  // TransactionManagerTest.testSequenceNumberOverflow and DefaultRecordBatchTest.testIncrementSequence of Kafka 4.x.
  it.each([
    [0, 0, 0],
    [0, 3, 3],
    [0, MAX, MAX],
    [MAX, 100, 99],
    [99, MAX, 98],
    [MAX - 5, 10, 4],
  ])('[KT21] %i and %i more is %i', (sequence, increment, next) => {
    expect(incrementSequence(sequence, increment)).toBe(next)
    const sequences = new ProducerSequences()
    sequences.incrementSequenceNumber('a-0', sequence)
    sequences.incrementSequenceNumber('a-0', increment)
    expect(sequences.sequenceNumber('a-0')).toBe(next)
  })
})

describe('batches in flight', () => {
  it('[KT21] are kept in the order of epochs and sequences', () => {
    const sequences = new PartitionSequences('a-0')
    const [late, first, second] = [batch(0, 1, 1), batch(3, 2), batch(5, 1)]
    for (const one of [second, late, first]) sequences.add(one)
    for (const expected of [first, second, late]) {
      expect(sequences.firstInFlight).toBe(expected)
      sequences.remove(expected)
    }
    expect(sequences.hasInFlightBatches).toBe(false)
  })

  it('[KT21] have a sequence', () => {
    expect(() => new ProducerSequences().addInFlightBatch(batch(NO_SEQUENCE, 1))).toThrow('has no sequence')
  })

  it('[KT21] do not go below 0 when one of them is refused', () => {
    const sequences = new PartitionSequences('a-0')
    sequences.nextSequence = 1
    expect(() => sequences.closeGap(batch(0, 2))).toThrow('negative')
  })

  it('[KT21] of a partition that was forgotten are answered without effect in a transaction', () => {
    const sequences = new ProducerSequences()
    sequences.completed(batch(0, 1), 7, true)
    expect(sequences.lastAckedOffset('a-0')).toBe(-1)
    sequences.completed(batch(0, 1), 7, false)
    expect(sequences.lastAckedOffset('a-0')).toBe(7)
  })
})
