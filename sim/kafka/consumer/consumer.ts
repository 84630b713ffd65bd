import type { TopicPartition } from '../assignor/subscription.ts'
import type { Channel } from '../protocol/api.ts'
import type { GroupMetadata } from '../transaction/client-request.ts'
import type { ConsumerSettings } from './config.ts'
import type {
  ConsumerHooks,
  ConsumerRecord,
  Done,
  OffsetAndMetadata,
  OffsetAndTimestamp,
  PartitionOffset,
} from './hooks.ts'

/**
 * Kafka's Java consumer of both group protocols (ClassicKafkaConsumer, AsyncKafkaConsumer of Kafka 4.x) as a state
 * machine that somebody drives:
 *
 * - `poll` returns records at once or nothing. After nothing the application is *parked in poll*: the consumer goes on
 *   with what Kafka's does inside poll (rebalances with their callbacks, fetches, resets, auto-commits) by itself, until
 *   `wakeup` says that poll is worth calling again. After records the application is processing: max.poll.interval.ms
 *   runs, and nothing that belongs into poll happens before the next one. Who gives up a parked poll calls `leavePoll`.
 * - `nextDeadlineMillis` is when `advance` must be called; nothing of a healthy idle consumer is in it.
 * - `heartbeatDeadlineMillis` is when a stable member sends its next heartbeat; Infinity while heartbeats are not mere
 *   routine (then they are in `nextDeadlineMillis`). A driver that knows that coordinator and link are healthy and that
 *   the group is stable need not `advance` to it: once that ends, `skipHeartbeats(nowMillis)` makes up for those which
 *   would have been sent and answered, and the next deadline is the first one after, on the same grid. The same goes for
 *   `metadataDeadlineMillis` and `skipMetadataRefreshes`, the refresh by age, as long as the cluster's metadata are those
 *   the consumer has.
 * - A fetch that finds nothing may stay parked with the driver beyond fetch.max.wait.ms and request.timeout.ms, as
 *   long as the link is healthy: the consumer waits for the answer, and for nothing else.
 * - An auto-commit of the offsets that were committed last is not sent: Kafka repeats it every interval.
 *
 * Times are milliseconds and never decrease. Any method may be called from any hook or callback.
 */
export declare class Consumer {
  /** @throws ConsumerConfigError */
  constructor(config: ConsumerSettings, channel: Channel, hooks: ConsumerHooks)

  /** Reads topics as a member of a group. @throws ConsumerError without a group id, or after `assign` */
  subscribe(topics: readonly string[]): void
  /** Reads the topics whose names match, as the client sees them in its metadata. */
  subscribePattern(pattern: RegExp): void
  /** Reads partitions without a group. @throws ConsumerError after `subscribe` */
  assign(partitions: readonly TopicPartition[], nowMillis: number): void
  /** Leaves the group and forgets subscription and assignment. */
  unsubscribe(nowMillis: number, done: Done): void

  /** @throws ConsumerError what Kafka's poll throws; it may be called again */
  poll(nowMillis: number): readonly ConsumerRecord[]
  /** The application leaves a poll that has returned nothing, since its time is up. */
  leavePoll(nowMillis: number): void

  /** Commits offsets, positions if undefined, again and again until default.api.timeout.ms (rule O2). */
  commitSync(offsets: readonly PartitionOffset[] | undefined, nowMillis: number, done: Done): void
  /** Commits offsets, positions if undefined, once. */
  commitAsync(offsets: readonly PartitionOffset[] | undefined, nowMillis: number, done: Done): void

  /** @throws ConsumerError if the partition is not assigned */
  seek(partition: TopicPartition, offset: number, leaderEpoch?: number): void
  seekToBeginning(partitions: readonly TopicPartition[]): void
  seekToEnd(partitions: readonly TopicPartition[]): void
  pause(partitions: readonly TopicPartition[]): void
  resume(partitions: readonly TopicPartition[]): void

  /** Offset of the next record that poll returns; undefined while it is being found out. */
  position(partition: TopicPartition): number | undefined
  assignment(): readonly TopicPartition[]
  paused(): readonly TopicPartition[]
  subscription(): readonly string[]
  groupMetadata(): GroupMetadata
  /** Makes the next poll rejoin the group. */
  enforceRebalance(): void

  /** Values in the order of the partitions; undefined where nothing is committed. */
  committed(
    partitions: readonly TopicPartition[],
    nowMillis: number,
    done: Done<readonly (OffsetAndMetadata | undefined)[]>,
  ): void
  /** Values in the order of the partitions; undefined where no record is as late. */
  offsetsForTimes(
    times: readonly (TopicPartition & { readonly timestamp: number })[],
    nowMillis: number,
    done: Done<readonly (OffsetAndTimestamp | undefined)[]>,
  ): void
  beginningOffsets(
    partitions: readonly TopicPartition[],
    nowMillis: number,
    done: Done<readonly number[]>,
  ): void
  endOffsets(partitions: readonly TopicPartition[], nowMillis: number, done: Done<readonly number[]>): void

  /** Commits if auto-commit is on, leaves the group, and does no more; at most 30 s. */
  close(nowMillis: number, done: Done): void

  nextDeadlineMillis(): number
  advance(nowMillis: number): void
  heartbeatDeadlineMillis(): number
  /** All routine heartbeats up to and including this moment were sent and answered. */
  skipHeartbeats(nowMillis: number): void
  metadataDeadlineMillis(): number
  /** All refreshes of metadata by age up to and including this moment have brought nothing new. */
  skipMetadataRefreshes(nowMillis: number): void
}
