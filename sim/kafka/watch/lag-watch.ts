import { groupEntries } from '../broker/group-log.ts'
import type { Replica } from '../broker/replica.ts'
import { GROUP_METADATA_TOPIC } from '../broker/topic.ts'
import type { BrokerNode } from '../broker-node.ts'
import type { ClusterObserver, KafkaCluster } from '../cluster.ts'
import { placeOf } from '../consumer-client.ts'
import { type GroupRecord, NO_PRODUCER_ID } from '../coordinator/group-log.ts'

/** How far a group is behind in a partition. */
export interface PartitionLag {
  /** Offset behind the last record that consumers may see: the high watermark. */
  readonly end: number
  /** Of the next record to read; -1 while nothing is committed. */
  readonly committed: number
}

type OffsetRecord = Extract<GroupRecord, { readonly kind: 'OffsetCommit' }>

/** An offset, and where in __consumer_offsets it stands: the last one counts, whatever transaction ends when. */
interface Stored {
  readonly at: number
  readonly record: OffsetRecord
}

/** What is known of a partition of __consumer_offsets. */
interface Reading {
  leaderEpoch: number
  committedTo: number
  /** Offsets in transactions that have not ended, by producer id. */
  readonly pending: Map<number, Stored[]>
}

/**
 * Knows how far a group is behind in each partition of its topics, as kafka-consumer-groups.sh says it: the high watermark of
 * the leader less what is committed in __consumer_offsets, by itself or with a transaction. Changes nothing.
 */
export class LagWatch implements ClusterObserver {
  private readonly cluster: KafkaCluster
  private readonly group: string
  /** Those that a member reads, or has read. */
  private readonly topics = new Set<string>()
  private readonly changed: (place: string, lag: PartitionLag) => void
  private readonly readings = new Map<number, Reading>()
  private readonly stored = new Map<string, Stored>()
  private readonly leaderEpochs = new Map<string, number>()
  private readonly lags = new Map<string, PartitionLag>()

  /**
   * @param changed hears of every partition in which something was written or committed, `orders/3`
   */
  constructor(cluster: KafkaCluster, group: string, changed: (place: string, lag: PartitionLag) => void) {
    this.cluster = cluster
    this.group = group
    this.changed = changed
    cluster.observe(this)
  }

  brokerActed({ broker }: BrokerNode): void {
    if (broker === undefined) return
    for (const { consumer } of this.cluster.consumers(this.group))
      for (const topic of consumer.subscription()) this.topics.add(topic)
    for (const replica of broker.replicas.all) {
      if (!replica.partition.isLeader) continue
      if (this.topics.has(replica.topic)) this.readEnd(replica)
      else if (replica.topic === GROUP_METADATA_TOPIC) this.readOffsets(replica)
    }
  }

  controllerActed(): void {}

  private readEnd({ topic, index, log, partition: { leaderEpoch } }: Replica): void {
    const place = placeOf(topic, index)
    const known = this.lags.get(place)?.end ?? 0
    const { highWatermark: end } = log
    const knownEpoch = this.leaderEpochs.get(place) ?? -1
    // A stale leader knows less, and a new one may not know yet what is committed.
    if (end === known || leaderEpoch < knownEpoch) return
    if (end < known && end < log.logEndOffset) return
    this.leaderEpochs.set(place, leaderEpoch)
    this.tell(place, end, this.lags.get(place)?.committed ?? -1)
  }

  private readOffsets({ index, log, partition: { leaderEpoch } }: Replica): void {
    let reading = this.readings.get(index)
    if (reading === undefined) {
      reading = { leaderEpoch, committedTo: 0, pending: new Map() }
      this.readings.set(index, reading)
    }
    const { highWatermark } = log
    if (leaderEpoch < reading.leaderEpoch || highWatermark <= reading.committedTo) return
    reading.leaderEpoch = leaderEpoch
    for (const entry of groupEntries({ log }, reading.committedTo)) {
      if (entry.offset >= highWatermark) break
      if ('marker' in entry) this.endTransaction(reading, entry.producerId, entry.marker === 'COMMIT')
      else if ('record' in entry && entry.record.kind === 'OffsetCommit' && entry.record.group === this.group)
        this.take(reading, entry.producerId, { at: entry.offset, record: entry.record })
    }
    reading.committedTo = highWatermark
  }

  private take({ pending }: Reading, producerId: number, stored: Stored): void {
    if (producerId === NO_PRODUCER_ID) this.commit(stored)
    else pending.set(producerId, [...(pending.get(producerId) ?? []), stored])
  }

  private endTransaction({ pending }: Reading, producerId: number, isCommitted: boolean): void {
    if (isCommitted) for (const stored of pending.get(producerId) ?? []) this.commit(stored)
    pending.delete(producerId)
  }

  private commit(stored: Stored): void {
    const { topic, partition, value } = stored.record
    const place = placeOf(topic, partition)
    if (stored.at < (this.stored.get(place)?.at ?? 0)) return
    this.stored.set(place, stored)
    this.tell(place, this.lags.get(place)?.end ?? 0, value?.offset ?? -1)
  }

  private tell(place: string, end: number, committed: number): void {
    const lag = { end, committed }
    this.lags.set(place, lag)
    this.changed(place, lag)
  }
}
