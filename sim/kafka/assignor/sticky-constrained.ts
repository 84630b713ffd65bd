import type { Claims, PartitionIndex } from './sticky-claims.ts'
import { compareText } from './subscription.ts'

/** What a sticky assignor made of the claims: partitions as indexes, members by their place in the list given. */
export interface StickyResult {
  readonly assigned: readonly (readonly number[])[]
  /** Partitions that go to a member while another still owns them; undefined where the caller has to find out. */
  readonly transferring: ReadonlySet<number> | undefined
}

/**
 * The sticky assignment of a group whose members all subscribe to the same topics
 * (AbstractStickyAssignor.ConstrainedAssignmentBuilder, without racks).
 *
 * Everybody keeps what it owned up to its quota, by partition and then topic, so that what is given up is spread over
 * the topics (KAFKA-16277). The quota is ceil(P/N) for the first P mod N members in map order that own so much, and
 * floor(P/N) for the others. What is left is dealt, by topic and partition, to the members below floor(P/N) in turn, by
 * id, and then one each to members with exactly floor(P/N).
 */
export class ConstrainedAssignment {
  private readonly index: PartitionIndex
  private readonly memberIds: readonly string[]
  private readonly claims: Claims
  private readonly minQuota: number
  private readonly maxQuota: number
  private readonly expectedOverMin: number
  private overMin = 0
  private readonly assigned: number[][]
  private readonly underMin: number[] = []
  private readonly atMin: number[] = []
  /** Partitions that their owners may not keep: without racks, none comes back to the same one. */
  private readonly revoked = new Set<number>()
  private readonly transferring = new Set<number>()

  /** @param memberIds in map order */
  constructor(index: PartitionIndex, memberIds: readonly string[], claims: Claims) {
    this.index = index
    this.memberIds = memberIds
    this.claims = claims
    const { length } = index.partitions
    this.minQuota = Math.floor(length / memberIds.length)
    this.maxQuota = Math.ceil(length / memberIds.length)
    this.expectedOverMin = length % memberIds.length
    this.assigned = memberIds.map(() => [])
  }

  build(): StickyResult {
    this.memberIds.forEach((_, member) => {
      this.keepOwned(member)
    })
    const byId = (left: number, right: number): number =>
      compareText(this.memberIds[left] ?? '', this.memberIds[right] ?? '')
    this.underMin.sort(byId)
    this.atMin.sort(byId)
    this.dealRest()
    return { assigned: this.assigned, transferring: this.transferring }
  }

  private keepOwned(member: number): void {
    const { index, claims, minQuota, maxQuota, expectedOverMin } = this
    const owned = (claims.ownedBy[member] ?? [])
      .filter((partition) => !claims.contested.has(partition))
      .sort((left, right) => index.at(left).partition - index.at(right).partition || left - right)
    if (owned.length < minQuota) {
      this.assigned[member] = owned
      this.underMin.push(member)
      return
    }
    const mayHaveMax = this.overMin < expectedOverMin
    const keptCount = owned.length >= maxQuota && mayHaveMax ? maxQuota : minQuota
    this.assigned[member] = owned.slice(0, keptCount)
    for (const partition of owned.slice(keptCount)) this.revoked.add(partition)
    if (!mayHaveMax) return
    if (keptCount === minQuota) this.atMin.push(member)
    else this.overMin++
  }

  private dealRest(): void {
    const kept = new Set(this.assigned.flat())
    let turn = 0
    for (let partition = 0; partition < this.index.partitions.length; partition++) {
      if (kept.has(partition)) continue
      if (turn >= this.underMin.length) turn = 0
      const member = this.underMin.length > 0 ? this.underMin[turn] : this.atMin.shift()
      if (member === undefined) throw new Error('No more unfilled consumers to be assigned.')
      if (this.give(partition, member) !== this.minQuota) turn++
      else {
        this.underMin.splice(turn, 1)
        this.atMin.push(member)
      }
    }
  }

  /** @returns how many partitions the member has now */
  private give(partition: number, member: number): number {
    if (this.revoked.has(partition) || this.claims.contested.has(partition)) this.transferring.add(partition)
    return this.assigned[member]?.push(partition) ?? 0
  }
}
