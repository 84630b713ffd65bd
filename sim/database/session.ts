import type { Link } from '../cluster/network.ts'
import type { Process, ProcessResource } from '../cluster/process.ts'
import { SimError } from '../kernel/error.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { hashText } from '../kernel/mix.ts'
import type { Actor } from '../kernel/queue.ts'
import type { Operation, Task } from '../kernel/task.ts'
import type { Database } from './database.ts'
import { DatabaseError } from './error.ts'
import type { TransactionOptions } from './options.ts'
import { Answer, evaluate, type ReadStatement, read, type Statement } from './statement.ts'
import type { LockWaiter } from './table.ts'
import { Transaction } from './transaction.ts'

const STATEMENT_ARRIVES = 0
const COMMIT_ARRIVES = 1
const COMMIT_ACKNOWLEDGED = 2
const ROLLBACK_ARRIVES = 3
const CONNECTION_CLOSED = 4

/** Events never nest, so one answer serves all sessions. */
const answer = new Answer()

/** A statement on its way to the server, perhaps with another before it; evaluated at one moment, in order. */
class Packet implements LockWaiter {
  private readonly session: Session
  /** Evaluated first, unanswered; undefined when there is none, or when it is done. */
  first: Statement | undefined
  readonly statement: Statement
  readonly operation: Operation<unknown> | undefined
  /** Whether the transaction ends with it. */
  readonly commits: boolean
  /** Trace id of what brought it to the server. */
  cause = 0

  constructor(
    session: Session,
    first: Statement | undefined,
    statement: Statement,
    operation: Operation<unknown> | undefined,
    commits: boolean,
  ) {
    this.session = session
    this.first = first
    this.statement = statement
    this.operation = operation
    this.commits = commits
  }

  retry(): void {
    this.session.resume(this)
  }
}

/**
 * A client's connection for the length of one transaction. Statements arrive in the order in which they were sent; a
 * request pays for the whole round trip, so that an answer costs no event, except a commit's: between durable and
 * acknowledged a crash must fit. When the client's process dies, what it had sent still arrives; then the server
 * notices the closed connection and rolls back.
 */
export class Session implements Actor, ProcessResource {
  resourceIndex = -1
  private readonly database: Database
  private readonly kernel: Kernel
  private readonly process: Process
  private readonly task: Task
  private readonly there: Link
  private readonly transaction: Transaction
  /** The answer of a statement that committed by itself. */
  private acknowledged: unknown
  /** Why the transaction failed, answered to every later statement. */
  private failure: DatabaseError | undefined
  /** A statement waits for a lock. */
  private waiting = false
  /** What arrived meanwhile: a connection executes one statement after another. */
  private backlog: { readonly code: number; readonly subject: unknown; readonly cause: number }[] = []
  /** Trace id of what freed the lock that it waited for, while what had waited is executed. */
  private freedBy = 0

  constructor(database: Database, process: Process, task: Task, options: TransactionOptions = {}) {
    this.database = database
    this.kernel = database.kernel
    this.process = process
    this.task = task
    this.there = database.network.link(process, database.process)
    this.transaction = new Transaction(database, options)
    process.attach(this)
  }

  /** Sends a statement, in one packet with the one to evaluate first; its answer completes the operation, if one is given. */
  send(first: Statement | undefined, statement: Statement, operation: Operation<unknown> | undefined): void {
    this.post(STATEMENT_ARRIVES, new Packet(this, first, statement, operation, false), this.task.cause)
  }

  /** Sends one statement that commits by itself; acknowledged after it is durable. */
  autocommit(statement: Statement, operation: Operation<unknown>): void {
    this.process.detach(this)
    this.post(STATEMENT_ARRIVES, new Packet(this, undefined, statement, operation, true), this.task.cause)
  }

  /** Sends COMMIT; acknowledged after everything is durable. */
  commit(operation: Operation<unknown>): void {
    this.process.detach(this)
    this.post(COMMIT_ARRIVES, operation, this.task.cause)
  }

  /** Sends ROLLBACK. */
  rollback(): void {
    this.process.detach(this)
    this.post(ROLLBACK_ARRIVES, undefined, this.task.cause)
  }

  processEnded(cause: number): void {
    this.post(CONNECTION_CLOSED, undefined, cause)
  }

  onEvent(code: number, subject: unknown): void {
    if (code === COMMIT_ACKNOWLEDGED) {
      const operation = subject as Operation<unknown>
      operation.complete(this.acknowledged, 0, this.kernel.cause)
      return
    }
    if (this.transaction.state === 'ended') return
    if (code === CONNECTION_CLOSED) this.transaction.rollback()
    else if (this.waiting) this.backlog.push({ code, subject, cause: this.kernel.cause })
    else this.arrive(code, subject)
  }

