import type { ErrorCode } from '../error-code.ts'
import { Answer } from './answer.ts'
import type { ClassicGroup, SubscribedTopics } from './classic-group.ts'
import { ClassicProtocol } from './classic-protocol.ts'
import { joinError, syncError } from './classic-rebalance.ts'
import { Deadlines } from './deadlines.ts'
import { ExpiryScan } from './expiry-scan.ts'
import type { GroupConfig } from './group-config.ts'
import { type GroupLog, type GroupMetadataValue, type LogEntry, responseErrorOf } from './group-log.ts'
import type {
  DeletableGroupResult,
  DescribedGroup,
  HeartbeatRequest,
  HeartbeatResponse,
  JoinGroupRequest,
  JoinGroupResponse,
  LeaveGroupRequest,
  LeaveGroupResponse,
  ListedGroup,
  ListGroupsRequest,
  RequestHeader,
  Respond,
  SyncGroupRequest,
  SyncGroupResponse,
} from './group-message.ts'
import type { OffsetValidator } from './offset-validator.ts'
import { type OffsetGroups, Offsets } from './offsets.ts'

/** DescribeGroups from this version on knows GROUP_ID_NOT_FOUND (KIP-1043). */
const GROUP_ID_NOT_FOUND_VERSION = 6

/** Groups of another type, which commit offsets all the same. */
export interface OtherGroups {
  find(groupId: string): OffsetValidator | undefined
  all(): Iterable<OffsetValidator>
  /** Forgets a group without members and offsets. */
  remove(groupId: string): void
}

/** What a coordinator is given. */
export interface GroupCoordinatorOptions {
  readonly otherGroups?: OtherGroups
  readonly config: GroupConfig
  readonly log: GroupLog
  /** Makes a member id that was never used, from the client id or the instance id; Kafka adds a hyphen and a UUID. */
  readonly newMemberId: (prefix: string) => string
  /** Reads the topics out of a consumer's protocol metadata. */
  readonly subscribedTopics: SubscribedTopics
  /** Whether a member's metadata is unchanged; structural equality unless given. */
  readonly sameMetadata?: (left: unknown, right: unknown) => boolean
}

/**
 * The coordinator of the groups of one partition of `__consumer_offsets`, from when its broker becomes leader to
 * `unload`. COORDINATOR_LOAD_IN_PROGRESS before and NOT_COORDINATOR after are the broker's to say. Sources:
 * GroupCoordinatorService and GroupCoordinatorShard of Apache Kafka.
 */
export class GroupCoordinator implements OffsetGroups {
  readonly offsets: Offsets
  private readonly classic: ClassicProtocol
  private readonly config: GroupConfig
  private readonly log: GroupLog
  private readonly otherGroups: OtherGroups | undefined
  private readonly deadlines = new Deadlines()
  /** Of scans for what has expired. */
  private readonly scans = new Deadlines()

  /** @param nowMillis from which the scans for expired offsets count */
  constructor(options: GroupCoordinatorOptions, nowMillis: number) {
    this.config = options.config
    this.log = options.log
    this.otherGroups = options.otherGroups
    const { deadlines, config, log } = this
    const intervalMs = config['offsets.retention.check.interval.ms']
    const expiry = new ExpiryScan(this.scans, intervalMs, nowMillis, (atMillis) => this.expire(atMillis))
    const { newMemberId, subscribedTopics, sameMetadata } = options
    this.classic = new ClassicProtocol({
      config,
      log,
      newMemberId,
      subscribedTopics,
      sameMetadata,
      deadlines,
      expiry,
    })
    this.offsets = new Offsets(config, log, this, expiry)
  }

  /** Handles JoinGroup. */
  joinGroup(
    request: JoinGroupRequest,
    header: RequestHeader,
    nowMillis: number,
    respond: Respond<JoinGroupResponse>,
  ): void {
    const { groupId, sessionTimeoutMs } = request
    const minMs = this.config['group.min.session.timeout.ms']
    const maxMs = this.config['group.max.session.timeout.ms']
    if (groupId === '') respond(joinError(request.memberId, 'INVALID_GROUP_ID'))
    else if (sessionTimeoutMs < minMs || sessionTimeoutMs > maxMs)
      respond(joinError(request.memberId, 'INVALID_SESSION_TIMEOUT'))
    else this.classic.joinGroup(request, header, nowMillis, respond)
  }

