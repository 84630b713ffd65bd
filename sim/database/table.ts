import { SimError } from '../kernel/error.ts'
import type { RowSealer } from '../kernel/value.ts'
import {
  columnsOf,
  compareRows,
  isMembership,
  matches,
  type Ordering,
  orderings,
  type Query,
} from './predicate.ts'
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

/** A statement that waits for the lock of a row. */
export interface LockWaiter {
  /** Evaluates it again. */
  retry(): void
}

/** A row's committed version, and the version that an open transaction holds under its lock. */
export class Entry {
  readonly table: Table
  readonly key: unknown
  /** Position in the order of insertion. */
  readonly ordinal: number
  committed: Row | undefined
  /** Trace id of the commit that wrote it. */
  writtenBy = 0
  /** Hash of the committed row. */
  hash = 0
  pending: Row | undefined
  pendingHash = 0
  /** The transaction that holds the row lock. */
  owner: Transaction | undefined
  /** Statements that wait for the lock, first come first served. */
  waiting: LockWaiter[] | undefined

  constructor(table: Table, key: unknown, ordinal: number) {
    this.table = table
    this.key = key
    this.ordinal = ordinal
  }

  /** The version that a transaction sees: its own, else the last committed one (READ COMMITTED). */
  visibleTo(transaction: Transaction | undefined): Row | undefined {
    return transaction !== undefined && this.owner === transaction ? this.pending : this.committed
  }
}

/** Hears of every committed change of a row: of its new version, or of the last one when it was deleted. */
export type TableObserver = (row: Row, cause: number) => void

/** A table of one database: rows by primary key, with equality indexes over committed versions. */
export class Table {
  readonly schema: TableSchema
  readonly entries = new Map<unknown, Entry>()
  readonly observers: TableObserver[] = []
  readonly sealer: RowSealer
  private readonly indexes: EqualityIndex[] = []
  private nextOrdinal = 0
  private nextSequence = 1

  constructor(schema: TableSchema) {
    this.schema = schema
    this.sealer = schema.sealer
    for (const column of schema.indexes) this.indexes.push({ column, buckets: new Map() })
  }

  /** Allocates the next sequence value: at insert, never given back. */
  allocate(): number {
    return this.nextSequence++
  }

  /** The entry of a key; made when first used. */
  entry(key: unknown): Entry {
    let entry = this.entries.get(key)
    if (entry === undefined) {
      entry = new Entry(this, key, this.nextOrdinal++)
      this.entries.set(key, entry)
    }
    return entry
  }

  /** Adds an index over a column, of present and future rows. */
  addIndex(column: string): void {
    if (this.indexOf(column) !== undefined) return
    const index: EqualityIndex = { column, buckets: new Map() }
    this.indexes.push(index)
    for (const entry of this.entries.values()) {
      if (entry.committed !== undefined) reindex(index, entry, undefined, entry.committed)
    }
  }

  /** Puts a row into the table before the run begins. */
  load(row: Row): void {
    const entry = this.entry(row[this.schema.key])
    entry.pending = row
    entry.pendingHash = this.sealer.seal(row)
    this.publish(entry, 0)
    entry.pending = undefined
  }

  /** Publishes the version that a committing transaction wrote; observers hear of it when all its rows are published. */
  publish(entry: Entry, cause: number): void {
    const before = entry.committed
    entry.committed = entry.pending
    entry.hash = entry.pendingHash
    entry.writtenBy = cause
    const { indexes } = this
    for (let at = 0; at < indexes.length; at++)
      reindex(indexes[at] as EqualityIndex, entry, before, entry.committed)
  }

  /** Tells the observers of a committed change. */
  changed(row: Row, cause: number): void {
    const { observers } = this
    for (let index = 0; index < observers.length; index++) (observers[index] as TableObserver)(row, cause)
  }

  /**
   * The entries whose visible version meets a query, in its order.
   * @throws SimError 'definition' for a column that the table does not have, and a limit that is none
   */
  find(query: Query<Record<string, unknown>>, transaction: Transaction | undefined): Entry[] {
    const where = query.where ?? EVERYTHING
    this.check(query, where)
    const found: Entry[] = []
    const key = where[this.schema.key]
    if (key !== undefined && typeof key !== 'object') {
      this.findKey(key, where, transaction, found)
    } else if (isMembership(key)) {
      for (const member of new Set(key.value)) this.findKey(member, where, transaction, found)
    } else {
      this.findAll(where, transaction, found)
    }
    if (found.length > 1) {
      const by = orderings(query.orderBy)
      found.sort((left, right) => compareEntries(left, right, by, transaction))
    }
    const { limit = found.length, offset = 0 } = query
    return offset > 0 || limit < found.length ? found.slice(offset, offset + limit) : found
  }

