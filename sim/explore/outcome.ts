import { faultKindOf } from '../faults/registry.ts'
import { hashText } from '../kernel/mix.ts'
import {
  type FaultOutcome,
  type PreparedSystem,
  type RunResult,
  runGenerated,
  type Verdict,
} from '../run/run.ts'
import type { Waiting } from '../run/waiting.ts'
import type { Case, Strategy } from './case.ts'
import { SKIP_REASONS, type SkipReason } from './seen-states.ts'

/** A property that a run violated. */
export interface Violation {
  readonly property: string
  readonly key: string | undefined
  readonly message: string
}

/** What a campaign keeps of a run: plain data. */
export interface CaseOutcome {
  /** Number of the case in its strategy, from 0. */
  readonly index: number
  /** Why it was not made; left out of all that were. */
  readonly skipReason?: SkipReason | undefined
  readonly seed: number
  readonly verdict: Verdict
  readonly digest: string
  readonly orders: number
  readonly events: number
  readonly reason?: string | undefined
  readonly features: readonly string[]
  /** Where faults struck: `crash after payment.OrderCreated provider.charge`, `crash at a moment`. */
  readonly struck: readonly string[]
  /** Kinds of the faults that were planned and did not strike. */
  readonly missed: readonly string[]
  readonly violated: readonly Violation[]
  /** Names of what may come true and did, and of what did not. */
  readonly reached: readonly string[]
  readonly unreached: readonly string[]
  /** Handlers that would wait for ever when it had come to rest, and for what: `payment.OrderCreated for the end of …`. */
  readonly waiting: readonly string[]
  /** Names of the properties that were asked for no key. */
  readonly unasked: readonly string[]
  /** Names of the properties that were asked and have no verdict, because the run did not come to rest. */
  readonly undecided: readonly string[]
  /** What the run did, a number each: what it has in common with other runs has the same number. */
  readonly behaviours: readonly number[]
}

/** Stands for the step in the coverage of faults that strike at a moment. */
export const AT_A_MOMENT = 'at a moment'

/** Makes the nth case of a campaign, unless it is the same as another one. */
export async function caseOutcome(
  prepared: PreparedSystem,
  strategy: Strategy,
  index: number,
): Promise<CaseOutcome> {
  const found = await strategy.caseAt(index)
  const skipReason = await strategy.skipReason?.(index)
  if (skipReason === undefined) return outcomeOf(prepared, found, index)
  return { ...unmade(index, found.seed, 'pass', SKIP_REASONS[skipReason]), skipReason }
}

/**
 * Makes one run of a campaign. Nothing is recorded: a run that fails is made again for that. One in which the simulator itself
 * fails is an error of that run: the others are made all the same.
 */
export async function outcomeOf(prepared: PreparedSystem, of: Case, index: number): Promise<CaseOutcome> {
  try {
    return outcomeFrom(await runGenerated(prepared, of.scenario, of.seed, { tape: of.tape }), of, index)
  } catch (error) {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    return unmade(index, of.seed, 'error', `internal error: ${what}`)
  }
}

/** Stands for the digest of a run that has come to no result. */
export const NOT_MADE = 'unknown'

/** What is kept of a run that has come to no result. */
export function unmade(index: number, seed: number, verdict: Verdict, reason: string): CaseOutcome {
  const counts = { orders: 0, events: 0, behaviours: [] }
  const faults = { features: [], struck: [], missed: [], waiting: [] }
  const properties = { violated: [], reached: [], unreached: [], unasked: [], undecided: [] }
  return { index, seed, verdict, digest: NOT_MADE, reason, ...counts, ...faults, ...properties }
}

function outcomeFrom(result: RunResult, of: Case, index: number): CaseOutcome {
  const { seed, verdict, digest, orders, events, reason, properties } = result
  const struck = new Set<string>()
  const missed = new Set<string>()
  for (const fault of result.faults) {
    if (fault.struckAtMicros === undefined) missed.add(kindOf(fault))
    else struck.add(`${kindOf(fault)} ${placeOf(fault)}`)
  }
  return {
    index,
    seed,
    verdict,
    digest,
    orders,
    events,
    reason,
    features: of.features,
    struck: [...struck],
    missed: [...missed],
    violated: properties
      .filter((property) => property.verdict === 'violated')
      .map(({ name, key, message }) => ({ property: name, key, message })),
    reached: namesOf(properties, ({ kind, checkedKeys }) => kind === 'sometimes' && checkedKeys !== 0),
    unreached: namesOf(properties, ({ kind, checkedKeys }) => kind === 'sometimes' && checkedKeys === 0),
    waiting: [...new Set(result.waiting.map(hangOf))],
    unasked: namesOf(properties, ({ kind, checkedKeys }) => kind !== 'sometimes' && checkedKeys === 0),
    undecided: namesOf(
      properties,
      ({ kind, verdict, checkedKeys }) =>
        kind !== 'sometimes' && verdict === 'inconclusive' && checkedKeys !== 0,
    ),
    behaviours: behavioursOf(result, struck),
  }
}

/**
 * What a run did that other runs may not: which steps how often (by powers of two), which faults struck where, which kinds
 * of faults met in one run, and what broke.
 */
function behavioursOf(
  { steps, passes, properties, faults }: RunResult,
  struck: ReadonlySet<string>,
): number[] {
  const told = [...struck]
  for (const [index, step] of steps.entries())
    told.push(`${step} ${31 - Math.clz32(passes[index] as number)}`)
  const kinds = [
    ...new Set(faults.filter(({ struckAtMicros }) => struckAtMicros !== undefined).map(kindOf)),
  ].sort()
  for (const [index, kind] of kinds.entries())
    for (const other of kinds.slice(index + 1)) told.push(`${kind} and ${other}`)
  for (const { name, verdict } of properties) if (verdict === 'violated') told.push(`violated ${name}`)
  return [...new Set(told.map((text) => hashText(text, 0x2f0b4a27) >>> 0))].sort(
    (left, right) => left - right,
  )
}

function namesOf(
  properties: RunResult['properties'],
  counts: (property: RunResult['properties'][number]) => boolean,
): string[] {
  return properties.filter(counts).map(({ name }) => name)
}

/** Where a handler hangs: the same in all runs in which it does. */
function hangOf({ handler, steps }: Waiting): string {
  return steps.length === 0
    ? `${handler} for nothing that the simulator does`
    : `${handler} for the end of ${[...new Set(steps)].join(' and ')}`
}

function kindOf({ spec }: FaultOutcome): string {
  return faultKindOf(spec)?.kind ?? ''
}

function placeOf({ spec: { at } }: FaultOutcome): string {
  return /^(before|after) /.test(at) ? at : AT_A_MOMENT
}
