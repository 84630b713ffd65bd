import { hashMapOrder } from './java-hash.ts'

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/**
 * What an assignor remembers of the last assignment and sends with the next JoinGroup: the sticky assignor both, the
 * cooperative one the generation only.
 */
export interface SubscriptionUserData {
  readonly previousAssignment?: readonly TopicPartition[]
  /** Absent in what clients before Kafka 2.4 send. */
  readonly generation?: number
}

/** ConsumerProtocolSubscription: the metadata that a member sends for each protocol of its JoinGroup. */
export interface ConsumerProtocolSubscription {
  readonly topics: readonly string[]
  readonly userData: SubscriptionUserData | null
  /** What the member owns while it joins: nothing under the eager protocol, which revokes everything before. */
  readonly ownedPartitions: readonly TopicPartition[]
  /** Generation in which it owned them; -1 if unknown. */
  readonly generationId: number
}

/** A member as the leader of the group is told of it (JoinGroupResponseMember). */
export interface GroupMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly metadata: ConsumerProtocolSubscription
}

/** The partitions of each member, by member id. */
export type GroupAssignment = ReadonlyMap<string, readonly TopicPartition[]>

/** An unknown generation (AbstractStickyAssignor.DEFAULT_GENERATION). */
export const DEFAULT_GENERATION = -1

/** Orders texts as Java's `String.compareTo` does: by UTF-16 code units. */
export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

/**
 * Orders members as assignors count them: static ones first, by instance id, then dynamic ones by member id
 * (AbstractPartitionAssignor.MemberInfo of the clients; RangeAssignor of the group coordinator).
 */
export function compareMembers(
  left: { readonly memberId: string; readonly groupInstanceId: string | null },
  right: { readonly memberId: string; readonly groupInstanceId: string | null },
): number {
  if (left.groupInstanceId !== null && right.groupInstanceId !== null)
    return compareText(left.groupInstanceId, right.groupInstanceId)
  if (left.groupInstanceId !== null) return -1
  if (right.groupInstanceId !== null) return 1
  return compareText(left.memberId, right.memberId)
}

/** The members in the order of the `HashMap` from member id to subscription that the leader builds from JoinGroup. */
export function membersInMapOrder(members: readonly GroupMember[]): GroupMember[] {
  const byId = new Map(members.map((member) => [member.memberId, member]))
  return hashMapOrder(byId.keys()).flatMap((memberId) => byId.get(memberId) ?? [])
}

/**
 * The topics that somebody subscribes to and that have partitions, in the order of Java's map of them, with their
 * numbers of partitions (AbstractPartitionAssignor.assign).
 */
export function subscribedTopics(
  partitionCounts: ReadonlyMap<string, number>,
  members: readonly GroupMember[],
): Map<string, number> {
  const topics = new Set(membersInMapOrder(members).flatMap(({ metadata }) => metadata.topics))
  const known = hashMapOrder(topics).filter((topic) => (partitionCounts.get(topic) ?? 0) > 0)
  return new Map(hashMapOrder(known).map((topic) => [topic, partitionCounts.get(topic) ?? 0]))
}

/** An assignment in which nobody has anything, to be filled. */
export function emptyAssignment(
  members: readonly { readonly memberId: string }[],
): Map<string, TopicPartition[]> {
  return new Map(members.map(({ memberId }) => [memberId, []]))
}
