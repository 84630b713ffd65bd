import type { Entity } from '../kernel/choice.ts'
import { invariant } from '../kernel/error.ts'
import type { AdvisoryRequest } from './advisory.ts'
import type { Database } from './database.ts'
import { isCircle } from './deadlock.ts'
import type { Entry } from './entry.ts'
import { DatabaseError } from './error.ts'
import type { TransactionOptions } from './options.ts'
import { heldMode, hold, type LockRequest, type LockWaiter, take, wake } from './row-lock.ts'
import type { SerializableTransaction } from './serializable.ts'
import { filledIn, type ServerValue, type ServerValues } from './server-value.ts'
import type { Row, Table } from './table.ts'
import type { Logged } from './wal.ts'
import type { WrittenRow } from './witness.ts'

/** What a statement waits for: the lock of a row, the end of a transaction, or an advisory lock. */
export type Obstacle =
  | { readonly kind: 'row'; readonly entry: Entry; readonly request: LockRequest }
  | { readonly kind: 'transaction'; readonly transaction: Transaction; readonly waiter: LockWaiter }
  | { readonly kind: 'advisory'; readonly request: AdvisoryRequest }

/** A mark in a transaction to which it can go back. */
interface Savepoint {
  readonly name: string
  /** How many changes had been logged. */
  readonly logged: number
}

/** How a row was before a change of an open transaction with savepoints. */
interface Undo {
  readonly entry: Entry
  readonly written: boolean
  readonly pending: Row | undefined
  readonly pendingHash: number
  readonly mode: number
}

/** An open transaction at the server: what it sees, the rows that it holds locked, and their new versions. */
export class Transaction implements ServerValues {
  readonly database: Database
  readonly options: TransactionOptions
  /** The connection that it runs on: advisory locks of a session belong to it. */
  readonly connection: object
  /** The rows that it holds locked; those it has written are among them. */
  readonly entries: Entry[] = []
  state: 'open' | 'failed' | 'ended' = 'open'
  /** Its id: given when it first writes or locks a row, 0 before. */
  xid = 0
  /** When it began, by the database's clock. */
  readonly beganMillis: number
  /** What its statement waits for. */
  waitsFor: Obstacle | undefined = undefined
  /** How serializable snapshot isolation knows it. */
  serializable: SerializableTransaction | undefined = undefined
  /** Statements that wait for its end. */
  private followers: LockWaiter[] | undefined = undefined
  /** Number of the last commit that it sees; -1 until the first statement, and for ever where every statement looks anew. */
  private snapshot = -1
  private savepoints: Savepoint[] | undefined = undefined
  private log: Undo[] | undefined = undefined

  constructor(database: Database, options: TransactionOptions, connection: object) {
    this.database = database
    this.options = options
    this.connection = connection
    this.beganMillis = database.clockMillis()
  }

  /** Whether every statement sees what was committed before it, and goes on with the new version after a lock wait. */
  get readCommitted(): boolean {
    const { isolation } = this.options
    return isolation === undefined || isolation === 'read committed'
  }

  /** The number of the last commit that a statement which begins now sees. */
  beginStatement(): number {
    const { database } = this
    if (this.readCommitted) return database.commits
    if (this.snapshot < 0) {
      this.snapshot = database.commits
      database.snapshots.take(this, this.snapshot)
      if (this.options.isolation === 'serializable')
        this.serializable = database.serializable.begin(this.snapshot, this.options.readOnly === true)
    }
    return this.snapshot
  }

  /** Its id, given now if it has none. */
  identify(): number {
    if (this.xid === 0) {
      this.xid = this.database.openTransaction()
      if (this.serializable !== undefined) this.database.serializable.identify(this.serializable, this.xid)
    }
    return this.xid
  }

  fill(value: ServerValue): number {
    switch (value.server) {
      case 'now':
        return this.beganMillis + value.plus
      case 'clock':
        return this.database.clockMillis() + value.plus
      case 'xid':
        return this.identify() + value.plus
      case 'horizon':
        return this.database.horizon() + value.plus
    }
  }

  /** A row with the values that the server fills in. */
  filledIn(row: Row): Row {
    return filledIn(row, this)
  }

  /** Takes the lock of a row, which must be free. */
  lock(entry: Entry, mode: number): void {
    this.identify()
    if (this.log !== undefined) this.remember(entry)
    if (take(entry, mode, this)) this.entries.push(entry)
  }

