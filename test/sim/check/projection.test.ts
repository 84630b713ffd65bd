import { gapless, ledger, projectionConverges } from 'faultline'
import { describe, expect, it } from 'vitest'
import { breachesOf } from '../../fixtures/books.ts'

type Event = { stream: string; version: number; amount: number }
const events = ledger<Event>('events')
const balances = ledger<{ stream: string; balance: number }>('balances')

const converges = projectionConverges('balances converge', {
  within: '1m',
  per: 'stream',
  model: balances,
  source: events,
  fold: (rows) =>
    rows.length === 0 ? undefined : { balance: rows.reduce((sum, { amount }) => sum + amount, 0) },
})
const two = [events, [1, 2].map((version) => ({ stream: 's', version, amount: 5 }))] as const

describe('a projection', () => {
  it('[PL9] says what its events add up to', () => {
    expect(breachesOf(converges, [two, [balances, [{ stream: 's', balance: 10 }]]])).toEqual([])
  })

  it.each([
    [[{ stream: 's', balance: 15 }], 'balance is 15, should be 10'],
    [[], 'there is no row'],
    [[1, 2].map(() => ({ stream: 's', balance: 10 })), 'there are 2 rows'],
  ])('[PL9] that does not is found: %j', (rows, wrong) => {
    expect(breachesOf(converges, [two, [balances, rows]])).toEqual([`balances s: ${wrong}`])
  })

  it('[PL9] of nothing has no row', () => {
    const left = [balances, [{ stream: 's', balance: 1 }]] as const
    expect(breachesOf(converges, [[events, []], left])).toEqual([
      'balances s: there is a row, and should be none',
    ])
  })
})

describe('a stream', () => {
  const whole = gapless('streams', { of: events, per: 'stream', version: 'version' })
  const versions = (...numbers: readonly number[]) =>
    breachesOf(whole, [[events, numbers.map((version) => ({ stream: 's', version, amount: 1 }))]])

  it('[PL10] has versions without gap and duplicate', () => {
    expect(versions(1, 2, 3)).toEqual([])
    expect(versions(1, 2, 2)).toEqual(['s has the versions 1, 2, 2'])
    expect(versions(1, 3)).toEqual(['s has the versions 1, 3'])
  })
})
