import { countOf, ledger, sumOf } from 'faultline'
import { describe, expect, it } from 'vitest'
import type { Term } from '../../../sim/check/measure.ts'
import { RunningTotal } from '../../../sim/check/running-total.ts'
import type { Source } from '../../../sim/check/view.ts'
import { Account } from '../../../sim/kernel/account.ts'

type Row = { key: string; amount: number }
const rows = ledger<Row>('rows')
const [sum] = sumOf(rows, 'amount') as unknown as readonly [Term]
const [large] = countOf(rows, ({ amount }) => amount > 5) as unknown as readonly [Term]

type Tally = (before: Row | undefined, after: Row | undefined) => void

/** A table that tells of changes in time, and never tells all its rows twice. */
class Told implements Source {
  asked = 0
  tell: Tally = () => {}
  readonly first: readonly Row[]

  constructor(first: readonly Row[]) {
    this.first = first
  }

  all(): readonly Row[] {
    this.asked++
    return this.first
  }

  rowsWhere(): readonly Row[] {
    throw new Error('asked for rows')
  }

  tally(listener: Tally): void {
    this.tell = listener
  }

  observe(): void {}
  index(): void {}
}

describe('a running total', () => {
  it('[PL4] is that of all rows at any time, and costs one row a change', () => {
    const source = new Told([
      { key: 'a', amount: 1 },
      { key: 'b', amount: 9 },
    ])
    const [sums, counts] = [sum, large].map((term) => new RunningTotal(source, term, 'key')) as [
      RunningTotal,
      RunningTotal,
    ]
    const bySum = new Told(source.first)
    const total = new RunningTotal(bySum, sum, 'key')
    expect([sums.of('a'), counts.of('a'), counts.of('b'), sums.of('c')]).toEqual([1, 0, 1, 0])
    bySum.tell({ key: 'a', amount: 1 }, { key: 'a', amount: 6 })
    bySum.tell(undefined, { key: 'a', amount: 3 })
    bySum.tell({ key: 'b', amount: 9 }, undefined)
    bySum.tell({ key: 'a', amount: 3 }, { key: 'c', amount: 3 })
    expect([total.of('a'), total.of('b'), total.of('c')]).toEqual([6, 0, 3])
    expect(bySum.asked).toBe(1)
  })

  it('[PL4] of an account has an entry before anybody is told of it', () => {
    const account = new Account()
    const source: Source = {
      tally: (listener) => account.tallies.push(listener),
      all: () => account.entries,
      rowsWhere: (column, value) => account.entriesWhere(column, value),
      observe: (listener) => account.observers.push(listener),
      index: () => {},
    }
    const heard: number[] = []
    const total = new RunningTotal(source, sum, 'key')
    source.observe(() => heard.push(total.of('a')))
    account.insert({ key: 'a', amount: 2 })
    expect(total.of('a')).toBe(2)
    account.add({ key: 'a', amount: 3 }, 0)
    expect(heard).toEqual([5])
  })
})
