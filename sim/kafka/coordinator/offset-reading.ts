import type { OffsetFetchPartition, OffsetFetchRequest, OffsetFetchTopic } from './offset-message.ts'
import type { GroupOffsets, PartitionOffset } from './offset-store.ts'

/**
 * What OffsetFetch tells of a group's offsets: those that are replicated, or, when stable ones are wanted, the last
 * ones, without those that a transaction is about to change.
 * @param topics null for all that there is
 */
export function readOffsets(
  offsets: GroupOffsets | undefined,
  topics: OffsetFetchRequest['topics'],
  requireStable: boolean,
): OffsetFetchTopic[] {
  if (topics !== null)
    return topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) =>
        read(partitionIndex, offsets?.get(name, partitionIndex), requireStable),
      ),
    }))
  const all: OffsetFetchTopic[] = []
  for (const [name, entries] of offsets?.topics ?? []) {
    const partitions: OffsetFetchPartition[] = []
    for (const entry of entries.values())
      if ((requireStable ? entry.latest : entry.committed) !== undefined)
        partitions.push(read(entry.partition, entry, requireStable))
    if (partitions.length > 0) all.push({ name, partitions })
  }
  return all
}

function read(
  partitionIndex: number,
  entry: PartitionOffset | undefined,
  requireStable: boolean,
): OffsetFetchPartition {
  const isUnstable = requireStable && entry?.hasPending === true
  const readable = requireStable ? entry?.latest : entry?.committed
  const value = isUnstable ? undefined : readable
  return {
    partitionIndex,
    committedOffset: value?.offset ?? -1,
    committedLeaderEpoch: value?.leaderEpoch ?? -1,
    metadata: value?.metadata ?? '',
    errorCode: isUnstable ? 'UNSTABLE_OFFSET_COMMIT' : 'NONE',
  }
}
