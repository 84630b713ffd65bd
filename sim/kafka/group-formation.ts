import { firstAssignment } from './assignor/first-assignment.ts'
import type { ConsumerProtocolSubscription, TopicPartition } from './assignor/subscription.ts'
import { subscribedTopics } from './broker/group-shard.ts'
import { CLIENT_HOST } from './broker/groups.ts'
import type { JoinOffer } from './consumer/stable-member.ts'
import { ClassicGroup, CONSUMER_PROTOCOL_TYPE } from './coordinator/classic-group.ts'
import { ClassicMember } from './coordinator/classic-member.ts'
import type { GroupMetadataValue } from './coordinator/group-log.ts'

/** A consumer that is to be a member. */
export interface Joiner {
  readonly memberId: string
  readonly clientId: string
  readonly offer: JoinOffer
}

/** A classic group that is stable in its first generation. */
export interface FormedGroup {
  readonly group: ClassicGroup
  /** As its coordinator writes it down: when the first member comes, and with the assignment. */
  readonly values: readonly GroupMetadataValue[]
  /** Topics that some member reads, in the order in which they are named. */
  readonly topics: readonly string[]
  /** By member id. */
  readonly assignments: ReadonlyMap<string, readonly TopicPartition[]>
}

/**
 * The group that some consumers form by JoinGroup and SyncGroup if all of them come within
 * group.initial.rebalance.delay.ms: the first leads.
 * @param partitionCounts of the topics that there are
 */
export function formGroup(
  groupId: string,
  joiners: readonly Joiner[],
  partitionCounts: ReadonlyMap<string, number>,
  nowMillis: number,
): FormedGroup {
  const group = new ClassicGroup(groupId, nowMillis, subscribedTopics)
  const empty = group.persisted(null)
  group.transitionTo('PreparingRebalance', nowMillis)
  for (const { memberId, clientId, offer } of joiners) group.add(memberOf(memberId, clientId, offer))
  group.initNextGeneration(nowMillis)
  const members = group.joinResponseMembers().map(({ memberId, groupInstanceId, metadata }) => ({
    memberId,
    groupInstanceId,
    metadata: metadata as ConsumerProtocolSubscription,
  }))
  const topics = [...new Set(members.flatMap(({ metadata }) => metadata.topics))]
  const counts = new Map<string, number>()
  for (const topic of topics) counts.set(topic, partitionCounts.get(topic) ?? 0)
  const assignments = firstAssignment(group.protocolName ?? '', counts, members, group.leaderId ?? '')
  const values = [empty, group.persisted(assignments)]
  for (const member of group.members.values()) member.assignment = assignments.get(member.memberId) ?? null
  group.transitionTo('Stable', nowMillis)
  return { group, values, topics, assignments }
}

function memberOf(memberId: string, clientId: string, offer: JoinOffer): ClassicMember {
  const { sessionTimeoutMs, rebalanceTimeoutMs, groupInstanceId, protocols } = offer
  return new ClassicMember({
    memberId,
    groupInstanceId,
    clientId,
    clientHost: CLIENT_HOST,
    rebalanceTimeoutMs,
    sessionTimeoutMs,
    protocolType: CONSUMER_PROTOCOL_TYPE,
    protocols,
    assignment: null,
  })
}
