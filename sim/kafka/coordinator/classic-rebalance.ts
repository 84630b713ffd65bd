import type { ErrorCode } from '../error-code.ts'
import type { ClassicGroup } from './classic-group.ts'
import type { ClassicMember } from './classic-member.ts'
import { Deadline, type Deadlines } from './deadlines.ts'
import type { ExpiryScan } from './expiry-scan.ts'
import type { GroupConfig } from './group-config.ts'
import type { GroupLog } from './group-log.ts'
import type { JoinGroupResponse, SyncGroupResponse } from './group-message.ts'

/** What the rebalances of all groups share. */
export interface RebalanceOptions {
  readonly config: GroupConfig
  readonly log: GroupLog
  readonly deadlines: Deadlines
  /** Told when a group or its offsets may begin to expire. */
  readonly expiry: ExpiryScan
}

/** The answer to a JoinGroup that failed. */
export function joinError(memberId: string, errorCode: ErrorCode): JoinGroupResponse {
  return {
    errorCode,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  }
}

/** The answer to a SyncGroup that failed. */
export function syncError(errorCode: ErrorCode): SyncGroupResponse {
  return { errorCode, protocolType: null, protocolName: null, assignment: null }
}

/** A session, or the time for which an id that was given out stays valid. */
class Session extends Deadline {
  readonly memberId: string
  private readonly rebalance: ClassicRebalance

  constructor(rebalance: ClassicRebalance, memberId: string) {
    super()
    this.rebalance = rebalance
    this.memberId = memberId
  }

  expire(nowMillis: number): void {
    this.rebalance.expireSession(this.memberId, nowMillis)
  }
}

/** Of a group in which nobody is expected: nobody writes to it. */
const NO_SESSIONS = new Map<string, Session>()

/** The end of the join phase. */
class JoinPhase extends Deadline {
  /** Of an initial rebalance: by how much the phase was put off last and may be put off yet; −1 of any other. */
  delayMs = -1
  remainingMs = 0
  private readonly rebalance: ClassicRebalance

  constructor(rebalance: ClassicRebalance) {
    super()
    this.rebalance = rebalance
  }

  expire(nowMillis: number): void {
    this.rebalance.expireJoin(nowMillis)
  }
}

/** The end of the sync phase. */
class SyncPhase extends Deadline {
  private readonly rebalance: ClassicRebalance

  constructor(rebalance: ClassicRebalance) {
    super()
    this.rebalance = rebalance
  }

  expire(nowMillis: number): void {
    this.rebalance.expireSync(nowMillis)
  }
}

/**
 * The phases of one group's rebalances and the sessions of its members: what GroupMetadataManager of Apache Kafka does
 * with its timer (rules G3, G4, G7, G9).
 */
export class ClassicRebalance {
  readonly group: ClassicGroup
  private readonly config: GroupConfig
  private readonly deadlines: Deadlines
  private readonly log: GroupLog
  private pendingSessions = NO_SESSIONS
  private readonly joinPhase = new JoinPhase(this)
  private readonly syncPhase = new SyncPhase(this)

  private readonly expiry: ExpiryScan

  constructor(group: ClassicGroup, { config, deadlines, log, expiry }: RebalanceOptions) {
    this.group = group
    this.config = config
    this.deadlines = deadlines
    this.log = log
    this.expiry = expiry
  }

  /** The member was heard of: its session begins anew. */
  refreshSession(member: ClassicMember, nowMillis: number, timeoutMs = member.sessionTimeoutMs): void {
    member.session ??= new Session(this, member.memberId)
    if (!member.isSuspended) this.deadlines.set(member.session, nowMillis + timeoutMs)
  }

  /** A member's session does not run out. */
  suspendSession(memberId: string): void {
    const member = this.group.members.get(memberId)
    if (member === undefined) return
    member.isSuspended = true
    if (member.session !== undefined) this.deadlines.cancel(member.session)
  }

  /** A member's session goes on from when it was heard of last. */
  resumeSession(memberId: string, heardMillis: number): void {
    const member = this.group.members.get(memberId)
    if (member?.isSuspended !== true) return
    member.isSuspended = false
    this.refreshSession(member, heardMillis)
  }

  /** Expects a member to come back with the id that it was given. */
  addPending(memberId: string, sessionTimeoutMs: number, nowMillis: number): void {
    const session = new Session(this, memberId)
    this.group.expectJoin(memberId)
    if (this.pendingSessions === NO_SESSIONS) this.pendingSessions = new Map()
    this.pendingSessions.set(memberId, session)
    this.deadlines.set(session, nowMillis + sessionTimeoutMs)
  }

