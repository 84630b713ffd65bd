import {
  CallTimeoutError,
  type ContextOf,
  HttpError,
  inbox,
  integer,
  isSigned,
  oneOf,
  outbox,
  type PaymentProvider,
  ProviderError,
  route,
  service,
  table,
  text,
  type WebhookEvent,
} from 'faultline'
import type { Params } from './params.ts'

/** Where a payment stands. */
export type Standing = { readonly status: 'PENDING' | 'PAID' | 'FAILED' }
/** A buyer pays; one that is PENDING is asked for again, one that has FAILED is tried anew. */
export const pay = route<{ readonly orderId: string; readonly amount: number }, Standing>('till', 'pay')
/** The provider tells what has happened. */
export const hook = route<WebhookEvent, null>('till', 'hook')

const CHECK_AFTER_MILLIS = 5_000

type Ctx = ContextOf<typeof tillService>

/** Takes money in two steps, by a hold and its capture, of which either may become known late or from elsewhere. */
export const tillService = (params: Params, provider: PaymentProvider) =>
  service(
    'till',
    {
      instances: 2,
      tables: {
        payments: table(
          {
            orderId: text,
            amount: integer,
            attempt: integer,
            status: oneOf('PENDING', 'PAID', 'FAILED'),
            /** How it became known. */
            knownBy: oneOf('nothing', 'answer', 'webhook'),
            checkAt: integer,
          },
          { key: 'orderId', indexes: ['status'] },
        ),
        hooks: table({ eventId: text }, { key: 'eventId' }),
      },
      clients: { provider },
      inbox: inbox('none'),
      outbox: outbox({ mode: 'relay' }),
    },
    ({ route: answer, job }) => {
      answer(pay, async ({ orderId, amount }, ctx) => {
        const attempt = await begin(orderId, amount, ctx)
        if (attempt !== undefined) await settle(orderId, amount, attempt, ctx, params)
        const payment = await ctx.db.payments.get(orderId)
        return { status: payment?.status ?? 'PENDING' }
      })
      answer(hook, async (event, ctx) => {
        await hear(event, ctx, params)
        return null
      })
      const pending = { table: 'payments', where: { status: 'PENDING' }, due: 'checkAt' } as const
      job('reconcile', { every: '1s', input: pending }, async (ctx) => {
        for (const { orderId, amount, attempt, checkAt } of await ctx.db.payments.select({
          where: { status: 'PENDING' },
        }))
          if (checkAt <= ctx.now()) {
            await ctx.transaction((tx) =>
              tx.payments.update({ orderId }, { checkAt: ctx.now() + CHECK_AFTER_MILLIS }),
            )
            await settle(orderId, amount, attempt, ctx, params)
          }
      })
    },
  )

/** Notes that a payment is to be made, before anything is asked for. @returns which try it is; undefined when it is paid */
async function begin(orderId: string, amount: number, ctx: Ctx): Promise<number | undefined> {
  return ctx.transaction(async (tx) => {
    const checkAt = ctx.now() + CHECK_AFTER_MILLIS
    const fresh = { orderId, amount, attempt: 1, status: 'PENDING', knownBy: 'nothing', checkAt } as const
    if ((await tx.payments.insertIfAbsent(fresh)) !== undefined) return 1
    const known = await tx.payments.get(orderId, { for: 'update' })
    if (known === undefined || known.status === 'PAID') return undefined
    if (known.status === 'PENDING') return known.attempt
    await tx.payments.update({ orderId }, { attempt: known.attempt + 1, status: 'PENDING', checkAt })
    return known.attempt + 1
  })
}

/** Holds the money and captures it: again and again the same, until it is known what became of it. */
async function settle(
  orderId: string,
  amount: number,
  attempt: number,
  ctx: Ctx,
  params: Params,
): Promise<void> {
  const keyOf = (what: string): string => {
    const key = `${what}:${orderId}/${attempt}`
    return params.key === 'of-the-payment' ? key : ctx.id(key)
  }
  try {
    const held = await ctx.provider.authorize(
      { orderId, customerId: 'customer', amount },
      { idempotencyKey: keyOf('hold') },
    )
    if (held.outcome === 'declined') {
      await conclude(orderId, attempt, 'FAILED', 'answer', ctx)
      return
    }
    const taken = await ctx.provider.capture(
      { orderId, authorizationId: held.id, amount },
      { idempotencyKey: keyOf('take') },
    )
    await conclude(orderId, attempt, taken.outcome === 'succeeded' ? 'PAID' : 'FAILED', 'answer', ctx)
  } catch (error) {
    if (!(error instanceof CallTimeoutError || error instanceof ProviderError)) throw error
    if (params.unknown === 'failed') await conclude(orderId, attempt, 'FAILED', 'answer', ctx)
  }
}

/** What became of a try, if it is not known yet and no other one has been begun. */
async function conclude(
  orderId: string,
  attempt: number,
  status: 'PAID' | 'FAILED',
  knownBy: 'answer' | 'webhook',
  ctx: Ctx,
): Promise<void> {
  await ctx.transaction((tx) =>
    tx.payments.update({ orderId, attempt, status: 'PENDING' }, { status, knownBy }),
  )
}

/** Hears of a capture, or of a card that was declined; of the same event once. */
async function hear(event: WebhookEvent, ctx: Ctx, { signature, webhooks }: Params): Promise<void> {
  if (signature === 'checked' && !isSigned(event, ctx.now())) throw new HttpError(400)
  const { orderId, type, data } = event
  const status = type === 'capture.succeeded' ? 'PAID' : type === 'authorize.declined' ? 'FAILED' : undefined
  if (status === undefined) return
  const attempt = Number((data as { readonly idempotencyKey: string }).idempotencyKey.split('/')[1])
  await ctx.transaction(async (tx) => {
    if (webhooks === 'last-wins') {
      await tx.payments.update({ orderId }, { status, knownBy: 'webhook' })
      return
    }
    if ((await tx.hooks.insertIfAbsent({ eventId: event.eventId })) === undefined) return
    await tx.payments.update({ orderId, attempt, status: 'PENDING' }, { status, knownBy: 'webhook' })
  })
}
