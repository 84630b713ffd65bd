import type { TopicPartition } from '../assignor/subscription.ts'
import type { Channel } from '../protocol/api.ts'
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP, type ListedOffset } from '../replication/message.ts'
import type { GroupMetadata } from '../transaction/client-request.ts'
import type { Commits } from './commits.ts'
import { CONSUMER_SWITCHES, type ConsumerConfig, type ConsumerSwitches } from './config.ts'
import { ConsumerError } from './error.ts'
import type { FetchPosition } from './fetch-position.ts'
import type {
  ConsumerHooks,
  ConsumerRecord,
  Done,
  OffsetAndMetadata,
  OffsetAndTimestamp,
  PartitionOffset,
} from './hooks.ts'
import type { TimeQuestion } from './offset-lookup.ts'
import { PollLoop } from './poll-loop.ts'
import type { JoinOffer, StableMember } from './stable-member.ts'

/** How long close may take. Source: Consumer.DEFAULT_CLOSE_TIMEOUT_MS. */
const CLOSE_TIMEOUT_MS = 30_000

/**
 * Kafka's Java consumer of both group protocols (ClassicKafkaConsumer, AsyncKafkaConsumer of Kafka 4.x) as a state
 * machine that somebody drives:
 *
 * - `poll` returns records at once or nothing. After nothing the application is *parked in poll*: the consumer goes on
 *   with what Kafka's does inside poll (rebalances with their callbacks, fetches, resets, auto-commits) by itself, until
 *   `wakeup` says that poll is worth calling again. After records, and after an error, the application is processing:
 *   max.poll.interval.ms runs, and nothing that belongs into poll happens before the next one. Who gives up a parked
 *   poll calls `leavePoll`. A seek, pause or resume takes effect with the next poll.
 * - `nextDeadlineMillis` is when `advance` must be called; nothing of a healthy idle consumer is in it.
 * - `heartbeatDeadlineMillis` is when a stable member sends its next heartbeat; Infinity while heartbeats are not mere
 *   routine (then they are in `nextDeadlineMillis`). A driver that knows that coordinator and link are healthy and that
 *   the group is stable need not `advance` to it: once that ends, `skipHeartbeats(nowMillis)` makes up for those which
 *   would have been sent and answered, and the next deadline is the first one after, on the same grid; without it, the one
 *   that is overdue leaves as soon as anything else happens. The same goes for
 *   `metadataDeadlineMillis` and `skipMetadataRefreshes`: the refresh by age, and the search for topics and leaders that
 *   were missing in the last answers too, as long as the cluster's metadata are those that the consumer has.
 * - A fetch that finds nothing may stay parked with the driver beyond fetch.max.wait.ms and request.timeout.ms, as
 *   long as the link is healthy: the consumer waits for the answer, and for nothing else. `fetchOutdated` says when that
 *   has to end.
 * - An auto-commit of positions that have not changed since the last one is not sent: Kafka repeats it every interval.
 *
 * Times are milliseconds and never decrease. Any method may be called from any hook or callback; a poll from within a
 * rebalance callback returns nothing.
 */
export class Consumer {
  readonly config: ConsumerConfig
  private readonly loop: PollLoop
  private state: 'open' | 'closing' | 'closed' = 'open'
  private closeMillis = Number.POSITIVE_INFINITY
  private hasLeft = false
  private closed: Done | undefined = undefined

  constructor(
    config: ConsumerConfig,
    channel: Channel,
    hooks: ConsumerHooks,
    switches: ConsumerSwitches = CONSUMER_SWITCHES,
  ) {
    this.config = config
    this.loop = new PollLoop(this.config, channel, hooks, switches)
  }

  /** Reads topics as a member of a group. @throws ConsumerError without a group id, or after `assign` */
  subscribe(topics: readonly string[]): void {
    this.checkOpen()
    this.groupOf()
    if (this.loop.subscriptions.subscribe(topics)) this.loop.metadata.requestUpdateForNewTopics()
  }

