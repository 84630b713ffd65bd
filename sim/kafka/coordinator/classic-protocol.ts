import type { ErrorCode } from '../error-code.ts'
import { ClassicGroup, type SubscribedTopics } from './classic-group.ts'
import { ClassicMember } from './classic-member.ts'
import { ClassicRebalance, joinError, type RebalanceOptions, syncError } from './classic-rebalance.ts'
import { AssignmentWrite, ReplacementWrite } from './classic-write.ts'
import { samePlain } from './equality.ts'
import { NEW_MEMBER_JOIN_TIMEOUT_MS } from './group-config.ts'
import { type GroupMetadataValue, responseErrorOf, type Write } from './group-log.ts'
import type {
  HeartbeatRequest,
  HeartbeatResponse,
  JoinGroupRequest,
  JoinGroupResponse,
  LeaveGroupMemberResponse,
  LeaveGroupRequest,
  LeaveGroupResponse,
  RequestHeader,
  Respond,
  SyncGroupRequest,
  SyncGroupResponse,
} from './group-message.ts'

/** JoinGroup from this version on makes a new dynamic member come back with an id (KIP-394). */
const KNOWN_MEMBER_ID_VERSION = 4
/** JoinGroup from this version on can tell a leader not to assign again (KIP-814). */
const SKIP_ASSIGNMENT_VERSION = 9

/** What a classic group needs to know that is not in the requests. */
export interface ClassicProtocolOptions extends RebalanceOptions {
  /** Makes a member id that was never used, from the client id or the instance id; Kafka adds a hyphen and a UUID. */
  readonly newMemberId: (prefix: string) => string
  readonly subscribedTopics: SubscribedTopics
  /** Whether a member's metadata is unchanged; structural equality unless given. */
  readonly sameMetadata?: ((left: unknown, right: unknown) => boolean) | undefined
}

/**
 * The requests of the classic group protocol: JoinGroup, SyncGroup, Heartbeat, LeaveGroup (rules G2 to G10). One
 * instance per partition of `__consumer_offsets` that a broker leads. Answers that do not wait for the log are given
 * at once, where Kafka also waits for what other requests are writing. Not here: the checks of GroupCoordinator, and
 * conversion from and to groups of KIP-848. Source: GroupMetadataManager of Apache Kafka.
 */
export class ClassicProtocol {
  readonly rebalances = new Map<string, ClassicRebalance>()
  private readonly options: ClassicProtocolOptions
  private readonly sameMetadata: (left: unknown, right: unknown) => boolean

  constructor(options: ClassicProtocolOptions) {
    this.options = options
    this.sameMetadata = options.sameMetadata ?? samePlain
  }

  /** The group of an id. */
  group(groupId: string): ClassicGroup | undefined {
    return this.rebalances.get(groupId)?.group
  }

  /**
   * The heartbeats of a member are routine: each would be answered with NONE, so they are not sent one by one and its
   * session does not run out, until `resumeSession` says when the last one would have come.
   */
  suspendSession(groupId: string, memberId: string): void {
    this.rebalances.get(groupId)?.suspendSession(memberId)
  }

  resumeSession(groupId: string, memberId: string, heardMillis: number): void {
    this.rebalances.get(groupId)?.resumeSession(memberId, heardMillis)
  }

  /** Makes an empty group, for a first member or for offsets alone. */
  create(groupId: string, nowMillis: number): ClassicRebalance {
    this.options.expiry.noLaterThan(nowMillis)
    return this.enter(new ClassicGroup(groupId, nowMillis, this.options.subscribedTopics))
  }

  /** Takes over a group as the log has it: all members' sessions begin anew. */
  load(groupId: string, value: GroupMetadataValue, nowMillis: number): void {
    const group = ClassicGroup.loaded(groupId, value, this.options.subscribedTopics)
    for (const persisted of value.members) {
      const { rebalanceTimeout, sessionTimeout, subscription } = persisted
      const member = new ClassicMember({
        ...persisted,
        rebalanceTimeoutMs: rebalanceTimeout === -1 ? sessionTimeout : rebalanceTimeout,
        sessionTimeoutMs: sessionTimeout,
        protocolType: value.protocolType,
        protocols: [{ name: value.protocol ?? '', metadata: subscription }],
      })
      group.add(member)
    }
    group.refreshSubscribedTopics()
    const rebalance = this.adopt(group, nowMillis)
    if (group.members.size > this.options.config['group.max.size']) rebalance.prepare(nowMillis)
  }

