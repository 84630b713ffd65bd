import type { Process, ProcessResource } from '../cluster/process.ts'
import type { Entity } from '../kernel/choice.ts'
import { SimError } from '../kernel/error.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import { pushed, roomForOne } from '../kernel/list.ts'
import { hashText } from '../kernel/mix.ts'
import { clockMillis, momentOf } from '../kernel/time.ts'
import { Alarm } from './alarm.ts'
import type { TopicPartition } from './assignor/subscription.ts'
import { type ChannelOwner, ClientChannel } from './client-channel.ts'
import type { ClientObserver } from './client-observer.ts'
import type { KafkaCluster } from './cluster.ts'
import { heartbeatIntervalMillis, sessionTimeoutMillis } from './config.ts'
import type { ConsumerSettings } from './consumer/config.ts'
import { Consumer } from './consumer/consumer.ts'
import { ConsumerError, ENDING_ERRORS, PASSING_ERRORS } from './consumer/error.ts'
import type { CallbackDone, ConsumerHooks, ConsumerRecord, PartitionOffset } from './consumer/hooks.ts'
import type { StableMember } from './consumer/stable-member.ts'
import { isStableMember, memberRoutine } from './member-heartbeats.ts'
import type { Routine } from './routine.ts'
import type { SentRecord } from './sent-record.ts'
import { partitionTexts } from './transaction/partition-text.ts'

/** After which poll is tried again, or a supervisor starts a process again that has ended by itself. */
const AGAIN_MICROS = 1_000_000
const NO_RECORDS: readonly PolledRecord[] = []
/** Nobody writes to it. */
const NOTHING_POLLED: PolledRecord[] = []

/** A record with where it was read. */
export interface PolledRecord extends TopicPartition {
  readonly offset: number
  /** Its partition, as traces name it: `orders/3`. */
  readonly place: string
  readonly record: SentRecord
}

/** A partition as traces name it. */
export const placeOf = partitionTexts('/')

/** What the application does with a consumer. */
export interface ConsumerApplication {
  /** A poll would return something now, after one that did not. */
  onRecords(): void
  /** Partitions came, or went: then the group waits until this returns. */
  onAssignment?(change: 'assigned' | 'revoked' | 'lost', partitions: readonly TopicPartition[]): void
  /** Partitions are to be given up, for which the group waits until `done` is called; after `onAssignment`. */
  onRevocation?(partitions: readonly TopicPartition[], done: () => void): void
}

/** Kafka's consumer in one life of a process: one member of one group. */
export class ConsumerClient implements ConsumerHooks, ChannelOwner, ProcessResource {
  readonly process: Process
  readonly groupId: string
  readonly consumer: Consumer
  resourceIndex = -1
  private readonly cluster: KafkaCluster
  private readonly observer: ClientObserver | undefined
  private readonly application: ConsumerApplication
  private readonly incarnation: Incarnation
  private readonly channel: ClientChannel
  readonly heartbeatIntervalMillis: number
  readonly sessionTimeoutMillis: number
  /** By partition, as soon as there is one. */
  private causes: Map<string, readonly number[]> | undefined = undefined
  /** The last record of each partition of which some were polled since the last commit. */
  private polled = NOTHING_POLLED
  // Alarms are made when there is first something to wait for.
  private alarm: Alarm | undefined = undefined
  private heartbeats: Alarm | undefined = undefined
  private refresh: Alarm | undefined = undefined
  /** Rings when poll is tried again after an error. */
  private again: Alarm | undefined = undefined
  /** Offset of the cluster's metadata that its own are at least as new as. */
  private metadataOffset = -1
  /** With the coordinator, while it may leave out heartbeats. */
  private routine: Routine | undefined = undefined
  /** Whether it leaves, or has left, its group. */
  private isLeaving = false

  constructor(
    cluster: KafkaCluster,
    process: Process,
    groupId: string,
    topics: readonly string[],
    application: ConsumerApplication,
    settings?: ConsumerSettings,
  ) {
    const { network } = cluster
    this.cluster = cluster
    this.observer = cluster.clientObserver
    this.process = process
    this.groupId = groupId
    this.application = application
    this.incarnation = process.incarnation
    this.channel = new ClientChannel(network, process, cluster.nodes, this)
    const config = cluster.consumerConfig(process.name, groupId, settings)
    this.heartbeatIntervalMillis = heartbeatIntervalMillis(config, cluster.brokerConfig)
    this.sessionTimeoutMillis = sessionTimeoutMillis(config, cluster.brokerConfig)
    const channel = this.observer?.channelOf(this, this.channel) ?? this.channel
    this.consumer = new Consumer(config, channel, this, cluster.switches)
    this.consumer.subscribe(topics)
    process.attach(this)
    cluster.join(this)
  }

  get bootstrapNodes(): readonly number[] {
    return [...this.cluster.nodes.keys()]
  }

  /** Whether the life of the process that it belongs to goes on. */
  get alive(): boolean {
    return this.incarnation.alive
  }

  private get nowMillis(): number {
    return clockMillis(this.cluster.kernel.nowMicros)
  }

