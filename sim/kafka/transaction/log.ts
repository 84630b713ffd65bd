import type { ErrorCode } from '../error-code.ts'
import {
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  TransactionMetadata,
  type TxnTransitMetadata,
} from './metadata.ts'
import type { TransactionState } from './state.ts'
import { byTopic, namesOf, type TopicPartitions } from './topic-partition.ts'
import type { TransactionVersion } from './version.ts'

/** Value of a record of __transaction_state, the fields of TransactionLogValue.json, the state by its name. */
export interface TransactionLogValue {
  readonly producerId: number
  readonly previousProducerId: number
  readonly nextProducerId: number
  readonly producerEpoch: number
  readonly transactionTimeoutMs: number
  readonly transactionStatus: TransactionState
  /** null while Empty. */
  readonly transactionPartitions: readonly TopicPartitions[] | null
  readonly transactionLastUpdateTimestampMs: number
  readonly transactionStartTimestampMs: number
  readonly clientTransactionVersion: TransactionVersion
}

/** A record of __transaction_state; without a value the transactional id has expired. */
export interface TransactionLogEntry {
  readonly transactionalId: string
  readonly value: TransactionLogValue | null
}

/** Where a coordinator keeps its state: the partitions of __transaction_state that its broker leads. */
export interface TransactionLog {
  /**
   * Appends with acks=all. `done` is called once, at once or later, with the error of the append as a producer would
   * see it.
   */
  append(
    partition: number,
    entries: readonly TransactionLogEntry[],
    timeoutMillis: number,
    done: (error: ErrorCode, nowMillis: number) => void,
  ): void
}

/**
 * The record of a transition. Version 0 of the log has no room for the previous and the next producer id, nor for the
 * client's transaction version; no version has room for the last epoch, so a retry of InitProducerId is not recognised
 * after a failover. Source: TransactionLog.valueToBytes.
 */
export function toLogValue(transit: TxnTransitMetadata, version: TransactionVersion): TransactionLogValue {
  const flexible = version >= 1
  return {
    producerId: transit.producerId,
    previousProducerId: flexible ? transit.prevProducerId : NO_PRODUCER_ID,
    nextProducerId: flexible ? transit.nextProducerId : NO_PRODUCER_ID,
    producerEpoch: transit.producerEpoch,
    transactionTimeoutMs: transit.txnTimeoutMs,
    transactionStatus: transit.txnState,
    transactionPartitions: transit.txnState === 'Empty' ? null : byTopic(transit.topicPartitions),
    transactionLastUpdateTimestampMs: transit.txnLastUpdateTimestamp,
    transactionStartTimestampMs: transit.txnStartTimestamp,
    clientTransactionVersion: flexible ? transit.clientTransactionVersion : 0,
  }
}

/** The states of transactional ids that a log implies, in the order of their first record since they last expired. */
export function replay(entries: Iterable<TransactionLogEntry>): Map<string, TransactionMetadata> {
  const states = new Map<string, TransactionMetadata>()
  for (const { transactionalId, value } of entries) {
    if (value === null) states.delete(transactionalId)
    else states.set(transactionalId, fromLogValue(transactionalId, value))
  }
  return states
}

function fromLogValue(transactionalId: string, value: TransactionLogValue): TransactionMetadata {
  return new TransactionMetadata(transactionalId, value.transactionStatus, {
    producerId: value.producerId,
    prevProducerId: value.previousProducerId,
    nextProducerId: value.nextProducerId,
    producerEpoch: value.producerEpoch,
    lastProducerEpoch: NO_PRODUCER_EPOCH,
    txnTimeoutMs: value.transactionTimeoutMs,
    topicPartitions: new Set(namesOf(value.transactionPartitions ?? [])),
    txnStartTimestamp: value.transactionStartTimestampMs,
    txnLastUpdateTimestamp: value.transactionLastUpdateTimestampMs,
    clientTransactionVersion: value.clientTransactionVersion,
  })
}

/** What a coordinator answers when it could not write its log. Source: TransactionStateManager. */
export function coordinatorError(appendError: ErrorCode): ErrorCode {
  switch (appendError) {
    case 'UNKNOWN_TOPIC_OR_PARTITION':
    case 'NOT_ENOUGH_REPLICAS':
    case 'NOT_ENOUGH_REPLICAS_AFTER_APPEND':
    case 'REQUEST_TIMED_OUT':
      return 'COORDINATOR_NOT_AVAILABLE'
    case 'NOT_LEADER_OR_FOLLOWER':
    case 'KAFKA_STORAGE_ERROR':
      return 'NOT_COORDINATOR'
    case 'MESSAGE_TOO_LARGE':
    case 'RECORD_LIST_TOO_LARGE':
      return 'UNKNOWN_SERVER_ERROR'
    default:
      return appendError
  }
}
