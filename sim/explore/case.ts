import type { Tape } from '../kernel/tape.ts'
import type { Scenario } from '../run/scenario.ts'
import type { SameAs } from './seen-states.ts'

/** One run that a strategy wants. */
export interface Case {
  readonly scenario: Scenario
  readonly seed: number
  /** Choices that do not follow from the seed. */
  readonly tape?: Tape | undefined
  /** What is special about it. */
  readonly features: readonly string[]
}

/**
 * A way to go through the runs of a scenario: a function of the case's number alone, so that any part of a campaign can
 * be repeated anywhere.
 */
export interface Strategy {
  /** How many cases there are; undefined: as many as you like. */
  readonly size: number | undefined
  /** How many of them are made unless somebody says how many. */
  readonly usual: number
  /** What there is to go through, for people. */
  readonly says: string
  /** The steps at which faults can strike. */
  readonly steps: readonly string[]
  /** Names of the kinds of faults that cases may have. */
  readonly kinds: readonly string[]
  /** The nth case, from 0. */
  caseAt(index: number): Case
  /** Why a case need not be made; undefined when it has to be. Left out where all have to. */
  sameAs?(index: number): Promise<SameAs | undefined>
}
