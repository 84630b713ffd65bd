import type { Replica } from '../broker/replica.ts'
import type { BrokerNode } from '../broker-node.ts'
import type { ClusterObserver, KafkaCluster } from '../cluster.ts'
import type { PolledRecord } from '../consumer-client.ts'
import { CommittedLog } from '../oracle/replica-committed.ts'
import { candidateCompleteness, replicaAnomalies } from '../oracle/replica-invariant.ts'
import { indexOf, type ReplicaAnomaly, type ReplicaLog, type ReplicaView } from '../oracle/replica-view.ts'
import { type PartitionName, partitionName } from '../transaction/topic-partition.ts'

/** What is wrong with the replicas of a partition, and since when. */
export interface WatchedAnomaly extends ReplicaAnomaly {
  readonly partition: PartitionName
  readonly atMicros: number
  /** Trace id of what was happening. */
  readonly cause: number
}

/** What decides whether a replica must be looked at again. */
interface Seen {
  logEndOffset: number
  highWatermark: number
  logStartOffset: number
  leaderEpoch: number
  partitionEpoch: number
  isr: readonly number[]
}

const EMPTY_LOG: ReplicaLog = {
  logStartOffset: 0,
  logEndOffset: 0,
  highWatermark: 0,
  firstDirtyOffset: undefined,
  segments: { all: [] },
}

/**
 * Looks at all replicas of a cluster whenever one of them has changed, and notes what must never be (rules KI1 to KI7).
 * A partition is no longer looked at once one of its logs has been compacted. Out of scope: topics that are deleted or reassigned during the run.
 */
export class ReplicaWatch implements ClusterObserver {
  readonly anomalies: WatchedAnomaly[] = []
  private readonly cluster: KafkaCluster
  private readonly committed = new Map<PartitionName, CommittedLog>()
  private readonly seen = new WeakMap<Replica, Seen>()
  private readonly reported = new Set<string>()
  /** The life of each broker that was seen last. */
  private readonly lives = new Map<BrokerNode, unknown>()
  private seenMetadataOffset = -1

  constructor(cluster: KafkaCluster) {
    this.cluster = cluster
    cluster.observe(this)
  }

  /** How many partitions it has looked at. */
  get partitionCount(): number {
    return this.committed.size
  }

  /** What was ever committed in a partition. */
  committedLog(topic: string, partition: number): CommittedLog {
    const name = partitionName(topic, partition)
    let log = this.committed.get(name)
    if (log === undefined) {
      log = new CommittedLog()
      this.committed.set(name, log)
    }
    return log
  }

  brokerActed(node: BrokerNode): void {
    const { broker } = node
    if (this.lives.get(node) !== broker) {
      this.lives.set(node, broker)
      this.judgeAll()
    }
    if (broker === undefined) return
    for (const replica of broker.replicas.all)
      if (this.hasChanged(replica)) this.judge(replica.topic, replica.index)
  }

  controllerActed(): void {
    const { offset } = this.cluster.controller.controller.metadata
    if (offset === this.seenMetadataOffset) return
    this.seenMetadataOffset = offset
    this.judgeAll()
  }

  /** What a consumer is given is committed, as it was given (rule KI7). */
  polled(records: readonly PolledRecord[]): void {
    for (const { topic, partition, offset, record } of records) {
      const { batches } = this.committedLog(topic, partition)
      const batch = batches[indexOf(batches, offset)]
      if (batch?.records[offset - batch.baseOffset] === record || this.isCompacted(topic, partition)) continue
      const anomaly = { invariant: 'ConsistentRead', brokers: [], offset } as const
      this.report(partitionName(topic, partition), anomaly)
    }
  }

  /** All replicas of a partition as they are now. */
  views(topic: string, partition: number): ReplicaView[] {
    const registered = this.cluster.controller.controller.metadata.partition(topic, partition)
    return (registered?.replicas ?? []).map((id) => this.view(id, topic, partition))
  }

  private judgeAll(): void {
    for (const { topic, partitions } of this.cluster.controller.controller.metadata.topics.values())
      for (const index of partitions.keys()) this.judge(topic, index)
  }

