import {
  blocking,
  deadLettering,
  parking,
  RejectError,
  type RunResult,
  retryTopics,
  SimError,
  skipping,
  topic,
} from 'faultline'
import { describe, expect, it } from 'vitest'
import { EPOCH_MILLIS } from '../../../sim/kernel/time.ts'
import type { ConsumerOptions } from '../../../sim/service/consumer-options.ts'
import type { FailurePolicy } from '../../../sim/service/setbacks.ts'
import { allStruck, type Courier, courier, deliver, recordsOf, violated } from '../../fixtures/courier.ts'

const soon = topic('letters-retry-1', { partitions: 3, key: 'address' })
const later = topic('letters-retry-2', { partitions: 3, key: 'address' })
const dead = topic('letters-dead', { partitions: 3, key: 'address' })
const topics = [soon, later, dead]

const QUICK = { first: '100ms', attempts: 3 }
const STAGES = [
  { topic: soon, delay: '1s' },
  { topic: later, delay: '5s' },
]

const POLICIES: Readonly<Record<string, () => FailurePolicy>> = {
  blocking: () => blocking(),
  skipping: () => skipping({ retry: QUICK }),
  deadLettering: () => deadLettering(dead, { retry: QUICK }),
  retryTopics: () => retryTopics({ topics: STAGES, deadLetters: dead }),
}

/** A receiver that fails with letter 1 until a millisecond of the run. */
const failsUntil =
  (
    millis: number,
    error: () => Error = () => new Error('nobody is at home'),
  ): NonNullable<Courier['receive']> =>
  () =>
  async (letter, ctx) => {
    if (letter.number === 1 && ctx.now() - EPOCH_MILLIS < millis) throw error()
    await deliver(letter, ctx)
  }

const six = { workload: { orders: 6, every: '1ms' } }

/** Numbers of the letters in the order of their delivery. */
const delivered = (result: RunResult): number[] =>
  recordsOf(result, 'commit')
    .filter(({ lane, data }) => lane === 'receiver-db' && JSON.stringify(data).includes('"deliveries"'))
    .map(({ entity }) => Number(entity?.split('-')[1]))

/** Where letter 1 was written, besides its own topic. */
const detours = (result: RunResult): string[] =>
  recordsOf(result, 'append')
    .filter(({ entity, lane }) => entity === 'letter-1' && !lane.startsWith('letters/'))
    .map(({ lane }) => lane.split('/')[0] as string)

const LOOPS: readonly ConsumerOptions[] = [{}, { concurrency: 4, order: 'key' }]

describe.each(LOOPS)('an event that fails, read with %j', (consumer) => {
  const fail = (policy: string, receive: NonNullable<Courier['receive']>) =>
    courier(
      { consumer, receive, failures: POLICIES[policy]?.() as FailurePolicy, topics, sameAddress: 6 },
      six,
    )

  it.each<[string, number, readonly number[], readonly string[]]>([
    // What fails for a moment.
    ['blocking', 700, [1, 2, 3, 4, 5, 6], []],
    ['skipping', 300, [1, 2, 3, 4, 5, 6], []],
    ['deadLettering', 300, [1, 2, 3, 4, 5, 6], []],
    ['retryTopics', 700, [2, 3, 4, 5, 6, 1], ['letters-retry-1']],
    // What fails for a while.
    ['blocking', 3_000, [1, 2, 3, 4, 5, 6], []],
    ['skipping', 3_000, [2, 3, 4, 5, 6], []],
    ['deadLettering', 3_000, [2, 3, 4, 5, 6], ['letters-dead']],
    ['retryTopics', 3_000, [2, 3, 4, 5, 6, 1], ['letters-retry-1', 'letters-retry-2']],
    // What fails for ever, as far as anybody can tell.
    ['retryTopics', 60_000, [2, 3, 4, 5, 6], ['letters-retry-1', 'letters-retry-2', 'letters-dead']],
  ])('[FP1] %s, until %d ms: delivers %j by way of %j', async (policy, until, order, way) => {
    const result = await fail(policy, failsUntil(until))
    expect(delivered(result)).toEqual(order)
    expect(detours(result)).toEqual(way)
    expect(violated(result)).toEqual(order.includes(1) ? [] : ['no lost letter'])
  })

  it('[FP2] waits in a retry topic until it is due, and keeps its id', async () => {
    const result = await fail('retryTopics', failsUntil(3_000))
    const [first, second] = recordsOf(result, 'append').filter(
      ({ lane, entity }) => lane.startsWith('letters-retry') && entity === 'letter-1',
    )
    const tries = recordsOf(result, 'deliver').filter(({ entity }) => entity === 'letter-1')
    expect(tries).toHaveLength(3)
    expect((tries[1]?.atMicros ?? 0) - (first?.atMicros ?? 0)).toBeGreaterThan(990_000)
    expect((tries[2]?.atMicros ?? 0) - (second?.atMicros ?? 0)).toBeGreaterThan(4_990_000)
    const ids = tries.map(({ data }) => (data as { event: { eventId: string } }).event.eventId)
    expect(new Set(ids).size).toBe(1)
  })

  it.each([1, 2])('[FP14] is no storm while what keeps it is down, after %i attempts', async (attempts) => {
    for (const consumer of [{}, { concurrency: 4, order: 'key' }] as const) {
      const result = await courier(
        {
          consumer,
          failures: parking({ retry: { first: '200ms', attempts } }),
          receive: failsUntil(20_000),
        },
        {
          ...six,
          faults: [
            { crash: 'receiver-db', at: 'before receiver.LetterSent parked.insert', restart: '5s' },
            { redrive: 'receiver', at: '30s' },
          ],
        },
      )
      expect([allStruck(result), result.verdict]).toEqual([true, 'pass'])
      const tries = recordsOf(result, 'before').filter(
        ({ data }) => (data as { step: string }).step === 'receiver.LetterSent parked.insert',
      )
      // Of each letter one before each pause, and one that succeeds.
      expect(tries.length).toBeGreaterThan(1)
      expect(tries.length).toBeLessThan(6 * (5_000 / 200 + 2))
    }
  })

  it('[FP1] that can never succeed is put away at once', async () => {
    const result = await fail(
      'deadLettering',
      failsUntil(60_000, () => new RejectError('no such street')),
    )
    expect(recordsOf(result, 'deliver').filter(({ entity }) => entity === 'letter-1')).toHaveLength(1)
    expect(detours(result)).toEqual(['letters-dead'])
  })

  it('[FP3] is neither lost nor forgotten when its instance dies while it puts it away', async () => {
    for (const phase of ['before', 'after'])
      for (const policy of ['deadLettering', 'retryTopics']) {
        const result = await courier(
          { consumer, receive: failsUntil(60_000), failures: POLICIES[policy]?.() as FailurePolicy, topics },
          {
            ...six,
            cluster: { kafka: { 'session.timeout.ms': 6_000 } },
            faults: [
              { crash: 'receiver', at: `${phase} receiver.LetterSent publish LetterSent`, restart: '1s' },
            ],
          },
        )
        expect(allStruck(result)).toBe(true)
        expect(detours(result).at(-1)).toBe('letters-dead')
        expect(delivered(result).sort()).toEqual([2, 3, 4, 5, 6])
      }
  })
})

