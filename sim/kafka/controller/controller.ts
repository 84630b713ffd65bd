import type { ErrorCode } from '../error-code.ts'
import type { AlterPartitionRequest, AlterPartitionResponse } from '../replication/message.ts'
import type { AllocateProducerIdsResponse } from '../transaction/producer-id.ts'
import { alterPartition } from './alter-partition.ts'
import { type ControllerConfig, MAX_ELECTIONS_PER_IMBALANCE, PRODUCER_ID_BLOCK_SIZE } from './config.ts'
import type { BrokerControlState, HeartbeatWish } from './heartbeat.ts'
import { election, fenced, restarted, shuttingDown, unfenced, unregistered } from './leadership.ts'
import type { Metadata } from './metadata.ts'
import type { Choose } from './placement.ts'
import { type ReassignablePartition, type ReassignmentResult, reassigned } from './reassign.ts'
import { type MetadataBatch, MetadataLog, type MetadataRecord } from './record.ts'
import { ControllerState, type TopicPartition } from './state.ts'
import {
  areValidConfigs,
  type CreatableTopic,
  type CreatePartitionsTopic,
  changedConfigs,
  plannedPartitions,
  plannedTopic,
  type TopicConfigChanges,
  type TopicResult,
} from './topics.ts'

export interface BrokerRegistrationRequest {
  readonly brokerId: number
  /** Chosen anew at each start. */
  readonly incarnationId: string
  /** The broker epoch that it wrote down when it was shut down in order; -1 otherwise. */
  readonly previousBrokerEpoch: number
  readonly rack?: string
}

export interface BrokerRegistrationResponse {
  readonly errorCode: ErrorCode
  readonly brokerEpoch: number
}

export interface AllocateProducerIdsRequest {
  readonly brokerId: number
  readonly brokerEpoch: number
}

export interface BrokerHeartbeatRequest extends HeartbeatWish {
  readonly brokerId: number
  readonly brokerEpoch: number
}

export interface BrokerHeartbeatResponse {
  readonly errorCode: ErrorCode
  readonly isCaughtUp: boolean
  readonly isFenced: boolean
  readonly shouldShutDown: boolean
}

/** Something that is done at every so many milliseconds from when the controller became active. */
interface Task {
  readonly periodMillis: number
  dueMillis: number
}

/**
 * The active controller of a KRaft cluster: who is registered, who leads, who is in sync (rules C1 to C10). Every request
 * takes effect, and is in the metadata log, when it is answered. Source: QuorumController, ReplicationControlManager,
 * ClusterControlManager. Out of scope: the quorum itself and uncommitted metadata, ACLs, SCRAM, quotas, delegation tokens,
 * features of brokers, log directories.
 */
export class Controller {
  /** Of the active controller. */
  epoch = 1
  private state: ControllerState
  private readonly fencing: Task
  private readonly rebalance: Task
  private readonly uncleanElections: Task

  constructor(config: ControllerConfig, nowMillis: number) {
    this.state = new ControllerState(config, new MetadataLog(), nowMillis)
    const fencingMillis = Math.max(1, config['broker.session.timeout.ms'] / 8)
    this.fencing = { periodMillis: fencingMillis, dueMillis: 0 }
    this.rebalance = {
      periodMillis: config['leader.imbalance.check.interval.seconds'] * 1_000,
      dueMillis: 0,
    }
    this.uncleanElections = { periodMillis: config['unclean.leader.election.interval.ms'], dueMillis: 0 }
    this.schedule(nowMillis)
  }

  get metadata(): Metadata {
    return this.state.metadata
  }

  /** What to replay after an offset: batches from the one that holds it on (rule C10). */
  changesSince(offset: number): readonly MetadataBatch[] {
    return this.state.log.since(offset)
  }

  /** Another controller takes over: it knows what is in the metadata log, and nothing else (rule C10). */
  failover(nowMillis: number): void {
    this.epoch += 1
    this.state = new ControllerState(this.state.config, this.state.log, nowMillis)
    this.schedule(nowMillis)
  }

