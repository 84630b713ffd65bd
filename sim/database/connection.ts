import type { Process, ProcessResource } from '../cluster/process.ts'
import type { Entity } from '../kernel/choice.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import type { Actor } from '../kernel/queue.ts'
import { durationMicros, type Micros } from '../kernel/time.ts'
import type { Database } from './database.ts'
import { DatabaseError, type SqlState } from './error.ts'
import type { Transaction } from './transaction.ts'

const LOST = 0
const CLOSED = 1

/** What a timer of somebody who waits for a connection is about: it ends with the life of the process. */
export const PATIENCE = 'patience'

/** Whoever uses a connection: a transaction, or a read outside transactions. */
export interface ConnectionUser {
  readonly entity: Entity
  /** The open transaction at the server. */
  readonly transaction: Transaction | undefined
  /** It may be used from now on. */
  granted(connection: Connection): void
  /** The server is gone with what was open there. */
  vanished(): void
  /** The client hears that it is broken. */
  lost(error: DatabaseError, cause: number): void
  /** The server hears that the client is gone. */
  closed(): void
}

/** One connection between a process and a database server; one statement at a time is executed on it. */
export class Connection implements Actor {
  readonly pool: Pool
  user: ConnectionUser | undefined = undefined
  /** Whether it is broken, though the client may not know yet. */
  broken = false
  private state: SqlState = '08006'

  constructor(pool: Pool) {
    this.pool = pool
  }

  /** Whether something that arrives at the server is executed; if the server is down it is refused. */
  accepts(): boolean {
    const { broken, pool } = this
    if (broken) return false
    if (pool.database.process.alive) return true
    this.breakOff('08001', pool.database.kernel.cause)
    return false
  }

  /** Breaks at the server's side; its client hears of it. */
  breakOff(state: SqlState, cause: number): void {
    const { pool, user } = this
    const { network, process: server } = pool.database
    this.broken = true
    this.state = state
    if (user === undefined) return
    user.vanished()
    network.send(network.link(server, pool.process), user.entity, this, LOST, user, cause)
  }

  /** Breaks at the client's side: the server notices. */
  clientEnded(cause: number): void {
    const { pool, user } = this
    const { network, process: server } = pool.database
    const entity = user?.entity ?? pool.process.entity
    pool.database.orphans.push(this)
    network.send(network.link(pool.process, server), entity, this, CLOSED, user, cause)
  }

  /** The server is done with it. */
  closed(): void {
    const { database } = this.pool
    this.user = undefined
    const { orphans } = database
    const at = orphans.indexOf(this)
    if (at >= 0) orphans.splice(at, 1)
    database.advisory.release(this)
  }

  livesIn(code: number): Incarnation {
    return code === CLOSED ? this.pool.database.process.incarnation : this.pool.incarnation
  }

  onEvent(code: number, subject: unknown): void {
    const { pool, state } = this
    const user = subject as ConnectionUser | undefined
    if (code === CLOSED) {
      if (this.broken) return
      if (user !== undefined && user === this.user) user.closed()
      else this.closed()
      return
    }
    pool.drop(this)
    const { name } = pool.database
    const what =
      state === '08001' ? `could not connect to ${name}: it is down` : `the connection to ${name} broke`
    user?.lost(new DatabaseError(state, '', what), pool.database.kernel.cause)
  }
}

/** The connections of one life of a process to one database: so many at most, and who needs one more waits. */
export class Pool implements ProcessResource {
  resourceIndex = -1
  readonly database: Database
  readonly process: Process
  readonly incarnation: Incarnation
  private readonly limit: number
  private readonly timeoutMicros: Micros
  private readonly open: Connection[] = []
  private readonly idle: Connection[] = []
  private waiting: ConnectionUser[] = []

  constructor(database: Database, process: Process) {
    const { limit = 10, acquireTimeout = '30s' } = database.poolOptions
    this.database = database
    this.process = process
    this.incarnation = process.incarnation
    this.limit = limit
    this.timeoutMicros = durationMicros(acquireTimeout)
    process.attach(this)
  }

  /** Gives a connection: at once if one is free, which is then returned; else when one is. */
  acquire(user: ConnectionUser): Connection | undefined {
    this.incarnation.claims++
    let connection = this.idle.pop()
    if (connection === undefined && this.open.length < this.limit) {
      connection = new Connection(this)
      this.open.push(connection)
    }
    if (connection === undefined) this.waiting.push(user)
    else connection.user = user
    return connection
  }

  /** How long somebody waits for a connection at most. */
  get patienceMicros(): Micros {
    return this.timeoutMicros
  }

  /** Somebody no longer waits; what the code that waited is told. */
  gaveUp(user: ConnectionUser): DatabaseError {
    this.waiting = this.waiting.filter((other) => other !== user)
    const { name } = this.database
    return new DatabaseError('53300', '', `none of the ${this.limit} connections to ${name} was free in time`)
  }

  /** Takes a connection back. */
  release(connection: Connection): void {
    if (connection.broken) return
    connection.user = undefined
    const next = this.waiting.shift()
    if (next === undefined) this.idle.push(connection)
    else this.grant(connection, next)
  }

  /** Forgets a connection that is broken. */
  drop(connection: Connection): void {
    const at = this.open.indexOf(connection)
    if (at >= 0) this.open.splice(at, 1)
    const next = this.waiting.shift()
    if (next === undefined) return
    const fresh = new Connection(this)
    this.open.push(fresh)
    this.grant(fresh, next)
  }

  /** The server has stopped. */
  serverEnded(cause: number): void {
    for (const connection of this.idle) {
      connection.broken = true
      this.open.splice(this.open.indexOf(connection), 1)
    }
    this.idle.length = 0
    for (const connection of this.open) if (!connection.broken) connection.breakOff('08006', cause)
  }

  processEnded(cause: number): void {
    for (const connection of this.open) {
      const used = connection.user !== undefined || this.database.advisory.holds(connection)
      if (used && !connection.broken) connection.clientEnded(cause)
    }
    // Of a life that has ended nothing stays in memory.
    this.waiting = []
    this.open.length = 0
    this.idle.length = 0
  }

  private grant(connection: Connection, user: ConnectionUser): void {
    connection.user = user
    user.granted(connection)
  }
}
