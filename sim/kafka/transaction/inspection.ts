import type { ErrorCode } from '../error-code.ts'
import type { DescribedTransaction, ListTransactionsRequest, ListTransactionsResponse } from './message.ts'
import { NO_PRODUCER_EPOCH, NO_PRODUCER_ID } from './metadata.ts'
import { isStateName } from './state.ts'
import type { TransactionStateManager } from './state-manager.ts'
import { byTopic } from './topic-partition.ts'

/** Answers DescribeTransactions for one transactional id. Source: TransactionCoordinator of Kafka 4.x. */
export function describeTransaction(
  manager: TransactionStateManager,
  active: boolean,
  transactionalId: string,
): DescribedTransaction {
  const refused = (errorCode: ErrorCode): DescribedTransaction => ({
    errorCode,
    transactionalId,
    transactionState: '',
    transactionTimeoutMs: 0,
    transactionStartTimeMs: 0,
    producerId: NO_PRODUCER_ID,
    producerEpoch: NO_PRODUCER_EPOCH,
    topics: [],
  })
  if (!active) return refused('COORDINATOR_NOT_AVAILABLE')
  if (transactionalId === '') return refused('INVALID_REQUEST')
  const owned = manager.lookUp(transactionalId)
  if (typeof owned === 'string') return refused(owned)
  if (owned === undefined || owned.metadata.state === 'Dead') return refused('TRANSACTIONAL_ID_NOT_FOUND')
  const { metadata } = owned
  return {
    errorCode: 'NONE',
    transactionalId,
    transactionState: metadata.state,
    transactionTimeoutMs: metadata.txnTimeoutMs,
    transactionStartTimeMs: metadata.txnStartTimestamp,
    producerId: metadata.producerId,
    producerEpoch: metadata.producerEpoch,
    topics: byTopic(metadata.topicPartitions).map(({ name, partitions }) => ({ topic: name, partitions })),
  }
}

/**
 * Answers ListTransactions. Source: TransactionStateManager.listTransactionStates of Kafka 4.x.
 * @throws SyntaxError if the pattern is no regular expression
 */
export function listTransactions(
  manager: TransactionStateManager,
  active: boolean,
  { stateFilters, producerIdFilters, durationFilter, transactionalIdPattern }: ListTransactionsRequest,
  nowMillis: number,
): ListTransactionsResponse {
  const refused = (errorCode: ErrorCode): ListTransactionsResponse => ({
    errorCode,
    unknownStateFilters: [],
    transactionStates: [],
  })
  if (!active) return refused('COORDINATOR_NOT_AVAILABLE')
  if (manager.isLoading) return refused('COORDINATOR_LOAD_IN_PROGRESS')
  const pattern = transactionalIdPattern ? new RegExp(`^(?:${transactionalIdPattern})$`, 'u') : undefined
  const listed = [...manager.transactions()].filter(
    ({ metadata: { state, producerId, txnStartTimestamp, transactionalId } }) =>
      state !== 'Dead' &&
      (producerIdFilters.length === 0 || producerIdFilters.includes(producerId)) &&
      (stateFilters.length === 0 || stateFilters.includes(state)) &&
      (durationFilter < 0 || nowMillis - txnStartTimestamp > durationFilter) &&
      (pattern === undefined || pattern.test(transactionalId)),
  )
  return {
    errorCode: 'NONE',
    unknownStateFilters: stateFilters.filter((name) => !isStateName(name)),
    transactionStates: listed.map(({ metadata: { transactionalId, producerId, state } }) => ({
      transactionalId,
      producerId,
      transactionState: state,
    })),
  }
}
