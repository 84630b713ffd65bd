import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { Case, Strategy } from '../explore/case.ts'
import type { ComparedRun } from '../explore/comparison.ts'
import { type CaseOutcome, caseOutcome } from '../explore/outcome.ts'
import { type ShrinkProgress, type Shrunk, shrink } from '../explore/shrink.ts'
import { type StrategyName, strategyOf } from '../explore/strategy.ts'
import * as faultline from '../index.ts'
import { SimError } from '../kernel/error.ts'
import { readTape, type Tape, type TapeData, tapeData } from '../kernel/tape.ts'
import type { Trace } from '../kernel/trace.ts'
import { type Parting, partingFrom, partingOf, type Telling, tellingOf } from '../report/parting.ts'
import { type Story, storyOf } from '../report/story.ts'
import { type RunSummary, summaryOf } from '../report/summary.ts'
import { type TracedRun, traceLines } from '../report/trace-file.ts'
import { type DeadStateReport, deadStates } from '../run/dead-state.ts'
import { differenceOf } from '../run/determinism.ts'
import { type Bundle, loadBundle } from '../run/load-bundle.ts'
import { outlineOf } from '../run/outline.ts'
import { type PreparedSystem, prepare, type RunOptions, type RunResult, run } from '../run/run.ts'
import type { Scenario } from '../run/scenario.ts'
import type { SystemOutline } from '../run/system-problems.ts'
import type { System } from '../service/system.ts'

/** What to run. */
export interface RunJob {
  readonly scenario: Scenario
  readonly seed: number
  readonly tape?: TapeData | undefined
  /** Tell the story of one order. */
  readonly story: boolean
  /** Say where it parts from this scenario with the same seed and tape. */
  readonly compareWith?: Scenario | undefined
  /** Say where it parts from what was told of an earlier run. */
  readonly compareTold?: Telling | undefined
  /** Return all that is told of the order of the story. */
  readonly tell?: boolean | undefined
  /** Return the choices. */
  readonly keepTape: boolean
  /** Write the trace there. */
  readonly traceFile?: string | undefined
  /** Run again, after another seed and with the system loaded anew, and compare record by record. */
  readonly checkDeterminism: boolean
}

/** What a run showed, as plain data. */
export interface RunOutcome {
  readonly summary: RunSummary
  /** Of what service code threw of which its reason tells. */
  readonly stacks: readonly string[]
  readonly tape: TapeData | undefined
  readonly story: Story | undefined
  /** Where it parts from the scenario that it was compared with. */
  readonly parting?: Parting | undefined
  readonly telling?: Telling | undefined
  /** Where two runs of the same inputs differ first; undefined when they do not. */
  readonly difference: string | undefined
  /** Why what was asked for besides the result is not there; undefined when it is. */
  readonly givenUp?: string | undefined
}

/** What to shrink. */
export interface ShrinkJob {
  readonly scenario: Scenario
  readonly seed: number
  readonly tape?: TapeData | undefined
  /** The property that must stay violated; default: the first that is. */
  readonly property?: string | undefined
}

/** What a campaign goes through. */
export interface CampaignPlan {
  readonly scenario: Scenario
  readonly strategy: StrategyName
  /** Of the first run. */
  readonly seed: number
}

/** What there is to go through. */
export type CampaignOutline = Omit<Strategy, 'caseAt' | 'advance' | 'skipReason'>

/** A case as plain data. */
export type PlainCase = Omit<Case, 'tape'>

