import {
  answerOnce,
  DONE,
  money,
  type Outcome,
  oneOf,
  type PaymentProvider,
  requestTable,
  service,
  table,
  text,
  undoOnce,
} from 'faultline'
import { ChargePayment, RefundPayment, SagaReplied } from './events.ts'
import { messaging, type Params } from './params.ts'

/** Charges customers at the provider, and refunds them, when it is asked to. */
export const paymentService = (params: Params, provider: PaymentProvider) =>
  service(
    'payment',
    {
      instances: 2,
      tables: {
        payments: table(
          { orderId: text, amount: money, transactionId: text, status: oneOf('COMPLETED', 'REFUNDED') },
          { key: 'orderId' },
        ),
        requests: requestTable(),
      },
      clients: { provider },
      ...messaging(params),
    },
    ({ on }) => {
      const keyOf = (what: string, orderId: string) =>
        params.providerIdempotencyKey ? `${what}:${orderId}` : undefined

      on(ChargePayment, async ({ sagaId: orderId, requestId, customerId, amount }, ctx) => {
        const known = await ctx.db.requests.get(requestId)
        // The provider is asked before the transaction begins, and again after a crash: its key makes that one charge.
        const charge =
          known === undefined
            ? await ctx.provider.charge(
                { orderId, customerId, amount },
                { idempotencyKey: keyOf('charge', orderId) },
              )
            : undefined
        await answerOnce(
          ctx,
          requestId,
          async (tx): Promise<Outcome> => {
            if (charge?.outcome !== 'succeeded')
              return { succeeded: false, reason: charge?.reason ?? 'the request was undone' }
            await tx.payments.insert({ orderId, amount, transactionId: charge.id, status: 'COMPLETED' })
            return DONE
          },
          (tx, outcome) => tx.publish(SagaReplied, { sagaId: orderId, requestId, ...outcome }),
        )
      })

      on(RefundPayment, async ({ sagaId: orderId, requestId, actionId }, ctx) => {
        const payment = await ctx.db.payments.get(orderId)
        if (payment?.status === 'COMPLETED') {
          const { transactionId: chargeId, amount } = payment
          await ctx.provider.refund(
            { orderId, chargeId, amount },
            { idempotencyKey: keyOf('refund', orderId) },
          )
        }
        await undoOnce(
          ctx,
          { requestId, actionId },
          async (tx) => {
            await tx.payments.update({ orderId }, { status: 'REFUNDED' })
          },
          (tx, outcome) => tx.publish(SagaReplied, { sagaId: orderId, requestId, ...outcome }),
          { tombstones: params.tombstones },
        )
      })
    },
  )
