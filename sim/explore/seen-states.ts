import type { RunResult } from '../run/run.ts'
import { StateDigest } from './state-digest.ts'

/** Why a case need not be made: it ends as another one does. */
export const SAME_AS = {
  unreached: 'the second fault would never strike: like the first alone',
  seen: 'the second fault would strike in the state of an earlier pair',
} as const

/** The name of a reason. */
export type SameAs = keyof typeof SAME_AS

/** A single fault, as far as pairs of it go. */
export interface SingleFault {
  /** Number of the passage at which it strikes, in the order of the run without faults. */
  readonly passage: number
  /** Runs it alone, with a trace. */
  run(): Promise<RunResult>
}

/** What somebody makes of a run at each passage; the digest of its state unless a test asks for a coarser one. */
export type Digesting = (result: RunResult) => Pick<StateDigest, 'add' | 'at'>

/** The digest of the states of a run. */
export const stateDigestOf: Digesting = ({ faults }) =>
  new StateDigest(
    faults.flatMap(({ description, healedAtMicros }) =>
      healedAtMicros === undefined ? [] : [{ description, healedAtMicros }],
    ),
  )

/** The first fault has not struck there: nothing is known of what comes then. */
const UNKNOWN = Number.POSITIVE_INFINITY
const NEVER_REACHED = Number.NaN

/**
 * Knows which pairs of faults need not be made. Until the second fault strikes, a pair is the run of the first alone; so
 * where that never comes to the second's passage, the pair is that run, and where it comes there in the same state as an
 * earlier pair with the same second fault, it goes on as that pair does.
 */
export class SeenStates {
  private readonly singles: readonly SingleFault[]
  /** Names of the passages, in the order of the run without faults. */
  private readonly numbers: ReadonlyMap<string, number>
  private readonly digesting: Digesting
  /** Of the run of each single fault: its state at each passage. */
  private readonly states: Float64Array[] = []
  /** At each passage: the first single fault that has come there in a state, of so many. */
  private readonly seen = new Map<number, { upTo: number; readonly first: Map<number, number> }>()

  /** @param passages names of all passages, in the order of the run without faults */
  constructor(
    singles: readonly SingleFault[],
    passages: readonly string[],
    digesting: Digesting = stateDigestOf,
  ) {
    this.singles = singles
    this.numbers = new Map(passages.map((passage, number) => [passage, number]))
    this.digesting = digesting
  }

  /** Whether a pair of single faults, by their numbers, is the same as another case; undefined when it is to be made. */
  async sameAs(first: number, second: number): Promise<SameAs | undefined> {
    const { passage } = this.singles[second] as SingleFault
    if ((this.singles[first] as SingleFault).passage >= passage) return undefined
    while (this.states.length <= first) await this.run(this.states.length)
    const state = this.stateOf(first, passage)
    if (Number.isNaN(state)) return 'unreached'
    if (state === UNKNOWN) return undefined
    const seen = this.seen.get(passage) ?? { upTo: 0, first: new Map<number, number>() }
    this.seen.set(passage, seen)
    for (; seen.upTo <= first; seen.upTo++) {
      const earlier = this.stateOf(seen.upTo, passage)
      if (!seen.first.has(earlier)) seen.first.set(earlier, seen.upTo)
    }
    return (seen.first.get(state) as number) < first ? 'seen' : undefined
  }

  private stateOf(single: number, passage: number): number {
    return (this.states[single] as Float64Array)[passage] as number
  }

  private async run(single: number): Promise<void> {
    const states = new Float64Array(this.numbers.size).fill(UNKNOWN)
    this.states.push(states)
    let result: RunResult
    try {
      result = await (this.singles[single] as SingleFault).run()
    } catch {
      // Its own case tells what is wrong with it.
      return
    }
    states.fill(NEVER_REACHED)
    const digest = this.digesting(result)
    const own = (this.singles[single] as SingleFault).passage
    let struck = false
    const passages = new Passages()
    for (const record of result.trace?.records() ?? []) {
      digest.add(record)
      const number = this.numbers.get(passages.name(record) ?? '')
      if (number === undefined) continue
      states[number] = struck ? digest.at(record.atMicros) : UNKNOWN
      struck ||= number === own
    }
  }
}

/** Names the passages of points of steps, in the order of a run. */
export class Passages {
  private readonly counts = new Map<string, number>()

  /** The name of the passage that a record is; undefined when it is none. */
  name({
    kind,
    entity,
    data,
  }: {
    readonly kind: string
    readonly entity: string | undefined
    readonly data: unknown
  }): string | undefined {
    if ((kind !== 'before' && kind !== 'after') || entity === undefined) return undefined
    const point = `${kind} ${(data as { readonly step: string }).step} of ${entity}`
    const nth = (this.counts.get(point) ?? 0) + 1
    this.counts.set(point, nth)
    return `${point} ${nth}`
  }
}
