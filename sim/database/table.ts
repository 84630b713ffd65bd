import { SimError } from '../kernel/error.ts'
import { inOrder } from '../kernel/list.ts'
import type { RowSealer } from '../kernel/value.ts'
import { Entry, type Version } from './entry.ts'
import {
  compareRows,
  isMembership,
  matches,
  type Ordering,
  orderings,
  type Query,
  unknownColumn,
} from './predicate.ts'
import type { Snapshots } from './snapshots.ts'
import { each, NONE, TableIndex } from './table-index.ts'
import type { Transaction } from './transaction.ts'

/** A row: immutable plain data. */
export type Row = Readonly<Record<string, unknown>>

/** What a table is made of. */
export interface TableSchema {
  readonly name: string
  /** The primary key; unique. */
  readonly key: string
  /** Columns that queries compare for equality often. */
  readonly indexes: readonly string[]
  /** Unique constraints besides the key, each over one column or several; rows with a null in one are not compared. */
  readonly unique: readonly (readonly string[])[]
  readonly sealer: RowSealer
  /** The key is a number that the database allocates at insert, visible only at commit (a sequence). */
  readonly sequence: boolean
}

type AnyQuery = Query<Record<string, unknown>>
type AnyWhere = Readonly<Record<string, unknown>>

/** Hears of every committed change of a row: of its new version, or of the last one when it was deleted. */
export type TableObserver = (row: Row, cause: number) => void

/** A snapshot that sees every commit so far. */
export const LATEST = Number.POSITIVE_INFINITY

/** As many sequence values are lost when the server crashes (`SEQ_LOG_VALS`). */
const SEQUENCE_LOGGED_AHEAD = 32

/** A table of one database: rows by primary key, with indexes over the versions that are kept. */
export class Table {
  readonly schema: TableSchema
  readonly entries = new Map<unknown, Entry>()
  readonly observers: TableObserver[] = []
  /** Called for each row of a commit before any observer is told of it: what adds rows up agrees across tables then. */
  readonly tallies: ((before: Row | undefined, after: Row | undefined) => void)[] = []
  readonly sealer: RowSealer
  /** The unique constraints besides the key, in the order in which they are checked. */
  readonly constraints: readonly TableIndex[]
  private readonly indexes: TableIndex[]
  private nextOrdinal = 0
  private nextSequence = 1
  /** The highest sequence value that the log says was given out. */
  private loggedSequence = 0

  constructor(schema: TableSchema) {
    this.schema = schema
    this.sealer = schema.sealer
    this.constraints = schema.unique.map((columns) => new TableIndex(columns, true))
    this.indexes = schema.indexes.map((column) => new TableIndex([column], false))
  }

  /** Allocates the next sequence value: at insert, never given back. */
  allocate(): number {
    const value = this.nextSequence++
    if (value > this.loggedSequence) this.loggedSequence = value + SEQUENCE_LOGGED_AHEAD
    return value
  }

  /** After a crash the sequence goes on behind the values that the log gave out ahead. */
  skipSequence(): void {
    this.nextSequence = Math.max(this.nextSequence, this.loggedSequence + 1)
  }

  /** Makes the entry of a key that has none. */
  add(key: unknown): Entry {
    const entry = new Entry(this, key, this.nextOrdinal++)
    this.entries.set(key, entry)
    return entry
  }

  /** Adds an index over a column, of present and future rows. */
  addIndex(column: string): void {
    if (this.indexes.some(({ columns }) => columns.length === 1 && columns[0] === column)) return
    const index = new TableIndex([column], false)
    this.indexes.push(index)
    for (const entry of this.entries.values()) {
      if (entry.committed !== undefined) index.add(entry, entry.committed)
    }
  }

  /** Puts a row into the table before the run begins. */
  load(row: Row): void {
    const key = row[this.schema.key]
    const entry = this.entries.get(key) ?? this.add(key)
    entry.committed = row
    entry.hash = this.sealer.seal(row)
    this.rewritten(entry, row)
  }

  /** Indexes a version that a transaction has written; unique constraints when they have been checked. */
  written(entry: Entry, before: Row | undefined, after: Row): void {
    if (before === undefined) {
      if (entry.committed !== undefined) entry.reborn = true
      // A row that was deleted and is inserted again while a snapshot sees its old self is a new row.
      else if (entry.older !== undefined) entry.ordinal = this.nextOrdinal++
    }
    const { indexes } = this
    for (let at = 0; at < indexes.length; at++) (indexes[at] as TableIndex).add(entry, after)
  }