  /** Coordinates a group from now on: all members' sessions begin anew. */
  adopt(group: ClassicGroup, nowMillis: number): ClassicRebalance {
    const rebalance = this.enter(group)
    for (const member of group.members.values()) rebalance.refreshSession(member, nowMillis)
    this.options.expiry.noLaterThan(nowMillis)
    return rebalance
  }

  /** Forgets a group that has no members. */
  remove(groupId: string, nowMillis: number): void {
    this.rebalances.get(groupId)?.abandon(nowMillis)
    this.rebalances.delete(groupId)
  }

  /** Handles JoinGroup (rules G2 to G6, G10); parked until the join phase ends. */
  joinGroup(
    request: JoinGroupRequest,
    header: RequestHeader,
    nowMillis: number,
    respond: Respond<JoinGroupResponse>,
  ): void {
    const { groupId, memberId } = request
    const existing = this.rebalances.get(groupId)
    if (existing === undefined && memberId !== '') {
      respond(joinError(memberId, 'UNKNOWN_MEMBER_ID'))
      return
    }
    const rebalance = existing ?? this.create(groupId, nowMillis)
    const { group } = rebalance
    const known = group.members.get(memberId)
    if (!this.accepts(group, known)) {
      if (known === undefined) rebalance.removePending(memberId)
      else rebalance.removeMember(known)
      respond(joinError('', 'GROUP_MAX_SIZE_REACHED'))
    } else if (!group.supportsProtocols(request.protocolType, request.protocols))
      respond(joinError(memberId, 'INCONSISTENT_GROUP_PROTOCOL'))
    else if (memberId === '') this.joinNew(rebalance, request, header, nowMillis, respond)
    else this.joinExisting(rebalance, request, header, nowMillis, respond)
    if (existing === undefined) this.persistNew(rebalance, nowMillis)
  }

  /** Handles SyncGroup (rule G7); parked until the leader's assignments are in the log. */
  syncGroup(request: SyncGroupRequest, nowMillis: number, respond: Respond<SyncGroupResponse>): void {
    const rebalance = this.rebalances.get(request.groupId)
    const errorCode = rebalance === undefined ? 'UNKNOWN_MEMBER_ID' : this.validateSync(rebalance, request)
    const member = rebalance?.group.members.get(request.memberId)
    if (errorCode !== 'NONE' || rebalance === undefined || member === undefined) {
      respond(syncError(errorCode))
      return
    }
    const { group } = rebalance
    rebalance.syncReceived(member.memberId)
    if (group.state === 'Stable') {
      respond(rebalance.synced(member))
      return
    }
    member.awaitingSync = respond
    if (group.leaderId !== member.memberId) return
    const assignments = new Map<string, unknown>()
    for (const { memberId, assignment } of request.assignments) assignments.set(memberId, assignment)
    this.persist(rebalance, assignments, new AssignmentWrite(rebalance, assignments), nowMillis)
  }

  /** Handles Heartbeat (rule G8). */
  heartbeat(request: HeartbeatRequest, nowMillis: number): HeartbeatResponse {
    const rebalance = this.rebalances.get(request.groupId)
    if (rebalance === undefined) return { errorCode: 'UNKNOWN_MEMBER_ID' }
    const { group } = rebalance
    const errorCode = group.validateMember(request.memberId, request.groupInstanceId)
    if (errorCode !== 'NONE') return { errorCode }
    if (request.generationId !== group.generationId) return { errorCode: 'ILLEGAL_GENERATION' }
    rebalance.refreshSession(group.members.get(request.memberId) as ClassicMember, nowMillis)
    return { errorCode: group.state === 'PreparingRebalance' ? 'REBALANCE_IN_PROGRESS' : 'NONE' }
  }

  /** Handles LeaveGroup of one or several members. */
  leaveGroup(request: LeaveGroupRequest, nowMillis: number): LeaveGroupResponse {
    const rebalance = this.rebalances.get(request.groupId)
    if (rebalance === undefined) return nobodyLeft(request)
    const { group } = rebalance
    const members: LeaveGroupMemberResponse[] = []
    let haveLeft = false
    for (const { memberId, groupInstanceId } of request.members) {
      const errorCode = this.leave(rebalance, memberId, groupInstanceId)
      members.push({ memberId, groupInstanceId, errorCode })
      haveLeft ||= errorCode === 'NONE'
    }
    if (haveLeft && group.state !== 'Empty') rebalance.prepareOrComplete(nowMillis)
    return { errorCode: 'NONE', members }
  }

