import { SimError } from '../kernel/error.ts'
import type { Plain } from '../kernel/value.ts'
import { states } from '../service/lifecycle.ts'
import { checkOptionNames } from '../service/option.ts'
import { integer, named, plain, type TimerType, table, text, timer } from '../service/schema.ts'
import type { TransactionScope } from '../service/transaction.ts'
import { type ContextWith, contextBehind } from './door.ts'
import {
  actionOf,
  checkSaga,
  SAGA_RULES,
  type SagaCommand,
  type SagaDecision,
  type SagaDefinition,
  SagaMachine,
  type SagaMessage,
  type SagaRequest,
  type SagaRules,
  type SagaState,
} from './saga-state.ts'

/** Where sagas are kept, the right one first. */
export const SAGA_STORES = ['database', 'in-memory', 'one-object'] as const
/** How commands leave the orchestrator, the right one first. */
export const SAGA_COMMANDS = ['outbox', 'after-commit', 'before-commit'] as const
/** How transitions of one saga at the same time are kept apart, the right one first. */
export const SAGA_VERSIONS = ['checked', 'blind'] as const
/** Whether silence is noticed, the right one first. */
export const SAGA_TIMEOUTS = ['durable', 'none'] as const

/** Variants of an orchestrator; every default is right. */
export interface SagaOptions extends Partial<SagaRules> {
  /**
   * `database`: a row that is part of the transaction of every transition. `in-memory`: gone with its instance, and out of
   * reach for the others. `one-object`: one state for all sagas of an instance.
   */
  readonly store?: (typeof SAGA_STORES)[number]
  /**
   * `outbox`: part of the transaction. `after-commit`: sent when it has committed, lost in a crash between. `before-commit`:
   * sent before, so that answers may come earlier than what they answer (Z56) and stay when it rolls back.
   */
  readonly commands?: (typeof SAGA_COMMANDS)[number]
  /** `checked`: of two transitions from one version one is refused, and tried again. `blind`: the last one wins (Z57). */
  readonly versions?: (typeof SAGA_VERSIONS)[number]
  /** `durable`: a timer per request, part of the transaction. `none`: what is not answered is waited for. */
  readonly timeouts?: (typeof SAGA_TIMEOUTS)[number]
}

const SAGAS = named(
  'sagas',
  table(
    {
      sagaId: text,
      status: states({
        RUNNING: { next: ['COMPLETED', 'COMPENSATING', 'COMPENSATED'], by: ['SagaTimeout'] },
        COMPLETED: { end: true },
        COMPENSATING: { next: ['COMPENSATED', 'COMPENSATION_FAILED'], by: ['SagaTimeout'] },
        COMPENSATED: { end: true },
        COMPENSATION_FAILED: { end: true },
      }),
      state: text,
      step: text,
      pending: plain<string | null>(),
      attempts: integer,
      registered: plain<readonly string[]>(),
      reason: text,
      version: integer,
      data: plain<Plain>(),
    },
    { key: 'sagaId', indexes: ['status'] },
  ),
)

/** The columns of the table `sagas`, which the orchestrator's service declares: `sagas: sagaTable()`. */
export const sagaTable = () => SAGAS

/** An answer of a participant. */
export interface SagaReply {
  readonly sagaId: string
  readonly requestId: string
  readonly succeeded: boolean
  readonly reason: string
}

/** Two transitions began from one version of a saga: the second one finds another. */
export class SagaConflictError extends Error {
  constructor(sagaId: string) {
    super(`saga ${sagaId} has changed meanwhile`)
    this.name = 'SagaConflictError'
  }
}

/** An answer came for a saga that is not there (yet). */
export class SagaNotFoundError extends Error {
  constructor(sagaId: string) {
    super(`there is no saga ${sagaId}`)
    this.name = 'SagaNotFoundError'
  }
}

/** A context that a saga works in: that of a handler of a service with a table `sagas`. */
type Ctx = ContextWith<{ readonly sagas: typeof SAGAS }>

/**
 * Conducts sagas of one definition, in one life of an instance: made in a service's factory, which hands it what arrives.
 * State, commands, timer and inbox row of a transition are one transaction.
 */
export class Orchestrator<Data extends Plain> {
  /** Its timer: the service hands it to `onTimer`. */
  readonly timeout: TimerType<{ readonly sagaId: string; readonly requestId: string }> = timer('SagaTimeout')
  private readonly definition: SagaDefinition<Data>
  private readonly options: Required<Omit<SagaOptions, keyof SagaRules>>
  private readonly machine: SagaMachine
  /** What it remembers where sagas are not in the database. */
  private readonly memory = new Map<string, SagaState>()

  /** @throws SimError 'definition' when two steps have one name, or none has an action */
  constructor(definition: SagaDefinition<Data>, options: SagaOptions = {}) {
    checkOptionNames('orchestrator', options, {
      store: SAGA_STORES,
      commands: SAGA_COMMANDS,
      versions: SAGA_VERSIONS,
      timeouts: SAGA_TIMEOUTS,
      replies: ['request-id', 'any'],
      registration: ['before-action', 'after-success'],
      undo: ['in-reverse', 'at-once'],
      failedCompensation: ['visible', 'ignored'],
    })
    checkSaga(definition as SagaDefinition<never>)
    const names = definition.steps.map(({ name }) => name)
    if (new Set(names).size < names.length || !definition.steps.some(({ action }) => action !== undefined))
      throw new SimError(
        'definition',
        `a saga has the steps ${names.join(', ')}: expected different names, and an action`,
      )
    this.definition = definition
    this.options = {
      store: options.store ?? 'database',
      commands: options.commands ?? 'outbox',
      versions: options.versions ?? 'checked',
      timeouts: options.timeouts ?? 'durable',
    }
    this.machine = new SagaMachine(definition as unknown as SagaDefinition<never>, {
      ...SAGA_RULES,
      ...options,
    })
  }

