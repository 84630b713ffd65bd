import type { ErrorCode } from '../error-code.ts'
import { assignmentEpochOf, type ConsumerGroupMember, isReconciledTo } from './consumer-group-member.ts'
import type { PartitionEpochs, PartitionSet, TopicPartitions } from './consumer-group-partitions.ts'
import { TopicRegexes } from './consumer-group-regex.ts'
import { MemberTimers } from './consumer-group-timers.ts'
import type { PartitionOwners } from './current-assignment.ts'

/** Kafka's names of what a consumer group is doing. */
export type ConsumerGroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable'

/** The first version of OffsetCommit that carries a member epoch. */
const FIRST_MEMBER_EPOCH_COMMIT_VERSION = 9

/**
 * A consumer group of KIP-848 as its coordinator knows it (ConsumerGroup and ModernGroup of Kafka 4.3, which keep it in
 * __consumer_offsets): the three epochs of rule N1, the members, the target assignment, and who owns what.
 */
export class ConsumerGroup implements PartitionOwners {
  readonly groupId: string
  /** Raised by every change of members, subscriptions or subscribed topics. A first join makes it 2. */
  groupEpoch = 1
  /** The group epoch that the target assignment was computed for. */
  assignmentEpoch = 1
  /** When the target assignment was computed; −Infinity when none was since the group was empty. */
  assignedAtMillis = Number.NEGATIVE_INFINITY
  /** The subscribed topics that exist and their numbers of partitions, as of the last refresh. */
  topics: ReadonlyMap<string, number> = new Map()
  /** Whether subscribed topics may have changed since. */
  topicsMayHaveChanged = true
  readonly regexes = new TopicRegexes()
  readonly timers = new MemberTimers()
  private readonly membersById = new Map<string, ConsumerGroupMember>()
  private readonly memberIdsByInstance = new Map<string, string>()
  private readonly membersByRegex = new Map<string, number>()
  private targetAssignment: ReadonlyMap<string, PartitionSet> = new Map<string, PartitionSet>()
  private readonly partitionEpochs = new Map<string, Map<number, number>>()

  constructor(groupId: string) {
    this.groupId = groupId
  }

  /** By member id, in the order in which they joined. */
  get members(): ReadonlyMap<string, ConsumerGroupMember> {
    return this.membersById
  }

  /** Every regular expression that members subscribe to, with their number. */
  get subscribedRegexes(): ReadonlyMap<string, number> {
    return this.membersByRegex
  }

  /** By member id. */
  get targets(): ReadonlyMap<string, PartitionSet> {
    return this.targetAssignment
  }

  get isEmpty(): boolean {
    return this.membersById.size === 0
  }

  get state(): ConsumerGroupState {
    if (this.isEmpty) return 'Empty'
    if (this.groupEpoch > this.assignmentEpoch) return 'Assigning'
    for (const member of this.membersById.values()) {
      if (!isReconciledTo(member, this.assignmentEpoch)) return 'Reconciling'
    }
    return 'Stable'
  }

  /** The member that has an instance id. */
  staticMember(instanceId: string): ConsumerGroupMember | undefined {
    const memberId = this.memberIdsByInstance.get(instanceId)
    return memberId === undefined ? undefined : this.membersById.get(memberId)
  }

  /** A member's part of the target assignment. */
  target(memberId: string): PartitionSet | undefined {
    return this.targetAssignment.get(memberId)
  }

  /** Installs the target assignment of a group epoch (rule N1). */
  assign(target: ReadonlyMap<string, PartitionSet>, assignmentEpoch: number, nowMillis: number): void {
    this.targetAssignment = target
    this.assignmentEpoch = assignmentEpoch
    this.assignedAtMillis = nowMillis
  }

  partitionEpoch(topicName: string, partition: number): number {
    return this.partitionEpochs.get(topicName)?.get(partition) ?? -1
  }

  /**
   * Adds or replaces a member and gives its partitions its epoch.
   * @throws when a partition has another owner, which would be a mistake of the coordinator
   */
  putMember(member: ConsumerGroupMember): void {
    const before = this.membersById.get(member.memberId)
    if (before !== undefined) {
      this.release(before)
      this.countRegex(before.subscribedTopicRegex, -1)
    }
    this.membersById.set(member.memberId, member)
    this.countRegex(member.subscribedTopicRegex, 1)
    if (member.instanceId !== null) this.memberIdsByInstance.set(member.instanceId, member.memberId)
    this.acquire(member.assignedPartitions, member.memberEpoch)
    this.acquire(member.partitionsPendingRevocation, member.memberEpoch)
  }

  /** Removes a member with its partitions, its target and its timers. */
  removeMember(memberId: string): void {
    const member = this.membersById.get(memberId)
    if (member === undefined) return
    this.release(member)
    this.countRegex(member.subscribedTopicRegex, -1)
    this.membersById.delete(memberId)
    this.targetAssignment = without(this.targetAssignment, memberId)
    if (member.instanceId !== null) this.memberIdsByInstance.delete(member.instanceId)
    this.timers.cancel(memberId)
  }