  /** Forgets a pending member that has come back, has left or has not come back in time. */
  removePending(memberId: string): void {
    this.group.pendingJoinMembers.delete(memberId)
    const session = this.pendingSessions.get(memberId)
    if (session === undefined) return
    this.deadlines.cancel(session)
    this.pendingSessions.delete(memberId)
  }

  /** Removes a member; if its JoinGroup is parked it is told to start over. */
  removeMember(member: ClassicMember): void {
    if (member.session !== undefined) this.deadlines.cancel(member.session)
    this.answerJoin(member, joinError('', 'UNKNOWN_MEMBER_ID'))
    this.group.remove(member.memberId)
  }

  /** Answers a parked JoinGroup, if there is one. */
  answerJoin(member: ClassicMember, response: JoinGroupResponse): void {
    const respond = member.awaitingJoin
    if (respond === undefined) return
    member.awaitingJoin = undefined
    if (this.group.members.get(member.memberId) === member) this.group.membersAwaitingJoin--
    respond(response)
  }

  /**
   * Puts a new incarnation of a static member in the place of the old one, which is fenced wherever it waits. The
   * session lasts as long as the old one's did until it is refreshed.
   */
  replaceStatic(old: ClassicMember, member: ClassicMember, nowMillis: number): void {
    this.answerJoin(old, joinError(old.memberId, 'FENCED_INSTANCE_ID'))
    const respond = old.awaitingSync
    old.awaitingSync = undefined
    respond?.(syncError('FENCED_INSTANCE_ID'))
    if (old.session !== undefined) this.deadlines.cancel(old.session)
    this.group.replaceStatic(old, member)
    this.refreshSession(member, nowMillis, old.sessionTimeoutMs)
  }

  /** What a member is told of the current generation. @param withMembers whether it is to assign */
  joined(member: ClassicMember, withMembers: boolean): JoinGroupResponse {
    const { group } = this
    return {
      errorCode: 'NONE',
      generationId: group.generationId,
      protocolType: group.protocolType ?? null,
      protocolName: group.protocolName,
      leader: group.leaderId ?? '',
      skipAssignment: false,
      memberId: member.memberId,
      members: withMembers ? group.joinResponseMembers() : [],
    }
  }

  /** What a member is told of its assignment. */
  synced(member: ClassicMember): SyncGroupResponse {
    const { protocolType = null, protocolName } = this.group
    return { errorCode: 'NONE', protocolType, protocolName, assignment: member.assignment }
  }

  /** Begins a rebalance where the state allows it, else ends the join phase if everybody is there. */
  prepareOrComplete(nowMillis: number): void {
    if (this.group.canRebalance) this.prepare(nowMillis)
    else this.completeJoinIfAllJoined(nowMillis)
  }

  /** Begins a rebalance: an initial one after a delay, any other as soon as everybody has rejoined (rule G3, G4). */
  prepare(nowMillis: number): void {
    const { group } = this
    if (group.state === 'CompletingRebalance') this.failSyncs('REBALANCE_IN_PROGRESS', nowMillis)
    group.pendingSyncMembers.clear()
    this.deadlines.cancel(this.syncPhase)
    const isInitial = group.state === 'Empty'
    group.transitionTo('PreparingRebalance', nowMillis)
    if (isInitial) {
      const delayMs = this.config['group.initial.rebalance.delay.ms']
      this.joinPhase.delayMs = delayMs
      this.joinPhase.remainingMs = Math.max(group.rebalanceTimeoutMs - delayMs, 0)
      this.deadlines.set(this.joinPhase, nowMillis + delayMs)
    } else if (group.hasAllMembersJoined) this.completeJoin(nowMillis)
    else this.awaitJoins(nowMillis)
  }

  /** Ends the join phase if everybody is there; not that of an initial rebalance. */
  completeJoinIfAllJoined(nowMillis: number): void {
    const { group } = this
    if (group.state !== 'PreparingRebalance' || group.previousState === 'Empty') return
    if (group.hasAllMembersJoined) this.completeJoin(nowMillis)
  }

  /** A member has sent SyncGroup. */
  syncReceived(memberId: string): void {
    this.group.pendingSyncMembers.delete(memberId)
    if (this.group.pendingSyncMembers.size === 0) this.deadlines.cancel(this.syncPhase)
  }

  /** Hands out the leader's assignments; members that it left out get the empty one (rule G7). */
  assign(assignments: ReadonlyMap<string, unknown>, nowMillis: number): void {
    const { group } = this
    for (const member of group.members.values()) member.assignment = assignments.get(member.memberId) ?? null
    group.transitionTo('Stable', nowMillis)
    this.expiry.noLaterThan(nowMillis)
    for (const member of [...group.members.values()]) this.answerSync(member, 'NONE', nowMillis)
  }

