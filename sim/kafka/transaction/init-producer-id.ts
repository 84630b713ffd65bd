import type { NextProducerId } from './end-txn.ts'
import type { InitProducerIdRequest } from './message.ts'
import {
  isEpochExhausted,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  type PreparedTransition,
  TransactionMetadata,
} from './metadata.ts'

/** A transactional id that was never seen before; the first InitProducerId bumps its epoch to 0. */
export function newTransaction(
  transactionalId: string,
  producerId: number,
  txnTimeoutMs: number,
  nowMillis: number,
): TransactionMetadata {
  return new TransactionMetadata(transactionalId, 'Empty', {
    producerId,
    prevProducerId: NO_PRODUCER_ID,
    nextProducerId: NO_PRODUCER_ID,
    producerEpoch: NO_PRODUCER_EPOCH,
    lastProducerEpoch: NO_PRODUCER_EPOCH,
    txnTimeoutMs,
    topicPartitions: new Set(),
    txnStartTimestamp: -1,
    txnLastUpdateTimestamp: nowMillis,
    clientTransactionVersion: 0,
  })
}

/**
 * Decides on an InitProducerId (rule T2): the transition, which is PrepareEpochFence if an ongoing transaction must be
 * aborted first, or the error. Source: TransactionCoordinator.prepareInitProducerIdTransit.
 */
export function decideInitProducerId(
  metadata: TransactionMetadata,
  request: InitProducerIdRequest,
  nextProducerId: NextProducerId,
  nowMillis: number,
): PreparedTransition {
  const { producerId, producerEpoch, transactionTimeoutMs } = request
  const expected = producerId === NO_PRODUCER_ID ? undefined : producerEpoch
  if (metadata.pendingState !== undefined) return 'CONCURRENT_TRANSACTIONS'
  if (expected !== undefined && !mayContinue(metadata, producerId, producerEpoch)) return 'PRODUCER_FENCED'
  switch (metadata.state) {
    case 'PrepareAbort':
    case 'PrepareCommit':
      return 'CONCURRENT_TRANSACTIONS'
    case 'Ongoing':
      return metadata.prepareFenceProducerEpoch()
    case 'CompleteAbort':
    case 'CompleteCommit':
    case 'Empty': {
      const rotates =
        metadata.isProducerEpochExhausted && (expected === undefined || expected === metadata.producerEpoch)
      if (!rotates) {
        if (metadata.isProducerEpochExhausted) return 'UNKNOWN_SERVER_ERROR'
        return metadata.prepareIncrementProducerEpoch(transactionTimeoutMs, expected, nowMillis)
      }
      const next = nextProducerId(nowMillis)
      if (typeof next === 'string') return next
      return metadata.prepareProducerIdRotation(next, transactionTimeoutMs, nowMillis, expected !== undefined)
    }
    case 'Dead':
    case 'PrepareEpochFence':
      throw new Error(`${metadata.transactionalId} can never be ${metadata.state}`)
  }
}

/**
 * Whether the producer id that a producer had is the one in use, was the one before (whose epochs were exhausted, and
 * the answer with the new one got lost), or nobody's, the transactional id being new.
 */
function mayContinue(metadata: TransactionMetadata, producerId: number, producerEpoch: number): boolean {
  return (
    metadata.producerEpoch === NO_PRODUCER_EPOCH ||
    producerId === metadata.producerId ||
    (producerId === metadata.prevProducerId && isEpochExhausted(producerEpoch))
  )
}
