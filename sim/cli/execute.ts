import { resolve } from 'node:path'
import { resultJson } from '../report/json.ts'
import type { RunSummary } from '../report/summary.ts'
import { resultText } from '../report/text.ts'
import { type Judgement, judge } from '../run/judgement.ts'
import type { Scenario } from '../run/scenario.ts'
import { EXIT, type ExitCode } from './error.ts'
import type { Io } from './io.ts'
import type { RunJob, RunOutcome } from './job.ts'
import { paintFor } from './paint.ts'
import { placesIn } from './place.ts'
import { writeText } from './save.ts'
import { MemoryError, StrayError, TimeLimitError } from './session.ts'
import type { LoadedSystem } from './system.ts'

/** Stands for the digest of a run that was given up. */
const UNKNOWN_DIGEST = 'unknown'

/** Options that every command has which runs something. */
export interface ExecuteOptions {
  /** Print JSON instead of text. */
  readonly json?: boolean | undefined
  /** Write the trace there. */
  readonly trace?: string | undefined
  readonly checkDeterminism?: boolean | undefined
  /** Seconds of wall time. */
  readonly timeLimit: number
}

/**
 * Runs a scenario in its system's session. A run that outlasts the wall limit is inconclusive; what is told of one that
 * has ended is given up alone.
 */
export async function execute(
  system: LoadedSystem,
  what: Pick<RunJob, 'scenario' | 'seed' | 'tape' | 'compareWith' | 'compareTold' | 'tell'>,
  options: ExecuteOptions,
  io: Io,
): Promise<RunOutcome> {
  const { json, trace, checkDeterminism = false, timeLimit } = options
  const traceFile = trace === undefined ? undefined : resolve(io.cwd, trace)
  if (trace !== undefined) writeText(trace, '', io)
  const job = { ...what, story: json !== true, keepTape: true, traceFile, checkDeterminism }
  let finished: RunOutcome | undefined
  try {
    return await system.session.perform('run', job, timeLimit, (outcome) => {
      finished = outcome
    })
  } catch (error) {
    if (finished !== undefined && (error instanceof TimeLimitError || error instanceof MemoryError))
      return { ...(finished as RunOutcome), givenUp: error.message }
    return {
      summary: unfinished(what.seed, system.outline.noun, error),
      stacks: error instanceof TimeLimitError ? [error.at] : [],
      tape: undefined,
      story: undefined,
      difference: undefined,
    }
  }
}

/** Prints what a run showed, and what it means as an exit code. */
export function report(
  outcome: RunOutcome,
  scenario: Scenario,
  system: LoadedSystem,
  options: ExecuteOptions,
  io: Io,
): ExitCode {
  const { summary, story, difference, givenUp } = outcome
  const places = placesOf(outcome, system, io)
  if (options.json === true) io.stdout(resultJson(summary, scenario, system.bundle.hash, places))
  else io.stdout(resultText(summary, scenario, story, paintFor(io.colour), places))
  if (difference !== undefined) {
    io.stderr(`${difference}\n`)
    return EXIT.nondeterminism
  }
  if (givenUp !== undefined) {
    const wanted = [
      ...(options.checkDeterminism === true ? ['the check of determinism'] : []),
      ...(options.trace === undefined ? [] : ['the trace file']),
    ]
    const what = wanted.length === 0 ? 'the story' : wanted.join(' and ')
    io.stderr(`${what} ${wanted.length > 1 ? 'were' : 'was'} given up: ${givenUp} (raise --time-limit)\n`)
    if (wanted.length > 0) return EXIT.inconclusive
  } else if (options.checkDeterminism === true && summary.digest !== UNKNOWN_DIGEST) {
    const write = options.json === true ? io.stderr : io.stdout
    write(
      '  determinism: one digest of three runs: one after a run with another seed, one with the system loaded anew\n',
    )
  }
  return exitCodeOf(judge(summary, scenario).outcome, summary)
}

/** Where the code of the system was when it threw of what the reason of a run tells. */
export function placesOf(
  { stacks }: Pick<RunOutcome, 'stacks'>,
  system: LoadedSystem,
  { cwd }: Io,
): string[] {
  return [...new Set(stacks.flatMap((stack) => placesIn(stack, system, cwd)))]
}

/** What the outcome of a run means as an exit code. */
export function exitCodeOf(
  outcome: Judgement['outcome'],
  { failureCode }: Pick<RunSummary, 'failureCode'>,
): ExitCode {
  if (failureCode === 'invariant') return EXIT.internal
  return { met: EXIT.met, unmet: EXIT.failed, inconclusive: EXIT.inconclusive, error: EXIT.failed }[outcome]
}

/** The summary of a run that was given up. @throws what is no reason to give up a run */
function unfinished(seed: number, noun: string, error: unknown): RunSummary {
  const counts = { noun, orders: 0, events: 0, resumes: 0, endMicros: 0 }
  const none = { properties: [], faults: [], waiting: [], steps: [], passes: [] }
  const ended = { seed, digest: UNKNOWN_DIGEST, failureCode: undefined, ...counts, ...none }
  if (error instanceof StrayError) return { ...ended, verdict: 'error', reason: error.message }
  if (!(error instanceof TimeLimitError || error instanceof MemoryError)) throw error
  const reason = `${error.message}: a handler may never come to an await (raise --time-limit if the run is only long)`
  return { ...ended, verdict: 'inconclusive', reason }
}
