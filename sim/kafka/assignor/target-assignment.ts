import { hashMapOrder, hashSetOrder } from './java-hash.ts'
import type { GroupAssignment, TopicPartition } from './subscription.ts'

/** A member of a KIP-848 group as an assignor of the group coordinator sees it (MemberSubscription, MemberAssignment). */
export interface ModernMember {
  readonly memberId: string
  readonly instanceId: string | null
  readonly subscribedTopicNames: readonly string[]
  /** Its part of the last target assignment, whatever it has of it by now. */
  readonly assignment: readonly TopicPartition[]
}

/** Whether all members subscribe to the same topics (ModernGroup.subscriptionType). */
export function isHomogeneous(members: readonly ModernMember[]): boolean {
  const first = new Set(members[0]?.subscribedTopicNames)
  return members.every(
    ({ subscribedTopicNames }) =>
      subscribedTopicNames.length === first.size && subscribedTopicNames.every((topic) => first.has(topic)),
  )
}

/**
 * A target assignment in the making, members as numbers in the order of the `HashMap` that the coordinator hands to an
 * assignor (TargetAssignmentBuilder). It starts as the last one, without what members no longer subscribe to and what
 * no longer exists.
 */
export class TargetAssignment {
  readonly members: readonly ModernMember[]
  /** Per member, the topics that it subscribes to and that exist, in the order of the topics. */
  readonly topicsOf: readonly (readonly string[])[]
  private readonly partitionCounts: ReadonlyMap<string, number>
  private readonly assigned: readonly Map<string, Set<number>>[]

  /**
   * @param partitionCounts all topics, in the order that stands for that of their ids
   * @param members in the order in which they were put into the map
   */
  constructor(partitionCounts: ReadonlyMap<string, number>, members: readonly ModernMember[]) {
    this.partitionCounts = partitionCounts
    const byId = new Map(members.map((member) => [member.memberId, member]))
    this.members = hashMapOrder(byId.keys()).flatMap((memberId) => byId.get(memberId) ?? [])
    this.topicsOf = this.members.map(({ subscribedTopicNames }) => {
      const names = new Set(subscribedTopicNames)
      return [...partitionCounts.keys()].filter((topic) => names.has(topic))
    })
    this.assigned = this.members.map(({ assignment }, member) => {
      const partitionsOf = new Map<string, Set<number>>()
      for (const topic of this.topicsOf[member] ?? []) {
        const count = this.count(topic)
        const partitions = assignment
          .filter((owned) => owned.topic === topic && owned.partition < count)
          .map(({ partition }) => partition)
        partitionsOf.set(topic, new Set(hashSetOrder(partitions)))
      }
      return partitionsOf
    })
  }

  /** Topics in their order. */
  inTopicOrder(topics: Iterable<string>): string[] {
    const wanted = new Set(topics)
    return [...this.partitionCounts.keys()].filter((topic) => wanted.has(topic))
  }

  /** How many partitions a topic has. */
  count(topic: string): number {
    return this.partitionCounts.get(topic) ?? 0
  }

  /** The partitions of a topic that a member has, in the order in which Java would iterate over those of the last target. */
  partitionsOf(member: number, topic: string): ReadonlySet<number> {
    return this.assigned[member]?.get(topic) ?? new Set()
  }

  /** How many partitions a member has. */
  size(member: number): number {
    return [...(this.assigned[member]?.values() ?? [])].reduce((sum, partitions) => sum + partitions.size, 0)
  }

  give(member: number, topic: string, partition: number): void {
    this.assigned[member]?.get(topic)?.add(partition)
  }

  take(member: number, topic: string, partition: number): void {
    this.assigned[member]?.get(topic)?.delete(partition)
  }

  /** The partitions of each member, by topic and number. */
  toMap(): GroupAssignment {
    return new Map(
      this.members.map(({ memberId }, member) => [
        memberId,
        [...(this.assigned[member] ?? [])].flatMap(([topic, partitions]) =>
          [...partitions].sort((left, right) => left - right).map((partition) => ({ topic, partition })),
        ),
      ]),
    )
  }
}
