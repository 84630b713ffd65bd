import { mailer, type Property, paymentProvider, type Readable } from 'faultline'
import { describe, expect, it } from 'vitest'
import { inventoryService } from '../../scenarios/order-choreography/inventory.ts'
import { orderService } from '../../scenarios/order-choreography/order.ts'
import { type Params, params } from '../../scenarios/order-choreography/params.ts'
import { promises } from '../../scenarios/order-choreography/properties.ts'
import { shippingService } from '../../scenarios/order-choreography/shipping.ts'
import { receipts } from '../../scenarios/order-choreography/shop.ts'
import system from '../../scenarios/order-choreography/system.ts'
import { findCounterexample } from '../../sim/vitest/check.ts'
import { Rack, viewOf } from '../fixtures/watch.ts'

type AnyRow = Readonly<Record<string, unknown>>

/** The books of the shop: what each table and ledger holds. */
interface Books {
  readonly orders: readonly AnyRow[]
  readonly receipts: readonly AnyRow[]
  readonly charges: readonly AnyRow[]
  readonly refunds: readonly AnyRow[]
  readonly stock: readonly AnyRow[]
  readonly reservations: readonly AnyRow[]
  readonly shipments: readonly AnyRow[]
  readonly mails: readonly AnyRow[]
}

const STOCK = 10
const values = {
  ...Object.fromEntries(Object.entries(params).map(([name, spec]) => [name, spec.default])),
  stock: STOCK,
} as unknown as Params

const parts = {
  params: values,
  provider: paymentProvider(),
  mail: mailer(),
  order: orderService(values),
  inventory: inventoryService(values),
  shipping: shippingService(values),
}

const order = (status: string): AnyRow => ({ orderId: 'o1', requestedAs: 'wish-1', amount: 2400, status })
const charge = (id: string): AnyRow => ({ id, orderId: 'o1', amount: 2400 })
const refund: AnyRow = { id: 're-1', orderId: 'o1', chargeId: 'ch-1', amount: 2400 }
const held = (reservationId: string, status = 'SHIPPED'): AnyRow => ({
  reservationId,
  orderId: 'o1',
  sku: 'lamp',
  quantity: 2,
  status,
})
const shipment: AnyRow = { shipmentId: 's1', orderId: 'o1', address: 'here' }

/** An order that was completed, and one that was cancelled after its charge. */
const COMPLETED: Books = {
  orders: [order('COMPLETED')],
  receipts: [{ orderId: 'o1', requestedAs: 'wish-1', amount: 2400 }],
  charges: [charge('ch-1')],
  refunds: [],
  stock: [{ sku: 'lamp', available: STOCK - 2 }],
  reservations: [held('r1')],
  shipments: [shipment],
  mails: [{ to: 'c1', kind: 'confirmation', orderId: 'o1' }],
}
const CANCELLED: Books = {
  ...COMPLETED,
  orders: [order('CANCELLED')],
  refunds: [refund],
  stock: [{ sku: 'lamp', available: STOCK }],
  reservations: [held('r1', 'RELEASED')],
  shipments: [],
  mails: [{ to: 'c1', kind: 'cancellation', orderId: 'o1' }],
}

/** The properties that these books break, with what they say of it. */
function broken(books: Books): string[] {
  const { order: orders, inventory, shipping, provider, mail } = parts
  const readables: readonly (readonly [unknown, readonly AnyRow[]])[] = [
    [orders.tables.orders, books.orders],
    [receipts, books.receipts],
    [provider.charges, books.charges],
    [provider.refunds, books.refunds],
    [inventory.tables.stock, books.stock],
    [inventory.tables.reservations, books.reservations],
    [shipping.tables.shipments, books.shipments],
    [mail.mails, books.mails],
  ]
  const { read } = viewOf(
    new Map(readables.map(([spec, rows]) => [spec as Readable<unknown>, new Rack(rows)])),
  )
  const keysOf = (property: Property): readonly string[] => {
    if (property.kind === 'eventually') return property.keys(read)
    const rows = property.reads.flatMap((readable) => read(readable as Readable<AnyRow>).all())
    return [...new Set(rows.map((row) => row[property.per] as string))]
  }
  return promises(parts).flatMap((property) =>
    keysOf(property)
      .filter((key) => !property.holds(read, key))
      .map((key) => `${property.name}: ${property.explain(read, key)}`),
  )
}

const NAMES = promises(parts).map(({ name }) => name)

