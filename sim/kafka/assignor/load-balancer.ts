/**
 * Hands out the least and the most loaded of some members, again and again, as if each had got or lost a partition
 * (UniformHeterogeneousAssignmentBuilder.MemberAssignmentBalancer). It keeps the members sorted by the load that they had
 * in the beginning, and two ranges of them: one from the front, which is filled level by level and takes in members as
 * their level is reached, and one from the back, which is emptied likewise.
 */
export class LoadBalancer {
  private readonly loads: readonly number[]
  /** By load at the start, then by number. */
  private readonly members: number[]
  private leastEnd = 0
  private leastLevel: number
  private nextLeast = 0
  private mostStart: number
  private mostEnd: number
  private mostLevel: number
  private nextMost: number

  /**
   * @param members at least one, as numbers
   * @param loads of all members, by number; may change while this is used
   */
  constructor(members: readonly number[], loads: readonly number[]) {
    this.loads = loads
    this.members = [...members].sort((left, right) => this.load(left) - this.load(right) || left - right)
    this.leastLevel = this.loadAt(0) - 1
    this.mostStart = members.length
    this.mostEnd = members.length
    this.mostLevel = this.loadAt(members.length - 1) + 1
    this.nextMost = members.length - 1
  }

  /** The difference between the most and the least loaded member. */
  get imbalance(): number {
    return this.loadAt(this.members.length - 1) - this.loadAt(0)
  }

  /** Whether the ranges have come so close that moving a partition would not help. */
  get balanced(): boolean {
    return this.mostLevel - this.leastLevel <= 1
  }

  /** The member to which the next partition should go. */
  takeLeastLoaded(): number {
    if (this.nextLeast >= this.leastEnd) {
      this.leastLevel++
      while (this.leastEnd < this.members.length && this.loadAt(this.leastEnd) === this.leastLevel)
        this.leastEnd++
      this.nextLeast = 0
    }
    return this.members[this.nextLeast++] ?? -1
  }

  /** The member from which the next partition should come, or -1 if none is left. */
  takeMostLoaded(): number {
    if (this.nextMost < this.mostStart) {
      // Where all members of the range were excluded, the next member sets the level.
      const isEmpty = this.mostEnd <= this.mostStart && this.mostStart > 0
      this.mostLevel = isEmpty ? this.loadAt(this.mostStart - 1) : this.mostLevel - 1
      while (this.mostStart > 0 && this.loadAt(this.mostStart - 1) === this.mostLevel) this.mostStart--
      this.nextMost = this.mostEnd - 1
    }
    return this.nextMost < 0 ? -1 : (this.members[this.nextMost--] ?? -1)
  }

  /** Leaves out the member that {@link takeMostLoaded} gave last: it has nothing to give up. */
  excludeMostLoaded(): void {
    const at = this.nextMost + 1
    const last = this.mostEnd - 1
    const excluded = this.members[at] ?? -1
    this.members[at] = this.members[last] ?? -1
    this.members[last] = excluded
    this.mostEnd--
  }

  private load(member: number): number {
    return this.loads[member] ?? 0
  }

  private loadAt(place: number): number {
    return this.load(this.members[place] ?? -1)
  }
}
