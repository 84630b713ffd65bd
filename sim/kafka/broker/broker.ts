import type { MetadataBatch } from '../controller/record.ts'
import type { ApiName, ApiRequest } from '../protocol/api.ts'
import { Administration } from './administration.ts'
import type { BrokerConfig, BrokerSwitches } from './config.ts'
import { BROKER_SWITCHES } from './config.ts'
import { BrokerContext } from './context.ts'
import { Fetches } from './fetch.ts'
import { Groups } from './groups.ts'
import { dispatch, type Services } from './handlers.ts'
import { type BrokerDisk, type BrokerHost, EMPTY_DISK, type StandingBroker } from './host.ts'
import { IsrChecks } from './isr-checks.ts'
import { type BrokerState, Lifecycle } from './lifecycle.ts'
import { Maintenance } from './maintenance.ts'
import { MetadataAnswers } from './metadata-answer.ts'
import { MetadataPublisher } from './metadata-publisher.ts'
import { OffsetsAnswers } from './offsets-answer.ts'
import { Produce } from './produce.ts'
import type { Replica } from './replica.ts'
import { type LossOf, Replicas } from './replicas.ts'
import { Replicator } from './replicator.ts'
import type { Respond } from './respond.ts'
import { GROUP_METADATA_TOPIC, TRANSACTION_STATE_TOPIC } from './topic.ts'
import { Transactions } from './transactions.ts'

/**
 * One life of one broker of a KRaft cluster, from its start to its end. It schedules nothing: whoever runs it delivers
 * requests and metadata, and calls `advance` at `nextDeadlineMillis` and `heartbeat` at `heartbeatDeadlineMillis`. After
 * its end it must not be used again. Sources: BrokerServer, KafkaApis, ReplicaManager of Apache Kafka. Out of scope:
 * authorization, quotas, tiered storage, share groups, several log directories.
 */
export class Broker {
  readonly id: number
  /** The replicas that it has, to look at. */
  readonly replicas: Replicas
  private readonly context: BrokerContext
  private readonly lifecycle: Lifecycle
  private readonly maintenance: Maintenance
  private readonly isrChecks: IsrChecks
  private readonly replicator: Replicator
  private readonly groups: Groups
  private readonly transactions: Transactions
  private readonly fetches: Fetches
  private readonly publisher: MetadataPublisher
  private readonly services: Services
  /** When it has work for which somebody waits, and some for which nobody does, as of the last `findDeadlines`. */
  workMillis = Number.NaN
  housekeepingMillis = Number.NaN
  private stopped: ((disk: BrokerDisk) => void) | undefined

  /**
   * Starts the broker: it registers with the controller, and serves when it has heard that.
   * @param disk what its last life left
   * @param standing what it is like if it has been up already
   */
  constructor(
    id: number,
    config: BrokerConfig,
    host: BrokerHost,
    nowMillis: number,
    disk: BrokerDisk = EMPTY_DISK,
    switches: BrokerSwitches = BROKER_SWITCHES,
    standing?: StandingBroker,
  ) {
    this.id = id
    const context = new BrokerContext(id, config, switches, host)
    this.context = context
    context.startMillis = nowMillis
    context.nowMillis = nowMillis
    this.maintenance = new Maintenance(config, nowMillis)
    this.isrChecks = new IsrChecks(context)
    this.replicator = new Replicator(context)
    this.replicas = new Replicas(context, this.maintenance, this, disk.logs)
    this.groups = new Groups(context)
    this.transactions = new Transactions(context, this.replicas, this.groups)
    this.fetches = new Fetches(context, this.replicas)
    this.publisher = new MetadataPublisher(context, this.replicas, (topics, deleted) => {
      this.groups.topicsChanged(topics, deleted)
      this.transactions.metadataChanged(context.nowMillis)
      this.replicator.flush()
    })
    this.services = this.servicesOf(context)
    this.lifecycle = new Lifecycle(
      context,
      disk.cleanShutdownEpoch,
      () => this.catchUp(),
      (atMillis) => this.stop(atMillis),
    )
    context.changed = (replica) => this.onChanged(replica)
    if (standing === undefined) this.lifecycle.start()
    else this.resume(standing, nowMillis)
  }

  get state(): BrokerState {
    return this.lifecycle.state
  }

  /** A write did not fit on its disk: nothing can be read or written any more. Kafka's process ends itself then. */
  get hasFailedStorage(): boolean {
    return this.context.disk.offline
  }

  /** The life of the broker; -1 before it is registered. */
  get brokerEpoch(): number {
    return this.context.brokerEpoch
  }

