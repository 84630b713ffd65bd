import { dirname, join, resolve } from 'node:path'
import type { Shrunk } from '../explore/shrink.ts'
import type { TapeData } from '../kernel/tape.ts'
import { formatSeconds } from '../kernel/time.ts'
import { wrapped } from '../report/paint.ts'
import type { Parting, Told } from '../report/parting.ts'
import { scenarioFileText } from '../report/scenario-file.ts'
import { counted } from '../report/text.ts'
import { actionsOf, type Scenario } from '../run/scenario.ts'
import { CliError, EXIT, type ExitCode } from './error.ts'
import { execute, exitCodeOf, placesOf, report } from './execute.ts'
import type { Io } from './io.ts'
import type { RunOutcome } from './job.ts'
import { loadScenario } from './load.ts'
import { display } from './place.ts'
import { DEFAULT_SEED } from './run.ts'
import { reportFolder, saveRun, tellingFile, writeText } from './save.ts'
import { loadSavedRun } from './saved.ts'
import { MemoryError, StrayError, TimeLimitError } from './session.ts'
import { type LoadedSystem, referenceTo } from './system.ts'

const WIDTH = 118

/** Options of `faultline shrink`. */
export interface ShrinkCommandOptions {
  readonly seed?: number | undefined
  /** Where to write the scenario file. */
  readonly out?: string | undefined
  /** Seconds of wall time. */
  readonly timeLimit: number
}

/** A run that violates a property. */
export interface Failing {
  readonly scenario: Scenario
  readonly seed: number
  readonly tape: TapeData | undefined
  readonly system: LoadedSystem
  /** The property that must stay violated; default: the first that is. */
  readonly property?: string | undefined
}

/** `faultline shrink`: finds the smallest scenario that still violates the same property and writes it to a file. */
export async function shrinkCommand(file: string, options: ShrinkCommandOptions, io: Io): Promise<ExitCode> {
  const failing = await load(file, options, io)
  const { scenario, seed } = failing
  try {
    const told = await shrinkAndTell(
      failing,
      { name: `${scenario.name} (shrunk)`, path: join(reportFolder(scenario, seed), 'shrunk'), ...options },
      io,
    )
    if (told === undefined) throw await nothingToShrink(file, failing, options, io)
    return EXIT.met
  } finally {
    await failing.system.session.close()
  }
}

/** How to tell a shrunk scenario. */
export interface TellOptions extends Pick<ShrinkCommandOptions, 'out' | 'timeLimit'> {
  /** Name of the smallest scenario. */
  readonly name: string
  /** Where to write it unless `out` says so, without the extension. */
  readonly path: string
  /** Write beside it what is told of it, so that a later run can be compared. */
  readonly keepTelling?: boolean
}

/**
 * Shrinks a failing run, tells the story of the smallest scenario and writes it to a file.
 * @returns the properties that it violates; undefined when there is nothing to shrink
 */
export async function shrinkAndTell(
  failing: Failing,
  { name, path: proposed, out, timeLimit, keepTelling = false }: TellOptions,
  io: Io,
): Promise<string[] | undefined> {
  const { seed, system, tape } = failing
  const shrunk = await search(failing, { timeLimit }, io)
  if (shrunk === undefined) return undefined
  const what = {
    scenario: shrunk.scenario,
    seed,
    tape: shrunk.bySeedAlone ? undefined : tape,
    compareWith: withoutLastNeeded(shrunk),
    tell: keepTelling,
  }
  const outcome = await execute(system, what, { timeLimit }, io)
  const smallest = { ...shrunk.scenario, name, expect: expectationsOf(outcome) }
  report(outcome, smallest, system, { timeLimit }, io)
  if (outcome.parting !== undefined) io.stdout(`\n${partingText(outcome.parting)}`)
  io.stdout(`\n${sizeLine(shrunk, system.outline.noun)}\n`)
  for (const { description, spec, needed } of shrunk.faults) {
    io.stdout(
      `  ${needed ? `without '${description}' (${spec.at}) it passes` : `not tried without '${description}' (${spec.at})`}\n`,
    )
  }
  for (const [param, value] of Object.entries(failing.scenario.params))
    if (!Object.hasOwn(shrunk.scenario.params, param))
      io.stdout(`  with the default of ${param}, not ${value}, it breaks as well\n`)
  if (!shrunk.bySeedAlone && outcome.tape !== undefined) {
    const saved = saveRun(out ?? `${proposed}.json`, smallest, outcome.summary, outcome.tape, system, io)
    io.stdout(
      `  the seed alone does not give these choices, so they are saved with it\n  replay:   faultline replay ${saved}\n`,
    )
  } else {
    const path = out ?? `${proposed}.yaml`
    const reference = referenceTo(system, dirname(resolve(io.cwd, path)), io.cwd)
    writeText(path, fileText({ ...smallest, system: reference }, shrunk, seed, system.outline.noun), io)
    if (outcome.telling !== undefined)
      writeText(tellingFile(path), `${JSON.stringify(outcome.telling)}\n`, io)
    io.stdout(`  run:      faultline run ${display(resolve(io.cwd, path), io.cwd)}\n`)
  }
  return Object.keys(smallest.expect)
}

