import type { ErrorCode } from '../error-code.ts'

/**
 * Answers a request, at once or later, at most once: Kafka too leaves a request without an answer when its member
 * repeats it, or leaves while its SyncGroup is parked.
 */
export type Respond<Response> = (response: Response) => void

/** What comes with every request. */
export interface RequestHeader {
  readonly apiVersion: number
  readonly clientId: string
  readonly clientHost: string
}

/** A way of assigning partitions that a member offers, with what it says about itself in that protocol. */
export interface JoinGroupProtocol {
  readonly name: string
  /** Opaque to the coordinator: compared, stored and handed to the leader. */
  readonly metadata: unknown
}

export interface JoinGroupRequest {
  readonly groupId: string
  readonly sessionTimeoutMs: number
  /** −1 in version 0, which means the session time-out. */
  readonly rebalanceTimeoutMs: number
  /** Empty for a new member. */
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly protocolType: string
  readonly protocols: readonly JoinGroupProtocol[]
}

export interface JoinGroupResponse {
  readonly errorCode: ErrorCode
  readonly generationId: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  /** Member id of the leader. */
  readonly leader: string
  /** The leader need not assign again (v9, KIP-814). */
  readonly skipAssignment: boolean
  readonly memberId: string
  /** Filled for the leader only. */
  readonly members: readonly JoinGroupResponseMember[]
}

export interface JoinGroupResponseMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly metadata: unknown
}

export interface SyncGroupRequest {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly protocolType: string | null
  readonly protocolName: string | null
  /** Filled by the leader only. */
  readonly assignments: readonly { readonly memberId: string; readonly assignment: unknown }[]
}

export interface SyncGroupResponse {
  readonly errorCode: ErrorCode
  readonly protocolType: string | null
  readonly protocolName: string | null
  /** Null is the empty assignment. */
  readonly assignment: unknown
}

export interface HeartbeatRequest {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
}

export interface HeartbeatResponse {
  readonly errorCode: ErrorCode
}

export interface LeaveGroupRequest {
  readonly groupId: string
  /** An empty member id with an instance id is removal by an administrator. */
  readonly members: readonly { readonly memberId: string; readonly groupInstanceId: string | null }[]
}

export interface LeaveGroupResponse {
  readonly errorCode: ErrorCode
  readonly members: readonly LeaveGroupMemberResponse[]
}

export interface LeaveGroupMemberResponse {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly errorCode: ErrorCode
}

export interface DescribedGroup {
  readonly errorCode: ErrorCode
  readonly groupId: string
  readonly groupState: string
  readonly protocolType: string
  /** The selected protocol of a stable group. */
  readonly protocolData: string
  readonly members: readonly DescribedGroupMember[]
}

export interface DescribedGroupMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  /** Null unless the group is stable. */
  readonly memberMetadata: unknown
  readonly memberAssignment: unknown
}

export interface ListedGroup {
  readonly groupId: string
  readonly protocolType: string
  readonly groupState: string
  readonly groupType: string
}

export interface ListGroupsRequest {
  /** Empty for all; compared without regard to case. */
  readonly statesFilter: readonly string[]
  /** Empty for all; compared without regard to case. */
  readonly typesFilter: readonly string[]
}

export interface DeletableGroupResult {
  readonly groupId: string
  readonly errorCode: ErrorCode
}