  private judge(topic: string, partition: number): void {
    const { metadata } = this.cluster.controller.controller
    const committed = this.committedLog(topic, partition)
    const views = this.views(topic, partition)
    if (this.isCompacted(topic, partition, views)) return
    const found = committed.observe(views)
    found.push(...replicaAnomalies(views, committed))
    const { isr = [], elr = [] } = metadata.partition(topic, partition) ?? {}
    const candidates = isr.length === 0 ? elr : isr
    const isAlive = ({ brokerId }: ReplicaView): boolean =>
      candidates.includes(brokerId) &&
      this.lifeOf(brokerId, topic, partition) === metadata.brokers.get(brokerId)?.brokerEpoch
    found.push(...candidateCompleteness(views.filter(isAlive), committed))
    for (const anomaly of found) this.report(partitionName(topic, partition), anomaly)
  }

  /** Whether a replica has been compacted: records that are missing are as they should be then. */
  private isCompacted(topic: string, partition: number, views = this.views(topic, partition)): boolean {
    return views.some(({ log }) => log.firstDirtyOffset !== undefined)
  }

  private report(partition: PartitionName, anomaly: ReplicaAnomaly): void {
    const name = `${partition} ${anomaly.invariant} ${anomaly.brokers.join()}`
    if (this.reported.has(name)) return
    this.reported.add(name)
    const { nowMicros: atMicros, cause } = this.cluster.kernel
    this.anomalies.push({ partition, atMicros, cause, ...anomaly })
  }

  private view(brokerId: number, topic: string, partition: number): ReplicaView {
    const node = this.cluster.nodes.get(brokerId)
    const replica = node?.broker?.replicas.get(topic, partition)
    if (replica === undefined) {
      const log = storedLog(node, partitionName(topic, partition))
      return { brokerId, isLeader: false, leaderEpoch: -1, log, isr: [] }
    }
    const { log, isLeader, leaderEpoch, isr } = replica.partition
    // A member that has died, or lives another life, is in the ISR until the leader hears of it.
    const members = isr.maximal.filter(
      (id) => node?.broker?.knownBrokerEpoch(id) === this.lifeOf(id, topic, partition),
    )
    return { brokerId, isLeader, leaderEpoch, log, isr: members }
  }

  /** Broker epoch of the life in which a broker has a replica open; -1 if it has not. */
  private lifeOf(brokerId: number, topic: string, partition: number): number {
    const broker = this.cluster.nodes.get(brokerId)?.broker
    return broker?.replicas.get(topic, partition) === undefined ? -1 : broker.brokerEpoch
  }

  private hasChanged(replica: Replica): boolean {
    const { log, leaderEpoch, partitionEpoch, isr } = replica.partition
    const { logEndOffset, highWatermark, logStartOffset } = log
    const seen = this.seen.get(replica)
    if (
      seen !== undefined &&
      seen.logEndOffset === logEndOffset &&
      seen.highWatermark === highWatermark &&
      seen.logStartOffset === logStartOffset &&
      seen.leaderEpoch === leaderEpoch &&
      seen.partitionEpoch === partitionEpoch &&
      seen.isr === isr.maximal
    )
      return false
    const now = { logEndOffset, highWatermark, logStartOffset, leaderEpoch, partitionEpoch, isr: isr.maximal }
    this.seen.set(replica, now)
    return true
  }
}

/** What is on the disk of a broker that has not opened a log. */
function storedLog(node: BrokerNode | undefined, name: PartitionName): ReplicaLog {
  const stored = node?.stored?.logs.get(name)?.log
  if (stored === undefined) return EMPTY_LOG
  const { logStartOffset, segments, firstDirtyOffset } = stored
  const logEndOffset = segments[segments.length - 1]?.nextOffset ?? logStartOffset
  const highWatermark = Math.min(stored.highWatermark, logEndOffset)
  return { logStartOffset, logEndOffset, highWatermark, firstDirtyOffset, segments: { all: segments } }
}
