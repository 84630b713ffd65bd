import {
  booksOf,
  defineSystem,
  deliveries,
  type Hearer,
  mailer,
  paymentProvider,
  recordsIn,
  type Traffic,
} from 'faultline'
import { analyticsService, RECORDED } from './analytics.ts'
import {
  InventoryReservationFailed,
  InventoryReserved,
  inventoryEvents,
  OrderCancelled,
  OrderConfirmed,
  OrderCreated,
  orderEvents,
  PaymentCompleted,
  PaymentFailed,
  paymentEvents,
  ShipmentFailed,
  ShipmentScheduled,
  shippingEvents,
} from './events.ts'
import { inventoryService } from './inventory.ts'
import { notificationService } from './notification.ts'
import { orderService } from './order.ts'
import { params } from './params.ts'
import { paymentService } from './payment.ts'
import { ends, promises } from './properties.ts'
import { shippingService } from './shipping.ts'
import { buy, receipts } from './shop.ts'

/** An order saga without a conductor: every service reacts to the events of the others. */
export default defineSystem({
  name: 'order-choreography',
  says: 'Order, payment, inventory, shipping, notification and analytics react to each other’s events.',
  params,
  build: (values) => {
    const provider = paymentProvider({ declinesOneIn: values.declinesOneIn })
    const mail = mailer()
    const order = orderService(values)
    const payment = paymentService(values, provider)
    const inventory = inventoryService(values)
    const shipping = shippingService(values)
    const notification = notificationService(values, mail)
    const analytics = analyticsService(values)
    const topics = [orderEvents, paymentEvents, inventoryEvents, shippingEvents]
    const parts = { params: values, provider, mail, order, inventory, shipping }
    return {
      topics,
      services: [order, payment, inventory, shipping, notification, analytics],
      externals: [provider, mail],
      workload: {
        noun: 'order',
        act: (n, user) => buy(n, user, values),
        ledgers: [receipts],
        outcome: { of: order.tables.orders, state: 'status', ends: ['COMPLETED', 'CANCELLED'] },
      },
      properties: [
        ...promises(parts),
        ...(values.watched === 'promises'
          ? []
          : [
              ...ends(parts),
              ...deliveries({
                ...traffic({ order, payment, inventory, shipping, notification, analytics }),
                topics: topics.map(recordsIn),
              }),
            ]),
      ],
    }
  },
})

type Services = Readonly<
  Record<
    'order' | 'payment' | 'inventory' | 'shipping' | 'notification' | 'analytics',
    { readonly name: string }
  >
>

/** Who has to hear of what. */
function traffic(services: Services): Pick<Traffic, 'publishers' | 'hearers'> {
  const { order, payment, inventory, shipping, notification, analytics } = services
  const publishers = [order, payment, inventory, shipping].map(booksOf)
  const hears = (service: { readonly name: string }, ...types: Hearer['types']): Hearer => ({
    ...booksOf(service),
    types,
    inOrderOf: publishers,
  })
  return {
    publishers,
    hearers: [
      hears(order, ShipmentScheduled, PaymentFailed, InventoryReservationFailed, ShipmentFailed),
      hears(payment, OrderCreated, InventoryReservationFailed, ShipmentFailed),
      hears(inventory, PaymentCompleted, ShipmentScheduled, ShipmentFailed),
      hears(shipping, InventoryReserved),
      hears(notification, PaymentCompleted, OrderConfirmed, OrderCancelled),
      hears(analytics, ...RECORDED),
    ],
  }
}
