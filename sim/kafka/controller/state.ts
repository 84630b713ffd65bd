import type { ControllerConfig } from './config.ts'
import { BrokerHeartbeats } from './heartbeat.ts'
import { Metadata } from './metadata.ts'
import { type PartitionTarget, partitionChange } from './partition-change.ts'
import { MetadataLog, type MetadataRecord } from './record.ts'
import { hasPreferredLeader, NO_LEADER, type PartitionRegistration } from './registration.ts'

/** One partition by name. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** What all parts of the controller work on: what is in the metadata, and what only the active controller remembers. */
export class ControllerState {
  readonly config: ControllerConfig
  readonly log = new MetadataLog()
  readonly metadata = new Metadata()
  /** Of the active controller; a failover starts anew. */
  heartbeats: BrokerHeartbeats
  /** What there is to do for the periodic elections; undefined when it has to be looked up again. */
  private pending: { readonly preferred: boolean; readonly unclean: boolean } | undefined

  constructor(config: ControllerConfig) {
    this.config = config
    this.heartbeats = new BrokerHeartbeats(config['broker.session.timeout.ms'])
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
  ): Extract<MetadataRecord, { type: 'PartitionChange' }> | undefined {
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
  partitionsWhere(condition: (registration: PartitionRegistration) => boolean): TopicPartition[] {
    const found: TopicPartition[] = []
    for (const { topic, partitions } of this.metadata.topics.values()) {
      for (const [partition, registration] of partitions.entries())
        if (condition(registration)) found.push({ topic, partition })
    }
    return found
  }

  hasLeaderships(brokerId: number): boolean {
    for (const { partitions } of this.metadata.topics.values())
      if (partitions.some(({ leader }) => leader === brokerId)) return true
    return false
  }

  /** Whether somebody other than the preferred leader leads a partition, and the controller is to change that. */
  get isImbalanced(): boolean {
    return this.pendingElections().preferred
  }

  /** Whether a partition without leader may have any. */
  get needsUncleanElection(): boolean {
    return this.pendingElections().unclean
  }

  isLeaderless({ leader }: PartitionRegistration): boolean {
    return leader === NO_LEADER
  }

  private pendingElections() {
    this.pending ??= {
      preferred:
        this.config['auto.leader.rebalance.enable'] &&
        this.partitionsWhere((registration) => !hasPreferredLeader(registration)).length > 0,
      unclean: this.partitionsWhere(this.isLeaderless).some(({ topic }) =>
        this.isUncleanElectionEnabled(topic),
      ),
    }
    return this.pending
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
      case 'ClearElr':
    }
  }
}
