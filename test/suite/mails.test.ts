import {
  atMost,
  type FaultSpec,
  mailer,
  type RunResult,
  route,
  service,
  table,
  text,
  topic,
  type UserContext,
} from 'faultline'
import { describe, expect, it } from 'vitest'
import { countOf } from '../../sim/check/measure.ts'
import { allStruck, violated } from '../fixtures/courier.ts'
import { ifAnswered } from '../fixtures/parts.ts'
import { crashAt, passagesOf } from '../fixtures/passages.ts'
import { EXACT_MESSAGING, stage } from '../fixtures/stage.ts'

const orders = topic('orders', { partitions: 1, key: 'orderId' })
const Placed = orders.event('Placed', { orderId: text })
const place = route<{ readonly orderId: string }, null>('shop', 'POST /orders')

/** When a mail is sent: before its handler has committed that it was, or after that. */
type Timing = 'before-commit' | 'after-commit'

/** A shop tells of orders, and a service sends one mail for each. */
function mailing(timing: Timing, faults: readonly FaultSpec[] = []): Promise<RunResult> {
  const post = mailer('post')
  const shop = service(
    'shop',
    { tables: { placed: table({ orderId: text }, { key: 'orderId' }) }, ...EXACT_MESSAGING },
    ({ route: answer }) => {
      answer(place, async ({ orderId }, ctx) => {
        await ctx.transaction(async (tx) => {
          await tx.placed.insert({ orderId })
          await tx.publish(Placed, { orderId })
        })
        return null
      })
    },
  )
  const notification = service(
    'notification',
    {
      tables: { sent: table({ orderId: text }, { key: 'orderId' }) },
      clients: { post },
      ...EXACT_MESSAGING,
    },
    ({ on }) => {
      on(Placed, async ({ orderId }, ctx) => {
        const send = () => ctx.post.send({ to: 'someone', kind: 'confirmation', orderId })
        if (timing === 'before-commit') await send()
        await ctx.transaction((tx) => tx.sent.insert({ orderId }))
        if (timing === 'after-commit') await send()
      })
    },
  )
  const parts = {
    topics: [orders],
    externals: [post],
    services: [shop, notification],
    workload: {
      noun: 'order',
      act: async (n: number, user: UserContext) => {
        await ifAnswered(user.call(place, { orderId: `order-${n}` }, { timeout: '2s' }))
      },
    },
    properties: [
      atMost('one mail', {
        says: 'One mail is sent for an order.',
        per: 'orderId',
        effects: countOf(post.mails),
      }),
    ],
  }
  return stage(parts, { faults })
}

const mailsIn = ({ trace }: RunResult): number =>
  [...(trace?.records() ?? [])].filter(({ kind, lane }) => kind === 'ledger' && lane === 'post.mails').length

describe('a mail of a handler', () => {
  it('[PT7] is sent again with it, where it is sent before the commit (Z88)', async () => {
    const crash = { crash: 'notification', at: 'after notification.Placed mailer.send', restart: '300ms' }
    const result = await mailing('before-commit', [crash])
    expect([allStruck(result), violated(result), mailsIn(result)]).toEqual([true, ['one mail'], 2])
  })

  it('[PT7] is never sent twice after the commit, and lost in a crash between the two', async () => {
    const places = passagesOf(await mailing('after-commit')).filter(({ step }) =>
      step.startsWith('notification.'),
    )
    expect(places.length).toBeGreaterThan(5)
    const counts = new Set<number>()
    for (const where of places) {
      const result = await mailing('after-commit', [crashAt(where)])
      expect([where, violated(result)]).toEqual([where, []])
      counts.add(mailsIn(result))
    }
    expect([...counts].sort()).toEqual([0, 1])
  })
})
