import type { ErrorCode } from '../error-code.ts'

/**
 * What a producer fails with: Kafka's error of that name (REQUEST_TIMED_OUT for TimeoutException), or an exception that
 * is no error of the protocol.
 */
export type ProducerErrorCode =
  | ErrorCode
  | 'KAFKA_EXCEPTION'
  | 'COMMIT_FAILED'
  | 'ILLEGAL_STATE'
  | 'TRANSACTION_ABORTED'

/** An exception of Kafka's producer. */
export class ProducerError extends Error {
  override readonly name = 'ProducerError'
  readonly code: ProducerErrorCode

  constructor(code: ProducerErrorCode, message: string, cause?: ProducerError) {
    super(message, cause && { cause })
    this.code = code
  }
}

/** What an action is refused with; whatever else it throws is thrown. */
export function refusalOf(action: () => unknown): ProducerError | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    if (error instanceof ProducerError) return error
    throw error
  }
}

/** Errors whose exception is a RetriableException. Source: org.apache.kafka.common.errors of Kafka 4.x. */
const RETRIABLE: ReadonlySet<ProducerErrorCode> = new Set<ProducerErrorCode>([
  'CORRUPT_MESSAGE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'REQUEST_TIMED_OUT',
  'REPLICA_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'NOT_CONTROLLER',
  'CONCURRENT_TRANSACTIONS',
  'KAFKA_STORAGE_ERROR',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'OFFSET_NOT_AVAILABLE',
  'PREFERRED_LEADER_NOT_AVAILABLE',
  'ELIGIBLE_LEADERS_NOT_AVAILABLE',
  'ELECTION_NOT_NEEDED',
  'UNSTABLE_OFFSET_COMMIT',
  'INCONSISTENT_TOPIC_ID',
])

/** Whether a client may simply send the request again. */
export function isRetriable(code: ProducerErrorCode): boolean {
  return RETRIABLE.has(code)
}

/** Errors of a batch that end the producer, transactional or not. Source: maybeTransitionToErrorState. */
export function isFatalForBatch(code: ProducerErrorCode): boolean {
  return (
    code === 'PRODUCER_FENCED' || code === 'UNSUPPORTED_VERSION' || code === 'INVALID_PRODUCER_ID_MAPPING'
  )
}

/** What an error in the answer to a transactional request means. */
export type Verdict =
  | 'done'
  /** Look for the coordinator, then send again. */
  | 'rediscover'
  | 'retry'
  /** Another producer has taken over. */
  | 'fenced'
  | 'fatal'
  /** Abortable if an epoch bump can follow, else fatal. */
  | 'abortable-with-bump'
  | 'abortable'
  /** Not foreseen. */
  | 'unexpected'

/** The requests to transaction coordinators. */
export type CoordinatorApi = 'InitProducerId' | 'AddPartitionsToTxn' | 'AddOffsetsToTxn' | 'EndTxn'

/** The classification of errors of transaction coordinators. Source: handlers of TransactionManager of Kafka 4.x. */
export function verdictOn(api: CoordinatorApi, error: ErrorCode): Verdict {
  if (error === 'NONE') return 'done'
  if (error === 'NOT_COORDINATOR' || error === 'COORDINATOR_NOT_AVAILABLE') return 'rediscover'
  if (isRetriable(error)) return 'retry'
  if (error === 'INVALID_PRODUCER_EPOCH' || error === 'PRODUCER_FENCED') return 'fenced'
  if (error === 'TRANSACTION_ABORTABLE') return 'abortable'
  if (api === 'InitProducerId') return 'unexpected'
  if (error === 'INVALID_TXN_STATE' || error === 'INVALID_PRODUCER_ID_MAPPING') return 'fatal'
  return error === 'UNKNOWN_PRODUCER_ID' ? 'abortable-with-bump' : 'unexpected'
}

/** What an error in the answer to TxnOffsetCommit means for one partition. */
export function verdictOnOffsetCommit(error: ErrorCode): Verdict | 'commit-failed' {
  switch (error) {
    case 'NONE':
      return 'done'
    case 'COORDINATOR_NOT_AVAILABLE':
    case 'NOT_COORDINATOR':
    case 'REQUEST_TIMED_OUT':
      return 'rediscover'
    case 'FENCED_INSTANCE_ID':
    case 'TRANSACTION_ABORTABLE':
      return 'abortable'
    case 'UNKNOWN_MEMBER_ID':
    case 'ILLEGAL_GENERATION':
      return 'commit-failed'
    case 'INVALID_PRODUCER_EPOCH':
    case 'PRODUCER_FENCED':
      return 'fenced'
    default:
      return isRetriable(error) ? 'retry' : 'unexpected'
  }
}
