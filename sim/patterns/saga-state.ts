import { SimError } from '../kernel/error.ts'
import { type DurationText, positiveMicros } from '../kernel/time.ts'
import type { Plain } from '../kernel/value.ts'
import { checkOptionNames, expectCount } from '../service/option.ts'
import type { EventType } from '../service/schema.ts'

/** A saga as commands are made from it. */
export interface SagaView<Data> {
  readonly sagaId: string
  /** Stands for what is asked for: the same in every repetition of a command. */
  readonly requestId: string
  /** The request of the step's action: what a compensation undoes. */
  readonly actionId: string
  readonly data: Data
}

/** A command of a saga: an event type, and how its data are made. */
export interface SagaCommand<Data> {
  readonly type: EventType<unknown>
  make(saga: SagaView<Data>): unknown
}

/** Makes a command: `command(ChargePayment, ({ sagaId, requestId, data }) => ({ … }))`. */
export function command<Data, Fields>(
  type: EventType<Fields>,
  make: (saga: SagaView<Data>) => Fields,
): SagaCommand<Data> {
  return { type, make }
}

/** A step of a saga. */
export interface SagaStep<Data> {
  readonly name: string
  /** What the saga's state is called while its action is under way: `PAYMENT_PENDING`. */
  readonly state: string
  /** What is asked of a participant; undefined for what has been done when the saga starts. */
  readonly action?: SagaCommand<Data>
  /** What undoes it, and must do no harm where there is nothing to undo. */
  readonly compensation?: SagaCommand<Data>
  /**
   * `compensatable` (default): given up and undone when it is not answered. `pivot`: asked again until it is answered, and
   * nothing before it is undone once it has succeeded. `retriable`: asked again until it succeeds.
   */
  readonly kind?: (typeof KINDS)[number]
}

/** A saga as a system declares it. */
export interface SagaDefinition<Data> {
  readonly steps: readonly SagaStep<Data>[]
  /** How long an answer may take before the command is sent again. */
  readonly timeout: DurationText
  /** How often a compensatable action is asked for before it is given up. Default: 3. */
  readonly attempts?: number
  /** How often a compensation is asked for before the saga is left to people. Default: 10. */
  readonly compensationAttempts?: number
}

const KINDS = ['compensatable', 'pivot', 'retriable'] as const

/**
 * Refuses a definition that cannot be meant.
 * @throws SimError 'definition' for members, kinds, times and numbers that there are not, and for a step that can only be
 * undone behind one from which there is no way back
 */
export function checkSaga(definition: SagaDefinition<never>): void {
  const names = { steps: 'any', timeout: 'any', attempts: 'any', compensationAttempts: 'any' } as const
  checkOptionNames('saga', definition, names)
  const { steps, timeout, attempts = 1, compensationAttempts = 1 } = definition
  positiveMicros(timeout, 'the time-out of a saga')
  expectCount('saga: attempts', attempts, 1)
  expectCount('saga: compensationAttempts', compensationAttempts, 1)
  let pivot: string | undefined
  for (const step of steps) {
    const { name, kind = 'compensatable' } = step
    const of = `saga: step ${name}`
    checkOptionNames(of, step, {
      name: 'any',
      state: 'any',
      action: 'any',
      compensation: 'any',
      kind: KINDS,
    })
    if (pivot !== undefined && kind !== 'retriable')
      throw new SimError(
        'definition',
        `${of} is ${kind} and follows the pivot ${pivot}: there is no way back from that, so expected retriable`,
      )
    if (kind === 'pivot') pivot = name
  }
}

/** Where a saga stands. */
export type SagaStatus = 'RUNNING' | 'COMPLETED' | 'COMPENSATING' | 'COMPENSATED' | 'COMPENSATION_FAILED'

/** What is kept of a saga. */
export interface SagaState {
  readonly sagaId: string
  readonly status: SagaStatus
  /** The state of its step, for people: `PAYMENT_PENDING`, `UNDOING payment`. */
  readonly state: string
  /** The step whose action or compensation is under way. */
  readonly step: string
  /** The request that is not answered; null when none is. */
  readonly pending: string | null
  /** How often that was sent. */
  readonly attempts: number
  /** Steps that must be undone if it fails, in the order in which they were asked for. */
  readonly registered: readonly string[]
  readonly reason: string
  readonly version: number
  readonly data: Plain
}

/** Variants of an orchestrator that change what it decides; the right one of each first. */
export interface SagaRules {
  /** `request-id`: an answer counts if it is the one that is waited for. `any`: every answer is taken for that one. */
  readonly replies: 'request-id' | 'any'
  /**
   * `before-action`: an action that is not answered is undone as well, since it may have taken effect. `after-success`:
   * only what is known to have (Z62).
   */
  readonly registration: 'before-action' | 'after-success'
  /** `in-reverse`: one compensation after another, the last step first. `at-once`: all together, and none is waited for. */
  readonly undo: 'in-reverse' | 'at-once'
  /** A compensation that fails for good is left to people in a state of its own, or taken for done (Z64). */
  readonly failedCompensation: 'visible' | 'ignored'
}

/** The rules of a right orchestrator. */
export const SAGA_RULES: SagaRules = {
  replies: 'request-id',
  registration: 'before-action',
  undo: 'in-reverse',
  failedCompensation: 'visible',
}

/** What reaches a saga. */
export type SagaMessage =
  | {
      readonly kind: 'reply'
      readonly requestId: string
      readonly succeeded: boolean
      readonly reason: string
    }
  | { readonly kind: 'timeout'; readonly requestId: string }

/** A request of a saga that is to be sent. */
export interface SagaRequest {
  readonly step: string
  readonly part: 'action' | 'compensation'
  readonly requestId: string
}

