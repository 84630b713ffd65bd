import type { TransactionOptions } from '../database/options.ts'
import { Session } from '../database/session.ts'
import type { Statement } from '../database/statement.ts'
import { operationNumber } from '../kernel/step.ts'
import { type Continuation, Deferred, Operation } from '../kernel/task.ts'
import { type Plain, sealWhole } from '../kernel/value.ts'
import type { AccessTo, StatementScope, TableAccess } from './access.ts'
import type { Context } from './context.ts'
import type { Envelope } from './envelope.ts'
import type { TransactionWitness } from './history.ts'
import { makeEnvelope } from './publish.ts'
import type { EventType, TableSpec, TimerType } from './schema.ts'
import type { TimerMoment } from './timers.ts'

const COMMIT = operationNumber('tx.commit')
const LOCK = operationNumber('tx.lock')
/** What the runtime adds to most transactions. */
export const NO_STATEMENTS: readonly Statement[] = []

/** What a service's code sees of a transaction. */
export type Tx<Tables> = AccessTo<Tables> & {
  /** Publishes an event by way of the service's outbox. */
  publish<Data>(type: EventType<Data>, data: Data): Promise<void>
  /**
   * Sets a timer of a key, or sets it anew: it fires when its time has come, if this transaction commits.
   * @param moment `{ after: '5s' }`, or `{ at: milliseconds since 1970 }`
   */
  setTimer<Payload>(
    type: TimerType<Payload>,
    key: string,
    moment: TimerMoment,
    ...payload: Payload extends undefined ? [] : [payload: Payload]
  ): Promise<void>
  /** Takes a timer back. The transaction of a handler that is just firing it either commits before this one, or never. */
  cancelTimer(type: TimerType<unknown>, key: string): Promise<void>
}

/**
 * One transaction of one handler. Its tables are properties, defined per service on a subclass. Statements that the
 * runtime adds (inbox rows, the timer that is done) travel in the same packet as the first statement of the handler.
 */
export class TransactionScope implements StatementScope, Continuation<unknown> {
  readonly context: Context
  /** What to do when the commit was acknowledged: a dual write publishes here. */
  afterCommit: (() => Promise<unknown>)[] | undefined
  private readonly session: Session
  /** Tells properties what it does, if one asks. */
  private readonly witness: TransactionWitness | undefined
  private readonly outcome = new Deferred()
  /** What the runtime adds before the first statement. */
  private readonly preludes: readonly Statement[]
  private preludesSent = false
  /** What it had to do last, of which nothing stays if it fails. */
  private conclusion: Context['conclusion'] = undefined
  private ended = false
  private result: unknown = undefined

  constructor(context: Context, options?: TransactionOptions) {
    this.context = context
    this.session = new Session(context.runtime.database, context.process, context.task, options)
    this.witness = context.runtime.histories?.witness(context)
    this.session.witness = this.witness
    this.preludes = context.preludes
    context.preludes = NO_STATEMENTS
  }

  /** Runs a handler's work, commits, and settles with what the work gave. */
  run(work: (tx: never) => Promise<unknown>): Promise<unknown> {
    const { outcome } = this
    let working: Promise<unknown>
    try {
      working = work(this as never)
    } catch (error) {
      this.broken(error)
      return outcome.promise
    }
    Promise.resolve(working).then(
      (result) => this.conclude(result),
      (error) => this.broken(error),
    )
    return outcome.promise
  }

  perform(operation: number, statement: Statement): Promise<unknown> {
    if (this.ended) return Promise.reject(endedError(this.context))
    const pending = this.context.task.begin<unknown>(operation)
    if (pending === undefined) return Operation.never()
    this.session.send(this.sendPreludes(), statement, pending)
    return pending.promise
  }