  /** Reads the topics whose names match, as the client sees them in its metadata. */
  subscribePattern(pattern: RegExp): void {
    this.checkOpen()
    this.groupOf()
    this.loop.subscriptions.subscribePattern(pattern)
    this.loop.metadata.requestUpdateForNewTopics()
  }

  /** Reads partitions without being assigned them by a group. @throws ConsumerError after `subscribe` */
  assign(partitions: readonly TopicPartition[]): void {
    this.checkOpen()
    this.loop.subscriptions.assignFromUser(partitions)
    this.loop.metadata.requestUpdateForNewTopics()
  }

  /** Leaves the group and forgets subscription and assignment. */
  unsubscribe(nowMillis: number, done: Done): void {
    this.checkOpen()
    const { loop } = this
    const left = (atMillis: number): void => {
      loop.endLeave()
      loop.subscriptions.unsubscribe()
      done(undefined, undefined, atMillis)
    }
    loop.beginLeave()
    if (loop.group === undefined) left(nowMillis)
    else loop.group.membership.leave(false, nowMillis, left)
    loop.run(nowMillis)
  }

  /**
   * What it would say of itself in JoinGroup; undefined if it would not, or if a group's empty partitions give it no
   * position.
   */
  offer(): JoinOffer | undefined {
    return this.config['auto.offset.reset'] === 'none' ? undefined : this.loop.offer()
  }

  /** Is a member of a stable group from now on, instead of joining it with the first poll. */
  resumeAs(member: StableMember, nowMillis: number): void {
    this.loop.resume(member, nowMillis)
  }

  /** @throws ConsumerError what Kafka's poll throws; it may be called again */
  poll(nowMillis: number): readonly ConsumerRecord[] {
    this.checkOpen()
    if (this.loop.subscriptions.isEmpty)
      throw illegal('Consumer is not subscribed to any topics or assigned any partitions')
    return this.loop.poll(nowMillis)
  }

  /** The application leaves a poll that has returned nothing, since its time is up. */
  leavePoll(nowMillis: number): void {
    this.loop.leavePoll(nowMillis)
  }

  /** Commits offsets, positions if undefined, again and again until default.api.timeout.ms (rule O2). */
  commitSync(offsets: readonly PartitionOffset[] | undefined, nowMillis: number, done: Done): void {
    const { commits, toCommit } = this.committing(offsets)
    const deadlineMillis = nowMillis + this.config['default.api.timeout.ms']
    if (toCommit.length === 0) done(undefined, undefined, nowMillis)
    else commits.commitUntil(toCommit, deadlineMillis, nowMillis, done)
    this.loop.run(nowMillis)
  }

  /** Commits offsets, positions if undefined, once. */
  commitAsync(offsets: readonly PartitionOffset[] | undefined, nowMillis: number, done: Done): void {
    const { commits, toCommit } = this.committing(offsets)
    if (toCommit.length === 0) done(undefined, undefined, nowMillis)
    else commits.commitOnce(toCommit, nowMillis, done)
    this.loop.run(nowMillis)
  }

  /** @throws ConsumerError if the partition is not assigned, or the offset negative */
  seek(partition: TopicPartition, offset: number, leaderEpoch = -1): void {
    this.checkOpen()
    if (offset < 0) throw illegal('seek offset must not be a negative number')
    const { metadata, subscriptions } = this.loop
    const state = subscriptions.get(partition)
    metadata.sawEpoch(partition, leaderEpoch)
    subscriptions.changes += 1
    const position: FetchPosition = {
      offset,
      offsetEpoch: leaderEpoch,
      currentLeader: metadata.leaderOf(partition),
    }
    state.seekUnvalidated(position)
  }

  /** All assigned partitions if none is named. */
  seekToBeginning(partitions: readonly TopicPartition[]): void {
    this.checkOpen()
    for (const state of this.named(partitions)) state.reset('earliest')
  }

