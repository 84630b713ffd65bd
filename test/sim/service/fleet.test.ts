import { HttpError, type RunResult, route, service, type UserContext } from 'faultline'
import { describe, expect, it } from 'vitest'
import type { ConsumerOptions } from '../../../sim/service/consumer-options.ts'
import { allStruck, type Courier, courier, deliver, recordsOf, violated } from '../../fixtures/courier.ts'
import { ifAnswered } from '../../fixtures/parts.ts'
import { PLAIN_MESSAGING, type Staging, stage } from '../../fixtures/stage.ts'

const slowly: Courier['receive'] = () => async (letter, ctx) => {
  await ctx.sleep('300ms')
  await deliver(letter, ctx)
}

const load = { workload: { orders: 40, every: '50ms' }, cluster: { kafka: { 'session.timeout.ms': 6_000 } } }

/** The processes that stopped or crashed, and how. */
const ends = (result: RunResult): string[] =>
  [...(result.trace?.records() ?? [])]
    .filter(({ kind }) => kind === 'crash' || kind === 'stop')
    .map(({ kind, lane }) => `${kind} ${lane}`)

const LOOPS: readonly ConsumerOptions[] = [
  {},
  { commit: 'after-each' },
  { commit: 'automatic' },
  { concurrency: 3 },
  { concurrency: 5, order: 'none' },
  { concurrency: 5, order: 'key', commit: 'after-each' },
]

describe('an instance that is shut down in order', () => {
  it.each(LOOPS)('[S38] loses and repeats nothing, even without an inbox: %j', async (consumer) => {
    for (const at of ['700ms', '1200ms', '1777ms']) {
      const faults = [{ shutDown: 'receiver-1', at, restart: '1s' }]
      const result = await courier(
        { consumer, receive: slowly, receivers: 2, inbox: 'none' },
        { ...load, faults },
      )
      expect(allStruck(result)).toBe(true)
      expect(ends(result)).toEqual(['stop receiver-1'])
      expect(violated(result), at).toEqual([])
    }
  })

  it.each(LOOPS.filter(({ commit }) => commit !== 'automatic'))(
    '[S38] where it commits ends that, and leaves its group then: %j',
    async (consumer) => {
      for (const at of ['before', 'after'].map((phase) => `${phase} receiver.LetterSent offsets.commit`))
        for (const nth of [1, 4]) {
          const faults = [{ shutDown: 'receiver', at, nth, restart: '1s' }]
          const result = await courier(
            { consumer, receive: slowly, receivers: 2, inbox: 'none' },
            { ...load, faults },
          )
          expect(result.reason, at).toBeUndefined()
          expect(allStruck(result)).toBe(true)
          expect(violated(result), at).toEqual([])
          expect(ends(result).sort()).toEqual(['stop receiver-1', 'stop receiver-2'])
        }
    },
  )

  it('[S38] does better than a crash, which repeats what was not committed', async () => {
    const faults = [{ crash: 'receiver', at: 'after receiver.LetterSent tx.commit', nth: 9, restart: '1s' }]
    const result = await courier({ receive: slowly, receivers: 2, inbox: 'none' }, { ...load, faults })
    expect(violated(result)).toEqual(['no double delivery'])
  })

  it('[S38] leaves its group at once, which does not wait for a session to time out', async () => {
    const faults = [{ shutDown: 'receiver-1', at: '1s', restart: '1m' }]
    const result = await courier({ receivers: 2 }, { ...load, faults })
    const [stop] = recordsOf(result, 'stop')
    const [rebalance] = recordsOf(result, 'rebalance')
    // The other member hears of it with its next heartbeat; the session would time out after 6 s.
    expect((rebalance?.atMicros ?? 0) - (stop?.atMicros ?? 0)).toBeLessThan(3_100_000)
  })

  it('[S38] is killed when it takes longer than half a minute', async () => {
    const stuck: Courier['receive'] = () => async (letter, ctx) => {
      await ctx.sleep('2m')
      await deliver(letter, ctx)
    }
    const faults = [{ shutDown: 'receiver', at: '1s', restart: '10m' }]
    const result = await courier({ receive: stuck }, { faults, budget: { time: '2m' } })
    const [drain] = recordsOf(result, 'drain')
    const [crash] = recordsOf(result, 'crash')
    expect((crash?.atMicros ?? 0) - (drain?.atMicros ?? 0)).toBe(30_000_000)
  })
})

const ask = route<{ readonly n: number }, string>('office', 'ask')

