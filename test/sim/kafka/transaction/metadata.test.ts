import { describe, expect, it } from 'vitest'
import {
  MAX_PRODUCER_EPOCH,
  type PreparedTransition,
  type TransactionMetadata,
  type TxnTransitMetadata,
} from '../../../../sim/kafka/transaction/metadata.ts'
import type { TransactionState } from '../../../../sim/kafka/transaction/state.ts'
import { transaction } from '../../../fixtures/transactions.ts'

// Facts of TransactionMetadataTest of Kafka 4.3.

const NOW = 1_000
const EXHAUSTED = MAX_PRODUCER_EPOCH - 1

const made = (
  state: TransactionState,
  changed: Parameters<typeof transaction>[2] = {},
): TransactionMetadata =>
  transaction('txnlId', state, {
    producerId: 23_423,
    prevProducerId: -1,
    txnTimeoutMs: 30_000,
    txnStartTimestamp: -1,
    txnLastUpdateTimestamp: NOW,
    ...changed,
  })

const completed = (metadata: TransactionMetadata, prepared: PreparedTransition): TransactionMetadata => {
  expect(prepared).toBeTypeOf('object')
  metadata.completeTransitionTo(prepared as TxnTransitMetadata)
  expect(metadata.pendingState).toBeUndefined()
  return metadata
}

describe('InitProducerId bumps the epoch', () => {
  it.each([
    { what: 'of a new transactional id', epoch: -1, last: -1, expected: undefined, to: 0, lastTo: -1 },
    { what: 'for a new producer', epoch: 735, last: 734, expected: undefined, to: 736, lastTo: -1 },
    { what: 'of a new id whatever is expected', epoch: -1, last: -1, expected: 735, to: 0, lastTo: -1 },
    { what: 'for the current producer', epoch: 735, last: -1, expected: 735, to: 736, lastTo: 735 },
    { what: 'not for a retry with the last one', epoch: 735, last: 734, expected: 734, to: 735, lastTo: 734 },
  ])('[KT2] $what', ({ epoch, last, expected, to, lastTo }) => {
    const metadata = made('Empty', { producerEpoch: epoch, lastProducerEpoch: last })
    completed(metadata, metadata.prepareIncrementProducerEpoch(40_000, expected, NOW - 1))
    expect(metadata).toMatchObject({
      state: 'Empty',
      producerId: 23_423,
      producerEpoch: to,
      lastProducerEpoch: lastTo,
      txnTimeoutMs: 40_000,
      txnStartTimestamp: -1,
      txnLastUpdateTimestamp: NOW - 1,
    })
  })

  it('[KT2] not for a fenced producer, and nothing is pending then', () => {
    const metadata = made('Empty', { producerEpoch: 735, lastProducerEpoch: 734 })
    expect(metadata.prepareIncrementProducerEpoch(30_000, 733, NOW)).toBe('PRODUCER_FENCED')
    expect(metadata.pendingState).toBeUndefined()
  })

  it('[KT2] not when the epochs are exhausted: a new producer id takes over', () => {
    const metadata = made('Empty', { producerEpoch: EXHAUSTED })
    expect(metadata.isProducerEpochExhausted).toBe(true)
    expect(() => metadata.prepareIncrementProducerEpoch(30_000, undefined, NOW)).toThrow('no more epochs')
    completed(metadata, metadata.prepareProducerIdRotation(9_893, 30_000, NOW - 1, true))
    expect(metadata).toMatchObject({
      producerId: 9_893,
      prevProducerId: 23_423,
      producerEpoch: 0,
      lastProducerEpoch: EXHAUSTED,
      txnLastUpdateTimestamp: NOW - 1,
    })
  })

  it.each(['Ongoing', 'PrepareAbort', 'PrepareCommit'] as const)(
    '[KT2] no new producer id while %s',
    (state) => {
      const metadata = made(state, { producerEpoch: EXHAUSTED })
      expect(() => metadata.prepareProducerIdRotation(9_893, 30_000, NOW, false)).toThrow('stays')
    },
  )
})