  /** Handles SyncGroup. */
  syncGroup(request: SyncGroupRequest, nowMillis: number, respond: Respond<SyncGroupResponse>): void {
    if (request.groupId === '') respond(syncError('INVALID_GROUP_ID'))
    else this.classic.syncGroup(request, nowMillis, respond)
  }

  /** Handles Heartbeat. */
  heartbeat(request: HeartbeatRequest, nowMillis: number): HeartbeatResponse {
    if (request.groupId === '') return { errorCode: 'INVALID_GROUP_ID' }
    return this.classic.heartbeat(request, nowMillis)
  }

  /** Handles LeaveGroup; answered when an empty group is written down. */
  leaveGroup(request: LeaveGroupRequest, nowMillis: number, respond: Respond<LeaveGroupResponse>): void {
    if (request.groupId === '') {
      respond({ errorCode: 'INVALID_GROUP_ID', members: [] })
      return
    }
    const response = this.classic.leaveGroup(request, nowMillis)
    const failure = (appendError: ErrorCode): LeaveGroupResponse => ({
      errorCode: responseErrorOf(appendError),
      members: [],
    })
    this.log.whenCommitted(new Answer(response, failure, respond))
  }

  /** Handles DescribeGroups: a group that does not exist is dead. */
  describeGroups(groupIds: readonly string[], apiVersion: number): DescribedGroup[] {
    return groupIds.map((groupId) => {
      const group = this.classic.group(groupId)
      if (group !== undefined) return group.described()
      const errorCode = apiVersion >= GROUP_ID_NOT_FOUND_VERSION ? 'GROUP_ID_NOT_FOUND' : 'NONE'
      return { errorCode, groupId, groupState: 'Dead', protocolType: '', protocolData: '', members: [] }
    })
  }

  /** Handles ListGroups, in the order in which groups came. */
  listGroups({ statesFilter, typesFilter }: ListGroupsRequest): ListedGroup[] {
    const listed: ListedGroup[] = []
    for (const { group } of this.classic.rebalances.values()) {
      const entry = group.listed()
      if (passes(entry.groupState, statesFilter) && passes(entry.groupType, typesFilter)) listed.push(entry)
    }
    return listed
  }

  /** Handles DeleteGroups: of groups without members, offsets and all; answered when it is replicated. */
  deleteGroups(
    groupIds: readonly string[],
    nowMillis: number,
    respond: Respond<readonly DeletableGroupResult[]>,
  ): void {
    const results = groupIds.map((groupId) => ({ groupId, errorCode: this.deleteGroup(groupId, nowMillis) }))
    const failure = (appendError: ErrorCode): DeletableGroupResult[] =>
      groupIds.map((groupId) => ({ groupId, errorCode: responseErrorOf(appendError) }))
    this.log.whenCommitted(new Answer<readonly DeletableGroupResult[]>(results, failure, respond))
  }

  /** The classic group of an id, to look at. */
  classicGroup(groupId: string): ClassicGroup | undefined {
    return this.classic.group(groupId)
  }

  /** Whether nobody of a classic group has anything to hear in a heartbeat. */
  isStable(groupId: string): boolean {
    return this.classic.group(groupId)?.state === 'Stable'
  }

  /** Whether a classic group has a member. */
  hasMember(groupId: string, memberId: string): boolean {
    return this.classic.group(groupId)?.members.has(memberId) === true
  }

  /** See `ClassicProtocol.suspendSession`. */
  suspendSession(groupId: string, memberId: string): void {
    this.classic.suspendSession(groupId, memberId)
  }

  /** The last heartbeat of a member whose session was suspended came at this time: the session runs from then. */
  resumeSession(groupId: string, memberId: string, heardMillis: number): void {
    this.classic.resumeSession(groupId, memberId, heardMillis)
  }

  find(groupId: string): OffsetValidator | undefined {
    return this.classic.group(groupId) ?? this.otherGroups?.find(groupId)
  }

