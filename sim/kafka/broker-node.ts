import { Process } from '../cluster/process.ts'
import type { Entity } from '../kernel/choice.ts'
import { hashText } from '../kernel/mix.ts'
import { clockMillis, type Micros, momentOf } from '../kernel/time.ts'
import { Alarm } from './alarm.ts'
import { Broker } from './broker/broker.ts'
import type { BrokerDisk, BrokerHost, ControllerChannel, StandingBroker } from './broker/host.ts'
import type { LossOf } from './broker/replicas.ts'
import { type ChannelOwner, ClientChannel } from './client-channel.ts'
import type { KafkaCluster } from './cluster.ts'
import { type Message, NO_ANSWER, type Server } from './connection.ts'
import type { ConsumerClient } from './consumer-client.ts'
import type { MetadataBatch } from './controller/record.ts'
import { ActiveControllerChannel } from './controller-channel.ts'
import type { MetadataFollower } from './controller-node.ts'
import type { OffsetCommitRequest, OffsetCommitResponse } from './coordinator/offset-message.ts'
import { Disk } from './log/disk.ts'
import type { ApiName, ApiRequest } from './protocol/api.ts'
import type { FetchResponseData } from './protocol/fetch.ts'
import { Routine } from './routine.ts'
import { SentRecord } from './sent-record.ts'
import { TraceObserver } from './trace-observer.ts'

/** A consumer as a member of a group. */
interface Membership {
  readonly groupId: string
  readonly memberId: string
  readonly process: string
  /** When its session runs out unless it is heard of. */
  readonly expiresMillis: number
  /** Trace id of why its heartbeats are no longer left out. */
  readonly cause: number
}

/** After which a group may not be stable any more. */
const GROUP_CHANGING_APIS: ReadonlySet<ApiName> = new Set<ApiName>([
  'JoinGroup',
  'LeaveGroup',
  'ConsumerGroupHeartbeat',
  'DeleteGroups',
])

/** The offsets of a commit, as traces list them. */
function offsetsOf(topics: OffsetCommitRequest['topics']) {
  return topics.flatMap(({ name: topic, partitions }) =>
    partitions.map(({ partitionIndex: partition, committedOffset: offset }) => ({
      topic,
      partition,
      offset,
    })),
  )
}

/** A broker of the cluster: a process whose lives are brokers, with a disk that outlives them. */
export class BrokerNode implements Server, MetadataFollower, ChannelOwner {
  readonly id: number
  readonly process: Process
  /** The present life; undefined while it is down. */
  broker: Broker | undefined = undefined
  /** Members that were not heard of since their heartbeats were no longer left out. */
  private overdue: Membership[] = []
  /** Members of its groups whose heartbeats are left out. */
  readonly routines = new Set<ConsumerClient>()
  private readonly cluster: KafkaCluster
  private readonly alarm: Alarm
  private readonly housekeeping: Alarm
  private readonly heartbeats: Alarm
  private readonly routine: Routine
  private disk: BrokerDisk | undefined = undefined
  /** The space on its disk, in its present life. */
  private space = new Disk()
  /** Until when there is no space on it, and the trace id of why. */
  private full = { untilMicros: Number.NEGATIVE_INFINITY, cause: 0 }
  /** What a life that ends otherwise than by a crash of its process leaves on the disk. */
  private leave: ((broker: Broker, nowMillis: number) => BrokerDisk) | undefined
  private toController: ActiveControllerChannel | undefined = undefined
  /** Whether it is doing something, and what is to come after that. */
  private isBusy = false
  private readonly next: (() => void)[] = []
  /** How many member ids it has made up. */
  private memberIds = 0

  constructor(cluster: KafkaCluster, id: number) {
    const { kernel, network } = cluster
    this.cluster = cluster
    this.id = id
    this.process = network.add(new Process(kernel, `broker-${id}`, 'broker', () => this.start()))
    const advance = (): void => {
      this.noteExpired()
      this.perform((broker, nowMillis) => broker.advance(nowMillis))
      this.interruptRoutines()
    }
    this.alarm = new Alarm(this.process, advance)
    this.housekeeping = new Alarm(this.process, advance)
    this.heartbeats = new Alarm(this.process, () =>
      this.perform((broker, nowMillis) => broker.heartbeat(nowMillis)),
    )
    this.routine = this.routineWithController()
  }

