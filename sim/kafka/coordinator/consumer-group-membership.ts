import type { ConsumerGroup } from './consumer-group.ts'
import {
  type ConsumerGroupHeartbeatRequest,
  fencedEpoch,
  type HeartbeatRefusal,
} from './consumer-group-heartbeat.ts'
import {
  type ConsumerGroupMember,
  changedMember,
  JOIN_GROUP_EPOCH,
  LEAVE_GROUP_STATIC_EPOCH,
  newMember,
} from './consumer-group-member.ts'
import { compileTopicRegex } from './consumer-group-regex.ts'
import { sameNames } from './subscribed-topics.ts'

/** The member that a heartbeat speaks for. */
export interface Admission {
  readonly member: ConsumerGroupMember
  /** The id of the static member whose place it takes. */
  readonly replacedId: string | null
}

/** What a heartbeat does to a member's subscription. */
export interface SubscriptionChange {
  readonly changed: boolean
  /** Whether it asks for another target assignment at once; an expression that is yet to be resolved does not. */
  readonly raisesGroupEpoch: boolean
}

/**
 * Finds, or makes, the member that a heartbeat speaks for (rule N3; GroupMetadataManager.getOrMaybeSubscribe-
 * {Dynamic,Static}ConsumerGroupMember). Changes nothing.
 * @returns or UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH, FENCED_INSTANCE_ID or UNRELEASED_INSTANCE_ID
 */
export function admit(
  group: ConsumerGroup,
  request: ConsumerGroupHeartbeatRequest,
  memberId: string,
): Admission | HeartbeatRefusal {
  const { instanceId, memberEpoch, topicPartitions } = request
  const joins = memberEpoch === JOIN_GROUP_EPOCH
  if (instanceId !== null && joins) return admitStatic(group, instanceId, memberId)
  const member =
    instanceId === null ? group.members.get(memberId) : ownedInstance(group, instanceId, memberId)
  if (member === undefined) {
    return joins ? { member: newMember(memberId), replacedId: null } : unknownMember(group, memberId)
  }
  if ('errorCode' in member) return member
  return fencedEpoch(member, memberEpoch, topicPartitions) ?? { member, replacedId: null }
}

/** A static member joins: in the place of one that has left for a while, never of one that lives. */
function admitStatic(
  group: ConsumerGroup,
  instanceId: string,
  memberId: string,
): Admission | HeartbeatRefusal {
  const existing = group.staticMember(instanceId)
  if (existing === undefined) {
    return { member: group.members.get(memberId) ?? newMember(memberId), replacedId: null }
  }
  if (existing.memberEpoch !== LEAVE_GROUP_STATIC_EPOCH) {
    const errorMessage = `Static member ${memberId} with instance id ${instanceId} cannot join the group because the instance id is owned by ${existing.memberId} member.`
    return { errorCode: 'UNRELEASED_INSTANCE_ID', errorMessage }
  }
  const member = changedMember(existing, { memberId, memberEpoch: 0, previousMemberEpoch: 0 })
  return { member, replacedId: existing.memberId }
}

/**
 * The member that leaves.
 * @returns or UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID
 */
export function leavingMember(
  group: ConsumerGroup,
  request: ConsumerGroupHeartbeatRequest,
): ConsumerGroupMember | HeartbeatRefusal {
  const { memberId, instanceId } = request
  if (instanceId !== null) return ownedInstance(group, instanceId, memberId)
  return group.members.get(memberId) ?? unknownMember(group, memberId)
}

function ownedInstance(
  group: ConsumerGroup,
  instanceId: string,
  memberId: string,
): ConsumerGroupMember | HeartbeatRefusal {
  const member = group.staticMember(instanceId)
  if (member === undefined) {
    return { errorCode: 'UNKNOWN_MEMBER_ID', errorMessage: `Instance id ${instanceId} is unknown.` }
  }
  if (member.memberId === memberId) return member
  const errorMessage = `Static member ${memberId} with instance id ${instanceId} was fenced by member ${member.memberId}.`
  return { errorCode: 'FENCED_INSTANCE_ID', errorMessage }
}

function unknownMember(group: ConsumerGroup, memberId: string): HeartbeatRefusal {
  const errorMessage = `Member ${memberId} is not a member of group ${group.groupId}.`
  return { errorCode: 'UNKNOWN_MEMBER_ID', errorMessage }
}

/**
 * Compares a member's subscription before and after a heartbeat.
 * @returns or INVALID_REGULAR_EXPRESSION
 */
export function subscriptionChange(
  group: ConsumerGroup,
  before: ConsumerGroupMember,
  after: ConsumerGroupMember,
): SubscriptionChange | HeartbeatRefusal {
  const namesChanged = !sameNames(before.subscribedTopicNames, after.subscribedTopicNames)
  const regex = after.subscribedTopicRegex
  if (regex === before.subscribedTopicRegex) return { changed: namesChanged, raisesGroupEpoch: namesChanged }
  if (regex === '') return { changed: true, raisesGroupEpoch: true }
  if (group.subscribedRegexes.has(regex)) {
    return { changed: true, raisesGroupEpoch: namesChanged || group.regexes.topicsByRegex.has(regex) }
  }
  if (compileTopicRegex(regex) === undefined) {
    const errorMessage = `SubscribedTopicRegex \`${regex}\` is not a valid regular expression.`
    return { errorCode: 'INVALID_REGULAR_EXPRESSION', errorMessage }
  }
  return { changed: true, raisesGroupEpoch: namesChanged }
}
