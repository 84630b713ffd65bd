import { invariant } from '../kernel/error.ts'
import { sealPlain } from '../kernel/value.ts'
import type { Database } from './database.ts'
import { DatabaseError } from './error.ts'
import type { Entry, Row, Table } from './table.ts'

/** A row that a transaction wrote, under its lock. */
export interface Write {
  readonly table: Table
  readonly entry: Entry
}

/**
 * An open transaction at the server: the rows it holds locked with their new versions. READ COMMITTED; a second
 * writer of a row waits for the first, as PostgreSQL's does.
 */
export class Transaction {
  readonly database: Database
  readonly written: Write[] = []
  state: 'open' | 'failed' | 'ended' = 'open'
  /** The transaction that holds the lock it waits for. */
  private waitsFor: Transaction | undefined

  constructor(database: Database) {
    this.database = database
  }

  /**
   * Takes the lock of a row.
   * @param retry called when the holder has ended and the statement is to be evaluated again
   * @returns false when it must wait
   * @throws DatabaseError 40P01 when waiting would close a circle
   */
  lock(table: Table, entry: Entry, retry: () => void): boolean {
    this.waitsFor = undefined
    if (entry.owner === this) return true
    if (entry.owner === undefined) {
      entry.owner = this
      entry.pending = entry.committed
      entry.pendingHash = entry.hash
      this.written.push({ table, entry })
      return true
    }
    for (let holder: Transaction | undefined = entry.owner; holder !== undefined; holder = holder.waitsFor) {
      if (holder === this) throw new DatabaseError('40P01', table.schema.name, `deadlock detected on ${table.schema.name} ${String(entry.key)}`)
    }
    this.waitsFor = entry.owner
    entry.waiting.push(retry)
    return false
  }

  /** Writes a new version of a locked row; undefined deletes it. */
  write(table: Table, entry: Entry, row: Row | undefined): void {
    invariant(entry.owner === this, `${table.schema.name} is written without its lock`)
    entry.pendingHash = row === undefined ? 0 : sealPlain(row, table.schema.name)
    entry.pending = row
    this.database.kernel.digest.word(entry.pendingHash)
  }

  /** Makes everything durable and visible at once, and releases the locks. */
  commit(cause: number): void {
    this.state = 'ended'
    const { written } = this
    const changed = written.map(({ table, entry }) => (table.observers.length > 0 ? (entry.pending ?? entry.committed) : undefined))
    for (const { table, entry } of written) table.publish(entry, cause)
    const tables = written.map(({ table }) => table)
    this.release()
    tables.forEach((table, index) => {
      const row = changed[index]
      if (row !== undefined) for (const observe of table.observers) observe(row, cause)
    })
  }

  /** Forgets everything and releases the locks. */
  rollback(): void {
    if (this.state === 'ended') return
    this.state = 'ended'
    this.release()
  }

  private release(): void {
    const woken: (() => void)[] = []
    for (const { table, entry } of this.written) {
      entry.owner = undefined
      entry.pending = undefined
      if (entry.waiting.length > 0) woken.push(...entry.waiting.splice(0))
      else if (entry.committed === undefined) table.entries.delete(entry.key)
    }
    this.written.length = 0
    for (const retry of woken) retry()
  }
}
