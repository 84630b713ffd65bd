import { Session } from '../database/session.ts'
import type { Statement } from '../database/statement.ts'
import { operationNumber } from '../kernel/step.ts'
import { Operation } from '../kernel/task.ts'
import { sealWhole } from '../kernel/value.ts'
import type { AccessTo, StatementScope, TableAccess } from './access.ts'
import type { Context } from './context.ts'
import type { Envelope } from './envelope.ts'
import { makeEnvelope } from './publish.ts'
import type { EventType } from './schema.ts'

const COMMIT = operationNumber('tx.commit')

/** What a service's code sees of a transaction. */
export type Tx<Tables> = AccessTo<Tables> & {
  /** Publishes an event by way of the service's outbox. */
  publish<Data>(type: EventType<Data>, data: Data): Promise<void>
}

/**
 * One transaction of one handler. Its tables are properties, defined per service on a subclass. Statements that the
 * runtime adds (the inbox row) travel in the same packet as the first statement of the handler.
 */
export class TransactionScope implements StatementScope {
  readonly context: Context
  /** What to do when the commit was acknowledged: a dual write publishes here. */
  afterCommit: (() => Promise<unknown>)[] | undefined
  private readonly session: Session
  private prelude: Statement | undefined
  private ended = false

  constructor(context: Context, prelude: Statement | undefined) {
    this.context = context
    this.session = new Session(context.runtime.database, context.process, context.task)
    this.prelude = prelude
  }

  perform(operation: number, statement: Statement): Promise<unknown> {
    if (this.ended) return Promise.reject(endedError(this.context))
    const pending = this.context.task.begin<unknown>(operation)
    if (pending === undefined) return Operation.never()
    if (this.prelude === undefined) {
      this.session.send([statement], pending)
    } else {
      this.session.send([this.prelude, statement], pending)
      this.prelude = undefined
    }
    return pending.promise
  }

  /** Publishes an event: its id is made here, together with the fact. */
  publish(type: EventType<unknown>, data: unknown): Promise<unknown> {
    const event: Envelope = makeEnvelope(this.context, type, data)
    sealWhole(event, type.name)
    return this.context.runtime.outbox.publish(this, type.topic.name, event)
  }

  /** A table by name, for components. */
  table(name: string): TableAccess<Record<string, unknown>> {
    return this.context.runtime.scoped(this, name)
  }

  /** Commits; what the runtime added is sent first if the handler made no statement. */
  commit(): Promise<unknown> {
    if (!this.context.task.incarnation.alive) return Operation.never()
    this.ended = true
    if (this.prelude !== undefined) this.session.send([this.prelude], undefined)
    const pending = this.context.task.begin<unknown>(COMMIT)
    if (pending === undefined) return Operation.never()
    this.session.commit(pending)
    return pending.promise
  }

  /** Rolls back; nothing is awaited. A dead process sends nothing: the server notices its end by itself. */
  rollback(): void {
    this.ended = true
    if (this.context.task.incarnation.alive) this.session.rollback()
  }
}

/** What a driver says of a statement that comes too late: mostly one that nobody awaited. */
function endedError({ task }: Context): Error {
  return new Error(`the transaction of ${task.handler.fullName} has ended: await its statements inside it`)
}
