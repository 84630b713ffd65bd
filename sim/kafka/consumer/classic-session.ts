import type { TopicPartition } from '../assignor/subscription.ts'
import type {
  HeartbeatResponse,
  JoinGroupProtocol,
  JoinGroupResponse,
  LeaveGroupRequest,
  SyncGroupRequest,
  SyncGroupResponse,
} from '../coordinator/group-message.ts'
import type { ErrorCode } from '../error-code.ts'
import type { ConsumerClient } from './client.ts'
import type { CoordinatorLookup } from './coordinator-lookup.ts'
import { ConsumerError } from './error.ts'
import { HeartbeatTimer } from './heartbeat.ts'
import type { PollClock } from './poll-clock.ts'

type MemberState = 'UNJOINED' | 'PREPARING_REBALANCE' | 'COMPLETING_REBALANCE' | 'STABLE'

/** A member's place in a generation of its group. */
export interface Generation {
  readonly generationId: number
  readonly memberId: string
  readonly protocolName: string | null
}

const NO_GENERATION: Generation = { generationId: -1, memberId: '', protocolName: null }
const PROTOCOL_TYPE = 'consumer'
/** How much longer than the rebalance may take a JoinGroup waits (AbstractCoordinator.JOIN_GROUP_TIMEOUT_LAPSE). */
const JOIN_GROUP_TIMEOUT_LAPSE_MS = 5_000

/** The assignments of a generation as its leader makes them. */
export type Assignments = SyncGroupRequest['assignments']

/** Who assigns, if this member leads. */
export interface Assigner {
  /** The assignments, once metadata of the group's topics are there; undefined until then. */
  assignments(join: JoinGroupResponse): Assignments | undefined
}

/**
 * The part of a member in the classic group protocol: JoinGroup, SyncGroup, Heartbeat and LeaveGroup (rules G9, G11).
 * Source: AbstractCoordinator with its HeartbeatThread, Heartbeat of Kafka 4.x.
 */
export class ClassicSession {
  state: MemberState = 'UNJOINED'
  generation = NO_GENERATION
  rejoinNeeded = true
  /** JoinGroup or SyncGroup is under way, or the leader has yet to assign. */
  isJoining = false
  /** Before which nobody joins again. */
  joinRetryMillis = 0
  /** What SyncGroup has brought, until the application takes it over in poll. */
  assignment: readonly TopicPartition[] | undefined = undefined
  /** What the next poll throws. */
  fatalError: ConsumerError | undefined = undefined
  private readonly client: ConsumerClient
  private readonly coordinator: CoordinatorLookup
  private readonly clock: PollClock
  private readonly assigner: Assigner
  private readonly groupId: string
  private readonly groupInstanceId: string | null
  private readonly heartbeat: HeartbeatTimer
  private joinAttempts = 0
  /** The JoinGroup response of a leader that waits for metadata. */
  private leading: JoinGroupResponse | undefined = undefined

  constructor(
    client: ConsumerClient,
    coordinator: CoordinatorLookup,
    clock: PollClock,
    groupId: string,
    assigner: Assigner,
  ) {
    const { config } = client
    this.client = client
    this.coordinator = coordinator
    this.clock = clock
    this.assigner = assigner
    this.groupId = groupId
    this.groupInstanceId = config['group.instance.id']
    this.heartbeat = new HeartbeatTimer(config['heartbeat.interval.ms'], config['session.timeout.ms'])
  }

  /** Whether it is, or is about to be, a member with a generation. */
  private get hasJoined(): boolean {
    return this.state === 'STABLE' || this.state === 'COMPLETING_REBALANCE'
  }

  /** Joins the next generation. */
  join(protocols: readonly JoinGroupProtocol[], node: number): void {
    const { config } = this.client
    this.state = 'PREPARING_REBALANCE'
    this.isJoining = true
    const sent = this.generation
    const body = {
      groupId: this.groupId,
      sessionTimeoutMs: config['session.timeout.ms'],
      rebalanceTimeoutMs: config['max.poll.interval.ms'],
      memberId: sent.memberId,
      groupInstanceId: this.groupInstanceId,
      protocolType: PROTOCOL_TYPE,
      protocols,
    }
    const timeoutMillis = Math.max(
      config['request.timeout.ms'],
      config['max.poll.interval.ms'] + JOIN_GROUP_TIMEOUT_LAPSE_MS,
    )
    const answered = (response: JoinGroupResponse | undefined, nowMillis: number): void =>
      this.joinAnswered(sent, response, nowMillis)
    this.client.send(node, 'JoinGroup', body, answered, timeoutMillis)
  }

