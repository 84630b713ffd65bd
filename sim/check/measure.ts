import { SimError } from '../kernel/error.ts'
import type { Readable } from '../kernel/ledger.ts'

type AnyRow = Readonly<Record<string, unknown>>

/** What the rows of one table or ledger contribute. */
export interface Term {
  readonly of: Readable<unknown>
  /** A whole number: what one row contributes. */
  amount(row: AnyRow): number
}

/** A number that is added up over rows, of one table or ledger or of several. */
export type Measure = readonly Term[]

/** Which rows count: those with these values, or those for which a function says so. */
export type Which<Row> = Partial<Row> | ((row: Row) => boolean)

function test<Row>(which: Which<Row> | undefined): (row: AnyRow) => boolean {
  if (which === undefined) return () => true
  if (typeof which === 'function') return (row) => which(row as Row)
  const wanted = Object.entries(which)
  return (row) => wanted.every(([column, value]) => row[column] === value)
}

/** How many rows there are: `countOf(provider.charges)`, `countOf(reservations, { status: 'RESERVED' })`. */
export function countOf<Row>(of: Readable<Row>, which?: Which<Row>): Measure {
  const counts = test(which)
  return [{ of: of as Readable<unknown>, amount: (row) => (counts(row) ? 1 : 0) }]
}

/** What a column of whole numbers adds up to: `sumOf(provider.charges, 'amount')`. */
export function sumOf<Row>(of: Readable<Row>, column: keyof Row & string, which?: Which<Row>): Measure {
  const counts = test(which)
  const amount = (row: AnyRow): number => {
    const value = row[column]
    if (Number.isSafeInteger(value)) return counts(row) ? (value as number) : 0
    throw new SimError(
      'definition',
      `${of.name}: column ${column} holds ${String(value)}: expected a whole number`,
    )
  }
  return [{ of: of as Readable<unknown>, amount }]
}

/** One measure and another. */
export function plus(...measures: readonly Measure[]): Measure {
  return measures.flat()
}

/** One measure less another: `minus(sumOf(charges, 'amount'), sumOf(refunds, 'amount'))`. */
export function minus(measure: Measure, less: Measure): Measure {
  return [...measure, ...less.map(({ of, amount }) => ({ of, amount: (row: AnyRow) => -amount(row) }))]
}

/** The tables and ledgers that measures read. */
export function readsOf(measures: readonly Measure[]): readonly Readable<unknown>[] {
  return [...new Set(measures.flat().map(({ of }) => of))]
}
