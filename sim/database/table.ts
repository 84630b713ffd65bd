import type { Transaction } from './transaction.ts'
import { matches, type Query } from './predicate.ts'

/** A row: immutable plain data. */
export type Row = Readonly<Record<string, unknown>>

/** What a table is made of. */
export interface TableSchema {
  readonly name: string
  /** The primary key; unique. */
  readonly key: string
  /** Columns that queries compare for equality often. */
  readonly indexes: readonly string[]
  /** The key is a number that the database allocates at insert, visible only at commit (a sequence). */
  readonly sequence: boolean
}

/** A row's committed version, and the version that an open transaction holds under its lock. */
export class Entry {
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
  readonly waiting: (() => void)[] = []

  constructor(key: unknown, ordinal: number) {
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
  private readonly indexes = new Map<string, Map<unknown, Map<number, Entry>>>()
  private nextOrdinal = 0
  private nextSequence = 1

  constructor(schema: TableSchema) {
    this.schema = schema
    for (const column of schema.indexes) this.indexes.set(column, new Map())
  }

  /** Allocates the next sequence value: at insert, never given back. */
  allocate(): number {
    return this.nextSequence++
  }

  /** The entry of a key; made when first used. */
  entry(key: unknown): Entry {
    let entry = this.entries.get(key)
    if (entry === undefined) {
      entry = new Entry(key, this.nextOrdinal++)
      this.entries.set(key, entry)
    }
    return entry
  }

  /** Adds an index over a column, of present and future rows. */
  addIndex(column: string): void {
    if (this.indexes.has(column)) return
    this.indexes.set(column, new Map())
    for (const entry of this.entries.values()) if (entry.committed !== undefined) this.index(column, entry, undefined, entry.committed)
  }

  /** Puts a row into the table before the run begins. */
  load(row: Row, hash: number): void {
    const entry = this.entry(row[this.schema.key])
    entry.pending = row
    entry.pendingHash = hash
    this.publish(entry, 0)
    entry.pending = undefined
  }

  /** Publishes the version that a committing transaction wrote; observers hear of it when all its rows are published. */
  publish(entry: Entry, cause: number): void {
    const before = entry.committed
    entry.committed = entry.pending
    entry.hash = entry.pendingHash
    entry.writtenBy = cause
    for (const column of this.indexes.keys()) this.index(column, entry, before, entry.committed)
  }

  /** The entries whose visible version meets a query, in its order. */
  find(query: Query<Record<string, unknown>>, transaction: Transaction | undefined): Entry[] {
    const where = query.where ?? {}
    const found: Entry[] = []
    for (const entry of this.candidates(where)) {
      const row = entry.visibleTo(transaction)
      if (row !== undefined && matches(row, where)) found.push(entry)
    }
    if (transaction !== undefined) this.findOwn(where, transaction, found)
    found.sort((left, right) => compareEntries(left, right, query.orderBy, transaction))
    return query.limit !== undefined && found.length > query.limit ? found.slice(0, query.limit) : found
  }

  /** The committed rows that meet a condition, in insertion order. */
  rows(where: Readonly<Record<string, unknown>>): Row[] {
    return this.find({ where }, undefined).map((entry) => entry.committed as Row)
  }

  private candidates(where: Readonly<Record<string, unknown>>): Iterable<Entry> {
    const keyCondition = where[this.schema.key]
    if (keyCondition !== undefined && typeof keyCondition !== 'object') {
      const entry = this.entries.get(keyCondition)
      return entry === undefined ? [] : [entry]
    }
    for (const [column, index] of this.indexes) {
      const condition = where[column]
      if (condition !== undefined && (typeof condition !== 'object' || condition === null)) {
        return index.get(condition)?.values() ?? []
      }
    }
    return this.entries.values()
  }

  private findOwn(where: Readonly<Record<string, unknown>>, transaction: Transaction, found: Entry[]): void {
    for (const { table, entry } of transaction.written) {
      if (table !== this || found.includes(entry) || entry.pending === undefined) continue
      if (matches(entry.pending, where)) found.push(entry)
    }
  }

  private index(column: string, entry: Entry, before: Row | undefined, after: Row | undefined): void {
    const index = this.indexes.get(column) as Map<unknown, Map<number, Entry>>
    const old = before?.[column]
    const now = after?.[column]
    if (before !== undefined && after !== undefined && old === now) return
    if (before !== undefined) {
      const bucket = index.get(old) as Map<number, Entry>
      bucket.delete(entry.ordinal)
      if (bucket.size === 0) index.delete(old)
    }
    if (after !== undefined) {
      let bucket = index.get(now)
      if (bucket === undefined) {
        bucket = new Map()
        index.set(now, bucket)
      }
      bucket.set(entry.ordinal, entry)
    }
  }
}

function compareEntries(left: Entry, right: Entry, orderBy: string | undefined, transaction: Transaction | undefined): number {
  if (orderBy !== undefined) {
    const leftValue = left.visibleTo(transaction)?.[orderBy] as number
    const rightValue = right.visibleTo(transaction)?.[orderBy] as number
    if (leftValue < rightValue) return -1
    if (leftValue > rightValue) return 1
  }
  return left.ordinal - right.ordinal
}