  /** Is a member of a stable group, as JoinGroup and SyncGroup make it. */
  resume(generation: Generation, nowMillis: number): void {
    this.state = 'STABLE'
    this.generation = generation
    this.rejoinNeeded = false
    this.heartbeat.start(nowMillis)
  }

  /** What happens in the thread of the heartbeats. */
  background(nowMillis: number): void {
    if (this.leading !== undefined) this.lead(this.leading, nowMillis)
    if (!this.hasJoined) return
    const node = this.coordinator.node(nowMillis)
    if (node === undefined) return
    if (nowMillis >= this.sessionEndMillis()) {
      this.coordinator.markUnknown()
      this.coordinator.node(nowMillis)
    } else if (nowMillis >= this.clock.deadlineMillis()) this.leave(nowMillis)
    else if (this.heartbeat.isDue(nowMillis)) this.sendHeartbeat(node, nowMillis)
  }

  /** Leaves the group, unless the member is static, and forgets the generation. @param left hears the answer */
  leave(nowMillis: number, left?: (nowMillis: number) => void): void {
    const { memberId } = this.generation
    const { groupId, groupInstanceId, state } = this
    const node = this.coordinator.isKnown ? this.coordinator.node(nowMillis) : undefined
    this.reset(true)
    const isMember = groupInstanceId === null && state !== 'UNJOINED' && memberId !== ''
    if (!isMember || node === undefined) {
      left?.(nowMillis)
      return
    }
    const body: LeaveGroupRequest = { groupId, members: [{ memberId, groupInstanceId }] }
    this.client.send(node, 'LeaveGroup', body, (_, atMillis) => left?.(atMillis))
  }

  /** Forgets the generation, and the member id if it is not to be used any more. */
  reset(alsoMemberId: boolean): void {
    this.state = 'UNJOINED'
    const memberId = alsoMemberId ? '' : this.generation.memberId
    this.generation = { generationId: -1, memberId, protocolName: null }
    this.rejoinNeeded = true
    this.isJoining = false
    this.assignment = undefined
    this.leading = undefined
  }

  nextDeadlineMillis(): number {
    if (!this.hasJoined || !this.coordinator.isKnown) return Number.POSITIVE_INFINITY
    const own = this.isRoutine ? Number.POSITIVE_INFINITY : this.heartbeat.nextMillis()
    const session = this.heartbeat.isInFlight ? this.sessionEndMillis() : Number.POSITIVE_INFINITY
    return Math.min(own, session, this.clock.deadlineMillis())
  }

  heartbeatDeadlineMillis(): number {
    return this.isRoutine ? this.heartbeat.nextMillis() : Number.POSITIVE_INFINITY
  }

  skipHeartbeats(nowMillis: number): void {
    if (this.isRoutine) this.heartbeat.skip(nowMillis)
  }

  private get isRoutine(): boolean {
    return (
      this.state === 'STABLE' && !this.rejoinNeeded && this.heartbeat.isRoutine && this.coordinator.isKnown
    )
  }

  private sessionEndMillis(): number {
    const found = this.coordinator.foundMillis + this.client.config['session.timeout.ms']
    return Math.max(this.heartbeat.sessionMillisAt(), found)
  }

  private joinAnswered(sent: Generation, response: JoinGroupResponse | undefined, nowMillis: number): void {
    const errorCode = response?.errorCode ?? 'NETWORK_EXCEPTION'
    if (this.state !== 'PREPARING_REBALANCE' || this.generation !== sent) return
    if (response !== undefined && errorCode === 'NONE') {
      const { generationId, memberId, protocolName } = response
      this.state = 'COMPLETING_REBALANCE'
      this.generation = { generationId, memberId, protocolName }
      this.heartbeat.start(nowMillis)
      if (response.leader === memberId) this.lead(response, nowMillis)
      else this.sync([], nowMillis)
    } else this.joinRefused(errorCode, response?.memberId ?? '', nowMillis)
  }

  private joinRefused(errorCode: ErrorCode, memberId: string, nowMillis: number): void {
    switch (errorCode) {
      case 'MEMBER_ID_REQUIRED':
        this.generation = { generationId: -1, memberId, protocolName: null }
        this.rejoin(nowMillis, false)
        break
      case 'UNKNOWN_MEMBER_ID':
        this.reset(true)
        this.rejoin(nowMillis, false)
        break
      case 'ILLEGAL_GENERATION':
      case 'REBALANCE_IN_PROGRESS':
        this.rejoin(nowMillis, false)
        break
      case 'NETWORK_EXCEPTION':
      case 'COORDINATOR_NOT_AVAILABLE':
      case 'NOT_COORDINATOR':
        this.coordinator.markUnknown()
        this.rejoin(nowMillis, true)
        break
      case 'COORDINATOR_LOAD_IN_PROGRESS':
        this.rejoin(nowMillis, true)
        break
      default:
        this.fail(errorCode, 'JoinGroup', nowMillis)
    }
  }