  /** What its last life has left on its disk; undefined in the first. */
  get stored(): BrokerDisk | undefined {
    return this.disk
  }

  /**
   * Its machine crashes: the page cache is lost.
   * @param lossOf what is lost of each log; all that was not flushed unless it says otherwise
   * @param restartAfter delay until the next life; undefined: it stays down
   */
  crashMachine(cause: number, lossOf?: LossOf, restartAfter?: Micros): void {
    this.leave = (broker, nowMillis) => broker.crashMachine(nowMillis, lossOf)
    this.process.crash(cause, restartAfter)
    this.leave = undefined
  }

  /**
   * There is no space left on its disk for a while: the next write takes the log directory offline, and with its only one a
   * broker ends itself (LogDirFailureHandler of BrokerServer). It is started again when there is space.
   */
  fillDisk(cause: number, forMicros: Micros): void {
    const { kernel } = this.cluster
    this.full = { untilMicros: Math.max(this.full.untilMicros, kernel.nowMicros + forMicros), cause }
    this.space.isFull = true
    const free = (): void => {
      this.space.isFull = this.full.untilMicros > kernel.nowMicros
    }
    kernel.schedule(forMicros, kernel.choices.entity('faults'), { onEvent: free }, 0, undefined)
  }

  serve(message: Message, _from: Process, respond: (response: unknown) => void): void {
    const request = message as ApiRequest
    if (this.overdue.length > 0) {
      const { memberId } = request.body as { readonly memberId?: string }
      this.overdue = this.overdue.filter((member) => member.memberId !== memberId)
    }
    const answer = request.api === 'OffsetCommit' ? this.noting(request, respond) : respond
    if (this.broker !== undefined) {
      // The same as `perform` does, without a closure for each request.
      const isInner = this.isBusy
      this.isBusy = true
      this.broker.handle(request, clockMillis(this.cluster.kernel.nowMicros), answer)
      this.performed(isInner)
    }
    if (request.api === 'Produce' && (request as ApiRequest<'Produce'>).body.acks === 0) respond(NO_ANSWER)
    if (GROUP_CHANGING_APIS.has(request.api)) this.interruptRoutines()
  }

  pressed(respond: (response: unknown) => void): void {
    this.perform((broker, nowMillis) => broker.press(respond, nowMillis))
  }

  /** Answers that carry records are keyed by what the first of them concerns. */
  entityOf(response: unknown): Entity | undefined {
    const { responses } = response as Partial<FetchResponseData>
    if (responses === undefined) return undefined
    for (const { partitions = [] } of responses)
      for (const { batches } of partitions)
        for (const { records } of batches)
          for (const record of records) if (record instanceof SentRecord) return record.entity
    return undefined
  }

  controllerChanged(): void {
    this.toController?.controllerChanged()
  }

  takeMetadata(batches: readonly MetadataBatch[]): void {
    this.perform((broker, nowMillis) => {
      for (const batch of batches) {
        broker.applyMetadata(batch, nowMillis)
        this.cluster.brokerActed(this)
      }
    })
    this.interruptRoutines()
  }

  /** Is in the first of its lives, and has been up for some time. */
  resume(standing: StandingBroker): void {
    this.start(standing)
    this.toController?.connect()
  }

  /** Makes up what comes after the prefix of a member id. */
  newMemberId(): string {
    return `${this.life}.${++this.memberIds}`
  }

  /** The name of its present life. */
  get life(): string {
    return `${this.process.name}#${this.process.incarnation.number}`
  }

  /** Starts a life, with what the last one left on the disk. */
  private start(standing?: StandingBroker): void {
    const { cluster, process } = this
    const { kernel, controller, brokerConfig, switches } = cluster
    const nowMillis = clockMillis(kernel.nowMicros)
    process.attach({
      resourceIndex: -1,
      processEnded: (cause) => this.ended(cause),
      processPaused: () => this.paused(),
    })
    const toController = this.controllerChannel()
    this.toController = toController
    this.space = new Disk()
    this.space.isFull = this.full.untilMicros > kernel.nowMicros
    const host = this.hostOf(toController)
    this.broker = new Broker(this.id, brokerConfig, host, nowMillis, this.disk, switches, standing)
    controller.follow(this, standing === undefined ? -1 : this.broker.metadataOffset)
    this.settle()
  }

