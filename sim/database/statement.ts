import { Immer } from 'immer'
import { SimError } from '../kernel/error.ts'
import { hashNumber } from '../kernel/value.ts'
import { DatabaseError } from './error.ts'
import type { Locking, Query } from './predicate.ts'
import type { ServerValue } from './server-value.ts'
import type { Entry, LockWaiter, Row, Table } from './table.ts'
import type { Transaction } from './transaction.ts'

/** Freezing is left to sealing, which visits a new version anyway. */
const immer = new Immer({ autoFreeze: false })

/** Changes a draft of one row in place, or says which columns get which values. */
export type Recipe = ((draft: Record<string, unknown>) => void) | Readonly<Record<string, unknown>>

type AnyQuery = Query<Record<string, unknown>>

/** A statement that reads and, with a locking clause, locks what it reads. */
export type ReadStatement =
  | { readonly kind: 'get'; readonly table: Table; readonly key: unknown; readonly lock?: Locking }
  | { readonly kind: 'select'; readonly table: Table; readonly query: AnyQuery }

/**
 * `on conflict`: what an insert does where a row with the same values in a unique constraint exists. It waits for an
 * open transaction that holds such a row, as every insert does.
 */
export interface OnConflict {
  /** The columns of the constraint that is meant; undefined means any (only without an update). */
  readonly columns: readonly string[] | undefined
  /** Updates the row that exists; undefined leaves it as it is (`do nothing`), and the answer is undefined. */
  readonly update: Recipe | undefined
}

/** A statement about rows of one table. */
export type TableStatement =
  | ReadStatement
  | {
      readonly kind: 'insert'
      readonly table: Table
      readonly row: Row
      readonly onConflict?: OnConflict
    }
  | {
      readonly kind: 'update'
      readonly table: Table
      readonly query: AnyQuery
      readonly recipe: Recipe
      /** Answers the new rows instead of their number. */
      readonly returning?: boolean
    }
  | {
      readonly kind: 'delete'
      readonly table: Table
      readonly query: AnyQuery
      /** Answers the rows that are gone instead of their number. */
      readonly returning?: boolean
    }

/** A lock that the application gives a meaning to. */
export interface AdvisoryLock {
  readonly key: string | number
  /** Held until the end of the transaction, or until it is unlocked or its connection closes. */
  readonly scope: 'transaction' | 'session'
  readonly shared?: boolean
}

/** A statement about no table. */
export type ControlStatement =
  /** Answers true, or with `try` whether the lock was free. */
  | { readonly kind: 'advisory lock'; readonly lock: AdvisoryLock; readonly try: boolean }
  /** Answers whether the connection held the lock; for locks of a session. */
  | { readonly kind: 'advisory unlock'; readonly lock: AdvisoryLock }
  | { readonly kind: 'savepoint' | 'rollback to' | 'release'; readonly savepoint: string }
  /** Answers what only the server knows. */
  | { readonly kind: 'ask'; readonly value: ServerValue }

/** A statement as data. */
export type Statement = TableStatement | ControlStatement

/** Whether a statement reads and locks nothing. */
export function onlyReads(statement: Statement): statement is ReadStatement {
  if (statement.kind === 'select') return statement.query.for === undefined
  return statement.kind === 'get' && statement.lock?.for === undefined
}

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
    case 'get':
    case 'select':
      read(statement, transaction, answer)
      return true
    default:
      throw new SimError('definition', `the database does not execute '${statement.kind}' yet`)
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
