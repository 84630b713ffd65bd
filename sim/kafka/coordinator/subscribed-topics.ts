import type { ConsumerGroupMember } from './consumer-group-member.ts'

/** The topics of the cluster, as a coordinator's broker knows them. */
export interface ClusterTopics {
  /** The number of partitions of a topic; undefined when it does not exist. */
  partitionCount(topicName: string): number | undefined
  topicNames(): Iterable<string>
}

/** The topics that a member subscribes to, by name or by an expression that has been resolved, and that exist. */
export function subscribedTopics(
  member: ConsumerGroupMember,
  topics: ReadonlyMap<string, number>,
  regexes: ReadonlyMap<string, ReadonlySet<string>>,
): ReadonlySet<string> {
  const subscribed = new Set<string>()
  for (const topicName of member.subscribedTopicNames) if (topics.has(topicName)) subscribed.add(topicName)
  for (const topicName of regexes.get(member.subscribedTopicRegex) ?? []) {
    if (topics.has(topicName)) subscribed.add(topicName)
  }
  return subscribed
}

/**
 * The numbers of partitions of the topics that any of the members subscribes to and that exist, ordered by name: their
 * order, to assignors, stands for that of Kafka's topic ids, and must not depend on who came first.
 */
export function groupTopics(
  members: Iterable<ConsumerGroupMember>,
  regexes: ReadonlyMap<string, ReadonlySet<string>>,
  cluster: ClusterTopics,
): Map<string, number> {
  const names = new Set<string>()
  for (const { subscribedTopicNames, subscribedTopicRegex } of members) {
    for (const topicName of subscribedTopicNames) names.add(topicName)
    for (const topicName of regexes.get(subscribedTopicRegex) ?? []) names.add(topicName)
  }
  const topics = new Map<string, number>()
  for (const topicName of [...names].sort()) {
    const count = cluster.partitionCount(topicName)
    if (count !== undefined) topics.set(topicName, count)
  }
  return topics
}

/** Whether two lots of topics are the same, with the same numbers of partitions. */
export function sameTopics(left: ReadonlyMap<string, number>, right: ReadonlyMap<string, number>): boolean {
  if (left.size !== right.size) return false
  for (const [topicName, count] of left) if (right.get(topicName) !== count) return false
  return true
}

/** Whether two sets hold the same names. */
export function sameNames(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  if (left.size !== right.size) return false
  for (const name of left) if (!right.has(name)) return false
  return true
}
