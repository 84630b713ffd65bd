import { NO_PARTITIONS, type PartitionEpochs } from './consumer-group-partitions.ts'

/** The epoch of a heartbeat that joins, or rejoins. */
export const JOIN_GROUP_EPOCH = 0

/** The epoch of a heartbeat that leaves the group for good. */
export const LEAVE_GROUP_EPOCH = -1

/** The epoch of a static member that leaves for a while: whoever comes with its instance id gets its partitions. */
export const LEAVE_GROUP_STATIC_EPOCH = -2

/**
 * Where a member stands on its way to its target assignment (MemberState): at it; asked to give up partitions that it
 * still owns; or waiting for partitions that other members still own.
 */
export type MemberState = 'STABLE' | 'UNREVOKED_PARTITIONS' | 'UNRELEASED_PARTITIONS'

/** A member of a consumer group (ConsumerGroupMember). Immutable: a change is another object. */
export interface ConsumerGroupMember {
  readonly memberId: string
  readonly instanceId: string | null
  readonly rackId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly subscribedTopicNames: ReadonlySet<string>
  /** Empty when the member subscribes to no expression. */
  readonly subscribedTopicRegex: string
  readonly serverAssignor: string | null
  readonly state: MemberState
  readonly memberEpoch: number
  /** The epoch before the last answer, which a member that lost the answer still sends. */
  readonly previousMemberEpoch: number
  /** What the member may own. */
  readonly assignedPartitions: PartitionEpochs
  /** What the member was asked to give up and may still own. */
  readonly partitionsPendingRevocation: PartitionEpochs
}

/**
 * A member with some of its fields changed. Not a spread: in Node 20 a spread copy that grows gets a hidden class of its
 * own, by which whatever looks at it is slow.
 */
export function changedMember(
  member: ConsumerGroupMember,
  changes: Partial<ConsumerGroupMember>,
): ConsumerGroupMember {
  return Object.assign({}, member, changes)
}

/** A member before its first heartbeat has been taken in. */
export function newMember(memberId: string): ConsumerGroupMember {
  return {
    memberId,
    instanceId: null,
    rackId: null,
    clientId: '',
    clientHost: '',
    rebalanceTimeoutMs: -1,
    subscribedTopicNames: new Set(),
    subscribedTopicRegex: '',
    serverAssignor: null,
    state: 'STABLE',
    memberEpoch: 0,
    previousMemberEpoch: -1,
    assignedPartitions: NO_PARTITIONS,
    partitionsPendingRevocation: NO_PARTITIONS,
  }
}

/** A static member that left for a while: it keeps its assignment, got at no epoch that a commit could be too old for. */
export function awayMember(member: ConsumerGroupMember): ConsumerGroupMember {
  const assignedPartitions = new Map<string, ReadonlyMap<number, number>>()
  for (const [topicName, epochs] of member.assignedPartitions) {
    assignedPartitions.set(topicName, new Map([...epochs.keys()].map((partition) => [partition, 0])))
  }
  return {
    ...member,
    memberEpoch: LEAVE_GROUP_STATIC_EPOCH,
    assignedPartitions,
    partitionsPendingRevocation: NO_PARTITIONS,
  }
}

/** Whether the member has arrived at the target assignment of an epoch. */
export function isReconciledTo(member: ConsumerGroupMember, assignmentEpoch: number): boolean {
  return member.state === 'STABLE' && member.memberEpoch === assignmentEpoch
}

/**
 * The epoch at which the member got a partition that it owns or has still to give up.
 * @returns undefined when it has neither
 */
export function assignmentEpochOf(
  member: ConsumerGroupMember,
  topicName: string,
  partition: number,
): number | undefined {
  return (
    member.assignedPartitions.get(topicName)?.get(partition) ??
    member.partitionsPendingRevocation.get(topicName)?.get(partition)
  )
}
