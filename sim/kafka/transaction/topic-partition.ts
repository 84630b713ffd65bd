/** A partition as Kafka prints a TopicPartition, `orders-3`: text, so that sets of them compare by value. */
export type PartitionName = string

/** Partitions by topic, as requests list them. */
export interface TopicPartitions {
  readonly name: string
  readonly partitions: readonly number[]
}

/** The name of a partition. */
export function partitionName(topic: string, partition: number): PartitionName {
  return `${topic}-${partition}`
}

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

/**
 * The partition of __transaction_state or __consumer_offsets that coordinates an id: its Java hash code, made positive
 * as Kafka's Utils.abs does, modulo the number of partitions (rule T1).
 */
export function coordinatorPartition(id: string, partitions: number): number {
  let hash = 0
  for (let at = 0; at < id.length; at++) hash = (Math.imul(31, hash) + id.charCodeAt(at)) | 0
  return (hash === -0x8000_0000 ? 0 : Math.abs(hash)) % partitions
}

/** Whether every one of some partitions is in a set. */
export function containsAll(set: ReadonlySet<PartitionName>, some: Iterable<PartitionName>): boolean {
  for (const name of some) if (!set.has(name)) return false
  return true
}
