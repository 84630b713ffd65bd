import { PartitionMovements } from './partition-movements.ts'
import type { Claims, MemberData, PartitionIndex } from './sticky-claims.ts'
import type { StickyResult } from './sticky-constrained.ts'
import { compareText, DEFAULT_GENERATION, type GroupMember } from './subscription.ts'

/**
 * The sticky assignment of a group whose members subscribe to different topics
 * (AbstractStickyAssignor.GeneralAssignmentBuilder, without racks).
 *
 * Everybody keeps what it owned and may own. The rest goes, topics with the fewest subscribers first, to the subscriber
 * that has the least, and among those to the first by id. Then partitions are moved, one at a time, from members that
 * have at least two more than another subscriber, to whoever owned it in an older generation or else to the subscriber
 * that has the least, until no move helps; should the sum of differences not be lower after that, all moves are undone.
 */
export class GeneralAssignment {
  private readonly index: PartitionIndex
  private readonly members: readonly GroupMember[]
  private readonly dataOf: readonly MemberData[]
  private readonly claims: Claims
  private readonly movements: PartitionMovements
  private readonly subscribersOf: ReadonlyMap<string, readonly number[]>
  /** Per member, the topics that it subscribes to and that exist. */
  private readonly topicsOf: readonly (readonly string[])[]
  /** Per member, how many partitions it could have. */
  private readonly limitOf: readonly number[]
  private assigned: number[][] = []
  private readonly ownerOf = new Map<number, number>()
  /** Who owned a partition in the highest of the older generations. */
  private readonly earlierOwnerOf = new Map<
    number,
    { readonly member: number; readonly generation: number }
  >()
  /** The members that take part in balancing, the least loaded first, then by id. */
  private loads: number[] = []

  /**
   * @param members in map order
   * @param dataOf what each of them says that it owned
   */
  constructor(
    index: PartitionIndex,
    members: readonly GroupMember[],
    dataOf: readonly MemberData[],
    claims: Claims,
  ) {
    this.index = index
    this.members = members
    this.dataOf = dataOf
    this.claims = claims
    this.movements = new PartitionMovements(index)
    const subscribersOf = new Map<string, number[]>(index.topics.map((topic) => [topic, []]))
    this.topicsOf = members.map(({ metadata }, member) =>
      metadata.topics.filter((topic) => subscribersOf.get(topic)?.push(member) !== undefined),
    )
    this.subscribersOf = subscribersOf
    this.limitOf = this.topicsOf.map((topics) => topics.reduce((sum, topic) => sum + index.count(topic), 0))
  }

  build(): StickyResult {
    this.noteEarlierOwners()
    const revoked = this.keepOwned()
    this.loads = this.members.map((_, member) => member).sort(this.byLoad)
    this.balance(revoked)
    return { assigned: this.assigned, transferring: undefined }
  }

  private noteEarlierOwners(): void {
    const { maxGeneration } = this.claims
    this.dataOf.forEach(({ partitions, generation = DEFAULT_GENERATION }, member) => {
      if (generation >= maxGeneration) return
      for (const claimed of partitions) {
        const partition = this.index.of(claimed)
        const known = this.earlierOwnerOf.get(partition)
        if (known === undefined || generation > known.generation)
          this.earlierOwnerOf.set(partition, { member, generation })
      }
    })
  }

  /** @returns whether a member loses a partition because it no longer subscribes to its topic */
  private keepOwned(): boolean {
    let revoked = false
    this.assigned = this.members.map((_, member) => {
      const owned = this.claims.ownedBy[member] ?? []
      const kept = owned.filter((partition) => this.subscribes(member, partition))
      if (kept.length < owned.length) revoked = true
      for (const partition of kept) this.ownerOf.set(partition, member)
      return kept
    })
    return revoked
  }

