import { formatSeconds } from '../kernel/time.ts'
import type { Trace, TraceRecord } from '../kernel/trace.ts'
import { type PreparedSystem, type RunOptions, type RunResult, runGenerated } from './run.ts'
import type { Scenario } from './scenario.ts'

/** Where two runs of the same inputs part. */
export interface Difference {
  readonly seed: number
  readonly digests: readonly [string, string]
  /** Number of the first record that is not the same in both; 0 when only the digests differ. */
  readonly record: number
  /** That record in each run; undefined where the run had ended. */
  readonly one: TraceRecord | undefined
  readonly other: TraceRecord | undefined
  /** All of it for people, with what usually causes it. */
  readonly message: string
}

/** How to look for nondeterminism. */
export interface DeterminismOptions extends Pick<RunOptions, 'host' | 'tape'> {
  /** Loads the system anew, where that can be done: what its modules remember, or saw when they were loaded, differs then. */
  readonly anew?: (() => PreparedSystem) | undefined
}

/**
 * Runs a scenario twice, with a run of another seed in between, and once more with the system loaded anew if that can
 * be done, and compares record by record.
 * @returns where two of them differ; undefined when they do not
 */
export async function checkDeterminism(
  prepared: PreparedSystem,
  scenario: Scenario,
  seed: number,
  { anew, ...options }: DeterminismOptions = {},
): Promise<Difference | undefined> {
  const traced = { ...options, trace: true }
  const one = await runGenerated(prepared, scenario, seed, traced)
  // What one run leaves behind for the next is the commonest cause: give it something to have left behind.
  await runGenerated(prepared, scenario, seed + 1, options)
  for (const system of anew === undefined ? [prepared] : [prepared, anew()]) {
    const other = await runGenerated(system, scenario, seed, traced)
    if (one.digest !== other.digest) return differenceOf(one, other)
  }
  return undefined
}

/**
 * Where two traced runs of the same inputs part.
 * @param digests of the runs that differ, if they are not these two
 */
export function differenceOf(
  one: RunResult,
  other: RunResult,
  digests: readonly [string, string] = [one.digest, other.digest],
): Difference {
  const [left, right] = [one.trace as Trace, other.trace as Trace]
  const record = left.firstDifference(right)
  const recordOf = (trace: Trace): TraceRecord | undefined =>
    record === 0 || record > trace.length ? undefined : trace.at(record)
  const difference = {
    seed: one.seed,
    digests,
    record,
    one: recordOf(left),
    other: recordOf(right),
  }
  return { ...difference, message: messageOf(difference) }
}

function messageOf({ seed, digests, record, one, other }: Omit<Difference, 'message'>): string {
  const parted =
    record === 0
      ? ['Their traces are equal: something that no record tells of differs.']
      : [`They part at record ${record}:`, `  once:  ${recordText(one)}`, `  again: ${recordText(other)}`]
  return [
    `Seed ${seed} gave two different runs (digests ${digests.join(' and ')}).`,
    ...parted,
    `What usually causes that${one !== undefined && other !== undefined ? ` where ${whatDiffers(one, other)}` : ''}:`,
    '  - state outside the factory of a service (at module scope, or in `build`): it outlives crashes and runs',
    '  - time or chance that was captured before the run: `const random = Math.random`, `const { now } = Date`',
    '  - an order that the machine decides: listings of files, worker threads, sorting by something that ties',
  ].join('\n')
}

function recordText(record: TraceRecord | undefined): string {
  if (record === undefined) return 'the run had ended'
  const { atMicros, lane, kind, entity, data } = record
  const about = entity === undefined ? '' : ` of ${entity}`
  return `${formatSeconds(atMicros)}  ${lane}  ${kind}${about}${dataText(data)}`
}

const MAX_DATA = 200

function dataText(data: unknown): string {
  if (data === undefined) return ''
  const text = JSON.stringify(data)
  return `  ${text.length > MAX_DATA ? `${text.slice(0, MAX_DATA)}…` : text}`
}

function whatDiffers(one: TraceRecord, other: TraceRecord): string {
  if (one.kind !== other.kind || one.lane !== other.lane) return 'something else happens'
  if (one.atMicros !== other.atMicros) return 'the same happens at another time'
  if (one.entity !== other.entity) return 'the same happens for another order'
  return 'the same happens with other values'
}
