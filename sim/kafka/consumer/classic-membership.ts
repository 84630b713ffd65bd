import { appended, inOrder } from '../../kernel/list.ts'
import {
  CLIENT_ASSIGNORS,
  type ClientAssignor,
  type RebalanceProtocol,
  strategyOf,
  subscriptionMetadata,
} from '../assignor/client-assignor.ts'
import type { LastAssignment } from '../assignor/sticky.ts'
import {
  type ConsumerProtocolSubscription,
  compareText,
  type TopicPartition,
} from '../assignor/subscription.ts'
import type { JoinGroupProtocol, JoinGroupResponse } from '../coordinator/group-message.ts'
import type { ErrorCode } from '../error-code.ts'
import { partitionName } from '../transaction/topic-partition.ts'
import type { AutoCommit } from './auto-commit.ts'
import type { RebalanceCallbacks } from './callbacks.ts'
import { type Assigner, type Assignments, ClassicSession, type Generation } from './classic-session.ts'
import type { ConsumerClient } from './client.ts'
import type { CoordinatorLookup } from './coordinator-lookup.ts'
import { ConsumerError, callbackFailed, commitFailed } from './error.ts'
import type { CommitIdentity, Membership } from './membership.ts'
import type { ConsumerMetadata } from './metadata.ts'
import type { PollClock } from './poll-clock.ts'
import type { StableMember } from './stable-member.ts'
import type { SubscriptionState } from './subscription-state.ts'

/** What comes before a JoinGroup: a commit, then a callback. */
type Preparation = 'none' | 'committing' | 'committed' | 'releasing' | 'prepared'

interface LastAssignmentBy extends LastAssignment {
  readonly protocol: string
}

const NEVER_ASSIGNED: readonly LastAssignmentBy[] = []

/** What a membership of either protocol works with. */
export interface MembershipParts {
  readonly client: ConsumerClient
  readonly metadata: ConsumerMetadata
  readonly subscriptions: SubscriptionState
  readonly coordinator: CoordinatorLookup
  readonly callbacks: RebalanceCallbacks
  readonly clock: PollClock
  readonly groupId: string
}

/**
 * A member of a classic group: what it does before and after each JoinGroup, under the eager and the cooperative
 * protocol (rule G11), and how it assigns if it leads. Source: ConsumerCoordinator of Kafka 4.x.
 */
export class ClassicMembership implements Membership, Assigner {
  /** Set once commits exist, which need a membership. */
  autoCommit: AutoCommit | undefined = undefined
  private readonly parts: MembershipParts
  private readonly session: ClassicSession
  private readonly assignors: readonly ClientAssignor[]
  private readonly protocol: RebalanceProtocol
  /** Those of each protocol by which it was assigned something: one, as a rule. */
  private lastAssignments = NEVER_ASSIGNED
  private preparation: Preparation = 'none'
  /** Topics with which it joined last. */
  private joinedTopics: readonly string[] | undefined = undefined
  /** Partitions of the group's topics as they were when this member, who leads, assigned them. */
  private assignedCounts: ReadonlyMap<string, number> | undefined = undefined
  private seenVersion = -1
  /** The version of the metadata by which it assigns as the leader that this answer has made it. */
  private awaited: { readonly join: JoinGroupResponse; readonly version: number } | undefined = undefined
  private completedGenerationId = -1
  private isCompleting = false
  private callbackError: unknown = undefined
  /** The one in which it took its last assignment. */
  private assignedGeneration: Generation

  constructor(parts: MembershipParts) {
    this.parts = parts
    const { client, coordinator, clock, groupId } = parts
    this.session = new ClassicSession(client, coordinator, clock, groupId, this)
    const { assignors, protocol } = strategyOf(client.config['partition.assignment.strategy'])
    this.assignors = assignors
    this.protocol = protocol
    this.assignedGeneration = this.session.generation
  }

  get identity(): CommitIdentity {
    return this.identityIn(this.session.generation)
  }

  get assignedIdentity(): CommitIdentity {
    return this.identityIn(this.assignedGeneration)
  }

  private identityIn({ generationId, memberId }: Generation): CommitIdentity {
    const groupInstanceId = this.parts.client.config['group.instance.id']
    return { generationIdOrMemberEpoch: generationId, memberId, groupInstanceId }
  }

  polled(): void {}

