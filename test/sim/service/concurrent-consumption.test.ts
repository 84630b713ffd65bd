import { describe, expect, it } from 'vitest'
import { EPOCH_MILLIS } from '../../../sim/kernel/time.ts'
import type { ConsumerOptions } from '../../../sim/service/consumer-options.ts'
import { allStruck, type Courier, courier, deliver, recordsOf, violated } from '../../fixtures/courier.ts'

type Result = Awaited<ReturnType<typeof courier>>

/** Takes a while over each letter. */
const slowly =
  (duration: string, only?: number): NonNullable<Courier['receive']> =>
  () =>
  async (letter, ctx) => {
    if (only === undefined || letter.number === only) await ctx.sleep(duration)
    await deliver(letter, ctx)
  }

/** Letters in the order in which they were delivered. */
const delivered = (result: Result): string[] =>
  recordsOf(result, 'commit')
    .filter(({ lane, data }) => lane === 'receiver-db' && JSON.stringify(data).includes('"deliveries"'))
    .map(({ entity }) => entity as string)

/** The most handlers that ran at the same time. */
function mostAtOnce(result: Result): number {
  const events = [
    ...recordsOf(result, 'deliver').map(({ atMicros }) => [atMicros, 1] as const),
    ...recordsOf(result, 'commit')
      .filter(({ lane }) => lane === 'receiver-db')
      .map(({ atMicros }) => [atMicros, -1] as const),
  ]
  events.sort(([left, up], [right, other]) => left - right || up - other)
  let running = 0
  return events.reduce((most, [, change]) => {
    running += change
    return Math.max(most, running)
  }, 0)
}

const ten = { workload: { orders: 10, every: '1ms' } }
const at = (result: Result, kind: string, letter: string): number[] =>
  recordsOf(result, kind)
    .filter(({ entity, lane }) => entity === letter && (kind !== 'commit' || lane === 'receiver-db'))
    .map(({ atMicros }) => atMicros)

describe('handlers side by side', () => {
  it.each<[ConsumerOptions, number, number]>([
    [{ concurrency: 1, order: 'none' }, 1, 1],
    [{ concurrency: 4, order: 'none' }, 4, 4],
    [{ concurrency: 20, order: 'none' }, 10, 10],
    [{ concurrency: 20, order: 'key' }, 10, 3],
    [{ concurrency: 20, order: 'partition' }, 3, 1],
  ])('[S22] %j: %d with different keys, at least %d with few', async (consumer, different, least) => {
    const receive = slowly('1s')
    const apart = await courier({ consumer, receive }, ten)
    expect(apart.verdict).toBe('pass')
    expect(mostAtOnce(apart)).toBe(different)
    const together = await courier({ consumer, receive, sameAddress: 4 }, ten)
    expect(together.verdict).toBe('pass')
    expect(mostAtOnce(together)).toBeGreaterThanOrEqual(least)
    expect(mostAtOnce(together)).toBeLessThanOrEqual(different)
  })

  it.each<[ConsumerOptions['order'], boolean]>([
    ['partition', true],
    ['key', true],
    ['none', false],
  ])('[S22] in order %s: letters to one address stay in order: %s', async (order, inOrder) => {
    const result = await courier(
      { consumer: { concurrency: 5, order: order as 'key' }, receive: slowly('1s', 1), sameAddress: 10 },
      ten,
    )
    expect(result.verdict).toBe('pass')
    const sorted = Array.from({ length: 10 }, (_, index) => `letter-${index + 1}`)
    if (inOrder) expect(delivered(result)).toEqual(sorted)
    else expect(delivered(result)).toEqual([...sorted.slice(1), 'letter-1'])
  })

  it('[S25] a letter that fails keeps those of its key waiting, and no others', async () => {
    const receive: Courier['receive'] = () => async (letter, ctx) => {
      if (letter.number === 1 && ctx.now() - EPOCH_MILLIS < 20_000) throw new Error('nobody is at home')
      await deliver(letter, ctx)
    }
    const consumer: ConsumerOptions = { concurrency: 2, order: 'key' }
    const result = await courier({ consumer, receive, sameAddress: 2 }, ten)
    expect(result.verdict).toBe('pass')
    const waited = delivered(result).slice(-2)
    expect(waited).toEqual(['letter-1', 'letter-2'])
    for (const letter of delivered(result).slice(0, 8))
      expect(at(result, 'commit', letter)[0]).toBeLessThan(1_000_000)
    const pauses = at(result, 'deliver', 'letter-1').map(
      (time, index, all) => time - (all[index - 1] ?? time),
    )
    // In memory: no fetch comes between.
    expect(pauses.slice(2, 5).map((pause) => Math.round(pause / 100_000))).toEqual([2, 4, 8])
  })
})

