import {
  agreement,
  always,
  atMost,
  changesOf,
  conserved,
  countOf,
  eventually,
  everyEnds,
  type Mailer,
  type Measure,
  minus,
  type PaymentProvider,
  type Property,
  type Read,
  refundsCovered,
  sumOf,
  transitionsOnly,
} from 'faultline'
import type { inventoryService } from './inventory.ts'
import type { orchestratorService } from './orchestrator.ts'
import type { orderService } from './order.ts'
import type { Params } from './params.ts'
import type { shippingService } from './shipping.ts'
import { receipts } from './shop.ts'

/** The tables and ledgers that the properties read. */
export interface Parts {
  readonly params: Params
  readonly provider: PaymentProvider
  readonly mail: Mailer
  readonly order: ReturnType<typeof orderService>
  readonly orchestrator: ReturnType<typeof orchestratorService>
  readonly inventory: ReturnType<typeof inventoryService>
  readonly shipping: ReturnType<typeof shippingService>
}

const euros = (cents: number): string => `${(cents / 100).toFixed(2)} EUR`

/** The promises of the shop. */
export function promises(parts: Parts): Property[] {
  return [
    noDoubleCharge(parts),
    noDoubleOrder(parts),
    noDoubleReservation(parts),
    stockIsConserved(parts),
    noLostOrder(parts),
    everythingAgrees(parts),
    noFalseConfirmation(parts),
    noEarlyCancellation(parts),
    everySagaEnds(parts),
  ]
}

/** That an order ends once, and that nobody gets back more than was taken. */
export const ends = ({ order, provider }: Pick<Parts, 'order' | 'provider'>): Property[] => [
  transitionsOnly('an order ends once', {
    changes: changesOf(order.tables.orders),
    state: 'status',
    begins: ['PENDING'],
    next: { PENDING: ['COMPLETED', 'CANCELLED'] },
  }),
  refundsCovered(provider),
]

function noDoubleCharge({ provider: { charges } }: Parts): Property {
  return atMost('no double charge', {
    says: 'A customer is charged at most once for an order.',
    per: 'orderId',
    effects: countOf(charges),
    explain: (read, orderId) => {
      const all = read(charges).where({ orderId })
      const times = all.length === 2 ? 'twice' : `${all.length} times`
      return `${orderId} was charged ${times} (${all.map(({ amount }) => euros(amount)).join(', ')})`
    },
  })
}

function noDoubleOrder({ order }: Parts): Property {
  return atMost('no double order', {
    says: 'One wish to buy makes at most one order.',
    per: 'requestedAs',
    effects: countOf(order.tables.orders),
    noun: 'order',
  })
}

/** The reservations that hold stock. */
const held = ({ inventory }: Parts): Measure =>
  countOf(inventory.tables.reservations, ({ status }) => status !== 'RELEASED')

/** What was taken and not given back. */
const kept = ({ provider }: Parts): Measure =>
  minus(sumOf(provider.charges, 'amount'), sumOf(provider.refunds, 'amount'))

function noDoubleReservation(parts: Parts): Property {
  return atMost('no double reservation', {
    says: 'Stock is reserved at most once for an order.',
    per: 'orderId',
    effects: held(parts),
    noun: 'reservation',
  })
}

function stockIsConserved({ inventory, params }: Parts): Property {
  const { stock, reservations } = inventory.tables
  return conserved('stock is conserved', {
    per: 'sku',
    terms: {
      available: sumOf(stock, 'available'),
      'reserved or shipped': sumOf(reservations, 'quantity', ({ status }) => status !== 'RELEASED'),
    },
    is: () => params.stock,
  })
}

function noLostOrder({ order }: Parts): Property {
  return everyEnds('no lost order', {
    says: 'Every order that was confirmed to a user or stored ends completed or cancelled.',
    within: '2m',
    per: 'orderId',
    of: order.tables.orders,
    state: 'status',
    ends: ['COMPLETED', 'CANCELLED'],
    promised: [receipts],
  })
}

function everythingAgrees(parts: Parts): Property {
  const { order, shipping, provider } = parts
  const once = ({ status }: { readonly status: string }): number => (status === 'COMPLETED' ? 1 : 0)
  return agreement('everything agrees', {
    says: 'Order, payment, stock and shipping tell the same story about every order.',
    within: '2m',
    per: 'orderId',
    follow: order.tables.orders,
    state: 'status',
    keysOf: [receipts, provider.charges],
    parties: {
      payment: {
        has: kept(parts),
        should: (row) => row.amount * once(row),
        told: (net, { amount }) => `${euros(net)} of ${euros(amount)} were kept`,
      },
      stock: { has: held(parts), should: once, told: (count) => `${count} reservation(s) held` },
      shipping: {
        has: countOf(shipping.tables.shipments),
        should: once,
        told: (count) => `${count} shipment(s) scheduled`,
      },
    },
  })
}

function noFalseConfirmation({ order, mail: { mails } }: Parts): Property {
  const { orders } = order.tables
  const status = (read: Read, orderId: string) => read(orders).where({ orderId })[0]?.status
  return eventually('no false confirmation', {
    says: 'Whoever got a confirmation by mail gets the goods.',
    within: '2m',
    reads: [mails, orders],
    per: 'orderId',
    keys: (read) => [
      ...new Set(
        read(mails)
          .where({ kind: 'confirmation' })
          .map(({ orderId }) => orderId),
      ),
    ],
    holds: (read, orderId) => status(read, orderId) === 'COMPLETED',
    explain: (read, orderId) => `${orderId} was confirmed by mail and is ${status(read, orderId)}`,
  })
}

function noEarlyCancellation(parts: Parts): Property {
  const { orders } = parts.order.tables
  const measures = [kept(parts), held(parts)]
  const left = (read: Read, orderId: string): readonly number[] =>
    measures.map((measure) => read.total(measure, 'orderId', orderId))
  const { charges, refunds } = parts.provider
  return always('no early cancellation', {
    says: 'An order is cancelled when all of it is undone, and nothing of it happens after that.',
    reads: [orders, charges, refunds, parts.inventory.tables.reservations],
    measures,
    per: 'orderId',
    holds: (read, orderId) =>
      read(orders).where({ orderId })[0]?.status !== 'CANCELLED' ||
      left(read, orderId).every((amount) => amount === 0),
    explain: (read, orderId) => {
      const [net = 0, reservations = 0] = left(read, orderId)
      return `${orderId} is cancelled, but ${euros(net)} are kept and ${reservations} reservation(s) held`
    },
  })
}

function everySagaEnds({ orchestrator }: Parts): Property {
  return everyEnds('every saga ends', {
    says: 'Every saga ends completed or undone: none is left to people, and none waits for ever.',
    within: '2m',
    per: 'sagaId',
    of: orchestrator.tables.sagas,
    state: 'status',
    ends: ['COMPLETED', 'COMPENSATED'],
  })
}
