import { defineSystem, mailer, paymentProvider } from 'faultline'
import {
  inventoryCommands,
  orderCommands,
  orderEvents,
  paymentCommands,
  sagaReplies,
  shippingCommands,
} from './events.ts'
import { inventoryService } from './inventory.ts'
import { notificationService } from './notification.ts'
import { orchestratorService } from './orchestrator.ts'
import { orderService } from './order.ts'
import { params } from './params.ts'
import { paymentService } from './payment.ts'
import { promises } from './properties.ts'
import { shippingService } from './shipping.ts'
import { buy, receipts } from './shop.ts'

/** An order saga with a conductor: it tells every service what to do, and what to undo when one of them cannot. */
export default defineSystem({
  name: 'order-orchestration',
  says: 'An orchestrator asks payment, inventory and shipping for their part of an order, and undoes it when one refuses.',
  params,
  build: (values) => {
    const provider = paymentProvider({ declinesOneIn: values.declinesOneIn })
    const mail = mailer()
    const order = orderService(values)
    const orchestrator = orchestratorService(values)
    const inventory = inventoryService(values)
    const shipping = shippingService(values)
    return {
      topics: [orderEvents, paymentCommands, inventoryCommands, shippingCommands, orderCommands, sagaReplies],
      services: [
        order,
        orchestrator,
        paymentService(values, provider),
        inventory,
        shipping,
        notificationService(values, mail),
      ],
      externals: [provider, mail],
      workload: {
        noun: 'order',
        act: (n, user) => buy(n, user, values),
        ledgers: [receipts],
        outcome: { of: order.tables.orders, state: 'status', ends: ['COMPLETED', 'CANCELLED'] },
      },
      properties: promises({ params: values, provider, mail, order, orchestrator, inventory, shipping }),
    }
  },
})