describe('a fence', () => {
  it('[KT2] takes the last epoch, which no client is given', () => {
    const metadata = made('Ongoing', { producerEpoch: EXHAUSTED })
    expect(metadata.prepareFenceProducerEpoch()).toMatchObject({
      txnState: 'PrepareEpochFence',
      producerEpoch: MAX_PRODUCER_EPOCH,
      lastProducerEpoch: -1,
    })
    expect(metadata.pendingState).toBe('PrepareEpochFence')
    metadata.pendingState = undefined
    completed(metadata, metadata.prepareAbortOrCommit('PrepareAbort', 0, -1, NOW, false))
    expect(metadata.producerId).toBe(23_423)
  })

  it('[KT2] never overflows, and is not repeated after a failed attempt', () => {
    const last = made('Ongoing', { producerEpoch: MAX_PRODUCER_EPOCH })
    expect(last.prepareFenceProducerEpoch().producerEpoch).toBe(MAX_PRODUCER_EPOCH)
    const failed = made('Ongoing', { producerEpoch: 7 })
    failed.hasFailedEpochFence = true
    expect(failed.prepareFenceProducerEpoch().producerEpoch).toBe(7)
  })

  it.each(['CompleteCommit', 'CompleteAbort', 'Empty'] as const)('[KT2] of nothing ongoing: %s', (state) => {
    expect(() => made(state).prepareFenceProducerEpoch()).toThrow(`cannot go from ${state}`)
  })
})

describe('partitions', () => {
  it('[KT3] begin the transaction, whatever the clock does, and join it', () => {
    const metadata = made('Empty', { txnStartTimestamp: NOW })
    completed(metadata, metadata.prepareAddPartitions(['topic1-0'], NOW - 1, 0))
    expect(metadata).toMatchObject({ state: 'Ongoing', txnStartTimestamp: NOW - 1, producerEpoch: 1 })
    completed(metadata, metadata.prepareAddPartitions(['topic2-0'], NOW - 2, 0))
    expect(metadata).toMatchObject({ txnStartTimestamp: NOW - 1, txnLastUpdateTimestamp: NOW - 2 })
    expect([...metadata.topicPartitions]).toEqual(['topic1-0', 'topic2-0'])
  })

  it('[KT4] leave a prepared transaction only', () => {
    const metadata = made('Ongoing', { topicPartitions: new Set(['a-0']) })
    expect(() => metadata.removePartition('a-0')).toThrow('no marker of it')
    metadata.state = 'PrepareCommit'
    metadata.removePartition('a-0')
    expect(metadata.topicPartitions.size).toBe(0)
  })
})