  /** Notes that a statement waits for the lock of a row. */
  waitForRow(entry: Entry, mode: number, waiter: LockWaiter): void {
    const request = { waiter, mode }
    entry.queue ??= []
    entry.queue.push(request)
    this.waitsFor = { kind: 'row', entry, request }
  }

  /** Notes that a statement waits for the end of another transaction. */
  waitForEnd(transaction: Transaction, waiter: LockWaiter): void {
    transaction.followers ??= []
    transaction.followers.push(waiter)
    this.waitsFor = { kind: 'transaction', transaction, waiter }
  }

  /** Gives up waiting. */
  cancelWait(): void {
    const { waitsFor } = this
    this.waitsFor = undefined
    if (waitsFor?.kind === 'row') {
      const { entry, request } = waitsFor
      const at = entry.queue?.indexOf(request) ?? -1
      if (at >= 0) entry.queue?.splice(at, 1)
      wake(entry)
    } else if (waitsFor?.kind === 'transaction') {
      const { followers } = waitsFor.transaction
      const at = followers?.indexOf(waitsFor.waiter) ?? -1
      if (at >= 0) followers?.splice(at, 1)
    } else if (waitsFor !== undefined) this.database.advisory.cancel(waitsFor.request)
  }

  /** Whether its statement waits, by way of others, for itself. */
  get deadlocked(): boolean {
    return isCircle(this)
  }

  /** Writes a new version of a row that it holds locked, or of a key that is free; undefined deletes it. */
  write(table: Table, entry: Entry, row: Row | undefined): void {
    const { sealer } = table
    const own = entry.writer === this
    const before = own ? entry.pending : entry.committed
    const hash = row === undefined ? 0 : sealer.seal(row)
    const { serializable } = this
    if (serializable !== undefined) this.database.serializable.write(serializable, table, before, row)
    if (this.log !== undefined) this.remember(entry)
    // Which row is deleted counts as well, and in which table.
    const deleted = own ? entry.pendingHash : entry.hash
    this.database.kernel.digest.word((row === undefined ? ~deleted : hash) ^ sealer.salt)
    entry.writer = this
    entry.pending = row
    entry.pendingHash = hash
    if (row !== undefined) table.written(entry, before, row)
    if (own && before !== undefined) table.dropped(entry, before)
  }

  /** What it would change, for the trace and for witnesses. */
  writtenRows(): WrittenRow[] {
    return this.entries
      .filter((entry) => entry.writer === this)
      .map(({ table, key, committed, pending }) => ({
        table: table.schema.name,
        key,
        before: committed,
        after: pending,
      }))
  }

  /** Whether its commit changes anything. */
  get hasWritten(): boolean {
    const { entries } = this
    for (let at = 0; at < entries.length; at++) if ((entries[at] as Entry).writer === this) return true
    return false
  }

  /** Before it commits. @throws DatabaseError 40001 */
  prepare(): void {
    if (this.serializable !== undefined) this.database.serializable.prepare(this.serializable)
  }

  /** Makes everything durable and visible at once, tells the observers, and releases the locks. */
  commit(cause: number, entity: Entity): void {
    const { entries, database } = this
    const { wal } = database
    this.state = 'ended'
    const number = ++database.commits
    const durable = this.options.synchronousCommit ?? database.synchronousCommit
    const logged = wal.keeps || !durable ? ([] as Logged[]) : undefined
    /** The row of each entry that it has changed. */
    const changed = new Array<Row | undefined>(entries.length)
    let count = 0
    for (let at = 0; at < entries.length; at++) {
      const entry = entries[at] as Entry
      if (entry.writer !== this) continue
      const { committed, pending, table } = entry
      const row = pending ?? committed
      changed[at] = row
      if (row !== undefined) {
        count++
        logged?.push({ entry, before: committed === undefined ? undefined : entry.version(number) })
      }
      table.publish(entry, number, this.xid, cause, database.snapshots)
    }
    if (logged !== undefined && count > 0) wal.append(logged, this.xid, entity, cause, durable)
    else if (count > 0) wal.advance(count)
    if (this.serializable !== undefined) database.serializable.committed(this.serializable, number)
    this.closed()
    // Before the locks are released: who waited for them may commit at once.
    for (let at = 0; at < changed.length; at++) {
      const row = changed[at]
      if (row !== undefined) (entries[at] as Entry).table.changed(row, cause)
    }
    this.release()
  }

