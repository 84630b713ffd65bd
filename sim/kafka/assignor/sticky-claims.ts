import { compareText, DEFAULT_GENERATION, type GroupMember, type TopicPartition } from './subscription.ts'

/** What a member says that it owned, and when; `generation` is undefined where it does not say. */
export interface MemberData {
  readonly partitions: readonly TopicPartition[]
  readonly generation: number | undefined
}

/**
 * The partitions of a group as small integers, ordered by topic and number, which makes them cheap to compare, to index
 * by and to sort.
 */
export class PartitionIndex {
  /** Topics in ascending order. */
  readonly topics: readonly string[]
  readonly partitions: readonly TopicPartition[]
  private readonly firstOf = new Map<string, number>()
  private readonly countOf: ReadonlyMap<string, number>

  /** @param partitionCounts topics that are subscribed to, with their numbers of partitions */
  constructor(partitionCounts: ReadonlyMap<string, number>) {
    this.countOf = partitionCounts
    this.topics = [...partitionCounts.keys()].sort(compareText)
    const partitions: TopicPartition[] = []
    for (const topic of this.topics) {
      this.firstOf.set(topic, partitions.length)
      const count = partitionCounts.get(topic) ?? 0
      for (let partition = 0; partition < count; partition++) partitions.push({ topic, partition })
    }
    this.partitions = partitions
  }

  /** The index of a partition, or -1 if there is no such partition. */
  of({ topic, partition }: TopicPartition): number {
    const first = this.firstOf.get(topic)
    return first === undefined || partition >= this.count(topic) ? -1 : first + partition
  }

  /** How many partitions a topic has; 0 if it is not there. */
  count(topic: string): number {
    return this.countOf.get(topic) ?? 0
  }

  /** The indexes of a topic's partitions. */
  ofTopic(topic: string): number[] {
    const first = this.firstOf.get(topic) ?? 0
    return Array.from({ length: this.count(topic) }, (_, partition) => first + partition)
  }

  at(index: number): TopicPartition {
    const found = this.partitions[index]
    if (found === undefined) throw new Error(`No partition ${index} of ${this.partitions.length}.`)
    return found
  }
}

/** Who owned what before this rebalance, after conflicting claims were settled. */
export interface Claims {
  /** Per member, in the order given, the partitions that it owned and that still exist. */
  readonly ownedBy: readonly (readonly number[])[]
  /** Partitions that two members of one generation claim: nobody has them now. */
  readonly contested: ReadonlySet<number>
  readonly subscriptionsEqual: boolean
  readonly maxGeneration: number
}

/**
 * Settles who owned what (AbstractStickyAssignor.allSubscriptionsEqual): of two members that claim a partition the one
 * of the higher generation has it, and if the generations are equal, neither has.
 *
 * Claims of partitions that do not exist are dropped. Kafka 4.1 does so by topic only: where a topic was deleted and
 * created again with fewer partitions, a claim of one that is gone survives there.
 * @param members in map order
 * @param dataOf what each of them says that it owned
 */
export function settleClaims(
  index: PartitionIndex,
  members: readonly GroupMember[],
  dataOf: readonly MemberData[],
): Claims {
  const ownedBy: number[][] = members.map(() => [])
  const claimantOf = new Map<number, number>()
  const contested = new Set<number>()
  const drop = (member: number, partition: number): void => {
    const owned = ownedBy[member] ?? []
    const at = owned.indexOf(partition)
    if (at >= 0) owned.splice(at, 1)
  }
  dataOf.forEach(({ partitions, generation = DEFAULT_GENERATION }, member) => {
    for (const claimed of partitions) {
      const partition = index.of(claimed)
      if (partition < 0) continue
      const other = claimantOf.get(partition)
      // Java compares with the generation of the subscription, which for `sticky` need not be that of the user data.
      const otherGeneration = other === undefined ? undefined : members[other]?.metadata.generationId
      if (otherGeneration !== undefined && generation < otherGeneration) continue
      if (other !== undefined) drop(other, partition)
      if (generation === otherGeneration) contested.add(partition)
      else ownedBy[member]?.push(partition)
      claimantOf.set(partition, member)
    }
  })
  const generations = dataOf.map(({ generation }) => generation ?? DEFAULT_GENERATION)
  return {
    ownedBy,
    contested,
    subscriptionsEqual: subscriptionsEqual(members),
    maxGeneration: Math.max(DEFAULT_GENERATION, ...generations),
  }
}

/** Members that subscribe to nothing count as equal as long as they come before all others, as in Java. */
function subscriptionsEqual(members: readonly GroupMember[]): boolean {
  const first = members.findIndex(({ metadata }) => metadata.topics.length > 0)
  if (first < 0) return true
  const topics = new Set(members[first]?.metadata.topics)
  return members
    .slice(first + 1)
    .every(
      ({ metadata }) =>
        metadata.topics.length === topics.size && metadata.topics.every((topic) => topics.has(topic)),
    )
}