  /** Publishes an event: its id is made here, together with the fact. */
  publish(type: EventType<unknown>, data: unknown): Promise<unknown> {
    const event: Envelope = makeEnvelope(this.context, type, data)
    sealWhole(event, type.name)
    this.witness?.publishes(type.topic.name, event)
    return this.context.runtime.outbox.publish(this, type.topic.name, event)
  }

  /** Sets a timer as part of this transaction. */
  setTimer(type: TimerType<unknown>, key: string, moment: TimerMoment, payload: Plain = null): Promise<void> {
    const { runtime, process } = this.context
    return runtime.timersOf(process).set(this, type, key, moment, payload)
  }

  /** Takes a timer back as part of this transaction. */
  cancelTimer(type: TimerType<unknown>, key: string): Promise<void> {
    const { runtime, process } = this.context
    return runtime.timersOf(process).cancel(this, type, key)
  }

  /** Waits for an advisory lock. */
  lock(key: string): Promise<unknown> {
    return this.perform(LOCK, advisory(key, false))
  }

  /** Takes an advisory lock if nobody has it. */
  tryLock(key: string): Promise<unknown> {
    return this.perform(LOCK, advisory(key, true))
  }

  /** A table of a component, by its specification or its name. */
  table<Row, New>(spec: TableSpec<Row, New>): TableAccess<Row, New>
  table(name: string): TableAccess<Record<string, unknown>>
  table(table: TableSpec<unknown> | string): unknown {
    return this.context.runtime.scoped(this, typeof table === 'string' ? table : table.name)
  }

  /** The commit is durable and acknowledged. */
  completed(): void {
    if (this.afterCommit === undefined) this.outcome.resolve(this.result)
    else this.outcome.resolve(this.followUp(this.afterCommit))
  }

  failed(error: unknown): void {
    // Nothing of it stays, so what must be part of the first transaction goes with the next one.
    if (this.preludes.length > 0) this.context.preludes = this.preludes
    this.context.conclusion ??= this.conclusion
    this.outcome.reject(error)
  }

  /** Does what must be the last thing of the first transaction, and commits. */
  private conclude(result: unknown): void {
    const { context } = this
    const { conclusion } = context
    if (conclusion === undefined) {
      this.commit(result)
      return
    }
    this.conclusion = conclusion
    context.conclusion = undefined
    conclusion(this).then(
      () => this.commit(result),
      (error) => this.broken(error),
    )
  }

  /** Commits; what the runtime added is sent first if the handler made no statement. */
  private commit(result: unknown): void {
    const { context, session } = this
    if (!context.task.incarnation.alive) return
    this.result = result
    this.ended = true
    const prelude = this.sendPreludes()
    if (prelude !== undefined) session.send(undefined, prelude, undefined)
    const pending = context.task.begin<unknown>(COMMIT, undefined, this)
    if (pending !== undefined) session.commit(pending)
  }

  /** Sends what comes before the first statement, all but the last, which is to travel with it. */
  private sendPreludes(): Statement | undefined {
    const { preludes, preludesSent, session } = this
    if (preludesSent) return undefined
    this.preludesSent = true
    for (let index = 0; index < preludes.length - 1; index++)
      session.send(undefined, preludes[index] as Statement, undefined)
    return preludes[preludes.length - 1]
  }

  /** The work threw: rolls back, and waits for nothing. A dead process sends nothing: the server notices its end by itself. */
  private broken(error: unknown): void {
    this.ended = true
    if (this.context.task.incarnation.alive) this.session.rollback()
    this.failed(error)
  }

  private async followUp(actions: readonly (() => Promise<unknown>)[]): Promise<unknown> {
    for (const action of actions) await action()
    return this.result
  }
}

const advisory = (key: string, attempt: boolean): Statement => ({
  kind: 'advisory lock',
  lock: { key, scope: 'transaction' },
  try: attempt,
})

/** What a driver says of a statement that comes too late: mostly one that nobody awaited. */
function endedError({ task }: Context): Error {
  return new Error(`the transaction of ${task.handler.fullName} has ended: await its statements inside it`)
}
