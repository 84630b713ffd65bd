import { SimError } from '../kernel/error.ts'
import type { Answer } from './answer.ts'
import { changed } from './change.ts'
import { conflicting, duplicate, keyRival, rival } from './constraint.ts'
import type { Entry } from './entry.ts'
import type { Evaluation } from './evaluation.ts'
import { concurrentChange, versionOf } from './reach.ts'
import { isFree, NO_KEY_UPDATE, UPDATE } from './row-lock.ts'
import type { OnConflict, TableStatement } from './statement.ts'
import type { Row, Table } from './table.ts'
import type { TableIndex } from './table-index.ts'
import type { Transaction } from './transaction.ts'

/**
 * Inserts a row. Its unique constraints are checked one after another, and hold others up as soon as they are.
 * @returns false when it waits for a transaction that has inserted or deleted a row with the same values
 * @throws DatabaseError 23505, 40001
 */
export function insert(
  statement: TableStatement & { readonly kind: 'insert' },
  transaction: Transaction,
  evaluation: Evaluation,
  answer: Answer,
): boolean {
  const { table, onConflict } = statement
  const { constraints } = table
  const snapshot = transaction.beginStatement()
  const row = evaluation.row ?? complete(statement.row, table, transaction)
  evaluation.row = row
  let { entry } = evaluation
  if (entry === undefined) {
    if (onConflict !== undefined) {
      const met = meet(onConflict, table, row, snapshot, transaction, evaluation, answer)
      if (met !== 'free') return met === 'settled'
    }
    const key = row[table.schema.key]
    const known = table.entries.get(key)
    const found = known && keyRival(known, transaction, evaluation)
    if (found === 'waits') return false
    if (found !== undefined) throw duplicate(table, [table.schema.key], row, transaction)
    entry = known ?? table.add(key)
    transaction.lock(entry, UPDATE)
    transaction.write(table, entry, row)
    if (constraints.length > 0) evaluation.entry = entry
  }
  for (; evaluation.checked < constraints.length; evaluation.checked++) {
    const constraint = constraints[evaluation.checked] as TableIndex
    if (conflicting(table, constraint, row, entry, transaction, evaluation) === 'waits') return false
    constraint.add(entry, row)
  }
  answer.give(row, entry.pendingHash)
  return true
}

/** The row with what the server puts in. */
function complete(values: Row, table: Table, transaction: Transaction): Row {
  const { key, sequence } = table.schema
  const row = transaction.filledIn(values)
  return sequence && row[key] === undefined ? withKey(row, key, table.allocate()) : row
}

/** Not a spread: in Node 20 every spread copy that grows or is frozen later gets a hidden class of its own. */
function withKey(values: Row, column: string, key: number): Row {
  const row: Record<string, unknown> = Object.assign({}, values)
  row[column] = key
  return row
}

/** Does what an insert asks for where a row with the same values exists. */
function meet(
  { columns, update }: OnConflict,
  table: Table,
  row: Row,
  snapshot: number,
  transaction: Transaction,
  evaluation: Evaluation,
  answer: Answer,
): 'free' | 'waits' | 'settled' {
  const entry = found(columns, table, row, transaction, evaluation)
  if (entry === undefined) return 'free'
  if (entry === 'waits') return 'waits'
  const unseen = entry.commit > snapshot && entry.writer !== transaction
  if (unseen && !transaction.readCommitted) throw concurrentChange(entry)
  if (update === undefined) {
    answer.give(undefined, 1)
    return 'settled'
  }
  if (!isFree(entry, NO_KEY_UPDATE, transaction)) {
    transaction.waitForRow(entry, NO_KEY_UPDATE, evaluation)
    return 'waits'
  }
  transaction.lock(entry, NO_KEY_UPDATE)
  const after = changed(entry, versionOf(entry, transaction), update, transaction, evaluation)
  if (after === undefined) return 'waits'
  answer.give(after, entry.pendingHash)
  return 'settled'
}

/** The row that an insert with a conflict clause meets. */
function found(
  columns: readonly string[] | undefined,
  table: Table,
  row: Row,
  transaction: Transaction,
  evaluation: Evaluation,
): Entry | 'waits' | undefined {
  const { key, name } = table.schema
  const isMeant = (constraint: readonly string[]): boolean =>
    columns === undefined ||
    (constraint.length === columns.length && constraint.every((column) => columns.includes(column)))
  const constraints = table.constraints.filter((constraint) => isMeant(constraint.columns))
  if (isMeant([key])) {
    const known = table.entries.get(row[key])
    const entry = known && keyRival(known, transaction, evaluation)
    if (entry !== undefined) return entry
  } else if (constraints.length === 0) {
    const message = `an insert into ${name} names (${columns?.join(', ')}), which is no unique constraint of it`
    throw new SimError('definition', message)
  }
  for (const constraint of constraints) {
    const entry = rival(constraint, row, undefined, transaction, evaluation)
    if (entry !== undefined) return entry
  }
  return undefined
}
