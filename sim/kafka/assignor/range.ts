import {
  compareMembers,
  emptyAssignment,
  type GroupAssignment,
  type GroupMember,
  subscribedTopics,
} from './subscription.ts'

/**
 * The partitions of one topic that a member gets from a range assignor, as a half-open range: floor(P/N) neighbours,
 * and one more for the first P mod N members.
 * @param memberIndex among the members subscribed to the topic, in their order
 */
export function rangeOf(
  partitionCount: number,
  memberCount: number,
  memberIndex: number,
): readonly [from: number, to: number] {
  const quota = Math.floor(partitionCount / memberCount)
  const extra = partitionCount % memberCount
  const from = quota * memberIndex + Math.min(memberIndex, extra)
  return [from, from + quota + (memberIndex < extra ? 1 : 0)]
}

/**
 * `range` of the Java client (org.apache.kafka.clients.consumer.RangeAssignor): each topic by itself is cut into
 * ranges. Racks, by which the Java client prefers members near a replica (KIP-881), are out of scope: simulated
 * machines have none, and without them the outcome is this one.
 */
export function assignRange(
  partitionCounts: ReadonlyMap<string, number>,
  members: readonly GroupMember[],
): GroupAssignment {
  const assignment = emptyAssignment(members)
  const sorted = [...members].sort(compareMembers)
  for (const [topic, partitionCount] of subscribedTopics(partitionCounts, members)) {
    const subscribers = sorted.filter(({ metadata }) => metadata.topics.includes(topic))
    subscribers.forEach(({ memberId }, index) => {
      const [from, to] = rangeOf(partitionCount, subscribers.length, index)
      for (let partition = from; partition < to; partition++)
        assignment.get(memberId)?.push({ topic, partition })
    })
  }
  return assignment
}
