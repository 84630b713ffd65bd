import { availableParallelism } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { CaseOutcome } from '../explore/outcome.ts'
import type { StrategyName } from '../explore/strategy.ts'
import { type Tallied, Tally } from '../explore/tally.ts'
import { scenarioFileText } from '../report/scenario-file.ts'
import { counted } from '../report/text.ts'
import type { Scenario } from '../run/scenario.ts'
import {
  type CampaignHead,
  type CampaignResults,
  identityOf,
  ResultsFile,
  readResults,
  type Shard,
  writeResults,
} from './campaign-file.ts'
import { reportCampaign } from './campaign-report.ts'
import { caseOf, outlineTo } from './cases.ts'
import { corpusText, replayCorpus } from './corpus.ts'
import { explore } from './crew.ts'
import { CliError, EXIT, type ExitCode } from './error.ts'
import { execute, report } from './execute.ts'
import { explainBreaches } from './findings.ts'
import type { Io } from './io.ts'
import type { CampaignOutline, CampaignPlan } from './job.ts'
import { type LoadedScenario, loadScenario } from './load.ts'
import { paintFor } from './paint.ts'
import { display } from './place.ts'
import { Progress } from './progress.ts'
import { DEFAULT_SEED } from './run.ts'
import { folderOf, writeText } from './save.ts'
import { type LoadedSystem, referenceTo } from './system.ts'

/** Options of `faultline explore`. */
export interface ExploreOptions {
  readonly runs?: number | undefined
  readonly seed?: number | undefined
  readonly strategy: StrategyName
  readonly workers?: number | undefined
  readonly shard?: Shard | undefined
  readonly resume?: boolean | undefined
  /** The number of one run, from 1. */
  readonly case?: number | undefined
  readonly out?: string | undefined
  readonly shrink: boolean
  /** Repeat the failures that were found earlier first. */
  readonly corpus: boolean
  /** Seconds of wall time. */
  readonly timeLimit?: number | undefined
  readonly json?: boolean | undefined
}

/** The folder of shrunk failures. */
const CORPUS = 'corpus'
/** Seconds of wall time that one run may take. */
const RUN_SECONDS = 60

/** `faultline explore`: makes many runs of a scenario under drawn or enumerated faults, and says what they showed. */
export async function exploreCommand(file: string, options: ExploreOptions, io: Io): Promise<ExitCode> {
  const loaded = await loadScenario(file, io)
  const { scenario, system } = loaded
  const plan = { scenario, strategy: options.strategy, seed: options.seed ?? loaded.seed ?? DEFAULT_SEED }
  try {
    const { outline, runs } = await outlineTo(system.session, plan, options.case ?? options.runs, RUN_SECONDS)
    if (options.case !== undefined) return await oneCase(loaded, plan, outline, options.case, options, io)
    const head: CampaignHead = {
      ...plan,
      bundle: system.bundle.hash,
      runs,
      says: outline.says,
      properties: system.outline.properties,
      noun: system.outline.noun,
      steps: outline.steps,
      kinds: outline.kinds,
      shard: options.shard,
    }
    const corpus = join(folderOf(scenario), CORPUS)
    const earlier = options.corpus ? await replayCorpus(corpus, scenario, system, io) : []
    if (earlier.length > 0)
      (options.json === true ? io.stderr : io.stdout)(corpusText(earlier, paintFor(io.colour)))
    const folder = resolve(io.cwd, options.out ?? defaultFolder(head))
    io.stderr(`${options.strategy}: ${outline.says}\n`)
    const { tallied, interrupted } = await make(head, folder, system, options, io)
    const exitCode = reportCampaign(head, tallied, scenario, folder, options, io)
    if (interrupted === 'interrupted')
      io.stderr(`interrupted after ${counted(tallied.runs, 'run')}: --resume goes on\n`)
    else if (options.shrink && options.shard === undefined)
      await explainBreaches({ plan, tallied, system, corpus }, io)
    io.stderr(`results: ${display(folder, io.cwd)}\n`)
    if (interrupted === 'interrupted') return EXIT.interrupted
    const still = earlier
      .flatMap(({ broken = [] }) => broken)
      .some((name) => scenario.expect[name] !== 'violated')
    return still ? EXIT.failed : exitCode
  } finally {
    await system.session.close()
  }
}

/** Where the results of a campaign go unless somebody says where. */
function defaultFolder({ scenario, strategy, seed, shard }: CampaignHead): string {
  const part = shard === undefined ? '' : `-shard-${shard.number}-of-${shard.of}`
  return join(folderOf(scenario), `${strategy}-seed-${seed}${part}`)
}

interface Made {
  readonly tallied: Tallied
  readonly interrupted: 'interrupted' | 'out of time' | undefined
}

