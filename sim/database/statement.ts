import type { Locking, Query } from './predicate.ts'
import type { ServerValue } from './server-value.ts'
import type { Row, Table } from './table.ts'

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
      /** `INTO STRICT` of PL/pgSQL: fails with P0002 when there is no such row. */
      readonly strict?: boolean
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
