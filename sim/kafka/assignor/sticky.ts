import { hashMapOrder } from './java-hash.ts'
import { type MemberData, PartitionIndex, settleClaims } from './sticky-claims.ts'
import { ConstrainedAssignment, type StickyResult } from './sticky-constrained.ts'
import { GeneralAssignment } from './sticky-general.ts'
import {
  type ConsumerProtocolSubscription,
  DEFAULT_GENERATION,
  type GroupAssignment,
  type GroupMember,
  membersInMapOrder,
  type SubscriptionUserData,
  subscribedTopics,
  type TopicPartition,
} from './subscription.ts'

/** What a client knows of the last assignment that it got. */
export interface LastAssignment {
  readonly partitions: readonly TopicPartition[]
  readonly generationId: number
}

/**
 * `sticky` of the Java client (StickyAssignor, eager): as balanced as possible, and among such assignments one that
 * moves little. What members owned comes from their user data, as they own nothing while they join.
 *
 * Racks are out of scope, as for `range`. Java's assignor object also remembers the highest generation that it has ever
 * seen; this function sees one rebalance, which differs only once generations start again from below.
 */
export function assignSticky(
  partitionCounts: ReadonlyMap<string, number>,
  members: readonly GroupMember[],
): GroupAssignment {
  return toAssignment(resolve(partitionCounts, members, stickyMemberData))
}

/**
 * `cooperative-sticky` of the Java client (CooperativeStickyAssignor, KIP-429): as `sticky`, over what members own while
 * they join, less every partition that would go to a member while another owns it. The owner revokes it, and the
 * rebalance that follows gives it away.
 */
export function assignCooperativeSticky(
  partitionCounts: ReadonlyMap<string, number>,
  members: readonly GroupMember[],
): GroupAssignment {
  const resolved = resolve(partitionCounts, members, cooperativeMemberData)
  const withheld = resolved.result.transferring ?? ownedElsewhere(resolved)
  return toAssignment(resolved, (partition) => !withheld.has(partition))
}

interface Resolved {
  readonly index: PartitionIndex
  /** In map order. */
  readonly members: readonly GroupMember[]
  readonly result: StickyResult
}

function resolve(
  partitionCounts: ReadonlyMap<string, number>,
  unordered: readonly GroupMember[],
  memberDataOf: (subscription: ConsumerProtocolSubscription) => MemberData,
): Resolved {
  const members = membersInMapOrder(unordered)
  const index = new PartitionIndex(subscribedTopics(partitionCounts, members))
  const dataOf = members.map(({ metadata }) => memberDataOf(metadata))
  const claims = settleClaims(index, members, dataOf)
  const memberIds = members.map(({ memberId }) => memberId)
  const builder = claims.subscriptionsEqual
    ? new ConstrainedAssignment(index, memberIds, claims)
    : new GeneralAssignment(index, members, dataOf, claims)
  return { index, members, result: builder.build() }
}

function toAssignment(
  { index, members, result }: Resolved,
  isGiven: (partition: number) => boolean = () => true,
): GroupAssignment {
  const givenTo = (member: number): TopicPartition[] =>
    (result.assigned[member] ?? []).filter(isGiven).map((partition) => index.at(partition))
  return new Map(members.map(({ memberId }, member) => [memberId, givenTo(member)]))
}

/**
 * Partitions that somebody else says it owns, and their new owner does not
 * (CooperativeStickyAssignor.computePartitionsTransferringOwnership): here claims of any generation count.
 */
function ownedElsewhere({ index, members, result }: Resolved): ReadonlySet<number> {
  const claimantsOf = new Map<number, number[]>()
  members.forEach(({ metadata }, member) => {
    for (const owned of metadata.ownedPartitions) {
      const partition = index.of(owned)
      claimantsOf.set(partition, [...(claimantsOf.get(partition) ?? []), member])
    }
  })
  const elsewhere = result.assigned.flatMap((partitions, member) =>
    partitions.filter((partition) => claimantsOf.get(partition)?.includes(member) === false),
  )
  return new Set(elsewhere)
}

function stickyMemberData({ userData }: ConsumerProtocolSubscription): MemberData {
  return { partitions: userData?.previousAssignment ?? [], generation: userData?.generation }
}

/** Members of clients before Kafka 3.2 tell their generation in the user data. */
function cooperativeMemberData(subscription: ConsumerProtocolSubscription): MemberData {
  const { ownedPartitions: partitions, generationId, userData } = subscription
  return { partitions, generation: generationId >= 0 ? generationId : userData?.generation }
}

/**
 * The user data of a `sticky` subscription: the last assignment, its topics in the order of Java's map of them
 * (StickyAssignor.serializeTopicPartitionAssignment); none before the first.
 */
export function stickyUserData(last: LastAssignment | undefined): SubscriptionUserData | null {
  if (last === undefined) return null
  const topics = hashMapOrder(last.partitions.map(({ topic }) => topic))
  const previousAssignment = topics.flatMap((topic) =>
    last.partitions.filter((owned) => owned.topic === topic),
  )
  return { previousAssignment, generation: last.generationId }
}

/** The user data of a `cooperative-sticky` subscription: the generation of the last assignment. */
export function cooperativeStickyUserData(last: LastAssignment | undefined): SubscriptionUserData {
  return { generation: last?.generationId ?? DEFAULT_GENERATION }
}