  /** Registers a broker, fenced; the same incarnation only amends its registration (rules C6, C7). */
  registerBroker(request: BrokerRegistrationRequest, nowMillis: number): BrokerRegistrationResponse {
    const { state } = this
    const { brokerId, incarnationId, previousBrokerEpoch, rack } = request
    const existing = state.metadata.brokers.get(brokerId)
    if (existing?.incarnationId === incarnationId) {
      state.commit([{ type: 'RegisterBroker', registration: { ...existing, rack } }])
      return { errorCode: 'NONE', brokerEpoch: existing.brokerEpoch }
    }
    // Who has said that it stops may be back at once (KAFKA-19047).
    const mayReturn = existing === undefined || existing.inControlledShutdown
    if (!mayReturn && state.heartbeats.hasValidSession(brokerId, existing.brokerEpoch, nowMillis))
      return { errorCode: 'DUPLICATE_BROKER_REGISTRATION', brokerEpoch: -1 }
    // Kafka reads the next offset before the records of the shutdown, which come first in the log.
    const brokerEpoch = state.log.nextOffset
    const registration = {
      brokerId,
      brokerEpoch,
      incarnationId,
      rack,
      fenced: true,
      inControlledShutdown: false,
    }
    state.commit([
      ...restarted(state, brokerId, existing?.brokerEpoch === previousBrokerEpoch),
      { type: 'RegisterBroker', registration },
    ])
    return { errorCode: 'NONE', brokerEpoch }
  }

  /** Removes the registration of a broker that is gone for good. */
  unregisterBroker(brokerId: number): ErrorCode {
    if (!this.metadata.brokers.has(brokerId)) return 'BROKER_ID_NOT_REGISTERED'
    this.state.commit(unregistered(this.state, brokerId))
    return 'NONE'
  }

  /** A broker is alive, and says what it wants: to be unfenced, fenced, or to stop (rules C6, C8). */
  brokerHeartbeat(request: BrokerHeartbeatRequest, nowMillis: number): BrokerHeartbeatResponse {
    const { state } = this
    const { brokerId, brokerEpoch, currentMetadataOffset } = request
    const registration = state.metadata.brokers.get(brokerId)
    if (registration === undefined || registration.brokerEpoch !== brokerEpoch)
      return { errorCode: 'STALE_BROKER_EPOCH', isCaughtUp: false, isFenced: true, shouldShutDown: false }
    const { heartbeats } = state
    heartbeats.contact(brokerId, brokerEpoch, nowMillis)
    const registrationOffset = state.metadata.registrationOffset(brokerId)
    const next = heartbeats.nextState(brokerId, request, registrationOffset, () =>
      state.hasLeaderships(brokerId),
    )
    const records = next === heartbeats.currentState(brokerId) ? [] : this.entering(next, brokerId)
    const isFenced = next === 'FENCED' || next === 'SHUTDOWN_NOW'
    heartbeats.touch(brokerId, isFenced, currentMetadataOffset)
    const offset = state.commit(records)
    if (next === 'CONTROLLED_SHUTDOWN') heartbeats.shutDownAfter(brokerId, offset)
    return {
      errorCode: 'NONE',
      isCaughtUp: currentMetadataOffset >= registrationOffset,
      isFenced,
      shouldShutDown: next === 'SHUTDOWN_NOW',
    }
  }

  /**
   * Heartbeats of a broker are routine: each would be answered as the last one was, so they are not sent one by one and
   * its session does not run out, until `resumeSession` says when the last one would have come.
   */
  suspendSession(brokerId: number): void {
    this.state.heartbeats.suspend(brokerId)
  }

  /** Whether a life of a broker is registered and unfenced, and its session goes on. */
  hasSession(brokerId: number, brokerEpoch: number, nowMillis: number): boolean {
    const { metadata, heartbeats } = this.state
    if (metadata.brokers.get(brokerId)?.fenced !== false) return false
    return heartbeats.hasValidSession(brokerId, brokerEpoch, nowMillis)
  }

  resumeSession(brokerId: number, heardMillis: number): void {
    const registration = this.metadata.brokers.get(brokerId)
    if (registration !== undefined)
      this.state.heartbeats.contact(brokerId, registration.brokerEpoch, heardMillis)
  }

