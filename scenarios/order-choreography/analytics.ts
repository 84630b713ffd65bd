import { service, table, text } from 'faultline'
import {
  InventoryReservationFailed,
  InventoryReserved,
  OrderCancelled,
  OrderConfirmed,
  OrderCreated,
  PaymentCompleted,
  PaymentFailed,
  PaymentRefunded,
  ShipmentFailed,
  ShipmentScheduled,
} from './events.ts'
import { messaging, type Params } from './params.ts'

/** All that there is to hear of. */
export const RECORDED = [
  OrderCreated,
  OrderConfirmed,
  OrderCancelled,
  PaymentCompleted,
  PaymentFailed,
  PaymentRefunded,
  InventoryReserved,
  InventoryReservationFailed,
  ShipmentScheduled,
  ShipmentFailed,
] as const

/** Records every event and tells nobody. */
export const analyticsService = (params: Params) =>
  service(
    'analytics',
    {
      tables: { facts: table({ factId: text, orderId: text, what: text }, { key: 'factId' }) },
      ...messaging(params),
    },
    ({ on }) => {
      for (const type of RECORDED) {
        on<{ readonly orderId: string }>(type, async ({ orderId }, ctx) => {
          await ctx.transaction(async (tx) => {
            await tx.facts.insert({ factId: ctx.id('fact'), orderId, what: type.name })
          })
        })
      }
    },
  )