  work(nowMillis: number): void {
    const { session } = this
    const { subscriptions, coordinator } = this.parts
    this.throwErrors()
    if (!subscriptions.isAutoAssigned || this.isCompleting) return
    const node = coordinator.node(nowMillis)
    if (session.assignment !== undefined) this.complete(session.assignment, nowMillis)
    if (this.isCompleting) return
    if (node !== undefined && this.needsRejoin()) this.rejoin(node, nowMillis)
  }

  background(nowMillis: number): void {
    this.session.background(nowMillis)
  }

  commitIdentity(): CommitIdentity | ConsumerError {
    const { identity, session } = this
    if (!this.parts.subscriptions.isAutoAssigned)
      return { ...identity, generationIdOrMemberEpoch: -1, memberId: '' }
    if (session.state === 'STABLE') return identity
    if (session.state === 'PREPARING_REBALANCE' || session.state === 'COMPLETING_REBALANCE')
      return new ConsumerError(
        'REBALANCE_IN_PROGRESS',
        'Offset commit cannot be completed since the consumer is undergoing a rebalance',
      )
    return commitFailed()
  }

  commitRefused(errorCode: ErrorCode, sent: CommitIdentity): ConsumerError {
    const { session, identity } = this
    if (errorCode === 'REBALANCE_IN_PROGRESS') {
      session.rejoinNeeded = true
      return new ConsumerError(errorCode, 'Offset commit cannot be completed since the group is rebalancing')
    }
    const isUnchanged =
      identity.generationIdOrMemberEpoch === sent.generationIdOrMemberEpoch &&
      identity.memberId === sent.memberId
    if (!isUnchanged && session.state === 'PREPARING_REBALANCE')
      return new ConsumerError('REBALANCE_IN_PROGRESS', 'Offset commit came too late: a rebalance has begun')
    if (errorCode === 'FENCED_INSTANCE_ID')
      return isUnchanged
        ? new ConsumerError(errorCode, 'The instance id is used by another member')
        : commitFailed()
    if (isUnchanged && session.state !== 'PREPARING_REBALANCE')
      session.reset(errorCode !== 'ILLEGAL_GENERATION')
    return commitFailed()
  }

  maySendAgain(): boolean {
    return false
  }

  enforceRebalance(): void {
    this.session.rejoinNeeded = true
  }

  leave(isClosing: boolean, nowMillis: number, left: (nowMillis: number) => void): void {
    const dropped = this.parts.subscriptions.isAutoAssigned ? this.parts.subscriptions.partitions() : []
    this.preparation = 'none'
    this.isCompleting = false
    this.joinedTopics = undefined
    this.assignedCounts = undefined
    const leave = (_error: unknown, atMillis: number): void => {
      if (dropped.length > 0) this.parts.subscriptions.assignFromSubscribed([])
      this.session.leave(atMillis, isClosing ? left : undefined)
      if (!isClosing) left(atMillis)
    }
    if (dropped.length === 0) leave(undefined, nowMillis)
    else this.parts.callbacks.invoke(this.releaseCallback(), dropped, nowMillis, leave)
  }

  nextDeadlineMillis(): number {
    return this.session.nextDeadlineMillis()
  }

  /** When a JoinGroup that was refused is tried again, which takes an application that polls. */
  workDeadlineMillis(): number {
    const { session } = this
    const isWaiting = session.rejoinNeeded && !session.isJoining && session.joinRetryMillis > 0
    // A commit or a callback that must end before it joins wakes it by itself.
    const isPreparing = this.preparation === 'committing' || this.preparation === 'releasing'
    return isWaiting && !isPreparing && this.parts.coordinator.isKnown
      ? session.joinRetryMillis
      : Number.POSITIVE_INFINITY
  }

  heartbeatDeadlineMillis(): number {
    return this.session.heartbeatDeadlineMillis()
  }

  skipHeartbeats(nowMillis: number): void {
    this.session.skipHeartbeats(nowMillis)
  }

