import { atMost, conserved, countOf, ledger, minus, plus, refundsCovered, SimError, sumOf } from 'faultline'
import { describe, expect, it } from 'vitest'
import { breachesOf } from '../../fixtures/books.ts'

type Stock = { sku: string; available: number }
type Reservation = { sku: string; quantity: number; status: string }
type Money = { orderId: string; amount: number }
const stock = ledger<Stock>('stock')
const reservations = ledger<Reservation>('reservations')
const charges = ledger<Money>('charges')
const refunds = ledger<Money>('refunds')

const stockIsConserved = conserved('stock', {
  per: 'sku',
  terms: {
    available: sumOf(stock, 'available'),
    reserved: sumOf(reservations, 'quantity', ({ status }) => status !== 'RELEASED'),
  },
  is: () => 10,
})
const lamp = (available: number, ...held: readonly (readonly [number, string])[]) =>
  breachesOf(stockIsConserved, [
    [stock, [{ sku: 'lamp', available }]],
    [reservations, held.map(([quantity, status]) => ({ sku: 'lamp', quantity, status }))],
  ])

describe('stock', () => {
  it('[PL1] is conserved where what is available and what is held add up', () => {
    expect(lamp(7, [3, 'RESERVED'], [2, 'RELEASED'])).toEqual([])
  })

  it('[PL1] that is gone, doubled or oversold is found', () => {
    expect(lamp(7)).toEqual(['lamp: 7 available and 0 reserved, of 10'])
    expect(lamp(10, [1, 'RESERVED'])).toEqual(['lamp: 10 available and 1 reserved, of 10'])
    expect(lamp(-1, [11, 'RESERVED'])).toEqual(['lamp: -1 available and 11 reserved, of 10'])
  })
})

describe('an effect', () => {
  const once = atMost('one charge', { per: 'orderId', effects: countOf(charges), noun: 'charge' })
  const twice = { ...once, ...atMost('two', { per: 'orderId', effects: countOf(charges), most: 2 }) }
  const charge = { orderId: 'o1', amount: 5 }

  it('[PL2] happens at most once for its business key', () => {
    expect(breachesOf(once, [[charges, [charge, { ...charge, orderId: 'o2' }]]])).toEqual([])
    expect(breachesOf(twice, [[charges, [charge, charge]]])).toEqual([])
  })

  it('[PL2] that happens twice is found', () => {
    expect(breachesOf(once, [[charges, [charge, charge]]])).toEqual(['o1: 2 × charge, 1 at most'])
  })
})

describe('money', () => {
  const taken = [charges, [{ orderId: 'o1', amount: 100 }]] as const
  const gave = (...amounts: readonly number[]) =>
    [refunds, amounts.map((amount) => ({ orderId: 'o1', amount }))] as const

  it('[PL3] is given back at most as it was taken', () => {
    const covered = refundsCovered({ charges, refunds })
    expect(breachesOf(covered, [taken, gave(60, 40)])).toEqual([])
    expect(breachesOf(covered, [taken, gave(60, 60)])).toEqual([
      'o1: 120 were given back of 100 that were taken',
    ])
    expect(breachesOf(covered, [[charges, []], gave(1)])).toEqual([
      'o1: 1 were given back of 0 that were taken',
    ])
  })
})

describe('a measure', () => {
  const net = atMost('net', {
    per: 'orderId',
    effects: plus(minus(sumOf(charges, 'amount'), sumOf(refunds, 'amount')), countOf(charges, { amount: 7 })),
    most: 3,
  })

  it('[PL4] adds up what counts of several ledgers', () => {
    const books = (amount: number) =>
      [
        [charges, [{ orderId: 'o1', amount: 7 }]],
        [refunds, [{ orderId: 'o1', amount }]],
      ] as const
    expect(breachesOf(net, books(5))).toEqual([])
    expect(breachesOf(net, books(4))).toEqual(['o1: 4 × effect, 3 at most'])
  })

  it('[PL4] of what is no whole number is refused', () => {
    expect(() =>
      breachesOf(net, [
        [charges, [{ orderId: 'o1', amount: 0.5 }]],
        [refunds, []],
      ]),
    ).toThrow(SimError)
  })
})
