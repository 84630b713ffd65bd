import { ConsumerGroup } from './consumer-group.ts'
import type { ConsumerGroupMember } from './consumer-group-member.ts'
import type { PartitionSet } from './consumer-group-partitions.ts'

/** What __consumer_offsets holds of a consumer group: what another coordinator goes on with. */
export interface ConsumerGroupSnapshot {
  readonly groupId: string
  readonly groupEpoch: number
  readonly assignmentEpoch: number
  readonly assignedAtMillis: number
  readonly topics: ReadonlyMap<string, number>
  readonly members: readonly ConsumerGroupMember[]
  readonly targets: ReadonlyMap<string, PartitionSet>
  readonly topicsByRegex: ReadonlyMap<string, ReadonlySet<string>>
  readonly regexesResolvedAtMillis: number
}

/** What is to be kept of a group; it shares nothing that changes. */
export function snapshotGroup(group: ConsumerGroup): ConsumerGroupSnapshot {
  return {
    groupId: group.groupId,
    groupEpoch: group.groupEpoch,
    assignmentEpoch: group.assignmentEpoch,
    assignedAtMillis: group.assignedAtMillis,
    topics: group.topics,
    members: [...group.members.values()],
    targets: group.targets,
    topicsByRegex: new Map(group.regexes.topicsByRegex),
    regexesResolvedAtMillis: group.regexes.resolvedAtMillis,
  }
}

/**
 * A group as a coordinator that takes over has it (GroupMetadataManager.onLoaded): every session and every revocation
 * gets its full time again, and the next heartbeat looks at the topics.
 */
export function restoreGroup(
  snapshot: ConsumerGroupSnapshot,
  nowMillis: number,
  sessionTimeoutMs: number,
): ConsumerGroup {
  const group = new ConsumerGroup(snapshot.groupId)
  group.assign(snapshot.targets, snapshot.assignmentEpoch, snapshot.assignedAtMillis)
  group.groupEpoch = snapshot.groupEpoch
  group.topics = snapshot.topics
  group.regexes.restore(snapshot.topicsByRegex, snapshot.regexesResolvedAtMillis)
  for (const member of snapshot.members) {
    group.putMember(member)
    group.timers.setSession(member.memberId, nowMillis + sessionTimeoutMs)
    if (member.state === 'UNREVOKED_PARTITIONS') {
      group.timers.setRebalance(member.memberId, nowMillis + member.rebalanceTimeoutMs, member.memberEpoch)
    }
  }
  return group
}
