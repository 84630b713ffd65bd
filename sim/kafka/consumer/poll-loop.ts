import type { Channel } from '../protocol/api.ts'
import type { ListedOffset } from '../replication/message.ts'
import { AutoCommit } from './auto-commit.ts'
import { type CallbackOwner, RebalanceCallbacks } from './callbacks.ts'
import { ClassicMembership } from './classic-membership.ts'
import { type ClientOwner, ConsumerClient } from './client.ts'
import { Commits } from './commits.ts'
import type { ConsumerConfig, ConsumerSwitches } from './config.ts'
import { ConsumerMembership } from './consumer-membership.ts'
import { CoordinatorLookup } from './coordinator-lookup.ts'
import { ConsumerError } from './error.ts'
import { startOf } from './fetch-position.ts'
import { Fetcher } from './fetcher.ts'
import type { ConsumerHooks, ConsumerRecord, Done } from './hooks.ts'
import type { Membership } from './membership.ts'
import { ConsumerMetadata, type MetadataOwner } from './metadata.ts'
import { OffsetFetcher } from './offset-fetcher.ts'
import { OffsetLookups, type TimeQuestion } from './offset-lookup.ts'
import { PollClock } from './poll-clock.ts'
import { Positions } from './positions.ts'
import type { JoinOffer, StableMember } from './stable-member.ts'
import { SubscriptionState } from './subscription-state.ts'

const NO_RECORDS: readonly ConsumerRecord[] = []

/** What a consumer has besides if it has a group.id. */
interface GroupParts {
  readonly coordinator: CoordinatorLookup
  readonly membership: Membership
  readonly commits: Commits
  readonly autoCommit: AutoCommit
}

/**
 * The parts of a consumer and the order in which they get on: what belongs into poll while the application is in poll,
 * the rest whenever something has happened. Source: ClassicKafkaConsumer.poll with its heartbeat thread, and
 * AsyncKafkaConsumer with its network thread, of Kafka 4.x.
 */
export class PollLoop implements ClientOwner, CallbackOwner, MetadataOwner {
  readonly subscriptions: SubscriptionState
  readonly client: ConsumerClient
  readonly metadata: ConsumerMetadata
  readonly callbacks: RebalanceCallbacks
  readonly group: GroupParts | undefined
  private readonly hooks: ConsumerHooks
  private readonly clock: PollClock
  private readonly fetcher: Fetcher
  private readonly offsetFetcher: OffsetFetcher
  private readonly positions: Positions
  /** Made when somebody looks something up. */
  private lookups: OffsetLookups | undefined = undefined
  /** The application is in a poll that has returned nothing. */
  private isParked = false
  private isRunning = false
  private isRunWanted = false
  private isWakeupTold = false
  private isPolling = false
  private isReady = false
  private isLeaving = false
  private error: ConsumerError | undefined = undefined
  private workMillis = Number.POSITIVE_INFINITY
  private seenAssignment = 0
  private seenVersion = 0

  constructor(config: ConsumerConfig, channel: Channel, hooks: ConsumerHooks, switches: ConsumerSwitches) {
    this.hooks = hooks
    this.subscriptions = new SubscriptionState(config['auto.offset.reset'], switches)
    this.client = new ConsumerClient(config, channel, this, hooks)
    this.metadata = new ConsumerMetadata(this.client, hooks, this)
    this.callbacks = new RebalanceCallbacks(hooks, this)
    this.clock = new PollClock(config['max.poll.interval.ms'])
    const { client, metadata, subscriptions } = this
    this.fetcher = new Fetcher(client, metadata, subscriptions, hooks)
    this.offsetFetcher = new OffsetFetcher(client, metadata, subscriptions, hooks)
    this.group = this.groupParts(config['group.id'])
    this.positions = new Positions(subscriptions, metadata, this.offsetFetcher, this.group?.commits)
  }

  disconnected(): void {
    this.metadata.requestUpdate()
  }

  settled(nowMillis: number): void {
    this.run(nowMillis)
  }