  /** Puts a member in the place of the static member that had its instance id, partitions and target before. */
  replaceMember(replacedId: string, member: ConsumerGroupMember): void {
    const target = this.targetAssignment.get(replacedId)
    this.removeMember(replacedId)
    this.putMember(member)
    if (target !== undefined)
      this.targetAssignment = new Map(this.targetAssignment).set(member.memberId, target)
  }

  /**
   * Whether a commit of offsets is accepted (rule O5; ConsumerGroup.validateOffsetCommit of Kafka 4.3). An older member
   * epoch passes for partitions that the member has had since then (KIP-1251).
   * @param memberEpoch −1 when the client is not a member, which an empty group allows
   * @param isTransactional TxnOffsetCommit, which knows no STALE_MEMBER_EPOCH
   * @param apiVersion of OffsetCommit; members must use 9 or later
   * @param partitions those that are committed; without them every older epoch is refused, as before Kafka 4.3
   */
  validateOffsetCommit(
    memberId: string,
    groupInstanceId: string | null,
    memberEpoch: number,
    isTransactional: boolean,
    apiVersion: number,
    partitions: readonly TopicPartitions[] | null = null,
  ): ErrorCode {
    if (memberEpoch < 0 && this.isEmpty) return 'NONE'
    if (isTransactional && memberEpoch === -1 && memberId === '' && groupInstanceId === null) return 'NONE'
    const member = this.membersById.get(memberId)
    if (member === undefined) return 'UNKNOWN_MEMBER_ID'
    if (!isTransactional && apiVersion < FIRST_MEMBER_EPOCH_COMMIT_VERSION) return 'UNSUPPORTED_VERSION'
    if (memberEpoch === member.memberEpoch) return 'NONE'
    if (memberEpoch < member.memberEpoch && hasHeldSince(member, memberEpoch, partitions)) return 'NONE'
    return isTransactional ? 'ILLEGAL_GENERATION' : 'STALE_MEMBER_EPOCH'
  }

  /**
   * Whether a fetch of committed offsets is accepted.
   * @param memberId null, and a negative epoch, when the client is not a member
   */
  validateOffsetFetch(memberId: string | null, memberEpoch: number): ErrorCode {
    if (memberId === null && memberEpoch < 0) return 'NONE'
    const member = this.membersById.get(memberId ?? '')
    if (member === undefined) return 'UNKNOWN_MEMBER_ID'
    return memberEpoch === member.memberEpoch ? 'NONE' : 'STALE_MEMBER_EPOCH'
  }

  /** Whether offsets may be deleted: of topics that nobody subscribes to, which the caller checks, always. */
  validateOffsetDelete(): ErrorCode {
    return 'NONE'
  }

  /** Whether the group may be deleted. */
  validateDelete(): ErrorCode {
    return this.isEmpty ? 'NONE' : 'NON_EMPTY_GROUP'
  }

  /** Whether a member subscribes to a topic, by name or by an expression that matched it. */
  isSubscribedTo(topicName: string): boolean {
    for (const member of this.membersById.values()) {
      if (member.subscribedTopicNames.has(topicName)) return true
    }
    for (const matched of this.regexes.topicsByRegex.values()) if (matched.has(topicName)) return true
    return false
  }

  /** From when the retention of an offset counts (rule O6): from its commit. */
  retainedSinceMillis(commitTimestamp: number): number {
    return commitTimestamp
  }

  private countRegex(regex: string, difference: number): void {
    if (regex === '') return
    const count = (this.membersByRegex.get(regex) ?? 0) + difference
    if (count === 0) this.membersByRegex.delete(regex)
    else this.membersByRegex.set(regex, count)
  }

  private acquire(partitions: PartitionEpochs, memberEpoch: number): void {
    for (const [topicName, ofTopic] of partitions) {
      const epochs = this.partitionEpochs.get(topicName) ?? new Map<number, number>()
      this.partitionEpochs.set(topicName, epochs)
      for (const partition of ofTopic.keys()) {
        const owned = epochs.get(partition)
        if (owned !== undefined) {
          throw new Error(
            `${topicName}-${partition} is still owned at epoch ${owned} of group ${this.groupId}`,
          )
        }
        epochs.set(partition, memberEpoch)
      }
    }
  }

  private release(member: ConsumerGroupMember): void {
    for (const partitions of [member.assignedPartitions, member.partitionsPendingRevocation]) {
      for (const [topicName, ofTopic] of partitions) {
        const epochs = this.partitionEpochs.get(topicName)
        for (const partition of ofTopic.keys()) epochs?.delete(partition)
        if (epochs?.size === 0) this.partitionEpochs.delete(topicName)
      }
    }
  }
}

function without(
  target: ReadonlyMap<string, PartitionSet>,
  memberId: string,
): ReadonlyMap<string, PartitionSet> {
  if (!target.has(memberId)) return target
  const rest = new Map(target)
  rest.delete(memberId)
  return rest
}

function hasHeldSince(
  member: ConsumerGroupMember,
  memberEpoch: number,
  partitions: readonly TopicPartitions[] | null,
): boolean {
  if (partitions === null) return false
  for (const { topicName, partitions: numbers } of partitions) {
    for (const partition of numbers) {
      const gotAtEpoch = assignmentEpochOf(member, topicName, partition)
      if (gotAtEpoch === undefined || memberEpoch < gotAtEpoch) return false
    }
  }
  return true
}
