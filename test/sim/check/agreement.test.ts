import { agreement, changesOf, countOf, endsInTime, everyEnds, ledger, sumOf } from 'faultline'
import { describe, expect, it } from 'vitest'
import { type Books, breachesOf } from '../../fixtures/books.ts'

type Order = { orderId: string; status: string; amount: number }
const orders = ledger<Order>('shop.orders')
const charges = ledger<{ orderId: string; amount: number }>('charges')
const shipments = ledger<{ orderId: string }>('shipments')
const receipts = ledger<{ orderId: string }>('receipts')

const agrees = agreement('everything agrees', {
  within: '1m',
  per: 'orderId',
  follow: orders,
  state: 'status',
  keysOf: [receipts],
  parties: {
    payment: {
      has: sumOf(charges, 'amount'),
      should: ({ status, amount }) => (status === 'DONE' ? amount : 0),
      told: (kept, { amount }) => `${kept} of ${amount} were kept`,
    },
    shipment: { has: countOf(shipments), should: ({ status }) => (status === 'DONE' ? 1 : 0) },
  },
})
const books = (status: string, charged: number, shipped: number): Books => [
  [orders, [{ orderId: 'o1', status, amount: 5 }]],
  [charges, charged === 0 ? [] : [{ orderId: 'o1', amount: charged }]],
  [shipments, Array.from({ length: shipped }, () => ({ orderId: 'o1' }))],
  [receipts, []],
]

describe('services', () => {
  it('[PL5] agree where each has what the order says', () => {
    expect(breachesOf(agrees, books('DONE', 5, 1))).toEqual([])
    expect(breachesOf(agrees, books('CANCELLED', 0, 0))).toEqual([])
  })

  it.each([
    ['DONE', 10, 1, '10 of 5 were kept and 1 × shipment instead of 1'],
    ['DONE', 5, 0, '5 of 5 were kept and 0 × shipment instead of 1'],
    ['CANCELLED', 5, 0, '5 of 5 were kept and 0 × shipment instead of 0'],
  ])('[PL5] that disagree are found: %s with %d and %d', (status, charged, shipped, told) => {
    expect(breachesOf(agrees, books(status, charged, shipped))).toEqual([`o1 is ${status}, but ${told}`])
  })

  it('[PL5] that know what the others do not are found', () => {
    const [, ...others] = books('DONE', 0, 0)
    expect(
      breachesOf(agrees, [[orders, []], ...others.slice(0, 2), [receipts, [{ orderId: 'o1' }]]]),
    ).toEqual(['o1 is known elsewhere, and shop.orders has no row of it'])
  })
})

describe('what began', () => {
  const ends = everyEnds('every order ends', {
    within: '1m',
    per: 'orderId',
    of: orders,
    state: 'status',
    ends: ['DONE', 'CANCELLED'],
    promised: [receipts],
  })
  const changes = changesOf(orders)
  const inTime = endsInTime('in time', { changes, state: 'status', ends: ['DONE'], within: '2s' })
  const change = (seconds: number, before: string | undefined, after: string) => ({
    row: 'o1',
    before: before && { status: before },
    after: { status: after },
    atMicros: seconds * 1e6,
  })

  it('[PL6] ends, and what was promised exists', () => {
    const row = (status: string) => [orders, [{ orderId: 'o1', status, amount: 1 }]] as const
    const promised = [receipts, [{ orderId: 'o1' }]] as const
    expect(breachesOf(ends, [row('DONE'), promised])).toEqual([])
    expect(breachesOf(ends, [row('PENDING'), promised])).toEqual(['o1 is still PENDING'])
    expect(breachesOf(ends, [[orders, []], promised])).toEqual(['o1 was promised and does not exist'])
  })

  it('[PL6] ends in time', () => {
    const begun = change(1, undefined, 'PENDING')
    expect(breachesOf(inTime, [[changes, [begun]]])).toEqual([])
    expect(breachesOf(inTime, [[changes, [begun, change(3, 'PENDING', 'DONE')]]])).toEqual([])
    expect(breachesOf(inTime, [[changes, [begun, change(4, 'PENDING', 'DONE')]]])).toEqual([
      'o1 took 3s, 2s at most',
    ])
  })
})
