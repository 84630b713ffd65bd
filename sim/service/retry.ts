import { SimError } from '../kernel/error.ts'
import { type DurationText, durationMicros, type Micros } from '../kernel/time.ts'
import type { BaseContext } from './context.ts'
import { checkOptionNames } from './option.ts'

/** How often and when something that failed is tried again; every default is one that services use. */
export interface RetryPolicy {
  /** Tries in all, the first one included: from 1. Default: no limit. A count burns in seconds during an outage (Z22). */
  readonly attempts?: number
  /** No try begins later than this after the first one. Default: no limit. */
  readonly maxElapsed?: DurationText
  /** The pause before the second try. `0ms`: at once. Default: 100ms. */
  readonly first?: DurationText
  /** Each pause is so many times the one before: a whole number from 1. Default: 2. */
  readonly factor?: number
  /** The longest pause. Default: 10s. */
  readonly cap?: DurationText
  /** `full`: a pause of any length up to the computed one, so that clients do not return in step. Default: none. */
  readonly jitter?: 'none' | 'full'
}

/** A policy in numbers. */
export interface RetryPlan {
  readonly attempts: number
  readonly maxElapsedMicros: Micros
  readonly firstMicros: Micros
  readonly factor: number
  readonly capMicros: Micros
  readonly jitter: boolean
}

/** @throws SimError 'definition' for what cannot be meant */
export function retryPlan(what: string, policy: RetryPolicy = {}): RetryPlan {
  checkOptionNames(`${what}: retry`, policy, {
    attempts: 'any',
    maxElapsed: 'any',
    first: 'any',
    factor: 'any',
    cap: 'any',
    jitter: ['none', 'full'],
  })
  const { attempts = Number.POSITIVE_INFINITY, factor = 2, maxElapsed, jitter = 'none' } = policy
  const refuse = (member: string, got: number): never => {
    throw new SimError('definition', `${what}: ${member}: expected a whole number from 1, got ${got}`)
  }
  if (attempts !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(attempts) && attempts >= 1))
    refuse('attempts', attempts)
  if (!Number.isSafeInteger(factor) || factor < 1) refuse('factor', factor)
  return {
    attempts,
    maxElapsedMicros: maxElapsed === undefined ? Number.POSITIVE_INFINITY : durationMicros(maxElapsed),
    firstMicros: durationMicros(policy.first ?? '100ms'),
    factor,
    capMicros: durationMicros(policy.cap ?? '10s'),
    jitter: jitter === 'full',
  }
}

const MILLI = 1_000
/** Of what a handler may choose among at once. */
const MOST_CHOICES = 2 ** 21

/**
 * The pause after a try that failed; undefined when it was the last one.
 * @param failures tries that have failed, from 1
 * @param elapsedMicros since the first one began
 * @param random an integer below a bound, for the jitter
 */
export function pauseMicros(
  plan: RetryPlan,
  failures: number,
  elapsedMicros: Micros,
  random: (bound: number) => number,
): Micros | undefined {
  if (failures >= plan.attempts) return undefined
  const whole = Math.min(plan.firstMicros * plan.factor ** (failures - 1), plan.capMicros)
  const bound = Math.min(Math.floor(whole / MILLI) + 1, MOST_CHOICES)
  const pause = plan.jitter ? random(bound) * MILLI : whole
  return elapsedMicros + pause > plan.maxElapsedMicros ? undefined : pause
}

/**
 * Does something again and again until it succeeds, as a policy says.
 * @param isWorthIt whether what came of a try (its result or what it threw) is a failure after which another may help
 * @throws what the last try threw
 */
export async function retrying<Result>(
  context: BaseContext,
  plan: RetryPlan,
  attempt: (number: number) => Promise<Result>,
  isWorthIt: (outcome: { readonly result: Result } | { readonly error: unknown }) => boolean,
): Promise<Result> {
  const start = context.now()
  for (let number = 1; ; number++) {
    let outcome: { readonly result: Result } | { readonly error: unknown }
    try {
      outcome = { result: await attempt(number) }
    } catch (error) {
      outcome = { error }
    }
    const pause = isWorthIt(outcome)
      ? pauseMicros(plan, number, (context.now() - start) * MILLI, (bound) => context.random(bound))
      : undefined
    if (pause !== undefined) await context.sleep(`${pause}us`)
    else if ('error' in outcome) throw outcome.error
    else return outcome.result
  }
}
