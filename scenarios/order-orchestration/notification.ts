import { type ContextOf, type Mailer, oneOf, service, table, text } from 'faultline'
import { OrderCancelled, OrderConfirmed } from './events.ts'
import { messaging, type Params } from './params.ts'

const KINDS = ['confirmation', 'cancellation'] as const

/** Sends mails. A mail is sent at least once: the mailer knows no idempotency key, so a crash may repeat one. */
export const notificationService = (params: Params, mailer: Mailer) =>
  service(
    'notification',
    {
      tables: {
        mails: table(
          { mailId: text, orderId: text, kind: oneOf(...KINDS) },
          { key: 'mailId', indexes: ['orderId'] },
        ),
      },
      clients: { mailer },
      ...messaging(params),
    },
    ({ on }) => {
      const send = async (
        kind: (typeof KINDS)[number],
        orderId: string,
        to: string,
        ctx: ContextOf<typeof notificationService>,
      ) => {
        await ctx.mailer.send({ to, kind, orderId })
        await ctx.transaction(async (tx) => {
          await tx.mails.insert({ mailId: ctx.id('mail'), orderId, kind })
        })
      }
      on(OrderConfirmed, ({ orderId, customerId }, ctx) => send('confirmation', orderId, customerId, ctx))
      on(OrderCancelled, ({ orderId, customerId }, ctx) => send('cancellation', orderId, customerId, ctx))
    },
  )
