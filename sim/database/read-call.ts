import type { Process } from '../cluster/process.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import { hashText } from '../kernel/mix.ts'
import type { Actor, Ticket } from '../kernel/queue.ts'
import type { Operation, Task } from '../kernel/task.ts'
import { Answer, answerTo } from './answer.ts'
import { type Connection, type ConnectionUser, PATIENCE } from './connection.ts'
import type { Database } from './database.ts'
import type { DatabaseError } from './error.ts'
import { read } from './execute.ts'
import type { ReadStatement } from './statement.ts'

const STATEMENT_ARRIVES = 0
const POOL_TIMED_OUT = 1

/** Events never nest, so one answer serves all reads. */
const answer = new Answer()

/** A read outside transactions: it holds nothing at the server, so nothing needs to end it. */
export class ReadCall implements Actor, ConnectionUser {
  readonly transaction = undefined
  private readonly database: Database
  private readonly statement: ReadStatement
  private readonly operation: Operation<unknown>
  private process: Process | undefined = undefined
  private connection: Connection | undefined = undefined
  private patience: Ticket | undefined = undefined

  constructor(database: Database, statement: ReadStatement, operation: Operation<unknown>) {
    this.database = database
    this.statement = statement
    this.operation = operation
  }

  get entity(): Task['entity'] {
    return this.operation.task.entity
  }

  /** Sends it from a process. */
  send(process: Process): void {
    const pool = this.database.pool(process)
    this.process = process
    const connection = pool.acquire(this)
    if (connection !== undefined) this.granted(connection)
    else
      this.patience = this.database.kernel.schedule(
        pool.patienceMicros,
        this.entity,
        this,
        POOL_TIMED_OUT,
        PATIENCE,
      )
  }

  granted(connection: Connection): void {
    const { network, process: server } = this.database
    const { process } = this
    if (this.patience !== undefined) this.database.kernel.cancel(this.patience)
    this.connection = connection
    const { cause } = this.operation.task
    network.send(
      network.link(process as Process, server),
      this.entity,
      this,
      STATEMENT_ARRIVES,
      undefined,
      cause,
    )
  }

  vanished(): void {}

  lost(error: DatabaseError, cause: number): void {
    this.operation.fail(error, hashText(error.sqlState, 0), cause)
  }

  closed(): void {
    this.connection?.closed()
  }

  diesWith(life: Incarnation, subject: unknown): boolean {
    return subject === PATIENCE && this.operation.task.incarnation === life
  }

  livesIn(code: number): Incarnation {
    const { database, operation } = this
    return code === POOL_TIMED_OUT ? operation.task.incarnation : database.process.incarnation
  }

  onEvent(code: number, _subject: unknown): void {
    const { database, connection, operation, statement } = this
    if (code === POOL_TIMED_OUT) {
      if (connection === undefined)
        this.lost(database.pool(this.process as Process).gaveUp(this), database.kernel.cause)
      return
    }
    if (connection?.accepts() !== true) return
    answer.reset(database.kernel.trace !== undefined)
    read(statement, database, answer)
    connection.pool.release(connection)
    answerTo(answer, database, operation.task, statement, operation)
  }
}
