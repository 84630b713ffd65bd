import type { Process } from '../cluster/process.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { hashText } from '../kernel/mix.ts'
import type { Actor, Ticket } from '../kernel/queue.ts'
import { operationNumber, type Phase } from '../kernel/step.ts'
import type { Operation, Task } from '../kernel/task.ts'
import { Answer, answerTo } from './answer.ts'
import { type Connection, type ConnectionUser, PATIENCE } from './connection.ts'
import type { Database } from './database.ts'
import { abortedError, DatabaseError, type SqlState, statementError } from './error.ts'
import { execute } from './execute.ts'
import type { TransactionOptions } from './options.ts'
import { type Arrival, Packet } from './packet.ts'
import type { Statement } from './statement.ts'
import { Transaction } from './transaction.ts'
import { DEADLOCK_CHECK, FIRST_TIMER, reasonOf, WaitTimers } from './wait-timers.ts'
import type { CommitWitness } from './witness.ts'

const STATEMENT_ARRIVES = 0
const COMMIT_ARRIVES = 1
const COMMIT_ACKNOWLEDGED = 2
const ROLLBACK_ARRIVES = 3
const CLOSED = 4
const POOL_TIMED_OUT = 5
const FLUSHED = 6
/** The step of a commit at the server: durable after it, and not acknowledged yet. */
const DURABLE = operationNumber('tx.durable')

const DEFAULTS: TransactionOptions = {}
/** Events never nest, so one answer serves all sessions. */
const answer = new Answer()

/**
 * A transaction between a client and the server, on one connection of the client's pool. Statements arrive in the order
 * in which they were sent; a request pays for the whole round trip, so that an answer costs no event, except a commit's:
 * between durable and acknowledged a crash must fit. When the client's process dies, what it had sent still arrives;
 * then the server notices the closed connection and rolls back. When the server dies, so does the transaction, and the
 * client hears of it: of a commit under way with 08007, because whether it took effect is unknown.
 */
export class Session implements Actor, ConnectionUser {
  transaction: Transaction | undefined = undefined
  /** Is told when it commits. */
  witness: CommitWitness | undefined = undefined
  private readonly database: Database
  private readonly kernel: Kernel
  private readonly process: Process
  private readonly task: Task
  private readonly options: TransactionOptions
  private connection: Connection | undefined
  /** What waits for a connection. */
  private unsent: Arrival[] | undefined
  /** The last operation that the client awaits, settled or not. */
  private last: Operation<unknown> | undefined = undefined
  /** Those that it awaits besides. */
  private earlier: Operation<unknown>[] | undefined = undefined
  /** Why nothing more can be sent. */
  private refusal: DatabaseError | undefined = undefined
  private commitSent = false
  /** The answer of a statement that committed by itself. */
  private acknowledged: unknown = undefined
  /** Why the transaction failed. */
  private failure: DatabaseError | undefined = undefined
  /** The statement that waits, or whatever keeps the connection busy. */
  private waiting: Packet | 'commit' | undefined = undefined
  /** What arrived meanwhile, if anything has: a connection executes one statement after another. */
  private backlog: Arrival[] | undefined = undefined
  /** Trace id of what freed the lock that it waited for, while what had waited is executed. */
  private freedBy = 0
  /** Of the wait for a connection. */
  private patience: Ticket | undefined
  /** Of statements that wait; undefined before the first does. */
  private timers: WaitTimers | undefined = undefined

  constructor(database: Database, process: Process, task: Task, options: TransactionOptions = DEFAULTS) {
    this.database = database
    this.kernel = database.kernel
    this.process = process
    this.task = task
    this.options = options
    const pool = database.pool(process)
    this.connection = pool.acquire(this)
    if (this.connection === undefined) {
      this.unsent = []
      this.patience = this.kernel.schedule(pool.patienceMicros, task.entity, this, POOL_TIMED_OUT, PATIENCE)
    }
  }

  get entity(): Task['entity'] {
    return this.task.entity
  }

  /** Sends a statement, in one packet with the one to evaluate first; its answer completes the operation, if one is given. */
  send(first: Statement | undefined, statement: Statement, operation: Operation<unknown> | undefined): void {
    this.post(STATEMENT_ARRIVES, new Packet(this, first, statement, operation, false), operation)
  }

  /** Sends one statement that commits by itself; acknowledged after it is durable. */
  autocommit(statement: Statement, operation: Operation<unknown>): void {
    this.commitSent = true
    this.post(STATEMENT_ARRIVES, new Packet(this, undefined, statement, operation, true), operation)
  }

  /** Sends COMMIT; acknowledged after everything is durable. */
  commit(operation: Operation<unknown>): void {
    this.commitSent = true
    this.post(COMMIT_ARRIVES, operation, operation)
  }

  /** Sends ROLLBACK. */
  rollback(): void {
    this.post(ROLLBACK_ARRIVES, undefined, undefined)
  }