  heardMetadata(metadataOffset: number): void {
    this.metadataOffset = metadataOffset
  }

  /** Begins to poll. */
  start(): void {
    this.application.onRecords()
  }

  /** Begins to poll as a member of a stable group. */
  resumeAs(member: StableMember): void {
    this.channel.reachCoordinator(member.coordinatorId)
    this.metadataOffset = this.cluster.controller.controller.metadata.offset
    this.consumer.resumeAs(member, this.nowMillis)
    this.onPartitionsAssigned(member.assignment, () => {})
    // A member is heard of even if its application does not poll yet.
    this.settle()
    this.start()
  }

  /** The next records; none if there are none now: then the application hears when there are. */
  poll(): readonly PolledRecord[] {
    const records = this.tryPoll()
    this.settle()
    if (records.length === 0) return NO_RECORDS
    const polled = new Array<PolledRecord>(records.length)
    let count = 0
    for (const { topic, partition, offset, record } of records) {
      const one = { topic, partition, offset, place: placeOf(topic, partition), record: record as SentRecord }
      polled[count++] = one
      this.keep(one)
    }
    this.cluster.polled(polled)
    this.observer?.polled(this, polled)
    return polled
  }

  /** Takes note of a polled record. */
  private keep(one: PolledRecord): void {
    const { polled } = this
    for (let at = 0; at < polled.length; at++)
      if (polled[at]?.place === one.place) {
        polled[at] = one
        return
      }
    this.polled = pushed(polled, one)
  }

  /** What poll throws is logged and tried again, ends the process, or is a mistake that no other life would mend. */
  private tryPoll(): readonly ConsumerRecord[] {
    const { process, cluster, groupId } = this
    try {
      return this.consumer.poll(this.nowMillis)
    } catch (error) {
      if (!(error instanceof ConsumerError)) throw error
      const { kernel } = cluster
      kernel.digest.word(hashText(error.code, 5))
      const data = { handler: 'poll', error: error.code, message: error.message }
      kernel.cause = kernel.record('failed', process.name, undefined, kernel.cause, kernel.trace && data)
      if (PASSING_ERRORS.has(error.code)) {
        this.again ??= new Alarm(process, () => this.application.onRecords())
        this.again.set(kernel.nowMicros + AGAIN_MICROS, false)
      } else if (ENDING_ERRORS.has(error.code)) this.endProcess(kernel.cause)
      else
        kernel.fail(
          new SimError(
            'definition',
            `the consumer of ${process.name} in group ${groupId} failed with ${error.code}: ${error.message}`,
          ),
        )
      return []
    }
  }

  /** As an exception does that nobody catches; what it is in the midst of it ends before. */
  private endProcess(cause: number): void {
    const end = { onEvent: () => this.alive && this.process.crash(cause, AGAIN_MICROS) }
    this.process.kernel.schedule(0, this.process.entity, end, 0, undefined)
  }

  /** Ids of why the records of a partition are read, if a trace is kept: an assignment, a rewind. */
  causesOf(place: string): readonly number[] {
    return this.causes?.get(place) ?? []
  }

  /**
   * Commits the positions in the partitions that were polled since the last commit: what was polled is done with.
   * @param done called when the coordinator has answered, with why it has not taken them if it has not
   */
  commit(entity: Entity, cause: number, done: (error: ConsumerError | undefined) => void): void {
    const offsets = this.uncommitted()
    this.polled = NOTHING_POLLED
    this.commitOffsets(offsets, entity, cause, done)
  }

  /** Commits offsets of the application's own choice: each that of the next record to read. */
  commitOffsets(
    offsets: readonly PartitionOffset[],
    entity: Entity,
    cause: number,
    done: (error: ConsumerError | undefined) => void,
  ): void {
    this.cluster.kernel.cause = cause
    this.channel.entity = entity
    this.consumer.commitSync(offsets, this.nowMillis, done)
    this.settle()
  }

  /** Leaves the group in order, after a last commit where commits are automatic; `done` is called when it has left. */
  close(done: () => void): void {
    this.isLeaving = true
    // Heartbeats that were left out are no silence: its coordinator is known, and hears that it leaves.
    this.routine?.end()
    this.consumer.close(this.nowMillis, () => done())
    this.settle()
  }

  /** What the next commit will hold. */
  uncommitted(): readonly PartitionOffset[] {
    const offsets = roomForOne<PartitionOffset>()
    for (const polled of this.polled) {
      const offset = this.holds(polled) ? this.consumer.position(polled) : undefined
      if (offset === undefined) continue
      const { topic, partition } = polled
      offsets.push({ topic, partition, offset, leaderEpoch: -1, metadata: '' })
    }
    return offsets
  }

  /** Moves reading back to an offset, as a seek of the application would (redelivery on purpose). */
  seek(partition: TopicPartition, offset: number, cause: number): void {
    if (!this.holds(partition)) return
    this.consumer.seek(partition, offset)
    this.observer?.moved(this, partition, offset, 'application')
    this.noteCause(partition, cause)
    this.settle()
    // What was said takes effect with the next poll.
    this.application.onRecords()
  }