  /** Indexes a version that a transaction had written before and has gone back to. */
  rewritten(entry: Entry, row: Row): void {
    for (const index of this.constraints) index.add(entry, row)
    for (const index of this.indexes) index.add(entry, row)
  }

  /** Publishes the version that a committing transaction wrote. */
  publish(entry: Entry, commit: number, xid: number, cause: number, snapshots: Snapshots): void {
    const before = entry.committed
    const kept = snapshots.any && before !== undefined
    if (kept) {
      entry.older = entry.version(commit)
      snapshots.keep(entry, commit)
    }
    entry.committed = entry.pending
    entry.hash = entry.pendingHash
    entry.writtenBy = cause
    const { tallies } = this
    for (let at = 0; at < tallies.length; at++) tallies[at]?.(before, entry.committed)
    entry.commit = commit
    entry.xid = xid
    if (before === undefined || entry.reborn) entry.born = commit
    entry.reborn = false
    entry.writer = undefined
    entry.pending = undefined
    if (kept) return
    if (before !== undefined) this.dropped(entry, before)
    else this.forget(entry)
  }

  /** Takes back what a transaction wrote, that it was the writer included. */
  withdraw(entry: Entry): void {
    const { pending } = entry
    entry.reborn = false
    entry.writer = undefined
    entry.pending = undefined
    if (pending !== undefined) this.dropped(entry, pending)
    else this.forget(entry)
  }

  /** Puts back the version before a commit that is lost; undefined if there was none. */
  restore(entry: Entry, before: Version | undefined): void {
    const lost = entry.committed
    entry.committed = before?.row
    for (const tally of this.tallies) tally(lost, entry.committed)
    entry.hash = before?.hash ?? 0
    entry.writtenBy = before?.writtenBy ?? 0
    entry.commit = before?.commit ?? 0
    entry.born = before?.born ?? 0
    entry.xid = before?.xid ?? 0
    if (before?.row !== undefined) {
      this.entries.set(entry.key, entry)
      this.rewritten(entry, before.row)
    }
    if (lost !== undefined) this.dropped(entry, lost)
  }

  /** Drops the versions of a row that no snapshot sees which is not older than the commit `oldest`. */
  dropVersions(entry: Entry, oldest: number): void {
    let last: Version | undefined
    let version = entry.older
    while (version !== undefined && version.until > oldest) {
      last = version
      version = version.older
    }
    if (last === undefined) entry.older = undefined
    else last.older = undefined
    for (; version !== undefined; version = version.older)
      if (version.row !== undefined) this.dropped(entry, version.row)
    this.forget(entry)
  }

  /** Tells the observers of a committed change. */
  changed(row: Row, cause: number): void {
    const { observers } = this
    for (let index = 0; index < observers.length; index++) (observers[index] as TableObserver)(row, cause)
  }

  /**
   * The entries whose visible version meets a query, in its order.
   * @param snapshot number of the last commit that it sees
   * @param where the query's condition, with every value that the server fills in
   * @throws SimError 'definition' for a column that the table does not have, and a limit that is none
   */
  find(
    query: AnyQuery,
    transaction: Transaction | undefined,
    snapshot = LATEST,
    where: AnyWhere = query.where ?? EVERYTHING,
  ): readonly Entry[] {
    const found = this.findAll(query, transaction, snapshot, where)
    const { limit = found.length, offset = 0 } = query
    return offset > 0 || limit < found.length ? found.slice(offset, offset + limit) : found
  }

  /** As `find`, whatever limit and offset the query has. */
  findAll(
    query: AnyQuery,
    transaction: Transaction | undefined,
    snapshot: number,
    where: AnyWhere,
  ): readonly Entry[] {
    const by = this.check(query, where)
    const candidates = this.candidates(where)
    if (candidates instanceof Entry)
      return isFound(candidates, where, transaction, snapshot) ? [candidates] : []
    const found: Entry[] = []
    for (const entry of candidates) if (isFound(entry, where, transaction, snapshot)) found.push(entry)
    if (found.length < 2) return found
    return inOrder(found, (left, right) => compareEntries(left, right, by, transaction, snapshot))
  }

