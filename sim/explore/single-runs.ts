import type { RunResult } from '../run/run.ts'
import { type Passage, Passages } from './passage.ts'
import { StateDigest } from './state-digest.ts'

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

/** The fault has not struck there: nothing is known of what comes then. */
export const UNKNOWN = Number.POSITIVE_INFINITY
/** The run never comes there. */
export const NEVER_REACHED = Number.NaN

/** A passage, and the state in which a run comes there. */
export interface Reached {
  readonly passage: Passage
  readonly state: number
}

/** What is kept of the run of a single fault. */
interface Kept {
  /** By number of the passage. */
  readonly states: Float64Array
  readonly brought: readonly Reached[]
}

/**
 * The run of each single fault by itself, made when it is asked for: in which state it comes to each passage that the run
 * without faults has, and which passages there are only because it struck. Serves one at a time.
 */
export class SingleRuns {
  private readonly singles: readonly SingleFault[]
  /** Names of the passages, in the order of the run without faults. */
  private readonly numbers: ReadonlyMap<string, number>
  private readonly services: readonly string[]
  private readonly digesting: Digesting
  private readonly kept: Kept[] = []

  /**
   * @param passages names of all passages at which single faults strike, in the order of the run without faults
   * @param services whose steps count
   */
  constructor(
    singles: readonly SingleFault[],
    passages: readonly string[],
    services: readonly string[],
    digesting: Digesting = stateDigestOf,
  ) {
    this.singles = singles
    this.numbers = new Map(passages.map((passage, number) => [passage, number]))
    this.services = services
    this.digesting = digesting
  }

  /** How many have been made: they are made in their order. */
  get made(): number {
    return this.kept.length
  }

  /** Number of the passage at which a single fault strikes. */
  passageOf(single: number): number {
    return (this.singles[single] as SingleFault).passage
  }

  /** The state in which the run of a single fault that has been made comes to a passage, or one of the constants above. */
  stateAt(passage: number, single: number): number {
    return (this.kept[single] as Kept).states[passage] as number
  }

  /** The passages that the run of a single fault that has been made has beyond those of the run without faults. */
  broughtBy(single: number): readonly Reached[] {
    return (this.kept[single] as Kept).brought
  }

  /** Makes the next one. */
  async makeNext(): Promise<void> {
    const states = new Float64Array(this.numbers.size).fill(UNKNOWN)
    const single = this.singles[this.kept.length] as SingleFault
    const brought: Reached[] = []
    // Of one that fails its own case tells what is wrong with it.
    const result = await single.run().catch(() => undefined)
    if (result !== undefined) this.follow(result, single.passage, states, brought)
    this.kept.push({ states, brought })
  }

  private follow(result: RunResult, own: number, states: Float64Array, brought: Reached[]): void {
    states.fill(NEVER_REACHED)
    const digest = this.digesting(result)
    let struck = false
    const passages = new Passages(this.services)
    for (const record of result.trace?.records() ?? []) {
      digest.add(record)
      const passage = passages.of(record)
      if (passage === undefined) continue
      const number = this.numbers.get(passage.name)
      if (number !== undefined) states[number] = struck ? digest.at(record.atMicros) : UNKNOWN
      else if (struck && !passage.equivalent) brought.push({ passage, state: digest.at(record.atMicros) })
      struck ||= number === own
    }
  }
}