  private lead(join: JoinGroupResponse, nowMillis: number): void {
    const assignments = this.assigner.assignments(join)
    this.leading = assignments === undefined ? join : undefined
    if (assignments !== undefined) this.sync(assignments, nowMillis)
  }

  private sync(assignments: Assignments, nowMillis: number): void {
    const node = this.coordinator.node(nowMillis)
    if (node === undefined) {
      this.rejoin(nowMillis, true)
      return
    }
    const sent = this.generation
    const { generationId, memberId, protocolName } = sent
    const { groupId, groupInstanceId } = this
    const body: SyncGroupRequest = {
      groupId,
      generationId,
      memberId,
      groupInstanceId,
      protocolType: PROTOCOL_TYPE,
      protocolName,
      assignments,
    }
    this.client.send(node, 'SyncGroup', body, (response, atMillis) =>
      this.syncAnswered(sent, response, atMillis),
    )
  }

  private syncAnswered(sent: Generation, response: SyncGroupResponse | undefined, nowMillis: number): void {
    const errorCode = response?.errorCode ?? 'NETWORK_EXCEPTION'
    if (this.generation !== sent || this.state !== 'COMPLETING_REBALANCE') return
    if (response !== undefined && errorCode === 'NONE') {
      this.state = 'STABLE'
      this.rejoinNeeded = false
      this.isJoining = false
      this.joinAttempts = 0
      this.assignment = (response.assignment as readonly TopicPartition[] | null) ?? []
      return
    }
    switch (errorCode) {
      case 'REBALANCE_IN_PROGRESS':
        this.rejoin(nowMillis, false)
        break
      case 'UNKNOWN_MEMBER_ID':
      case 'ILLEGAL_GENERATION':
        this.reset(errorCode !== 'ILLEGAL_GENERATION')
        this.rejoin(nowMillis, false)
        break
      case 'NETWORK_EXCEPTION':
      case 'COORDINATOR_NOT_AVAILABLE':
      case 'NOT_COORDINATOR':
        this.coordinator.markUnknown()
        this.rejoin(nowMillis, true)
        break
      default:
        this.fail(errorCode, 'SyncGroup', nowMillis)
    }
  }

  private sendHeartbeat(node: number, nowMillis: number): void {
    const sent = this.generation
    const { generationId, memberId } = sent
    this.heartbeat.sent(nowMillis)
    const body = { groupId: this.groupId, generationId, memberId, groupInstanceId: this.groupInstanceId }
    this.client.send(node, 'Heartbeat', body, (response, atMillis) =>
      this.heartbeatAnswered(sent, response, atMillis),
    )
  }

  private heartbeatAnswered(
    sent: Generation,
    response: HeartbeatResponse | undefined,
    nowMillis: number,
  ): void {
    const errorCode = response?.errorCode ?? 'NETWORK_EXCEPTION'
    switch (errorCode) {
      case 'NONE':
        this.heartbeat.answered(nowMillis)
        return
      case 'REBALANCE_IN_PROGRESS':
        // The member must go on with heartbeats: the coordinator waits for it as long as a rebalance may take.
        this.heartbeat.answered(nowMillis)
        if (this.state === 'STABLE') this.rejoinNeeded = true
        return
      case 'ILLEGAL_GENERATION':
      case 'UNKNOWN_MEMBER_ID':
      case 'FENCED_INSTANCE_ID':
        this.heartbeat.answered(nowMillis)
        if (this.generation !== sent) return
        this.reset(errorCode !== 'ILLEGAL_GENERATION')
        if (errorCode === 'FENCED_INSTANCE_ID') this.fail(errorCode, 'Heartbeat', nowMillis)
        return
      case 'NETWORK_EXCEPTION':
      case 'COORDINATOR_NOT_AVAILABLE':
      case 'NOT_COORDINATOR':
        this.coordinator.markUnknown()
        break
      default:
        this.fail(errorCode, 'Heartbeat', nowMillis)
    }
    this.heartbeat.failed(nowMillis, this.client.retryBackoffMillis(0))
  }

  private rejoin(nowMillis: number, backsOff: boolean): void {
    this.isJoining = false
    this.rejoinNeeded = true
    this.leading = undefined
    this.joinRetryMillis = backsOff
      ? nowMillis + this.client.retryBackoffMillis(this.joinAttempts++)
      : nowMillis
  }

  private fail(errorCode: ErrorCode, api: string, nowMillis: number): void {
    this.fatalError = new ConsumerError(errorCode, `${api} of group ${this.groupId} failed with ${errorCode}`)
    this.rejoin(nowMillis, false)
  }
}