  /** Offset of the last metadata record that it has heard. */
  get metadataOffset(): number {
    return this.context.metadata.offset
  }

  /** Broker epoch of another broker, as far as this one has heard; undefined of one that was never registered. */
  knownBrokerEpoch(brokerId: number): number | undefined {
    return this.context.metadata.brokers.get(brokerId)?.brokerEpoch
  }

  /** Handles a request of a client or of another broker. Before the broker serves, it closes the connection. */
  handle<Api extends ApiName>(request: ApiRequest<Api>, nowMillis: number, respond: Respond<Api>): void {
    const { context } = this
    context.nowMillis = nowMillis
    if (this.publisher.isPublishing) {
      dispatch(this.services, request, respond)
      context.settle()
    } else respond(undefined)
  }

  /** The next request on a connection waits behind a fetch. @param respond with which the fetch was handed over */
  press(respond: Respond<'Fetch'>, nowMillis: number): void {
    this.context.nowMillis = nowMillis
    this.fetches.press(respond)
  }

  /** The next batch of metadata, in order. */
  applyMetadata(batch: MetadataBatch, nowMillis: number): void {
    const { context } = this
    context.nowMillis = nowMillis
    this.publisher.apply(batch)
    this.catchUp()
    context.settle()
  }

  /** When `advance` has something to do; Infinity for a broker at rest. */
  nextDeadlineMillis(): number {
    const { context } = this
    return Math.min(
      context.timers.nextMillis(),
      this.groups.nextDeadlineMillis(),
      this.transactions.workDeadlineMillis(),
      this.housekeepingDeadlineMillis(),
    )
  }

  /**
   * When it looks for followers that lag, old segments and logs to compact: the part of `nextDeadlineMillis` for which
   * nobody waits, so that a simulation need not go on for its sake.
   */
  private housekeepingDeadlineMillis(): number {
    return Math.min(
      this.groups.housekeepingDeadlineMillis(),
      this.transactions.housekeepingDeadlineMillis(),
      this.isrChecks.nextDeadlineMillis(),
      this.maintenance.nextDeadlineMillis(this.context.nowMillis),
    )
  }

  /**
   * Finds the deadlines for whoever runs it: most of what it does changes none of them.
   * @returns whether there is another than when it was last asked
   */
  findDeadlines(): boolean {
    const workMillis = Math.min(
      this.context.timers.nextMillis(),
      this.groups.workDeadlineMillis(),
      this.transactions.workDeadlineMillis(),
    )
    const housekeepingMillis = this.housekeepingDeadlineMillis()
    if (workMillis === this.workMillis && housekeepingMillis === this.housekeepingMillis) return false
    this.workMillis = workMillis
    this.housekeepingMillis = housekeepingMillis
    return true
  }

  /** Does what has become due, in order of deadline. */
  advance(nowMillis: number): void {
    const { context } = this
    for (let due = this.nextDeadlineMillis(); due <= nowMillis; due = this.nextDeadlineMillis()) {
      const atMillis = Math.max(due, context.nowMillis)
      context.nowMillis = atMillis
      context.timers.advance(atMillis)
      this.groups.changed()
      this.groups.advance(atMillis)
      this.transactions.advance(atMillis)
      this.isrChecks.advance(atMillis)
      if (this.maintenance.advance(atMillis)) {
        this.fetches.logsChanged()
        this.replicator.logsChanged()
      }
      context.settle()
    }
    context.nowMillis = nowMillis
  }

  /** Whether nobody of a group that it coordinates has anything to hear in a heartbeat. */
  isStable(groupId: string): boolean {
    return this.groups.isStable(groupId)
  }

  /** Whether a group that it coordinates has a member. */
  hasMember(groupId: string, memberId: string): boolean {
    return this.groups.hasMember(groupId, memberId)
  }

  /** Routine heartbeats of a member are not sent one by one: its session does not run out until `resumeSession`. */
  suspendSession(groupId: string, memberId: string): void {
    this.groups.suspendSession(groupId, memberId)
  }

  /** The last routine heartbeat of a member came at this time. */
  resumeSession(groupId: string, memberId: string, heardMillis: number): void {
    this.groups.resumeSession(groupId, memberId, heardMillis)
  }

  /** All heartbeats up to and including this moment were sent and answered. */
  skipHeartbeats(nowMillis: number): void {
    this.lifecycle.skipHeartbeats(nowMillis)
  }

  /** When the controller has to hear of the broker, or takes it for dead some time later. */
  heartbeatDeadlineMillis(): number {
    return this.lifecycle.heartbeatDeadlineMillis
  }

  /** Tells the controller that it is alive, if that is due. */
  heartbeat(nowMillis: number): void {
    this.lifecycle.heartbeat(nowMillis)
  }