  /** A leader asks for another ISR of a partition (rule R9). */
  alterPartition(topicPartition: TopicPartition, request: AlterPartitionRequest): AlterPartitionResponse {
    return alterPartition(this.state, topicPartition, request)
  }

  /** Elects leaders, of all partitions that need one if none are given (rule C2). */
  electLeaders(
    type: 'PREFERRED' | 'UNCLEAN',
    partitions: readonly TopicPartition[] | undefined,
  ): readonly ReassignmentResult[] {
    const { state } = this
    const results: ReassignmentResult[] = []
    const records: MetadataRecord[] = []
    for (const { topic, partition } of partitions ?? state.partitionsWhere(() => true)) {
      const { errorCode, record } = election(state, { topic, partition }, type)
      if (record !== undefined) records.push(record)
      if (partitions !== undefined || errorCode !== 'ELECTION_NOT_NEEDED')
        results.push({ topic, partition, errorCode })
    }
    state.commit(records)
    return results
  }

  /** Creates topics. @param choose decides where the placement of replicas starts */
  createTopics(topics: readonly CreatableTopic[], choose: Choose): readonly TopicResult[] {
    const names = topics.map(({ name }) => name)
    const isRepeated = (name: string) => names.indexOf(name) !== names.lastIndexOf(name)
    return this.planned(topics, (topic) =>
      isRepeated(topic.name) ? { errorCode: 'INVALID_REQUEST' } : plannedTopic(this.state, topic, choose),
    )
  }

  /** Adds partitions to topics. @param choose see `createTopics` */
  createPartitions(topics: readonly CreatePartitionsTopic[], choose: Choose): readonly TopicResult[] {
    return this.planned(topics, (topic) => plannedPartitions(this.state, topic, choose))
  }

  deleteTopics(names: readonly string[]): readonly TopicResult[] {
    return this.planned(
      names.map((name) => ({ name })),
      ({ name }) =>
        this.metadata.topics.has(name)
          ? { errorCode: 'NONE', records: [{ type: 'RemoveTopic', topic: name }] }
          : { errorCode: 'UNKNOWN_TOPIC_OR_PARTITION' },
    )
  }

  /**
   * Sets configuration of a topic, leaving the rest as it is; null goes back to the default. Another min.insync.replicas
   * clears its ELR (KIP-966). Source: IncrementalAlterConfigs.
   */
  alterTopicConfigs(topic: string, changes: TopicConfigChanges): ErrorCode {
    const { state } = this
    const known = state.metadata.topics.get(topic)
    if (known === undefined) return 'UNKNOWN_TOPIC_OR_PARTITION'
    const configs = changedConfigs(known.configs, changes)
    if (!areValidConfigs(configs)) return 'INVALID_CONFIG'
    const records: MetadataRecord[] = [{ type: 'Config', topic, configs }]
    if ('min.insync.replicas' in changes && state.config['eligible.leader.replicas.version'] === 1)
      records.push({ type: 'ClearElr', topic })
    state.commit(records)
    return 'NONE'
  }

  /** Gives a broker producer ids that nobody else has. Source: ProducerIdControlManager. */
  allocateProducerIds({ brokerId, brokerEpoch }: AllocateProducerIdsRequest): AllocateProducerIdsResponse {
    const { metadata } = this.state
    const refused = (errorCode: ErrorCode) => ({ errorCode, producerIdStart: 0, producerIdLen: 0 })
    if (metadata.brokers.get(brokerId)?.brokerEpoch !== brokerEpoch) return refused('STALE_BROKER_EPOCH')
    const producerIdStart = metadata.nextProducerId
    const nextProducerId = producerIdStart + PRODUCER_ID_BLOCK_SIZE
    if (nextProducerId > Number.MAX_SAFE_INTEGER) return refused('UNKNOWN_SERVER_ERROR')
    this.state.commit([{ type: 'ProducerIds', brokerId, brokerEpoch, nextProducerId }])
    return { errorCode: 'NONE', producerIdStart, producerIdLen: PRODUCER_ID_BLOCK_SIZE }
  }

