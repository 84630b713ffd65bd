import type { TopicPartition } from '../assignor/subscription.ts'
import type { ConsumerGroupHeartbeatResponse } from '../coordinator/consumer-group-heartbeat.ts'
import {
  JOIN_GROUP_EPOCH,
  LEAVE_GROUP_EPOCH,
  LEAVE_GROUP_STATIC_EPOCH,
} from '../coordinator/consumer-group-member.ts'
import type { ErrorCode } from '../error-code.ts'
import type { AutoCommit } from './auto-commit.ts'
import type { MembershipParts } from './classic-membership.ts'
import { ConsumerError, callbackFailed, commitFailed } from './error.ts'
import { HeartbeatTimer } from './heartbeat.ts'
import { HeartbeatFields } from './heartbeat-fields.ts'
import type { CommitIdentity, Membership } from './membership.ts'
import { Reconciliation, type ReconciliationOwner } from './reconciliation.ts'

/** Source: MemberState of Kafka 4.x. */
type MemberState =
  | 'UNSUBSCRIBED'
  | 'JOINING'
  | 'RECONCILING'
  | 'ACKNOWLEDGING'
  | 'STABLE'
  | 'FENCED'
  | 'PREPARE_LEAVING'
  | 'LEAVING'
  | 'FATAL'
  | 'STALE'

/**
 * A member of a group of KIP-848: it heartbeats, is told its assignment, commits, revokes and takes over what that
 * changes, and acknowledges it (rules N2 to N4). Source: ConsumerMembershipManager, AbstractMembershipManager,
 * ConsumerHeartbeatRequestManager of Kafka 4.x. Regular expressions are resolved by the client.
 */
export class ConsumerMembership implements Membership, ReconciliationOwner {
  /** Set once commits exist, which need a membership. */
  autoCommit: AutoCommit | undefined = undefined
  state: MemberState = 'UNSUBSCRIBED'
  private readonly parts: MembershipParts
  private readonly memberId: string
  private readonly heartbeat = new HeartbeatTimer(0, Number.POSITIVE_INFINITY)
  private memberEpoch = 0
  private failures = 0
  private retryMillis = 0
  private readonly fields: HeartbeatFields
  private readonly reconciliation: Reconciliation
  private isPollExpired = false
  private isReleasing = false
  private left: ((nowMillis: number) => void) | undefined
  private error: ConsumerError | undefined = undefined
  assignedIdentity: CommitIdentity

  constructor(parts: MembershipParts, memberId: string) {
    this.parts = parts
    this.memberId = memberId
    this.fields = new HeartbeatFields(parts.client.config, parts.subscriptions, parts.groupId, memberId)
    this.reconciliation = new Reconciliation(parts, this)
    this.assignedIdentity = this.identity
  }

  get identity(): CommitIdentity {
    const groupInstanceId = this.parts.client.config['group.instance.id']
    return this.memberEpoch > 0
      ? { generationIdOrMemberEpoch: this.memberEpoch, memberId: this.memberId, groupInstanceId }
      : { generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId }
  }

  polled(nowMillis: number): void {
    this.isPollExpired = false
    if (this.state === 'STALE' && !this.isReleasing) this.toJoining(nowMillis)
  }

  work(nowMillis: number): void {
    const error = this.error ?? this.parts.coordinator.fatalError
    this.error = undefined
    this.parts.coordinator.fatalError = undefined
    if (error !== undefined) throw error
    if (this.state === 'UNSUBSCRIBED' && this.parts.subscriptions.isAutoAssigned && !this.left)
      this.toJoining(nowMillis)
    if (this.state === 'RECONCILING') this.reconciliation.run(this.autoCommit, true, nowMillis)
    this.background(nowMillis)
  }

  background(nowMillis: number): void {
    const { coordinator, clock } = this.parts
    if (this.state === 'RECONCILING') this.reconciliation.run(this.autoCommit, false, nowMillis)
    if (this.isOut) return
    const node = coordinator.node(nowMillis)
    if (node === undefined) {
      if (this.state === 'LEAVING') this.skipLeave(nowMillis)
      return
    }
    const isLeaving = this.state === 'LEAVING' || this.state === 'PREPARE_LEAVING'
    if (nowMillis >= clock.deadlineMillis() && !isLeaving) {
      this.isPollExpired = true
      this.toLeaving()
      this.send(node, nowMillis, true)
      this.fields.reset()
    } else if (this.state === 'LEAVING' || this.isDue(nowMillis)) this.send(node, nowMillis, false)
  }

  commitIdentity(): CommitIdentity {
    return this.identity
  }

  commitRefused(errorCode: ErrorCode): ConsumerError {
    if (errorCode === 'FENCED_INSTANCE_ID' || errorCode === 'REBALANCE_IN_PROGRESS')
      return new ConsumerError(errorCode, `Offset commit failed with ${errorCode}`)
    return commitFailed()
  }

  maySendAgain(errorCode: ErrorCode, sent: CommitIdentity): boolean {
    return (
      errorCode === 'STALE_MEMBER_EPOCH' &&
      this.memberEpoch > 0 &&
      this.memberEpoch !== sent.generationIdOrMemberEpoch
    )
  }

