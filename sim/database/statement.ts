import { Immer } from 'immer'
import { SimError } from '../kernel/error.ts'
import { hashNumber } from '../kernel/value.ts'
import { DatabaseError } from './error.ts'
import type { Query } from './predicate.ts'
import type { Entry, LockWaiter, Row, Table } from './table.ts'
import type { Transaction } from './transaction.ts'

/** Freezing is left to sealing, which visits a new version anyway. */
const immer = new Immer({ autoFreeze: false })

/** Changes a draft of one row in place, or says which columns get which values. */
export type Recipe = ((draft: Record<string, unknown>) => void) | Readonly<Record<string, unknown>>

type AnyQuery = Query<Record<string, unknown>>

/** A statement that only reads. */
export type ReadStatement =
  | { readonly kind: 'get'; readonly table: Table; readonly key: unknown }
  | { readonly kind: 'select'; readonly table: Table; readonly query: AnyQuery }

/** A statement as data. */
export type Statement =
  | ReadStatement
  | { readonly kind: 'insert'; readonly table: Table; readonly row: Row }
  | { readonly kind: 'update'; readonly table: Table; readonly query: AnyQuery; readonly recipe: Recipe }
  | { readonly kind: 'delete'; readonly table: Table; readonly query: AnyQuery }

/** A statement's answer: reused from statement to statement, so it is read before the next one is evaluated. */
export class Answer {
  value: unknown = undefined
  hash = 0
  /** Trace ids of the commits whose rows were read; kept only while `traced`. */
  readFrom: number[] | undefined

  /** Begins a new answer. */
  reset(traced: boolean): void {
    this.value = undefined
    this.hash = 0
    this.readFrom = traced ? [] : undefined
  }

  /** Sets what was found, and by which hash the digest knows it. */
  give(value: unknown, hash: number): void {
    this.value = value
    this.hash = hash
  }
}

/**
 * Evaluates a statement.
 * @param transaction undefined for a read outside transactions
 * @param waiter evaluates it again after a lock wait
 * @returns false when it waits for a lock
 * @throws DatabaseError
 */
export function evaluate(
  statement: Statement,
  transaction: Transaction,
  waiter: LockWaiter,
  answer: Answer,
): boolean {
  switch (statement.kind) {
    case 'insert':
      return insert(statement.table, statement.row, transaction, waiter, answer)
    case 'update':
      return change(statement.table, statement.query, transaction, waiter, answer, statement.recipe)
    case 'delete':
      return change(statement.table, statement.query, transaction, waiter, answer, undefined)
    default:
      read(statement, transaction, answer)
      return true
  }
}

/** Evaluates a statement that only reads; such a statement never waits. */
export function read(statement: ReadStatement, transaction: Transaction | undefined, answer: Answer): void {
  if (statement.kind === 'get') {
    const entry = statement.table.entries.get(statement.key)
    const row = entry?.visibleTo(transaction)
    if (entry === undefined || row === undefined) answer.give(undefined, 1)
    else {
      answer.give(row, versionHash(entry, transaction))
      answer.readFrom?.push(entry.writtenBy)
    }
    return
  }
  const entries = statement.table.find(statement.query, transaction)
  let hash = entries.length
  const rows: (Row | undefined)[] = []
  for (const entry of entries) {
    hash = (Math.imul(hash, 31) + versionHash(entry, transaction)) | 0
    rows.push(entry.visibleTo(transaction))
    answer.readFrom?.push(entry.writtenBy)
  }
  answer.give(rows, hash)
}

function versionHash(entry: Entry, transaction: Transaction | undefined): number {
  return transaction !== undefined && entry.owner === transaction ? entry.pendingHash : entry.hash
}

function insert(
  table: Table,
  values: Row,
  transaction: Transaction,
  waiter: LockWaiter,
  answer: Answer,
): boolean {
  const { key: column, name, sequence } = table.schema
  const row = sequence && values[column] === undefined ? withKey(values, column, table.allocate()) : values
  const key = row[column]
  const entry = table.entry(key)
  const { owner } = entry
  // A row that exists refuses the insert at once, and is not locked by it.
  if ((owner === undefined || owner === transaction) && entry.visibleTo(transaction) !== undefined) {
    throw new DatabaseError(
      '23505',
      name,
      `duplicate key value violates unique constraint: ${name}.${column} = ${String(key)}`,
    )
  }
  if (!transaction.lock(table, entry, waiter)) return false
  transaction.write(table, entry, row)
  answer.give(row, entry.pendingHash)
  return true
}

/** Not a spread: in Node 20 every spread copy that grows or is frozen later gets a hidden class of its own. */
function withKey(values: Row, column: string, key: number): Row {
  const row: Record<string, unknown> = Object.assign({}, values)
  row[column] = key
  return row
}

function changed({ table, key, pending }: Entry, recipe: Recipe): Row {
  const row = pending as Row
  const now =
    typeof recipe === 'function' ? immer.produce(row, recipe as (draft: Row) => void) : { ...row, ...recipe }
  const { key: column, name } = table.schema
  if (now[column] === key) return now
  const message = `an update of ${name} changes ${column}, its key, of ${String(key)}: delete the row and insert another`
  throw new SimError('definition', message)
}

/** Updates by a recipe, or deletes where there is none. */
function change(
  table: Table,
  query: AnyQuery,
  transaction: Transaction,
  waiter: LockWaiter,
  answer: Answer,
  recipe: Recipe | undefined,
): boolean {
  const entries = table.find(query, transaction)
  for (const entry of entries) if (!transaction.lock(table, entry, waiter)) return false
  for (const entry of entries) {
    answer.readFrom?.push(entry.writtenBy)
    transaction.write(table, entry, recipe === undefined ? undefined : changed(entry, recipe))
  }
  answer.give(entries.length, hashNumber(entries.length))
  return true
}
