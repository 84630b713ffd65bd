import { defineSystem, mailer, paymentProvider } from 'faultline'
import { analyticsService } from './analytics.ts'
import { inventoryEvents, orderEvents, paymentEvents, shippingEvents } from './events.ts'
import { inventoryService } from './inventory.ts'
import { notificationService } from './notification.ts'
import { orderService } from './order.ts'
import { params } from './params.ts'
import { paymentService } from './payment.ts'
import { promises } from './properties.ts'
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
    return {
      topics: [orderEvents, paymentEvents, inventoryEvents, shippingEvents],
      services: [
        order,
        payment,
        inventory,
        shipping,
        notificationService(values, mail),
        analyticsService(values),
      ],
      externals: [provider, mail],
      workload: {
        noun: 'order',
        act: (n, user) => buy(n, user, values),
        ledgers: [receipts],
        outcome: { of: order.tables.orders, state: 'status', ends: ['COMPLETED', 'CANCELLED'] },
      },
      properties: promises({ params: values, provider, mail, order, inventory, shipping }),
    }
  },
})
