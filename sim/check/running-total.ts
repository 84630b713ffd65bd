import type { Term } from './measure.ts'
import type { Source } from './view.ts'

type AnyRow = Readonly<Record<string, unknown>>

/** What a term adds up to for each value of a column: a change costs one row and not all of them. */
export class RunningTotal {
  private readonly source: Source
  private readonly term: Term
  private readonly per: string
  /** Undefined where changes are not told in time: then it is added up anew each time. */
  private readonly totals: Map<unknown, number> | undefined

  constructor(source: Source, term: Term, per: string) {
    this.source = source
    this.term = term
    this.per = per
    if (source.tally === undefined) {
      source.index(per)
      return
    }
    const totals = new Map<unknown, number>()
    this.totals = totals
    const add = (row: AnyRow, sign: number): void => {
      const amount = term.amount(row)
      if (amount === 0) return
      const key = row[per]
      totals.set(key, (totals.get(key) ?? 0) + sign * amount)
    }
    for (const row of source.all()) add(row, 1)
    source.tally((before, after) => {
      if (before !== undefined) add(before, -1)
      if (after !== undefined) add(after, 1)
    })
  }

  /** The total of a key. */
  of(key: string): number {
    if (this.totals !== undefined) return this.totals.get(key) ?? 0
    let total = 0
    for (const row of this.source.rowsWhere(this.per, key)) total += this.term.amount(row)
    return total
  }
}
