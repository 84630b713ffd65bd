import { type ContextOf, DatabaseError, integer, money, route, service, states, table, text } from 'faultline'
import {
  InventoryReservationFailed,
  OrderCancelled,
  OrderConfirmed,
  OrderCreated,
  PaymentFailed,
  ShipmentFailed,
  ShipmentScheduled,
} from './events.ts'
import { messaging, type Params } from './params.ts'

/** What the shop page sends. */
export interface PlaceOrder {
  /** Made once per intention to buy; null where the page does not make one. */
  readonly requestId: string | null
  readonly customerId: string
  readonly sku: string
  readonly quantity: number
  readonly amount: number
  readonly address: string
}

export const placeOrder = route<PlaceOrder, { readonly orderId: string }>('orders', 'POST /orders')

/** Takes orders and knows their outcome. */
export const orderService = (params: Params) =>
  service(
    'orders',
    {
      instances: 2,
      tables: {
        orders: table(
          {
            orderId: text,
            requestedAs: text,
            customerId: text,
            sku: text,
            quantity: integer,
            amount: money,
            status: states({
              PENDING: {
                next: ['COMPLETED', 'CANCELLED'],
                by: [ShipmentScheduled, PaymentFailed, InventoryReservationFailed, ShipmentFailed],
              },
              COMPLETED: { end: true },
              CANCELLED: { end: true },
            }),
            reason: text,
          },
          { key: 'orderId' },
        ),
      },
      ...messaging(params),
    },
    ({ on, route: answer }) => {
      answer(placeOrder, async ({ requestId, ...order }, ctx) => {
        const orderId = requestId ?? ctx.id('order')
        const { address, ...columns } = order
        try {
          await ctx.transaction(async (tx) => {
            await tx.orders.insert({
              orderId,
              requestedAs: ctx.correlationId,
              ...columns,
              status: 'PENDING',
              reason: '',
            })
            await tx.publish(OrderCreated, { orderId, address, ...columns })
          })
        } catch (error) {
          const repeated =
            error instanceof DatabaseError && error.sqlState === '23505' && error.table === 'orders'
          if (!repeated) throw error
        }
        return { orderId }
      })

      on(ShipmentScheduled, async ({ orderId }, ctx) => {
        await ctx.transaction(async (tx) => {
          const confirmed = await tx.orders.update({ orderId, status: 'PENDING' }, (order) => {
            order.status = 'COMPLETED'
          })
          if (confirmed === 0) return
          const order = await tx.orders.get(orderId)
          await tx.publish(OrderConfirmed, { orderId, customerId: order?.customerId ?? '' })
        })
      })

      const cancel = async (orderId: string, reason: string, ctx: ContextOf<typeof orderService>) => {
        await ctx.transaction(async (tx) => {
          const cancelled = await tx.orders.update({ orderId, status: 'PENDING' }, (order) => {
            order.status = 'CANCELLED'
            order.reason = reason
          })
          if (cancelled === 0) return
          const order = await tx.orders.get(orderId)
          await tx.publish(OrderCancelled, { orderId, customerId: order?.customerId ?? '', reason })
        })
      }
      on(PaymentFailed, ({ orderId, reason }, ctx) => cancel(orderId, reason, ctx))
      on(InventoryReservationFailed, ({ orderId, reason }, ctx) => cancel(orderId, reason, ctx))
      on(ShipmentFailed, ({ orderId, reason }, ctx) => cancel(orderId, reason, ctx))
    },
  )
