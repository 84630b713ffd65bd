import type { TopicMetadata } from '../controller/metadata.ts'
import { NO_LEADER, type PartitionRegistration } from '../controller/registration.ts'
import type { ErrorCode } from '../error-code.ts'
import type { RecordBatch } from '../log/batch.ts'
import type { LogConfig } from '../log/config.ts'
import type { Log } from '../log/log.ts'
import { moveLog } from '../log/move.ts'
import type { LogOptions } from '../log/options.ts'
import {
  crashMachine,
  crashProcess,
  createLog,
  openLog,
  type PageCacheLoss,
  type StoredLog,
  shutDown,
} from '../log/recovery.ts'
import { PartitionFetcher } from '../replication/fetcher.ts'
import { type PartitionName, partitionName } from '../transaction/topic-partition.ts'
import type { BrokerContext } from './context.ts'
import type { StoredReplica } from './host.ts'
import type { Maintenance } from './maintenance.ts'
import { Replica } from './replica.ts'
import { logConfigOf, minInsyncReplicasOf } from './topic-config.ts'

/** Told what becomes of replicas: fetchers start and stop, coordinators are loaded and unloaded. */
export interface ReplicaListener {
  onLeader(replica: Replica, nowMillis: number): void
  onFollower(replica: Replica, nowMillis: number): void
  onRemoved(replica: Replica, nowMillis: number): void
}

const NO_REPLICAS: readonly Replica[] = []

/** What a new broker finds on its disk: nothing can be taken out of it, and nobody puts anything in. */
const NOTHING_STORED = new Map<PartitionName, StoredReplica>()

/** What all replicas of a topic have in common. */
interface TopicQualities {
  readonly options: LogOptions
  readonly minInsyncReplicas: number
}

/** What a machine that crashes keeps of each log. */
export type LossOf = (topic: string, partition: number) => PageCacheLoss | undefined

/** The replicas of a broker, as the metadata assign them. Source: ReplicaManager, LogManager. */
export class Replicas {
  /** All of them, in the order in which it got them. */
  readonly all: Replica[] = []
  private readonly byTopic = new Map<string, (Replica | undefined)[]>()
  private readonly context: BrokerContext
  private readonly maintenance: Maintenance
  private readonly listener: ReplicaListener
  private readonly stored: Map<PartitionName, StoredReplica>
  /** By configuration, of which there are few. */
  private readonly options: LogOptions[] = []

  /** @param stored what the disk holds when the broker starts */
  constructor(
    context: BrokerContext,
    maintenance: Maintenance,
    listener: ReplicaListener,
    stored: ReadonlyMap<PartitionName, StoredReplica>,
  ) {
    this.context = context
    this.maintenance = maintenance
    this.listener = listener
    this.stored = stored.size === 0 ? NOTHING_STORED : new Map(stored)
  }

  get(topic: string, partition: number): Replica | undefined {
    return this.byTopic.get(topic)?.[partition]
  }

  /** The replicas of a topic, by the index of their partition. */
  ofTopic(topic: string): readonly (Replica | undefined)[] {
    return this.byTopic.get(topic) ?? NO_REPLICAS
  }

  /** The replica of a partition, or why there is none (ReplicaManager.getPartitionOrError). */
  lookUp(
    topic: string,
    partition: number,
  ): Replica | 'NOT_LEADER_OR_FOLLOWER' | 'UNKNOWN_TOPIC_OR_PARTITION' {
    const replica = this.get(topic, partition)
    if (replica !== undefined) return replica
    const isKnown = this.context.metadata.partition(topic, partition) !== undefined
    return isKnown ? 'NOT_LEADER_OR_FOLLOWER' : 'UNKNOWN_TOPIC_OR_PARTITION'
  }

  /** The replica of a partition that this broker leads, or why it cannot be asked. */
  leader(topic: string, partition: number): Replica | ErrorCode {
    const replica = this.lookUp(topic, partition)
    if (typeof replica === 'string') return replica
    return replica.partition.isLeader ? replica : 'NOT_LEADER_OR_FOLLOWER'
  }

  /** A partition of a topic is as the metadata say now. */
  update(topic: TopicMetadata, index: number, registration: PartitionRegistration, nowMillis: number): void {
    const { id } = this.context
    let replica = this.get(topic.topic, index)
    if (replica !== undefined && replica.topicId !== topic.topicId) {
      this.remove(replica, nowMillis)
      replica = undefined
    }
    if (!registration.replicas.includes(id)) {
      if (replica !== undefined) this.remove(replica, nowMillis)
      return
    }
    replica ??= this.created(topic, this.qualitiesOf(topic), index, nowMillis)
    this.take(replica, registration, nowMillis)
    this.context.touch(replica)
  }

  /**
   * Takes up what the metadata assign as if it had done so long ago: what the logs hold is replicated and committed.
   * @param contents of the logs that are not empty
   */
  resume(contents: ReadonlyMap<PartitionName, readonly RecordBatch[]>, nowMillis: number): void {
    const { id, metadata } = this.context
    for (const topic of metadata.topics.values()) {
      const { partitions } = topic
      const qualities = this.qualitiesOf(topic)
      for (let index = 0; index < partitions.length; index++) {
        const registration = partitions[index] as PartitionRegistration
        if (!registration.replicas.includes(id)) continue
        const replica = this.created(topic, qualities, index, nowMillis)
        this.take(replica, registration, nowMillis)
        replica.resume(contents.get(partitionName(topic.topic, index)), nowMillis)
      }
    }
  }

