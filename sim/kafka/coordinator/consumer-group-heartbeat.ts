import type { ErrorCode } from '../error-code.ts'
import {
  type ConsumerGroupMember,
  changedMember,
  JOIN_GROUP_EPOCH,
  LEAVE_GROUP_EPOCH,
  LEAVE_GROUP_STATIC_EPOCH,
} from './consumer-group-member.ts'
import { isSubset, type TopicPartitions } from './consumer-group-partitions.ts'

/** ConsumerGroupHeartbeat. What is null has not changed since the member's last heartbeat. */
export interface ConsumerGroupHeartbeatRequest {
  readonly groupId: string
  /** Made up by the consumer from version 1 on; before, empty in the first heartbeat. */
  readonly memberId: string
  /** 0 joins, −1 leaves, −2 leaves for a while (static members). */
  readonly memberEpoch: number
  readonly instanceId: string | null
  readonly rackId: string | null
  /** max.poll.interval.ms of the consumer; −1 when unchanged. */
  readonly rebalanceTimeoutMs: number
  readonly subscribedTopicNames: readonly string[] | null
  readonly subscribedTopicRegex: string | null
  readonly serverAssignor: string | null
  /** What the member owns. */
  readonly topicPartitions: readonly TopicPartitions[] | null
}

export interface ConsumerGroupHeartbeatResponse {
  readonly errorCode: ErrorCode
  readonly errorMessage: string | null
  readonly memberId: string | null
  readonly memberEpoch: number
  readonly heartbeatIntervalMs: number
  /** What the member may own from now on; null when that has not changed. */
  readonly assignment: { readonly topicPartitions: readonly TopicPartitions[] } | null
}

/** Who sends a heartbeat. */
export interface HeartbeatClient {
  readonly clientId: string
  readonly clientHost: string
  /** Of ConsumerGroupHeartbeat. */
  readonly apiVersion: number
}

/** Why a heartbeat is refused. */
export interface HeartbeatRefusal {
  readonly errorCode: ErrorCode
  readonly errorMessage: string
}

/** The first version in which the consumer makes up its member id (KIP-1082). */
const CONSUMER_GENERATED_MEMBER_ID_VERSION = 1

/** The response that refuses a heartbeat. */
export function refusal(errorCode: ErrorCode, errorMessage: string): ConsumerGroupHeartbeatResponse {
  return { errorCode, errorMessage, memberId: null, memberEpoch: 0, heartbeatIntervalMs: 0, assignment: null }
}

/**
 * What is wrong with a heartbeat, whatever the group (GroupCoordinatorService.
 * throwIfConsumerGroupHeartbeatRequestIsInvalid): INVALID_REQUEST or UNSUPPORTED_ASSIGNOR.
 * @param assignors the names of the server assignors
 */
export function invalidHeartbeat(
  request: ConsumerGroupHeartbeatRequest,
  apiVersion: number,
  assignors: readonly string[],
): HeartbeatRefusal | undefined {
  const problem = idProblem(request, apiVersion) ?? epochProblem(request)
  if (problem !== undefined) return { errorCode: 'INVALID_REQUEST', errorMessage: problem }
  if (request.serverAssignor !== null && !assignors.includes(request.serverAssignor)) {
    const errorMessage = `ServerAssignor ${request.serverAssignor} is not supported. Supported assignors: ${assignors.join(', ')}.`
    return { errorCode: 'UNSUPPORTED_ASSIGNOR', errorMessage }
  }
  return undefined
}

function idProblem(request: ConsumerGroupHeartbeatRequest, apiVersion: number): string | undefined {
  const needsMemberId =
    apiVersion >= CONSUMER_GENERATED_MEMBER_ID_VERSION ||
    request.memberEpoch > 0 ||
    request.memberEpoch === LEAVE_GROUP_EPOCH
  if (needsMemberId && isBlank(request.memberId)) return "MemberId can't be empty."
  if (isBlank(request.groupId)) return "GroupId can't be empty."
  if (request.instanceId !== null && isBlank(request.instanceId)) return "InstanceId can't be empty."
  if (request.rackId !== null && isBlank(request.rackId)) return "RackId can't be empty."
  return undefined
}

