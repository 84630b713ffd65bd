import { Immer } from 'immer'
import { hashNumber } from '../kernel/value.ts'
import { DatabaseError } from './error.ts'
import type { Query } from './predicate.ts'
import type { Entry, Row, Table } from './table.ts'
import type { Transaction } from './transaction.ts'

/** Freezing is left to sealing, which visits a new version anyway. */
const immer = new Immer({ autoFreeze: false })

/** Changes a draft of one row in place. */
export type Recipe = (draft: Record<string, unknown>) => void

/** A statement as data. */
export type Statement =
  | { readonly kind: 'insert'; readonly table: Table; readonly row: Row }
  | { readonly kind: 'get'; readonly table: Table; readonly key: unknown }
  | { readonly kind: 'select'; readonly table: Table; readonly query: Query<Record<string, unknown>> }
  | { readonly kind: 'update'; readonly table: Table; readonly query: Query<Record<string, unknown>>; readonly recipe: Recipe }
  | { readonly kind: 'delete'; readonly table: Table; readonly query: Query<Record<string, unknown>> }

/** A statement's answer, its hash, and the commits whose rows it read. */
export interface Answer {
  readonly value: unknown
  readonly hash: number
  readonly readFrom: readonly number[]
}

const NOTHING_READ: readonly number[] = []

/**
 * Evaluates a statement inside a transaction.
 * @param retry called to evaluate it again after a lock wait
 * @returns undefined when it waits for a lock
 * @throws DatabaseError
 */
export function evaluate(statement: Statement, transaction: Transaction, retry: () => void): Answer | undefined {
  switch (statement.kind) {
    case 'insert':
      return insert(statement.table, statement.row, transaction, retry)
    case 'get': {
      const entry = statement.table.entries.get(statement.key)
      const row = entry?.visibleTo(transaction)
      if (entry === undefined || row === undefined) return { value: undefined, hash: 1, readFrom: NOTHING_READ }
      return { value: row, hash: versionHash(entry, transaction), readFrom: [entry.writtenBy] }
    }
    case 'select': {
      const entries = statement.table.find(statement.query, transaction)
      let hash = entries.length
      for (const entry of entries) hash = (Math.imul(hash, 31) + versionHash(entry, transaction)) | 0
      return { value: entries.map((entry) => entry.visibleTo(transaction)), hash, readFrom: entries.map((entry) => entry.writtenBy) }
    }
    case 'update':
      return change(statement.table, statement.query, transaction, retry, (row) => immer.produce(row, statement.recipe as (draft: Row) => void))
    case 'delete':
      return change(statement.table, statement.query, transaction, retry, () => undefined)
  }
}

function versionHash(entry: Entry, transaction: Transaction): number {
  return entry.owner === transaction ? entry.pendingHash : entry.hash
}

function insert(table: Table, values: Row, transaction: Transaction, retry: () => void): Answer | undefined {
  const { key: column, name, sequence } = table.schema
  const row = sequence && values[column] === undefined ? { ...values, [column]: table.allocate() } : values
  const key = row[column]
  const entry = table.entry(key)
  if (!transaction.lock(table, entry, retry)) return undefined
  if (entry.pending !== undefined) {
    throw new DatabaseError('23505', name, `duplicate key value violates unique constraint: ${name}.${column} = ${String(key)}`)
  }
  transaction.write(table, entry, row)
  return { value: row, hash: entry.pendingHash, readFrom: NOTHING_READ }
}

function change(
  table: Table,
  query: Query<Record<string, unknown>>,
  transaction: Transaction,
  retry: () => void,
  next: (row: Row) => Row | undefined,
): Answer | undefined {
  const entries = table.find(query, transaction)
  for (const entry of entries) if (!transaction.lock(table, entry, retry)) return undefined
  const readFrom: number[] = []
  for (const entry of entries) {
    readFrom.push(entry.writtenBy)
    transaction.write(table, entry, next(entry.pending as Row))
  }
  return { value: entries.length, hash: hashNumber(entries.length), readFrom }
}