  /** Moves replicas, or stops doing so. */
  alterPartitionReassignments(
    partitions: readonly ReassignablePartition[],
    allowReplicationFactorChange = true,
  ): readonly ReassignmentResult[] {
    const { state } = this
    const records: MetadataRecord[] = []
    const results = partitions.map((target) => {
      const { errorCode, record } = reassigned(state, target, allowReplicationFactorChange)
      if (record !== undefined) records.push(record)
      return { topic: target.topic, partition: target.partition, errorCode }
    })
    state.commit(records)
    return results
  }

  /** When `advance` has something to do. */
  nextDeadlineMillis(): number {
    const { state, fencing, rebalance, uncleanElections } = this
    const expiryMillis = state.heartbeats.firstExpiryMillis()
    let first = expiryMillis === Number.POSITIVE_INFINITY ? expiryMillis : tickAfter(fencing, expiryMillis)
    if (rebalance.dueMillis < first && state.isImbalanced) first = rebalance.dueMillis
    if (uncleanElections.dueMillis < first && state.needsUncleanElection) first = uncleanElections.dueMillis
    return first
  }

  /** Fences brokers whose session is over (rule C6), elects preferred leaders, and unclean ones where that is enabled (rule C9). */
  advance(nowMillis: number): void {
    for (;;) {
      const dueMillis = this.nextDeadlineMillis()
      if (dueMillis > nowMillis) break
      this.fenceExpired(dueMillis)
      if (this.rebalance.dueMillis <= dueMillis) this.electAll(() => this.state.preferredElections())
      if (this.uncleanElections.dueMillis <= dueMillis) this.electAll(() => this.state.uncleanElections())
      for (const task of [this.fencing, this.rebalance, this.uncleanElections]) skipTo(task, dueMillis)
    }
    for (const task of [this.fencing, this.rebalance, this.uncleanElections]) skipTo(task, nowMillis)
  }

  private schedule(nowMillis: number): void {
    for (const task of [this.fencing, this.rebalance, this.uncleanElections])
      task.dueMillis = nowMillis + task.periodMillis
  }

  /** One by one, so that the next election knows of the one before. */
  private fenceExpired(nowMillis: number): void {
    const { state } = this
    for (;;) {
      const expired = state.heartbeats.takeExpired(nowMillis)
      if (expired === undefined) return
      const { brokerId, brokerEpoch } = expired
      if (state.metadata.brokers.get(brokerId)?.brokerEpoch === brokerEpoch)
        state.commit(fenced(state, brokerId))
    }
  }

  private electAll(elections: () => readonly MetadataRecord[]): void {
    for (;;) {
      const records = elections()
      this.state.commit(records.slice(0, MAX_ELECTIONS_PER_IMBALANCE))
      if (records.length < MAX_ELECTIONS_PER_IMBALANCE) return
    }
  }

  private entering(next: BrokerControlState, brokerId: number): MetadataRecord[] {
    switch (next) {
      case 'UNFENCED':
        return unfenced(this.state, brokerId)
      case 'CONTROLLED_SHUTDOWN':
        return shuttingDown(this.state, brokerId)
      case 'FENCED':
      case 'SHUTDOWN_NOW':
        return fenced(this.state, brokerId)
    }
  }

  private planned<Item extends { readonly name: string }>(
    items: readonly Item[],
    plan: (item: Item) => { readonly errorCode: ErrorCode; readonly records?: readonly MetadataRecord[] },
  ): TopicResult[] {
    const records: MetadataRecord[] = []
    const results = items.map((item) => {
      const { errorCode, records: more } = plan(item)
      if (more !== undefined) for (const record of more) records.push(record)
      return { name: item.name, errorCode }
    })
    this.state.commit(records)
    return results
  }
}

function tickAfter({ dueMillis, periodMillis }: Task, millis: number): number {
  if (millis < dueMillis) return dueMillis
  return dueMillis + (Math.floor((millis - dueMillis) / periodMillis) + 1) * periodMillis
}

function skipTo(task: Task, nowMillis: number): void {
  task.dueMillis = tickAfter(task, nowMillis)
}
