import type { ConsumerGroupMember } from './consumer-group-member.ts'
import { NO_PARTITIONS, type PartitionSet } from './consumer-group-partitions.ts'
import { sameNames, subscribedTopics } from './subscribed-topics.ts'

/** What a server assignor knows of one member (MemberSubscription and MemberAssignment). */
export interface MemberSpec {
  readonly instanceId: string | null
  readonly rackId: string | null
  /** The topics that the member subscribes to, by name or by expression, and that exist. */
  readonly subscribedTopics: ReadonlySet<string>
  /** Its part of the target assignment before, which need not be what it owns. */
  readonly assignedPartitions: PartitionSet
}

/** What a server assignor knows of the group (GroupSpec). */
export interface GroupSpec {
  /** By member id, in the order in which they joined. */
  readonly members: ReadonlyMap<string, MemberSpec>
  /** Whether all members subscribe to the same topics. */
  readonly subscriptionType: 'HOMOGENEOUS' | 'HETEROGENEOUS'
}

/** Partitions by member id; who is not in it gets none. */
export type GroupAssignment = ReadonlyMap<string, PartitionSet>

/**
 * A server assignor (ConsumerGroupPartitionAssignor).
 * @param group its members, their subscriptions and their partitions so far
 * @param topics the number of partitions of every subscribed topic that exists
 * @throws {PartitionAssignorError} when it cannot assign
 */
export type ConsumerGroupAssignor = (group: GroupSpec, topics: ReadonlyMap<string, number>) => GroupAssignment

/** An assignor gives up: the heartbeat that needed it fails with UNKNOWN_SERVER_ERROR and changes nothing. */
export class PartitionAssignorError extends Error {}

/** What a target assignment is computed from. */
export interface TargetAssignmentInput {
  readonly members: Iterable<ConsumerGroupMember>
  /** The number of partitions of every subscribed topic that exists. */
  readonly topics: ReadonlyMap<string, number>
  /** The topics of every resolved regular expression. */
  readonly regexes: ReadonlyMap<string, ReadonlySet<string>>
  /** A member's part of the target assignment before. */
  previousTarget(member: ConsumerGroupMember): PartitionSet | undefined
  readonly assignor: ConsumerGroupAssignor
}

/**
 * Computes the target assignment of a group (rule N1; TargetAssignmentBuilder): every member has an entry.
 * @throws {PartitionAssignorError} what the assignor throws
 */
export function computeTargetAssignment(input: TargetAssignmentInput): Map<string, PartitionSet> {
  const { topics, regexes } = input
  const specs = new Map<string, MemberSpec>()
  let first: ConsumerGroupMember | undefined
  let homogeneous = true
  for (const member of input.members) {
    first ??= member
    homogeneous &&= sameSubscription(first, member)
    specs.set(member.memberId, {
      instanceId: member.instanceId,
      rackId: member.rackId,
      subscribedTopics: subscribedTopics(member, topics, regexes),
      assignedPartitions: input.previousTarget(member) ?? NO_PARTITIONS,
    })
  }
  const assigned = input.assignor(
    { members: specs, subscriptionType: homogeneous ? 'HOMOGENEOUS' : 'HETEROGENEOUS' },
    topics,
  )
  const target = new Map<string, PartitionSet>()
  for (const memberId of specs.keys()) target.set(memberId, assigned.get(memberId) ?? NO_PARTITIONS)
  return target
}

/** Members that mix names and an expression count as different even if they do it alike, as in ConsumerGroup. */
function sameSubscription(first: ConsumerGroupMember, member: ConsumerGroupMember): boolean {
  return (
    first.subscribedTopicRegex === member.subscribedTopicRegex &&
    sameNames(first.subscribedTopicNames, member.subscribedTopicNames) &&
    (member.subscribedTopicRegex === '' || member.subscribedTopicNames.size === 0)
  )
}