  /** Followers wait at leaders without a time limit: those are told that this one fetches no more. */
  private paused(): void {
    for (const node of this.cluster.nodes.values())
      if (node !== this) node.perform((broker, nowMillis) => broker.unresponsive(this.id, nowMillis))
  }

  /** Shuts down in order, and stops when the others have taken over. @param restartAfter delay from then on */
  shutDown(cause: number, restartAfter?: Micros): void {
    const stopped = (disk: BrokerDisk): void => {
      this.disk = disk
      this.broker = undefined
      this.process.stop(cause, restartAfter)
    }
    this.process.whenResponsive(() => {
      this.routine.end()
      this.perform((broker, nowMillis) => broker.shutDown(nowMillis, stopped))
    })
  }

  private ended(cause: number): void {
    this.cluster.kernel.cause = cause
    this.overdue = []
    const nowMillis = clockMillis(this.cluster.kernel.nowMicros)
    const { broker, leave } = this
    if (broker !== undefined)
      this.disk = leave === undefined ? broker.crashProcess(nowMillis) : leave(broker, nowMillis)
    this.leave = undefined
    this.broker = undefined
    this.toController = undefined
    this.routine.end()
    this.interruptRoutines()
    for (const alarm of [this.alarm, this.housekeeping, this.heartbeats]) alarm.clear()
    for (const node of this.cluster.nodes.values())
      if (node !== this) node.perform((broker) => broker.disconnected(this.id, nowMillis))
    this.cluster.brokerActed(this)
  }

  /** Does something to the broker, if it is alive, and waits for what it wants next. */
  perform(what: (broker: Broker, nowMillis: number) => void): void {
    const { broker } = this
    if (broker === undefined) return
    const isInner = this.isBusy
    this.isBusy = true
    what(broker, clockMillis(this.cluster.kernel.nowMicros))
    this.performed(isInner)
  }

  private performed(isInner: boolean): void {
    this.isBusy = isInner
    this.settle()
    if (!isInner) for (let next = this.next.shift(); next !== undefined; next = this.next.shift()) next()
  }

  whenDone(next: () => void): void {
    if (this.isBusy) this.next.push(next)
    else next()
  }

  settle(): void {
    const { broker } = this
    if (broker === undefined) return
    this.cluster.brokerActed(this)
    if (broker.hasFailedStorage) this.endItself(broker)
    if (broker.findDeadlines() || !this.alarm.isSet || !this.housekeeping.isSet) {
      this.alarm.set(momentOf(broker.workMillis), false)
      this.housekeeping.set(momentOf(broker.housekeepingMillis), true)
    }
    this.settleHeartbeats(broker)
  }

  /** What it has begun to do it ends before it dies. */
  private endItself(broker: Broker): void {
    const { kernel } = this.cluster
    const die = (): void => {
      if (this.broker !== broker) return
      this.process.crash(this.full.cause, Math.max(0, this.full.untilMicros - kernel.nowMicros))
    }
    kernel.schedule(0, this.process.entity, { onEvent: die }, 0, undefined)
  }

  private settleHeartbeats(broker: Broker): void {
    const dueMillis = broker.heartbeatDeadlineMillis()
    if (this.routine.isRunning || dueMillis === Number.POSITIVE_INFINITY) return
    const isRoutine = this.isRoutineAt(broker, dueMillis)
    if (isRoutine && this.routine.isPossible) {
      this.heartbeats.clear()
      this.routine.begin()
    } else this.heartbeats.set(momentOf(dueMillis), !this.routine.isPossible)
  }

  /** Whether the next heartbeat will be answered as the last one was: the controller may have fenced the broker since. */
  private isRoutineAt(broker: Broker, dueMillis: number): boolean {
    const { controller, kernel } = this.cluster
    const nowMillis = clockMillis(kernel.nowMicros)
    if (dueMillis <= nowMillis || broker.state !== 'RUNNING' || controller.isShuttingDown) return false
    return controller.controller.hasSession(this.id, broker.brokerEpoch, nowMillis)
  }