  /** The entries of which some version that is kept may meet a condition; where it is one alone, that. */
  candidates(where: AnyWhere): Entry | Iterable<Entry> {
    const key = where[this.schema.key]
    if (key !== undefined) {
      if (typeof key !== 'object' || key === null) return this.entries.get(key) ?? NONE
      if (isMembership(key)) return this.keyedAny(key.value)
    }
    const { indexes, constraints } = this
    for (let at = 0; at < indexes.length; at++) {
      const index = indexes[at] as TableIndex
      const value = where[index.columns[0] as string]
      if (value === undefined) continue
      if (typeof value !== 'object' || value === null) return index.find(value)
      if (isMembership(value)) return index.findAny(value.value)
    }
    for (const index of constraints) {
      const asked = index.columns.every((column) => {
        const value = where[column]
        return value !== undefined && typeof value !== 'object'
      })
      if (asked) return index.find(index.valueOf(where))
    }
    return this.entries.values()
  }

  /** The committed rows that meet a condition, in insertion order. */
  rows(where: AnyWhere): Row[] {
    return this.find({ where }, undefined).map((entry) => entry.committed as Row)
  }

  /** The committed rows with this value in a column. */
  rowsWhere(column: string, value: unknown): readonly Row[] {
    if (column === this.schema.key) {
      const row = this.entries.get(value)?.committed
      return row === undefined ? [] : [row]
    }
    const index = this.indexes.find(({ columns }) => columns[0] === column)
    if (index === undefined) return this.rows({ [column]: value })
    const rows: Row[] = []
    for (const { committed } of each(index.find(value)))
      if (committed !== undefined && committed[column] === value) rows.push(committed)
    return rows
  }

  /** A version of a row is gone. */
  dropped(entry: Entry, row: Row): void {
    const { indexes, constraints } = this
    for (let at = 0; at < indexes.length; at++) (indexes[at] as TableIndex).remove(entry, row)
    for (let at = 0; at < constraints.length; at++) (constraints[at] as TableIndex).remove(entry, row)
    this.forget(entry)
  }

  private keyedAny(keys: readonly unknown[]): Entry | Iterable<Entry> {
    if (keys.length === 1) return this.entries.get(keys[0]) ?? NONE
    const found = new Set<Entry>()
    for (const key of keys) {
      const entry = this.entries.get(key)
      if (entry !== undefined) found.add(entry)
    }
    return found
  }

  /** Forgets a row of which no version is left. */
  private forget(entry: Entry): void {
    const { committed, older, writer, key } = entry
    if (committed === undefined && older === undefined && writer === undefined) this.entries.delete(key)
  }

  private check({ orderBy, limit, offset }: AnyQuery, where: AnyWhere): readonly Ordering[] {
    const { schema, sealer } = this
    const unknown = unknownColumn(where, sealer.names)
    if (unknown !== undefined) throw noColumn(schema.name, unknown, sealer.names)
    const by = orderings(orderBy)
    for (const { column } of by)
      if (!sealer.names.includes(column)) throw noColumn(schema.name, column, sealer.names)
    checkCount(schema.name, 'limit', limit)
    checkCount(schema.name, 'offset', offset)
    return by
  }
}

function noColumn(table: string, column: string, names: readonly string[]): SimError {
  return new SimError(
    'definition',
    `a query of table ${table} asks for column ${column}, which it does not have: expected ${names.join(', ')}`,
  )
}

/** Whether the version of a row that a transaction sees meets a condition. */
function isFound(
  entry: Entry,
  where: AnyWhere,
  transaction: Transaction | undefined,
  snapshot: number,
): boolean {
  const row = entry.visibleTo(transaction, snapshot)
  return row !== undefined && matches(row, where)
}
const EVERYTHING: AnyWhere = {}

function compareEntries(
  left: Entry,
  right: Entry,
  by: readonly Ordering[],
  transaction: Transaction | undefined,
  snapshot: number,
): number {
  if (by.length > 0) {
    const leftRow = left.visibleTo(transaction, snapshot) as Row
    const order = compareRows(leftRow, right.visibleTo(transaction, snapshot) as Row, by)
    if (order !== 0) return order
  }
  return left.ordinal - right.ordinal
}

function checkCount(table: string, what: string, count: number | undefined): void {
  if (count === undefined || (Number.isSafeInteger(count) && count >= 0)) return
  const message = `a query of table ${table} has ${what} ${count}: expected a whole number from 0`
  throw new SimError('definition', message)
}