  /** The committed rows that meet a condition, in insertion order. */
  rows(where: Readonly<Record<string, unknown>>): Row[] {
    return this.find({ where }, undefined).map((entry) => entry.committed as Row)
  }

  /** The committed rows with this value in a column. */
  rowsWhere(column: string, value: unknown): readonly Row[] {
    if (column === this.schema.key) {
      const row = this.entries.get(value)?.committed
      return row === undefined ? [] : [row]
    }
    const index = this.indexOf(column)
    if (index === undefined) return this.rows({ [column]: value })
    const bucket = index.buckets.get(value)
    if (bucket === undefined) return []
    if (bucket instanceof Entry) return [bucket.committed as Row]
    const rows: Row[] = []
    for (const entry of bucket) rows.push(entry.committed as Row)
    return rows
  }

  private check({ orderBy, limit, offset }: Query<Record<string, unknown>>, where: object): void {
    const { schema, sealer } = this
    for (const column of columnsOf(where as Record<string, unknown>))
      if (!sealer.names.includes(column)) throw noColumn(schema.name, column, sealer.names)
    for (const { column } of orderings(orderBy))
      if (!sealer.names.includes(column)) throw noColumn(schema.name, column, sealer.names)
    checkCount(schema.name, 'limit', limit)
    checkCount(schema.name, 'offset', offset)
  }

  private findKey(
    key: unknown,
    where: Readonly<Record<string, unknown>>,
    transaction: Transaction | undefined,
    found: Entry[],
  ): void {
    const entry = this.entries.get(key)
    const row = entry?.visibleTo(transaction)
    if (entry !== undefined && row !== undefined && matches(row, where)) found.push(entry)
  }

  private findAll(
    where: Readonly<Record<string, unknown>>,
    transaction: Transaction | undefined,
    found: Entry[],
  ): void {
    for (const entry of this.candidates(where)) {
      const row = entry.visibleTo(transaction)
      if (row !== undefined && matches(row, where)) found.push(entry)
    }
    if (transaction !== undefined) this.findOwn(where, transaction, found)
  }

  private indexOf(column: string): EqualityIndex | undefined {
    for (const index of this.indexes) if (index.column === column) return index
    return undefined
  }

  private candidates(where: Readonly<Record<string, unknown>>): Iterable<Entry> {
    for (const { column, buckets } of this.indexes) {
      const condition = where[column]
      if (condition !== undefined && (typeof condition !== 'object' || condition === null)) {
        const bucket = buckets.get(condition)
        return bucket === undefined ? NONE : bucket instanceof Entry ? [bucket] : bucket
      }
    }
    return this.entries.values()
  }

  private findOwn(where: Readonly<Record<string, unknown>>, transaction: Transaction, found: Entry[]): void {
    for (const entry of transaction.entries) {
      if (entry.table !== this || entry.pending === undefined || found.includes(entry)) continue
      if (matches(entry.pending, where)) found.push(entry)
    }
  }
}

/** Entries by the value of one column of their committed version; a value that only one entry has needs no set. */
interface EqualityIndex {
  readonly column: string
  readonly buckets: Map<unknown, Entry | Set<Entry>>
}

function noColumn(table: string, column: string, names: readonly string[]): SimError {
  return new SimError(
    'definition',
    `a query of table ${table} asks for column ${column}, which it does not have: expected ${names.join(', ')}`,
  )
}

const NONE: readonly Entry[] = []
const EVERYTHING: Readonly<Record<string, unknown>> = {}

function reindex(
  { column, buckets }: EqualityIndex,
  entry: Entry,
  before: Row | undefined,
  after: Row | undefined,
): void {
  const old = before?.[column]
  const now = after?.[column]
  if (before !== undefined && after !== undefined && old === now) return
  if (before !== undefined) {
    const bucket = buckets.get(old)
    if (bucket === entry) buckets.delete(old)
    else (bucket as Set<Entry>).delete(entry)
  }
  if (after !== undefined) {
    const bucket = buckets.get(now)
    if (bucket === undefined) buckets.set(now, entry)
    else if (bucket instanceof Entry) buckets.set(now, new Set([bucket, entry]))
    else bucket.add(entry)
  }
}

function compareEntries(
  left: Entry,
  right: Entry,
  by: readonly Ordering[],
  transaction: Transaction | undefined,
): number {
  const order = compareRows(left.visibleTo(transaction) as Row, right.visibleTo(transaction) as Row, by)
  return order !== 0 ? order : left.ordinal - right.ordinal
}

function checkCount(table: string, what: string, count: number | undefined): void {
  if (count === undefined || (Number.isSafeInteger(count) && count >= 0)) return
  const message = `a query of table ${table} has ${what} ${count}: expected a whole number from 0`
  throw new SimError('definition', message)
}