  /** Evaluates a packet again: the lock that it waited for is free. */
  resume(packet: Packet): void {
    if (this.transaction.state === 'ended') return
    const { kernel } = this
    const freedBy = kernel.cause
    this.waiting = false
    this.freedBy = freedBy
    kernel.cause = packet.cause
    this.execute(packet)
    while (!this.waiting) {
      const next = this.backlog.shift()
      if (next === undefined) break
      kernel.cause = next.cause
      this.arrive(next.code, next.subject)
    }
    this.freedBy = 0
    kernel.cause = freedBy
  }

  private arrive(code: number, subject: unknown): void {
    if (code === ROLLBACK_ARRIVES) this.transaction.rollback()
    else if (code === COMMIT_ARRIVES) this.executeCommit(subject as Operation<unknown>, undefined)
    else this.execute(subject as Packet)
  }

  private post(code: number, subject: unknown, cause: number): void {
    this.database.network.send(this.there, this.task.entity, this, code, subject, cause)
  }

  private execute(packet: Packet): void {
    const { statement, operation } = packet
    packet.cause = this.kernel.cause
    try {
      if (this.failure !== undefined) throw this.failure
      if (packet.first !== undefined) {
        if (!this.evaluated(packet.first, packet)) return
        packet.first = undefined
      }
      if (!this.evaluated(statement, packet) || operation === undefined) return
      if (packet.commits) this.executeCommit(operation, answer.value)
      else answerTo(this.database, this.task, statement, operation)
    } catch (error) {
      this.reject(packet, error)
    }
  }

  /** Evaluates a statement; false when it waits for a lock. */
  private evaluated(statement: Statement, packet: Packet): boolean {
    answer.reset(this.kernel.trace !== undefined)
    this.waiting = !evaluate(statement, this.transaction, packet, answer)
    if (!this.waiting && this.freedBy !== 0) answer.readFrom?.push(this.freedBy)
    return !this.waiting
  }

  private reject(packet: Packet, error: unknown): void {
    const { kernel } = this
    if (!(error instanceof DatabaseError)) {
      kernel.fail(error instanceof SimError ? error : recipeError(error))
      return
    }
    this.failure ??= error
    this.transaction.state = 'failed'
    const data = kernel.trace && { sqlState: error.sqlState, message: error.message }
    const record = this.record('rejected', data)
    packet.operation?.fail(error, hashText(error.sqlState, 0), record)
    if (packet.commits) this.transaction.rollback()
  }

  /** Records what was done, by whoever asked for it and, after a wait, because somebody freed a lock. */
  private record(kind: string, data: unknown): number {
    const { kernel, database, task } = this
    const record = kernel.record(kind, database.name, task.entity, kernel.cause, data)
    kernel.trace?.addParent(this.freedBy)
    return record
  }

  private executeCommit(operation: Operation<unknown>, value: unknown): void {
    const { kernel, transaction, database, task } = this
    if (this.failure !== undefined) {
      transaction.rollback()
      operation.fail(this.failure, hashText(this.failure.message, 0), kernel.cause)
      return
    }
    const rows = kernel.trace && transaction.writtenRows()
    const record = this.record('commit', rows)
    transaction.commit(record)
    const back = database.network.link(database.process, this.process)
    this.acknowledged = value
    database.network.send(back, task.entity, this, COMMIT_ACKNOWLEDGED, operation, record)
  }
}

/** A read outside transactions: it holds nothing at the server, so nothing needs to end it. */
export class ReadCall implements Actor {
  private readonly database: Database
  private readonly statement: ReadStatement
  private readonly operation: Operation<unknown>

  constructor(database: Database, statement: ReadStatement, operation: Operation<unknown>) {
    this.database = database
    this.statement = statement
    this.operation = operation
  }

  /** Sends it from a process. */
  send(process: Process): void {
    const { network } = this.database
    const { entity, cause } = this.operation.task
    network.send(
      network.link(process, this.database.process),
      entity,
      this,
      STATEMENT_ARRIVES,
      undefined,
      cause,
    )
  }

  onEvent(_code: number, _subject: unknown): void {
    answer.reset(this.database.kernel.trace !== undefined)
    read(this.statement, undefined, answer)
    answerTo(this.database, this.operation.task, this.statement, this.operation)
  }
}

function answerTo(database: Database, task: Task, statement: Statement, operation: Operation<unknown>): void {
  const { kernel } = database
  let record = 0
  if (kernel.trace !== undefined) {
    const table = 'table' in statement ? statement.table.schema.name : undefined
    const data = { table, answer: answer.value }
    record = kernel.record(statement.kind, database.name, task.entity, kernel.cause, data)
    for (const writer of answer.readFrom ?? []) kernel.trace.addParent(writer)
  }
  operation.complete(answer.value, answer.hash, record)
}

function recipeError(error: unknown): SimError {
  return new SimError(
    'handler',
    `an update recipe threw: ${error instanceof Error ? error.message : String(error)}`,
  )
}