  /** Starts a saga, unless there is one of this id. */
  start(ctx: Ctx, sagaId: string, data: Data): Promise<void> {
    return this.transact(ctx, async (tx) => {
      if ((await this.load(tx, sagaId, true)) !== undefined) return undefined
      return { before: undefined, decision: this.machine.start(sagaId, data) }
    })
  }

  /**
   * Takes an answer: late and duplicate ones change nothing.
   * @throws SagaNotFoundError when there is no such saga: the answer comes again
   */
  replied(ctx: Ctx, { sagaId, requestId, succeeded, reason }: SagaReply): Promise<void> {
    return this.move(ctx, sagaId, { kind: 'reply', requestId, succeeded, reason })
  }

  /** A timer has fired: it changes nothing when its request has been answered. */
  timedOut(
    ctx: Ctx,
    { sagaId, requestId }: { readonly sagaId: string; readonly requestId: string },
  ): Promise<void> {
    return this.move(ctx, sagaId, { kind: 'timeout', requestId })
  }

  private move(ctx: Ctx, sagaId: string, message: SagaMessage): Promise<void> {
    return this.transact(ctx, async (tx) => {
      const before = await this.load(tx, sagaId, false)
      // In memory there is nothing to wait for: whoever knew of it is gone.
      if (before === undefined && this.options.store !== 'database') return undefined
      if (before === undefined) throw new SagaNotFoundError(sagaId)
      const decision = this.machine.decide(before, message)
      return decision === undefined ? undefined : { before, decision }
    })
  }

  /** Decides in a transaction and does there what was decided, sends included unless they are told to go elsewhere. */
  private async transact(
    ctx: Ctx,
    decide: (
      tx: TransactionScope,
    ) => Promise<{ readonly before: SagaState | undefined; readonly decision: SagaDecision } | undefined>,
  ): Promise<void> {
    const context = contextBehind(ctx)
    const { commands } = this.options
    const sends = (await context.transaction(async (tx: TransactionScope) => {
      const decided = await decide(tx)
      if (decided === undefined) return []
      const { before, decision } = decided
      const sagaId = before?.sagaId ?? decision.next.sagaId
      await this.save(tx, before, { ...decision.next, sagaId })
      await this.watch(tx, decision.next)
      const toSend = decision.requests.map((request) => this.commandOf(request, decision.next))
      if (commands === 'after-commit') return toSend
      for (const [command, data] of toSend)
        if (commands === 'outbox') await tx.publish(command.type, data)
        else await context.publish(command.type, data)
      return []
    })) as readonly (readonly [SagaCommand<Data>, unknown])[]
    for (const [command, data] of sends) await context.publish(command.type, data)
  }

  private commandOf(
    { step, part, requestId }: SagaRequest,
    { sagaId, data }: SagaState,
  ): readonly [SagaCommand<Data>, unknown] {
    const { action, compensation } = this.definition.steps.find(({ name }) => name === step) ?? {}
    const command = (part === 'action' ? action : compensation) as SagaCommand<Data>
    return [
      command,
      command.make({ sagaId, requestId, actionId: actionOf(sagaId, step), data: data as Data }),
    ]
  }

  /** Where sagas share one object, whichever was started last is meant. */
  private keyOf(sagaId: string): string {
    return this.options.store === 'one-object' ? 'the saga' : sagaId
  }

  private async load(tx: TransactionScope, sagaId: string, starts: boolean): Promise<SagaState | undefined> {
    if (this.options.store === 'database') return tx.table(SAGAS).get(sagaId)
    const known = this.memory.get(this.keyOf(sagaId))
    return starts && known?.sagaId !== sagaId ? undefined : known
  }

  private async save(tx: TransactionScope, before: SagaState | undefined, next: SagaState): Promise<void> {
    const { store, versions } = this.options
    if (store !== 'database') {
      this.memory.set(this.keyOf(next.sagaId), next)
      return
    }
    const sagas = tx.table(SAGAS)
    if (before === undefined) {
      await sagas.insert({ ...next })
      return
    }
    const { sagaId, ...columns } = next
    const { version } = before
    const where = versions === 'checked' ? { sagaId, version } : { sagaId }
    if ((await sagas.update(where, { ...columns, version: version + 1 })) === 0)
      throw new SagaConflictError(sagaId)
  }

  /** Sets the timer of the request that is waited for, or takes the last one back. */
  private async watch(tx: TransactionScope, { sagaId, pending }: SagaState): Promise<void> {
    if (this.options.timeouts === 'none') return
    if (pending === null) await tx.cancelTimer(this.timeout, sagaId)
    else
      await tx.setTimer(
        this.timeout,
        sagaId,
        { after: this.definition.timeout },
        { sagaId, requestId: pending },
      )
  }
}