  enforceRebalance(): void {}

  leave(_isClosing: boolean, nowMillis: number, left: (nowMillis: number) => void): void {
    const { subscriptions, callbacks } = this.parts
    if (this.isOut) {
      if (this.state === 'FENCED' || this.state === 'STALE') this.state = 'UNSUBSCRIBED'
      this.clear()
      left(nowMillis)
      return
    }
    const dropped = subscriptions.isAutoAssigned ? subscriptions.partitions() : []
    const name = this.memberEpoch > 0 ? 'onPartitionsRevoked' : 'onPartitionsLost'
    this.state = 'PREPARE_LEAVING'
    this.reconciliation.abandon()
    this.left = left
    for (const state of subscriptions.states()) state.isPendingRevocation = true
    const after = (_error: unknown, atMillis: number): void => {
      this.clear()
      // Fenced in the meantime, it has nothing to leave.
      if (this.state === 'PREPARE_LEAVING') this.toLeaving()
      this.background(atMillis)
    }
    if (dropped.length === 0) after(undefined, nowMillis)
    else callbacks.invoke(name, dropped, nowMillis, after)
  }

  nextDeadlineMillis(): number {
    if (this.isOut || !this.parts.coordinator.isKnown) return Number.POSITIVE_INFINITY
    const isLeaving = this.state === 'LEAVING' || this.state === 'PREPARE_LEAVING'
    const poll = isLeaving ? Number.POSITIVE_INFINITY : this.parts.clock.deadlineMillis()
    if (this.isRoutine || this.heartbeat.isInFlight) return poll
    return Math.min(poll, Math.max(this.retryMillis, this.isUrgent ? 0 : this.heartbeat.nextMillis()))
  }

  workDeadlineMillis(): number {
    return Number.POSITIVE_INFINITY
  }

  heartbeatDeadlineMillis(): number {
    return this.isRoutine ? this.heartbeat.nextMillis() : Number.POSITIVE_INFINITY
  }

  skipHeartbeats(nowMillis: number): void {
    if (this.isRoutine) this.heartbeat.skip(nowMillis)
  }

  reconciled(): void {
    this.state = 'ACKNOWLEDGING'
  }

  /** The member stays as it is, without acknowledging: it tries again, and the coordinator gives it up in the end. */
  reconciliationFailed(error: unknown): void {
    this.error = callbackFailed(error)
  }

  /** Whether it is no member, so that there are no heartbeats. */
  private get isOut(): boolean {
    const { state } = this
    return state === 'UNSUBSCRIBED' || state === 'FENCED' || state === 'FATAL' || state === 'STALE'
  }

  /** Whether the coordinator is to hear of it without waiting for the interval. */
  private get isUrgent(): boolean {
    return this.state === 'JOINING' || this.state === 'ACKNOWLEDGING'
  }

  private get isRoutine(): boolean {
    return (
      this.state === 'STABLE' &&
      this.failures === 0 &&
      this.heartbeat.isRoutine &&
      this.heartbeat.intervalMillis > 0 &&
      this.parts.coordinator.isKnown &&
      !this.fields.hasNewTopics
    )
  }

  private isDue(nowMillis: number): boolean {
    if (this.heartbeat.isInFlight || nowMillis < this.retryMillis) return false
    return this.isUrgent || this.heartbeat.isDue(nowMillis)
  }

  private send(node: number, nowMillis: number, ignoresAnswer: boolean): void {
    const body = this.fields.request(this.memberEpoch, this.reconciliation.current, this.state === 'JOINING')
    if (!ignoresAnswer) this.heartbeat.sent(nowMillis)
    const wasState = this.state
    if (wasState === 'ACKNOWLEDGING') this.state = this.reconciliation.isDone ? 'STABLE' : 'RECONCILING'
    else if (wasState === 'LEAVING') {
      if (this.isPollExpired) this.toStale(nowMillis)
      else this.state = 'UNSUBSCRIBED'
    }
    this.parts.client.send(node, 'ConsumerGroupHeartbeat', body, (response, atMillis) => {
      if (!ignoresAnswer) this.answered(response, atMillis)
    })
  }

  private answered(response: ConsumerGroupHeartbeatResponse | undefined, nowMillis: number): void {
    if (response?.errorCode === 'NONE') {
      this.heartbeat.intervalMillis = response.heartbeatIntervalMs
      this.failures = 0
      this.retryMillis = 0
      this.heartbeat.answered(nowMillis)
      if (this.heartbeat.nextMillis() < nowMillis + response.heartbeatIntervalMs)
        this.heartbeat.start(nowMillis)
      this.succeeded(response, nowMillis)
      return
    }
    this.heartbeat.answered(nowMillis)
    this.fields.reset()
    this.retryMillis = nowMillis + this.parts.client.retryBackoffMillis(this.failures++)
    this.refused(response?.errorCode ?? 'NETWORK_EXCEPTION', response?.errorMessage ?? null, nowMillis)
    if (this.state === 'UNSUBSCRIBED') this.endLeave(nowMillis)
  }