  /** A member has committed offsets, which counts as a heartbeat (rule O4). */
  offsetsCommitted(groupId: string, memberId: string, nowMillis: number): void {
    const rebalance = this.rebalances.get(groupId)
    if (rebalance?.group.state !== 'Stable' && rebalance?.group.state !== 'PreparingRebalance') return
    const member = rebalance.group.members.get(memberId)
    if (member !== undefined) rebalance.refreshSession(member, nowMillis)
  }

  private enter(group: ClassicGroup): ClassicRebalance {
    const rebalance = new ClassicRebalance(group, this.options)
    this.rebalances.set(group.groupId, rebalance)
    return rebalance
  }

  /** Whether there is room. During a join phase those count that have rejoined, so that the last ones are left out. */
  private accepts(group: ClassicGroup, known: ClassicMember | undefined): boolean {
    const maxSize = this.options.config['group.max.size']
    if (group.state === 'Empty') return true
    if (group.state === 'PreparingRebalance')
      return known?.awaitingJoin !== undefined || group.membersAwaitingJoin < maxSize
    return known !== undefined || group.members.size < maxSize
  }

  private joinNew(
    rebalance: ClassicRebalance,
    request: JoinGroupRequest,
    header: RequestHeader,
    nowMillis: number,
    respond: Respond<JoinGroupResponse>,
  ): void {
    const { groupInstanceId } = request
    const memberId = this.options.newMemberId(groupInstanceId ?? header.clientId)
    if (groupInstanceId !== null) {
      const oldId = rebalance.group.staticMemberId(groupInstanceId)
      const old = oldId === undefined ? undefined : rebalance.group.members.get(oldId)
      if (old === undefined) this.admit(rebalance, memberId, request, header, nowMillis, respond)
      else this.replace(rebalance, old, memberId, request, header, nowMillis, respond)
    } else if (header.apiVersion >= KNOWN_MEMBER_ID_VERSION) {
      rebalance.addPending(memberId, request.sessionTimeoutMs, nowMillis)
      respond(joinError(memberId, 'MEMBER_ID_REQUIRED'))
    } else this.admit(rebalance, memberId, request, header, nowMillis, respond)
  }

  private joinExisting(
    rebalance: ClassicRebalance,
    request: JoinGroupRequest,
    header: RequestHeader,
    nowMillis: number,
    respond: Respond<JoinGroupResponse>,
  ): void {
    const { group } = rebalance
    const { memberId, groupInstanceId } = request
    if (group.pendingJoinMembers.has(memberId)) {
      // Kafka throws: an id that was given out with MEMBER_ID_REQUIRED belongs to a dynamic member.
      if (groupInstanceId !== null) respond(joinError(memberId, 'UNKNOWN_SERVER_ERROR'))
      else this.admit(rebalance, memberId, request, header, nowMillis, respond)
      return
    }
    const errorCode = group.validateMember(memberId, groupInstanceId)
    const member = group.members.get(memberId)
    if (errorCode !== 'NONE' || member === undefined) {
      respond(joinError(memberId, errorCode))
      return
    }
    const isLeader = group.leaderId === memberId
    const isSettled = group.state === 'CompletingRebalance' || (group.state === 'Stable' && !isLeader)
    if (isSettled && member.matches(request.protocols, this.sameMetadata)) {
      respond(rebalance.joined(member, isLeader))
      return
    }
    group.updateProtocols(member, request.protocols)
    member.rebalanceTimeoutMs = rebalanceTimeoutOf(request)
    member.sessionTimeoutMs = request.sessionTimeoutMs
    if (member.awaitingJoin === undefined) group.membersAwaitingJoin++
    member.awaitingJoin = respond
    rebalance.prepareOrComplete(nowMillis)
  }

  /** Adds a new member; its JoinGroup may stay parked for five minutes at most. */
  private admit(
    rebalance: ClassicRebalance,
    memberId: string,
    request: JoinGroupRequest,
    header: RequestHeader,
    nowMillis: number,
    respond: Respond<JoinGroupResponse>,
  ): void {
    const { group } = rebalance
    const member = memberOf(memberId, request, header, null)
    member.isNew = true
    member.awaitingJoin = respond
    if (group.state === 'PreparingRebalance' && group.previousState === 'Empty') group.newMemberAdded = true
    rebalance.removePending(memberId)
    group.add(member)
    rebalance.refreshSession(member, nowMillis, NEW_MEMBER_JOIN_TIMEOUT_MS)
    rebalance.prepareOrComplete(nowMillis)
  }

