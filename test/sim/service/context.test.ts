import type { RunResult } from 'faultline'
import { describe, expect, it } from 'vitest'
import { EPOCH_MILLIS } from '../../../sim/service/context.ts'
import { appended, type Courier, courier, deliver, recordsOf } from '../../fixtures/courier.ts'
import { Asked, duo } from '../../fixtures/duo.ts'
import { millis, type PlayContext, play, type Script } from '../../fixtures/play.ts'

/** Runs code as two orders, twice each in one request, and returns what it made. */
async function made<Value>(make: (ctx: PlayContext) => Value, options: { seed?: number } = {}) {
  const values: Record<string, Value[]> = {}
  const script: Script = {
    at: 500,
    run: async (ctx) => {
      values[ctx.correlationId] = [make(ctx), make(ctx)]
    },
  }
  await play([script, script], options)
  return values
}

describe('time in a handler', () => {
  it('[S3] is virtual: it stands still between operations and passes while one is awaited', async () => {
    const seen: number[] = []
    await play([
      {
        at: 1000,
        run: async (ctx) => {
          const start = millis(ctx)
          for (let turn = 0; turn < 1000; turn++) await null
          seen.push(start, millis(ctx) - start)
          await ctx.sleep('1m')
          seen.push(millis(ctx) - start)
          await ctx.sleep('0ms')
          seen.push(millis(ctx) - start)
        },
      },
    ])
    expect(seen).toEqual([1000, 0, 60_000, 60_000])
  })

  it('[S3] begins on the first day of 2026, at every process', async () => {
    expect(new Date(EPOCH_MILLIS).toISOString()).toBe('2026-01-01T00:00:00.000Z')
    const result = await courier()
    const [sent] = appended(result)
    const occurredAt = sent?.event.occurredAt
    expect(occurredAt).toBeGreaterThan(EPOCH_MILLIS)
    expect(occurredAt).toBeLessThan(EPOCH_MILLIS + 2_000)
  })

  it('[K25] does not pass for the sleeps of a dead life: the run ends as if they had not been', async () => {
    const sleeper: Script = { at: 1000, run: (ctx) => Promise.all(['7d', '8d', '9d'].map(ctx.sleep, ctx)) }
    const living: Script = { at: 5000, run: (ctx) => ctx.sleep('10s') }
    const result = await play([sleeper, living, sleeper], {
      faults: [{ crash: 'stage', at: '2s', restart: '1s' }],
    })
    expect(result.verdict).toBe('pass')
    expect(result.endMicros).toBeGreaterThan(15_000_000)
    expect(result.endMicros).toBeLessThan(16_000_000)
  })

  it('[S3] lets several sleeps pass side by side', async () => {
    const order: string[] = []
    await play([
      {
        at: 500,
        run: async (ctx) => {
          const rest = async (name: string, duration: string): Promise<void> => {
            await ctx.sleep(duration)
            order.push(`${name} ${millis(ctx) - 500}`)
          }
          await Promise.all([rest('long', '30ms'), rest('short', '10ms'), rest('middle', '20ms')])
        },
      },
    ])
    expect(order).toEqual(['short 10', 'middle 20', 'long 30'])
  })
})