  get metadataOffset(): number {
    return this.broker?.metadataOffset ?? -1
  }

  /** The last routine heartbeat of a member came at this time. */
  resumeSession(member: Membership, heardMillis: number): void {
    this.overdue = this.overdue.filter(({ memberId }) => memberId !== member.memberId)
    this.overdue.push(member)
    this.perform((broker) => broker.resumeSession(member.groupId, member.memberId, heardMillis))
  }

  /** Notes in the trace whose session runs out now: what follows from that is caused by what silenced the member. */
  private noteExpired(): void {
    const { kernel } = this.cluster
    const nowMillis = clockMillis(kernel.nowMicros)
    for (const member of this.overdue.filter(({ expiresMillis }) => expiresMillis <= nowMillis)) {
      const { groupId, memberId, process, cause } = member
      this.overdue.splice(this.overdue.indexOf(member), 1)
      if (this.broker?.hasMember(groupId, memberId) !== true) continue
      const lane = `group ${groupId}`
      kernel.cause = kernel.record('session-expired', lane, undefined, cause, { member: process })
    }
  }

  /** Notes a commit in trace and digest when it is answered. */
  private noting(request: ApiRequest, respond: (response: unknown) => void): (response: unknown) => void {
    return (response) => {
      const { kernel } = this.cluster
      const { groupId, topics } = request.body as OffsetCommitRequest
      const answers = (response as OffsetCommitResponse | undefined)?.topics ?? []
      const errorCode = answers[0]?.partitions[0]?.errorCode ?? 'NETWORK_EXCEPTION'
      kernel.digest.word(hashText(errorCode, 6))
      for (const { partitions } of topics)
        for (const { committedOffset } of partitions) kernel.digest.integer(committedOffset)
      const data = kernel.trace && { offsets: offsetsOf(topics), errorCode }
      if (errorCode === 'NONE') this.cluster.witness?.committed(groupId, offsetsOf(topics))
      kernel.cause = kernel.record('offset-commit', `group ${groupId}`, undefined, kernel.cause, data)
      respond(response)
    }
  }

  /** Somebody shuts down, for which the controller waits for the others' heartbeats. */
  interrupt(): void {
    this.routine.end()
    this.settle()
  }

  /** Members of groups that are no longer stable, or have lost their coordinator, send heartbeats again. */
  private interruptRoutines(): void {
    for (const client of [...this.routines])
      if (this.broker?.isStable(client.groupId) !== true) client.interrupt()
  }

  private routineWithController(): Routine {
    const { cluster, id } = this
    const { controller, kernel, network } = cluster
    const intervalMillis = cluster.brokerConfig['broker.heartbeat.interval.ms']
    const suspend = (): void => controller.controller.suspendSession(id)
    const resume = (): void => {
      const nowMillis = clockMillis(kernel.nowMicros)
      this.broker?.skipHeartbeats(nowMillis)
      const dueMillis = this.broker?.heartbeatDeadlineMillis() ?? nowMillis
      controller.resumeSession(id, Math.min(dueMillis - intervalMillis, nowMillis))
    }
    const interrupted = (): void => this.settle()
    return new Routine(network, this.process, controller.process, { suspend, resume, interrupted })
  }

  private controllerChannel(): ActiveControllerChannel {
    const { network, controller, brokerConfig } = this.cluster
    const retryMillis = brokerConfig['broker.session.timeout.ms']
    return new ActiveControllerChannel(network, this.process, controller, retryMillis, () => this.settle())
  }

  private hostOf(controller: ControllerChannel): BrokerHost {
    const { process, cluster } = this
    const channel = (): ClientChannel =>
      new ClientChannel(cluster.network, process, cluster.nodes, this, true)
    return {
      channels: { replication: channel(), markers: channel(), verification: channel() },
      controller,
      observer: new TraceObserver(cluster, process.name),
      parksFetches: true,
      disk: this.space,
      newMemberId: () => this.newMemberId(),
      newIncarnationId: () => this.life,
    }
  }
}