/** A service of two versions that answers requests; every answer names the version. */
async function office(
  instances: number,
  staging: Staging,
): Promise<{ result: RunResult; told: (string | undefined)[] }> {
  const told: (string | undefined)[] = []
  const version =
    (name: string) =>
    ({ route: answer }: { route: Parameters<Parameters<typeof service>[2]>[0]['route'] }) => {
      answer(ask, async (_request, ctx) => {
        await ctx.sleep('100ms')
        if (name === 'broken') throw new HttpError(500, name)
        return name
      })
    }
  const desk = service(
    'office',
    { instances, versions: { v2: version('v2'), broken: version('broken') }, ...PLAIN_MESSAGING },
    version('v1'),
  )
  const act = async (n: number, user: UserContext) => {
    told.push((await ifAnswered(user.call(ask, { n })))?.body)
  }
  return { result: await stage({ services: [desk], workload: { noun: 'user', act } }, staging), told }
}

describe('a deployment', () => {
  const faults = [{ deploy: 'office', version: 'v2', at: '2s' }]
  const workload = { orders: 200, every: '100ms' }

  it('[S39] puts another version in the place of the first, and answers every request meanwhile', async () => {
    const { result, told } = await office(3, { faults, workload })
    expect(allStruck(result)).toBe(true)
    expect(told).toHaveLength(200)
    expect(new Set(told)).toEqual(new Set(['v1', 'v2']))
    expect(told.slice(0, 15)).toEqual(Array(15).fill('v1'))
    expect(told.slice(-20)).toEqual(Array(20).fill('v2'))
    expect(told.lastIndexOf('v1')).toBeGreaterThan(told.indexOf('v2'))
    expect(ends(result)).toEqual(['stop office-1', 'stop office-2', 'stop office-3'])
  })

  it('[S39] can be rolled back, and what crashes later starts with what was deployed last', async () => {
    const { told } = await office(2, {
      workload,
      faults: [
        ...faults,
        { deploy: 'office', version: 'v1', at: '13s' },
        { crash: 'office-1', at: '11s', restart: '200ms' },
      ],
    })
    expect(told.slice(115, 125)).toEqual(Array(10).fill('v2'))
    expect(told.slice(-5)).toEqual(Array(5).fill('v1'))
  })

  it('[S39] of a version that does not exist ends the run with those that do', async () => {
    const { result } = await office(1, { faults: [{ deploy: 'office', version: 'v9', at: '1s' }] })
    expect(result.reason).toBe("service office has no version 'v9': expected v1, v2, broken")
  })

  it('[S39] of a version called as the first one is refused', () => {
    expect(() => service('office', { versions: { v1: () => {} }, ...PLAIN_MESSAGING }, () => {})).toThrow(
      "service office: 'v1' is the version of its own factory",
    )
  })
})

describe('scaling', () => {
  it('[S40] adds instances, which share the partitions, and shuts down the last ones in order', async () => {
    const faults = [
      { scale: 'receiver', instances: 3, at: '1s' },
      { scale: 'receiver', instances: 1, at: '10s' },
    ]
    const result = await courier(
      { inbox: 'none', receive: slowly },
      { ...load, workload: { orders: 150, every: '100ms' }, faults },
    )
    expect(violated(result)).toEqual([])
    const lanes = (from: number, to: number) =>
      new Set(
        recordsOf(result, 'deliver')
          .filter(({ atMicros }) => atMicros >= from * 1_000_000 && atMicros < to * 1_000_000)
          .map(({ lane }) => lane),
      )
    expect(lanes(0, 1)).toEqual(new Set(['receiver-1']))
    expect(lanes(5, 10)).toEqual(new Set(['receiver-1', 'receiver-2', 'receiver-3']))
    expect(lanes(12, 20)).toEqual(new Set(['receiver-1']))
    expect(ends(result).sort()).toEqual(['stop receiver-2', 'stop receiver-3'])
  })

  it('[S40] brings back what was scaled away', async () => {
    const faults = [
      { scale: 'office', instances: 1, at: '1s' },
      { scale: 'office', instances: 2, at: '3s' },
    ]
    const { result } = await office(2, { workload: { orders: 60, every: '100ms' }, faults })
    const late = recordsOf(result, 'request').filter(({ atMicros }) => atMicros > 4_000_000)
    expect(new Set(late.map(({ lane }) => lane))).toEqual(new Set(['office-1', 'office-2']))
  })
})
