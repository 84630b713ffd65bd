import { Session } from '../database/session.ts'
import type { Statement } from '../database/statement.ts'
import { operationNumber } from '../kernel/step.ts'
import { Operation } from '../kernel/task.ts'
import { seal } from '../kernel/value.ts'
import { ScopedTable, type StatementScope, type TableAccess } from './access.ts'
import type { Context } from './context.ts'
import { makeEnvelope } from './publish.ts'
import type { Envelope } from './envelope.ts'
import type { EventType } from './schema.ts'

const COMMIT = operationNumber('tx.commit')

/** What a service's code sees of a transaction. */
export type Tx<Tables> = { readonly [Name in keyof Tables]: Tables[Name] extends { readonly row?: infer Row } ? TableAccess<NonNullable<Row>> : never } & {
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
  readonly afterCommit: (() => Promise<unknown>)[] = []
  private readonly session: Session
  private prelude: readonly Statement[]

  constructor(context: Context, prelude: readonly Statement[]) {
    this.context = context
    this.session = new Session(context.runtime.database, context.process, context.task)
    this.prelude = prelude
  }

  perform(operation: number, statement: Statement): Promise<unknown> {
    const pending = this.context.task.begin<unknown>(operation)
    if (pending === undefined) return Operation.never()
    if (this.prelude.length > 0) {
      this.session.sendTogether(this.prelude, statement, pending)
      this.prelude = []
    } else {
      this.session.send(statement, pending)
    }
    return pending.promise
  }

  /** Publishes an event: its id is made here, together with the fact. */
  publish(type: EventType<unknown>, data: unknown): Promise<void> {
    const event: Envelope = makeEnvelope(this.context, type, data)
    seal(event, type.name)
    return this.context.runtime.outbox.publish(this, type.topic.name, event)
  }

  /** A table by name, for components. */
  table(name: string): TableAccess<Record<string, unknown>> {
    const { runtime } = this.context
    return new ScopedTable(this, runtime.binding(name), runtime.database.table(name))
  }

  /** Commits; what the runtime added is sent first if the handler made no statement. */
  async commit(): Promise<void> {
    for (const statement of this.prelude) this.session.send(statement, undefined)
    const pending = this.context.task.begin<unknown>(COMMIT)
    if (pending === undefined) return Operation.never()
    this.session.commit(pending)
    await pending.promise
    for (const action of this.afterCommit) await action()
  }

  /** Rolls back; nothing is awaited. */
  rollback(): void {
    this.session.rollback()
  }
}
