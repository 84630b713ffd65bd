import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { durationMicros, formatSeconds } from '../kernel/time.ts'
import { scenarioFileText } from '../report/scenario-file.ts'
import type { RunResult } from '../run/run.ts'
import { type Scenario, scenarioOf } from '../run/scenario.ts'
import type { ParamSpecs } from '../service/system.ts'
import { type Counterexample, findCounterexample, type SuiteOptions } from './check.ts'

export { anyFaults, type FaultArbitrary, type FaultOptions } from '../explore/arbitrary.ts'
export { type Assertion, type Counterexample, findCounterexample, type SuiteOptions } from './check.ts'

/** What the body of a suite gets for each run. */
export interface RunUnderTest {
  readonly run: RunResult
  readonly scenario: Scenario
  /** Vitest's expect, with `toUphold` and `toConverge`. */
  readonly expect: typeof expect
}

interface FaultlineMatchers<Returned = unknown> {
  /** The run held this property. */
  toUphold(property: string): Returned
  /** Every eventual property held, at most so long after faults and load had ended. */
  toConverge(options: { readonly within: string }): Returned
}

declare module 'vitest' {
  interface Matchers<T> extends FaultlineMatchers {}
}

expect.extend({
  toUphold(run: RunResult, name: string) {
    const property = run.properties.find((candidate) => candidate.name === name)
    if (property === undefined)
      throw new Error(
        `the system has no property '${name}': it has ${run.properties.map((known) => known.name).join(', ')}`,
      )
    return { pass: property.verdict === 'pass', message: () => `${name}: ${property.message}` }
  },
  toConverge(run: RunResult, { within }: { readonly within: string }) {
    const late = run.properties.find(({ kind, convergedMicros, verdict }) => {
      return kind === 'eventually' && (verdict !== 'pass' || (convergedMicros ?? 0) > durationMicros(within))
    })
    return {
      pass: late === undefined,
      message: () => `not within ${within} after faults and load had ended: ${late?.name}: ${late?.message}`,
    }
  },
})

/**
 * Registers a test that runs a system under generated workloads and fault plans. A failure prints the property, the
 * virtual time, the shrunk faults as a scenario file and the command that replays it; nothing else.
 */
export function scenario<Specs extends ParamSpecs>(
  name: string,
  options: SuiteOptions<Specs>,
  body: (under: RunUnderTest) => void | Promise<void>,
): void {
  const seed = process.env.FAULTLINE_SEED
  const settings = seed === undefined ? options : { ...options, seed: Number(seed) }
  test(name, { timeout: 120_000 }, async () => {
    const found = await findCounterexample(name, settings, (run, of) => body({ run, scenario: of, expect }))
    if (found === undefined) return
    const error = new Error(report(found, writeCounterexample(name, found)))
    error.stack = error.message
    throw error
  })
}

/** The text of a counterexample as a scenario file, which expects what the counterexample shows. */
export function counterexampleText({ scenario: smallest, seed, result }: Counterexample): string {
  const violated = result.properties.filter(({ verdict }) => verdict === 'violated')
  const expect = Object.fromEntries(violated.map(({ name }) => [name, 'violated' as const]))
  return scenarioFileText(scenarioOf({ ...smallest, expect }), {
    seed,
    head: ['A counterexample, shrunk.'],
    faults: [],
  })
}

function writeCounterexample(name: string, found: Counterexample): string {
  const file = join('reports', 'suites', `${name.replace(/[^a-z0-9]+/gi, '-').toLowerCase()}.yaml`)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, counterexampleText(found))
  return file
}

function report(found: Counterexample, file: string): string {
  const broken = found.result.properties.find(({ name }) => name === found.property)
  const at = broken?.atMicros === undefined ? '' : ` at ${formatSeconds(broken.atMicros)}`
  return [
    found.property === undefined
      ? found.message
      : `${found.property} is violated${at}: ${broken?.message ?? found.message}`,
    '',
    counterexampleText(found),
    `replay: npx faultline run ${file}`,
  ].join('\n')
}
