import type { Entry } from './entry.ts'
import { DatabaseError } from './error.ts'
import type { LockWaiter } from './row-lock.ts'
import type { Row, Table } from './table.ts'
import { each, type TableIndex } from './table-index.ts'
import type { Transaction } from './transaction.ts'

/**
 * The row that has the same values in a unique constraint as a row to be written, whatever snapshots see: 'waits' when
 * an open transaction has written or deleted such a row, so that its end decides.
 */
export function rival(
  constraint: TableIndex,
  row: Row,
  own: Entry | undefined,
  transaction: Transaction,
  waiter: LockWaiter,
): Entry | 'waits' | undefined {
  const value = constraint.valueOf(row)
  if (value === undefined) return undefined
  for (const entry of each(constraint.find(value))) {
    if (entry === own) continue
    const { writer, committed, pending } = entry
    const hasIt = (version: Row | undefined): boolean =>
      version !== undefined && constraint.valueOf(version) === value
    if (writer !== undefined && writer !== transaction) {
      if (!hasIt(committed) && !hasIt(pending)) continue
      transaction.waitForEnd(writer, waiter)
      return 'waits'
    }
    if (hasIt(writer === transaction ? pending : committed)) return entry
  }
  return undefined
}

/** Whether the entry with the key of a row to be inserted is a row; as `rival`. */
export function keyRival(
  entry: Entry,
  transaction: Transaction,
  waiter: LockWaiter,
): Entry | 'waits' | undefined {
  const { writer } = entry
  if (writer !== undefined && writer !== transaction) {
    transaction.waitForEnd(writer, waiter)
    return 'waits'
  }
  return (writer === transaction ? entry.pending : entry.committed) === undefined ? undefined : entry
}

/** Checks a unique constraint. @throws DatabaseError 23505, or 40001 where a serializable reader would notice */
export function conflicting(
  table: Table,
  constraint: TableIndex,
  row: Row,
  own: Entry | undefined,
  transaction: Transaction,
  waiter: LockWaiter,
): 'waits' | 'free' {
  const found = rival(constraint, row, own, transaction, waiter)
  if (found === 'waits') return 'waits'
  if (found !== undefined) throw duplicate(table, constraint.columns, row, transaction)
  return 'free'
}

/** What a second row with the same values in a unique constraint is refused with. */
export function duplicate(
  table: Table,
  columns: readonly string[],
  row: Row,
  { serializable, database }: Transaction,
): DatabaseError {
  // Whoever reads what it inserts is told of the conflict and not of the key (PostgreSQL 9.6, _bt_check_unique).
  if (serializable !== undefined) database.serializable.write(serializable, table, undefined, row)
  const { name } = table.schema
  const values = columns.map((column) => `${name}.${column} = ${String(row[column])}`).join(', ')
  return new DatabaseError('23505', name, `duplicate key value violates unique constraint: ${values}`)
}
