import type { Process } from '../cluster/process.ts'
import { DatabaseError } from '../database/error.ts'
import { lte } from '../database/predicate.ts'
import type { Actor, Ticket } from '../kernel/queue.ts'
import { Task } from '../kernel/task.ts'
import { clockMillis, type DurationText, durationMicros, momentOf, positiveMicros } from '../kernel/time.ts'
import { type Plain, sealPlain } from '../kernel/value.ts'
import type { Context } from './context.ts'
import type { JobSpec } from './job.ts'
import type { ServiceRuntime } from './runtime.ts'
import { integer, optional, plain, type TimerType, table, text } from './schema.ts'
import type { TransactionScope } from './transaction.ts'

/** Where timers are kept, the right one first. */
export const TIMER_STORES = ['same-transaction', 'in-memory'] as const

/**
 * `same-transaction`: in the service's database, part of the transaction that sets them. `in-memory`: in the instance that
 * sets them, from its commit on: gone with it, and out of reach for the other instances.
 */
export type TimerStore = (typeof TIMER_STORES)[number]

/** Options of a service's timers. */
export interface TimerOptions {
  /** Default: `same-transaction`. */
  readonly store?: TimerStore
  /** How often an instance looks for timers that are due, while there are any. Default: 100ms. */
  readonly every?: DurationText
  /** How long the instance that fires a timer has, before another may fire it again. Default: 10s. */
  readonly retryAfter?: DurationText
}

/** When a timer is to fire: a moment in milliseconds since 1970, or a while from now. */
export type TimerMoment = { readonly at: number } | { readonly after: DurationText }

/** A timer that fires. */
export interface FiredTimer<Payload> {
  readonly key: string
  readonly payload: Payload
  /** When it was to fire, in milliseconds since 1970. */
  readonly dueAt: number
}

/** What a service does when timers of a type fire. */
export type TimerHandler = (timer: FiredTimer<unknown>, context: Context) => Promise<void>

/** The timers that are set. */
export const TIMERS = table(
  {
    timerId: text,
    /** Which of the timers of this id: setting one again makes another. */
    setting: text,
    name: text,
    key: text,
    /** When it was to fire. */
    dueAt: integer,
    /** When an instance may fire it: later than it is due while one has just tried to. */
    fireAt: integer,
    payload: plain<Plain>(),
    correlationId: text,
    causationId: optional(text),
  },
  { key: 'timerId' },
)

type TimerRow = NonNullable<(typeof TIMERS)['row']>

const BATCH = 100

/** The timers of one life of an instance. */
export class Timers {
  private readonly runtime: ServiceRuntime
  private readonly process: Process
  private readonly handlers: ReadonlyMap<string, TimerHandler>
  private readonly retryMillis: number
  private readonly memory: MemoryTimers | undefined

  constructor(runtime: ServiceRuntime, process: Process, handlers: ReadonlyMap<string, TimerHandler>) {
    const { store = 'same-transaction', retryAfter = '10s' } = runtime.timerOptions
    this.runtime = runtime
    this.process = process
    this.handlers = handlers
    this.retryMillis = Math.ceil(positiveMicros(retryAfter, `timers of ${runtime.name}: retryAfter`) / 1_000)
    this.memory = store === 'in-memory' ? new MemoryTimers(process, (row) => this.fire(row, [])) : undefined
  }

  /** The job that looks for timers that are due; it costs nothing until the first of them is. */
  job(): JobSpec {
    const { every = '100ms' } = this.runtime.timerOptions
    return {
      name: 'timers',
      everyMicros: positiveMicros(every, `timers of ${this.runtime.name}: every`),
      input: { table: 'timers', where: {}, due: 'fireAt' },
      run: (context) => this.poll(context),
    }
  }

  /** Sets a timer as part of a transaction, instead of the one of its type and key if there is one. */
  async set(
    transaction: TransactionScope,
    { name }: TimerType<unknown>,
    key: string,
    moment: TimerMoment,
    payload: Plain,
  ): Promise<void> {
    const { context } = transaction
    this.runtime.checkTimer(name, this.handlers)
    const now = clockMillis(this.process.kernel.nowMicros)
    const dueAt = Math.ceil('at' in moment ? moment.at : now + durationMicros(moment.after) / 1_000)
    const timerId = `${name}/${key}`
    const row: TimerRow = {
      timerId,
      setting: context.id(`timer ${timerId}`),
      name,
      key,
      dueAt,
      fireAt: dueAt,
      payload,
      correlationId: context.correlationId,
      causationId: context.causationId,
    }
    if (this.memory !== undefined) {
      this.memory.whenCommitted(transaction, (memory) => memory.set(row))
      return
    }
    const timers = transaction.table('timers')
    const { timerId: _, ...columns } = row
    if ((await timers.update({ timerId }, columns)) === 0) await timers.insert(row)
  }

