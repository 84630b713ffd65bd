import type { Link } from '../cluster/network.ts'
import type { Process, ProcessResource } from '../cluster/process.ts'
import { SimError } from '../kernel/error.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { hashText } from '../kernel/mix.ts'
import type { Actor } from '../kernel/queue.ts'
import type { Operation, Task } from '../kernel/task.ts'
import type { Database } from './database.ts'
import { DatabaseError } from './error.ts'
import { type Answer, evaluate, type Statement } from './statement.ts'
import { Transaction } from './transaction.ts'

const STATEMENT_ARRIVES = 0
const COMMIT_ARRIVES = 1
const COMMIT_ACKNOWLEDGED = 2
const ROLLBACK_ARRIVES = 3

/**
 * A client's connection for the length of one transaction. Statements arrive in the order in which they were sent; a
 * request pays for the whole round trip, so that an answer costs no event, except a commit's: between durable and
 * acknowledged a crash must fit. When the client's process dies, what it had sent still arrives; then the server
 * notices the closed connection and rolls back.
 */
export class Session implements Actor, ProcessResource {
  private readonly database: Database
  private readonly kernel: Kernel
  private readonly process: Process
  private readonly task: Task
  private readonly there: Link
  private readonly back: Link
  private readonly transaction: Transaction
  /** Why the transaction failed, answered to every later statement. */
  private failure: Error | undefined

  constructor(database: Database, process: Process, task: Task) {
    this.database = database
    this.kernel = database.kernel
    this.process = process
    this.task = task
    this.there = database.network.link(process, database.process)
    this.back = database.network.link(database.process, process)
    this.transaction = new Transaction(database)
    process.attach(this)
  }

  /** A transaction of one statement that only reads: it holds nothing, so nothing needs to end it. */
  static read(database: Database, process: Process, task: Task, statement: Statement, operation: Operation<unknown>): void {
    const session = new Session(database, process, task)
    process.detach(session)
    session.send(statement, operation)
  }

  /** Sends a statement; its answer completes the operation, if one is given. */
  send(statement: Statement, operation: Operation<unknown> | undefined): void {
    this.post(STATEMENT_ARRIVES, { statement, operation })
  }

  /** Sends several statements in one packet; they are evaluated at one moment, in order. */
  sendTogether(statements: readonly Statement[], last: Statement, operation: Operation<unknown>): void {
    this.post(STATEMENT_ARRIVES, { statement: last, operation, first: statements })
  }

  /** Sends COMMIT; acknowledged after everything is durable. */
  commit(operation: Operation<unknown>): void {
    this.process.detach(this)
    this.post(COMMIT_ARRIVES, { operation })
  }

  /** Sends ROLLBACK. */
  rollback(): void {
    this.process.detach(this)
    this.post(ROLLBACK_ARRIVES, undefined)
  }

  processEnded(cause: number): void {
    this.database.network.send(this.there, this.task.entity, this, ROLLBACK_ARRIVES, undefined, cause)
  }

  onEvent(code: number, subject: unknown): void {
    if (code === COMMIT_ACKNOWLEDGED) {
      const { operation } = subject as Packet
      operation?.complete(undefined, 0, this.kernel.cause)
      return
    }
    if (this.transaction.state === 'ended') return
    if (code === ROLLBACK_ARRIVES) this.transaction.rollback()
    else if (code === COMMIT_ARRIVES) this.executeCommit(subject as Packet)
    else this.execute(subject as Packet)
  }

  private post(code: number, packet: Packet | undefined): void {
    this.database.network.send(this.there, this.task.entity, this, code, packet, this.task.cause)
  }

  private execute(packet: Packet): void {
    const { kernel } = this
    const cause = kernel.cause
    const retry = (): void => {
      if (this.transaction.state !== 'ended') this.execute(packet)
    }
    try {
      if (this.failure !== undefined) throw this.failure
      while (packet.first !== undefined && packet.first.length > 0) {
        const [head, ...rest] = packet.first
        if (evaluate(head as Statement, this.transaction, retry) === undefined) return
        packet.first = rest
      }
      const answer = evaluate(packet.statement as Statement, this.transaction, retry)
      if (answer !== undefined) this.answer(packet, answer, cause)
    } catch (error) {
      this.reject(packet, error, cause)
    }
  }

  private answer(packet: Packet, answer: Answer, cause: number): void {
    const { kernel } = this
    if (kernel.trace === undefined) {
      packet.operation?.complete(answer.value, answer.hash, 0)
      return
    }
    const { kind, table } = packet.statement as Statement
    const record = kernel.record(kind, this.database.name, this.task.entity, cause, { table: table.schema.name, answer: answer.value })
    for (const writer of answer.readFrom) kernel.trace.addParent(writer)
    packet.operation?.complete(answer.value, answer.hash, record)
  }

  private reject(packet: Packet, error: unknown, cause: number): void {
    if (error instanceof SimError || !(error instanceof DatabaseError)) {
      this.kernel.fail(error instanceof SimError ? error : recipeError(error))
      return
    }
    this.failure ??= error
    this.transaction.state = 'failed'
    const record = this.kernel.record('rejected', this.database.name, this.task.entity, cause, { sqlState: error.sqlState, message: error.message })
    packet.operation?.fail(error, hashText(error.sqlState, 0), record)
  }

  private executeCommit(packet: Packet): void {
    const { kernel, transaction } = this
    if (this.failure !== undefined) {
      transaction.rollback()
      packet.operation?.fail(this.failure, hashText(this.failure.message, 0), kernel.cause)
      return
    }
    const written = kernel.trace && transaction.written.map(({ table, entry }) => ({ table: table.schema.name, before: entry.committed, after: entry.pending }))
    const record = kernel.record('commit', this.database.name, this.task.entity, kernel.cause, written)
    kernel.digest.word(transaction.written.length)
    transaction.commit(record)
    this.database.network.send(this.back, this.task.entity, this, COMMIT_ACKNOWLEDGED, packet, record)
  }
}

interface Packet {
  readonly statement?: Statement
  readonly operation: Operation<unknown> | undefined
  first?: readonly Statement[]
}

function recipeError(error: unknown): SimError {
  return new SimError('handler', `an update recipe threw: ${error instanceof Error ? error.message : String(error)}`)
}
