import { HttpError, isSigned, type WebhookEvent } from 'faultline'
import { describe, expect, it } from 'vitest'
import { EPOCH_MILLIS } from '../../../sim/kernel/time.ts'
import { violated } from '../../fixtures/courier.ts'
import { chargeOf, type Till, till } from '../../fixtures/till.ts'
import { wallet } from '../../fixtures/wallet.ts'

type Hooked = NonNullable<Till['hooked']>

/** Charges orders and notes which events came, when, and what was charged. */
async function hooked(
  take: (event: WebhookEvent, nth: number) => number = () => 200,
  options: NonNullable<Hooked['options']> = {},
  staging: Till = {},
) {
  const events: WebhookEvent[] = []
  const seconds: number[] = []
  const answeredAt = new Map<string, number>()
  const heardAt = new Map<string, number>()
  const { charges, result } = await till(
    async (n, ctx) => {
      const { outcome } = await ctx.provider.charge(chargeOf(`order-${n}`), { idempotencyKey: `${n}` })
      if (outcome === 'succeeded') answeredAt.set(`order-${n}`, ctx.now())
    },
    {
      ...staging,
      hooked: {
        options,
        take: async (event, ctx) => {
          seconds.push(Math.floor((ctx.now() - EPOCH_MILLIS) / 1_000))
          if (!heardAt.has(event.orderId)) heardAt.set(event.orderId, ctx.now())
          const status = take(event, events.push(event))
          if (status !== 200) throw new HttpError(status)
        },
      },
    },
  )
  expect(result.verdict).toBe('pass')
  const early = [...answeredAt].filter(([order, at]) => (heardAt.get(order) ?? 0) < at).length
  return { events, seconds, charges: charges as { id: string }[], early }
}

const many = { workload: { orders: 60, every: '100ms' } } as const

describe('webhooks', () => {
  it('[E13] tell of every charge at least once, under one id, some of it twice, and not in order', async () => {
    const { events, charges } = await hooked(undefined, {}, many)
    const told = new Map(events.map(({ eventId, data }) => [eventId, (data as { id: string }).id]))
    expect([...told.values()].sort()).toEqual(charges.map(({ id }) => id).sort())
    expect(events.length).toBeGreaterThan(65)
    const numbers = [...told.keys()].map((id) => Number(id.slice(4)))
    expect(numbers.some((number, index) => number < (numbers[index - 1] ?? 0))).toBe(true)
    const { early } = await hooked(undefined, { spread: '20ms' }, many)
    expect(early).toBeGreaterThan(0)
    expect(early).toBeLessThan(60)
    const once = await hooked(undefined, { duplicatesOneIn: 0 }, many)
    expect(once.events).toHaveLength(60)
  })

  it('[E13] are repeated until somebody takes them, after longer and longer pauses', async () => {
    const { events, seconds } = await hooked((_event, nth) => (nth < 5 ? 500 : 200), {
      duplicatesOneIn: 0,
      spread: '1ms',
    })
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(1)
    const [first = 0] = seconds
    expect(seconds.map((second) => second - first)).toEqual([0, 1, 3, 7, 15])
  })

  it('[E13] that nobody takes are given up after a while, three days unless said', async () => {
    const options = { duplicatesOneIn: 0 }
    const soon = await hooked(() => 503, { ...options, giveUpAfter: '10s' })
    expect(soon.events).toHaveLength(4)
    const late = await hooked(() => 503, options, { budget: { time: '30d' } })
    expect((late.seconds.at(-1) ?? 0) - (late.seconds[0] ?? 0)).toBeGreaterThan(2.9 * 86_400)
    expect(late.seconds.at(-1)).toBeLessThan(3.1 * 86_400)
  })

  it('[E13] wait for a service that is down', async () => {
    const { events } = await hooked(
      undefined,
      { duplicatesOneIn: 0 },
      {
        ...many,
        faults: [{ crash: 'till', at: '4s', restart: '30s' }],
      },
    )
    expect(events.length).toBeGreaterThan(30)
  })

  it('[E13] are signed with what both sides know, over all that they say', async () => {
    const [ours] = (await hooked(undefined, { secret: 'ours' })).events
    const event = ours as WebhookEvent
    const now = event.happenedAt
    expect(isSigned(event, now, { secret: 'ours' })).toBe(true)
    expect(isSigned(event, now)).toBe(false)
    for (const forged of [
      { orderId: 'order-2' },
      { type: 'charge.declined' },
      { data: null },
      { eventId: 'evt-2' },
    ])
      expect(isSigned({ ...event, ...forged }, now, { secret: 'ours' })).toBe(false)
    const [usual] = (await hooked()).events
    expect(isSigned(usual as WebhookEvent, now)).toBe(true)
  })

  it('[E14] are signed anew in each delivery, so that a late one is not too old', async () => {
    let refused = 0
    const { events } = await hooked(
      (event, nth) => {
        expect(new Set(event.signature.split(',')).size).toBe(2)
        return nth < 12 ? 500 : 200
      },
      { duplicatesOneIn: 0 },
      { budget: { time: '30d' } },
    )
    const last = events.at(-1) as WebhookEvent
    const [time = ''] = last.signature.slice(2).split(',')
    for (const event of events) if (!isSigned(event, Number(time) * 1_000)) refused++
    expect(Number(time) * 1_000 - last.happenedAt).toBeGreaterThan(300_000)
    expect(isSigned(last, Number(time) * 1_000)).toBe(true)
    expect(refused).toBeGreaterThan(5)
  })

  it('[E13] tell of declines and refusals as well, and once of a repeated key', async () => {
    const types: string[] = []
    await till(
      async (_n, ctx) => {
        await ctx.provider.authorize(chargeOf('order-1'), { idempotencyKey: 'a' })
        await ctx.provider.authorize(chargeOf('order-1'), { idempotencyKey: 'a' })
        await ctx.provider.capture({ orderId: 'order-1', authorizationId: 'au-7', amount: 1 })
        await ctx.provider.void({ orderId: 'order-1', authorizationId: 'au-1' })
      },
      { hooked: { options: { duplicatesOneIn: 0 }, take: async ({ type }) => types.push(type) } },
    )
    expect(types.sort()).toEqual(['authorize.succeeded', 'capture.rejected', 'void.succeeded'])
  })
})

describe('a webhook that the provider has not sent', () => {
  it.each([
    ['is forged, and nobody looks at its signature', 'forges', { signature: 'ignored' }],
    ['was overheard, and its signature never ends', 'replays', { tolerance: 'none' }],
  ] as const)('[E15] %s: money is credited that nobody paid', async (_what, act, wrong) => {
    const broken = await wallet({ act, ...wrong })
    expect(violated(broken)).toEqual(['credited is what was charged'])
    const clean = await wallet({ act })
    expect([clean.verdict, violated(clean)]).toEqual(['pass', []])
  })
})