  /** Source: ConsumerCoordinator.onLeaderElected. */
  assignments(join: JoinGroupResponse): Assignments | undefined {
    const { subscriptions, metadata } = this.parts
    const members = join.members.map(({ memberId, groupInstanceId, metadata: subscription }) => ({
      memberId,
      groupInstanceId,
      metadata: subscription as ConsumerProtocolSubscription,
    }))
    const isNew = subscriptions.setGroupTopics(members.flatMap((member) => member.metadata.topics))
    if (isNew) metadata.requestUpdateForNewTopics()
    if (this.awaited?.join !== join) this.awaited = { join, version: metadata.awaitUpdate() }
    if (metadata.version < this.awaited.version) return undefined
    this.awaited = undefined
    this.assignedCounts = this.groupCounts()
    if (join.skipAssignment) return []
    const assignor = CLIENT_ASSIGNORS.get(join.protocolName ?? '') as ClientAssignor
    const assignment = assignor.assign(this.assignedCounts, members, join.leader)
    return members.map(({ memberId }) => ({ memberId, assignment: assignment.get(memberId) ?? [] }))
  }

  private throwErrors(): void {
    const { session, parts, callbackError } = this
    const error = session.fatalError ?? parts.coordinator.fatalError
    session.fatalError = undefined
    parts.coordinator.fatalError = undefined
    if (error !== undefined) throw error
    this.callbackError = undefined
    if (callbackError !== undefined) throw callbackFailed(callbackError)
  }

  /** Source: ConsumerCoordinator.rejoinNeededOrPending. */
  private needsRejoin(): boolean {
    const { metadata, subscriptions } = this.parts
    if (this.session.rejoinNeeded || this.session.isJoining) return true
    const { joinedTopics } = this
    if (joinedTopics !== undefined && !isSameSet(joinedTopics, subscriptions.topics)) return true
    if (this.assignedCounts === undefined || this.seenVersion === metadata.version) return false
    this.seenVersion = metadata.version
    return !sameCounts(this.assignedCounts, this.groupCounts())
  }

  private groupCounts(): Map<string, number> {
    const counts = this.parts.metadata.partitionCounts()
    const { subscriptions } = this.parts
    for (const topic of [...counts.keys()]) if (!subscriptions.isOfGroup(topic)) counts.delete(topic)
    return counts
  }

  private rejoin(node: number, nowMillis: number): void {
    const { session } = this
    const { metadata, subscriptions } = this.parts
    session.rejoinNeeded = true
    if (session.isJoining || nowMillis < session.joinRetryMillis) return
    if (subscriptions.pattern !== undefined && metadata.version === 0) {
      metadata.requestUpdate()
      return
    }
    if (this.preparation !== 'prepared') this.prepare(nowMillis)
    if ((this.preparation as Preparation) === 'prepared') this.join(node)
  }

  /** Source: ConsumerCoordinator.onJoinPrepare. */
  private prepare(nowMillis: number): void {
    const { subscriptions, client } = this.parts
    if (this.preparation === 'none') {
      this.preparation = 'committing'
      if (this.protocol === 'EAGER' && this.autoCommit?.isEnabled === true)
        for (const state of subscriptions.states()) state.isPendingRevocation = true
      const deadlineMillis = nowMillis + client.config['max.poll.interval.ms']
      const committed = (): void => {
        if (this.preparation === 'committing') this.preparation = 'committed'
      }
      if (this.autoCommit === undefined) committed()
      else this.autoCommit.commitNow(deadlineMillis, nowMillis, committed)
    }
    if ((this.preparation as Preparation) === 'committed') this.release(nowMillis)
  }

  /** Gives up what may not be owned while joining: all of it, or as little as possible. */
  private release(nowMillis: number): void {
    const { subscriptions, callbacks } = this.parts
    this.preparation = 'releasing'
    const owned = subscriptions.partitions()
    const isLost = this.releaseCallback() === 'onPartitionsLost'
    const isKept = (partition: TopicPartition): boolean =>
      !isLost && this.protocol === 'COOPERATIVE' && subscriptions.topics.includes(partition.topic)
    const released = owned.filter((partition) => !isKept(partition))
    const after = (error: unknown): void => {
      if (this.preparation !== 'releasing') return
      this.callbackError = error
      if (released.length > 0) subscriptions.assignFromSubscribed(owned.filter(isKept))
      this.assignedCounts = undefined
      this.preparation = 'prepared'
    }
    const isTold = released.length > 0 || (!isLost && this.protocol === 'EAGER')
    if (isTold) callbacks.invoke(this.releaseCallback(), released, nowMillis, after)
    else after(undefined)
  }