  /** Moves reading back to a record and leaves its partition out of polls until `resume`. */
  rewind(polled: PolledRecord, cause: number): void {
    if (!this.holds(polled)) return
    this.consumer.pause([polled])
    this.seek(polled, polled.offset, cause)
  }

  /** Polls a partition again. */
  resume(partition: TopicPartition): void {
    if (this.holds(partition)) this.consumer.resume([partition])
    this.settle()
    this.application.onRecords()
  }

  /** Whether a partition is assigned to this member, and will be read on. */
  holds(partition: TopicPartition): boolean {
    return !this.isLeaving && this.consumer.isAssigned(partition)
  }

  wakeup(): void {
    if (this.alive) this.application.onRecords()
  }

  fetchOutdated(nodeId: number): void {
    this.channel.pressFetch(nodeId)
  }

  positionReset(partition: TopicPartition, offset: number): void {
    this.observer?.moved(this, partition, offset, 'reset')
  }

  randomBelow(bound: number): number {
    return this.cluster.chooseBelow(bound, this.process)
  }

  uuid(): string {
    return `${this.process.name}#${this.incarnation.number}`
  }

  onPartitionsAssigned(partitions: readonly TopicPartition[], done: CallbackDone): void {
    const { cause, trace } = this.cluster.kernel
    if (trace !== undefined) for (const partition of partitions) this.noteCause(partition, cause)
    this.observer?.assigned(this, 'assigned', partitions)
    this.application.onAssignment?.('assigned', partitions)
    done(this.nowMillis)
  }

  onPartitionsRevoked(partitions: readonly TopicPartition[], done: CallbackDone): void {
    const { application } = this
    this.observer?.assigned(this, 'revoked', partitions)
    application.onAssignment?.('revoked', partitions)
    if (application.onRevocation === undefined) done(this.nowMillis)
    else
      application.onRevocation(partitions, () => {
        done(this.nowMillis)
        this.settle()
      })
  }

  onPartitionsLost(partitions: readonly TopicPartition[], done: CallbackDone): void {
    this.observer?.assigned(this, 'revoked', partitions)
    this.application.onAssignment?.('lost', partitions)
    done(this.nowMillis)
  }

  /** There are other topics, partitions or leaders: its next refresh by age, or its search for what it misses, will tell. */
  topologyChanged(): void {
    this.consumer.skipMetadataRefreshes(this.nowMillis)
    this.settleRefresh()
  }

  /** The coordinator has something to tell: heartbeats are not mere routine. */
  interrupt(): void {
    this.routine?.end()
    this.settle()
  }

  settle(): void {
    if (!this.alive) return
    const { consumer, cluster } = this
    this.alarm = this.setAlarm(this.alarm, consumer.nextDeadlineMillis(), false)
    this.settleRefresh()
    const heartbeatMillis = consumer.heartbeatDeadlineMillis()
    if (heartbeatMillis === Number.POSITIVE_INFINITY) {
      this.routine?.end()
      this.heartbeats?.clear()
      return
    }
    if (this.routine?.isRunning === true) return
    const coordinator = cluster.nodes.get(this.channel.coordinatorId)
    if (coordinator === undefined) return
    if (this.routine?.to !== coordinator.process)
      this.routine = memberRoutine(cluster.network, this, coordinator)
    // If the next one is overdue, the group may have given it up.
    const isTimely = heartbeatMillis > this.nowMillis
    if (this.routine.isPossible && isTimely && isStableMember(this, coordinator)) {
      this.routine.begin()
      this.heartbeats?.clear()
    }
    // If they do not get through, nobody waits for them.
    else this.heartbeats = this.setAlarm(this.heartbeats, heartbeatMillis, !this.routine.isPossible)
  }

  private setAlarm(alarm: Alarm | undefined, atMillis: number, background: boolean): Alarm | undefined {
    if (alarm === undefined && atMillis === Number.POSITIVE_INFINITY) return undefined
    const set = alarm ?? new Alarm(this.process, () => this.advance())
    set.set(momentOf(atMillis), background)
    return set
  }

  private advance(): void {
    this.consumer.advance(this.nowMillis)
    this.settle()
  }

  /** Waits for the next refresh of metadata that would tell something new. */
  private settleRefresh(): void {
    const { consumer } = this
    const { topologyOffset, arrivalOffset } = this.cluster.controller
    if (this.metadataOffset >= (consumer.isSearching ? arrivalOffset : topologyOffset)) this.refresh?.clear()
    else this.refresh = this.setAlarm(this.refresh, consumer.metadataDeadlineMillis(), false)
  }

  private noteCause({ topic, partition }: TopicPartition, cause: number): void {
    this.causes ??= new Map()
    this.causes.set(placeOf(topic, partition), [cause])
  }

  processEnded(cause: number): void {
    this.cluster.kernel.cause = cause
    this.routine?.end()
    this.alarm?.clear()
    this.heartbeats?.clear()
    this.refresh?.clear()
    this.again?.clear()
    this.cluster.leave(this)
  }
}