  /** A group without members becomes one of another type; its offsets stay. @returns NONE, or why it cannot */
  replaceClassic(groupId: string, nowMillis: number): ErrorCode {
    const group = this.classic.group(groupId)
    if (group === undefined) return 'NONE'
    const errorCode = group.validateDelete()
    if (errorCode !== 'NONE') return errorCode
    const result = this.log.append([{ kind: 'GroupMetadata', group: groupId, value: null }])
    if (typeof result === 'string') return responseErrorOf(result)
    this.classic.remove(groupId, nowMillis)
    return 'NONE'
  }

  createSimple(groupId: string, nowMillis: number): OffsetValidator {
    return this.classic.create(groupId, nowMillis).group
  }

  offsetsCommitted(groupId: string, memberId: string, nowMillis: number): void {
    this.classic.offsetsCommitted(groupId, memberId, nowMillis)
  }

  /**
   * Takes over what the log has: the sessions of all members begin anew, offsets of open transactions are pending.
   * @param entries in the order of the log
   * @param replicatedEnd where the replicated part of the log ends; offsets above it are not read before it is
   */
  load(entries: Iterable<LogEntry>, nowMillis: number, replicatedEnd = Number.POSITIVE_INFINITY): void {
    const groups = new Map<string, GroupMetadataValue | null>()
    for (const entry of entries) {
      if ('record' in entry && entry.record.kind === 'GroupMetadata')
        groups.set(entry.record.group, entry.record.value)
      else this.offsets.load(entry, replicatedEnd)
    }
    for (const [groupId, value] of groups) if (value !== null) this.classic.load(groupId, value, nowMillis)
    for (const groupId of this.offsets.store.groups.keys())
      if (this.find(groupId) === undefined) this.createSimple(groupId, nowMillis)
  }

  /** Coordinates a group that its log has, but that was formed elsewhere. */
  adopt(group: ClassicGroup, nowMillis: number): void {
    this.classic.adopt(group, nowMillis)
  }

  /** The broker is leader no more: all who wait are told NOT_COORDINATOR, and nothing is due any more. */
  unload(nowMillis: number): void {
    for (const groupId of [...this.classic.rebalances.keys()]) this.classic.remove(groupId, nowMillis)
    this.deadlines.clear()
    this.scans.clear()
  }

  /** When something is due next, Infinity when nothing is. */
  nextDeadlineMillis(): number {
    return Math.min(this.deadlines.nextMillis(), this.scans.nextMillis())
  }

  /** The part of `nextDeadlineMillis` for which somebody waits: sessions and phases of rebalances. */
  workDeadlineMillis(): number {
    return this.deadlines.nextMillis()
  }

  /** The part of `nextDeadlineMillis` for which nobody waits: the next scan for what has expired. */
  housekeepingDeadlineMillis(): number {
    return this.scans.nextMillis()
  }

  /** Lets sessions, phases and offsets expire that are due, in order. */
  advance(nowMillis: number): void {
    for (let due = this.nextDeadlineMillis(); due <= nowMillis; due = this.nextDeadlineMillis()) {
      this.deadlines.advance(due)
      this.scans.advance(due)
    }
  }

  private deleteGroup(groupId: string, nowMillis: number): ErrorCode {
    if (groupId === '') return 'INVALID_GROUP_ID'
    const errorCode = this.find(groupId)?.validateDelete() ?? 'GROUP_ID_NOT_FOUND'
    if (errorCode !== 'NONE') return errorCode
    const tombstone = { kind: 'GroupMetadata', group: groupId, value: null } as const
    const appendError = this.offsets.deleteAll(groupId, [tombstone])
    if (appendError === 'NONE') this.classic.remove(groupId, nowMillis)
    return responseErrorOf(appendError)
  }

  /** Deletes expired offsets, and groups without members that have none left. */
  private expire(nowMillis: number): void {
    for (const { group } of [...this.classic.rebalances.values()]) {
      if (!this.offsets.expire(group, nowMillis) || !group.isEmpty) continue
      const result = this.log.append([{ kind: 'GroupMetadata', group: group.groupId, value: null }])
      if (typeof result === 'number') this.classic.remove(group.groupId, nowMillis)
    }
    for (const group of [...(this.otherGroups?.all() ?? [])])
      if (this.offsets.expire(group, nowMillis) && group.isEmpty) this.otherGroups?.remove(group.groupId)
  }
}

function passes(text: string, filter: readonly string[]): boolean {
  return filter.length === 0 || filter.some((wanted) => wanted.toLowerCase() === text.toLowerCase())
}
