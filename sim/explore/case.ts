import type { Tape } from '../kernel/tape.ts'
import type { Scenario } from '../run/scenario.ts'
import type { SkipReason } from './seen-states.ts'

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
  /** How many cases there are; undefined: as many as you like, or not known as long as `advance` has runs to make. */
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
  caseAt(index: number): Promise<Case>
  /**
   * Makes one of the runs without which it is not known what the nth case is, or that there is none. Whoever calls it until
   * there is none to make has the case at once; left out where cases follow from their numbers.
   * @returns whether there was one to make
   */
  advance?(index: number): Promise<boolean>
  /** Why a case need not be made; undefined when it has to be. Left out where all have to. */
  skipReason?(index: number): Promise<SkipReason | undefined>
}