/** What a saga does next. */
export interface SagaDecision {
  readonly next: SagaState
  readonly requests: readonly SagaRequest[]
}

/** The request that an action of a saga is asked for with. */
export const actionOf = (sagaId: string, step: string): string => `${sagaId}/${step}`

const requestOf = (sagaId: string, part: SagaRequest['part'], step: string): SagaRequest => ({
  step,
  part,
  requestId: part === 'action' ? actionOf(sagaId, step) : `${sagaId}/undo ${step}`,
})

/** The decisions of sagas of one definition: pure, so that every one of them can be tested by itself. */
export class SagaMachine {
  private readonly steps: readonly SagaStep<never>[]
  private readonly attempts: number
  private readonly compensationAttempts: number
  private readonly rules: SagaRules

  constructor(definition: SagaDefinition<never>, rules: SagaRules) {
    this.steps = definition.steps
    this.attempts = definition.attempts ?? 3
    this.compensationAttempts = definition.compensationAttempts ?? 10
    this.rules = rules
  }

  /** The first decision of a saga. */
  start(sagaId: string, data: Plain): SagaDecision {
    const blank: SagaState = {
      sagaId,
      status: 'RUNNING',
      state: 'CREATED',
      step: '',
      pending: null,
      attempts: 0,
      registered: [],
      reason: '',
      version: 1,
      data,
    }
    return this.forward(blank, 0)
  }

  /** What a message makes of a saga; undefined when it changes nothing: it is late, or a duplicate. */
  decide(saga: SagaState, message: SagaMessage): SagaDecision | undefined {
    if (saga.pending === null) return undefined
    const isChecked = message.kind === 'timeout' || this.rules.replies === 'request-id'
    if (isChecked && message.requestId !== saga.pending) return undefined
    if (saga.status === 'COMPENSATING') return this.whileUndoing(saga, message)
    if (message.kind === 'timeout') return this.whenSilent(saga)
    if (message.succeeded) return this.whenDone(saga)
    return this.stepOf(saga).kind === 'retriable' ? undefined : this.whenRefused(saga, message.reason)
  }

  private stepOf({ step }: SagaState): SagaStep<never> {
    return this.steps.find(({ name }) => name === step) as SagaStep<never>
  }

  /** Asks for the next action from a step on. */
  private forward(saga: SagaState, from: number): SagaDecision {
    let { registered } = saga
    for (let index = from; index < this.steps.length; index++) {
      const { name, state, action, compensation } = this.steps[index] as SagaStep<never>
      const isRegistered = action === undefined || this.rules.registration === 'before-action'
      if (compensation !== undefined && isRegistered) registered = [...registered, name]
      if (action === undefined) continue
      const request = requestOf(saga.sagaId, 'action', name)
      const next = { ...saga, step: name, state, pending: request.requestId, attempts: 1, registered }
      return { next, requests: [request] }
    }
    return {
      next: { ...saga, status: 'COMPLETED', state: 'COMPLETED', pending: null, registered },
      requests: [],
    }
  }

  private whenDone(saga: SagaState): SagaDecision {
    const step = this.stepOf(saga)
    const { name, compensation, kind } = step
    const isLate = compensation !== undefined && !saga.registered.includes(name)
    const registered = kind === 'pivot' ? [] : isLate ? [...saga.registered, name] : saga.registered
    return this.forward({ ...saga, registered }, this.steps.indexOf(step) + 1)
  }

  /** The participant has done nothing, and says so. */
  private whenRefused(saga: SagaState, reason: string): SagaDecision {
    const registered = saga.registered.filter((name) => name !== saga.step)
    return this.undo({ ...saga, registered, reason })
  }

  /** Nobody knows what became of the action. */
  private whenSilent(saga: SagaState): SagaDecision {
    const { kind = 'compensatable' } = this.stepOf(saga)
    if (kind === 'compensatable' && saga.attempts >= this.attempts)
      return this.undo({ ...saga, reason: `${saga.step} was not answered` })
    return this.again(saga, 'action')
  }

  private again(saga: SagaState, part: SagaRequest['part']): SagaDecision {
    const next = { ...saga, attempts: saga.attempts + 1 }
    return { next, requests: [requestOf(saga.sagaId, part, saga.step)] }
  }

  /** Undoes what is registered, the last of it first. */
  private undo(saga: SagaState): SagaDecision {
    const { registered, sagaId } = saga
    const last = registered.at(-1)
    if (last === undefined || this.rules.undo === 'at-once') {
      const requests = registered.map((name) => requestOf(sagaId, 'compensation', name))
      const next: SagaState = {
        ...saga,
        status: 'COMPENSATED',
        state: 'COMPENSATED',
        pending: null,
        registered: [],
      }
      return { next, requests }
    }
    const request = requestOf(sagaId, 'compensation', last)
    const next: SagaState = {
      ...saga,
      status: 'COMPENSATING',
      state: `UNDOING ${last}`,
      step: last,
      pending: request.requestId,
      attempts: 1,
    }
    return { next, requests: [request] }
  }

  private whileUndoing(saga: SagaState, message: SagaMessage): SagaDecision | undefined {
    const undone = (): SagaDecision => this.undo({ ...saga, registered: saga.registered.slice(0, -1) })
    if (message.kind === 'reply') return message.succeeded ? undone() : undefined
    if (saga.attempts < this.compensationAttempts) return this.again(saga, 'compensation')
    if (this.rules.failedCompensation === 'ignored') return undone()
    return {
      next: { ...saga, status: 'COMPENSATION_FAILED', state: `STUCK AT ${saga.step}`, pending: null },
      requests: [],
    }
  }
}
