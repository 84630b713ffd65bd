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
