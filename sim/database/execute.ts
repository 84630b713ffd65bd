import { SimError } from '../kernel/error.ts'
import { hashNumber } from '../kernel/value.ts'
import type { Answer } from './answer.ts'
import { changed } from './change.ts'
import type { Entry } from './entry.ts'
import { DatabaseError } from './error.ts'
import { type Evaluation, type Progress, suspend } from './evaluation.ts'
import { insert } from './insert.ts'
import { type LockWait, type Query, type RowLockMode, resolved } from './predicate.ts'
import { reach, versionOf } from './reach.ts'
import { NO_KEY_UPDATE, strengthOf, UPDATE } from './row-lock.ts'
import type { ServerValues } from './server-value.ts'
import type { ControlStatement, ReadStatement, Statement, TableStatement } from './statement.ts'
import { LATEST, type Row, type Table } from './table.ts'
import type { Transaction } from './transaction.ts'

type AnyWhere = Readonly<Record<string, unknown>>

const NOTHING: AnyWhere = {}

/**
 * Evaluates a statement.
 * @returns false when it waits; the evaluation's `retry` is called when it may go on
 * @throws DatabaseError
 */
export function execute(
  statement: Statement,
  transaction: Transaction,
  evaluation: Evaluation,
  answer: Answer,
): boolean {
  const { kind } = statement
  if (transaction.options.readOnly === true) refuseWrites(statement)
  switch (kind) {
    case 'get':
    case 'select':
      return select(statement, transaction, evaluation, answer)
    case 'insert':
      return insert(statement, transaction, evaluation, answer)
    case 'update':
    case 'delete':
      return change(statement, transaction, evaluation, answer)
    default:
      return control(statement, transaction, evaluation, answer)
  }
}

/** Evaluates a read outside transactions, which sees every commit so far. */
export function read(statement: ReadStatement, server: ServerValues, answer: Answer): void {
  const where = statement.kind === 'get' ? NOTHING : whereOf(statement, server)
  readAt(statement, undefined, LATEST, where, answer)
}

function refuseWrites(statement: Statement): void {
  const locks =
    (statement.kind === 'select' && statement.query.for !== undefined) ||
    (statement.kind === 'get' && statement.lock?.for !== undefined)
  if (!locks && !WRITES.has(statement.kind)) return
  const table = 'table' in statement ? statement.table.schema.name : ''
  const what = locks ? 'SELECT FOR' : statement.kind.toUpperCase()
  throw new DatabaseError('25006', table, `cannot execute ${what} in a read-only transaction`)
}

const WRITES: ReadonlySet<string> = new Set(['insert', 'update', 'delete'])

function whereOf(statement: ReadStatement, server: ServerValues): AnyWhere {
  if (statement.kind === 'get') return { [statement.table.schema.key]: statement.key }
  const { where } = statement.query
  return where === undefined ? NOTHING : resolved(where, server)
}

function select(
  statement: ReadStatement,
  transaction: Transaction,
  evaluation: Evaluation,
  answer: Answer,
): boolean {
  const locking = statement.kind === 'select' ? statement.query : statement.lock
  if (locking?.for !== undefined)
    return selectLocked(statement, locking.for, locking.wait ?? 'block', transaction, evaluation, answer)
  const snapshot = transaction.beginStatement()
  if (statement.kind === 'get' && transaction.serializable === undefined) {
    readAt(statement, transaction, snapshot, NOTHING, answer)
    return true
  }
  const where = whereOf(statement, transaction)
  noteRead(statement.table, where, transaction)
  readAt(statement, transaction, snapshot, where, answer)
  return true
}

/** Tells serializable snapshot isolation what is read. */
function noteRead(table: Table, where: AnyWhere, transaction: Transaction): void {
  const { serializable, database } = transaction
  if (serializable !== undefined) database.serializable.read(serializable, table, where)
}

function readAt(
  statement: ReadStatement,
  transaction: Transaction | undefined,
  snapshot: number,
  where: AnyWhere,
  answer: Answer,
): void {
  const { table } = statement
  if (statement.kind === 'get') {
    const entry = table.entries.get(statement.key)
    const row = entry?.visibleTo(transaction, snapshot)
    if (entry === undefined || row === undefined) answer.give(undefined, 1)
    else answer.give(row, answer.read(entry, transaction, snapshot))
    return
  }
  const entries = table.find(statement.query, transaction, snapshot, where)
  let hash = entries.length
  const rows: Row[] = []
  for (const entry of entries) {
    hash = (Math.imul(hash, 31) + answer.read(entry, transaction, snapshot)) | 0
    rows.push(entry.visibleTo(transaction, snapshot) as Row)
  }
  answer.give(rows, hash)
}

