import fc from 'fast-check'
import { anyFaults } from '../explore/arbitrary.ts'
import { survey } from '../explore/survey.ts'
import type { FaultSpec } from '../faults/spec.ts'
import { hashText } from '../kernel/mix.ts'
import { checkDeterminism } from '../run/determinism.ts'
import { prepare, type RunResult, runGenerated } from '../run/run.ts'
import { type Scenario, scenarioOf } from '../run/scenario.ts'
import type { System } from '../service/system.ts'
import { checkedOptions, SuiteError, type SuiteOptions } from './options.ts'

/** The smallest scenario that still breaks the same property. */
export interface Counterexample {
  readonly scenario: Scenario
  readonly seed: number
  /** The property that it violates; undefined when the suite's own assertion failed on a run that violates none. */
  readonly property: string | undefined
  readonly result: RunResult
  /** What the assertion said. */
  readonly message: string
  readonly runs: number
}

/** What a suite asserts of each run. */
export type Assertion = (result: RunResult, scenario: Scenario) => void | Promise<void>

interface Case {
  readonly orders: number
  readonly every: string
  readonly faults: readonly FaultSpec[]
  readonly seed: number
}

/**
 * Runs a system under generated workloads and fault plans until an assertion fails, and shrinks the failure.
 * @returns undefined when every run passed
 * @throws Error when an option or the assertion cannot be meant, or when two runs of the same inputs differ
 */
export async function findCounterexample(
  name: string,
  options: SuiteOptions,
  assertion: Assertion,
): Promise<Counterexample | undefined> {
  const { params, cluster, orders, runs: numRuns, ...settings } = checkedOptions(name, options)
  const system = settings.system as unknown as System
  const prepared = prepare(system, params)
  const scenarioFor = ({ orders: count, every, faults }: Omit<Case, 'seed'>): Scenario =>
    scenarioOf({
      name,
      system: system.name,
      params,
      cluster,
      workload: { orders: count, every },
      faults,
    })
  const calm = scenarioFor({ orders, every: '100ms', faults: [] })
  const difference = await checkDeterminism(prepared, calm, 1)
  if (difference !== undefined) throw new Error(difference.message)
  const targets = await survey(prepared, calm, 1)
  const plan = fc.record({
    orders: fc.integer({ min: 1, max: orders }),
    every: fc.constantFrom('100ms', '1ms', '20ms', '1s'),
    faults: (settings.faults ?? anyFaults())(targets),
    seed: fc.noShrink(fc.nat()),
  })
  let failure: Counterexample | undefined
  let misuse: SuiteError | undefined
  let runs = 0
  const property = fc.asyncProperty(plan, async (candidate) => {
    if (misuse !== undefined) return true
    const scenario = scenarioFor(candidate)
    const result = await runGenerated(prepared, scenario, candidate.seed)
    runs++
    const message = await complaint(assertion, result, scenario)
    if (message instanceof SuiteError) misuse = message
    if (message === undefined || message instanceof SuiteError) return true
    const violated = result.properties
      .filter(({ verdict }) => verdict === 'violated')
      .map((broken) => broken.name)
    // While shrinking only the same failure counts: another one would be another bug.
    if (failure !== undefined && failure.property !== undefined && !violated.includes(failure.property))
      return true
    failure = {
      scenario,
      seed: candidate.seed,
      property: failure?.property ?? violated[0],
      result,
      message,
      runs,
    }
    return false
  })
  await fc.check(property, {
    numRuns,
    seed: settings.seed ?? hashText(name, 0),
    endOnFailure: false,
  })
  if (misuse !== undefined) throw misuse as SuiteError
  return failure === undefined ? undefined : { ...failure, runs }
}

async function complaint(
  assertion: Assertion,
  result: RunResult,
  scenario: Scenario,
): Promise<string | SuiteError | undefined> {
  if (result.verdict === 'error') return result.reason ?? 'the run ended with an error'
  try {
    await assertion(result, scenario)
    return undefined
  } catch (error) {
    if (error instanceof SuiteError) return error
    return error instanceof Error ? error.message : String(error)
  }
}
