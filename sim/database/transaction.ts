import { invariant } from '../kernel/error.ts'
import type { Database } from './database.ts'
import { DatabaseError } from './error.ts'
import type { TransactionOptions } from './options.ts'
import type { Entry, LockWaiter, Row, Table } from './table.ts'

/**
 * An open transaction at the server: the rows it holds locked with their new versions. READ COMMITTED; a second
 * writer of a row waits for the first, as PostgreSQL's does.
 */
export class Transaction {
  readonly database: Database
  readonly options: TransactionOptions
  /** The rows that it holds locked. */
  readonly entries: Entry[] = []
  state: 'open' | 'failed' | 'ended' = 'open'
  /** The transaction that holds the lock it waits for. */
  private waitsFor: Transaction | undefined

  constructor(database: Database, options: TransactionOptions) {
    this.database = database
    this.options = options
  }

  /**
   * Takes the lock of a row.
   * @param waiter evaluates the statement again when the holder has ended
   * @returns false when it must wait
   * @throws DatabaseError 40P01 when waiting would close a circle
   */
  lock(table: Table, entry: Entry, waiter: LockWaiter): boolean {
    this.waitsFor = undefined
    if (entry.owner === this) return true
    if (entry.owner === undefined) {
      entry.owner = this
      entry.pending = entry.committed
      entry.pendingHash = entry.hash
      this.entries.push(entry)
      return true
    }
    for (let holder: Transaction | undefined = entry.owner; holder !== undefined; holder = holder.waitsFor) {
      if (holder !== this) continue
      throw new DatabaseError(
        '40P01',
        table.schema.name,
        `deadlock detected on ${table.schema.name} ${String(entry.key)}`,
      )
    }
    this.waitsFor = entry.owner
    entry.waiting ??= []
    entry.waiting.push(waiter)
    return false
  }

  /** Writes a new version of a locked row; undefined deletes it. */
  write(table: Table, entry: Entry, row: Row | undefined): void {
    invariant(entry.owner === this, 'a row is written without its lock')
    const { sealer } = table
    const hash = row === undefined ? 0 : sealer.seal(row)
    // Which row is deleted counts as well, and in which table.
    this.database.kernel.digest.word((row === undefined ? ~entry.pendingHash : hash) ^ sealer.salt)
    entry.pendingHash = hash
    entry.pending = row
  }

  /** What it would change, for the trace. */
  writtenRows(): {
    readonly table: string
    readonly key: unknown
    readonly before: Row | undefined
    readonly after: Row | undefined
  }[] {
    return this.entries.map(({ table, key, committed, pending }) => ({
      table: table.schema.name,
      key,
      before: committed,
      after: pending,
    }))
  }

  /** Makes everything durable and visible at once, tells the observers, and releases the locks. */
  commit(cause: number): void {
    const { entries } = this
    this.state = 'ended'
    const changed: (Row | undefined)[] = []
    for (const entry of entries) {
      changed.push(entry.pending ?? entry.committed)
      entry.table.publish(entry, cause)
    }
    // Before the locks are released: who waited for them may commit at once.
    for (let index = 0; index < entries.length; index++) {
      const row = changed[index]
      if (row !== undefined) (entries[index] as Entry).table.changed(row, cause)
    }
    this.release()
  }

  /** Forgets everything and releases the locks. */
  rollback(): void {
    if (this.state === 'ended') return
    this.state = 'ended'
    this.release()
  }

  private release(): void {
    this.waitsFor = undefined
    let woken: LockWaiter[] | undefined
    for (const entry of this.entries) {
      entry.owner = undefined
      entry.pending = undefined
      if (entry.waiting !== undefined) {
        woken = woken === undefined ? entry.waiting : woken.concat(entry.waiting)
        entry.waiting = undefined
      } else if (entry.committed === undefined) {
        entry.table.entries.delete(entry.key)
      }
    }
    if (woken !== undefined) for (const waiter of woken) waiter.retry()
  }
}