/** Begins a statement that locks rows: what it sees and, in order, the rows that it finds. */
function begin(table: Table, query: Query<Record<string, unknown>>, transaction: Transaction): Progress {
  const snapshot = transaction.beginStatement()
  const where = query.where === undefined ? NOTHING : resolved(query.where, transaction)
  noteRead(table, where, transaction)
  const entries = table.findAll(query, transaction, snapshot, where)
  return { snapshot, where, entries, at: 0, done: [], hash: 0 }
}

function selectLocked(
  statement: ReadStatement,
  mode: RowLockMode,
  wait: LockWait,
  transaction: Transaction,
  evaluation: Evaluation,
  answer: Answer,
): boolean {
  const { table } = statement
  const query = statement.kind === 'get' ? { where: { [table.schema.key]: statement.key } } : statement.query
  const progress = evaluation.progress ?? begin(table, query, transaction)
  const { entries, done, snapshot, where } = progress
  const { limit = entries.length, offset = 0 }: { limit?: number; offset?: number } = query
  for (; progress.at < entries.length && done.length < limit + offset; progress.at++) {
    const entry = entries[progress.at] as Entry
    const reached = reach(entry, strengthOf(mode), wait, snapshot, where, transaction, evaluation)
    if (reached === 'waits') return suspend(evaluation, progress, transaction)
    if (reached === 'left out') continue
    done.push(versionOf(entry, transaction))
    progress.hash = (Math.imul(progress.hash, 31) + answer.read(entry, transaction, LATEST)) | 0
  }
  if (statement.kind === 'get') answer.give(done[0], done.length === 0 ? 1 : progress.hash)
  else answer.give(done.slice(offset), progress.hash ^ done.length)
  return true
}

/** Updates by a recipe, or deletes, row by row: what was changed before a wait stays changed. */
function change(
  statement: TableStatement & { readonly kind: 'update' | 'delete' },
  transaction: Transaction,
  evaluation: Evaluation,
  answer: Answer,
): boolean {
  const { table, query, kind, returning } = statement
  const progress = evaluation.progress ?? begin(table, query, transaction)
  const { entries, done, snapshot, where } = progress
  const mode = kind === 'delete' ? UPDATE : NO_KEY_UPDATE
  for (; progress.at < entries.length; progress.at++) {
    const entry = entries[progress.at] as Entry
    const reached = reach(entry, mode, 'block', snapshot, where, transaction, evaluation)
    if (reached === 'waits') return suspend(evaluation, progress, transaction)
    if (reached === 'left out') continue
    const before = versionOf(entry, transaction)
    const hash = answer.read(entry, transaction, LATEST)
    if (kind === 'delete') {
      transaction.write(table, entry, undefined)
      done.push(before)
    } else {
      const after = changed(entry, before, statement.recipe, transaction, evaluation)
      if (after === undefined) return suspend(evaluation, progress, transaction)
      done.push(after)
    }
    progress.hash = (Math.imul(progress.hash, 31) + (kind === 'delete' ? hash : entry.pendingHash)) | 0
  }
  if (statement.kind === 'delete' && statement.strict === true && done.length === 0)
    throw new DatabaseError('P0002', table.schema.name, 'query returned no rows')
  if (returning === true) answer.give(done, progress.hash ^ done.length)
  else answer.give(done.length, hashNumber(done.length))
  return true
}

function control(
  statement: ControlStatement,
  transaction: Transaction,
  evaluation: Evaluation,
  answer: Answer,
): boolean {
  const { advisory } = transaction.database
  // What selects something takes a snapshot, as every query does; savepoints do not.
  if ('lock' in statement || 'value' in statement) transaction.beginStatement()
  switch (statement.kind) {
    case 'advisory lock': {
      const { lock } = statement
      const got = advisory.take(lock, transaction)
      if (!got && !statement.try) {
        transaction.waitsFor = { kind: 'advisory', request: advisory.wait(lock, evaluation) }
        return false
      }
      answer.give(got, hashNumber(got ? 1 : 0))
      return true
    }
    case 'advisory unlock': {
      const had = advisory.unlock(statement.lock, transaction.connection)
      answer.give(had, hashNumber(had ? 1 : 0))
      return true
    }
    case 'ask': {
      const value = transaction.fill(statement.value)
      answer.give(value, hashNumber(value))
      return true
    }
    case 'savepoint':
      transaction.save(statement.savepoint)
      break
    case 'rollback to':
      transaction.rollbackTo(statement.savepoint)
      break
    case 'release':
      transaction.releaseSavepoint(statement.savepoint)
      break
    default:
      throw new SimError('definition', `the database has no statement '${(statement as Statement).kind}'`)
  }
  answer.give(undefined, 1)
  return true
}
