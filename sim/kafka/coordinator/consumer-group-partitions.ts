/** Partitions of one topic, as requests and responses list them. */
export interface TopicPartitions {
  readonly topicName: string
  readonly partitions: readonly number[]
}

/** Partitions by topic name; never changed once built. */
export type PartitionSet = ReadonlyMap<string, ReadonlySet<number>>

/** Partitions by topic name, each with the epoch at which its owner got it (KIP-1251); never changed once built. */
export type PartitionEpochs = ReadonlyMap<string, ReadonlyMap<number, number>>

/** No partitions, of either shape. */
export const NO_PARTITIONS: ReadonlyMap<string, never> = new Map<string, never>()

/** Partitions as a response lists them, ascending within a topic. */
export function toTopicPartitions(partitions: PartitionSet | PartitionEpochs): TopicPartitions[] {
  const listed: TopicPartitions[] = []
  for (const [topicName, ofTopic] of partitions) {
    if (ofTopic.size > 0) {
      listed.push({ topicName, partitions: [...ofTopic.keys()].sort((left, right) => left - right) })
    }
  }
  return listed
}

/** Whether two assignments hold the same partitions, got at the same epochs. */
export function samePartitionEpochs(left: PartitionEpochs, right: PartitionEpochs): boolean {
  if (left === right) return true
  if (left.size !== right.size) return false
  for (const [topicName, epochs] of left) {
    const others = right.get(topicName)
    if (others === undefined || others.size !== epochs.size) return false
    for (const [partition, epoch] of epochs) if (others.get(partition) !== epoch) return false
  }
  return true
}

/** Whether every listed partition is among those held. A list that was not sent is no subset. */
export function isSubset(listed: readonly TopicPartitions[] | null, held: PartitionEpochs): boolean {
  if (listed === null) return false
  return listed.every(({ topicName, partitions }) => {
    const ofTopic = held.get(topicName)
    return ofTopic !== undefined && partitions.every((partition) => ofTopic.has(partition))
  })
}

/** Whether any listed partition is among those held. A list that was not sent may hold any. */
export function intersects(listed: readonly TopicPartitions[] | null, held: PartitionEpochs): boolean {
  if (listed === null) return true
  return listed.some(({ topicName, partitions }) => {
    const ofTopic = held.get(topicName)
    return ofTopic !== undefined && partitions.some((partition) => ofTopic.has(partition))
  })
}