describe('the end', () => {
  it.each(['PrepareCommit', 'PrepareAbort'] as const)('[KT4] %s keeps the epoch in version 0', (state) => {
    const metadata = made('Ongoing', { txnStartTimestamp: 1 })
    completed(metadata, metadata.prepareAbortOrCommit(state, 0, -1, NOW - 1, false))
    expect(metadata).toMatchObject({
      state,
      producerEpoch: 1,
      lastProducerEpoch: -1,
      txnStartTimestamp: 1,
      txnLastUpdateTimestamp: NOW - 1,
    })
  })

  it.each([
    { from: 'PrepareCommit', to: 'CompleteCommit', version: 0 },
    { from: 'PrepareCommit', to: 'CompleteCommit', version: 2 },
    { from: 'PrepareAbort', to: 'CompleteAbort', version: 0 },
    { from: 'PrepareAbort', to: 'CompleteAbort', version: 2 },
  ] as const)('[KT4] $from completes as $to in version $version', ({ from, to, version }) => {
    const metadata = made(from, {
      txnStartTimestamp: 1,
      lastProducerEpoch: 0,
      clientTransactionVersion: version,
      topicPartitions: new Set(['a-0']),
    })
    metadata.hasFailedEpochFence = true
    completed(metadata, metadata.prepareComplete(NOW - 1))
    expect(metadata).toMatchObject({
      state: to,
      producerEpoch: 1,
      lastProducerEpoch: 0,
      txnStartTimestamp: 1,
    })
    expect(metadata).toMatchObject({ txnLastUpdateTimestamp: NOW - 1, hasFailedEpochFence: false })
    expect(metadata.topicPartitions.size).toBe(0)
  })

  it('[KT5] bumps the epoch in version 2, once', () => {
    const metadata = made('Ongoing', { producerEpoch: 10, txnStartTimestamp: NOW })
    completed(metadata, metadata.prepareAbortOrCommit('PrepareCommit', 2, -1, NOW - 1, false))
    expect(metadata).toMatchObject({ producerEpoch: 11, lastProducerEpoch: 10, clientTransactionVersion: 2 })
    completed(metadata, metadata.prepareComplete(NOW))
    expect(metadata).toMatchObject({ producerId: 23_423, producerEpoch: 11, clientTransactionVersion: 2 })
  })

  it('[KT5] changes to the next producer id once it is complete, when the epochs are exhausted', () => {
    const metadata = made('Ongoing', { producerEpoch: EXHAUSTED, txnStartTimestamp: NOW })
    completed(metadata, metadata.prepareAbortOrCommit('PrepareCommit', 2, 9_893, NOW - 1, false))
    expect(metadata).toMatchObject({ producerId: 23_423, producerEpoch: MAX_PRODUCER_EPOCH })
    completed(metadata, metadata.prepareComplete(NOW))
    expect(metadata).toMatchObject({
      producerId: 9_893,
      prevProducerId: 23_423,
      nextProducerId: -1,
      producerEpoch: 0,
      lastProducerEpoch: EXHAUSTED,
    })
  })

  it('[KT5] of a producer that was given the last epoch is an abort, without overflow', () => {
    const metadata = made('Ongoing', { producerEpoch: MAX_PRODUCER_EPOCH, txnStartTimestamp: NOW })
    expect(() => metadata.prepareAbortOrCommit('PrepareCommit', 2, 9_893, NOW, false)).toThrow('epoch 32768')
    completed(metadata, metadata.prepareAbortOrCommit('PrepareAbort', 2, 9_893, NOW, false))
    expect(metadata.producerEpoch).toBe(MAX_PRODUCER_EPOCH)
  })

  it.each(['Empty', 'CompleteAbort', 'CompleteCommit'] as const)(
    '[KT5] in version 2 may be an abort of nothing after %s, which begins now',
    (state) => {
      const metadata = made(state, { producerEpoch: 735, txnStartTimestamp: NOW - 1 })
      completed(metadata, metadata.prepareAbortOrCommit('PrepareAbort', 2, -1, NOW + 1, true))
      expect(metadata).toMatchObject({ producerEpoch: 736, txnStartTimestamp: NOW + 1 })
    },
  )

  it.each(['Empty', 'CompleteAbort', 'CompleteCommit', 'PrepareAbort', 'PrepareCommit'] as const)(
    '[KT4] cannot be a commit after %s',
    (state) => {
      expect(() => made(state).prepareAbortOrCommit('PrepareCommit', 2, -1, NOW, false)).toThrow(state)
    },
  )
})

describe('a transition', () => {
  it('[KT1] is one at a time', () => {
    const metadata = made('Empty')
    metadata.prepareAddPartitions(['a-0'], NOW, 0)
    expect(() => metadata.prepareDead()).toThrow('already on its way to Ongoing')
  })

  it('[KT1] is completed as it was prepared', () => {
    const metadata = made('Empty')
    const transit = metadata.prepareAddPartitions(['a-0'], NOW, 0)
    expect(() => metadata.completeTransitionTo({ ...transit, txnState: 'Empty' })).toThrow('cannot go')
    expect(() => metadata.completeTransitionTo({ ...transit, producerEpoch: 2 })).toThrow('cannot go')
    expect(() => metadata.completeTransitionTo({ ...transit, txnTimeoutMs: 1 })).toThrow('cannot go')
    metadata.completeTransitionTo(transit)
    expect(() => metadata.completeTransitionTo(transit)).toThrow('cannot go')
  })

  it('[KT1] to an epoch below 0 is refused, but for an id that expires before it was used', () => {
    const metadata = made('Empty', { producerEpoch: -1 })
    expect(() => metadata.prepareAddPartitions(['a-0'], NOW, 0)).toThrow('epoch -1')
    expect(metadata.prepareDead().producerEpoch).toBe(-1)
  })
})