/** Makes the runs that are not there yet, and puts all results in order. */
async function make(
  head: CampaignHead,
  folder: string,
  system: LoadedSystem,
  options: ExploreOptions,
  io: Io,
): Promise<Made> {
  if (options.resume !== true) noteReplaced(head, folder, io)
  const known = options.resume === true ? earlierResults(head, folder, io) : new Map<number, CaseOutcome>()
  const results = new ResultsFile(folder, { head, outcomes: known })
  const tally = new Tally()
  for (const outcome of known.values()) tally.add(outcome)
  const indexes = indexesOf(head).filter((index) => !known.has(index))
  const progress = new Progress(tally, indexes.length, io)
  let interrupted: Made['interrupted']
  const release = io.onInterrupt?.(() => {
    interrupted = 'interrupted'
  })
  const deadline = Date.now() + (options.timeLimit ?? Number.POSITIVE_INFINITY) * 1000
  try {
    await explore({
      plan: head,
      indexes,
      open: () => io.openSession(system.bundle),
      workers: Math.min(options.workers ?? availableParallelism(), Math.max(1, indexes.length)),
      runSeconds: RUN_SECONDS,
      heard: (outcome) => {
        results.add(outcome)
        tally.add(outcome)
        progress.heard(outcome)
      },
      stopped: () => {
        if (Date.now() >= deadline) interrupted ??= 'out of time'
        return interrupted !== undefined
      },
    })
  } finally {
    release?.()
    results.close()
  }
  progress.ended()
  writeResults(folder, readResults(folder) as CampaignResults)
  return { tallied: tally.report(head.properties), interrupted }
}

/** Says so when results of an interrupted campaign are about to be replaced, which would have been of use. */
function noteReplaced(head: CampaignHead, folder: string, io: Io): void {
  const made = outcomesIfAny(head, folder)
  const wanted = indexesOf(head).length
  if (made === 0 || made >= wanted) return
  io.stderr(
    `${made} of ${counted(wanted, 'run')} were there already and are made again: --resume goes on with them\n`,
  )
}

/** How many results of the same campaign are in a folder, whatever else is there. */
function outcomesIfAny(head: CampaignHead, folder: string): number {
  try {
    return earlierOutcomes(head, folder)?.length ?? 0
  } catch (error) {
    if (error instanceof CliError) return 0
    throw error
  }
}

/** The results of the same campaign in a folder; undefined when there are none. */
function earlierOutcomes(head: CampaignHead, folder: string): [number, CaseOutcome][] | undefined {
  const found = readResults(folder)
  const same = found !== undefined && identityOf({ ...found.head, runs: head.runs }) === identityOf(head)
  if (!same || found.head.shard?.number !== head.shard?.number) return undefined
  const wanted = new Set(indexesOf(head))
  return [...found.outcomes].filter(([index]) => wanted.has(index))
}

/** The results of the same campaign that are there already. @throws CliError when they are of another one */
function earlierResults(head: CampaignHead, folder: string, io: Io): Map<number, CaseOutcome> {
  if (readResults(folder) === undefined) return new Map()
  const outcomes = earlierOutcomes(head, folder)
  if (outcomes === undefined)
    throw new CliError(
      EXIT.usage,
      `${display(folder, io.cwd)}: its results are of another campaign (scenario, system, strategy, seed or shard differ): leave out --resume to begin anew`,
    )
  io.stderr(`${outcomes.length} of ${counted(indexesOf(head).length, 'run')} were there already\n`)
  return new Map(outcomes)
}

/** The numbers of the runs of a campaign, or of a part of it: every nth, so that all parts have a like share. */
function indexesOf({ runs, shard }: CampaignHead): number[] {
  const { number, of } = shard ?? { number: 1, of: 1 }
  const indexes: number[] = []
  for (let index = number - 1; index < runs; index += of) indexes.push(index)
  return indexes
}

/** One run of a campaign by itself, told as `faultline run` tells it, and saved as a scenario file. */
async function oneCase(
  { scenario, system }: LoadedScenario,
  plan: CampaignPlan,
  { size }: CampaignOutline,
  number: number,
  { out, json }: ExploreOptions,
  io: Io,
): Promise<ExitCode> {
  if (size !== undefined && number > size)
    throw new CliError(EXIT.usage, `--case ${number}: there are only ${counted(size, 'case')}`)
  const found = await caseOf(system.session, plan, number - 1, RUN_SECONDS)
  const name = `${scenario.name}, ${plan.strategy} case ${number}`
  const what = { scenario: { ...found.scenario, name }, seed: found.seed }
  const outcome = await execute(system, what, { timeLimit: RUN_SECONDS, json }, io)
  const exitCode = report(outcome, what.scenario, system, { timeLimit: RUN_SECONDS, json }, io)
  const path = out ?? join(folderOf(scenario), `${plan.strategy}-seed-${plan.seed}-case-${number}.yaml`)
  const text = caseText(what.scenario, what.seed, found.features, path, system, io)
  const saved = writeText(path, text, io)
  const write = json === true ? io.stderr : io.stdout
  write(`  run:      faultline run ${saved}\n`)
  return exitCode
}

function caseText(
  scenario: Scenario,
  seed: number,
  features: readonly string[],
  path: string,
  system: LoadedSystem,
  io: Io,
): string {
  const reference = referenceTo(system, dirname(resolve(io.cwd, path)), io.cwd)
  const drawn = features.length === 0 ? [] : [`Drawn: ${features.join(', ')}.`]
  return scenarioFileText({ ...scenario, system: reference }, { seed, head: drawn, faults: [] })
}
