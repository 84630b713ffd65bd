import type { Micros } from '../kernel/time.ts'

const MINUTE_MICROS = 60_000_000
const DAY_MICROS = 86_400_000_000

/**
 * How one queue behaves. `sqs` and `amqp` differ beyond these members: a message that was delivered too often is moved
 * when somebody tries to receive it (SQS) or when it comes back (RabbitMQ's quorum queues); one that is too old is deleted
 * (SQS) or dead-lettered (RabbitMQ); a consumer's end gives back what it held at its time-out (SQS) or when its
 * connection breaks (AMQP 0-9-1).
 */
export interface QueueConfig {
  readonly protocol: 'sqs' | 'amqp'
  /**
   * Which message that may be delivered is delivered next: any, by a choice of the run (SQS standard); the one that came
   * first (RabbitMQ); any but within one message group the one that came first, while none of the group is in flight (SQS FIFO).
   */
  readonly order: 'none' | 'arrival' | 'groups'
  /** How long a message that was delivered stays invisible (SQS VisibilityTimeout); Infinity: until it is settled. */
  readonly visibilityTimeoutMicros: Micros
  /** How long a message is invisible at first (SQS DelaySeconds). */
  readonly delayMicros: Micros
  /** How long a message is kept (SQS MessageRetentionPeriod, RabbitMQ x-message-ttl). */
  readonly retentionMicros: Micros
  /** What becomes of a message that is too old: SQS deletes it; RabbitMQ passes it on, where there are dead letters. */
  readonly expired: 'deleted' | 'dead-lettered'
  /** After how many deliveries it is discarded (SQS maxReceiveCount; RabbitMQ's x-delivery-limit counts the returns: one less). */
  readonly maxDeliveries: number
  /** For how long a deduplication id is remembered after it was first accepted (SQS FIFO: 5 minutes); 0: not. */
  readonly deduplicationMicros: Micros
  /** How many messages a consumer may hold (AMQP basic.qos prefetch_count). */
  readonly prefetch: number
}

/** A standard queue of Amazon SQS with its defaults, and ours for the consumer: as many as one receive can take. */
export const SQS_DEFAULTS: QueueConfig = {
  protocol: 'sqs',
  order: 'none',
  visibilityTimeoutMicros: MINUTE_MICROS / 2,
  delayMicros: 0,
  retentionMicros: 4 * DAY_MICROS,
  expired: 'deleted',
  maxDeliveries: Number.POSITIVE_INFINITY,
  deduplicationMicros: 0,
  prefetch: 10,
}

/** What an SQS queue of type FIFO has besides. */
export const SQS_FIFO: Pick<QueueConfig, 'order' | 'deduplicationMicros'> = {
  order: 'groups',
  deduplicationMicros: 5 * MINUTE_MICROS,
}

/** RabbitMQ's default of x-delivery-limit for quorum queues, from 4.0. */
export const DELIVERY_LIMIT = 20

/** A quorum queue of RabbitMQ 4 with its defaults; RabbitMQ bounds no prefetch, which client libraries do. */
export const AMQP_DEFAULTS: QueueConfig = {
  protocol: 'amqp',
  order: 'arrival',
  visibilityTimeoutMicros: Number.POSITIVE_INFINITY,
  delayMicros: 0,
  retentionMicros: Number.POSITIVE_INFINITY,
  expired: 'dead-lettered',
  maxDeliveries: DELIVERY_LIMIT + 1,
  deduplicationMicros: 0,
  prefetch: 10,
}