  /** All assigned partitions if none is named. */
  seekToEnd(partitions: readonly TopicPartition[]): void {
    this.checkOpen()
    for (const state of this.named(partitions)) state.reset('latest')
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.loop.subscriptions.get(partition).isPaused = true
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.loop.subscriptions.get(partition).isPaused = false
  }

  /** Offset of the next record that poll returns; undefined while it is being found out. */
  position(partition: TopicPartition): number | undefined {
    const { position, hasValidPosition } = this.loop.subscriptions.get(partition)
    return hasValidPosition ? position?.offset : undefined
  }

  assignment(): readonly TopicPartition[] {
    return this.loop.subscriptions.partitions()
  }

  isAssigned(partition: TopicPartition): boolean {
    return this.loop.subscriptions.find(partition) !== undefined
  }

  paused(): readonly TopicPartition[] {
    return this.assignment().filter((partition) => this.loop.subscriptions.get(partition).isPaused)
  }

  subscription(): readonly string[] {
    return this.loop.subscriptions.isAutoAssigned ? this.loop.subscriptions.topics : []
  }

  /** As whom it is known to its group; empty while it is no member. */
  get memberId(): string {
    return this.groupOf().membership.identity.memberId
  }

  /** For the offsets of a transaction (KIP-447). */
  groupMetadata(): GroupMetadata {
    const { generationIdOrMemberEpoch, ...rest } = this.groupOf().membership.assignedIdentity
    return { groupId: this.config['group.id'] ?? '', generationId: generationIdOrMemberEpoch, ...rest }
  }

  /** Makes the next poll rejoin the group; without effect in group.protocol=consumer. */
  enforceRebalance(): void {
    this.groupOf().membership.enforceRebalance()
  }

  /** Values in the order of the partitions; undefined where nothing is committed. */
  committed(
    partitions: readonly TopicPartition[],
    nowMillis: number,
    done: Done<readonly (OffsetAndMetadata | undefined)[]>,
  ): void {
    this.checkOpen()
    const deadlineMillis = nowMillis + this.config['default.api.timeout.ms']
    this.groupOf().commits.fetchUntil(partitions, deadlineMillis, nowMillis, done)
    this.loop.run(nowMillis)
  }

  /** Values in the order of the partitions; undefined where no record is as late. */
  offsetsForTimes(
    times: readonly TimeQuestion[],
    nowMillis: number,
    done: Done<readonly (OffsetAndTimestamp | undefined)[]>,
  ): void {
    this.lookUp(times, nowMillis, (error, listed, atMillis) =>
      done(error, listed.map(toOffsetAndTimestamp), atMillis),
    )
  }

  beginningOffsets(
    partitions: readonly TopicPartition[],
    nowMillis: number,
    done: Done<readonly number[]>,
  ): void {
    this.lookUpEnds(partitions, EARLIEST_TIMESTAMP, nowMillis, done)
  }

  endOffsets(partitions: readonly TopicPartition[], nowMillis: number, done: Done<readonly number[]>): void {
    this.lookUpEnds(partitions, LATEST_TIMESTAMP, nowMillis, done)
  }

  /** Commits if auto-commit is on, calls back, leaves the group, and does no more; at most 30 s. */
  close(nowMillis: number, done: Done): void {
    if (this.state !== 'open') {
      done(undefined, undefined, nowMillis)
      return
    }
    const { loop } = this
    this.state = 'closing'
    this.closed = done
    this.closeMillis = nowMillis + CLOSE_TIMEOUT_MS
    loop.beginLeave()
    if (loop.group === undefined) this.hasLeft = true
    else
      loop.group.autoCommit.commitNow(this.closeMillis, nowMillis, (_error, _, atMillis) =>
        loop.group?.membership.leave(true, atMillis, () => {
          this.hasLeft = true
        }),
      )
    this.advance(nowMillis)
  }

