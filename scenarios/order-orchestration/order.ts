import {
  answerOnce,
  DatabaseError,
  DONE,
  integer,
  money,
  type Outcome,
  requestTable,
  route,
  service,
  states,
  table,
  text,
} from 'faultline'
import {
  CancelOrder,
  CompleteOrder,
  OrderCancelled,
  OrderConfirmed,
  OrderCreated,
  SagaReplied,
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

/** Takes orders, and completes or cancels them when it is asked to. */
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
              PENDING: { next: ['COMPLETED', 'CANCELLED'], by: [CompleteOrder, CancelOrder] },
              COMPLETED: { end: true },
              CANCELLED: { end: true },
            }),
          },
          { key: 'orderId' },
        ),
        requests: requestTable(),
      },
      ...messaging(params),
    },
    ({ on, route: answer }) => {
      answer(placeOrder, async ({ requestId, ...order }, ctx) => {
        const orderId = requestId ?? ctx.id('order')
        const { address, ...columns } = order
        const requestedAs = ctx.correlationId
        try {
          await ctx.transaction(async (tx) => {
            await tx.orders.insert({ orderId, requestedAs, ...columns, status: 'PENDING' })
            await tx.publish(OrderCreated, { orderId, address, ...columns })
          })
        } catch (error) {
          const repeated =
            error instanceof DatabaseError && error.sqlState === '23505' && error.table === 'orders'
          if (!repeated) throw error
        }
        return { orderId }
      })

      on(CompleteOrder, async ({ sagaId: orderId, requestId }, ctx) => {
        await answerOnce(
          ctx,
          requestId,
          async (tx): Promise<Outcome> => {
            await tx.orders.update({ orderId }, { status: 'COMPLETED' })
            const order = await tx.orders.get(orderId)
            await tx.publish(OrderConfirmed, { orderId, customerId: order?.customerId ?? '' })
            return DONE
          },
          (tx, outcome) => tx.publish(SagaReplied, { sagaId: orderId, requestId, ...outcome }),
        )
      })

      on(CancelOrder, async ({ sagaId: orderId, requestId }, ctx) => {
        await answerOnce(
          ctx,
          requestId,
          async (tx): Promise<Outcome> => {
            await tx.orders.update({ orderId }, { status: 'CANCELLED' })
            const order = await tx.orders.get(orderId)
            const customerId = order?.customerId ?? ''
            await tx.publish(OrderCancelled, { orderId, customerId, reason: 'the saga was undone' })
            return DONE
          },
          (tx, outcome) => tx.publish(SagaReplied, { sagaId: orderId, requestId, ...outcome }),
        )
      })
    },
  )
