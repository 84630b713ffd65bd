import { type ConsumerGroupMember, changedMember } from './consumer-group-member.ts'
import {
  intersects,
  NO_PARTITIONS,
  type PartitionSet,
  type TopicPartitions,
} from './consumer-group-partitions.ts'

/** Who owns what in the group. */
export interface PartitionOwners {
  /** The member epoch of a partition's owner, or -1 when nobody owns it. */
  partitionEpoch(topicName: string, partition: number): number
}

/** What a member is reconciled with. */
export interface ReconciliationTarget {
  readonly assignmentEpoch: number
  readonly assignment: PartitionSet
  /** The topics that the member subscribes to and that exist. */
  readonly subscribedTopics: ReadonlySet<string>
  /** Whether the heartbeat brought another subscription. */
  readonly subscriptionChanged: boolean
  /** What the member says it owns, or null when it did not say. */
  readonly ownedPartitions: readonly TopicPartitions[] | null
  readonly owners: PartitionOwners
}

/** A member's partitions by what becomes of them. */
interface Division {
  readonly kept: Map<string, Map<number, number>>
  readonly revoked: Map<string, Map<number, number>>
  readonly added: Map<string, number[]>
  /** Whether others still own partitions of the target. */
  readonly unreleased: boolean
}

/**
 * The next step of a member towards its target assignment (rule N2; CurrentAssignmentBuilder of Kafka 4.3). A member
 * first gives up what it must, at its old epoch, and gets new partitions, at the target's epoch, only when nobody owns
 * them. What it no longer subscribes to it must give up whatever the target says.
 * @returns the member itself when it cannot move
 */
export function reconcile(member: ConsumerGroupMember, target: ReconciliationTarget): ConsumerGroupMember {
  switch (member.state) {
    case 'STABLE':
      if (member.memberEpoch !== target.assignmentEpoch) return nextAssignment(member, target)
      return target.subscriptionChanged ? withoutUnsubscribed(member, target) : member
    case 'UNREVOKED_PARTITIONS':
      if (!intersects(target.ownedPartitions, member.partitionsPendingRevocation)) {
        return nextAssignment(member, target)
      }
      return target.subscriptionChanged ? withoutUnsubscribed(member, target) : member
    case 'UNRELEASED_PARTITIONS':
      return nextAssignment(member, target)
  }
}

function nextAssignment(member: ConsumerGroupMember, target: ReconciliationTarget): ConsumerGroupMember {
  const { kept, revoked, added, unreleased } = divide(member, target)
  if (revoked.size > 0 && intersects(target.ownedPartitions, revoked)) {
    return changedMember(member, {
      state: 'UNREVOKED_PARTITIONS',
      previousMemberEpoch: member.memberEpoch,
      assignedPartitions: kept,
      partitionsPendingRevocation: revoked,
    })
  }
  for (const [topicName, partitions] of added) {
    const epochs = kept.get(topicName) ?? new Map<number, number>()
    for (const partition of partitions) epochs.set(partition, target.assignmentEpoch)
    kept.set(topicName, epochs)
  }
  return changedMember(member, {
    state: unreleased ? 'UNRELEASED_PARTITIONS' : 'STABLE',
    memberEpoch: target.assignmentEpoch,
    previousMemberEpoch: member.memberEpoch,
    assignedPartitions: kept,
    partitionsPendingRevocation: NO_PARTITIONS,
  })
}

function divide(member: ConsumerGroupMember, target: ReconciliationTarget): Division {
  const kept = new Map<string, Map<number, number>>()
  const revoked = new Map<string, Map<number, number>>()
  for (const [topicName, epochs] of member.assignedPartitions) {
    const wanted = wantedPartitions(target, topicName)
    for (const [partition, epoch] of epochs) {
      const into = wanted?.has(partition) === true ? kept : revoked
      const ofTopic = into.get(topicName)
      if (ofTopic === undefined) into.set(topicName, new Map([[partition, epoch]]))
      else ofTopic.set(partition, epoch)
    }
  }
  const added = new Map<string, number[]>()
  let unreleased = false
  for (const topicName of target.assignment.keys()) {
    const held = kept.get(topicName)
    const free: number[] = []
    for (const partition of wantedPartitions(target, topicName) ?? []) {
      if (held?.has(partition) === true) continue
      if (isFreeFor(member, target.owners, topicName, partition)) free.push(partition)
      else unreleased = true
    }
    if (free.length > 0) added.set(topicName, free)
  }
  return { kept, revoked, added, unreleased }
}

function wantedPartitions(target: ReconciliationTarget, topicName: string): ReadonlySet<number> | undefined {
  return target.subscribedTopics.has(topicName) ? target.assignment.get(topicName) : undefined
}

/** A partition that only the member itself owns, because it has yet to give it up, is free for it. */
function isFreeFor(
  member: ConsumerGroupMember,
  owners: PartitionOwners,
  topicName: string,
  partition: number,
): boolean {
  return (
    owners.partitionEpoch(topicName, partition) === -1 ||
    member.partitionsPendingRevocation.get(topicName)?.has(partition) === true
  )
}

/** Takes the topics that a member no longer subscribes to from it at once, without a step towards a new target. */
function withoutUnsubscribed(member: ConsumerGroupMember, target: ReconciliationTarget): ConsumerGroupMember {
  const assignedPartitions = new Map<string, ReadonlyMap<number, number>>()
  const pending = new Map<string, ReadonlyMap<number, number>>(member.partitionsPendingRevocation)
  for (const [topicName, epochs] of member.assignedPartitions) {
    if (target.subscribedTopics.has(topicName)) assignedPartitions.set(topicName, epochs)
    else pending.set(topicName, new Map([...(pending.get(topicName) ?? []), ...epochs]))
  }
  if (assignedPartitions.size === member.assignedPartitions.size) return member
  const changed = changedMember(member, { previousMemberEpoch: member.memberEpoch, assignedPartitions })
  return intersects(target.ownedPartitions, pending)
    ? changedMember(changed, { state: 'UNREVOKED_PARTITIONS', partitionsPendingRevocation: pending })
    : changed
}