  /** Another broker's process has ended: nobody waits for the answer to its fetch. */
  disconnected(brokerId: number, nowMillis: number): void {
    this.context.nowMillis = nowMillis
    this.fetches.drop(brokerId)
  }

  /** Its logs are moved to another directory: whoever waits for them looks again. */
  moveLogs(nowMillis: number): void {
    const { context } = this
    context.nowMillis = nowMillis
    this.replicas.moveLogs()
    context.settle()
  }

  /**
   * Another broker stands still: its fetch here is answered, as it would be in a moment, and not sent again. To be told
   * since followers wait here without a time limit.
   */
  unresponsive(brokerId: number, nowMillis: number): void {
    this.context.nowMillis = nowMillis
    this.fetches.release(brokerId)
  }

  /** Shuts down in order (rule C8): others take over what it leads, then it stops. @param stopped hears what its disk holds */
  shutDown(nowMillis: number, stopped: (disk: BrokerDisk) => void): void {
    this.context.nowMillis = nowMillis
    this.stopped = stopped
    this.lifecycle.beginShutdown()
  }

  /** The process dies. @returns what its disk holds */
  crashProcess(nowMillis: number): BrokerDisk {
    return { logs: this.replicas.crashProcess(nowMillis), cleanShutdownEpoch: -1 }
  }

  /** The machine dies. @param lossOf what is lost of each log; all that was not flushed unless it says otherwise */
  crashMachine(nowMillis: number, lossOf: LossOf = () => undefined): BrokerDisk {
    return { logs: this.replicas.crashMachine(nowMillis, lossOf), cleanShutdownEpoch: -1 }
  }

  /** A replica becomes leader, or leads in a new epoch. */
  onLeader(replica: Replica, nowMillis: number): void {
    this.replicator.changed(replica)
    if (replica.topic === GROUP_METADATA_TOPIC) this.groups.elected(replica, nowMillis)
    else if (replica.topic === TRANSACTION_STATE_TOPIC) this.transactions.elected(replica, nowMillis)
  }

  /** A replica becomes follower, or follows in a new epoch. */
  onFollower(replica: Replica, nowMillis: number): void {
    this.replicator.changed(replica)
    const { topic, index, partition } = replica
    if (topic === GROUP_METADATA_TOPIC) this.groups.resigned(index, nowMillis)
    else if (topic === TRANSACTION_STATE_TOPIC)
      this.transactions.resigned(index, partition.leaderEpoch, nowMillis)
  }

  /** A replica is deleted. */
  onRemoved(replica: Replica, nowMillis: number): void {
    this.replicator.changed(replica)
    if (replica.topic === GROUP_METADATA_TOPIC) this.groups.resigned(replica.index, nowMillis)
    else if (replica.topic === TRANSACTION_STATE_TOPIC)
      this.transactions.resigned(replica.index, undefined, nowMillis)
  }

  private resume({ brokerEpoch, metadata, contents, groups }: StandingBroker, nowMillis: number): void {
    this.context.brokerEpoch = brokerEpoch
    this.publisher.resume(metadata)
    this.lifecycle.resume()
    this.replicas.resume(contents, nowMillis)
    this.groups.resume(groups)
    this.replicator.resume()
    this.context.settle()
  }

  private onChanged(replica: Replica): void {
    this.maintenance.changed()
    this.fetches.changed(replica)
    if (replica.topic === GROUP_METADATA_TOPIC) this.groups.changed()
    if (replica.partition.isLeader && replica.partition.isr.committed.length > 1)
      this.isrChecks.suspect(replica)
  }

  /** Serves once it has heard of its own registration; until then the metadata are of the past. */
  private catchUp(): void {
    const { context, publisher } = this
    const registered = context.metadata.brokers.get(this.id)
    if (context.brokerEpoch < 0 || registered?.brokerEpoch !== context.brokerEpoch) return
    if (!publisher.isPublishing) publisher.start()
    this.lifecycle.caughtUp()
  }

  private stop(nowMillis: number): void {
    const logs = this.replicas.shutDown(nowMillis)
    this.stopped?.({ logs, cleanShutdownEpoch: this.context.brokerEpoch })
  }

  private servicesOf(context: BrokerContext): Services {
    const { replicas, fetches, groups, transactions } = this
    return {
      context,
      replicas,
      produce: new Produce(context, replicas, transactions),
      fetches,
      metadata: new MetadataAnswers(context),
      offsets: new OffsetsAnswers(context, replicas),
      groups,
      transactions,
      administration: new Administration(context),
    }
  }
}