describe('chance in a handler', () => {
  const draw = (ctx: PlayContext): number[] => Array.from({ length: 50 }, () => ctx.random(6))

  it('[S4] follows from the seed and the order, and lies below its bound', async () => {
    const [first, again, other] = [await made(draw), await made(draw), await made(draw, { seed: 2 })]
    expect(again).toEqual(first)
    expect(other).not.toEqual(first)
    expect(first['order-1']).not.toEqual(first['order-2'])
    const all = Object.values(first).flat(2)
    expect(all).toHaveLength(200)
    expect([...new Set(all)].sort()).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('[S4] of one order does not depend on what other orders do', async () => {
    const numbers: number[][] = []
    const chooser: Script = { at: 2000, run: async (ctx) => numbers.push(draw(ctx)) }
    const busy = (draws: number): Script => ({
      at: 500,
      run: async (ctx) => {
        for (let n = 0; n < draws; n++) ctx.random(6)
      },
    })
    await play([chooser, busy(0)])
    await play([chooser, busy(100)])
    expect(numbers[0]).toEqual(numbers[1])
  })
})

describe('an id', () => {
  it('[S5] names its order and is never made twice', async () => {
    expect(await made((ctx) => ctx.id('payment'))).toEqual({
      'order-1': ['payment/order-1', 'payment/order-1/2'],
      'order-2': ['payment/order-2', 'payment/order-2/2'],
    })
  })

  it('[S5] is not made twice by two services for one order either', async () => {
    const ids: string[] = []
    await duo(5, async (_orderId, ctx) => {
      ids.push(ctx.id('payment'))
    })
    expect(ids).toHaveLength(10)
    expect(new Set(ids).size).toBe(10)
  })

  it('[S5] of an event is not made twice: two services publish the same kind, and both are heard', async () => {
    const result = await duo(5, (orderId, ctx, by) =>
      ctx.transaction((tx) => tx.publish(Asked, { orderId, by })),
    )
    const heard = writtenBy(result, 'listener-db').filter(({ table }) => table === 'seen')
    expect(heard).toHaveLength(10)
  })

  it('[S5] is the same in every run of the same inputs', async () => {
    const ids: string[][] = []
    for (let turn = 0; turn < 2; turn++) {
      const result = await courier({ receivers: 2 }, { faults: [{ redeliver: 'receiver', at: '1s' }] })
      ids.push(
        recordsOf(result, 'append').map(({ data }) => (data as { value: { eventId: string } }).value.eventId),
      )
    }
    expect(ids[0]).toEqual(ids[1])
    expect(ids[0]).toHaveLength(3)
  })
})

/** The rows that commits of a database wrote. */
function writtenBy(result: RunResult, database: string) {
  return recordsOf(result, 'commit')
    .filter(({ lane }) => lane === database)
    .flatMap(({ data }) => data as readonly { table: string; after: Record<string, unknown> }[])
}

describe('the log', () => {
  it('[S6] holds what a handler writes, with its process, its order and what led to it', async () => {
    const receive: Courier['receive'] = () => async (letter, ctx) => {
      await deliver(letter, ctx)
      ctx.log('delivered', { letter: letter.number })
    }
    const result = await courier({ receive })
    const logged = recordsOf(result, 'log')
    expect(logged).toHaveLength(3)
    expect(logged.map(({ lane, entity, data }) => [lane, entity, data])).toEqual(
      expect.arrayContaining(
        [1, 2, 3].map((letter) => ['receiver-1', `letter-${letter}`, { message: 'delivered', letter }]),
      ),
    )
    for (const { id, entity } of logged) {
      const causes = (result.trace?.causesOf(id) ?? []).map((cause) => result.trace?.at(cause))
      const kinds = causes.map((record) => record?.kind)
      expect(kinds).toEqual(expect.arrayContaining(['act', 'request', 'commit', 'append', 'deliver']))
      expect(new Set(causes.map((record) => record?.entity).filter((name) => name !== undefined))).toContain(
        entity,
      )
    }
  })
})

describe('correlation', () => {
  it('[S7] travels with every event: the order that it belongs to and the event that it answers', async () => {
    const result = await duo(3, (orderId, ctx, by) =>
      ctx.transaction((tx) => tx.publish(Asked, { orderId, by })),
    )
    const events = recordsOf(result, 'append').map(
      ({ entity, data }) => [entity, (data as { value: Record<string, unknown> }).value] as const,
    )
    const starts = events.filter(([, event]) => event.eventType === 'Started')
    const asked = events.filter(([, event]) => event.eventType === 'Asked')
    expect(starts).toHaveLength(3)
    expect(asked).toHaveLength(6)
    for (const [entity, event] of starts) {
      expect(event).toMatchObject({ correlationId: entity, causationId: null, aggregateId: entity })
    }
    for (const [entity, event] of asked) {
      const [, cause] = starts.find(([order]) => order === entity) as (typeof starts)[number]
      expect(event).toMatchObject({ correlationId: entity, causationId: cause.eventId, eventVersion: 1 })
    }
  })
})
