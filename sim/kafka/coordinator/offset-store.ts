import type { ErrorCode } from '../error-code.ts'
import type { OffsetCommitValue, Write } from './group-log.ts'

/** An offset with its place in the log of the coordinator. */
export interface StoredOffset extends OffsetCommitValue {
  readonly recordOffset: number
}

/** A value that the log has, with its place there. */
export function storedOffset(value: OffsetCommitValue, recordOffset: number): StoredOffset {
  const { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp } = value
  return { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp, recordOffset }
}

/** What is known of one partition in one group. */
export class PartitionOffset {
  readonly groupId: string
  readonly topic: string
  readonly partition: number
  /** As of the last record of the log, which decides what may be written next. */
  latest: StoredOffset | undefined
  /** As of the last replicated record of the log, which is what readers see. */
  committed: StoredOffset | undefined
  /** By producer id, what transactions that have not ended will make of it; made for the first. */
  pending: Map<number, StoredOffset> | undefined = undefined

  constructor(groupId: string, topic: string, partition: number) {
    this.groupId = groupId
    this.topic = topic
    this.partition = partition
    this.latest = undefined
    this.committed = undefined
  }

  /** Whether a transaction that has not ended will make something of it. */
  get hasPending(): boolean {
    return this.pending !== undefined && this.pending.size > 0
  }
}

/** All offsets of one group by topic and partition, in the order in which they first came. */
export class GroupOffsets {
  readonly topics = new Map<string, Map<number, PartitionOffset>>()
  /** How many offsets of transactions are pending. */
  pendingCount = 0

  get(topic: string, partition: number): PartitionOffset | undefined {
    return this.topics.get(topic)?.get(partition)
  }
}

/** Offsets of open transactions where there are none: nobody writes to it. */
const NONE_OPEN = new Map<number, Set<PartitionOffset>>()

/**
 * The offsets of all groups of one coordinator: those of the log, and those of transactions that have not ended
 * (rule T9). Source: the classes Offsets and OpenTransactions of OffsetMetadataManager of Apache Kafka.
 */
export class OffsetStore {
  readonly groups = new Map<string, GroupOffsets>()
  private open = NONE_OPEN

  /** Takes in an offset. @returns where it is, for `reveal` */
  put(groupId: string, topic: string, partition: number, value: StoredOffset): PartitionOffset {
    const entry = this.entry(groupId, topic, partition)
    entry.latest = value
    return entry
  }

  /** Takes in an offset of a transaction. */
  putPending(
    producerId: number,
    groupId: string,
    topic: string,
    partition: number,
    value: StoredOffset,
  ): void {
    const entry = this.entry(groupId, topic, partition)
    const group = this.groups.get(groupId) as GroupOffsets
    entry.pending ??= new Map()
    if (!entry.pending.has(producerId)) group.pendingCount++
    entry.pending.set(producerId, value)
    let entries = this.open.get(producerId)
    if (entries === undefined) {
      entries = new Set()
      if (this.open === NONE_OPEN) this.open = new Map()
      this.open.set(producerId, entries)
    }
    entries.add(entry)
  }

  /** Takes in a tombstone, which also forgets what transactions have in store. @returns where it is, for `reveal` */
  delete(entry: PartitionOffset): void {
    entry.latest = undefined
    if (entry.pending === undefined) return
    for (const producerId of entry.pending.keys()) this.close(producerId, entry)
    entry.pending.clear()
  }

  /**
   * Takes in the end of a transaction. A pending offset counts only if nothing was committed for its partition after
   * it.
   * @returns the partitions whose offset has changed, for `reveal`
   */
  endTransaction(producerId: number, isCommit: boolean): PartitionOffset[] {
    const changed: PartitionOffset[] = []
    for (const entry of this.open.get(producerId) ?? []) {
      const value = entry.pending?.get(producerId) as StoredOffset
      entry.pending?.delete(producerId)
      const group = this.groups.get(entry.groupId) as GroupOffsets
      group.pendingCount--
      if (isCommit && (entry.latest === undefined || value.recordOffset > entry.latest.recordOffset)) {
        entry.latest = value
        changed.push(entry)
      } else this.dropIfEmpty(entry)
    }
    this.open.delete(producerId)
    return changed
  }

  /** Makes a change visible to readers. @param value undefined after a tombstone */
  reveal(entry: PartitionOffset, value: StoredOffset | undefined): void {
    entry.committed = value
    if (value === undefined) this.dropIfEmpty(entry)
  }

  private entry(groupId: string, topic: string, partition: number): PartitionOffset {
    let group = this.groups.get(groupId)
    if (group === undefined) {
      group = new GroupOffsets()
      this.groups.set(groupId, group)
    }
    let partitions = group.topics.get(topic)
    if (partitions === undefined) {
      partitions = new Map()
      group.topics.set(topic, partitions)
    }
    let entry = partitions.get(partition)
    if (entry === undefined) {
      entry = new PartitionOffset(groupId, topic, partition)
      partitions.set(partition, entry)
    }
    return entry
  }

  private close(producerId: number, entry: PartitionOffset): void {
    const group = this.groups.get(entry.groupId) as GroupOffsets
    group.pendingCount--
    const entries = this.open.get(producerId) as Set<PartitionOffset>
    entries.delete(entry)
    if (entries.size === 0) this.open.delete(producerId)
  }

  private dropIfEmpty(entry: PartitionOffset): void {
    if (entry.latest !== undefined || entry.committed !== undefined || entry.hasPending) return
    const group = this.groups.get(entry.groupId)
    const partitions = group?.topics.get(entry.topic)
    if (group === undefined || partitions?.get(entry.partition) !== entry) return
    partitions.delete(entry.partition)
    if (partitions.size === 0) group.topics.delete(entry.topic)
    if (group.topics.size === 0) this.groups.delete(entry.groupId)
  }
}

/** Changes that readers will see once they are replicated. */
export class Reveal implements Write {
  private readonly store: OffsetStore
  private readonly entries: readonly PartitionOffset[]
  private readonly values: readonly (StoredOffset | undefined)[]

  /** @param entries whose `latest` is what is being written */
  constructor(store: OffsetStore, entries: readonly PartitionOffset[]) {
    this.store = store
    this.entries = entries
    this.values = entries.map(({ latest }) => latest)
  }

  committed(): void {
    for (let at = 0; at < this.entries.length; at++)
      this.store.reveal(this.entries[at] as PartitionOffset, this.values[at])
  }

  /** It may still be replicated after a time-out; a coordinator that lost its log is dropped whole. */
  failed(_errorCode: ErrorCode): void {}
}