describe('a circuit breaker', () => {
  /** A receiver that depends on something that is away from 0.3 s to 10 s. */
  const dependent: NonNullable<Courier['receive']> = () => async (letter, ctx) => {
    const now = ctx.now() - EPOCH_MILLIS
    if (now > 300 && now < 10_000) throw new Error('the post office is closed')
    await deliver(letter, ctx)
  }
  const load = { workload: { orders: 60, every: '100ms' } }
  const retry = { first: '100ms', attempts: 5 }
  const during = (failures: FailurePolicy) => courier({ receive: dependent, failures, topics }, load)

  it('[FP4] pauses consumption: what comes waits, and nothing is put away for an outage', async () => {
    const open = await during(deadLettering(dead, { retry, breaker: { failures: 3, open: '11s' } }))
    expect(violated(open)).toEqual([])
    expect(recordsOf(open, 'failed').length).toBeLessThan(10)
    const without = await during(deadLettering(dead, { retry }))
    expect(violated(without)).toEqual(['no lost letter'])
    const stormy = await during(blocking({ retry: { first: '100ms', factor: 1 } }))
    expect(violated(stormy)).toEqual([])
    expect(recordsOf(stormy, 'failed').length).toBeGreaterThan(40)
  })

  it('[FP4] that puts everything away while it is open loses what would have succeeded later', async () => {
    const breaker = { failures: 3, open: '11s', whileOpen: 'put-away' } as const
    const result = await during(deadLettering(dead, { retry: { ...retry, attempts: 1_000 }, breaker }))
    expect(violated(result)).toEqual(['no lost letter'])
    const buried = recordsOf(result, 'append').filter(({ lane }) => lane.startsWith('letters-dead'))
    expect(buried.length).toBeGreaterThan(10)
  })

  it('[FP4] tries one event when its time is over, and opens again if that fails', async () => {
    const result = await during(blocking({ breaker: { failures: 3, open: '4s' } }))
    expect(violated(result)).toEqual([])
    const failures = recordsOf(result, 'failed').map(({ atMicros }) => atMicros / 1_000_000)
    const pauses = failures.slice(1).map((at, index) => at - (failures[index] as number))
    expect(pauses.filter((pause) => pause > 3.9).length).toBeGreaterThanOrEqual(2)
  })

  it.each([
    () => blocking({ breaker: { failures: 0, open: '1s' } }),
    () => blocking({ retry: { attempts: 3 } }),
    () => skipping({ retry: { attempts: 0 } }),
    () => retryTopics({ topics: [{ topic: soon, delay: '0ms' }], deadLetters: dead }),
  ])('[FP4] that cannot be meant is refused, as other policies are (%#)', (make) => {
    expect(make).toThrow(SimError)
  })
})

describe('events that wait until they are due', () => {
  it('[FP2] [S22] leave their instance to one other event at a time', async () => {
    let underWay = 0
    let most = 0
    const failed = new Set<number>()
    const receive: Courier['receive'] = () => async (letter, ctx) => {
      underWay++
      most = Math.max(most, underWay)
      await ctx.sleep('40ms')
      underWay--
      if (letter.number % 2 === 1 && !failed.has(letter.number)) {
        failed.add(letter.number)
        throw new Error('nobody is at home')
      }
      await deliver(letter, ctx)
    }
    const failures = retryTopics({
      topics: [{ topic: soon, delay: '1s' }],
      deadLetters: dead,
      retry: { first: '1ms', attempts: 1 },
    })
    const result = await courier(
      { receive, failures, topics, inbox: 'none' },
      { workload: { orders: 60, every: '5ms' } },
    )
    expect([result.verdict, failed.size]).toEqual(['pass', 30])
    expect(most).toBe(1)
  })
})
