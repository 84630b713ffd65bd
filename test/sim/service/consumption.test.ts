import { closing } from 'faultline'
import { describe, expect, it } from 'vitest'
import { EPOCH_MILLIS } from '../../../sim/kernel/time.ts'
import {
  allStruck,
  type Courier,
  courier,
  deliver,
  recordsOf,
  TOGETHER,
  violated,
} from '../../fixtures/courier.ts'

/** When each letter was handed to a handler, in milliseconds. */
const deliveries = (result: Awaited<ReturnType<typeof courier>>, letter: string): number[] =>
  recordsOf(result, 'deliver')
    .filter(({ entity }) => entity === letter)
    .map(({ atMicros }) => atMicros / 1000)

/** A receiver that cannot deliver letter 1 until a moment. */
const failsUntil =
  (millis: number): NonNullable<Courier['receive']> =>
  () =>
  async (letter, ctx) => {
    if (letter.number === 1 && ctx.now() - EPOCH_MILLIS < millis) throw new Error('nobody is at home')
    await deliver(letter, ctx)
  }

describe('a handler that throws', () => {
  it('[S1] is tried again after 0.1 s, then after twice as long each time, at most after 10 s, and the fetch', async () => {
    const result = await courier({ receive: failsUntil(60_000) }, { workload: { orders: 1 } })
    expect(result.verdict).toBe('pass')
    const times = deliveries(result, 'letter-1')
    const pauses = times.slice(1).map((at, index) => at - (times[index] as number))
    const backOffs = [100, 200, 400, 800, 1600, 3200, 6400, ...Array(pauses.length - 7).fill(10_000)]
    expect(pauses.length).toBeGreaterThan(9)
    for (const [index, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual(backOffs[index])
      // The record is fetched again when the fetch that is under way has ended.
      expect(pause).toBeLessThan(backOffs[index] + 520)
    }
  })

  it('[S1] begins with 0.1 s again for the next record', async () => {
    const failures = new Map<number, number>()
    const receive: Courier['receive'] = () => async (letter, ctx) => {
      const count = (failures.get(letter.number) ?? 0) + 1
      failures.set(letter.number, count)
      if (count <= 2) throw new Error('not yet')
      await deliver(letter, ctx)
    }
    const result = await courier({ receive, sameAddress: 9 }, { workload: { orders: 2 } })
    for (const letter of ['letter-1', 'letter-2']) {
      const times = deliveries(result, letter)
      const pauses = times.slice(1).map((at, index) => at - (times[index] as number))
      expect(pauses).toHaveLength(2)
      for (const pause of pauses) expect(pause).toBeLessThan(720)
    }
  })

  it('[S2] keeps the later records of its partition waiting', async () => {
    const result = await courier({ receive: failsUntil(5_000), sameAddress: 3 }, { workload: { orders: 3 } })
    expect(result.verdict).toBe('pass')
    expect(Math.min(...deliveries(result, 'letter-2'), ...deliveries(result, 'letter-3'))).toBeGreaterThan(
      5_000,
    )
    const done = recordsOf(result, 'commit')
      .filter(({ lane }) => lane === 'receiver-db')
      .map(({ entity }) => entity)
    expect(done).toEqual(['letter-1', 'letter-2', 'letter-3'])
  })

  it('[S2] does not keep other partitions waiting', async () => {
    const result = await courier({ receive: failsUntil(60_000) }, { workload: { orders: 12, every: '1ms' } })
    expect(result.verdict).toBe('pass')
    const partitions = new Map(
      recordsOf(result, 'deliver').map(({ entity, data }) => [
        entity,
        (data as { partition: string }).partition,
      ]),
    )
    const blocked = partitions.get('letter-1')
    for (const [letter, partition] of partitions) {
      if (letter === 'letter-1') continue
      const [first = 0] = deliveries(result, letter as string)
      if (partition === blocked) expect(first).toBeGreaterThan(1_000)
      else expect(first).toBeLessThan(1_000)
    }
    expect(new Set(partitions.values()).size).toBe(3)
  })

  it.each([
    { commit: 'after-batch', handled: true },
    { commit: 'automatic', handled: false },
  ] as const)(
    '[S42] ends its instance where it is told to, and what it failed at is handled after that, commits being $commit: $handled',
    async ({ commit, handled }) => {
      const result = await courier(
        { receive: failsUntil(3_000), failures: closing(), consumer: { commit } },
        { workload: { orders: 1 } },
      )
      expect(recordsOf(result, 'stop').length).toBeGreaterThan(0)
      const rows = recordsOf(result, 'commit').filter(({ lane }) => lane === 'receiver-db')
      expect(rows.length > 0).toBe(handled)
    },
  )

  const never: Courier['receive'] = () => async (letter) => {
    throw new TypeError(`no door at ${letter.address}`)
  }
  const minute = { budget: { time: '1m' } }

  it('[K19] until the budget has run out is named, with how often it failed and why', async () => {
    const result = await courier({ receive: never }, { workload: { orders: 1 }, ...minute })
    expect(result).toMatchObject({
      verdict: 'inconclusive',
      reason:
        'the budget of virtual time ran out; receiver.LetterSent has failed 12 times for letter-1, last: TypeError: no door at address-1',
    })
    expect(deliveries(result, 'letter-1')).toHaveLength(12)
  })

  it('[K19] is counted over crashes, the most frequent first, at most two by name', async () => {
    const sometimesSlowly: Courier['receive'] = () => async (letter, ctx) => {
      if (letter.number === 1 && ctx.now() - EPOCH_MILLIS > 1_000) await ctx.sleep('15s')
      throw new TypeError('no door')
    }
    const result = await courier(
      { receive: sometimesSlowly, receivers: 3 },
      {
        workload: { orders: 40, every: '1s' },
        cluster: { kafka: { 'session.timeout.ms': 6_000 } },
        faults: [{ crash: 'receiver', at: '20s', restart: '1s' }],
        ...minute,
      },
    )
    const [budget, ...told] = result.reason?.split('; ') ?? []
    expect(budget).toBe('the budget of virtual time ran out')
    const last = recordsOf(result, 'failed').map(({ entity }) => entity)
    const heads = [...new Set(last)].map((letter) => ({
      letter,
      times: last.filter((of) => of === letter).length,
    }))
    heads.sort((left, right) => right.times - left.times)
    expect(heads).toHaveLength(3)
    expect(told).toEqual([
      ...heads
        .slice(0, 2)
        .map(({ letter, times }) =>
          expect.stringContaining(`LetterSent has failed ${times} times for ${letter}, `),
        ),
      'and 1 more like that',
    ])
  })

  it('[K19] is not named when it has succeeded at last', async () => {
    const result = await courier(
      { receive: failsUntil(5_000) },
      { workload: { orders: 100, every: '1s' }, ...minute },
    )
    expect(result.reason).toBe('the budget of virtual time ran out')
  })

  it('[K25] and dies is not waited for: the back-off ends with its life', async () => {
    const result = await courier(
      { receive: failsUntil(27_000) },
      {
        workload: { orders: 1 },
        cluster: { kafka: { 'session.timeout.ms': 6_000 } },
        // The pause of 10 s has begun at 22.8 s.
        faults: [{ crash: 'receiver', at: '23s', restart: '1ms' }],
      },
    )
    expect(result.verdict).toBe('pass')
    expect(result.endMicros).toBeGreaterThan(27_000_000)
    expect(result.endMicros).toBeLessThan(30_000_000)
  })

  it.each(['receiver-1', 'receiver-2'])(
    '[S2] does not keep its group from rebalancing when %s dies',
    async (crash) => {
      const result = await courier(
        { receive: failsUntil(100_000), receivers: 2 },
        { workload: { orders: 12, every: '1ms' }, faults: [{ crash, at: '1s', restart: '300ms' }] },
      )
      expect(result.verdict).toBe('pass')
      const rebalances = recordsOf(result, 'rebalance').map(({ atMicros }) => atMicros / 1_000_000)
      expect(rebalances.length).toBeGreaterThan(0)
      expect(rebalances.at(-1)).toBeLessThan(60)
    },
  )
})

describe('offsets', () => {
  const three = { workload: { orders: 3, every: '1ms' } }
  const restless = { kafka: { 'session.timeout.ms': 6_000, 'auto.commit.interval.ms': 60_000 } }

  /** Which letters came again, when the receiver dies after or before the commit of letter 2. */
  async function again(commit: NonNullable<Courier['consumer']>['commit'], phase: 'before' | 'after') {
    const receive: Courier['receive'] = () => async (letter, ctx) => {
      await deliver(letter, ctx)
      if (commit === 'manual' && letter.number === 1) await ctx.commit()
    }
    const result = await courier(
      {
        consumer: { commit: commit ?? 'after-batch' },
        receive,
        inbox: 'none',
        sameAddress: 3,
        relay: TOGETHER,
      },
      {
        ...three,
        cluster: restless,
        faults: [{ crash: 'receiver', at: `${phase} receiver.LetterSent tx.commit`, of: 'letter 2' }],
      },
    )
    expect(allStruck(result)).toBe(true)
    const repeated = [1, 2, 3].filter((letter) => deliveries(result, `letter-${letter}`).length > 1)
    return { repeated, broken: violated(result) }
  }

  const DOUBLE = ['no double delivery']
  const LOST = ['no lost letter']

  it.each<[NonNullable<Courier['consumer']>['commit'], 'before' | 'after', number[], string[]]>([
    ['after-batch', 'before', [1, 2], DOUBLE],
    ['after-batch', 'after', [1, 2], DOUBLE],
    ['after-each', 'before', [2], []],
    ['after-each', 'after', [2], DOUBLE],
    ['manual', 'before', [2], []],
    ['manual', 'after', [2], DOUBLE],
    ['automatic', 'before', [1, 2], DOUBLE],
    ['automatic', 'after', [1, 2], DOUBLE],
    ['before-handling', 'before', [], LOST],
    ['before-handling', 'after', [], LOST],
  ])(
    '[S23] committed %s: a crash %s the commit of letter 2 brings %j again and breaks %j',
    async (commit, phase, repeated, broken) => {
      expect(await again(commit, phase)).toEqual({ repeated, broken })
    },
  )

  it('[S23] that are never committed by hand come all again', async () => {
    const result = await courier(
      { consumer: { commit: 'manual' }, sameAddress: 3 },
      { ...three, cluster: restless, faults: [{ crash: 'receiver', at: '5s' }] },
    )
    expect(violated(result)).toEqual([])
    for (const letter of [1, 2, 3]) expect(deliveries(result, `letter-${letter}`)).toHaveLength(2)
  })

  it('[S23] are committed by Kafka itself, every auto.commit.interval.ms', async () => {
    const result = await courier(
      { consumer: { commit: 'automatic', kafka: { 'auto.commit.interval.ms': 1_000 } }, sameAddress: 3 },
      { ...three, cluster: restless, faults: [{ crash: 'receiver', at: '5s' }] },
    )
    expect(violated(result)).toEqual([])
    for (const letter of [1, 2, 3]) expect(deliveries(result, `letter-${letter}`)).toHaveLength(1)
  })

  it('[S23] committed by hand where the consumer commits by itself end the run with what to write', async () => {
    const receive: Courier['receive'] = () => (_letter, ctx) => ctx.commit()
    const result = await courier({ receive })
    expect(result).toMatchObject({
      verdict: 'error',
      reason: expect.stringContaining(
        'receiver.LetterSent calls ctx.commit(), which is for handlers of events',
      ),
    })
  })

  it('[S28] a handler that takes longer than max.poll.interval.ms loses its partitions, and its letter comes again', async () => {
    const slow: Courier['receive'] = () => async (letter, ctx) => {
      if (letter.number === 1) await ctx.sleep('30s')
      await deliver(letter, ctx)
    }
    const consumer = { kafka: { 'max.poll.interval.ms': 10_000 } }
    const result = await courier(
      { consumer, receive: slow, receivers: 2, inbox: 'none' },
      { budget: { time: '3m' } },
    )
    expect(deliveries(result, 'letter-1').length).toBeGreaterThan(1)
    expect(violated(result)).toContain('no double delivery')
  })
})