  /** Takes all assignments back and answers every parked SyncGroup with an error. */
  failSyncs(errorCode: ErrorCode, nowMillis: number): void {
    const members = [...this.group.members.values()]
    for (const member of members) member.assignment = null
    for (const member of members) this.answerSync(member, errorCode, nowMillis)
  }

  /** The coordinator has moved: whoever waits is told so, and nothing expires any more. */
  abandon(nowMillis: number): void {
    const { group } = this
    for (const session of this.pendingSessions.values()) this.deadlines.cancel(session)
    this.deadlines.cancel(this.joinPhase)
    this.deadlines.cancel(this.syncPhase)
    group.transitionTo('Dead', nowMillis)
    for (const member of [...group.members.values()]) {
      this.answerJoin(member, joinError(member.memberId, 'NOT_COORDINATOR'))
      this.answerSync(member, 'NOT_COORDINATOR', nowMillis)
      if (member.session !== undefined) this.deadlines.cancel(member.session)
    }
  }

  /** A session has run out (rule G9). A member that waits for the coordinator is not late, unless it is new. */
  expireSession(memberId: string, nowMillis: number): void {
    const { group } = this
    if (group.pendingJoinMembers.has(memberId)) {
      this.removePending(memberId)
      if (group.state === 'PreparingRebalance' && group.hasAllMembersJoined) this.completeJoin(nowMillis)
      return
    }
    const member = group.members.get(memberId)
    if (member === undefined || member.hasSatisfiedHeartbeat) return
    this.removeMember(member)
    if (group.state === 'Stable' || group.state === 'CompletingRebalance') this.prepare(nowMillis)
    else if (group.state === 'PreparingRebalance' && group.hasAllMembersJoined) this.completeJoin(nowMillis)
  }

  /** The join phase is over, unless it is an initial one that somebody has joined meanwhile (rule G3). */
  expireJoin(nowMillis: number): void {
    const { group, joinPhase } = this
    if (joinPhase.delayMs < 0 || !group.newMemberAdded || joinPhase.remainingMs === 0) {
      this.completeJoin(nowMillis)
      return
    }
    group.newMemberAdded = false
    const delayMs = Math.min(this.config['group.initial.rebalance.delay.ms'], joinPhase.remainingMs)
    joinPhase.remainingMs = Math.max(joinPhase.remainingMs - joinPhase.delayMs, 0)
    joinPhase.delayMs = delayMs
    this.deadlines.set(joinPhase, nowMillis + delayMs)
  }

  /** The sync phase is over: members that have not synced are removed (rule G7). */
  expireSync(nowMillis: number): void {
    const { group } = this
    if (group.state !== 'CompletingRebalance' && group.state !== 'Stable') return
    if (group.pendingSyncMembers.size === 0) return
    for (const memberId of [...group.pendingSyncMembers]) {
      const member = group.members.get(memberId)
      if (member !== undefined) this.removeMember(member)
    }
    this.prepare(nowMillis)
  }

  private awaitJoins(nowMillis: number): void {
    this.joinPhase.delayMs = -1
    this.deadlines.set(this.joinPhase, nowMillis + this.group.rebalanceTimeoutMs)
  }

  /** Removes dynamic members that have not rejoined and begins the next generation with the others (rule G4). */
  private completeJoin(nowMillis: number): void {
    const { group } = this
    this.deadlines.cancel(this.joinPhase)
    for (const member of [...group.members.values()])
      if (member.awaitingJoin === undefined && member.groupInstanceId === null) this.removeMember(member)
    if (!group.electJoinedLeader() && group.members.size > 0) {
      this.awaitJoins(nowMillis)
      return
    }
    group.initNextGeneration(nowMillis)
    if (group.state === 'Empty') {
      this.expiry.noLaterThan(nowMillis)
      this.log.append([{ kind: 'GroupMetadata', group: group.groupId, value: group.persisted(null) }])
      return
    }
    const members = [...group.members.values()]
    group.expectSync()
    this.deadlines.set(this.syncPhase, nowMillis + group.rebalanceTimeoutMs)
    for (const member of members) {
      this.refreshSession(member, nowMillis)
      member.isNew = false
    }
    for (const member of members)
      this.answerJoin(member, this.joined(member, member.memberId === group.leaderId))
  }

  private answerSync(member: ClassicMember, errorCode: ErrorCode, nowMillis: number): void {
    const respond = member.awaitingSync
    if (respond === undefined) return
    member.awaitingSync = undefined
    this.refreshSession(member, nowMillis)
    respond(errorCode === 'NONE' ? this.synced(member) : syncError(errorCode))
  }
}