/** Books that break one property, or two where one mistake is seen from two sides. */
const CANARIES: readonly (readonly [string, Books, readonly string[]])[] = [
  [
    'two charges',
    { ...COMPLETED, charges: [charge('ch-1'), charge('ch-2')] },
    [
      'no double charge: o1 was charged twice (24.00 EUR, 24.00 EUR)',
      'everything agrees: o1 is COMPLETED, but 48.00 EUR of 24.00 EUR were kept, 1 reservation(s) held and 1 shipment(s) scheduled',
    ],
  ],
  [
    'two charges, of which one was given back',
    { ...COMPLETED, charges: [charge('ch-1'), charge('ch-2')], refunds: [refund] },
    ['no double charge: o1 was charged twice (24.00 EUR, 24.00 EUR)'],
  ],
  [
    'two orders for one wish',
    { ...CANCELLED, orders: [order('CANCELLED'), { ...order('CANCELLED'), orderId: 'o2' }] },
    ['no double order: wish-1: 2 × order, 1 at most'],
  ],
  [
    'two reservations',
    { ...COMPLETED, stock: [{ sku: 'lamp', available: STOCK - 4 }], reservations: [held('r1'), held('r2')] },
    [
      'no double reservation: o1: 2 × reservation, 1 at most',
      'everything agrees: o1 is COMPLETED, but 24.00 EUR of 24.00 EUR were kept, 2 reservation(s) held and 1 shipment(s) scheduled',
    ],
  ],
  [
    'stock that was not taken',
    { ...COMPLETED, stock: [{ sku: 'lamp', available: STOCK }] },
    ['stock is conserved: lamp: 10 available and 2 reserved or shipped, of 10'],
  ],
  [
    'stock that was not given back',
    { ...CANCELLED, stock: [{ sku: 'lamp', available: STOCK - 2 }] },
    ['stock is conserved: lamp: 8 available and 0 reserved or shipped, of 10'],
  ],
  [
    'more stock sold than there was',
    {
      ...COMPLETED,
      stock: [{ sku: 'lamp', available: -2 }],
      reservations: [{ ...held('r1'), quantity: 12 }],
    },
    ['stock is conserved: lamp: -2 available and 12 reserved or shipped, of 10'],
  ],
  [
    'an order that goes nowhere',
    { ...CANCELLED, orders: [order('PENDING')] },
    ['no lost order: o1 is still PENDING'],
  ],
  [
    'a receipt for nothing',
    { ...CANCELLED, orders: [], charges: [], refunds: [], reservations: [] },
    [
      'no lost order: o1 was promised and does not exist',
      'everything agrees: o1 is known elsewhere, and orders.orders has no row of it',
    ],
  ],
  [
    'a cancelled order that was not refunded',
    { ...CANCELLED, refunds: [] },
    [
      'everything agrees: o1 is CANCELLED, but 24.00 EUR of 24.00 EUR were kept, 0 reservation(s) held and 0 shipment(s) scheduled',
    ],
  ],
  [
    'a completed order without a shipment',
    { ...COMPLETED, shipments: [] },
    [
      'everything agrees: o1 is COMPLETED, but 24.00 EUR of 24.00 EUR were kept, 1 reservation(s) held and 0 shipment(s) scheduled',
    ],
  ],
  [
    'a confirmation of a cancelled order',
    { ...CANCELLED, mails: COMPLETED.mails },
    ['no false confirmation: o1 was confirmed by mail and is CANCELLED'],
  ],
]

describe('the properties of the order saga', () => {
  it('[P6] hold for books that are in order', () => {
    expect(broken(COMPLETED)).toEqual([])
    expect(broken(CANCELLED)).toEqual([])
  })

  it.each(CANARIES)('[P6] find %s, and nothing else', (_what, books, expected) =>
    expect(broken(books)).toEqual(expected),
  )

  it('[P6] have each a canary', () => {
    const found = CANARIES.flatMap(([, , messages]) => messages.map((message) => message.split(':')[0]))
    expect([...new Set(found)].sort()).toEqual([...NAMES].sort())
  })

  it.each([
    { brokers: 1, scheduling: 'random' },
    { brokers: 5, scheduling: 'fifo' },
  ] as const)(
    '[P10] hold under generated workloads and faults with $brokers brokers and $scheduling order',
    async (cluster) => {
      const orders = { system, cluster, params: { declinesOneIn: 4 }, orders: 4, runs: 150 }
      const found = await findCounterexample('other clusters', orders, ({ properties }) => {
        for (const { name, verdict, message } of properties) {
          if (verdict !== 'pass') throw new Error(`${name}: ${message}`)
        }
      })
      expect(found?.message).toBeUndefined()
    },
  )
})
