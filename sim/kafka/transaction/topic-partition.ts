import { partitionTexts } from './partition-text.ts'

/** A partition as Kafka prints a TopicPartition, `orders-3`: text, so that sets of them compare by value. */
export type PartitionName = string

/** Partitions by topic, as requests list them. */
export interface TopicPartitions {
  readonly name: string
  readonly partitions: readonly number[]
}

/** The name of a partition. */
export const partitionName: (topic: string, partition: number) => PartitionName = partitionTexts('-')

/** The topic and the index of a named partition. */
export function splitPartitionName(name: PartitionName): {
  readonly topic: string
  readonly partition: number
} {
  const dash = name.lastIndexOf('-')
  return { topic: name.slice(0, dash), partition: Number(name.slice(dash + 1)) }
}

/** Named partitions grouped by topic, in the order in which they come. */
export function byTopic(names: Iterable<PartitionName>): TopicPartitions[] {
  const topics = new Map<string, number[]>()
  for (const name of names) {
    const { topic, partition } = splitPartitionName(name)
    const partitions = topics.get(topic)
    if (partitions === undefined) topics.set(topic, [partition])
    else partitions.push(partition)
  }
  return [...topics].map(([name, partitions]) => ({ name, partitions }))
}

/** The names of partitions that are grouped by topic. */
export function namesOf(topics: readonly TopicPartitions[]): PartitionName[] {
  return topics.flatMap(({ name, partitions }) => partitions.map((index) => partitionName(name, index)))
}

/** Whether every one of some partitions is in a set. */
export function containsAll(set: ReadonlySet<PartitionName>, some: Iterable<PartitionName>): boolean {
  for (const name of some) if (!set.has(name)) return false
  return true
}
