import type { TopicPartition } from '../assignor/subscription.ts'
import type { ErrorCode } from '../error-code.ts'

/** What the consumer itself finds wrong, named after the exceptions of Kafka's clients. */
export type ConsumerFault =
  /** CommitFailedException: the group has moved on, the partitions may belong to someone else. */
  | 'COMMIT_FAILED'
  /** RetriableCommitFailedException: an asynchronous commit that may be tried again. */
  | 'RETRIABLE_COMMIT_FAILED'
  /** ConcurrentModificationException, IllegalStateException. */
  | 'ILLEGAL_STATE'
  /** LogTruncationException. */
  | 'LOG_TRUNCATION'
  /** NoOffsetForPartitionException. */
  | 'NO_OFFSET_FOR_PARTITION'
  /** A rebalance listener failed (KafkaException). */
  | 'REBALANCE_CALLBACK_FAILED'
  /** RecordDeserializationException's like: a batch that does not fit its checksum (KafkaException). */
  | 'CORRUPT_BATCH'
  /** TimeoutException. */
  | 'TIMEOUT'

/** After these another poll may do. */
export const PASSING_ERRORS: ReadonlySet<ConsumerFault | ErrorCode> = new Set<ConsumerFault | ErrorCode>([
  'LOG_TRUNCATION',
  'NO_OFFSET_FOR_PARTITION',
  'OFFSET_OUT_OF_RANGE',
  'CORRUPT_BATCH',
  'TIMEOUT',
])

/**
 * The consumer is dead, and another one may do: the cluster has lost the group, or still holds the last life of a static
 * member. Source: AbstractHeartbeatRequestManager, ConsumerHeartbeatRequestManager.
 */
export const ENDING_ERRORS: ReadonlySet<ConsumerFault | ErrorCode> = new Set<ConsumerFault | ErrorCode>([
  'GROUP_ID_NOT_FOUND',
  'UNRELEASED_INSTANCE_ID',
])

/** An exception of Kafka's consumer. */
export class ConsumerError extends Error {
  override readonly name = 'ConsumerError'
  readonly code: ConsumerFault | ErrorCode
  /** The partitions that it is about, if it is about any. */
  readonly partitions: readonly TopicPartition[]

  constructor(code: ConsumerFault | ErrorCode, message: string, partitions: readonly TopicPartition[] = []) {
    super(message)
    this.code = code
    this.partitions = partitions
  }
}

/** The error of a commit that comes too late. Source: CommitFailedException. */
export function commitFailed(): ConsumerError {
  return new ConsumerError(
    'COMMIT_FAILED',
    'Offset commit cannot be completed since the consumer is not part of an active group, or the group has already ' +
      'rebalanced and assigned the partitions to another member',
  )
}

/** The error of a poll in which a callback failed. */
export function callbackFailed(cause: unknown): ConsumerError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new ConsumerError('REBALANCE_CALLBACK_FAILED', `User rebalance callback throws an error: ${reason}`)
}
