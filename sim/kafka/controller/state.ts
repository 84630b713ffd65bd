import type { ControllerConfig } from './config.ts'
import { BrokerHeartbeats } from './heartbeat.ts'
import { Metadata } from './metadata.ts'
import { type Election, type PartitionTarget, partitionChange } from './partition-change.ts'
import type { MetadataLog, MetadataRecord } from './record.ts'
import { hasPreferredLeader, NO_LEADER, type PartitionRegistration } from './registration.ts'

/** One partition by name. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

type PartitionChangeRecord = Extract<MetadataRecord, { type: 'PartitionChange' }>

/** What all parts of the controller work on: what is in the metadata, and what only the active controller remembers. */
export class ControllerState {
  readonly config: ControllerConfig
  readonly log: MetadataLog
  readonly metadata = new Metadata()
  readonly heartbeats: BrokerHeartbeats
  /** What there is to do for the periodic elections; undefined when it has to be looked up again. */
  private pending: { readonly preferred: boolean; readonly unclean: boolean } | undefined = undefined

  /** @param log what is in it has happened; brokers that are unfenced get a session anew */
  constructor(config: ControllerConfig, log: MetadataLog, nowMillis: number) {
    this.config = config
    this.log = log
    this.heartbeats = new BrokerHeartbeats(config['broker.session.timeout.ms'])
    for (const batch of log.since(0)) this.metadata.replay(batch)
    for (const { brokerId, brokerEpoch, fenced } of this.metadata.brokers.values()) {
      this.heartbeats.register(brokerId, fenced)
      if (!fenced) this.heartbeats.contact(brokerId, brokerEpoch, nowMillis)
    }
  }

  readonly isActive = (brokerId: number): boolean => this.metadata.isActive(brokerId)

  /** min.insync.replicas of a topic, no more than its replicas. */
  effectiveMinIsr(topic: string): number {
    const { configs, partitions } = this.topicOf(topic)
    const configured = Number(configs['min.insync.replicas'] ?? this.config['min.insync.replicas'])
    return Math.min(configured, (partitions[0] as PartitionRegistration).replicas.length)
  }

  isUncleanElectionEnabled(topic: string): boolean {
    const configured = this.topicOf(topic).configs['unclean.leader.election.enable']
    return configured === undefined
      ? this.config['unclean.leader.election.enable']
      : configured === true || configured === 'true'
  }

  /** The record that brings a partition to where it is wanted. @returns undefined if nothing changes */
  change(
    { topic, partition }: TopicPartition,
    target: PartitionTarget,
    isAcceptableLeader: (brokerId: number) => boolean = this.isActive,
  ): PartitionChangeRecord | undefined {
    const registration = this.metadata.partition(topic, partition) as PartitionRegistration
    const change = partitionChange(registration, target, {
      isAcceptableLeader,
      minInsyncReplicas: this.effectiveMinIsr(topic),
      eligibleLeaderReplicas: this.config['eligible.leader.replicas.version'] === 1,
    })
    return change && { type: 'PartitionChange', topic, partition, change }
  }

  /** The election to use where nobody has asked for one in particular. */
  ordinaryElection(topic: string): 'UNCLEAN' | 'ONLINE' {
    return this.isUncleanElectionEnabled(topic) ? 'UNCLEAN' : 'ONLINE'
  }

  /** Appends records, which take effect together. @returns the offset of the last record of the log */
  commit(records: readonly MetadataRecord[]): number {
    if (records.length > 0) {
      this.metadata.replay(this.log.append(records))
      this.pending = undefined
      for (const record of records) this.follow(record)
    }
    return this.log.nextOffset - 1
  }

  /** The partitions that satisfy a condition, in the order in which they were created. */
  partitionsWhere(
    condition: (registration: PartitionRegistration, topic: string) => boolean,
  ): TopicPartition[] {
    const found: TopicPartition[] = []
    for (const { topic, partitions } of this.metadata.topics.values())
      for (let partition = 0; partition < partitions.length; partition++)
        if (condition(partitions[partition] as PartitionRegistration, topic)) found.push({ topic, partition })
    return found
  }

  hasLeaderships(brokerId: number): boolean {
    for (const { partitions } of this.metadata.topics.values())
      if (partitions.some(({ leader }) => leader === brokerId)) return true
    return false
  }

  /** Whether a preferred leader could lead now that does not, and the controller is to change that. */
  get isImbalanced(): boolean {
    return this.pendingElections().preferred
  }

  /** Whether a partition without leader could have any now. */
  get needsUncleanElection(): boolean {
    return this.pendingElections().unclean
  }

  /** Records that make preferred leaders lead, where they can and others do. */
  preferredElections(): PartitionChangeRecord[] {
    if (!this.config['auto.leader.rebalance.enable']) return []
    return this.elections('PREFERRED', (registration) => !hasPreferredLeader(registration))
  }

  /** Records that make somebody lead where nobody does and unclean elections are enabled. */
  uncleanElections(): PartitionChangeRecord[] {
    return this.elections(
      'UNCLEAN',
      ({ leader }, topic) => leader === NO_LEADER && this.isUncleanElectionEnabled(topic),
    )
  }

  isLeaderless({ leader }: PartitionRegistration): boolean {
    return leader === NO_LEADER
  }

  private pendingElections() {
    this.pending ??= {
      preferred: this.preferredElections().length > 0,
      unclean: this.uncleanElections().length > 0,
    }
    return this.pending
  }

  private elections(
    election: Election,
    condition: (registration: PartitionRegistration, topic: string) => boolean,
  ): PartitionChangeRecord[] {
    return this.partitionsWhere(condition)
      .map((topicPartition) => this.change(topicPartition, { election }))
      .filter((record) => record !== undefined)
  }

  private topicOf(topic: string) {
    const found = this.metadata.topics.get(topic)
    if (found === undefined) throw new RangeError(`no topic ${topic}`)
    return found
  }

  /** Keeps what only the controller remembers in step with the metadata. */
  private follow(record: MetadataRecord): void {
    switch (record.type) {
      case 'RegisterBroker': {
        const { brokerId, fenced } = record.registration
        this.heartbeats.remove(brokerId)
        this.heartbeats.register(brokerId, fenced)
        return
      }
      case 'UnregisterBroker':
        this.heartbeats.remove(record.brokerId)
        return
      case 'BrokerRegistrationChange': {
        const registration = this.metadata.brokers.get(record.brokerId)
        if (registration !== undefined) this.heartbeats.register(record.brokerId, registration.fenced)
        return
      }
      case 'Topic':
      case 'RemoveTopic':
      case 'Config':
      case 'Partition':
      case 'PartitionChange':
      case 'ProducerIds':
      case 'ClearElr':
    }
  }
}