  private succeeded(response: ConsumerGroupHeartbeatResponse, nowMillis: number): void {
    if (this.state === 'LEAVING') return
    if (this.state === 'UNSUBSCRIBED') {
      this.endLeave(nowMillis)
      return
    }
    if (this.isOut || response.memberEpoch < 0) return
    this.memberEpoch = response.memberEpoch
    if (response.memberEpoch > 0) this.assignedIdentity = this.identity
    if (response.assignment !== null && this.state !== 'PREPARE_LEAVING') {
      const partitions = response.assignment.topicPartitions.flatMap(({ topicName, partitions: indexes }) =>
        indexes.map((partition) => ({ topic: topicName, partition })),
      )
      this.take(partitions)
    }
  }

  /** Source: AbstractMembershipManager.processAssignmentReceived. */
  private take(partitions: readonly TopicPartition[]): void {
    this.reconciliation.take(partitions)
    if (!this.reconciliation.isDone) this.state = 'RECONCILING'
    else if (this.state === 'RECONCILING' || this.state === 'JOINING') this.state = 'STABLE'
  }

  private refused(errorCode: ErrorCode, message: string | null, nowMillis: number): void {
    const { coordinator } = this.parts
    switch (errorCode) {
      case 'NETWORK_EXCEPTION':
      case 'NOT_COORDINATOR':
      case 'COORDINATOR_NOT_AVAILABLE':
        coordinator.markUnknown()
        if (errorCode !== 'NETWORK_EXCEPTION') this.retryMillis = 0
        this.heartbeat.hurry(nowMillis)
        break
      case 'COORDINATOR_LOAD_IN_PROGRESS':
        this.heartbeat.hurry(nowMillis)
        break
      case 'FENCED_MEMBER_EPOCH':
      case 'UNKNOWN_MEMBER_ID':
        this.fenced(nowMillis)
        this.retryMillis = 0
        this.heartbeat.hurry(nowMillis)
        break
      default:
        this.fatal(new ConsumerError(errorCode, message ?? `Heartbeat failed with ${errorCode}`), nowMillis)
    }
  }

  private fenced(nowMillis: number): void {
    if (this.state === 'PREPARE_LEAVING' || this.state === 'LEAVING') {
      this.state = 'UNSUBSCRIBED'
      this.memberEpoch = JOIN_GROUP_EPOCH
      this.endLeave(nowMillis)
      return
    }
    if (this.isOut) return
    this.state = 'FENCED'
    this.memberEpoch = JOIN_GROUP_EPOCH
    this.reconciliation.abandon()
    this.lose(nowMillis, (atMillis) => {
      if (this.state === 'FENCED') this.toJoining(atMillis)
    })
  }

  private fatal(error: ConsumerError, nowMillis: number): void {
    const wasLeaving = this.left !== undefined
    this.state = 'FATAL'
    this.memberEpoch = JOIN_GROUP_EPOCH
    this.reconciliation.abandon()
    this.error = error
    if (wasLeaving) this.endLeave(nowMillis)
    else this.lose(nowMillis, () => {})
  }

  /** The application hears that everything is lost, as soon as it polls; then it is. */
  private lose(nowMillis: number, after: (nowMillis: number) => void): void {
    const { subscriptions, callbacks } = this.parts
    const lost = subscriptions.isAutoAssigned ? subscriptions.partitions() : []
    const end = (_error: unknown, atMillis: number): void => {
      this.clear()
      after(atMillis)
    }
    for (const state of subscriptions.states()) state.isPendingRevocation = true
    if (lost.length === 0) end(undefined, nowMillis)
    else callbacks.invoke('onPartitionsLost', lost, nowMillis, end)
  }

  private toJoining(nowMillis: number): void {
    if (this.state === 'FATAL') return
    this.reconciliation.abandon()
    this.memberEpoch = JOIN_GROUP_EPOCH
    this.state = 'JOINING'
    this.reconciliation.forgetTarget()
    this.retryMillis = 0
    this.heartbeat.hurry(nowMillis)
  }

  private toLeaving(): void {
    const isStatic = this.parts.client.config['group.instance.id'] !== null
    this.memberEpoch = isStatic ? LEAVE_GROUP_STATIC_EPOCH : LEAVE_GROUP_EPOCH
    this.reconciliation.forgetCurrent()
    this.reconciliation.abandon()
    this.state = 'LEAVING'
  }

  private toStale(nowMillis: number): void {
    this.state = 'STALE'
    this.isReleasing = true
    this.lose(nowMillis, (atMillis) => {
      this.isReleasing = false
      if (this.state === 'STALE' && !this.isPollExpired) this.toJoining(atMillis)
    })
  }

  private skipLeave(nowMillis: number): void {
    this.state = 'UNSUBSCRIBED'
    this.endLeave(nowMillis)
  }

  private endLeave(nowMillis: number): void {
    const { left } = this
    this.left = undefined
    left?.(nowMillis)
  }

  private clear(): void {
    this.reconciliation.clear()
    if (this.parts.subscriptions.isAutoAssigned) this.parts.subscriptions.assignFromSubscribed([])
  }
}
