import type { FaultArbitrary } from '../explore/arbitrary.ts'
import { suggestion } from '../kernel/suggestion.ts'
import { outlineOf } from '../run/outline.ts'
import { isMap, oneOf, type Problem, schemaProblems, shown } from '../run/problem.ts'
import type { Scenario, ScenarioInput } from '../run/scenario.ts'
import { systemProblems } from '../run/system-problems.ts'
import type { ParamSpecs, System } from '../service/system.ts'

/** What a suite says of the runs that it wants. */
export interface SuiteOptions<Specs extends ParamSpecs = ParamSpecs> {
  readonly system: System<Specs>
  /**
   * The file whose default export the system is, for the scenario that a failure saves: a path from the working folder,
   * or a URL as `import.meta.resolve('./system.ts')` gives it. Default: the module that vitest has loaded it from.
   */
  readonly systemFile?: string | URL
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

/** A suite says something that cannot be meant of any run: no run is to blame for it. */
export class SuiteError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'SuiteError'
  }
}

const NAMES: Readonly<Record<keyof SuiteOptions, true>> = {
  system: true,
  systemFile: true,
  params: true,
  cluster: true,
  orders: true,
  faults: true,
  runs: true,
  seed: true,
}

const DEFAULT_ORDERS = 5
const DEFAULT_RUNS = 100

/** Options with their defaults. */
export interface CheckedOptions extends SuiteOptions {
  readonly params: Scenario['params']
  readonly cluster: Partial<Scenario['cluster']>
  readonly orders: number
  readonly runs: number
}

/**
 * Fills in the defaults of a suite.
 * @throws Error with everything that cannot be meant, what was expected there and what is there
 */
export function checkedOptions(name: string, options: SuiteOptions): CheckedOptions {
  const problems = [...Object.keys(options).flatMap(nameProblem), ...ownProblems(options)]
  const checked: CheckedOptions = {
    ...options,
    params: options.params ?? {},
    cluster: options.cluster ?? {},
    orders: options.orders ?? DEFAULT_ORDERS,
    runs: options.runs ?? DEFAULT_RUNS,
  }
  if (problems.length === 0) problems.push(...scenarioProblems(checked))
  if (problems.length > 0)
    throw new Error(problems.map((problem) => `suite '${name}': ${problem}`).join('\n'))
  return checked
}

/**
 * The seed that the environment asks for; undefined when it asks for none.
 * @throws Error when it is no seed
 */
export function seedOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  const seed = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(seed)) return seed
  throw new Error(`FAULTLINE_SEED: expected a whole number from 0, got '${text}'`)
}

function nameProblem(name: string): string[] {
  if (Object.hasOwn(NAMES, name)) return []
  const known = Object.keys(NAMES)
  return [withMeant(`unknown option '${name}': expected ${oneOf(known)}`, suggestion(name, known))]
}

function ownProblems({ system, systemFile, faults, runs, seed }: SuiteOptions): string[] {
  const problems: string[] = []
  const expect = (holds: boolean, name: string, expected: string, value: unknown): void => {
    if (!holds) problems.push(`${name}: expected ${expected}, got ${shown(value)}`)
  }
  const isSystem = isMap(system) && typeof system.name === 'string' && typeof system.build === 'function'
  expect(isSystem, 'system', 'a system, as defineSystem({ … }) makes it', system)
  const isFile = systemFile === undefined || typeof systemFile === 'string' || systemFile instanceof URL
  expect(isFile, 'systemFile', 'a path or a URL', systemFile)
  expect(faults === undefined || typeof faults === 'function', 'faults', 'anyFaults() or the like', faults)
  expect(isCount(runs ?? 1, 1), 'runs', 'a whole number of at least 1', runs)
  expect(isCount(seed ?? 0, 0), 'seed', 'a whole number of at least 0', seed)
  return problems
}

function isCount(value: unknown, min: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= min
}

/** What a scenario file with these members would be told. */
function scenarioProblems({ system, params, cluster, orders }: CheckedOptions): string[] {
  const data = { system: system.name, params, cluster, workload: { orders } }
  const malformed = schemaProblems(data)
  const problems =
    malformed.length > 0 ? malformed : systemProblems(data, outlineOf(system as unknown as System, data))
  return problems.map(({ path, message, meant }) => `${optionAt(path)}: ${withMeant(message, meant)}`)
}

/** The option that a member of a scenario stands for. */
function optionAt(path: Problem['path']): string {
  return path[0] === 'workload' ? path.slice(1).join('.') : path.join('.')
}

function withMeant(message: string, meant: string | undefined): string {
  return meant === undefined ? message : `${message}; did you mean '${meant}'?`
}
