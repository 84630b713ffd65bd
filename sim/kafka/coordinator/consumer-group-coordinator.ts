import type { ErrorCode } from '../error-code.ts'
import { ConsumerGroup } from './consumer-group.ts'
import type { ConsumerGroupConfig } from './consumer-group-config.ts'
import { type DescribedGroup, describeGroup, describeMissing } from './consumer-group-describe.ts'
import {
  type ConsumerGroupHeartbeatRequest,
  type ConsumerGroupHeartbeatResponse,
  type HeartbeatClient,
  invalidHeartbeat,
  isFullRequest,
  refusal,
  updatedMember,
} from './consumer-group-heartbeat.ts'
import {
  awayMember,
  type ConsumerGroupMember,
  isReconciledTo,
  JOIN_GROUP_EPOCH,
  LEAVE_GROUP_STATIC_EPOCH,
} from './consumer-group-member.ts'
import { admit, leavingMember, subscriptionChange } from './consumer-group-membership.ts'
import {
  NO_PARTITIONS,
  type PartitionSet,
  samePartitionEpochs,
  toTopicPartitions,
} from './consumer-group-partitions.ts'
import { type ConsumerGroupSnapshot, restoreGroup, snapshotGroup } from './consumer-group-snapshot.ts'
import { reconcile } from './current-assignment.ts'
import { type HeartbeatStep, membersAfter } from './heartbeat-step.ts'
import { preferredAssignor } from './preferred-assignor.ts'
import { type ClusterTopics, groupTopics, sameTopics, subscribedTopics } from './subscribed-topics.ts'
import {
  type ConsumerGroupAssignor,
  computeTargetAssignment,
  PartitionAssignorError,
} from './target-assignment.ts'

/** What a coordinator of consumer groups works with. */
export interface ConsumerGroupCoordinatorOptions {
  readonly config: ConsumerGroupConfig
  /** By name; one for every name in `group.consumer.assignors`. */
  readonly assignors: ReadonlyMap<string, ConsumerGroupAssignor>
  readonly topics: ClusterTopics
  /** Makes up the ids of members that come without one, before version 1. */
  newMemberId(): string
}

/**
 * The coordinator of consumer groups that speak KIP-848's protocol (GroupMetadataManager of Kafka 4.3). A heartbeat
 * takes in what the member says, computes a target assignment if the group epoch is ahead of it and the assignment
 * interval is over, and moves this one member towards it. A heartbeat that fails changes nothing.
 *
 * Not here: the migration of classic groups to consumer groups and back, and `group.consumer.assignor.offload.enable`:
 * assignors, and the resolution of regular expressions, take no time. Topics are known by their names: one that is
 * deleted and created again is the same one.
 */
export class ConsumerGroupCoordinator {
  private readonly config: ConsumerGroupConfig
  private readonly assignors: ReadonlyMap<string, ConsumerGroupAssignor>
  private readonly topics: ClusterTopics
  private readonly newMemberId: () => string
  private readonly groupsById = new Map<string, ConsumerGroup>()
  private topicsVersion = 0

  constructor(options: ConsumerGroupCoordinatorOptions) {
    this.config = options.config
    this.assignors = options.assignors
    this.topics = options.topics
    this.newMemberId = options.newMemberId
  }

  /** A group, which outlives its last member. */
  group(groupId: string): ConsumerGroup | undefined {
    return this.groupsById.get(groupId)
  }

  groups(): Iterable<ConsumerGroup> {
    return this.groupsById.values()
  }

  /** Forgets a group, whatever it is: what it was made of could not be written down. */
  forget(groupId: string): void {
    this.groupsById.delete(groupId)
  }

  /** ConsumerGroupHeartbeat: the one request with which members join, stay, reconcile and leave (rules N1 to N4). */
  heartbeat(
    request: ConsumerGroupHeartbeatRequest,
    client: HeartbeatClient,
    nowMillis: number,
  ): ConsumerGroupHeartbeatResponse {
    const invalid = invalidHeartbeat(request, client.apiVersion, this.config['group.consumer.assignors'])
    if (invalid !== undefined) return refusal(invalid.errorCode, invalid.errorMessage)
    const group = this.groupsById.get(request.groupId)
    if (request.memberEpoch === JOIN_GROUP_EPOCH) {
      return this.stay(group ?? new ConsumerGroup(request.groupId), request, client, nowMillis)
    }
    if (group === undefined) {
      return refusal('GROUP_ID_NOT_FOUND', `Consumer group ${request.groupId} not found.`)
    }
    return request.memberEpoch < 0 ? this.leave(group, request) : this.stay(group, request, client, nowMillis)
  }