  nextDeadlineMillis(): number {
    if (this.state === 'closed') return Number.POSITIVE_INFINITY
    // What ends a close may come true in an answer: the deadline in the past has it noticed.
    if (this.state === 'closing' && this.isCloseOver()) return 0
    return Math.min(this.closeMillis, this.loop.nextDeadlineMillis())
  }

  advance(nowMillis: number): void {
    if (this.state === 'closed') return
    this.loop.run(nowMillis)
    if (this.state !== 'closing' || (nowMillis < this.closeMillis && !this.isCloseOver())) return
    const { closed } = this
    this.state = 'closed'
    this.closed = undefined
    this.loop.client.close()
    closed?.(undefined, undefined, nowMillis)
  }

  heartbeatDeadlineMillis(): number {
    if (this.state === 'closed') return Number.POSITIVE_INFINITY
    return this.loop.group?.membership.heartbeatDeadlineMillis() ?? Number.POSITIVE_INFINITY
  }

  /** All routine heartbeats up to and including this moment were sent and answered. */
  skipHeartbeats(nowMillis: number): void {
    this.loop.group?.membership.skipHeartbeats(nowMillis)
  }

  /** Whether it asks time and again for a topic or a leader that is missing. */
  get isSearching(): boolean {
    return this.loop.metadata.isSearching
  }

  metadataDeadlineMillis(): number {
    return this.state === 'closed' ? Number.POSITIVE_INFINITY : this.loop.metadata.routineDeadlineMillis()
  }

  /** All refreshes of metadata that were due up to and including this moment have brought nothing new. */
  skipMetadataRefreshes(nowMillis: number): void {
    this.loop.metadata.skipRefreshes(nowMillis)
  }

  private isCloseOver(): boolean {
    return this.hasLeft && (this.loop.group?.commits.isIdle ?? true)
  }

  private checkOpen(): void {
    if (this.state !== 'open') throw illegal('This consumer has already been closed')
  }

  private groupOf(): NonNullable<PollLoop['group']> {
    const { group } = this.loop
    if (group !== undefined) return group
    throw new ConsumerError(
      'INVALID_GROUP_ID',
      'To use the group management or offset commit APIs, you must provide a valid group.id in the consumer configuration',
    )
  }

  private committing(offsets: readonly PartitionOffset[] | undefined): {
    readonly commits: Commits
    readonly toCommit: readonly PartitionOffset[]
  } {
    this.checkOpen()
    const { commits } = this.groupOf()
    return { commits, toCommit: offsets ?? this.loop.subscriptions.allConsumed() }
  }

  private named(partitions: readonly TopicPartition[]): ReturnType<typeof this.loop.subscriptions.get>[] {
    const { subscriptions } = this.loop
    subscriptions.changes += 1
    return partitions.length === 0
      ? [...subscriptions.states()]
      : partitions.map((partition) => subscriptions.get(partition))
  }

  private lookUp(
    questions: readonly TimeQuestion[],
    nowMillis: number,
    done: Done<readonly ListedOffset[]>,
  ): void {
    this.checkOpen()
    this.loop.lookUp(questions, nowMillis, done)
  }

  private lookUpEnds(
    partitions: readonly TopicPartition[],
    timestamp: number,
    nowMillis: number,
    done: Done<readonly number[]>,
  ): void {
    const questions = partitions.map(({ topic, partition }) => ({ topic, partition, timestamp }))
    this.lookUp(questions, nowMillis, (error, listed, atMillis) =>
      done(
        error,
        listed.map(({ offset }) => offset),
        atMillis,
      ),
    )
  }
}

function toOffsetAndTimestamp({
  offset,
  timestamp,
  leaderEpoch,
}: ListedOffset): OffsetAndTimestamp | undefined {
  return offset < 0 ? undefined : { offset, timestamp, leaderEpoch }
}

function illegal(message: string): ConsumerError {
  return new ConsumerError('ILLEGAL_STATE', message)
}
