import { rangeOf } from './range.ts'
import { compareMembers, type GroupAssignment, type TopicPartition } from './subscription.ts'
import { isHomogeneous, type ModernMember, TargetAssignment } from './target-assignment.ts'
import { UniformHeterogeneousAssignment } from './uniform-heterogeneous.ts'
import { UniformHomogeneousAssignment } from './uniform-homogeneous.ts'

/** An assignor of KIP-848, which the group coordinator runs (ConsumerGroupPartitionAssignor). */
export interface ServerAssignor {
  /** As in `group.consumer.assignors` and in the heartbeat's `serverAssignor`. */
  readonly name: string
  /**
   * @param partitionCounts all topics; those that are not here are assigned to nobody
   * @param members in the order in which the coordinator knows them
   * @returns the target assignment, topics in the order of `partitionCounts`
   */
  assign(partitionCounts: ReadonlyMap<string, number>, members: readonly ModernMember[]): GroupAssignment
}

/**
 * `uniform` (org.apache.kafka.coordinator.group.assignor.UniformAssignor, rule N5): balanced over all
 * topics, and sticky. Topics have ids in Kafka, random ones, by which it orders them; here their order in
 * `partitionCounts` stands for that of the ids.
 */
export function assignUniform(
  partitionCounts: ReadonlyMap<string, number>,
  members: readonly ModernMember[],
): GroupAssignment {
  const target = new TargetAssignment(partitionCounts, members)
  if (members.length === 0) return new Map()
  const builder = isHomogeneous(members)
    ? new UniformHomogeneousAssignment(target)
    : new UniformHeterogeneousAssignment(target)
  builder.build()
  return target.toMap()
}

/**
 * `range` of the group coordinator (org.apache.kafka.coordinator.group.assignor.RangeAssignor): the client's, so that
 * topics of equal size are partitioned alike, and not sticky.
 */
export function assignServerRange(
  partitionCounts: ReadonlyMap<string, number>,
  members: readonly ModernMember[],
): GroupAssignment {
  const assignment = new Map<string, TopicPartition[]>(members.map(({ memberId }) => [memberId, []]))
  const sorted = members
    .map((member) => ({ ...member, groupInstanceId: member.instanceId }))
    .sort(compareMembers)
  for (const [topic, partitionCount] of partitionCounts) {
    const subscribers = sorted.filter(({ subscribedTopicNames }) => subscribedTopicNames.includes(topic))
    subscribers.forEach(({ memberId }, index) => {
      const [from, to] = rangeOf(partitionCount, subscribers.length, index)
      for (let partition = from; partition < to; partition++)
        assignment.get(memberId)?.push({ topic, partition })
    })
  }
  return assignment
}

/** The assignors of the group coordinator, the default first. */
export const SERVER_ASSIGNORS: ReadonlyMap<string, ServerAssignor> = new Map([
  ['uniform', { name: 'uniform', assign: assignUniform }],
  ['range', { name: 'range', assign: assignServerRange }],
])
