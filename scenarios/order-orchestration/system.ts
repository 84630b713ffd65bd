import {
  booksOf,
  changesOf,
  defineSystem,
  deliveries,
  type Hearer,
  mailer,
  paymentProvider,
  recordsIn,
  type Traffic,
  versionsRise,
} from 'faultline'
import {
  CancelOrder,
  ChargePayment,
  CompleteOrder,
  inventoryCommands,
  OrderCancelled,
  OrderConfirmed,
  OrderCreated,
  orderCommands,
  orderEvents,
  paymentCommands,
  RefundPayment,
  ReleaseStock,
  ReserveStock,
  SagaReplied,
  ScheduleShipment,
  sagaReplies,
  shippingCommands,
} from './events.ts'
import { inventoryService } from './inventory.ts'
import { notificationService } from './notification.ts'
import { orchestratorService } from './orchestrator.ts'
import { orderService } from './order.ts'
import { params } from './params.ts'
import { paymentService } from './payment.ts'
import { ends, promises } from './properties.ts'
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
    const payment = paymentService(values, provider)
    const notification = notificationService(values, mail)
    const topics = [
      orderEvents,
      paymentCommands,
      inventoryCommands,
      shippingCommands,
      orderCommands,
      sagaReplies,
    ]
    const parts = { params: values, provider, mail, order, orchestrator, inventory, shipping }
    return {
      topics,
      services: [order, orchestrator, payment, inventory, shipping, notification],
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
              versionsRise('no transition of a saga is lost', {
                changes: changesOf(orchestrator.tables.sagas),
                version: 'version',
              }),
              ...deliveries({
                ...traffic({ order, orchestrator, payment, inventory, shipping, notification }),
                topics: topics.map(recordsIn),
              }),
            ]),
      ],
    }
  },
})

type Services = Readonly<
  Record<
    'order' | 'orchestrator' | 'payment' | 'inventory' | 'shipping' | 'notification',
    { readonly name: string }
  >
>

/** Who has to hear of what; answers have many publishers, and no order among them. */
function traffic(services: Services): Pick<Traffic, 'publishers' | 'hearers'> {
  const { order, orchestrator, payment, inventory, shipping, notification } = services
  const hears = (service: { readonly name: string }, ...types: Hearer['types']): Hearer => ({
    ...booksOf(service),
    types,
    inOrderOf: [booksOf(service === orchestrator || service === notification ? order : orchestrator)],
  })
  return {
    publishers: [order, orchestrator, payment, inventory, shipping].map(booksOf),
    hearers: [
      hears(orchestrator, OrderCreated, SagaReplied),
      hears(order, CompleteOrder, CancelOrder),
      hears(payment, ChargePayment, RefundPayment),
      hears(inventory, ReserveStock, ReleaseStock),
      hears(shipping, ScheduleShipment),
      hears(notification, OrderConfirmed, OrderCancelled),
    ],
  }
}