describe('offsets of handlers side by side', () => {
  /** Letter 1 takes long; the receiver dies meanwhile, and starts again. */
  const interrupted = (consumer: ConsumerOptions, seed = 1) =>
    courier(
      { consumer, receive: slowly('5s', 1), sameAddress: 10, inbox: 'none', seed },
      {
        ...ten,
        cluster: { kafka: { 'session.timeout.ms': 6_000, 'auto.commit.interval.ms': 100 } },
        faults: [{ crash: 'receiver', at: '3s', restart: '1s' }],
      },
    )

  it.each<[ConsumerOptions, readonly string[]]>([
    // What had ended comes again, because what had not lies before it.
    [{ concurrency: 5, order: 'none' }, ['no double delivery']],
    [{ concurrency: 5, order: 'none', commit: 'after-each' }, ['no double delivery']],
    [{ concurrency: 5, order: 'partition' }, []],
    [{ concurrency: 5, order: 'none', commitReach: 'highest' }, ['no lost letter']],
    [{ concurrency: 5, order: 'none', commit: 'after-each', commitReach: 'highest' }, ['no lost letter']],
    [{ concurrency: 5, order: 'none', commit: 'automatic' }, ['no lost letter']],
    [{ concurrency: 5, order: 'none', commit: 'before-handling' }, ['no lost letter']],
  ])('[S24] %j under a crash breaks %j', async (consumer, broken) => {
    const result = await interrupted(consumer)
    expect(allStruck(result)).toBe(true)
    expect(violated(result)).toEqual(broken)
  })

  it('[S24] up to what is done lose and repeat nothing with an inbox, wherever the receiver dies', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      for (const order of ['partition', 'key', 'none'] as const) {
        const result = await courier(
          { consumer: { concurrency: 4, order }, receive: slowly('700ms'), sameAddress: 3, seed },
          {
            ...ten,
            cluster: { kafka: { 'session.timeout.ms': 6_000 } },
            faults: [{ crash: 'receiver', at: `${500 + seed * 97}ms`, restart: '1s' }],
          },
        )
        expect(violated(result), `seed ${seed}, ${order}`).toEqual([])
      }
    }
  })
})

describe('partitions that are given up', () => {
  /** The second receiver comes back while the first one is at work. */
  const rebalanced = (revocation: ConsumerOptions['revocation'] & string) =>
    courier(
      {
        consumer: { concurrency: 100, order: 'none', revocation },
        receive: slowly('8s'),
        inbox: 'none',
        receivers: 2,
      },
      {
        workload: { orders: 12, every: '1ms' },
        cluster: { kafka: { 'session.timeout.ms': 6_000 } },
        // It dies before it has anything, and is back when the other has everything.
        faults: [{ crash: 'receiver-2', at: '100ms', restart: '8s' }],
      },
    )

  it('[S26] are waited for until their handlers have ended and are committed', async () => {
    const result = await rebalanced('drain')
    expect(violated(result)).toEqual([])
  })

  it('[S26] are handled by two instances at once when they are abandoned', async () => {
    const result = await rebalanced('abandon')
    expect(violated(result)).toEqual(['no double delivery'])
  })
})