  /** ConsumerGroupDescribe. */
  describe(groupIds: readonly string[]): DescribedGroup[] {
    return groupIds.map((groupId) => {
      const group = this.groupsById.get(groupId)
      return group === undefined
        ? describeMissing(groupId)
        : describeGroup(
            group,
            preferredAssignor(group.members.values(), this.config['group.consumer.assignors']),
          )
    })
  }

  /** Forgets a group without members. @returns GROUP_ID_NOT_FOUND or NON_EMPTY_GROUP when it cannot */
  deleteGroup(groupId: string): ErrorCode {
    const errorCode = this.groupsById.get(groupId)?.validateDelete() ?? 'GROUP_ID_NOT_FOUND'
    if (errorCode === 'NONE') this.groupsById.delete(groupId)
    return errorCode
  }

  /** Topics were created or deleted, or have more partitions: groups look at it with their next heartbeat. */
  onTopicsChanged(topicNames: Iterable<string>): void {
    this.topicsVersion += 1
    for (const topicName of topicNames) {
      for (const group of this.groupsById.values()) {
        if (group.isSubscribedTo(topicName)) group.topicsMayHaveChanged = true
      }
    }
  }

  /** What is to be kept of a group, and undefined if there is none. */
  snapshot(groupId: string): ConsumerGroupSnapshot | undefined {
    const group = this.groupsById.get(groupId)
    return group === undefined ? undefined : snapshotGroup(group)
  }

  /** Goes on with a group of another coordinator. */
  load(snapshot: ConsumerGroupSnapshot, nowMillis: number): void {
    const sessionTimeoutMs = this.config['group.consumer.session.timeout.ms']
    this.groupsById.set(snapshot.groupId, restoreGroup(snapshot, nowMillis, sessionTimeoutMs))
  }

  /** Whether nobody of a group has anything to hear in a heartbeat. */
  isStable(groupId: string): boolean {
    return this.groupsById.get(groupId)?.state === 'Stable'
  }

  /** Heartbeats of a member are routine, and not sent one by one: its session does not run out. */
  suspendSession(groupId: string, memberId: string): void {
    const group = this.groupsById.get(groupId)
    if (group?.members.has(memberId)) group.timers.suspendSession(memberId)
  }

  /** The last heartbeat of a member whose session was suspended came at this time: the session runs from then. */
  resumeSession(groupId: string, memberId: string, heardMillis: number): void {
    const group = this.groupsById.get(groupId)
    const timeoutMs = this.config['group.consumer.session.timeout.ms']
    if (group?.members.has(memberId)) group.timers.resumeSession(memberId, heardMillis + timeoutMs)
  }

  /** When the next session or revocation runs out of time; Infinity if none can. */
  nextDeadlineMillis(): number {
    let earliest = Number.POSITIVE_INFINITY
    for (const { timers } of this.groupsById.values()) earliest = Math.min(earliest, timers.nextMillis())
    return earliest
  }

  /** Fences the members whose time has run out (rule N4), in the order of their deadlines. */
  advance(nowMillis: number): void {
    for (let next = this.nextDeadlineMillis(); next <= nowMillis; next = this.nextDeadlineMillis()) {
      for (const group of this.groupsById.values()) {
        if (group.timers.nextMillis() === next) {
          this.expire(group)
          break
        }
      }
    }
  }

  private expire(group: ConsumerGroup): void {
    const timer = group.timers.take()
    const member = timer === undefined ? undefined : group.members.get(timer.memberId)
    if (timer === undefined || member === undefined) return
    if (timer.rebalanceEpoch === null || timer.rebalanceEpoch === member.memberEpoch)
      this.fence(group, member)
  }