/** What a session can be asked to do with its system. */
export interface Jobs {
  outline: {
    readonly job: { readonly data: unknown }
    readonly outcome: SystemOutline
    readonly progress: never
  }
  check: {
    readonly job: { readonly params: Scenario['params'] }
    readonly outcome: DeadStateReport
    readonly progress: never
  }
  /** Its progress is the result, before it is told, traced or compared. */
  run: { readonly job: RunJob; readonly outcome: RunOutcome; readonly progress: RunOutcome }
  shrink: {
    readonly job: ShrinkJob
    readonly outcome: Shrunk | undefined
    readonly progress: ShrinkProgress
  }
  campaign: { readonly job: CampaignPlan; readonly outcome: CampaignOutline; readonly progress: never }
  /** Makes one of the runs from which a case follows; its outcome is whether there was one to make. */
  advance: {
    readonly job: CampaignPlan & { readonly index: number }
    readonly outcome: boolean
    readonly progress: never
  }
  case: {
    readonly job: CampaignPlan & { readonly index: number }
    readonly outcome: PlainCase
    readonly progress: never
  }
  /** Runs seeds one after another and measures each. */
  measure: {
    readonly job: { readonly scenario: Scenario; readonly seed: number; readonly runs: number }
    readonly outcome: readonly ComparedRun[]
    readonly progress: never
  }
  /** Its progress is what each of its cases showed. */
  explore: {
    readonly job: CampaignPlan & { readonly indexes: readonly number[] }
    readonly outcome: undefined
    readonly progress: CaseOutcome
  }
}

/** Events above which no trace is kept for a story: it would not be read, and memory is finite. */
const MAX_STORY_EVENTS = 1_000_000
/** Lines of a trace file that are written at once. */
const LINES_PER_WRITE = 10_000

/** A system and the jobs done with it; the same wherever it lives: in a worker, or in this thread. */
export class Bench {
  private readonly bundle: Bundle
  private readonly system: System
  /** The last campaign that it had a part in. */
  private campaign:
    | { readonly key: string; readonly prepared: PreparedSystem; readonly strategy: Strategy }
    | undefined

  /** @throws SimError 'definition' when the bundle holds no system */
  constructor(bundle: Bundle) {
    this.bundle = bundle
    this.system = loadBundle(bundle, faultline)
  }

  /** Does one job. @throws SimError when the system cannot be built */
  async perform<Kind extends keyof Jobs>(
    kind: Kind,
    job: Jobs[Kind]['job'],
    progress: (progress: Jobs[Kind]['progress']) => void,
  ): Promise<Jobs[Kind]['outcome']> {
    switch (kind) {
      case 'outline':
        return outlineOf(this.system, (job as Jobs['outline']['job']).data)
      case 'run':
        return this.run(job as RunJob, progress as (first: RunOutcome) => void)
      case 'shrink': {
        const { scenario, seed, tape, property } = job as ShrinkJob
        return shrink(prepare(this.system, scenario.params), scenario, seed, {
          tape: given(tape),
          property,
          progress: progress as (of: ShrinkProgress) => void,
        })
      }
      case 'check':
        return deadStates(prepare(this.system, (job as Jobs['check']['job']).params).parts)
      case 'measure':
        return this.measure(job as Jobs['measure']['job'])
      case 'campaign': {
        const { size, usual, says, steps, kinds } = (await this.strategy(job as CampaignPlan)).strategy
        return { size, usual, says, steps, kinds }
      }
      case 'advance': {
        const { strategy } = await this.strategy(job as CampaignPlan)
        return (await strategy.advance?.((job as Jobs['advance']['job']).index)) ?? false
      }
      case 'case': {
        const { strategy } = await this.strategy(job as CampaignPlan)
        const { scenario, seed, features } = await strategy.caseAt((job as Jobs['case']['job']).index)
        return { scenario, seed, features }
      }
      case 'explore': {
        const { prepared, strategy } = await this.strategy(job as CampaignPlan)
        for (const index of (job as Jobs['explore']['job']).indexes)
          (progress as (outcome: CaseOutcome) => void)(await caseOutcome(prepared, strategy, index))
        return undefined
      }
      default:
        throw new SimError('invariant', `there is no job ${kind}`)
    }
  }

  /** The strategy of a campaign, made once: its cases follow from their numbers. */
  private async strategy({
    scenario,
    strategy: name,
    seed,
  }: CampaignPlan): Promise<NonNullable<typeof this.campaign>> {
    const key = JSON.stringify([scenario, name, seed])
    if (this.campaign?.key !== key) {
      const prepared = prepare(this.system, scenario.params)
      this.campaign = { key, prepared, strategy: await strategyOf(name, prepared, scenario, seed) }
    }
    return this.campaign
  }