function epochProblem(request: ConsumerGroupHeartbeatRequest): string | undefined {
  if (request.memberEpoch === JOIN_GROUP_EPOCH) {
    if (request.rebalanceTimeoutMs === -1) return 'RebalanceTimeoutMs must be provided in first request.'
    if (request.topicPartitions?.length !== 0) return 'TopicPartitions must be empty when (re-)joining.'
    if (request.subscribedTopicNames === null && request.subscribedTopicRegex === null) {
      return 'Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.'
    }
  } else if (request.memberEpoch === LEAVE_GROUP_STATIC_EPOCH) {
    if (request.instanceId === null) return "InstanceId can't be null."
  } else if (request.memberEpoch < LEAVE_GROUP_STATIC_EPOCH) {
    return 'MemberEpoch is invalid.'
  }
  return undefined
}

/** As Java's String.trim sees it. */
function isBlank(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x20) return false
  return true
}

/**
 * Whether the epoch of a heartbeat fences the member (rule N3). Epoch 0 always may rejoin. The epoch before is taken
 * from a member that owns nothing but its assignment, because it may have lost the answer that raised it.
 */
export function fencedEpoch(
  member: ConsumerGroupMember,
  memberEpoch: number,
  owned: readonly TopicPartitions[] | null,
): HeartbeatRefusal | undefined {
  if (memberEpoch === JOIN_GROUP_EPOCH || memberEpoch === member.memberEpoch) return undefined
  const smaller = memberEpoch < member.memberEpoch
  if (smaller && memberEpoch === member.previousMemberEpoch && isSubset(owned, member.assignedPartitions)) {
    return undefined
  }
  return {
    errorCode: 'FENCED_MEMBER_EPOCH',
    errorMessage:
      `The consumer group member has a ${smaller ? 'smaller' : 'greater'} member epoch (${memberEpoch}) than the one ` +
      `known by the group coordinator (${member.memberEpoch}). The member must abandon all its partitions and rejoin.`,
  }
}

/** The member with what a heartbeat changes of it (ConsumerGroupMember.Builder), the member itself if it says nothing. */
export function updatedMember(
  member: ConsumerGroupMember,
  request: ConsumerGroupHeartbeatRequest,
  client: HeartbeatClient,
): ConsumerGroupMember {
  const { instanceId, rackId, rebalanceTimeoutMs, serverAssignor, subscribedTopicNames: names } = request
  const sameClient = member.clientId === client.clientId && member.clientHost === client.clientHost
  const sameSubscription = names === null && request.subscribedTopicRegex === null
  const sameRest = rebalanceTimeoutMs === -1 && rackId === null && serverAssignor === null
  if (sameClient && sameSubscription && sameRest && (instanceId ?? member.instanceId) === member.instanceId) {
    return member
  }
  return changedMember(member, {
    instanceId: instanceId ?? member.instanceId,
    rackId: rackId ?? member.rackId,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : rebalanceTimeoutMs,
    serverAssignor: serverAssignor ?? member.serverAssignor,
    subscribedTopicNames: names === null ? member.subscribedTopicNames : new Set(names),
    subscribedTopicRegex: request.subscribedTopicRegex ?? member.subscribedTopicRegex,
    clientId: client.clientId,
    clientHost: client.clientHost,
  })
}

/** A heartbeat that says everything is answered with the whole assignment, as one that joins is. */
export function isFullRequest(request: ConsumerGroupHeartbeatRequest): boolean {
  return (
    request.rebalanceTimeoutMs !== -1 &&
    (request.subscribedTopicNames !== null || request.subscribedTopicRegex !== null) &&
    request.topicPartitions !== null
  )
}
