import type { FaultSpec } from '../faults/spec.ts'
import { NEVER_REACHED, type SingleRuns, UNKNOWN } from './single-runs.ts'

/** Why a case is not made: it ends as another one does, or tells nothing of the system. */
export const SKIP_REASONS = {
  unreached: 'the second fault would never strike: like the first alone',
  seen: 'the second fault would strike in the state of an earlier pair',
  noRoom:
    'Kafka itself survives no such pair: every replica of a partition would be hit, and one forget (KIP-966)',
} as const

/** The name of a reason. */
export type SkipReason = keyof typeof SKIP_REASONS

/** Whether a right system can survive a pair: the number of the first single fault, and that of the second or what it is. */
export type HasRoom = (first: number, second: number | FaultSpec) => boolean

/** Whether a pair is made of one of so many first faults, which all lead into one state. */
export function isMade(
  firsts: readonly number[],
  count: number,
  hasRoom: (first: number) => boolean,
): boolean {
  for (let at = 0; at < count; at++) if (hasRoom(firsts[at] as number)) return true
  return false
}

/**
 * Knows which pairs of faults at passages of the run without faults need not be made. Until the second fault strikes, a pair
 * is the run of the first alone; so where that never comes to the second's passage, the pair is that run, and where it comes
 * there in the same state as an earlier pair with the same second fault that is made, it goes on as that pair does.
 */
export class SeenStates {
  private readonly runs: SingleRuns
  private readonly hasRoom: HasRoom
  /** At each passage: the single faults that have come there in a state, of so many. */
  private readonly seen = new Map<number, { upTo: number; readonly in: Map<number, number[]> }>()

  constructor(runs: SingleRuns, hasRoom: HasRoom) {
    this.runs = runs
    this.hasRoom = hasRoom
  }

  /** Whether a pair of single faults, by their numbers, is the same as another case; undefined when it is to be made. */
  async skipReason(first: number, second: number): Promise<SkipReason | undefined> {
    const { runs } = this
    const passage = runs.passageOf(second)
    if (runs.passageOf(first) >= passage) return undefined
    while (runs.made <= first) await runs.makeNext()
    const state = runs.stateAt(passage, first)
    if (Object.is(state, NEVER_REACHED)) return 'unreached'
    if (state === UNKNOWN) return undefined
    const seen = this.seen.get(passage) ?? { upTo: 0, in: new Map<number, number[]>() }
    this.seen.set(passage, seen)
    for (; seen.upTo <= first; seen.upTo++) {
      const earlier = runs.stateAt(passage, seen.upTo)
      const known = seen.in.get(earlier)
      if (known === undefined) seen.in.set(earlier, [seen.upTo])
      else known.push(seen.upTo)
    }
    const firsts = seen.in.get(state) as number[]
    const isSeen = isMade(firsts, firsts.indexOf(first), (earlier) => this.hasRoom(earlier, second))
    return isSeen ? 'seen' : undefined
  }
}
