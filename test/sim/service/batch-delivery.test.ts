import { describe, expect, it } from 'vitest'
import { EPOCH_MILLIS } from '../../../sim/kernel/time.ts'
import {
  allStruck,
  type Courier,
  courier,
  type Letter,
  type ReceiverContext,
  recordsOf,
  TOGETHER,
  violated,
} from '../../fixtures/courier.ts'

const nine = { workload: { orders: 9, every: '1ms' } }

/** Delivers a batch in one transaction. */
const deliverAll = async (letters: readonly Letter[], ctx: ReceiverContext): Promise<void> => {
  await ctx.transaction(async (tx) => {
    for (const { letterId, number } of letters)
      await tx.deliveries.insert({ deliveryId: `${ctx.id('delivery')} of ${letterId}`, letterId, number })
  })
}

/** Runs a receiver of batches of letters to one address, and keeps what each batch held. */
async function batches(
  size: number,
  options: Partial<Courier> = {},
  input: Parameters<typeof courier>[1] = nine,
  handler = deliverAll,
) {
  const taken: number[][] = []
  const result = await courier(
    {
      sameAddress: 9,
      relay: TOGETHER,
      ...options,
      receiveBatch: {
        size,
        handler: (letters, ctx) => {
          taken.push(letters.map(({ number }) => number))
          return handler(letters, ctx)
        },
      },
    },
    input,
  )
  return { result, taken }
}

describe('a handler of batches', () => {
  it.each([1, 4, 100])('[S27] takes at most %d events at a time, in their order', async (size) => {
    const { result, taken } = await batches(size)
    expect(result.verdict).toBe('pass')
    expect(taken.flat()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(Math.max(...taken.map(({ length }) => length))).toBe(Math.min(size, 9))
  })

  it('[S27] takes what one poll returned, of whatever partition', async () => {
    const { result, taken } = await batches(100, { sameAddress: 1 })
    expect(result.verdict).toBe('pass')
    expect(taken.flat().sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(taken.length).toBeLessThan(9)
  })

  it('[S27] gets only the events that the inbox does not know', async () => {
    const { result, taken } = await batches(
      100,
      {},
      { ...nine, faults: [{ redeliver: 'receiver', records: 5, at: '3s' }] },
    )
    expect(result.verdict).toBe('pass')
    expect(allStruck(result)).toBe(true)
    expect(recordsOf(result, 'deliver').length).toBeGreaterThanOrEqual(14)
    expect(taken.flat()).toHaveLength(9)
  })

  it('[S27] that throws gets its batch again, and the rows of the inbox are part of what succeeds', async () => {
    const { result, taken } = await batches(100, {}, nine, async (letters, ctx) => {
      const early = ctx.now() - EPOCH_MILLIS < 5_000
      await ctx.transaction(async (tx) => {
        const [first] = letters as [Letter]
        await tx.deliveries.insert({ deliveryId: first.letterId, letterId: first.letterId, number: 1 })
        if (early) throw new Error('not all of them')
        for (const { letterId, number } of letters.slice(1))
          await tx.deliveries.insert({ deliveryId: letterId, letterId, number })
      })
    })
    expect(result.verdict).toBe('pass')
    expect(taken.length).toBeGreaterThan(3)
    const rows = recordsOf(result, 'commit')
      .filter(({ lane }) => lane === 'receiver-db')
      .flatMap(({ data }) => data as readonly { table: string }[])
    expect(rows.filter(({ table }) => table === 'inbox')).toHaveLength(9)
    expect(rows.filter(({ table }) => table === 'deliveries')).toHaveLength(9)
  })

  it('[S27] whose commit a crash cuts off is handled as a whole or not at all', async () => {
    for (const at of ['before', 'after']) {
      const { result } = await batches(
        100,
        {},
        {
          ...nine,
          cluster: { kafka: { 'session.timeout.ms': 6_000 } },
          faults: [{ crash: 'receiver', at: `${at} receiver.LetterSent tx.commit`, restart: '1s' }],
        },
      )
      expect(allStruck(result)).toBe(true)
      expect(violated(result)).toEqual([])
    }
  })

  it('[S27] writes its inbox rows though it makes no transaction', async () => {
    const { result } = await batches(100, {}, nine, async () => {})
    const rows = recordsOf(result, 'commit')
      .filter(({ lane }) => lane === 'receiver-db')
      .flatMap(({ data }) => data as readonly { table: string }[])
    expect(rows.filter(({ table }) => table === 'inbox')).toHaveLength(9)
  })

  it.each([{ concurrency: 2 }, { order: 'key' }, { concurrency: 4, order: 'none' }] as const)(
    '[S27] is refused where events are handled beside or before one another: %j',
    async (consumer) => {
      const { result, taken } = await batches(3, { consumer })
      expect([result.verdict, result.failureCode, taken]).toEqual(['error', 'definition', []])
      expect(result.reason).toContain(
        'service receiver handles LetterSent in batches, and several events at a time',
      )
    },
  )
})
