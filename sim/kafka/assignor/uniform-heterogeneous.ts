import { LoadBalancer } from './load-balancer.ts'
import type { TargetAssignment } from './target-assignment.ts'

/** How often all topics are balanced, at most: overlapping subscriptions may take long to settle. */
const MAX_ITERATION_COUNT = 16

/**
 * The uniform assignment of a group whose members subscribe to different topics
 * (UniformHeterogeneousAssignmentBuilder; before Kafka 4.0 GeneralUniformAssignmentBuilder).
 *
 * Members keep what they still subscribe to. Partitions without an owner go to the least loaded subscribers, topics with
 * most partitions per subscriber first. Then, topic by topic, partitions move from the most to the least loaded
 * subscribers until these differ by one at most, as long as that changes anything.
 */
export class UniformHeterogeneousAssignment {
  private readonly target: TargetAssignment
  private readonly subscribersOf = new Map<string, number[]>()
  private readonly loads: number[]

  constructor(target: TargetAssignment) {
    this.target = target
    target.topicsOf.forEach((topics, member) => {
      for (const topic of topics) {
        const subscribers = this.subscribersOf.get(topic)
        if (subscribers === undefined) this.subscribersOf.set(topic, [member])
        else subscribers.push(member)
      }
    })
    this.loads = target.members.map((_, member) => target.size(member))
  }

  build(): void {
    const topics = this.sortedTopics()
    for (const topic of topics) this.assignRest(topic)
    this.balance(topics.filter((topic) => this.subscribers(topic).length >= 2))
  }

  /** By partitions per subscriber, most first, then by number of subscribers, fewest first, then by id. */
  private sortedTopics(): string[] {
    const share = (topic: string): number => this.target.count(topic) / this.subscribers(topic).length
    return this.target
      .inTopicOrder(this.subscribersOf.keys())
      .sort(
        (left, right) =>
          share(right) - share(left) || this.subscribers(left).length - this.subscribers(right).length,
      )
  }

  private assignRest(topic: string): void {
    const owners = this.ownersOf(topic)
    const balancer = new LoadBalancer(this.subscribers(topic), this.loads)
    owners.forEach((owner, partition) => {
      if (owner < 0) this.give(balancer.takeLeastLoaded(), topic, partition)
    })
  }

  private balance(topics: readonly string[]): void {
    let lastMoved: string | undefined
    for (let iteration = 0; iteration < MAX_ITERATION_COUNT; iteration++) {
      for (const topic of topics) {
        if (topic === lastMoved) return
        if (this.balanceTopic(topic) || lastMoved === undefined) lastMoved = topic
      }
    }
  }

  /** @returns whether a partition was moved */
  private balanceTopic(topic: string): boolean {
    const balancer = new LoadBalancer(this.subscribers(topic), this.loads)
    if (balancer.imbalance <= 1) return false
    const ownedBy = new Map<number, number[]>()
    this.ownersOf(topic).forEach((owner, partition) => {
      const owned = ownedBy.get(owner)
      if (owned === undefined) ownedBy.set(owner, [partition])
      else owned.push(partition)
    })
    let moved = false
    while (!balancer.balanced) {
      const from = this.mostLoadedOwner(balancer, ownedBy)
      // Of those that the member had in the beginning, its last one.
      const partition = ownedBy.get(from)?.pop()
      if (partition === undefined) break
      const to = balancer.takeLeastLoaded()
      if (balancer.balanced) break
      this.target.take(from, topic, partition)
      this.loads[from] = (this.loads[from] ?? 0) - 1
      this.give(to, topic, partition)
      moved = true
    }
    return moved
  }

  /** The most loaded subscriber that has partitions to give up, or -1. */
  private mostLoadedOwner(balancer: LoadBalancer, ownedBy: ReadonlyMap<number, readonly number[]>): number {
    for (;;) {
      const member = balancer.takeMostLoaded()
      if (member < 0 || (ownedBy.get(member)?.length ?? 0) > 0) return member
      balancer.excludeMostLoaded()
    }
  }

  private give(member: number, topic: string, partition: number): void {
    this.target.give(member, topic, partition)
    this.loads[member] = (this.loads[member] ?? 0) + 1
  }

  /** Per partition of a topic the member that has it, or -1. */
  private ownersOf(topic: string): number[] {
    const owners = Array.from({ length: this.target.count(topic) }, () => -1)
    for (const member of this.subscribers(topic))
      for (const partition of this.target.partitionsOf(member, topic)) owners[partition] = member
    return owners
  }

  private subscribers(topic: string): readonly number[] {
    return this.subscribersOf.get(topic) ?? []
  }
}
