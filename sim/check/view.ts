import { SimError } from '../kernel/error.ts'
import type { Readable } from '../kernel/ledger.ts'
import type { Measure, Term } from './measure.ts'
import { RunningTotal } from './running-total.ts'

type AnyRow = Readonly<Record<string, unknown>>

/** Rows of one table or ledger, as a property reads them. */
export interface Rows<Row> {
  /** The rows whose columns have these values. */
  where(values: Partial<Row>): readonly Row[]
  /** All rows. */
  all(): readonly Row[]
}

/** Where the rows of a table or ledger are found in a run; given by whoever built the world. */
export interface Source {
  /** The columns of a table; undefined for a ledger, which has those of its entries. */
  readonly columns?: readonly string[]
  /**
   * Calls back on every change before anybody is told of any change of the same commit: undefined for a row that was not
   * there, or is gone. What cannot do that is added up anew each time.
   */
  tally?(listener: (before: AnyRow | undefined, after: AnyRow | undefined) => void): void
  /** The rows with this value in a column. */
  rowsWhere(column: string, value: unknown): readonly AnyRow[]
  all(): readonly AnyRow[]
  /** Calls back on every change, with the row that changed and the trace id of the change. */
  observe(listener: (row: AnyRow, cause: number) => void): void
  /** Prepares fast look-ups by a column. */
  index(column: string): void
}

/** Reads a table or a ledger: `read(provider.charges).where({ orderId })`. */
export interface Read {
  <Row>(readable: Readable<Row>): Rows<Row>
  /** What a measure adds up to over the rows with a key in the column `per`. */
  total(measure: Measure, per: string, key: string): number
}

/** A read-only view of everything that properties may see. */
export class View {
  readonly read: Read
  private readonly sources: ReadonlyMap<Readable<unknown>, Source>
  private readonly totals = new Map<Term, Map<string, RunningTotal>>()

  constructor(sources: ReadonlyMap<Readable<unknown>, Source>) {
    this.sources = sources
    const cache = new Map<Readable<unknown>, Rows<never>>()
    const read = <Row>(readable: Readable<Row>): Rows<Row> => {
      const key = readable as Readable<unknown>
      let rows = cache.get(key)
      if (rows === undefined) {
        rows = rowsOf(key.name, this.source(key)) as Rows<never>
        cache.set(key, rows)
      }
      return rows as unknown as Rows<Row>
    }
    const total = (measure: Measure, per: string, key: string): number => {
      let sum = 0
      for (const term of measure) sum += this.prepare(term, per).of(key)
      return sum
    }
    this.read = Object.assign(read, { total })
  }

  /** The total of a term by a column, kept up to date from the first call on. */
  prepare(term: Term, per: string): RunningTotal {
    let totals = this.totals.get(term)
    if (totals === undefined) {
      totals = new Map()
      this.totals.set(term, totals)
    }
    let total = totals.get(per)
    if (total === undefined) {
      total = new RunningTotal(this.source(term.of), term, per)
      totals.set(per, total)
    }
    return total
  }

  /** The source behind a table or ledger. @throws SimError when the system does not have it */
  source(readable: Readable<unknown>): Source {
    const source = this.sources.get(readable)
    if (source !== undefined) return source
    const message = `it reads ${readable.name}, which is no table and no ledger of the system`
    throw new SimError('definition', message)
  }
}

function rowsOf(name: string, source: Source): Rows<AnyRow> {
  const known = new Set<string>()
  return {
    all: () => source.all(),
    where: (values) => {
      const columns = Object.keys(values)
      for (const column of columns) if (!known.has(column)) learn(known, column, name, source)
      const first = columns[0]
      if (first === undefined) return source.all()
      const rows = source.rowsWhere(first, values[first])
      return columns.length === 1
        ? rows
        : rows.filter((row) => columns.every((column) => row[column] === values[column]))
    },
  }
}

/** Makes sure that there is such a column. A ledger without entries may have any. */
function learn(known: Set<string>, column: string, name: string, source: Source): void {
  const columns = source.columns ?? [...new Set(source.all().flatMap(Object.keys))]
  for (const each of columns) known.add(each)
  if (known.has(column) || columns.length === 0) return
  throw new SimError('definition', `${name} has no column '${column}': expected ${columns.join(', ')}`)
}