  private stay(
    group: ConsumerGroup,
    request: ConsumerGroupHeartbeatRequest,
    client: HeartbeatClient,
    nowMillis: number,
  ): ConsumerGroupHeartbeatResponse {
    const maxSize = this.config['group.consumer.max.size']
    if (group.members.size >= maxSize && !group.members.has(request.memberId)) {
      const message = `The consumer group has reached its maximum capacity of ${maxSize} members.`
      return refusal('GROUP_MAX_SIZE_REACHED', message)
    }
    const memberId = request.memberId === '' ? this.newMemberId() : request.memberId
    const admission = admit(group, request, memberId)
    if ('errorCode' in admission) return refusal(admission.errorCode, admission.errorMessage)
    const before = admission.member
    const after = updatedMember(before, request, client)
    const subscription = subscriptionChange(group, before, after)
    if ('errorCode' in subscription) return refusal(subscription.errorCode, subscription.errorMessage)
    const { changed: subscriptionChanged, raisesGroupEpoch } = subscription
    let { groupEpoch, topics } = group
    if (raisesGroupEpoch || group.topicsMayHaveChanged) {
      topics = this.topicsOf(group, membersAfter(group, after, admission.replacedId))
      if (raisesGroupEpoch || !sameTopics(topics, group.topics)) groupEpoch += 1
    }
    const { replacedId } = admission
    const step = { group, before, after, replacedId, subscriptionChanged, groupEpoch, topics }
    return this.take(step, request, nowMillis)
  }

  /** Does what a heartbeat asks for, unless the assignor gives up. */
  private take(
    step: HeartbeatStep,
    request: ConsumerGroupHeartbeatRequest,
    nowMillis: number,
  ): ConsumerGroupHeartbeatResponse {
    const { group, before, after } = step
    let target: Map<string, PartitionSet> | undefined
    try {
      if (this.mayAssign(step, nowMillis)) target = this.targetOf(step)
    } catch (error) {
      if (!(error instanceof PartitionAssignorError)) throw error
      const message = `Failed to compute a new target assignment for epoch ${step.groupEpoch}: ${error.message}`
      return refusal('UNKNOWN_SERVER_ERROR', message)
    }
    const reconciled = this.reconciled(step, request, target)
    this.commit(step, reconciled, target, nowMillis)
    if (reconciled !== after) {
      if (reconciled.state === 'UNREVOKED_PARTITIONS') {
        const deadline = nowMillis + reconciled.rebalanceTimeoutMs
        group.timers.setRebalance(reconciled.memberId, deadline, reconciled.memberEpoch)
      } else group.timers.cancelRebalance(reconciled.memberId)
    }
    group.timers.setSession(reconciled.memberId, nowMillis + this.config['group.consumer.session.timeout.ms'])
    const tells =
      request.memberEpoch === JOIN_GROUP_EPOCH ||
      isFullRequest(request) ||
      !samePartitionEpochs(before.assignedPartitions, reconciled.assignedPartitions)
    return {
      errorCode: 'NONE',
      errorMessage: null,
      memberId: reconciled.memberId,
      memberEpoch: reconciled.memberEpoch,
      heartbeatIntervalMs: this.config['group.consumer.heartbeat.interval.ms'],
      assignment: tells ? { topicPartitions: toTopicPartitions(reconciled.assignedPartitions) } : null,
    }
  }

  /** Whether the target assignment is behind and the interval between two of them is over (KIP-1263). */
  private mayAssign({ group, groupEpoch }: HeartbeatStep, nowMillis: number): boolean {
    const interval = this.config['group.consumer.assignment.interval.ms']
    return groupEpoch > group.assignmentEpoch && nowMillis >= group.assignedAtMillis + interval
  }

  private targetOf({ group, after, replacedId, topics }: HeartbeatStep): Map<string, PartitionSet> {
    const members = [...membersAfter(group, after, replacedId)]
    const name = preferredAssignor(members, this.config['group.consumer.assignors'])
    const assignor = this.assignors.get(name)
    if (assignor === undefined) throw new Error(`no server assignor ${name} was given`)
    const previousTarget = (member: ConsumerGroupMember) =>
      group.target(member === after ? (replacedId ?? member.memberId) : member.memberId)
    const regexes = group.regexes.topicsByRegex
    return computeTargetAssignment({ members, topics, regexes, previousTarget, assignor })
  }

