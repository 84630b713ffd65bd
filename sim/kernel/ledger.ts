import type { Entity } from './choice.ts'
import type { Kernel } from './kernel.ts'
import { hashText } from './mix.ts'
import { type Plain, sealPlain } from './value.ts'

/**
 * Something that properties read: a table of a service or a ledger of the outside world. A specification is an object
 * known by identity; the rows exist once per run.
 */
export interface Readable<Row> {
  readonly name: string
  /** Carries the type of a row; never set. */
  readonly row?: Row
}

/** Names a ledger before any run. */
export function ledger<Row extends { readonly [column: string]: Plain }>(name: string): Readable<Row> {
  return { name }
}

/** Hears of every entry. */
export type LedgerObserver = (entry: Readonly<Record<string, unknown>>, cause: number) => void

/** An append-only account of what really happened in the outside world: no service can see it, properties can. */
export class Ledger {
  readonly name: string
  readonly entries: Readonly<Record<string, unknown>>[] = []
  readonly observers: LedgerObserver[] = []
  private readonly kernel: Kernel
  private readonly hash: number
  private readonly indexes = new Map<string, Map<unknown, Readonly<Record<string, unknown>>[]>>()

  constructor(kernel: Kernel, name: string) {
    this.kernel = kernel
    this.name = name
    this.hash = hashText(name, 0)
  }

  /** Appends an entry and returns the trace id of its record. */
  append(entry: Readonly<Record<string, Plain>>, entity: Entity, cause: number): number {
    const { kernel } = this
    kernel.digest.word(this.hash)
    kernel.digest.word(sealPlain(entry, this.name))
    this.entries.push(entry)
    for (const [column, index] of this.indexes) addTo(index, entry[column], entry)
    const record = kernel.record('ledger', this.name, entity, cause, entry)
    for (const observe of this.observers) observe(entry, record)
    return record
  }

  /** The entries with this value in a column, in order; indexed from the first call on. */
  entriesWhere(column: string, value: unknown): readonly Readonly<Record<string, unknown>>[] {
    let index = this.indexes.get(column)
    if (index === undefined) {
      index = new Map()
      this.indexes.set(column, index)
      for (const entry of this.entries) addTo(index, entry[column], entry)
    }
    return index.get(value) ?? []
  }
}

type Entries = Readonly<Record<string, unknown>>[]

function addTo(index: Map<unknown, Entries>, value: unknown, entry: Readonly<Record<string, unknown>>): void {
  const bucket = index.get(value)
  if (bucket === undefined) index.set(value, [entry])
  else bucket.push(entry)
}
