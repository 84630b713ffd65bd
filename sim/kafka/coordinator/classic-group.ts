import { invariant } from '../../kernel/error.ts'
import type { ErrorCode } from '../error-code.ts'
import type { ClassicMember } from './classic-member.ts'
import type { GroupMetadataValue, PersistedMember } from './group-log.ts'
import type {
  DescribedGroup,
  JoinGroupProtocol,
  JoinGroupResponseMember,
  ListedGroup,
} from './group-message.ts'
import type { OffsetValidator } from './offset-validator.ts'

/** The states of a classic group (rule G1). Source: ClassicGroupState of Apache Kafka. */
export type ClassicGroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead'

const PREVIOUS_STATES: Readonly<Record<ClassicGroupState, readonly ClassicGroupState[]>> = {
  Empty: ['PreparingRebalance'],
  PreparingRebalance: ['Stable', 'CompletingRebalance', 'Empty'],
  CompletingRebalance: ['PreparingRebalance'],
  Stable: ['CompletingRebalance'],
  Dead: ['Stable', 'PreparingRebalance', 'CompletingRebalance', 'Empty', 'Dead'],
}

/** The protocol type of consumers, as opposed to that of Kafka Connect and others. */
export const CONSUMER_PROTOCOL_TYPE = 'consumer'

// Of groups for whom nobody is waited for, or that have no static members: nobody writes to them.
const NOBODY = new Set<string>()
const NO_INSTANCES = new Map<string, string>()

/** The topics that a member subscribes to, from its protocol metadata; undefined when it does not say. */
export type SubscribedTopics = (metadata: unknown) => readonly string[] | undefined

/**
 * A group whose assignment its own members compute: membership, generation and protocol, without time and without
 * requests. Where Kafka follows the order of a hash map (the next leader, a tie of votes) this follows the order in
 * which members joined. Source: ClassicGroup of Apache Kafka.
 */
export class ClassicGroup implements OffsetValidator {
  readonly groupId: string
  state: ClassicGroupState
  previousState: ClassicGroupState = 'Dead'
  /** When it got into its state, −1 when unknown (a group persisted by an old broker). */
  stateSinceMillis: number
  generationId = 0
  /** Undefined while nobody has ever joined: offsets only, a "simple" group. */
  protocolType: string | undefined
  protocolName: string | null = null
  leaderId: string | undefined
  /** Has a member joined since the initial rebalance was last put off? */
  newMemberAdded = false
  readonly members = new Map<string, ClassicMember>()
  /** Ids that were given out with MEMBER_ID_REQUIRED and have not come back. */
  pendingJoinMembers = NOBODY
  /** Members that have not sent SyncGroup in this generation. */
  pendingSyncMembers = NOBODY
  membersAwaitingJoin = 0
  private staticMembers = NO_INSTANCES
  private readonly supporters = new Map<string, number>()
  private readonly topicsOf: SubscribedTopics
  private subscribedTopics: ReadonlySet<string> | undefined

  constructor(groupId: string, nowMillis: number, topicsOf: SubscribedTopics) {
    this.groupId = groupId
    this.state = 'Empty'
    this.stateSinceMillis = nowMillis
    this.protocolType = undefined
    this.leaderId = undefined
    this.topicsOf = topicsOf
    this.subscribedTopics = undefined
  }

  /** A group as the log has it: stable, or empty when it had no members. Its members are then added one by one. */
  static loaded(groupId: string, value: GroupMetadataValue, topicsOf: SubscribedTopics): ClassicGroup {
    const group = new ClassicGroup(groupId, value.currentStateTimestamp, topicsOf)
    if (value.members.length > 0) group.state = 'Stable'
    group.generationId = value.generation
    group.protocolType = value.protocolType === '' ? undefined : value.protocolType
    group.protocolName = value.protocol
    group.leaderId = value.leader ?? undefined
    return group
  }

  /** Changes the state. */
  transitionTo(state: ClassicGroupState, nowMillis: number): void {
    invariant(PREVIOUS_STATES[state].includes(this.state), `group ${this.groupId}: ${this.state} to ${state}`)
    this.previousState = this.state
    this.state = state
    this.stateSinceMillis = nowMillis
  }

  /** Whether a rebalance may begin. */
  get canRebalance(): boolean {
    return PREVIOUS_STATES.PreparingRebalance.includes(this.state)
  }

  /** Adds a member; the first one becomes leader (rule G5). */
  add(member: ClassicMember): void {
    const { memberId, groupInstanceId } = member
    if (this.members.size === 0) this.protocolType = member.protocolType
    invariant(this.protocolType === member.protocolType, `group ${this.groupId} mixes protocol types`)
    if (groupInstanceId !== null) {
      invariant(
        !this.staticMembers.has(groupInstanceId),
        `group ${this.groupId} has ${groupInstanceId} already`,
      )
      if (this.staticMembers === NO_INSTANCES) this.staticMembers = new Map()
      this.staticMembers.set(groupInstanceId, memberId)
    }
    this.leaderId ??= memberId
    this.members.set(memberId, member)
    this.countSupport(member, 1)
    if (member.awaitingJoin !== undefined) this.membersAwaitingJoin++
    this.pendingJoinMembers.delete(memberId)
  }

