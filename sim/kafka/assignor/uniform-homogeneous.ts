import type { TargetAssignment } from './target-assignment.ts'

/**
 * The uniform assignment of a group whose members all subscribe to the same topics
 * (UniformHomogeneousAssignmentBuilder; before Kafka 4.0 OptimizedUniformAssignmentBuilder).
 *
 * Members come in map order. Each may have floor(P/N) partitions, and one more as long as fewer than P mod N have one
 * more: a member keeps what it has up to that, topic by topic, and one that does not fill its extra place passes it on,
 * unless there are no more members behind it than extra places. What is left goes to the members below their quota in
 * the same order, each being filled before the next: first partitions that nobody had, then those just taken.
 */
export class UniformHomogeneousAssignment {
  private readonly target: TargetAssignment
  private readonly topics: readonly string[]
  private readonly minQuota: number
  private extraLeft: number
  private readonly unassigned: (readonly [topic: string, partition: number])[] = []
  private readonly unfilled: { readonly member: number; readonly quota: number }[] = []

  constructor(target: TargetAssignment) {
    this.target = target
    this.topics = target.topicsOf[0] ?? []
    const partitionCount = this.topics.reduce((sum, topic) => sum + target.count(topic), 0)
    this.minQuota = Math.floor(partitionCount / target.members.length)
    this.extraLeft = partitionCount % target.members.length
  }

  build(): void {
    this.findUnassigned()
    this.target.members.forEach((_, member) => {
      this.keepUpToQuota(member)
    })
    let next = 0
    for (const { member, quota } of this.unfilled) {
      for (const [topic, partition] of this.unassigned.slice(next, next + quota))
        this.target.give(member, topic, partition)
      next += quota
    }
  }

  private findUnassigned(): void {
    const { target } = this
    for (const topic of this.topics) {
      const assigned = new Set(target.members.flatMap((_, member) => [...target.partitionsOf(member, topic)]))
      for (let partition = 0; partition < target.count(topic); partition++)
        if (!assigned.has(partition)) this.unassigned.push([topic, partition])
    }
  }

  private keepUpToQuota(member: number): void {
    let mayHaveExtra = this.extraLeft > 0
    let quota = this.minQuota + (mayHaveExtra ? 1 : 0)
    for (const topic of this.topics) {
      for (const partition of [...this.target.partitionsOf(member, topic)]) {
        if (quota > 0) quota--
        else {
          this.target.take(member, topic, partition)
          this.unassigned.push([topic, partition])
        }
      }
    }
    if (quota > 0 && mayHaveExtra && this.target.members.length - member > this.extraLeft) {
      quota--
      mayHaveExtra = false
    }
    if (quota > 0) this.unfilled.push({ member, quota })
    if (mayHaveExtra) this.extraLeft--
  }
}