  /** A static member is back under a new id (rule G10): no rebalance while the selected protocol stays the same. */
  private replace(
    rebalance: ClassicRebalance,
    old: ClassicMember,
    memberId: string,
    request: JoinGroupRequest,
    header: RequestHeader,
    nowMillis: number,
    respond: Respond<JoinGroupResponse>,
  ): void {
    const { group } = rebalance
    const formerLeader = group.leaderId ?? ''
    const client = { ...header, clientId: old.clientId, clientHost: old.clientHost }
    const member = memberOf(memberId, request, client, old.assignment)
    member.awaitingJoin = respond
    rebalance.replaceStatic(old, member, nowMillis)
    if (group.state === 'Stable' && group.selectProtocol() === group.protocolName) {
      const canSkip = header.apiVersion >= SKIP_ASSIGNMENT_VERSION
      const write = new ReplacementWrite(rebalance, old, member, formerLeader, canSkip)
      this.persist(rebalance, null, write, nowMillis)
    } else rebalance.prepareOrComplete(nowMillis)
  }

  private leave(rebalance: ClassicRebalance, memberId: string, groupInstanceId: string | null): ErrorCode {
    const { group } = rebalance
    if (group.pendingJoinMembers.has(memberId)) {
      rebalance.removePending(memberId)
      return 'NONE'
    }
    let leavingId = memberId
    if (memberId === '')
      leavingId = (groupInstanceId === null ? undefined : group.staticMemberId(groupInstanceId)) ?? ''
    const errorCode = group.validateMember(leavingId, groupInstanceId)
    const member = group.members.get(leavingId)
    if (errorCode === 'NONE' && member !== undefined) rebalance.removeMember(member)
    return errorCode
  }

  private validateSync(rebalance: ClassicRebalance, request: SyncGroupRequest): ErrorCode {
    const { group } = rebalance
    if (group.state === 'Empty') return 'UNKNOWN_MEMBER_ID'
    const errorCode = group.validateMember(request.memberId, request.groupInstanceId)
    if (errorCode !== 'NONE') return errorCode
    if (request.generationId !== group.generationId) return 'ILLEGAL_GENERATION'
    const { protocolType, protocolName } = request
    const otherType = protocolType !== null && protocolType !== group.protocolType
    const otherName =
      protocolName !== null && group.protocolName !== null && protocolName !== group.protocolName
    if (otherType || otherName) return 'INCONSISTENT_GROUP_PROTOCOL'
    return group.state === 'PreparingRebalance' ? 'REBALANCE_IN_PROGRESS' : 'NONE'
  }

  /** Writes down a group that a JoinGroup has made; a group that cannot be written down does not exist. */
  private persistNew(rebalance: ClassicRebalance, nowMillis: number): void {
    const { group } = rebalance
    const value = { protocolType: '', generation: 0, protocol: null, leader: null, members: [] }
    const empty = { ...value, currentStateTimestamp: group.stateSinceMillis }
    const result = this.options.log.append([{ kind: 'GroupMetadata', group: group.groupId, value: empty }])
    if (typeof result === 'number') return
    for (const member of [...group.members.values()])
      rebalance.answerJoin(member, joinError('', responseErrorOf(result)))
    this.remove(group.groupId, nowMillis)
  }

  private persist(
    rebalance: ClassicRebalance,
    assignments: ReadonlyMap<string, unknown> | null,
    write: Write,
    nowMillis: number,
  ): void {
    const { group } = rebalance
    const value = group.persisted(assignments)
    const result = this.options.log.append([{ kind: 'GroupMetadata', group: group.groupId, value }])
    if (typeof result === 'number') this.options.log.whenCommitted(write)
    else write.failed(result, nowMillis)
  }
}

function rebalanceTimeoutOf(request: JoinGroupRequest): number {
  return request.rebalanceTimeoutMs === -1 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs
}

function memberOf(
  memberId: string,
  request: JoinGroupRequest,
  header: RequestHeader,
  assignment: unknown,
): ClassicMember {
  return new ClassicMember({
    memberId,
    groupInstanceId: request.groupInstanceId,
    clientId: header.clientId,
    clientHost: header.clientHost,
    rebalanceTimeoutMs: rebalanceTimeoutOf(request),
    sessionTimeoutMs: request.sessionTimeoutMs,
    protocolType: request.protocolType,
    protocols: request.protocols,
    assignment,
  })
}

/** Nobody can leave a group that does not exist (GroupCoordinatorService.leaveGroup): it says so of each member. */
function nobodyLeft({ members }: LeaveGroupRequest): LeaveGroupResponse {
  return {
    errorCode: 'NONE',
    members: members.map(({ memberId, groupInstanceId }) => ({
      memberId,
      groupInstanceId,
      errorCode: 'UNKNOWN_MEMBER_ID',
    })),
  }
}