  granted(connection: Connection): void {
    this.connection = connection
    const { unsent = [] } = this
    this.unsent = undefined
    if (this.patience !== undefined) this.kernel.cancel(this.patience)
    for (const { code, subject, cause } of unsent) this.transmit(code, subject, cause)
  }

  vanished(): void {
    this.timers?.done()
    this.waiting = undefined
    this.backlog = undefined
    this.transaction?.vanish()
  }

  lost(error: DatabaseError, cause: number): void {
    this.refusal = error
    for (const operation of [...(this.earlier ?? []), this.last]) {
      if (operation === undefined || operation.settled) continue
      const unknown = this.commitSent && error.sqlState === '08006'
      const heard = unknown ? new DatabaseError('08007', '', `${error.message} during COMMIT`) : error
      operation.fail(heard, hashText(heard.sqlState, 0), cause)
    }
  }

  /** The client has ended: a statement that waits for a lock goes on waiting, as the server does not look up from it. */
  closed(): void {
    if (this.waiting !== undefined) this.putOff(CLOSED, undefined)
    else this.arrive(CLOSED, undefined)
  }

  diesWith(life: Incarnation, subject: unknown): boolean {
    return subject === PATIENCE && this.task.incarnation === life
  }

  livesIn(code: number): Incarnation {
    const isOfClient = code === COMMIT_ACKNOWLEDGED || code === POOL_TIMED_OUT
    return isOfClient ? this.task.incarnation : this.database.process.incarnation
  }

  onEvent(code: number, subject: unknown): void {
    switch (code) {
      case COMMIT_ACKNOWLEDGED:
        if (this.connection?.broken === true) return
        this.finish()
        ;(subject as Operation<unknown>).complete(this.acknowledged, 0, this.kernel.cause)
        return
      case POOL_TIMED_OUT:
        this.giveUpPool()
        return
      case FLUSHED:
        this.waiting = undefined
        this.makeDurable(subject as Operation<unknown>, this.acknowledged)
        this.catchUp()
        return
      default:
        if (code >= FIRST_TIMER) {
          if (code !== DEADLOCK_CHECK || this.transaction?.deadlocked === true) this.giveUp(...reasonOf(code))
          return
        }
        if (this.connection?.accepts() !== true) return
        if (this.waiting !== undefined) this.putOff(code, subject)
        else this.arrive(code, subject)
    }
  }

  /** Goes on with a packet: what it waited for is free. */
  resume(packet: Packet): void {
    const { transaction, kernel } = this
    if (transaction === undefined || transaction.state === 'ended') return
    const freedBy = kernel.cause
    this.waiting = undefined
    transaction.waitsFor = undefined
    this.timers?.woken()
    this.freedBy = freedBy
    kernel.cause = packet.cause
    this.execute(packet)
    this.catchUp()
    this.freedBy = 0
    kernel.cause = freedBy
  }

  private putOff(code: number, subject: unknown): void {
    this.backlog ??= []
    this.backlog.push({ code, subject, cause: this.kernel.cause })
  }

  /** Executes what has arrived while a statement waited. */
  private catchUp(): void {
    while (this.waiting === undefined) {
      const next = this.backlog?.shift()
      if (next === undefined) return
      this.kernel.cause = next.cause
      this.arrive(next.code, next.subject)
    }
  }

  private arrive(code: number, subject: unknown): void {
    this.transaction ??= new Transaction(this.database, this.options, this.connection as Connection)
    const { transaction } = this
    if (code === CLOSED) {
      transaction.rollback()
      this.connection?.closed()
    } else if (transaction.state === 'ended') return
    else if (code === ROLLBACK_ARRIVES) {
      transaction.rollback()
      this.finish()
    } else if (code === COMMIT_ARRIVES) this.executeCommit(subject as Operation<unknown>, undefined)
    else this.execute(subject as Packet)
  }

  private post(code: number, subject: unknown, operation: Operation<unknown> | undefined): void {
    const { connection, refusal } = this
    const { cause } = this.task
    if (refusal !== undefined) {
      operation?.fail(refusal, hashText(refusal.sqlState, 0), cause)
      return
    }
    if (operation !== undefined) {
      if (this.last?.settled === false) this.keep(this.last)
      this.last = operation
    }
    if (connection === undefined) this.unsent?.push({ code, subject, cause })
    else this.transmit(code, subject, cause)
  }

  private keep(operation: Operation<unknown>): void {
    this.earlier ??= []
    this.earlier.push(operation)
  }

  private transmit(code: number, subject: unknown, cause: number): void {
    const { network, process } = this.database
    network.send(network.link(this.process, process), this.task.entity, this, code, subject, cause)
  }

  private execute(packet: Packet): void {
    const { statement, operation } = packet
    packet.cause = this.kernel.cause
    try {
      if (this.transaction?.state === 'failed' && statement.kind !== 'rollback to') throw abortedError()
      if (packet.first !== undefined) {
        if (!this.evaluated(packet.first, packet)) return
        packet.first = undefined
        packet.reset()
      }
      if (!this.evaluated(statement, packet)) return
    } catch (error) {
      this.done(packet)
      this.reject(packet, error)
      return
    }
    this.done(packet)
    if (packet.commits) this.executeCommit(operation as Operation<unknown>, answer.value)
    else if (operation !== undefined) answerTo(answer, this.database, this.task, statement, operation)
  }

