import fc from 'fast-check'
import { anyFaults, type FaultArbitrary, targetsOf } from '../explore/arbitrary.ts'
import type { FaultSpec } from '../faults/spec.ts'
import { hashText } from '../kernel/mix.ts'
import { type PreparedSystem, prepare, type RunResult, run } from '../run/run.ts'
import { type Scenario, type ScenarioInput, scenarioOf } from '../run/scenario.ts'
import type { ParamSpecs, System } from '../service/system.ts'

/** What a suite says of the runs that it wants. */
export interface SuiteOptions<Specs extends ParamSpecs = ParamSpecs> {
  readonly system: System<Specs>
  readonly params?: Scenario['params']
  readonly cluster?: ScenarioInput['cluster']
  /** At most so many orders a run. Default: 5. */
  readonly orders?: number
  /** Makes the fault plans. Default: `anyFaults()`. */
  readonly faults?: FaultArbitrary
  /** How many runs. Default: 100. */
  readonly runs?: number
  /** Seed of the generator. Default: follows from the name, so that a retry repeats; FAULTLINE_SEED overrides it. */
  readonly seed?: number
}

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
 */
export async function findCounterexample(
  name: string,
  options: SuiteOptions,
  assertion: Assertion,
): Promise<Counterexample | undefined> {
  const system = options.system as unknown as System
  const params = options.params ?? {}
  const prepared = prepare(system, params)
  const orders = options.orders ?? 5
  const scenarioFor = ({ orders: count, every, faults }: Omit<Case, 'seed'>): Scenario =>
    scenarioOf({
      name,
      system: system.name,
      params,
      cluster: options.cluster ?? {},
      workload: { orders: count, every },
      faults,
    })
  const calm = scenarioFor({ orders, every: '100ms', faults: [] })
  const steps = await stepsOf(prepared, calm)
  const targets = targetsOf(prepared.parts, steps, calm.cluster.brokers, orders)
  const plan = fc.record({
    orders: fc.integer({ min: 1, max: orders }),
    every: fc.constantFrom('100ms', '1ms', '20ms', '1s'),
    faults: (options.faults ?? anyFaults())(targets),
    seed: fc.noShrink(fc.nat()),
  })
  let failure: Counterexample | undefined
  let runs = 0
  const property = fc.asyncProperty(plan, async (candidate) => {
    const scenario = scenarioFor(candidate)
    const result = await run(prepared, scenario, candidate.seed)
    runs++
    const message = await complaint(assertion, result, scenario)
    if (message === undefined) return true
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
    numRuns: options.runs ?? 100,
    seed: options.seed ?? hashText(name, 0),
    endOnFailure: false,
  })
  return failure === undefined ? undefined : { ...failure, runs }
}

async function stepsOf(prepared: PreparedSystem, scenario: Scenario): Promise<readonly string[]> {
  return (await run(prepared, scenario, 1)).steps
}

async function complaint(
  assertion: Assertion,
  result: RunResult,
  scenario: Scenario,
): Promise<string | undefined> {
  if (result.verdict === 'error') return result.reason ?? 'the run ended with an error'
  try {
    await assertion(result, scenario)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