  /** What it says of itself when it joins a group; undefined if that is not the classic protocol. */
  offer(): JoinOffer | undefined {
    const { config } = this.client
    const membership = this.group?.membership
    if (!(membership instanceof ClassicMembership)) return undefined
    return {
      sessionTimeoutMs: config['session.timeout.ms'],
      rebalanceTimeoutMs: config['max.poll.interval.ms'],
      groupInstanceId: config['group.instance.id'],
      protocols: membership.protocols(),
    }
  }

  /** Is a member of a stable classic group that has read to the ends of its partitions, which are empty. */
  resume(member: StableMember, nowMillis: number): void {
    const { group, metadata, subscriptions } = this
    const membership = group?.membership
    if (group === undefined || !(membership instanceof ClassicMembership)) return
    membership.resume(member, nowMillis)
    metadata.resume(member.metadataOf, nowMillis)
    if (member.groupTopics !== undefined) membership.resumeLeading()
    group.coordinator.resume(member.coordinatorId, nowMillis)
    for (const state of subscriptions.states()) {
      state.seekValidated(startOf(metadata.leaderOf(state)))
    }
  }

  /** Looks offsets up by time. */
  lookUp(questions: readonly TimeQuestion[], nowMillis: number, done: Done<readonly ListedOffset[]>): void {
    this.lookups ??= new OffsetLookups(this.client, this.metadata)
    this.lookups.begin(questions, nowMillis, done)
    this.run(nowMillis)
  }

  /** @throws ConsumerError */
  poll(nowMillis: number): readonly ConsumerRecord[] {
    if (this.isPolling || this.callbacks.startedMillis !== undefined) return []
    this.clock.stop()
    this.group?.membership.polled(nowMillis)
    this.isParked = true
    if (this.isRunning) return this.parkInTurn()
    this.isWakeupTold = true
    this.isPolling = true
    try {
      this.run(nowMillis)
    } finally {
      this.isPolling = false
    }
    this.isWakeupTold = false
    try {
      this.throwError()
      const records = this.isReady && !this.callbacks.isBusy ? this.fetcher.collect(nowMillis) : []
      if (records.length === 0) return records
      this.leavePoll(nowMillis)
      this.fetcher.sendFetches(nowMillis)
      return records
    } catch (error) {
      this.leavePoll(nowMillis)
      throw error
    }
  }

  /** A poll from a callback that a turn has called, such as that of a commit which came too late: the turn goes on for it. */
  private parkInTurn(): readonly ConsumerRecord[] {
    this.isReady = false
    this.isWakeupTold = false
    this.isRunWanted = true
    return NO_RECORDS
  }

  leavePoll(nowMillis: number): void {
    this.isParked = false
    this.isReady = false
    this.clock.start(nowMillis)
  }

  /** The application is on its way out: callbacks may run, nothing is fetched. */
  beginLeave(): void {
    this.isParked = false
    this.isLeaving = true
    this.clock.stop()
  }

  endLeave(): void {
    this.isLeaving = false
  }

  /** Gets everything on that can get on. */
  run(nowMillis: number): void {
    this.isRunWanted = true
    if (this.isRunning) return
    this.isRunning = true
    try {
      while (this.isRunWanted) {
        this.isRunWanted = false
        this.runOnce(nowMillis)
      }
    } finally {
      this.isRunning = false
    }
    if (!this.isParked || this.isWakeupTold || !(this.isReady || this.error !== undefined)) return
    this.isWakeupTold = true
    this.hooks.wakeup(nowMillis)
  }

  nextDeadlineMillis(): number {
    const { group } = this
    let next = this.metadata.nextDeadlineMillis()
    if (this.lookups !== undefined) next = Math.min(next, this.lookups.nextDeadlineMillis())
    if (group !== undefined)
      next = Math.min(
        next,
        group.coordinator.nextDeadlineMillis(),
        group.membership.nextDeadlineMillis(),
        group.commits.nextDeadlineMillis(),
      )
    const isWorking = this.isParked && this.error === undefined && !this.isReady
    return isWorking ? Math.min(next, this.workMillis) : next
  }

