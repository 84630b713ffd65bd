import { always, eventually, type Mailer, type PaymentProvider, type Property, type Read } from 'faultline'
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

const sum = (rows: readonly { readonly amount: number }[]): number =>
  rows.reduce((total, { amount }) => total + amount, 0)

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

function noDoubleCharge({ provider: { charges } }: Parts): Property {
  return always('no double charge', {
    says: 'A customer is charged at most once for an order.',
    reads: [charges],
    per: 'orderId',
    holds: (read, orderId) => read(charges).where({ orderId }).length <= 1,
    explain: (read, orderId) => {
      const all = read(charges).where({ orderId })
      const times = all.length === 2 ? 'twice' : `${all.length} times`
      return `${orderId} was charged ${times} (${all.map(({ amount }) => euros(amount)).join(', ')})`
    },
  })
}

function noDoubleOrder({ order }: Parts): Property {
  const { orders } = order.tables
  return always('no double order', {
    says: 'One wish to buy makes at most one order.',
    reads: [orders],
    per: 'requestedAs',
    holds: (read, requestedAs) => read(orders).where({ requestedAs }).length <= 1,
    explain: (read, requestedAs) =>
      `${requestedAs} became ${read(orders).where({ requestedAs }).length} orders`,
  })
}

function heldFor({ inventory }: Parts, read: Read, orderId: string): number {
  const all = read(inventory.tables.reservations).where({ orderId })
  return all.filter(({ status }) => status !== 'RELEASED').length
}

function noDoubleReservation(parts: Parts): Property {
  return always('no double reservation', {
    says: 'Stock is reserved at most once for an order.',
    reads: [parts.inventory.tables.reservations],
    per: 'orderId',
    holds: (read, orderId) => heldFor(parts, read, orderId) <= 1,
    explain: (read, orderId) => `${orderId} holds ${heldFor(parts, read, orderId)} reservations`,
  })
}

function stockIsConserved({ inventory, params }: Parts): Property {
  const { stock, reservations } = inventory.tables
  const accounts = (read: Read, sku: string) => {
    const available = read(stock).where({ sku })[0]?.available ?? 0
    let taken = 0
    for (const { status, quantity } of read(reservations).where({ sku }))
      if (status !== 'RELEASED') taken += quantity
    return { available, taken }
  }
  return always('stock is conserved', {
    says: 'What is available and what is reserved or shipped add up to the stock at the start.',
    reads: [stock, reservations],
    per: 'sku',
    holds: (read, sku) => {
      const { available, taken } = accounts(read, sku)
      return available >= 0 && available + taken === params.stock
    },
    explain: (read, sku) => {
      const { available, taken } = accounts(read, sku)
      return `of ${params.stock} units of ${sku}, ${available} are available and ${taken} reserved or shipped`
    },
  })
}

function noLostOrder({ order }: Parts): Property {
  const { orders } = order.tables
  return eventually('no lost order', {
    says: 'Every order that was confirmed to a user or stored ends completed or cancelled.',
    within: '2m',
    reads: [orders, receipts],
    per: 'orderId',
    keys: (read) => [
      ...new Set([...read(orders).all(), ...read(receipts).all()].map(({ orderId }) => orderId)),
    ],
    holds: (read, orderId) => {
      const [row] = read(orders).where({ orderId })
      return row !== undefined && row.status !== 'PENDING'
    },
    explain: (read, orderId) => {
      const [row] = read(orders).where({ orderId })
      return row === undefined
        ? `${orderId} was confirmed to its user and does not exist`
        : `${orderId} is still ${row.status}`
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

function everythingAgrees(parts: Parts): Property {
  const { orders } = parts.order.tables
  const { reservations } = parts.inventory.tables
  const { shipments } = parts.shipping.tables
  const { charges, refunds } = parts.provider
  const disagreement = (read: Read, orderId: string): string | undefined => {
    const [row] = read(orders).where({ orderId })
    if (row === undefined)
      return `${orderId} was charged or confirmed, but the order service does not know it`
    const net = sum(read(charges).where({ orderId })) - sum(read(refunds).where({ orderId }))
    const held = heldFor(parts, read, orderId)
    const shipped = read(shipments).where({ orderId }).length
    const once = row.status === 'COMPLETED' ? 1 : 0
    if (net === row.amount * once && held === once && shipped === once) return undefined
    const kept = `${euros(net)} of ${euros(row.amount)} were kept`
    return `${orderId} is ${row.status}, but ${kept}, ${held} reservation(s) held and ${shipped} shipment(s) scheduled`
  }
  return eventually('everything agrees', {
    says: 'Order, payment, stock and shipping tell the same story about every order.',
    within: '2m',
    reads: [orders, receipts, charges, refunds, reservations, shipments],
    per: 'orderId',
    keys: (read) => {
      const named = [...read(orders).all(), ...read(receipts).all(), ...read(charges).all()]
      return [...new Set(named.map(({ orderId }) => orderId))]
    },
    holds: (read, orderId) => disagreement(read, orderId) === undefined,
    explain: (read, orderId) => disagreement(read, orderId) ?? '',
  })
}

function noEarlyCancellation(parts: Parts): Property {
  const { orders } = parts.order.tables
  const { reservations } = parts.inventory.tables
  const { charges, refunds } = parts.provider
  const left = (read: Read, orderId: string) => {
    const net = sum(read(charges).where({ orderId })) - sum(read(refunds).where({ orderId }))
    return { net, held: heldFor(parts, read, orderId) }
  }
  return always('no early cancellation', {
    says: 'An order is cancelled when all of it is undone, and nothing of it happens after that.',
    reads: [orders, charges, refunds, reservations],
    per: 'orderId',
    holds: (read, orderId) => {
      if (read(orders).where({ orderId })[0]?.status !== 'CANCELLED') return true
      const { net, held } = left(read, orderId)
      return net === 0 && held === 0
    },
    explain: (read, orderId) => {
      const { net, held } = left(read, orderId)
      return `${orderId} is cancelled, but ${euros(net)} are kept and ${held} reservation(s) held`
    },
  })
}

function everySagaEnds({ orchestrator }: Parts): Property {
  const { sagas } = orchestrator.tables
  return eventually('every saga ends', {
    says: 'Every saga ends completed or undone: none is left to people, and none waits for ever.',
    within: '2m',
    reads: [sagas],
    per: 'sagaId',
    keys: (read) =>
      read(sagas)
        .all()
        .map(({ sagaId }) => sagaId),
    holds: (read, sagaId) => {
      const [saga] = read(sagas).where({ sagaId })
      return saga?.status === 'COMPLETED' || saga?.status === 'COMPENSATED'
    },
    explain: (read, sagaId) => {
      const [saga] = read(sagas).where({ sagaId })
      return `${sagaId} is ${saga?.status} (${saga?.state})`
    },
  })
}
