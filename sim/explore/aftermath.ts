import type { FaultSpec } from '../faults/spec.ts'
import type { Passage } from './passage.ts'
import { type HasRoom, isMade } from './seen-states.ts'
import type { Reached, SingleRuns } from './single-runs.ts'

/** A pair whose second fault strikes at a passage that the run without faults does not have. */
export interface LatePair {
  /** Number of the single fault that strikes first, and brings the passage about. */
  readonly first: number
  readonly second: FaultSpec
  /** An earlier pair that is made has the same second fault in the same state. */
  readonly seen: boolean
}

/** A passage at which second faults strike, after the pairs of the passages before it. */
interface Stop {
  readonly first: number
  readonly passage: Passage
  readonly from: number
  /** The single faults that lead there into this state, of which so many came before. */
  readonly firsts: readonly number[]
  readonly earlier: number
}

/**
 * The pairs of each single fault with every fault at each passage that only its run has: what is delivered again, tried again,
 * recovered or undone. How many there are shows as the single faults are run, so they are numbered by their first fault, in the
 * order of its run.
 */
export class Aftermath {
  /** How many pairs are known: those of all single faults that have been run. */
  known = 0
  private readonly runs: SingleRuns
  private readonly size: number
  private readonly faultsAt: (passage: Passage) => readonly FaultSpec[]
  private readonly stops: Stop[] = []
  private readonly hasRoom: HasRoom
  /** By point: the states in which it has been passed, and where which faults led. */
  private readonly seen = new Map<string, Map<number, number[]>>()
  /** Single faults whose runs have been taken in. */
  private taken = 0

  /**
   * @param size how many single faults count, from the first
   * @param faultsAt all faults that can strike at a passage; the same ones whichever time its point is passed
   */
  constructor(
    runs: SingleRuns,
    size: number,
    faultsAt: (passage: Passage) => readonly FaultSpec[],
    hasRoom: HasRoom,
  ) {
    this.runs = runs
    this.size = size
    this.faultsAt = faultsAt
    this.hasRoom = hasRoom
  }

  /** Whether all pairs are known. */
  get complete(): boolean {
    return this.taken === this.size
  }

  /** Takes in the run of one more single fault. */
  async takeNext(): Promise<void> {
    const first = this.taken++
    if (this.runs.made <= first) await this.runs.makeNext()
    for (const reached of this.runs.broughtBy(first)) this.add(first, reached)
  }

  /** The nth pair, of those that are known. */
  pairAt(number: number): LatePair {
    let [low, high] = [0, this.stops.length]
    while (low + 1 < high) {
      const middle = (low + high) >> 1
      if ((this.stops[middle] as Stop).from <= number) low = middle
      else high = middle
    }
    const { first, passage, from, firsts, earlier } = this.stops[low] as Stop
    const second = this.faultsAt(passage)[number - from] as FaultSpec
    return { first, second, seen: isMade(firsts, earlier, (other) => this.hasRoom(other, second)) }
  }

  private add(first: number, { passage, state }: Reached): void {
    const count = this.faultsAt(passage).length
    if (count === 0) return
    const point = `${passage.phase} ${passage.step} of ${passage.of}`
    const states = this.seen.get(point) ?? new Map<number, number[]>()
    this.seen.set(point, states)
    const firsts = states.get(state) ?? []
    states.set(state, firsts)
    this.stops.push({ first, passage, from: this.known, firsts, earlier: firsts.length })
    firsts.push(first)
    this.known += count
  }
}