  /** A member is given an id, to join with. */
  expectJoin(memberId: string): void {
    if (this.pendingJoinMembers === NOBODY) this.pendingJoinMembers = new Set()
    this.pendingJoinMembers.add(memberId)
  }

  /** All members are to send SyncGroup. */
  expectSync(): void {
    if (this.pendingSyncMembers === NOBODY) this.pendingSyncMembers = new Set()
    for (const memberId of this.members.keys()) this.pendingSyncMembers.add(memberId)
  }

  /** Removes a member or a pending one, if there is one of this id. */
  remove(memberId: string): void {
    const member = this.members.get(memberId)
    if (member !== undefined) {
      this.members.delete(memberId)
      this.countSupport(member, -1)
      if (member.awaitingJoin !== undefined) this.membersAwaitingJoin--
      if (member.groupInstanceId !== null) this.staticMembers.delete(member.groupInstanceId)
    }
    if (this.leaderId === memberId) this.leaderId = this.members.keys().next().value
    this.pendingJoinMembers.delete(memberId)
    this.pendingSyncMembers.delete(memberId)
  }

  /** Puts a new incarnation of a static member in the place of the old one, which nobody may be waiting for. */
  replaceStatic(old: ClassicMember, member: ClassicMember): void {
    const { groupInstanceId } = member
    invariant(groupInstanceId !== null && old.awaitingJoin === undefined, 'a static member is replaced')
    this.countSupport(old, -1)
    this.members.delete(old.memberId)
    this.members.set(member.memberId, member)
    this.staticMembers.set(groupInstanceId, member.memberId)
    this.countSupport(member, 1)
    if (member.awaitingJoin !== undefined) this.membersAwaitingJoin++
    if (this.leaderId === old.memberId) this.leaderId = member.memberId
  }

  /** What a member offers has changed. */
  updateProtocols(member: ClassicMember, protocols: readonly JoinGroupProtocol[]): void {
    this.countSupport(member, -1)
    member.protocols = protocols
    this.countSupport(member, 1)
  }

  /** Keeps the leader if it has rejoined, else takes the first member that has. @returns whether there is one */
  electJoinedLeader(): boolean {
    if (this.leaderId === undefined) return false
    if (this.members.get(this.leaderId)?.awaitingJoin !== undefined) return true
    for (const member of this.members.values()) {
      if (member.awaitingJoin === undefined) continue
      this.leaderId = member.memberId
      return true
    }
    return false
  }

  /** The member id behind an instance id. */
  staticMemberId(groupInstanceId: string): string | undefined {
    return this.staticMembers.get(groupInstanceId)
  }

  get hasAllMembersJoined(): boolean {
    return this.members.size === this.membersAwaitingJoin && this.pendingJoinMembers.size === 0
  }

  /** The longest rebalance time-out of its members. */
  get rebalanceTimeoutMs(): number {
    let longest = 0
    for (const member of this.members.values()) longest = Math.max(longest, member.rebalanceTimeoutMs)
    return longest
  }

  /** Whether a member with these protocols could join: all others must support one of them (rule G5). */
  supportsProtocols(protocolType: string, protocols: readonly JoinGroupProtocol[]): boolean {
    if (this.state === 'Empty') return protocolType !== '' && protocols.length > 0
    return (
      this.protocolType === protocolType &&
      protocols.some(({ name }) => (this.supporters.get(name) ?? 0) === this.members.size)
    )
  }

  /** The protocol with most votes among those that all members support; of equal ones the first voted for. */
  selectProtocol(): string {
    const candidates = new Set<string>()
    for (const [name, count] of this.supporters) if (count === this.members.size) candidates.add(name)
    const votes = new Map<string, number>()
    for (const member of this.members.values()) {
      const name = member.vote(candidates)
      votes.set(name, (votes.get(name) ?? 0) + 1)
    }
    let selected: string | undefined
    let most = 0
    for (const [name, count] of votes) {
      if (count <= most) continue
      selected = name
      most = count
    }
    invariant(selected !== undefined, `group ${this.groupId} has no members that could vote`)
    return selected
  }

  /** Begins a generation with the members that there are. */
  initNextGeneration(nowMillis: number): void {
    this.generationId++
    this.protocolName = this.members.size > 0 ? this.selectProtocol() : null
    this.refreshSubscribedTopics()
    this.transitionTo(this.members.size > 0 ? 'CompletingRebalance' : 'Empty', nowMillis)
  }

  /** Reads from the members' metadata which topics they want. */
  refreshSubscribedTopics(): void {
    this.subscribedTopics = this.computeSubscribedTopics()
  }