  private balance(revoked: boolean): void {
    const initializing = this.load(this.loads.at(-1)) === 0
    const sorted = this.sortedPartitions()
    const unassigned = sorted.filter((partition) => !this.ownerOf.has(partition))
    for (const partition of unassigned) {
      const member = this.leastLoadedSubscriber(partition)
      if (member !== undefined) this.give(partition, member)
    }
    const movable = (partition: number): boolean => this.subscribers(partition).length >= 2
    this.loads = this.loads.filter(
      (member) => this.load(member) < (this.limitOf[member] ?? 0) || this.assigned[member]?.some(movable),
    )
    const before = this.assigned.map((owned) => [...owned])
    const scoreBefore = this.score()
    if (!revoked) this.moveWhileUnbalanced(unassigned.filter(movable))
    const moved = this.moveWhileUnbalanced(sorted.filter(movable))
    if (!initializing && moved && this.score() >= scoreBefore) this.assigned = before
  }

  /** Partitions by their number of potential owners, then by topic and number. */
  private sortedPartitions(): number[] {
    return [...this.index.topics]
      .sort(
        (left, right) => this.subscriberCount(left) - this.subscriberCount(right) || compareText(left, right),
      )
      .flatMap((topic) => this.index.ofTopic(topic))
  }

  /** @returns whether something was moved */
  private moveWhileUnbalanced(partitions: readonly number[]): boolean {
    let moved = false
    for (let again = true; again; ) {
      again = false
      for (const partition of partitions) {
        if (this.isBalanced()) break
        if (!this.moveIfBetter(partition)) continue
        moved = true
        again = true
      }
    }
    return moved
  }

  private moveIfBetter(partition: number): boolean {
    const owner = this.ownerOf.get(partition)
    const earlier = this.earlierOwnerOf.get(partition)?.member
    if (earlier !== undefined) {
      if (!this.loads.includes(earlier))
        throw new Error(
          `Member ${this.members[earlier]?.memberId} takes no part in balancing, but once owned a partition that does: Kafka fails with a NullPointerException here.`,
        )
      // Kafka gives it back without asking whether the earlier owner still subscribes to the topic.
      if (this.load(owner) > this.load(earlier) + 1) return this.move(partition, earlier)
    }
    if (!this.subscribers(partition).some((other) => this.load(owner) > this.load(other) + 1)) return false
    return this.move(partition, this.leastLoadedSubscriber(partition))
  }

  private move(wanted: number, member: number | undefined): boolean {
    if (member === undefined) throw new Error('No subscriber takes part in balancing.')
    const partition = this.movements.actualPartition(wanted, this.ownerOf.get(wanted) ?? -1, member)
    const owner = this.ownerOf.get(partition) ?? -1
    this.movements.note(partition, owner, member)
    const owned = this.assigned[owner] ?? []
    owned.splice(owned.indexOf(partition), 1)
    this.give(partition, member)
    return true
  }

  private give(partition: number, member: number): void {
    this.assigned[member]?.push(partition)
    this.ownerOf.set(partition, member)
    this.loads.sort(this.byLoad)
  }

  /** No member could have a partition of one that has at least two more. */
  private isBalanced(): boolean {
    if (this.load(this.loads[0]) >= this.load(this.loads.at(-1)) - 1) return true
    return this.loads.every((member) => {
      const load = this.load(member)
      if (load === this.limitOf[member]) return true
      return this.topicsOf[member]?.every((topic) =>
        this.index.ofTopic(topic).every((partition) => load + 1 >= this.load(this.ownerOf.get(partition))),
      )
    })
  }

  /** The sum of the differences of load of all pairs of members that take part. */
  private score(): number {
    let score = 0
    this.loads.forEach((member, at) => {
      for (const other of this.loads.slice(at + 1)) score += Math.abs(this.load(member) - this.load(other))
    })
    return score
  }

  private leastLoadedSubscriber(partition: number): number | undefined {
    return this.loads.find((member) => this.subscribes(member, partition))
  }

  private subscribes(member: number, partition: number): boolean {
    return this.topicsOf[member]?.includes(this.index.at(partition).topic) ?? false
  }

  private subscribers(partition: number): readonly number[] {
    return this.subscribersOf.get(this.index.at(partition).topic) ?? []
  }

  private subscriberCount(topic: string): number {
    return this.subscribersOf.get(topic)?.length ?? 0
  }

  private load(member: number | undefined): number {
    return this.assigned[member ?? -1]?.length ?? 0
  }

  private readonly byLoad = (left: number, right: number): number =>
    this.load(left) - this.load(right) ||
    compareText(this.members[left]?.memberId ?? '', this.members[right]?.memberId ?? '')
}