  /** Partitions of a generation that is over are lost: others may have them already. */
  private releaseCallback(): 'onPartitionsLost' | 'onPartitionsRevoked' {
    const { generationId, memberId } = this.session.generation
    return generationId === -1 || memberId === '' ? 'onPartitionsLost' : 'onPartitionsRevoked'
  }

  /** The ways of assigning that it offers when it joins, with what it says of itself in each. */
  protocols(): JoinGroupProtocol[] {
    const { subscriptions } = this.parts
    const topics = inOrder(subscriptions.topics, compareText)
    const owned = subscriptions.partitions()
    return this.assignors.map((assignor) => ({
      name: assignor.name,
      metadata: subscriptionMetadata(
        assignor,
        topics,
        owned,
        this.completedGenerationId,
        this.lastAssignments.find(({ protocol }) => protocol === assignor.name),
      ),
    }))
  }

  /** Is a member of a stable group, as if it had joined. To be called before it has metadata. */
  resume({ generation, assignment, groupTopics }: StableMember, nowMillis: number): void {
    const { subscriptions } = this.parts
    subscriptions.resetGroupTopics()
    if (groupTopics !== undefined) subscriptions.setGroupTopics(groupTopics)
    this.joinedTopics = subscriptions.topics
    this.session.resume(generation, nowMillis)
    this.assignedGeneration = generation
    this.own(assignment, nowMillis)
  }

  /** Leads the group, and has assigned what its metadata say. */
  resumeLeading(): void {
    this.assignedCounts = this.groupCounts()
    this.seenVersion = this.parts.metadata.version
  }

  private join(node: number): void {
    const { subscriptions } = this.parts
    subscriptions.resetGroupTopics()
    this.joinedTopics = subscriptions.topics
    this.session.join(this.protocols(), node)
  }

  /** Source: ConsumerCoordinator.onJoinComplete. */
  private complete(assigned: readonly TopicPartition[], nowMillis: number): void {
    const { session } = this
    const { subscriptions, callbacks } = this.parts
    session.assignment = undefined
    this.assignedGeneration = this.session.generation
    this.preparation = 'none'
    if (!subscriptions.matches(assigned)) {
      session.rejoinNeeded = true
      return
    }
    const names = new Set(assigned.map(({ topic, partition }) => partitionName(topic, partition)))
    const isAssigned = ({ topic, partition }: TopicPartition): boolean =>
      names.has(partitionName(topic, partition))
    const revoked = subscriptions.partitions().filter((partition) => !isAssigned(partition))
    if (this.protocol === 'EAGER' || revoked.length === 0) {
      this.take(assigned, undefined, nowMillis)
      return
    }
    this.isCompleting = true
    session.rejoinNeeded = true
    callbacks.invoke('onPartitionsRevoked', revoked, nowMillis, (error, atMillis) => {
      if (this.isCompleting) this.take(assigned, error, atMillis)
    })
  }

  /** Has partitions from now on, in its present generation. */
  private own(partitions: readonly TopicPartition[], nowMillis: number): void {
    const { generationId, protocolName: protocol } = this.session.generation
    this.completedGenerationId = generationId
    if (protocol !== null) {
      const others = this.lastAssignments.filter((last) => last.protocol !== protocol)
      this.lastAssignments = appended(others, { protocol, partitions, generationId })
    }
    this.autoCommit?.restart(nowMillis)
    this.parts.subscriptions.assignFromSubscribed(partitions)
  }

  private take(assigned: readonly TopicPartition[], revocationError: unknown, nowMillis: number): void {
    const { subscriptions, callbacks } = this.parts
    const added = assigned.filter((partition) => subscriptions.find(partition) === undefined)
    this.own(assigned, nowMillis)
    this.isCompleting = true
    callbacks.invoke('onPartitionsAssigned', added, nowMillis, (error) => {
      this.isCompleting = false
      this.callbackError = revocationError ?? error
    })
  }
}

/** @param left each once, as the others */
function isSameSet(left: readonly string[], right: readonly string[]): boolean {
  return left === right || (left.length === right.length && left.every((text) => right.includes(text)))
}

function sameCounts(left: ReadonlyMap<string, number>, right: ReadonlyMap<string, number>): boolean {
  return left.size === right.size && [...left].every(([topic, count]) => right.get(topic) === count)
}