  private reconciled(
    { group, after, replacedId, subscriptionChanged, groupEpoch, topics }: HeartbeatStep,
    request: ConsumerGroupHeartbeatRequest,
    target: Map<string, PartitionSet> | undefined,
  ): ConsumerGroupMember {
    const assignmentEpoch = target === undefined ? group.assignmentEpoch : groupEpoch
    if (!subscriptionChanged && isReconciledTo(after, assignmentEpoch)) return after
    const assignment =
      target === undefined ? group.target(replacedId ?? after.memberId) : target.get(after.memberId)
    return reconcile(after, {
      assignmentEpoch,
      assignment: assignment ?? NO_PARTITIONS,
      subscribedTopics: subscribedTopics(after, topics, group.regexes.topicsByRegex),
      subscriptionChanged,
      ownedPartitions: request.topicPartitions,
      owners: group,
    })
  }

  private commit(
    { group, before, replacedId, groupEpoch, topics }: HeartbeatStep,
    member: ConsumerGroupMember,
    target: Map<string, PartitionSet> | undefined,
    nowMillis: number,
  ): void {
    this.groupsById.set(group.groupId, group)
    if (replacedId !== null) group.replaceMember(replacedId, member)
    else if (member !== before || !group.members.has(member.memberId)) group.putMember(member)
    group.groupEpoch = groupEpoch
    group.topics = topics
    group.topicsMayHaveChanged = false
    if (target !== undefined) group.assign(target, groupEpoch, nowMillis)
    if (before.subscribedTopicRegex !== member.subscribedTopicRegex) {
      this.forgetRegex(group, before.subscribedTopicRegex)
    }
    this.resolveRegexes(group, nowMillis)
  }

  private leave(
    group: ConsumerGroup,
    request: ConsumerGroupHeartbeatRequest,
  ): ConsumerGroupHeartbeatResponse {
    const member = leavingMember(group, request)
    if ('errorCode' in member) return refusal(member.errorCode, member.errorMessage)
    if (request.instanceId !== null && request.memberEpoch === LEAVE_GROUP_STATIC_EPOCH) {
      group.putMember(awayMember(member))
    } else this.fence(group, member)
    const { memberId, memberEpoch } = request
    return {
      errorCode: 'NONE',
      errorMessage: null,
      memberId,
      memberEpoch,
      heartbeatIntervalMs: 0,
      assignment: null,
    }
  }

  /** Removes a member (GroupMetadataManager.consumerGroupFenceMember); the next heartbeat of another assigns anew. */
  private fence(group: ConsumerGroup, member: ConsumerGroupMember): void {
    group.removeMember(member.memberId)
    this.forgetRegex(group, member.subscribedTopicRegex)
    group.topics = this.topicsOf(group, group.members.values())
    group.groupEpoch += 1
    if (group.isEmpty) group.assign(new Map(), group.assignmentEpoch, Number.NEGATIVE_INFINITY)
  }

  private forgetRegex(group: ConsumerGroup, regex: string): void {
    if (regex !== '' && !group.subscribedRegexes.has(regex)) group.regexes.forget(regex)
  }

  /** Resolves the group's regular expressions if it is time, for its next heartbeat to see. */
  private resolveRegexes(group: ConsumerGroup, nowMillis: number): void {
    const { regexes, subscribedRegexes } = group
    const interval = this.config['group.consumer.regex.refresh.interval.ms']
    if (!regexes.isStale(subscribedRegexes, this.topicsVersion, nowMillis, interval)) return
    const changed = regexes.resolve(
      subscribedRegexes,
      this.topics.topicNames(),
      this.topicsVersion,
      nowMillis,
    )
    const topics = this.topicsOf(group, group.members.values())
    if (!changed && sameTopics(topics, group.topics)) return
    group.topics = topics
    group.groupEpoch += 1
  }

  private topicsOf(group: ConsumerGroup, members: Iterable<ConsumerGroupMember>): Map<string, number> {
    return groupTopics(members, group.regexes.topicsByRegex, this.topics)
  }
}
