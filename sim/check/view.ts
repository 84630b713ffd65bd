import { SimError } from '../kernel/error.ts'
import type { Readable } from '../kernel/ledger.ts'

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
  /** The rows with this value in a column. */
  rowsWhere(column: string, value: unknown): readonly AnyRow[]
  all(): readonly AnyRow[]
  /** Calls back on every change, with the row that changed and the trace id of the change. */
  observe(listener: (row: AnyRow, cause: number) => void): void
  /** Prepares fast look-ups by a column. */
  index(column: string): void
}

/** Reads a table or a ledger: `read(provider.charges).where({ orderId })`. */
export type Read = <Row>(readable: Readable<Row>) => Rows<Row>

/** A read-only view of everything that properties may see. */
export class View {
  readonly read: Read
  private readonly sources: ReadonlyMap<Readable<unknown>, Source>

  constructor(sources: ReadonlyMap<Readable<unknown>, Source>) {
    this.sources = sources
    const cache = new Map<Readable<unknown>, Rows<never>>()
    this.read = <Row>(readable: Readable<Row>): Rows<Row> => {
      const key = readable as Readable<unknown>
      let rows = cache.get(key)
      if (rows === undefined) {
        rows = rowsOf(this.source(key)) as Rows<never>
        cache.set(key, rows)
      }
      return rows as unknown as Rows<Row>
    }
  }

  /** The source behind a table or ledger. @throws SimError when the system does not have it */
  source(readable: Readable<unknown>): Source {
    const source = this.sources.get(readable)
    if (source !== undefined) return source
    const message = `a property reads ${readable.name}, which is no table and no ledger of the system`
    throw new SimError('definition', message)
  }
}

function rowsOf(source: Source): Rows<AnyRow> {
  return {
    all: () => source.all(),
    where: (values) => {
      const columns = Object.keys(values)
      const first = columns[0]
      if (first === undefined) return source.all()
      const rows = source.rowsWhere(first, values[first])
      return columns.length === 1
        ? rows
        : rows.filter((row) => columns.every((column) => row[column] === values[column]))
    },
  }
}
