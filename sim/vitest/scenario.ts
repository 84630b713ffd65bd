import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { formatSeconds, readDuration } from '../kernel/time.ts'
import { scenarioFileText } from '../report/scenario-file.ts'
import type { RunResult } from '../run/run.ts'
import { type Scenario, scenarioOf } from '../run/scenario.ts'
import type { ParamSpecs } from '../service/system.ts'
import { type Counterexample, findCounterexample } from './check.ts'
import { SuiteError, type SuiteOptions, seedOf } from './options.ts'
import { systemFileOf } from './system-file.ts'

export { anyFaults, type FaultArbitrary, type FaultOptions } from '../explore/arbitrary.ts'
export { type Assertion, type Counterexample, findCounterexample } from './check.ts'
export type { SuiteOptions } from './options.ts'

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
      throw new SuiteError(
        `toUphold: the system has no property '${name}': it has ${run.properties.map((known) => known.name).join(', ')}`,
      )
    return { pass: property.verdict === 'pass', message: () => `${name}: ${property.message}` }
  },
  toConverge(run: RunResult, { within }: { readonly within: string }) {
    const bound = readDuration(within)
    if (bound === undefined)
      throw new SuiteError(`toConverge: within: expected a duration such as '2m', got '${within}'`)
    const late = run.properties.find(({ kind, convergedMicros, verdict }) => {
      return kind === 'eventually' && (verdict !== 'pass' || (convergedMicros ?? 0) > bound)
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
  test(name, { timeout: 120_000 }, async () => {
    const seed = seedOf(process.env.FAULTLINE_SEED)
    const settings = seed === undefined ? options : { ...options, seed }
    const found = await findCounterexample(name, settings, (run, of) => body({ run, scenario: of, expect }))
    if (found === undefined) return
    const error = new Error(report(name, found, systemFileOf(options)))
    error.stack = error.message
    throw error
  })
}

/**
 * The text of a counterexample as a scenario file, which expects what the counterexample shows.
 * @param system what the file calls its system; default: the system's name
 */
export function counterexampleText(
  { scenario: smallest, seed, result }: Counterexample,
  system: string = smallest.system,
): string {
  const violated = result.properties.filter(({ verdict }) => verdict === 'violated')
  const expect = Object.fromEntries(violated.map(({ name }) => [name, 'violated' as const]))
  return scenarioFileText(scenarioOf({ ...smallest, system, expect }), {
    seed,
    head: ['A counterexample, shrunk.'],
    faults: [],
  })
}

/** Saves a counterexample where it can be replayed, and says what it is. */
function report(name: string, found: Counterexample, systemFile: string | undefined): string {
  const slug = name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
  const file = join('reports', 'suites', `${slug === '' ? 'suite' : slug}.yaml`)
  const text = counterexampleText(found, referenceFrom(dirname(file), systemFile, found.scenario.system))
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  const broken = found.result.properties.find((property) => property.name === found.property)
  const at = broken?.atMicros === undefined ? '' : ` at ${formatSeconds(broken.atMicros)}`
  return [
    found.property === undefined
      ? found.message
      : `${found.property} is violated${at}: ${broken?.message ?? found.message}`,
    '',
    text,
    ...(systemFile === undefined ? [UNKNOWN_FILE, ''] : []),
    `replay: npx faultline run ${file}`,
  ].join('\n')
}

const UNKNOWN_FILE = [
  'The system is the default export of no module that vitest has loaded, so its file is not known. Say it in the suite,',
  "systemFile: import.meta.resolve('./system.ts'), or write its path at 'system:' before you replay.",
].join('\n')

/** What a scenario file calls a system: its name where the command line finds it by that, else the path of its file. */
function referenceFrom(folder: string, systemFile: string | undefined, name: string): string {
  if (systemFile === undefined || systemFile === resolve('scenarios', name, 'system.ts')) return name
  return relative(folder, systemFile).split('\\').join('/')
}