async function load(file: string, { seed: wanted }: ShrinkCommandOptions, io: Io): Promise<Failing> {
  if (!file.endsWith('.json')) {
    const { scenario, seed, system } = await loadScenario(file, io)
    return { scenario, system, seed: wanted ?? seed ?? DEFAULT_SEED, tape: undefined }
  }
  const { saved, scenario, system } = await loadSavedRun(file, io)
  if (wanted === undefined || wanted === saved.seed)
    return { scenario, system, seed: saved.seed, tape: saved.tape }
  return { scenario, system, seed: wanted, tape: undefined }
}

async function search(
  { scenario, seed, tape, system, property }: Failing,
  { timeLimit }: Pick<ShrinkCommandOptions, 'timeLimit'>,
  io: Io,
): Promise<Shrunk | undefined> {
  try {
    return await system.session.perform(
      'shrink',
      { scenario, seed, tape, property },
      timeLimit,
      ({ runs, faults, orders }) =>
        io.stderr(`run ${runs}: ${counted(faults, 'fault')}, ${counted(orders, system.outline.noun)}\n`),
    )
  } catch (error) {
    if (error instanceof TimeLimitError)
      throw new CliError(EXIT.inconclusive, `shrinking: ${error.message} (raise --time-limit)`)
    if (error instanceof MemoryError) throw new CliError(EXIT.inconclusive, `shrinking: ${error.message}`)
    if (error instanceof StrayError) throw new CliError(EXIT.failed, `shrinking: ${error.message}`)
    throw error
  }
}

/** Why nothing can be shrunk, with the exit code that the run itself would have. */
async function nothingToShrink(
  file: string,
  { scenario, seed, tape, system }: Failing,
  { timeLimit }: ShrinkCommandOptions,
  io: Io,
): Promise<CliError> {
  const outcome = await execute(system, { scenario, seed, tape }, { timeLimit, json: true }, io)
  const { summary } = outcome
  const { verdict, reason } = summary
  if (verdict !== 'error' && verdict !== 'inconclusive') {
    const message = `every property holds with seed ${seed}: there is nothing to shrink (another --seed?)`
    return new CliError(EXIT.usage, `${file}: ${message}`)
  }
  const what = verdict === 'error' ? 'ends with an error' : 'is inconclusive'
  return new CliError(
    exitCodeOf(verdict, summary),
    `${file}: the run with seed ${seed} ${what}, so that no property is violated that could be kept: ${[reason, ...placesOf(outcome, system, io)].join('\n  at ')}`,
  )
}

/** The smallest scenario without its last fault, if it was tried that it passes then. */
function withoutLastNeeded({ scenario, faults }: Shrunk): Scenario | undefined {
  const last = faults.findLastIndex(({ needed }) => needed)
  return last < 0
    ? undefined
    : { ...scenario, faults: scenario.faults.filter((_, index) => index !== last), expect: {} }
}

/** Where a run parts from one that passes, for people. */
function partingText({ here, there }: Parting): string {
  const line = (which: string, told: Told | undefined): string[] => {
    const [first, ...rest] = wrapped(told?.text ?? 'nothing more', WIDTH - 24)
    const at = told === undefined ? '' : formatSeconds(told.atMicros)
    return [
      `    ${which.padEnd(6)}${at.padStart(11)}  ${first}`,
      ...rest.map((more) => `${' '.repeat(25)}${more}`),
    ]
  }
  const lines = [...line('here', here), ...line('there', there)]
  return `  parts from the run without the last fault, which passes\n${lines.join('\n')}\n`
}

/** The scenario file expects what the shrunk run shows, so that it is met when it runs. */
function expectationsOf({ summary }: RunOutcome): Scenario['expect'] {
  const violated = summary.properties.filter(({ verdict }) => verdict === 'violated')
  return Object.fromEntries(violated.map(({ name }) => [name, 'violated' as const]))
}

function sizeLine({ scenario, faultsBefore, ordersBefore, runs, exhausted }: Shrunk, noun: string): string {
  const faults = `${faultsBefore} → ${counted(scenario.faults.length, 'fault')}`
  const orders = `${ordersBefore} → ${counted(actionsOf(scenario.workload), noun)}`
  return `  shrunk:   ${faults}, ${orders}, ${counted(runs, 'run')}${exhausted ? ' (no runs left to try something smaller)' : ''}`
}

function fileText(scenario: Scenario, shrunk: Shrunk, seed: number, noun: string): string {
  const { faultsBefore, ordersBefore, property, message, faults } = shrunk
  const before = `${counted(faultsBefore, 'fault')} and ${counted(ordersBefore, noun)}`
  const head = [`Shrunk from ${before} in ${counted(shrunk.runs, 'run')}.`, `${property}: ${message}`]
  const notes = faults.map(({ needed }) => (needed ? `without this fault '${property}' passes` : ''))
  return scenarioFileText(scenario, { seed, head, faults: notes })
}
