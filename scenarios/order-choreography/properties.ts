import { always, eventually, type PaymentProvider, type Property, type Read } from 'faultline'
import type { inventoryService } from './inventory.ts'
import type { orderService } from './order.ts'
import type { Params } from './params.ts'
import type { shippingService } from './shipping.ts'
import { receipts } from './shop.ts'

/** The tables and ledgers that the properties read. */
export interface Parts {
  readonly params: Params
  readonly provider: PaymentProvider
  readonly order: ReturnType<typeof orderService>
  readonly inventory: ReturnType<typeof inventoryService>
  readonly shipping: ReturnType<typeof shippingService>
}

const euros = (cents: number): string => `${(cents / 100).toFixed(2)} EUR`

/** The promises of the shop. */
export function promises({ params, provider, order, inventory, shipping }: Parts): Property[] {
  const { orders } = order.tables
  const { stock, reservations } = inventory.tables
  const { shipments } = shipping.tables
  const { charges, refunds } = provider
  const sum = (rows: readonly { readonly amount: number }[]): number => rows.reduce((total, { amount }) => total + amount, 0)
  const heldFor = (read: Read, orderId: string) => read(reservations).where({ orderId }).filter(({ status }) => status !== 'RELEASED')
  const allOrders = (read: Read): readonly string[] => {
    const named = [...read(orders).all(), ...read(receipts).all(), ...read(charges).all()].map(({ orderId }) => orderId)
    return [...new Set(named)]
  }

  const disagreement = (read: Read, orderId: string): string | undefined => {
    const [row] = read(orders).where({ orderId })
    if (row === undefined) return `${orderId} was charged or confirmed, but the order service does not know it`
    const net = sum(read(charges).where({ orderId })) - sum(read(refunds).where({ orderId }))
    const held = heldFor(read, orderId).length
    const shipped = read(shipments).where({ orderId }).length
    const expected = row.status === 'COMPLETED' ? { net: row.amount, held: 1, shipped: 1 } : { net: 0, held: 0, shipped: 0 }
    if (net === expected.net && held === expected.held && shipped === expected.shipped) return undefined
    return `${orderId} is ${row.status}, but ${euros(net)} of ${euros(row.amount)} were kept, ${held} reservation(s) held and ${shipped} shipment(s) scheduled`
  }

  return [
    always('no double charge', {
      says: 'A customer is charged at most once for an order.',
      reads: [charges],
      per: 'orderId',
      holds: (read, orderId) => read(charges).where({ orderId }).length <= 1,
      explain: (read, orderId) => {
        const all = read(charges).where({ orderId })
        return `${orderId} was charged ${all.length === 2 ? 'twice' : `${all.length} times`} (${all.map(({ amount }) => euros(amount)).join(', ')})`
      },
    }),
    always('no double order', {
      says: 'One wish to buy makes at most one order.',
      reads: [orders],
      per: 'requestedAs',
      holds: (read, requestedAs) => read(orders).where({ requestedAs }).length <= 1,
      explain: (read, requestedAs) => `${requestedAs} became ${read(orders).where({ requestedAs }).length} orders`,
    }),
    always('no double reservation', {
      says: 'Stock is reserved at most once for an order.',
      reads: [reservations],
      per: 'orderId',
      holds: (read, orderId) => heldFor(read, orderId).length <= 1,
      explain: (read, orderId) => `${orderId} holds ${heldFor(read, orderId).length} reservations`,
    }),
    always('stock is conserved', {
      says: 'What is available and what is reserved or shipped add up to the stock at the start.',
      reads: [stock, reservations],
      per: 'sku',
      holds: (read, sku) => {
        const [row] = read(stock).where({ sku })
        const taken = read(reservations).where({ sku }).filter(({ status }) => status !== 'RELEASED')
        return row !== undefined && row.available >= 0 && row.available + taken.reduce((total, { quantity }) => total + quantity, 0) === params.stock
      },
    }),
    eventually('no lost order', {
      says: 'Every order that was confirmed to a user or stored ends completed or cancelled.',
      within: '2m',
      reads: [orders],
      per: 'orderId',
      keys: (read) => [...new Set([...read(orders).all(), ...read(receipts).all()].map(({ orderId }) => orderId))],
      holds: (read, orderId) => {
        const [row] = read(orders).where({ orderId })
        return row !== undefined && row.status !== 'PENDING'
      },
      explain: (read, orderId) => {
        const [row] = read(orders).where({ orderId })
        return row === undefined ? `${orderId} was confirmed to its user and does not exist` : `${orderId} is ${row.status} for ever`
      },
    }),
    eventually('everything agrees', {
      says: 'Order, payment, stock and shipping tell the same story about every order.',
      within: '2m',
      reads: [orders, charges, refunds, reservations, shipments],
      per: 'orderId',
      keys: allOrders,
      holds: (read, orderId) => disagreement(read, orderId) === undefined,
      explain: (read, orderId) => disagreement(read, orderId) ?? '',
    }),
  ]
}