  /** Evaluates a statement; false when it waits. */
  private evaluated(statement: Statement, packet: Packet): boolean {
    answer.reset(this.kernel.trace !== undefined)
    if (execute(statement, packet.transaction, packet, answer)) {
      if (this.freedBy !== 0) answer.readFrom?.push(this.freedBy)
      return true
    }
    this.waiting = packet
    this.timers ??= new WaitTimers(this.kernel, this, this.task.entity, this.options)
    this.timers.start()
    return false
  }

  /** A statement needs what it saw no longer. */
  private done(packet: Packet): void {
    if (packet.progress !== undefined) this.database.snapshots.release(packet)
    this.timers?.done()
  }

  private reject(packet: Packet, error: unknown): void {
    const { kernel, transaction } = this
    if (!(error instanceof DatabaseError)) {
      kernel.fail(statementError(this.task.handler.fullName, error))
      return
    }
    const data = kernel.trace && { sqlState: error.sqlState, message: error.message }
    const record = this.record('rejected', data)
    if (transaction?.state === 'open') {
      this.failure = error
      // Its locks are free at once, before the client hears of it.
      if (packet.commits) transaction.rollback()
      else transaction.fail()
    }
    if (packet.commits) this.finish()
    packet.operation?.fail(error, hashText(error.sqlState, 0), record)
  }

  /** Ends the wait of a statement with an error. */
  private giveUp(state: SqlState, message: string): void {
    const { waiting, transaction, kernel } = this
    if (waiting === undefined || waiting === 'commit' || transaction === undefined) return
    this.waiting = undefined
    transaction.cancelWait()
    const { cause } = kernel
    kernel.cause = waiting.cause
    this.done(waiting)
    const { statement } = waiting
    const table = 'table' in statement ? statement.table.schema.name : ''
    this.reject(waiting, new DatabaseError(state, table, message))
    this.catchUp()
    kernel.cause = cause
  }

  private giveUpPool(): void {
    if (this.connection !== undefined) return
    const error = this.database.pool(this.process).gaveUp(this)
    this.unsent = []
    this.lost(error, this.kernel.cause)
  }

  /** Records what was done, by whoever asked for it and, after a wait, because somebody freed a lock. */
  private record(kind: string, data: unknown): number {
    const { kernel, database, task } = this
    const record = kernel.record(kind, database.name, task.entity, kernel.cause, data)
    kernel.trace?.addParent(this.freedBy)
    return record
  }

  private executeCommit(operation: Operation<unknown>, value: unknown): void {
    const { transaction, failure, kernel, database } = this
    if (transaction === undefined) return
    if (transaction.state === 'failed') {
      this.refuseCommit(operation, failure as DatabaseError, kernel.cause)
      return
    }
    try {
      transaction.prepare()
    } catch (error) {
      const { sqlState, message } = error as DatabaseError
      const record = this.record('rejected', kernel.trace && { sqlState, message })
      this.refuseCommit(operation, error as DatabaseError, record)
      return
    }
    if (database.commitMicros === 0) {
      this.makeDurable(operation, value)
      return
    }
    this.waiting = 'commit'
    this.acknowledged = value
    kernel.schedule(database.commitMicros, this.task.entity, this, FLUSHED, operation)
  }

  /** A commit that is none: the transaction has failed, or does so now. */
  private refuseCommit(operation: Operation<unknown>, error: DatabaseError, cause: number): void {
    this.transaction?.rollback()
    this.finish()
    operation.fail(error, hashText(error.message, 0), cause)
  }

  private makeDurable(operation: Operation<unknown>, value: unknown): void {
    const { kernel, database, task, transaction, witness } = this
    if (transaction === undefined || transaction.state === 'ended') return
    const { hasWritten } = transaction
    if (hasWritten && !this.passes('before', kernel.cause)) return
    const rows = kernel.trace || witness ? transaction.writtenRows() : undefined
    const record = this.record('commit', rows)
    if (rows) witness?.committing(rows)
    transaction.commit(record, task.entity)
    witness?.committed(record)
    this.acknowledged = value
    if (hasWritten && !this.passes('after', record)) return
    const { network, process } = database
    const link = network.link(process, this.process)
    network.send(link, task.entity, this, COMMIT_ACKNOWLEDGED, operation, record)
  }

  /** Passes a point of the commit at the server, in the name of the client; false when a fault has taken the server. */
  private passes(phase: Phase, cause: number): boolean {
    if (this.task.incarnation.alive) this.task.pass(DURABLE, phase, cause)
    return this.connection?.broken !== true
  }

  /** Gives the connection back. */
  private finish(): void {
    const { connection } = this
    if (connection !== undefined && connection.user === this) connection.pool.release(connection)
  }
}