  /** The members as the leader is told of them. */
  joinResponseMembers(): JoinGroupResponseMember[] {
    const members: JoinGroupResponseMember[] = []
    for (const member of this.members.values()) {
      const { memberId, groupInstanceId } = member
      members.push({ memberId, groupInstanceId, metadata: member.metadata(this.protocolName) })
    }
    return members
  }

  /** NONE if the member exists and, when it is static, is not replaced by another (rule G10). */
  validateMember(memberId: string, groupInstanceId: string | null): ErrorCode {
    if (groupInstanceId !== null) {
      const existing = this.staticMembers.get(groupInstanceId)
      if (existing === undefined) return 'UNKNOWN_MEMBER_ID'
      if (existing !== memberId) return 'FENCED_INSTANCE_ID'
    }
    return this.members.has(memberId) ? 'NONE' : 'UNKNOWN_MEMBER_ID'
  }

  validateOffsetCommit(
    memberId: string,
    groupInstanceId: string | null,
    generationId: number,
    isTransactional: boolean,
  ): ErrorCode {
    if (this.state === 'Dead') return 'COORDINATOR_NOT_AVAILABLE'
    if (generationId < 0 && this.state === 'Empty') return 'NONE'
    if (generationId >= 0 || memberId !== '' || groupInstanceId !== null) {
      const errorCode = this.validateMember(memberId, groupInstanceId)
      if (errorCode !== 'NONE') return errorCode
      if (generationId !== this.generationId) return 'ILLEGAL_GENERATION'
    } else if (!isTransactional && this.state !== 'Empty') return 'UNKNOWN_MEMBER_ID'
    return !isTransactional && this.state === 'CompletingRebalance' ? 'REBALANCE_IN_PROGRESS' : 'NONE'
  }

  validateOffsetFetch(): ErrorCode {
    return this.state === 'Dead' ? 'GROUP_ID_NOT_FOUND' : 'NONE'
  }

  validateOffsetDelete(): ErrorCode {
    if (this.state === 'Dead') return 'GROUP_ID_NOT_FOUND'
    return this.state === 'Empty' || this.protocolType === CONSUMER_PROTOCOL_TYPE ? 'NONE' : 'NON_EMPTY_GROUP'
  }

  validateDelete(): ErrorCode {
    if (this.state === 'Dead') return 'GROUP_ID_NOT_FOUND'
    return this.state === 'Empty' ? 'NONE' : 'NON_EMPTY_GROUP'
  }

  isSubscribedTo(topic: string): boolean {
    return this.subscribedTopics?.has(topic) ?? this.protocolType === CONSUMER_PROTOCOL_TYPE
  }

  retainedSinceMillis(commitTimestamp: number): number | undefined {
    if (this.protocolType === undefined) return commitTimestamp
    if (this.state === 'Empty') return this.stateSinceMillis < 0 ? commitTimestamp : this.stateSinceMillis
    const knowsTopics = this.protocolType === CONSUMER_PROTOCOL_TYPE && this.subscribedTopics !== undefined
    return knowsTopics && this.state === 'Stable' ? commitTimestamp : undefined
  }

  get isEmpty(): boolean {
    return this.state === 'Empty'
  }

  /** As it is persisted. @param assignments by member id; null keeps what each member has */
  persisted(assignments: ReadonlyMap<string, unknown> | null): GroupMetadataValue {
    const { protocolName } = this
    const members: PersistedMember[] = []
    for (const member of this.members.values()) {
      const assignment = assignments === null ? member.assignment : (assignments.get(member.memberId) ?? null)
      members.push(member.persisted(protocolName, assignment))
    }
    return {
      protocolType: this.protocolType ?? '',
      generation: this.generationId,
      protocol: protocolName,
      leader: this.leaderId ?? null,
      currentStateTimestamp: this.stateSinceMillis,
      members,
    }
  }

  /** As DescribeGroups shows it. */
  described(): DescribedGroup {
    const protocolName = this.state === 'Stable' ? this.protocolName : null
    return {
      errorCode: 'NONE',
      groupId: this.groupId,
      groupState: this.state,
      protocolType: this.protocolType ?? '',
      protocolData: protocolName ?? '',
      members: Array.from(this.members.values(), (member) => member.described(protocolName)),
    }
  }

  /** As ListGroups shows it. */
  listed(): ListedGroup {
    const { groupId, state } = this
    return { groupId, protocolType: this.protocolType ?? '', groupState: state, groupType: 'classic' }
  }

  private computeSubscribedTopics(): ReadonlySet<string> | undefined {
    if (this.protocolType !== CONSUMER_PROTOCOL_TYPE) return undefined
    const topics = new Set<string>()
    if (this.members.size > 0 && this.protocolName === null) return undefined
    for (const member of this.members.values()) {
      const subscribed = this.topicsOf(member.metadata(this.protocolName))
      if (subscribed === undefined) return undefined
      for (const topic of subscribed) topics.add(topic)
    }
    return topics
  }

  private countSupport(member: ClassicMember, change: 1 | -1): void {
    for (const { name } of member.protocols)
      this.supporters.set(name, (this.supporters.get(name) ?? 0) + change)
  }
}
