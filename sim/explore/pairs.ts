import type { FaultSpec } from '../faults/spec.ts'
import { Aftermath } from './aftermath.ts'
import type { Passage } from './passage.ts'
import { type HasRoom, SeenStates, type SkipReason } from './seen-states.ts'
import type { SingleRuns } from './single-runs.ts'

/** Two faults: the number of the single fault that is first, and that of the second, or what it is where it is none of those. */
export interface Pair {
  readonly first: number
  readonly second: number | FaultSpec
}

/**
 * The pairs of faults of an enumeration: those whose second fault strikes where only the first one leads, which are few, then
 * all pairs of single faults. Of the former it is known how many there are only when every single fault has been run.
 */
export class Pairs {
  private readonly late: Aftermath
  private readonly states: SeenStates
  private readonly hasRoom: HasRoom
  /** How many pairs of single faults there are. */
  private readonly early: number

  /**
   * @param count how many single faults pairs are made of
   * @param faultsAt all faults that can strike at a passage
   * @param hasRoom whether a right system can survive a pair: no other is made
   */
  constructor(
    runs: SingleRuns,
    count: number,
    faultsAt: (passage: Passage) => readonly FaultSpec[],
    hasRoom: HasRoom,
  ) {
    this.late = new Aftermath(runs, count, faultsAt, hasRoom)
    this.states = new SeenStates(runs, hasRoom)
    this.hasRoom = hasRoom
    this.early = (count * (count - 1)) / 2
  }

  /** How many there are; undefined as long as it is not known. */
  get size(): number | undefined {
    return this.late.complete ? this.late.known + this.early : undefined
  }

  /** What there is, for people. */
  get says(): string {
    const { known, complete } = this.late
    const late = 'pairs whose second fault strikes where only the first leads'
    const counted = known === 0 ? 'not yet counted' : `at least ${known}, the rest not yet counted`
    return `${complete ? `${known} ${late}` : `${late} (${counted})`}, ${this.early} pairs of single faults`
  }

  /** Whether it takes one more run of a single fault to know the nth pair; if so, makes it. */
  async advance(number: number): Promise<boolean> {
    const { late } = this
    if (number < late.known || late.complete) return false
    await late.takeNext()
    return true
  }

  /** The nth pair. */
  async at(number: number): Promise<Pair> {
    while (await this.advance(number));
    const { known } = this.late
    if (number < known) return this.late.pairAt(number)
    const [first, second] = pairOf(number - known)
    return { first, second }
  }

  /** Why the nth pair is not made; undefined when it is. */
  async skipReason(number: number): Promise<SkipReason | undefined> {
    while (await this.advance(number));
    const { known } = this.late
    const { first, second } = await this.at(number)
    if (!this.hasRoom(first, second)) return 'noRoom'
    if (number >= known) return this.states.skipReason(...pairOf(number - known))
    return this.late.pairAt(number).seen ? 'seen' : undefined
  }
}

/** The nth pair (first < second), ordered by the later of the two. */
function pairOf(number: number): [number, number] {
  let second = Math.floor((1 + Math.sqrt(1 + 8 * number)) / 2)
  while ((second * (second - 1)) / 2 > number) second--
  while ((second * (second + 1)) / 2 <= number) second++
  return [number - (second * (second - 1)) / 2, second]
}
