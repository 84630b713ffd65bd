import type { Bundle, RunSummary, Scenario, Shrunk, Story, SystemOutline } from '../../sim/index.ts'
import type { Columns } from '../model/columns.ts'
import type { FaultBand } from '../model/fault-band.ts'
import type { Messages } from '../model/messages.ts'
import type { InitialRow } from '../model/row-patches.ts'

/** A member of a fault's entry, for a form. */
export interface FaultMember {
  readonly name: string
  readonly says: string
  readonly type: 'text' | 'pair' | 'flag' | 'integer'
  readonly required: boolean
  readonly default: unknown
}

/** A kind of fault, for a form. */
export interface FaultForm {
  readonly kind: string
  readonly says: string
  readonly members: readonly FaultMember[]
  /** What it can be aimed at in this system, as members of its entry, the likeliest first. */
  readonly aims: readonly Readonly<Record<string, unknown>>[]
  /** The members that say how strong it typically is and how long it lasts. */
  readonly strength: Readonly<Record<string, unknown>>
}

/** What a system is made of. */
export interface SystemFacts {
  readonly name: string
  readonly says: string
  readonly outline: SystemOutline
  readonly faults: readonly FaultForm[]
}

/** A run, ready to be looked at. */
export interface RunAnswer {
  readonly columns: Columns
  readonly scenario: Scenario | undefined
  readonly summary: RunSummary | undefined
  readonly story: Story | undefined
  readonly bands: readonly FaultBand[]
  /** Rows that were there before the run. */
  readonly initial: readonly InitialRow[]
  readonly messages: Messages
}

/** What a run is made of. */
export interface RunAsk {
  readonly bundle: Bundle
  readonly scenario: Scenario
  readonly seed: number
}

/** One place of a danger map: where a fault struck, and what came of it. */
export interface DangerCell {
  readonly place: number
  readonly verdict: RunSummary['verdict'] | 'missed'
  readonly violated: readonly string[]
}

/** What the faults of a run did to a promise that it broke. */
export interface FaultWeights {
  readonly property: string
  /** By the number of a fault whether the promise is kept without it. */
  readonly needed: readonly boolean[]
  /** The fault after which nothing more had to go wrong; -1: it breaks without any. */
  readonly settledBy: number
}

/** What the worker can be asked. */
export interface Calls {
  outline: {
    readonly ask: { readonly bundle: Bundle; readonly params: Scenario['params'] }
    readonly answer: SystemFacts
    readonly progress: never
  }
  run: { readonly ask: RunAsk; readonly answer: RunAnswer; readonly progress: never }
  open: {
    /** A trace file, gzipped or not. */
    readonly ask: { readonly file: Blob }
    readonly answer: RunAnswer
    /** Bytes that are read. */
    readonly progress: number
  }
  shrink: {
    readonly ask: RunAsk
    readonly answer: Shrunk | undefined
    readonly progress: { readonly runs: number; readonly faults: number; readonly orders: number }
  }
  /** Which faults a broken promise needs: runs without each, and with the first ones alone. */
  weigh: {
    /** `order`: the numbers of the faults that struck, in the order in which they did. */
    readonly ask: RunAsk & { readonly property: string; readonly order: readonly number[] }
    readonly answer: FaultWeights
    readonly progress: never
  }
  /** One run for each place, with the fault at its index moved there. */
  sweep: {
    readonly ask: RunAsk & {
      readonly index: number
      readonly places: readonly { readonly at: string; readonly of?: string; readonly nth?: number }[]
    }
    readonly answer: readonly DangerCell[]
    readonly progress: DangerCell
  }
}

/** A question, as it is posted. */
export interface Question {
  readonly number: number
  readonly call: keyof Calls
  readonly ask: unknown
}

/** An answer, as it is posted. */
export type Reply =
  | { readonly number: number; readonly kind: 'progress'; readonly value: unknown }
  | { readonly number: number; readonly kind: 'answer'; readonly value: unknown }
  | { readonly number: number; readonly kind: 'failure'; readonly message: string }