  /** Takes a timer back as part of a transaction: what a handler of it has not committed by then it never will. */
  async cancel(transaction: TransactionScope, { name }: TimerType<unknown>, key: string): Promise<void> {
    const timerId = `${name}/${key}`
    if (this.memory === undefined) await transaction.table('timers').delete({ timerId })
    else this.memory.whenCommitted(transaction, (memory) => memory.cancel(timerId))
  }

  /** Fires the timers that are due, each at one instance unless that takes too long. */
  private async poll(context: Context): Promise<void> {
    const now = context.now()
    const timers = context.table('timers')
    const due = await timers.select({ where: { fireAt: lte(now) }, orderBy: 'fireAt', limit: BATCH })
    for (const row of due as readonly TimerRow[]) {
      const { timerId, setting } = row
      const mine = { timerId, setting, fireAt: lte(now) }
      const claimed = await timers.update(mine, { fireAt: now + this.retryMillis })
      if (claimed > 0) this.fire(row, [context.task.cause])
    }
  }

  private fire(row: TimerRow, causes: readonly number[]): void {
    const { runtime, process } = this
    const { kernel } = process
    const { name, key, payload, dueAt, timerId, setting } = row
    const entity = kernel.choices.entity(row.correlationId)
    const [by = kernel.cause] = causes
    kernel.digest.word(sealPlain(row, 'timer'))
    const cause = kernel.record('timer', process.name, entity, by, kernel.trace && { name, key, payload })
    const task = new Task(kernel, process.incarnation, runtime.site(name), entity, cause)
    const context = new runtime.Context(runtime, process, task, undefined)
    context.inherited = row.causationId
    // Who takes the row away has fired the timer: the handler that finds none comes too late.
    if (this.memory === undefined) {
      const query = { where: { timerId, setting } }
      context.preludes = [{ kind: 'delete', table: runtime.database.table('timers'), query, strict: true }]
    }
    const handler = this.handlers.get(name) as TimerHandler
    const ended = (error: unknown): void => {
      if (error === undefined && context.preludes.length > 0) context.flush(ended)
      else if (error === undefined || isGone(error)) runtime.untroubled(timerId)
      else if (runtime.handlerFailed(process, task, error)) runtime.troubled(timerId, task, error)
    }
    task.start({ run: () => handler({ key, payload, dueAt }, context), ended })
  }
}

/** Another instance has fired the same timer, or somebody has taken it back or set it anew, and was first. */
function isGone(error: unknown): boolean {
  return error instanceof DatabaseError && error.sqlState === 'P0002' && error.table === 'timers'
}

/** Timers that die with the life that set them. */
class MemoryTimers implements Actor {
  private readonly process: Process
  private readonly life: Process['incarnation']
  private readonly fire: (row: TimerRow) => void
  private readonly tickets = new Map<string, Ticket>()

  constructor(process: Process, fire: (row: TimerRow) => void) {
    this.process = process
    this.life = process.incarnation
    this.fire = fire
  }

  whenCommitted(transaction: TransactionScope, act: (memory: MemoryTimers) => void): void {
    transaction.afterCommit ??= []
    transaction.afterCommit.push(async () => act(this))
  }

  set(row: TimerRow): void {
    this.cancel(row.timerId)
    const { kernel } = this.process
    const entity = kernel.choices.entity(row.correlationId)
    const atMicros = Math.max(kernel.nowMicros, momentOf(row.dueAt))
    this.tickets.set(row.timerId, kernel.scheduleAt(atMicros, entity, this, 0, row, kernel.cause))
  }

  cancel(timerId: string): void {
    const ticket = this.tickets.get(timerId)
    if (ticket === undefined) return
    this.tickets.delete(timerId)
    this.process.kernel.cancel(ticket)
  }

  onEvent(_code: number, subject: unknown): void {
    const row = subject as TimerRow
    this.tickets.delete(row.timerId)
    this.fire(row)
  }

  livesIn(): Process['incarnation'] {
    return this.life
  }

  diesWith(life: Process['incarnation']): boolean {
    return this.life === life
  }
}