  /** A topic is configured anew. */
  reconfigure({ topic, configs, partitions }: TopicMetadata, nowMillis: number): void {
    const { config } = this.context
    for (const index of partitions.keys()) {
      const replica = this.get(topic, index)
      if (replica === undefined) continue
      replica.log.reconfigure(logConfigOf(configs, config), nowMillis)
      replica.minInsyncReplicas = minInsyncReplicasOf(configs, config)
      this.maintenance.changed()
    }
  }

  /** A topic is deleted. */
  removeTopic(topic: string, nowMillis: number): void {
    for (const replica of [...this.all]) if (replica.topic === topic) this.remove(replica, nowMillis)
  }

  /** All logs are moved to another directory. */
  moveLogs(): void {
    for (const replica of this.all) {
      moveLog(replica.log)
      this.context.touch(replica)
    }
  }

  /** What the disk holds when the broker is shut down in order. */
  shutDown(nowMillis: number): Map<PartitionName, StoredReplica> {
    return this.store((log) => shutDown(log, nowMillis))
  }

  /** What the disk holds when the process dies. */
  crashProcess(nowMillis: number): Map<PartitionName, StoredReplica> {
    return this.store((log) => crashProcess(log, nowMillis))
  }

  /** What the disk holds when the machine dies. */
  crashMachine(nowMillis: number, lossOf: LossOf): Map<PartitionName, StoredReplica> {
    return this.store((log, { topic, index }) => crashMachine(log, nowMillis, lossOf(topic, index)))
  }

  private store(storedOf: (log: Log, replica: Replica) => StoredLog): Map<PartitionName, StoredReplica> {
    const disk = new Map(this.stored)
    for (const replica of this.all) {
      const { topic, topicId, index: partition, log } = replica
      disk.set(partitionName(topic, partition), { topic, topicId, partition, log: storedOf(log, replica) })
    }
    return disk
  }

  private take(replica: Replica, registration: PartitionRegistration, nowMillis: number): void {
    if (registration.leader === this.context.id) this.lead(replica, registration, nowMillis)
    else this.follow(replica, registration, nowMillis)
  }

  private lead(replica: Replica, registration: PartitionRegistration, nowMillis: number): void {
    const newEpoch = registration.leaderEpoch > replica.partition.leaderEpoch
    replica.fetcher = undefined
    const newLeader = replica.partition.makeLeader(registration, nowMillis)
    if (newLeader) this.context.host.observer?.leads(replica.topic, replica.index)
    if (newLeader || newEpoch) this.listener.onLeader(replica, nowMillis)
  }

  private follow(replica: Replica, registration: PartitionRegistration, nowMillis: number): void {
    const { config, switches } = this.context
    const newEpoch = replica.partition.makeFollower(registration)
    if (!newEpoch) return
    const { leader, leaderEpoch } = registration
    replica.fetcher =
      leader === NO_LEADER
        ? undefined
        : new PartitionFetcher(replica.log, replica.index, leaderEpoch, config, switches, nowMillis)
    this.listener.onFollower(replica, nowMillis)
  }

  private created(
    { topic, topicId, partitions }: TopicMetadata,
    { options, minInsyncReplicas }: TopicQualities,
    index: number,
    nowMillis: number,
  ): Replica {
    const stored = this.takeStored(topic, index)
    const log =
      stored?.topicId === topicId ? openLog(stored.log, options, nowMillis) : createLog(options, nowMillis)
    const replica = new Replica(this.context, topic, index, topicId, log)
    replica.minInsyncReplicas = minInsyncReplicas
    this.all.push(replica)
    let ofTopic = this.byTopic.get(topic)
    if (ofTopic === undefined) {
      ofTopic = new Array<Replica | undefined>(partitions.length)
      this.byTopic.set(topic, ofTopic)
    }
    ofTopic[index] = replica
    this.maintenance.add(log)
    return replica
  }

  /** What the disk held of a partition when the broker was started, once. */
  private takeStored(topic: string, index: number): StoredReplica | undefined {
    if (this.stored.size === 0) return undefined
    const name = partitionName(topic, index)
    const stored = this.stored.get(name)
    if (stored !== undefined) this.stored.delete(name)
    return stored
  }

  private qualitiesOf({ configs }: TopicMetadata): TopicQualities {
    const { config } = this.context
    const options = this.optionsOf(logConfigOf(configs, config))
    return { options, minInsyncReplicas: minInsyncReplicasOf(configs, config) }
  }

  /** The options of logs with one configuration, which many have. */
  private optionsOf(config: LogConfig): LogOptions {
    for (const known of this.options) if (known.config === config) return known
    const { config: broker, switches, disk, startMillis } = this.context
    const options = { config, broker, switches, disk, startMillis }
    this.options.push(options)
    return options
  }

  private remove(replica: Replica, nowMillis: number): void {
    this.all.splice(this.all.indexOf(replica), 1)
    const ofTopic = this.byTopic.get(replica.topic)
    if (ofTopic !== undefined) ofTopic[replica.index] = undefined
    this.maintenance.remove(replica.log)
    replica.isRemoved = true
    replica.fetcher = undefined
    replica.partition.makeFollower({ ...GONE, leaderEpoch: replica.partition.leaderEpoch })
    this.listener.onRemoved(replica, nowMillis)
    this.context.touch(replica)
  }
}

/** What a replica hears that is deleted: nobody leads it. */
const GONE: Omit<PartitionRegistration, 'leaderEpoch'> = {
  replicas: [],
  isr: [],
  leader: NO_LEADER,
  partitionEpoch: Number.MAX_SAFE_INTEGER,
  leaderRecoveryState: 'RECOVERED',
  elr: [],
  lastKnownElr: [],
  addingReplicas: [],
  removingReplicas: [],
}
