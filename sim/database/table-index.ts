import { Entry } from './entry.ts'
import type { Row } from './table.ts'

/** Rows by the values of one column or several, of all versions that are kept; a value of one row alone needs no set. */
export class TableIndex {
  readonly columns: readonly string[]
  /** Whether two rows may not have the same values; a null is the same as nothing. */
  readonly unique: boolean
  /** Made with the first row. */
  private buckets: Map<unknown, Entry | Set<Entry>> | undefined = undefined

  constructor(columns: readonly string[], unique: boolean) {
    this.columns = columns
    this.unique = unique
  }

  /** By what a row is found; undefined when it is not in the index. */
  valueOf(row: Row): unknown {
    const { columns } = this
    if (columns.length === 1) {
      const value = row[columns[0] as string]
      return this.unique && value === null ? undefined : value
    }
    const values = columns.map((column) => row[column])
    return this.unique && values.includes(null) ? undefined : JSON.stringify(values)
  }

  /** The rows that have, had or may get a value; where it is one alone, that. */
  find(value: unknown): Entry | Iterable<Entry> {
    return this.buckets?.get(value) ?? NONE
  }

  /** The rows that have, had or may get one of several values. */
  findAny(values: readonly unknown[]): Entry | Iterable<Entry> {
    let only: Entry | Set<Entry> | undefined
    let all: Set<Entry> | undefined
    for (const value of values) {
      const bucket = this.buckets?.get(value)
      if (bucket === undefined || bucket === only) continue
      if (only === undefined) only = bucket
      else {
        all ??= new Set(only instanceof Entry ? [only] : only)
        if (bucket instanceof Entry) all.add(bucket)
        else for (const entry of bucket) all.add(entry)
      }
    }
    return all ?? only ?? NONE
  }

  /** Adds a row under the value of one of its versions. */
  add(entry: Entry, row: Row): void {
    const value = this.valueOf(row)
    if (value === undefined) return
    this.buckets ??= new Map()
    const { buckets } = this
    const bucket = buckets.get(value)
    if (bucket === undefined) buckets.set(value, entry)
    else if (bucket === entry) return
    else if (bucket instanceof Entry) buckets.set(value, new Set([bucket, entry]))
    else bucket.add(entry)
  }

  /** Removes a row from under the value of a version that is gone, unless another version has it. */
  remove(entry: Entry, row: Row): void {
    const { buckets } = this
    const value = this.valueOf(row)
    if (buckets === undefined || value === undefined || this.has(entry, value)) return
    const bucket = buckets.get(value)
    if (bucket === entry) buckets.delete(value)
    else if (bucket instanceof Set) {
      bucket.delete(entry)
      if (bucket.size === 0) buckets.delete(value)
    }
  }

  /** Whether some version of a row that is still kept has a value. */
  private has({ committed, pending, older }: Entry, value: unknown): boolean {
    if (committed !== undefined && this.valueOf(committed) === value) return true
    if (pending !== undefined && this.valueOf(pending) === value) return true
    for (let version = older; version !== undefined; version = version.older)
      if (version.row !== undefined && this.valueOf(version.row) === value) return true
    return false
  }
}

/** What is found where there is nothing. */
export const NONE: readonly Entry[] = []

/** What was found, one by one. */
export const each = (found: Entry | Iterable<Entry>): Iterable<Entry> =>
  found instanceof Entry ? [found] : found
