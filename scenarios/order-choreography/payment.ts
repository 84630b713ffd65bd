import { type ContextOf, money, type PaymentProvider, service, states, table, text } from 'faultline'
import {
  InventoryReservationFailed,
  OrderCreated,
  PaymentCompleted,
  PaymentFailed,
  PaymentRefunded,
  ShipmentFailed,
} from './events.ts'
import { messaging, type Params } from './params.ts'

/** Charges customers at the provider, and refunds them when a later step fails. */
export const paymentService = (params: Params, provider: PaymentProvider) =>
  service(
    'payment',
    {
      instances: 2,
      tables: {
        payments: table(
          {
            paymentId: text,
            orderId: text,
            amount: money,
            transactionId: text,
            status: states({
              COMPLETED: { end: true, next: ['REFUNDED'], by: [InventoryReservationFailed, ShipmentFailed] },
              REFUNDED: { end: true },
            }),
          },
          { key: 'paymentId', indexes: ['orderId'] },
        ),
      },
      clients: { provider },
      ...messaging(params),
    },
    ({ on }) => {
      on(OrderCreated, async (order, ctx) => {
        const { orderId, customerId, amount } = order
        const idempotencyKey = params.providerIdempotencyKey ? `charge:${orderId}` : undefined
        const charge = () => ctx.provider.charge({ orderId, customerId, amount }, { idempotencyKey })
        const before = params.chargeWithin === 'no-transaction' ? await charge() : undefined
        await ctx.transaction(async (tx) => {
          const result = before ?? (await charge())
          if (result.outcome === 'declined') {
            if (params.declinesAnswered) await tx.publish(PaymentFailed, { orderId, reason: result.reason })
            return
          }
          const paymentId = ctx.id('payment')
          await tx.payments.insert({
            paymentId,
            orderId,
            amount,
            transactionId: result.id,
            status: 'COMPLETED',
          })
          await tx.publish(PaymentCompleted, order)
        })
      })

      const refund = async (orderId: string, ctx: ContextOf<typeof paymentService>) => {
        const [payment] = await ctx.db.payments.select({ where: { orderId } })
        if (payment === undefined) throw new Error(`no payment of ${orderId} to refund`)
        const { paymentId, transactionId, amount } = payment
        const idempotencyKey = params.providerIdempotencyKey ? `refund:${orderId}` : undefined
        const result = await ctx.provider.refund(
          { orderId, chargeId: transactionId, amount },
          { idempotencyKey },
        )
        if (result.outcome === 'rejected') ctx.log('refund rejected', { orderId, reason: result.reason })
        await ctx.transaction(async (tx) => {
          await tx.payments.update({ paymentId }, (row) => {
            row.status = 'REFUNDED'
          })
          await tx.publish(PaymentRefunded, { orderId, amount })
        })
      }
      if (params.paymentHears === 'order-events') return
      on(InventoryReservationFailed, ({ orderId }, ctx) => refund(orderId, ctx))
      on(ShipmentFailed, ({ orderId }, ctx) => refund(orderId, ctx))
    },
  )
