import type { Link, Network } from '../cluster/network.ts'
import { Process } from '../cluster/process.ts'
import type { ChoiceSite, Entity } from '../kernel/choice.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import type { Actor } from '../kernel/queue.ts'
import { clockMillis, momentOf } from '../kernel/time.ts'
import { Alarm } from './alarm.ts'
import type { ControllerApi, ControllerApis, ControllerRequest } from './broker/host.ts'
import type { Message, Server } from './connection.ts'
import type { ControllerConfig } from './controller/config.ts'
import { Controller } from './controller/controller.ts'
import type { MetadataBatch, MetadataRecord } from './controller/record.ts'

const METADATA_ARRIVES = 0
const CONTROLLER_CHANGED = 1

/** A broker as the controller knows it: it follows the metadata log. */
export interface MetadataFollower {
  readonly process: Process
  /** It hears of what is new, in order. */
  takeMetadata(batches: readonly MetadataBatch[]): void
  /** Another controller is active. */
  controllerChanged(): void
  /** Somebody shuts down, for which the controller waits for the others' heartbeats. */
  interrupt(): void
}

/** Whether there are other topics or partitions after a record, other than Kafka's own. */
function concernsClients(record: MetadataRecord): boolean {
  switch (record.type) {
    case 'Topic':
    case 'RemoveTopic':
    case 'Partition':
      return !record.topic.startsWith('__')
    default:
      return false
  }
}

/** Whether a partition may be led after a record that was not before it. */
function bringsLeader(record: MetadataRecord): boolean {
  switch (record.type) {
    case 'PartitionChange':
      return (record.change.leader ?? -1) >= 0
    case 'BrokerRegistrationChange':
      return record.fenced === false
    default:
      return false
  }
}

/** Hears what the controller does. */
export interface ControllerListener {
  /** There are other topics, partitions or leaders. */
  topologyChanged(): void
  /** A broker wants to shut down, for which the controller waits for the others' heartbeats. */
  shuttingDown(): void
  /** It has done something. */
  acted(): void
}

/** How far a broker has been sent the metadata, in one of its lives. */
class Following implements Actor {
  readonly follower: MetadataFollower
  readonly link: Link
  sentOffset: number
  private readonly life: Incarnation

  constructor(follower: MetadataFollower, link: Link, sentOffset: number) {
    this.follower = follower
    this.link = link
    this.sentOffset = sentOffset
    this.life = follower.process.incarnation
  }

  livesIn(): Incarnation {
    return this.life
  }

  onEvent(code: number, subject: unknown): void {
    if (!this.life.alive) return
    if (code === METADATA_ARRIVES) this.follower.takeMetadata(subject as readonly MetadataBatch[])
    else this.follower.controllerChanged()
  }
}

/**
 * The active controller of the cluster, at a process of its own. When that dies brokers go on with the metadata that they
 * have; its next life is another controller of the quorum, which knows the metadata log and has just become active.
 */
export class ControllerNode implements Server {
  readonly process: Process
  readonly controller: Controller
  private readonly network: Network
  private readonly alarm: Alarm
  private readonly placement: ChoiceSite
  /** Offset of the metadata since which topics and partitions are as they are. */
  topologyOffset = -1
  /** Offset of the metadata since which nothing came that somebody misses: a topic, a partition, a leader. */
  arrivalOffset = -1
  private readonly followings: Following[] = []
  private readonly listener: ControllerListener
  private seenOffset = -1

  constructor(network: Network, config: ControllerConfig, listener: ControllerListener) {
    const { kernel } = network
    this.listener = listener
    this.network = network
    this.process = network.add(new Process(kernel, 'controller', 'controller', () => this.takeOver()))
    this.controller = new Controller(config, clockMillis(kernel.nowMicros))
    this.placement = kernel.choices.site('placement of replicas')
    this.alarm = new Alarm(this.process, () => this.advance())
    this.attach()
  }

  /** A broker begins to follow the metadata, from an offset on: all of it in a new life. */
  follow(follower: MetadataFollower, fromOffset: number): void {
    const known = this.followings.findIndex((following) => following.follower === follower)
    if (known >= 0) this.followings.splice(known, 1)
    const link = this.network.link(this.process, follower.process)
    this.followings.push(new Following(follower, link, fromOffset))
    this.publish()
  }

  serve(message: Message, _from: Process, respond: (response: unknown) => void): void {
    const { kernel } = this.network
    const request = message as Message & ControllerRequest
    respond(this.answer(request, clockMillis(kernel.nowMicros)))
    if (this.isShuttingDown) for (const { follower } of this.followings) follower.interrupt()
    this.publish()
    if (this.isShuttingDown) this.listener.shuttingDown()
  }

