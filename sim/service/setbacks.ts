import type { Micros } from '../kernel/time.ts'
import type { Context } from './context.ts'
import type { Envelope } from './envelope.ts'
import type { JobRegistration } from './job-options.ts'
import { RejectError } from './reject-error.ts'
import { pauseMicros, type RetryPlan } from './retry.ts'
import type { TablesByName } from './schema.ts'

/** When a breaker opens, and for how long. */
export interface BreakerPlan {
  /** Failures in a row, of whatever events. */
  readonly failures: number
  readonly openMicros: Micros
  /** While it is open, nothing is consumed; or whatever comes is put away at once (Z87). */
  readonly whileOpen: 'pause' | 'put-away'
}

/** What becomes of events whose handler throws, in a service that reads them from Kafka. */
export interface FailurePolicy {
  /** When an event is tried again; what does not succeed as often is put away. */
  readonly retry: RetryPlan
  /** Puts an event away that is not tried again, so that it counts as handled. Undefined: it is tried for ever. */
  recover?(context: Context, event: Envelope, error: unknown): Promise<void>
  /** Other topics that the service reads: events that are to be tried later. */
  readonly topics?: readonly string[]
  /** Before which moment an event must not be handled, in milliseconds since 1970; undefined: none. */
  dueAt?(event: Envelope): number | undefined
  readonly breaker?: BreakerPlan
  /** Tables that it keeps in the service's database. */
  readonly tables?: TablesByName
  /** Wraps a handler, its inbox included: an event that must not be handled yet is put away here. */
  receive?(context: Context, event: Envelope, handle: () => Promise<unknown>): Promise<unknown>
  /** What it does by itself every so often. */
  readonly job?: JobRegistration
  /** What an operator has it do with what it has put away. */
  redrive?(context: Context): Promise<unknown>
  /** A handler that throws ends its instance, whose consumer is closed: nothing is tried again in this life. */
  readonly closes?: boolean
}

interface Setback {
  failures: number
  readonly sinceMicros: Micros
}

/** What has failed: a handler, or putting away what it has failed with. */
export type Effort = 'handling' | 'putting away'

/** What to do after a failure: try again after a pause, or put the event away. */
export type Verdict = { readonly pauseMicros: Micros } | 'put away'

/** Between two tries to put something away. */
const LEAST_PAUSE_MICROS: Micros = 100_000

/** What has failed in one life of an instance and not succeeded since. */
export class Setbacks {
  private readonly policy: FailurePolicy
  /** Made with the first failure. */
  private open: Map<string, Setback> | undefined = undefined
  private inARow = 0
  /** Until when the breaker is open. */
  openUntilMicros: Micros = 0

  constructor(policy: FailurePolicy) {
    this.policy = policy
  }

  /** Something succeeded that may have failed before. */
  succeeded(name: string): void {
    this.inARow = 0
    if (this.open !== undefined && this.open.size > 0) this.open.delete(name)
  }

  /** Something failed, perhaps again. */
  failed(name: string, error: unknown, nowMicros: Micros, random: (bound: number) => number): Verdict {
    const { retry, recover, breaker } = this.policy
    this.open ??= new Map()
    const setback = this.open.get(name) ?? { failures: 0, sinceMicros: nowMicros }
    this.open.set(name, setback)
    setback.failures++
    this.inARow++
    const isOpen = breaker !== undefined && this.inARow >= breaker.failures
    if (isOpen) this.openUntilMicros = nowMicros + breaker.openMicros
    if (recover !== undefined) {
      if (error instanceof RejectError) return 'put away'
      if (isOpen && breaker.whileOpen === 'put-away') return 'put away'
    }
    const elapsed = nowMicros - setback.sinceMicros
    const pause = pauseMicros(retry, setback.failures, elapsed, random)
    if (pause !== undefined) return { pauseMicros: pause }
    return recover === undefined ? { pauseMicros: retry.capMicros } : 'put away'
  }

  /**
   * Something could not be put away: whoever keeps it is out of reach. It is tried from the beginning again, after a pause, as
   * DefaultErrorHandler of Spring Kafka does (resetStateOnRecoveryFailure).
   */
  notPutAway(name: string, random: (bound: number) => number): Verdict {
    const { retry } = this.policy
    this.open?.delete(name)
    const pause = pauseMicros({ ...retry, attempts: Number.POSITIVE_INFINITY }, 1, 0, random)
    // No pause at all would be a storm for as long as nobody keeps it.
    return { pauseMicros: Math.max(pause ?? retry.firstMicros, LEAST_PAUSE_MICROS) }
  }

  /** Whether nothing may be handled now. */
  isPaused(nowMicros: Micros): boolean {
    return this.policy.breaker?.whileOpen === 'pause' && nowMicros < this.openUntilMicros
  }
}
