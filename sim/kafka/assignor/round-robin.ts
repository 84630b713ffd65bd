import {
  compareMembers,
  compareText,
  emptyAssignment,
  type GroupAssignment,
  type GroupMember,
  subscribedTopics,
  type TopicPartition,
} from './subscription.ts'

/**
 * `roundrobin` of the Java client (org.apache.kafka.clients.consumer.RoundRobinAssignor): the partitions of all topics,
 * by topic and number, are dealt to the members in turn, and who does not subscribe to a topic is passed over.
 */
export function assignRoundRobin(
  partitionCounts: ReadonlyMap<string, number>,
  members: readonly GroupMember[],
): GroupAssignment {
  const assignment = emptyAssignment(members)
  const sorted = [...members].sort(compareMembers)
  const topics = [...subscribedTopics(partitionCounts, members)].sort(([left], [right]) =>
    compareText(left, right),
  )
  let turn = 0
  for (const [topic, partitionCount] of topics) {
    for (let partition = 0; partition < partitionCount; partition++) {
      // Somebody subscribes to the topic, or it would not be here.
      while (!sorted[turn % sorted.length]?.metadata.topics.includes(topic)) turn++
      assignment.get(sorted[turn % sorted.length]?.memberId ?? '')?.push({ topic, partition })
      turn++
    }
  }
  return assignment
}

/**
 * `RoundRobinAssigner` of kafkajs, its default and only one, which is *not* Java's `roundrobin`: the partitions of the
 * topics that the *leader* subscribes to, in its order of topics, go to the members in the order of their ids, and
 * neither the subscriptions of the others nor instance ids count. A member that gets nothing is absent from the result.
 * Source: src/consumer/assigners/roundRobinAssigner of kafkajs 2.2.4.
 */
export function assignRoundRobinOfKafkajs(
  partitionCounts: ReadonlyMap<string, number>,
  members: readonly GroupMember[],
  leaderId: string,
): GroupAssignment {
  const assignment = new Map<string, TopicPartition[]>()
  const memberIds = members.map(({ memberId }) => memberId).sort(compareText)
  const leader = members.find(({ memberId }) => memberId === leaderId)
  let turn = 0
  for (const topic of leader?.metadata.topics ?? []) {
    for (let partition = 0; partition < (partitionCounts.get(topic) ?? 0); partition++) {
      const memberId = memberIds[turn++ % memberIds.length] ?? leaderId
      const owned = assignment.get(memberId)
      if (owned === undefined) assignment.set(memberId, [{ topic, partition }])
      else owned.push({ topic, partition })
    }
  }
  return assignment
}
