import type { TopicPartition } from '../assignor/subscription.ts'
import type { LogRecord } from '../log/batch.ts'
import type { ConsumerError } from './error.ts'

/** A record with where and when it was written. */
export interface ConsumerRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Epoch of the leader that wrote it; -1 if unknown. */
  readonly leaderEpoch: number
  /** Milliseconds; -1 for none. */
  readonly timestamp: number
  /** The very record that was produced: key, value, headers and whatever else came along. */
  readonly record: LogRecord
}

/** A committed offset: of the next record to be read (rule F5). */
export interface OffsetAndMetadata {
  readonly offset: number
  /** Epoch of the last record that was read; -1 if unknown. */
  readonly leaderEpoch: number
  readonly metadata: string
}

export interface PartitionOffset extends TopicPartition, OffsetAndMetadata {}

/** The first record at or after a time. */
export interface OffsetAndTimestamp {
  readonly offset: number
  readonly timestamp: number
  readonly leaderEpoch: number
}

/** Hears how an operation ended, once, maybe before the call that began it has returned. */
export type Done<Value = void> = (error: ConsumerError | undefined, value: Value, nowMillis: number) => void

/**
 * ConsumerRebalanceListener, whose callbacks run inside poll. Each ends by calling `done`, at once or later; until then
 * the application's thread is in the callback: the consumer may commit, seek and so on, but returns no records.
 */
export interface RebalanceListener {
  onPartitionsAssigned(partitions: readonly TopicPartition[], done: CallbackDone): void
  onPartitionsRevoked(partitions: readonly TopicPartition[], done: CallbackDone): void
  /** Another member may have them already. */
  onPartitionsLost(partitions: readonly TopicPartition[], done: CallbackDone): void
}

/** @param error what the callback threw: the next poll fails with it */
export type CallbackDone = (nowMillis: number, error?: unknown) => void

/** What a consumer tells whoever runs it, and needs of them. */
export interface ConsumerHooks extends RebalanceListener {
  /** Brokers that it may ask first (bootstrap.servers); at least one. */
  readonly bootstrapNodes: readonly number[]
  /**
   * Whether there is a rebalance listener, which is so unless it is said; its callbacks are not called otherwise. Without
   * one, and without auto-commit, a member of group.protocol=consumer gives up partitions while the application does
   * not poll.
   */
  readonly hasRebalanceListener?: boolean
  /**
   * The next poll returns records or throws, where the one before returned nothing. Told once between two polls, as the
   * last thing before the call returns in which it comes true, so that poll may be called from within.
   */
  wakeup(nowMillis: number): void
  /**
   * The Fetch that is parked at a node is not what the consumer would ask now, since partitions or positions have
   * changed: it is to be answered after a multiple of fetch.max.wait.ms, as Kafka's would be, so that another can be
   * sent.
   */
  fetchOutdated(nodeId: number, nowMillis: number): void
  /** auto.offset.reset has given a partition its position. */
  positionReset?(partition: TopicPartition, offset: number): void
  /** Chooses among 0, 1, ..., bound - 1, for the jitter of back-offs. */
  randomBelow(bound: number): number
  /** A unique id, as Kafka's Uuid.randomUuid: the member id of group.protocol=consumer. Asked for once. */
  uuid(): string
}