  private async measure({ scenario, seed, runs }: Jobs['measure']['job']): Promise<ComparedRun[]> {
    const prepared = prepare(this.system, scenario.params)
    const measured: ComparedRun[] = []
    for (let index = 0; index < runs; index++)
      measured.push(summaryOf(await run(prepared, scenario, seed + index, { measure: true })))
    return measured
  }

  private async run(job: RunJob, finished: (outcome: RunOutcome) => void): Promise<RunOutcome> {
    const { scenario, seed } = job
    const prepared = prepare(this.system, scenario.params)
    const again = (options: RunOptions): Promise<RunResult> =>
      run(prepared, scenario, seed, { tape: given(job.tape), ...options })
    const first = await again({ recordTape: job.keepTape })
    const outcome = {
      summary: summaryOf(first),
      stacks: first.stacks,
      tape: first.tape && tapeData(first.tape),
      story: undefined,
      difference: undefined,
    }
    const isToldWhole = job.story || job.compareTold !== undefined
    const wanted =
      job.checkDeterminism || job.traceFile !== undefined || (isToldWhole && first.events <= MAX_STORY_EVENTS)
    if (!wanted) return outcome
    finished(outcome)
    if (job.checkDeterminism) await run(prepared, scenario, seed + 1)
    const traced = await again({ trace: true })
    const trace = traced.trace as Trace
    const summary = summaryOf(traced)
    const story = traced.events <= MAX_STORY_EVENTS ? storyOf(summary, trace, scenario.expect) : undefined
    if (job.traceFile !== undefined) await writeTrace(job.traceFile, trace, { scenario, summary, story })
    // A trace may reach its bound where the run itself does not: then the two cannot be compared.
    if (traced.events < first.events && traced.verdict === 'inconclusive') return outcome
    const suspected = job.checkDeterminism || traced.digest !== first.digest
    const difference = suspected ? disagreementOf([first, traced, await this.afresh(job)]) : undefined
    const parting =
      job.compareTold === undefined
        ? await this.parting(job, trace, story)
        : partingFrom(job.compareTold, trace)
    const telling = job.tell === true && story !== undefined ? tellingOf(trace, story.subject) : undefined
    return { ...outcome, difference, story: job.story ? story : undefined, parting, telling }
  }

  /** Where a run parts from that of another scenario, in what is told of the same order. */
  private async parting(
    { compareWith, seed, tape }: RunJob,
    failing: Trace,
    story: Story | undefined,
  ): Promise<Parting | undefined> {
    if (compareWith === undefined || story === undefined) return undefined
    const prepared = prepare(this.system, compareWith.params)
    const { trace } = await run(prepared, compareWith, seed, { tape: given(tape), trace: true })
    return partingOf(failing, trace as Trace, story.subject)
  }

  /** Runs the job with its system loaded anew: what its modules remember, or saw when they were loaded, is new as well. */
  private async afresh({ scenario, seed, tape }: RunJob): Promise<RunResult> {
    const system = loadBundle(this.bundle, faultline)
    return run(prepare(system, scenario.params), scenario, seed, { tape: given(tape), trace: true })
  }
}

/** Where runs of the same inputs differ; undefined when they do not. The last two have traces. */
function disagreementOf(runs: readonly [RunResult, RunResult, RunResult]): string | undefined {
  const [first, left, right] = runs
  if (left.digest !== right.digest) return differenceOf(left, right).message
  return first.digest === left.digest
    ? undefined
    : differenceOf(left, right, [first.digest, left.digest]).message
}

function given(tape: TapeData | undefined): Tape | undefined {
  return tape === undefined ? undefined : readTape(tape)
}

async function writeTrace(file: string, trace: Trace, run: TracedRun): Promise<void> {
  const stream = createWriteStream(file)
  let pending: string[] = []
  const flush = async (): Promise<void> => {
    const full = !stream.write(pending.join(''))
    pending = []
    if (full) await once(stream, 'drain')
  }
  for (const line of traceLines(trace, run)) {
    pending.push(`${line}\n`)
    if (pending.length >= LINES_PER_WRITE) await flush()
  }
  await flush()
  stream.end()
  await once(stream, 'close')
}