  /** Undoes everything and releases the locks; it has ended. */
  rollback(): void {
    if (this.state === 'ended') return
    const failed = this.state === 'failed' && this.savepoints === undefined
    this.state = 'ended'
    if (!failed) this.undo()
  }

  /** Undoes what a statement that failed belongs to: all of it, or what came after the last savepoint. */
  fail(): void {
    this.state = 'failed'
    const savepoint = this.savepoints?.at(-1)
    if (savepoint === undefined) this.undo()
    else this.undoTo(savepoint.logged)
  }

  /** The server has stopped: nothing of it is left, and nobody is there to hear of it. */
  vanish(): void {
    this.state = 'ended'
    this.waitsFor = undefined
    this.followers = undefined
    for (const entry of this.entries) {
      if (entry.writer === this) entry.table.withdraw(entry)
      entry.queue = undefined
      hold(entry, 0, this)
    }
  }

  /** Marks a place to go back to. */
  save(name: string): void {
    this.savepoints ??= []
    this.log ??= []
    this.savepoints.push({ name, logged: this.log.length })
  }

  /** Goes back to a savepoint, which stays. @throws DatabaseError 3B001 when there is none of this name */
  rollbackTo(name: string): void {
    const savepoints = this.savepoints ?? []
    const at = this.savepointIndex(name)
    savepoints.splice(at + 1)
    this.state = 'open'
    this.undoTo((savepoints[at] as Savepoint).logged)
  }

  /** Forgets a savepoint and those after it. @throws DatabaseError 3B001 when there is none of this name */
  releaseSavepoint(name: string): void {
    this.savepoints?.splice(this.savepointIndex(name))
  }

  private savepointIndex(name: string): number {
    const at = this.savepoints?.findLastIndex((savepoint) => savepoint.name === name) ?? -1
    if (at < 0) throw new DatabaseError('3B001', '', `savepoint "${name}" does not exist`)
    return at
  }

  private remember(entry: Entry): void {
    const written = entry.writer === this
    const mode = heldMode(entry, this)
    const { pending, pendingHash } = entry
    this.log?.push({ entry, written, pending, pendingHash, mode })
  }

  /** Puts back the rows as they were when so much was logged. */
  private undoTo(logged: number): void {
    const { log, entries } = this
    invariant(log !== undefined, 'a transaction without savepoints goes back to one')
    const freed: Entry[] = []
    while (log.length > logged) {
      const { entry, written, pending, pendingHash, mode } = log.pop() as Undo
      if (entry.writer === this) entry.table.withdraw(entry)
      if (written) {
        entry.table.entries.set(entry.key, entry)
        entry.writer = this
        entry.pending = pending
        entry.pendingHash = pendingHash
        if (pending !== undefined) entry.table.rewritten(entry, pending)
      }
      hold(entry, mode, this)
      if (mode === 0) {
        const at = entries.indexOf(entry)
        if (at >= 0) entries.splice(at, 1)
      }
      freed.push(entry)
    }
    for (const entry of freed) wake(entry)
    // Who waits for the end of this transaction because of a key that is free again may go on.
    this.wakeFollowers()
  }

  private undo(): void {
    const { entries, database } = this
    for (let at = 0; at < entries.length; at++) {
      const entry = entries[at] as Entry
      if (entry.writer === this) entry.table.withdraw(entry)
    }
    if (this.serializable !== undefined) database.serializable.rolledBack(this.serializable)
    this.closed()
    this.release()
  }

  private closed(): void {
    const { database } = this
    if (this.xid !== 0) database.closeTransaction(this.xid)
    if (this.snapshot >= 0) database.snapshots.release(this)
  }

  private release(): void {
    this.waitsFor = undefined
    const { entries } = this
    for (let at = 0; at < entries.length; at++) hold(entries[at] as Entry, 0, this)
    for (let at = 0; at < entries.length; at++) wake(entries[at] as Entry)
    this.wakeFollowers()
    this.database.advisory.release(this)
  }

  private wakeFollowers(): void {
    const { followers } = this
    if (followers === undefined) return
    this.followers = undefined
    for (const follower of followers) follower.retry()
  }
}
