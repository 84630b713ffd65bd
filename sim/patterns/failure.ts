import { SimError } from '../kernel/error.ts'
import { type DurationText, durationMicros, positiveMicros } from '../kernel/time.ts'
import type { Context } from '../service/context.ts'
import type { Envelope } from '../service/envelope.ts'
import { checkOptionNames, expectCount } from '../service/option.ts'
import { type RetryPolicy, retryPlan } from '../service/retry.ts'
import type { BreakerPlan, FailurePolicy } from '../service/setbacks.ts'

/** What becomes of an open breaker's events, the right one first (Z87). */
export const BREAKER_MODES = ['pause', 'put-away'] as const

/** A circuit breaker around the handlers of an instance. */
export interface BreakerOptions {
  /** It opens after so many failures in a row, of whatever events. */
  readonly failures: number
  /** How long it stays open; the first failure after that opens it again. */
  readonly open: DurationText
  /** `pause`: nothing is consumed meanwhile. `put-away`: whatever fails is put away at once. Default: `pause`. */
  readonly whileOpen?: (typeof BREAKER_MODES)[number]
}

/** What every failure policy may be told. */
export interface FailureOptions {
  /** How often and when an event is tried again where it is. */
  readonly retry?: RetryPolicy
  readonly breaker?: BreakerOptions
}

interface Topic {
  readonly name: string
}

/** An event that fails is tried again, and its partition or key waits (blocking): order is kept, a poison event blocks. */
export function blocking(options: FailureOptions = {}): FailurePolicy {
  const { attempts, maxElapsed } = options.retry ?? {}
  if (attempts !== undefined || maxElapsed !== undefined)
    throw new SimError('definition', 'blocking retries: expected no end of them: nothing puts the event away')
  const plan = plainPlan('blocking retries', options)
  if (plan.breaker?.whileOpen === 'put-away')
    throw new SimError(
      'definition',
      "blocking retries: breaker: whileOpen: expected 'pause': nothing puts an event away",
    )
  return plan
}

/**
 * An event that fails ends its instance, whose consumer is closed as at the end of a try-with-resources, and which is
 * started again; with `automatic` commits, closing commits what the last poll returned, whether it was handled or not (rule
 * O1). For a concurrency of 1.
 */
export function closing(): FailurePolicy {
  return { ...failurePlan('closing', {}), closes: true }
}

/** An event that fails as often as the policy says is logged and passed over: it is lost on purpose. */
export function skipping(options: FailureOptions & { readonly retry: RetryPolicy }): FailurePolicy {
  return {
    ...plainPlan('skipping', options),
    recover: async (context, event) => context.log('skipped', { eventId: event.eventId }),
  }
}

/**
 * An event that fails as often as the policy says goes to a dead letter topic, as it is: later events of its key go on
 * without it (Z51). It is sent before the offset is committed, so a crash may bring it there twice.
 */
export function deadLettering(
  deadLetters: Topic,
  options: FailureOptions & { readonly retry: RetryPolicy },
): FailurePolicy {
  expectTopic('dead letters', deadLetters)
  return {
    ...plainPlan('dead letters', options),
    recover: async (context, event) => void (await context.produce(deadLetters.name, event)),
  }
}

/** @throws SimError 'definition' for what is no topic */
function expectTopic(what: string, topic: unknown): void {
  if (typeof (topic as Topic | undefined)?.name === 'string') return
  throw new SimError('definition', `${what}: expected a topic, got ${typeof topic}`)
}

/** Topics for events that are tried again later, each with how much later. */
export interface RetryTopicOptions extends FailureOptions {
  /** In the order in which an event passes through them; the last one that fails makes it a dead letter. */
  readonly topics: readonly { readonly topic: Topic; readonly delay: DurationText }[]
  readonly deadLetters: Topic
}

/**
 * An event that fails makes room: a copy of it, with the same id, goes to a retry topic, which the service reads as well and
 * where it waits until it is due (non-blocking retries). Events of its key overtake it (Z50).
 */
export function retryTopics({ topics, deadLetters, ...options }: RetryTopicOptions): FailurePolicy {
  if (!Array.isArray(topics) || topics.length === 0)
    throw new SimError('definition', 'retry topics: topics: expected one at least')
  expectTopic('retry topics: deadLetters', deadLetters)
  const stages = topics.map(({ topic, delay }) => ({
    name: topic.name,
    delayMillis: positiveMicros(delay, `the delay of retry topic ${topic.name}`) / 1_000,
  }))
  return {
    ...plainPlan('retry topics', { ...options, retry: { attempts: 1, ...options.retry } }),
    topics: stages.map(({ name }) => name),
    dueAt: ({ retryDueAt }) => (typeof retryDueAt === 'number' ? retryDueAt : undefined),
    recover: async (context: Context, event: Envelope) => {
      const passed = typeof event.retryStage === 'number' ? event.retryStage : 0
      const stage = stages[passed]
      if (stage === undefined) {
        await context.produce(deadLetters.name, event)
        return
      }
      const retryDueAt = context.now() + Math.ceil(stage.delayMillis)
      await context.produce(stage.name, { ...event, retryStage: passed + 1, retryDueAt })
    },
  }
}

/** What every failure policy has. */
export function failurePlan(what: string, { retry, breaker }: FailureOptions): FailurePolicy {
  const policy: FailurePolicy = { retry: retryPlan(what, retry) }
  return breaker === undefined ? policy : { ...policy, breaker: breakerPlan(breaker) }
}

/** The same for policies that may be told nothing else. */
function plainPlan(what: string, options: FailureOptions): FailurePolicy {
  checkOptionNames(what, options, { retry: 'any', breaker: 'any' })
  return failurePlan(what, options)
}

function breakerPlan(options: BreakerOptions): BreakerPlan {
  checkOptionNames('breaker', options, { failures: 'any', open: 'any', whileOpen: BREAKER_MODES })
  const { failures, open, whileOpen = 'pause' } = options
  expectCount('breaker: failures', failures, 1)
  return { failures, openMicros: durationMicros(open), whileOpen }
}