  /** Heartbeats of all brokers are routine: no session is about to run out. */
  heardOfAll(): void {
    this.alarm.set(momentOf(this.controller.nextDeadlineMillis()), false)
  }

  /** Whether a broker shuts down in order, for which it waits for the others' heartbeats. */
  get isShuttingDown(): boolean {
    for (const { inControlledShutdown, fenced } of this.controller.metadata.brokers.values())
      if (inControlledShutdown && !fenced) return true
    return false
  }

  /** The last heartbeat of a broker came at this time. */
  resumeSession(brokerId: number, heardMillis: number): void {
    this.controller.resumeSession(brokerId, heardMillis)
    this.publish()
  }

  pressed(): void {}

  whenDone(next: () => void): void {
    next()
  }

  entityOf(): Entity | undefined {
    return undefined
  }

  /** Does something to the controller as an operator would, and tells the brokers. */
  operate<Result>(operation: (controller: Controller, choose: (bound: number) => number) => Result): Result {
    const result = operation(this.controller, this.choose)
    this.publish()
    return result
  }

  private readonly choose = (bound: number): number =>
    this.network.kernel.choose(this.placement, this.process.entity, bound)

  private answer(
    { api, body }: ControllerRequest,
    nowMillis: number,
  ): ControllerApis[ControllerApi]['response'] {
    const { controller } = this
    type Body<Api extends ControllerApi> = ControllerApis[Api]['request']
    switch (api) {
      case 'BrokerRegistration':
        return controller.registerBroker(body as Body<typeof api>, nowMillis)
      case 'BrokerHeartbeat':
        return controller.brokerHeartbeat(body as Body<typeof api>, nowMillis)
      case 'AlterPartition': {
        const request = body as Body<typeof api>
        return controller.alterPartition(request, request)
      }
      case 'AllocateProducerIds':
        return controller.allocateProducerIds(body as Body<typeof api>)
      case 'CreateTopics':
        return controller.createTopics(body as Body<typeof api>, this.choose)
      case 'DeleteTopics':
        return controller.deleteTopics(body as Body<typeof api>)
      case 'CreatePartitions':
        return controller.createPartitions(body as Body<typeof api>, this.choose)
      case 'ElectLeaders': {
        const { electionType, partitions } = body as Body<typeof api>
        return controller.electLeaders(electionType, partitions)
      }
    }
  }

  private attach(): void {
    this.process.attach({ resourceIndex: -1, processEnded: () => this.ended() })
  }

  /** Brokers send their heartbeats again, in vain. */
  private ended(): void {
    this.alarm.clear()
    for (const { follower } of this.followings) follower.interrupt()
  }

  private takeOver(): void {
    const { controller, network, process } = this
    const { kernel } = network
    this.attach()
    controller.failover(clockMillis(kernel.nowMicros))
    this.publish()
    for (const following of this.followings) {
      const { link, follower } = following
      const { entity } = follower.process
      network.send(link, entity, following, CONTROLLER_CHANGED, undefined, process.startCause)
    }
  }

  /** Looks whether topics or partitions came or went, or have leaders again. */
  private notice(): void {
    const { offset } = this.controller.metadata
    if (this.seenOffset === offset) return
    const batches = this.controller.changesSince(this.seenOffset + 1)
    this.seenOffset = offset
    const has = (kind: (record: MetadataRecord) => boolean): boolean =>
      batches.some(({ records }) => records.some(kind))
    if (has(concernsClients)) this.topologyOffset = offset
    else if (!has(bringsLeader)) return
    this.arrivalOffset = offset
    this.listener.topologyChanged()
  }

  private advance(): void {
    this.controller.advance(clockMillis(this.network.kernel.nowMicros))
    this.publish()
  }

  /** Sends each broker what is new in the metadata log, and waits for the next deadline. */
  private publish(): void {
    const { network, controller, process } = this
    if (!process.alive) return
    const { kernel } = network
    this.notice()
    for (const following of this.followings) {
      const { link, follower, sentOffset } = following
      if (sentOffset === controller.metadata.offset) continue
      following.sentOffset = controller.metadata.offset
      const batches: readonly MetadataBatch[] = controller.changesSince(sentOffset + 1)
      const { entity } = follower.process
      network.send(link, entity, following, METADATA_ARRIVES, batches, kernel.cause)
    }
    this.alarm.set(momentOf(controller.nextDeadlineMillis()), false)
    this.listener.acted()
  }
}
