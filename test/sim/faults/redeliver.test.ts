import { describe, expect, it } from 'vitest'
import { courier, deliver, recordsOf } from '../../fixtures/courier.ts'

/** What was handed to handlers from a moment on, as `partition offset`. */
const again = (result: Awaited<ReturnType<typeof courier>>, fromMillis: number): string[] =>
  recordsOf(result, 'deliver')
    .filter(({ atMicros }) => atMicros >= fromMillis * 1000)
    .map(({ data }) => {
      const { partition, offset } = data as { partition: string; offset: number }
      return `${partition} ${offset}`
    })

describe('a redelivery', () => {
  it.each([1, 2, 5, 100])(
    '[F11] brings the last %i records of each partition again, in order',
    async (records) => {
      const result = await courier(
        { receivers: 2 },
        { workload: { orders: 20, every: '10ms' }, faults: [{ redeliver: 'receiver', records, at: '5s' }] },
      )
      const lengths = new Map<string, number>()
      for (const { lane } of recordsOf(result, 'append')) lengths.set(lane, (lengths.get(lane) ?? 0) + 1)
      expect(lengths.size).toBe(3)
      const expected = [...lengths].flatMap(([partition, length]) =>
        Array.from(
          { length: Math.min(records, length) },
          (_, index) => `${partition} ${length - Math.min(records, length) + index}`,
        ),
      )
      const came = again(result, 5_000)
      expect([...came].sort()).toEqual(expected.sort())
      for (const partition of lengths.keys()) {
        const offsets = came
          .filter((place) => place.startsWith(`${partition} `))
          .map((place) => Number(place.split(' ')[1]))
        expect(offsets).toEqual([...offsets].sort((left, right) => left - right))
      }
    },
  )

  it('[F11] finds nothing to bring before anything was read', async () => {
    const result = await courier({}, { faults: [{ redeliver: 'receiver', at: '1ms' }] })
    expect(recordsOf(result, 'deliver')).toHaveLength(3)
    expect(result.faults[0]?.struckAtMicros).toBe(1_000)
  })

  it('[F11] while a record is being handled waits until it has been', async () => {
    const order: string[] = []
    const receive =
      () =>
      async (...[letter, ctx]: Parameters<typeof deliver>) => {
        order.push(`begin ${letter.number}`)
        await ctx.sleep('1s')
        await deliver(letter, ctx)
        order.push(`end ${letter.number}`)
      }
    await courier(
      { receive, inbox: 'none' },
      { workload: { orders: 1 }, faults: [{ redeliver: 'receiver', at: '700ms' }] },
    )
    expect(order).toEqual(['begin 1', 'end 1', 'begin 1', 'end 1'])
  })

  it('[F11] while a consumer is down waits for who reads its partitions next', async () => {
    const result = await courier(
      {},
      {
        workload: { orders: 9, every: '1s' },
        faults: [
          { crash: 'receiver', at: '7500ms', restart: '2s' },
          { redeliver: 'receiver', records: 2, at: '8s' },
        ],
      },
    )
    const places = again(result, 0)
    expect(new Set(places).size).toBe(9)
    expect(places.length).toBeGreaterThan(9)
    expect(recordsOf(result, 'again')).not.toEqual([])
  })
})