  private groupParts(groupId: string | null): GroupParts | undefined {
    if (groupId === null) return undefined
    const { client, metadata, subscriptions, callbacks, clock } = this
    const coordinator = new CoordinatorLookup(client, metadata, groupId)
    const parts = { client, metadata, subscriptions, coordinator, callbacks, clock, groupId }
    const isClassic = client.config['group.protocol'] === 'classic'
    const membership = isClassic
      ? new ClassicMembership(parts)
      : new ConsumerMembership(parts, this.hooks.uuid())
    const commits = new Commits(client, coordinator, groupId, membership)
    const autoCommit = new AutoCommit(client.config, subscriptions, commits)
    membership.autoCommit = autoCommit
    return { coordinator, membership, commits, autoCommit }
  }

  metadataTopics(): readonly string[] | null {
    const topics = this.subscriptions.metadataTopics()
    if (topics === null || this.lookups === undefined) return topics
    return [...new Set([...topics, ...this.lookups.topics()])]
  }

  callbackEnded(nowMillis: number): void {
    if (this.isParked) this.clock.stop()
    this.run(nowMillis)
  }

  private throwError(): void {
    const { error } = this
    this.error = undefined
    if (error !== undefined) throw error
  }

  private runOnce(nowMillis: number): void {
    const { group } = this
    group?.membership.background(nowMillis)
    if (this.isParked && this.error === undefined) this.tryWork(nowMillis)
    else if (this.isLeaving) this.callbacks.pump(nowMillis)
    group?.membership.background(nowMillis)
    this.lookups?.maintain(nowMillis)
    group?.commits.maintain(nowMillis)
    this.metadata.maintain(nowMillis)
    group?.coordinator.maintain(nowMillis)
  }

  private tryWork(nowMillis: number): void {
    this.isReady = false
    try {
      this.work(nowMillis)
    } catch (error) {
      if (!(error instanceof ConsumerError)) throw error
      this.error = error
    }
    const { group } = this
    // Nothing of a poll gets on while a callback of the application runs: its end is a turn of its own.
    this.workMillis = this.callbacks.isBusy
      ? Number.POSITIVE_INFINITY
      : Math.min(
          group?.autoCommit.nextDeadlineMillis() ?? Number.POSITIVE_INFINITY,
          group?.membership.workDeadlineMillis() ?? Number.POSITIVE_INFINITY,
          this.fetcher.nextDeadlineMillis(),
          this.offsetFetcher.nextDeadlineMillis(),
        )
  }

  /** One turn of poll. @throws ConsumerError */
  private work(nowMillis: number): void {
    const { callbacks, group, metadata } = this
    if (callbacks.startedMillis !== undefined) return
    if (metadata.fatalError !== undefined) {
      const { fatalError } = metadata
      metadata.fatalError = undefined
      throw fatalError
    }
    this.matchPattern()
    group?.membership.work(nowMillis)
    if (callbacks.isBusy) {
      this.clock.start(nowMillis)
      callbacks.pump(nowMillis)
      return
    }
    group?.autoCommit.work(nowMillis)
    if (this.seenAssignment !== this.subscriptions.assignmentId) {
      this.seenAssignment = this.subscriptions.assignmentId
      this.fetcher.retainAssigned()
    }
    this.positions.update(nowMillis)
    const { changes } = this.subscriptions
    this.isReady = this.fetcher.settle(nowMillis)
    // What was fetched may have shown that a position is wrong.
    if (changes !== this.subscriptions.changes) this.positions.update(nowMillis)
    this.fetcher.sendFetches(nowMillis)
  }

  private matchPattern(): void {
    const { pattern } = this.subscriptions
    if (pattern === undefined || this.seenVersion === this.metadata.version) return
    this.seenVersion = this.metadata.version
    this.subscriptions.setTopics(this.metadata.matching(pattern))
  }
}
