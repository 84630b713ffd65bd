import { groupEntries } from '../broker/group-log.ts'
import type { Replica } from '../broker/replica.ts'
import { GROUP_METADATA_TOPIC } from '../broker/topic.ts'
import type { BrokerNode } from '../broker-node.ts'
import type { ClusterObserver, KafkaCluster } from '../cluster.ts'
import type { ClientHistory } from '../oracle/history-client.ts'
import type { GroupProtocol, OffsetDeleteOperation } from '../oracle/history-operation.ts'
import { partitionName } from '../transaction/topic-partition.ts'

/** How far a partition of __consumer_offsets has been read, from leader to leader. */
interface Reading {
  leaderEpoch: number
  appendedTo: number
  committedTo: number
  /** Deletions that were appended and are not committed. */
  deletions: { readonly offset: number; readonly operation: OffsetDeleteOperation }[]
}

/** What is committed of a group. */
interface KnownGroup {
  members: ReadonlySet<string>
  epoch: number
  /** Added to its epochs, which begin anew when it was deleted. */
  base: number
}

/** A member as histories name it: an id may belong to several groups. */
export function memberName(group: string, memberId: string): string {
  return `${group}/${memberId}`
}

/**
 * Tells the history of a group what its coordinator writes down: generations and group epochs, who is no member any
 * more, and which offsets are forgotten. A group is as it is committed; offsets may be forgotten as soon as it is written.
 */
export class GroupWatch implements ClusterObserver {
  private readonly historyOf: (group: string) => ClientHistory
  private readonly readings = new Map<number, Reading>()
  private readonly groups = new Map<string, KnownGroup>()

  /** @param historyOf the history that a group belongs to */
  constructor(cluster: KafkaCluster, historyOf: (group: string) => ClientHistory) {
    this.historyOf = historyOf
    cluster.observe(this)
  }

  /** An epoch that somebody was told as histories have it: it never begins anew. */
  epochOf(group: string, epoch: number): number {
    return epoch < 0 ? epoch : epoch + (this.groups.get(group)?.base ?? 0)
  }

  brokerActed({ broker }: BrokerNode): void {
    if (broker === undefined) return
    for (const replica of broker.replicas.all)
      if (replica.topic === GROUP_METADATA_TOPIC && replica.partition.isLeader) this.read(replica)
  }

  controllerActed(): void {}

  private read(replica: Replica): void {
    const { leaderEpoch } = replica.partition
    const { logEndOffset, highWatermark } = replica.log
    let reading = this.readings.get(replica.index)
    if (reading === undefined) {
      reading = { leaderEpoch, appendedTo: 0, committedTo: 0, deletions: [] }
      this.readings.set(replica.index, reading)
    }
    if (leaderEpoch < reading.leaderEpoch) return
    if (leaderEpoch > reading.leaderEpoch) {
      reading.leaderEpoch = leaderEpoch
      // What was not committed is read again, from where it is now.
      reading.appendedTo = reading.committedTo
      reading.deletions = []
    }
    if (logEndOffset > reading.appendedTo) this.readAppended(replica, reading)
    if (highWatermark > reading.committedTo) this.readCommitted(replica, reading)
  }

  private readAppended({ log }: Replica, reading: Reading): void {
    for (const entry of groupEntries({ log }, reading.appendedTo)) {
      if (!('record' in entry)) continue
      const { offset, record } = entry
      if (record.kind !== 'OffsetCommit' || record.value !== null) continue
      const { group, topic, partition } = record
      const operation = this.historyOf(group).deleteOffsets(group, [partitionName(topic, partition)])
      reading.deletions.push({ offset, operation })
    }
    reading.appendedTo = log.logEndOffset
  }

  private readCommitted({ log }: Replica, reading: Reading): void {
    const { highWatermark } = log
    for (const entry of groupEntries({ log }, reading.committedTo)) {
      if (entry.offset >= highWatermark) break
      if ('consumerGroup' in entry) {
        const { consumerGroup, value } = entry
        const members = value?.members.map(({ memberId }) => memberId)
        this.changed(consumerGroup, 'consumer', value?.groupEpoch, members)
      } else if ('record' in entry && entry.record.kind === 'GroupMetadata') {
        const { group, value } = entry.record
        const members = value?.members.map(({ memberId }) => memberId)
        this.changed(group, 'classic', value?.generation, members)
      }
    }
    reading.committedTo = highWatermark
    for (const { offset, operation } of reading.deletions) {
      if (offset < highWatermark) this.historyOf(operation.group).offsetsDeleted(operation)
    }
    reading.deletions = reading.deletions.filter(({ offset }) => offset >= highWatermark)
  }

  /** @param epoch undefined of a group that was deleted */
  private changed(
    group: string,
    protocol: GroupProtocol,
    epoch: number | undefined,
    members: readonly string[] = [],
  ): void {
    const history = this.historyOf(group)
    const before = this.groups.get(group) ?? { members: new Set(), epoch: -1, base: 0 }
    const base = epoch === undefined ? before.base + before.epoch + 1 : before.base
    const now = { members: new Set(members), epoch: epoch ?? -1, base }
    this.groups.set(group, now)
    if (epoch !== undefined && epoch !== before.epoch) history.groupEpoch(group, protocol, base + epoch)
    for (const memberId of before.members)
      if (!now.members.has(memberId)) history.memberGone(memberName(group, memberId), group)
  }
}
