import type { RunResult } from './run.ts'
import type { Expectation, Scenario } from './scenario.ts'

/** How a run compares with what its scenario expects. */
export interface Judgement {
  /**
   * met: everything is as expected; unmet: it is not; inconclusive: a budget ran out, or a fault never struck, so that
   * the run says nothing about it; error: the run ended in an error.
   */
  readonly outcome: 'met' | 'unmet' | 'inconclusive' | 'error'
  /** The properties that a scenario names or that did not simply pass, with what was expected and what came. */
  readonly properties: readonly JudgedProperty[]
}

export interface JudgedProperty {
  readonly name: string
  readonly expected: Expectation
  readonly verdict: Expectation | 'inconclusive'
  readonly met: boolean
}

/** Judges a run by its scenario's expectations. Of what may come true it expects only what it says. */
export function judge(
  { verdict, properties, faults }: Pick<RunResult, 'verdict' | 'properties' | 'faults'>,
  { expect }: Pick<Scenario, 'expect'>,
): Judgement {
  const judged = properties.map(({ name, kind, verdict, checkedKeys }): JudgedProperty => {
    if (kind !== 'sometimes') {
      const expected = expect[name] ?? 'pass'
      return { name, expected, verdict, met: verdict === expected }
    }
    const reach = checkedKeys === 0 ? 'unreached' : 'reached'
    const expected = expect[name] ?? reach
    return { name, expected, verdict: reach, met: reach === expected }
  })
  const told = judged.filter(({ name, met }) => !met || expect[name] !== undefined)
  return { outcome: outcomeOf(), properties: told }

  function outcomeOf(): Judgement['outcome'] {
    if (verdict === 'error') return 'error'
    if (judged.some(({ met, verdict: actual }) => !met && actual !== 'inconclusive')) return 'unmet'
    const struck = faults.every(({ struckAtMicros }) => struckAtMicros !== undefined)
    return struck && judged.every(({ met }) => met) && verdict !== 'inconclusive' ? 'met' : 'inconclusive'
  }
}
