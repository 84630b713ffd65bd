import type { IdempotencyOptions, UserContext } from 'faultline'
import { describe, expect, it } from 'vitest'
import { ask, checkout, type Purchase, statusOf } from '../../fixtures/checkout.ts'
import { allStruck, recordsOf, violated } from '../../fixtures/courier.ts'
import { MISTAKEN_KEYS } from '../../fixtures/mistaken-keys.ts'
import { complaintOf, crashAt, passagesOf } from '../../fixtures/passages.ts'

/** Asks for a list of statuses and gives them back. */
async function statuses(
  act: (user: UserContext) => Promise<readonly number[]>,
  keys: IdempotencyOptions<Purchase> = {},
): Promise<readonly number[]> {
  let answered: readonly number[] = []
  await checkout({
    keys,
    workload: { orders: 1 },
    act: async (_n, user) => {
      answered = await act(user)
    },
  })
  return answered
}

describe('an idempotency key', () => {
  it('[IK1] must be there', async () => {
    expect(await statuses(async (user) => [await statusOf(user, 'buy', 'a')])).toEqual([400])
  })

  it('[IK2] of a finished request brings its response again, and no second effect', async () => {
    const result = await checkout({
      act: async (n, user) => {
        for (let time = 0; time < 3; time++) await ask(n, user, '20s')
      },
    })
    expect(result.verdict).toBe('pass')
  })

  it('[IK2] brings a final refusal again as well', async () => {
    const twice = async (user: UserContext) => [
      await statusOf(user, 'refuse', 'a', 'k'),
      await statusOf(user, 'refuse', 'a', 'k'),
    ]
    expect(await statuses(twice)).toEqual([402, 402])
  })

  it('[IK3] of a request that is running gets 409', async () => {
    const both = async (user: UserContext) =>
      Promise.all([
        statusOf(user, 'buy', 'a', 'k'),
        user.sleep('2ms').then(() => statusOf(user, 'buy', 'a', 'k')),
      ])
    expect([...(await statuses(both))].sort()).toEqual([200, 409])
  })

  it('[IK4] with another body gets 422', async () => {
    const other = async (user: UserContext) => [
      await statusOf(user, 'buy', 'a', 'k'),
      await statusOf(user, 'buy', 'b', 'k'),
    ]
    expect(await statuses(other)).toEqual([200, 422])
    expect(await statuses(other, { fingerprint: 'none' })).toEqual([200, 200])
  })

  it('[IK5] is another key on another route', async () => {
    const both = async (user: UserContext) => [
      await statusOf(user, 'buy', 'a', 'k'),
      await statusOf(user, 'refuse', 'a', 'k'),
    ]
    expect(await statuses(both)).toEqual([200, 402])
    expect(await statuses(both, { scope: 'global' })).toEqual([200, 200])
  })
})

describe('the life of an idempotency key', () => {
  it('[IK8] is that of its lock where a request died with it, and then another goes on', async () => {
    const answers: (readonly [seconds: number, status: number])[] = []
    const play = async (lock: '20s' | '60s'): Promise<typeof answers> => {
      answers.length = 0
      await checkout({
        keys: { lock },
        workload: { orders: 1 },
        faults: [{ crash: 'shop', at: 'before shop.POST /purchases provider.charge', restart: '300ms' }],
        act: async (_n, user) => {
          const start = user.now()
          for (let time = 0; time < 20; time++) {
            const status = await statusOf(user, 'buy', 'a', 'k').catch(() => 0)
            answers.push([Math.round((user.now() - start) / 1_000), status])
            if (status === 200) return
            await user.sleep('5s')
          }
        },
      })
      return [...answers]
    }
    const short = await play('20s')
    expect(short.map(([, status]) => status)).toEqual([0, 409, 409, 409, 200])
    expect(short.at(-1)?.[0]).toBeGreaterThanOrEqual(20)
    const long = await play('60s')
    expect(long.filter(([, status]) => status === 409).length).toBeGreaterThan(7)
  })

  it('[IK8] ends when it is no longer kept: the same request has its effect again', async () => {
    const bought = async (pause: '23h' | '25h'): Promise<unknown> => {
      const result = await checkout({
        workload: { orders: 1 },
        budget: { time: '3d' },
        act: async (_n, user) => {
          await statusOf(user, 'buy', 'a', 'k')
          await user.sleep(pause)
          await statusOf(user, 'buy', 'a', 'k')
        },
      })
      return violated(result)
    }
    expect(await bought('23h')).toEqual([])
    expect(await bought('25h')).toContain('one order')
  })

  it('[IK8] ends with its row, where a job deletes old ones; what was begun and not finished stays', async () => {
    const hoursOfDeletion = async (reaps: boolean, failures = 0): Promise<readonly number[]> => {
      const keys = { keeps: '2h' }
      const result = await checkout({
        keys,
        reaps,
        failures,
        workload: { orders: 1 },
        budget: { time: '5h' },
      })
      return recordsOf(result, 'commit').flatMap(({ atMicros, data }) =>
        (data as readonly { readonly table: string; readonly after?: unknown }[])
          .filter(({ table, after }) => table === 'idempotencyKeys' && after === undefined)
          .map(() => Math.floor(atMicros / 3_600_000_000)),
      )
    }
    expect(await hoursOfDeletion(true)).toEqual([3])
    expect(await hoursOfDeletion(false)).toEqual([])
    expect(await hoursOfDeletion(true, 1_000_000)).toEqual([])
  })

  it('[IK8] that is deleted while a request claims it is claimed anew', async () => {
    const seen: number[] = []
    const result = await checkout({
      keys: { keeps: '2h' },
      reaps: true,
      workload: { orders: 1 },
      budget: { time: '5h' },
      // The request has found a row, and stands still until the job of the third hour has deleted it.
      faults: [
        { pause: 'shop-1', at: 'after shop.POST /purchases idempotencyKeys.insert', nth: 2, for: '20s' },
      ],
      act: async (_n, user) => {
        seen.push(await statusOf(user, 'buy', 'a', 'k'))
        await user.sleep('10785s')
        seen.push(await statusOf(user, 'buy', 'a', 'k'))
      },
    })
    expect([allStruck(result), seen]).toEqual([true, [200, 200]])
    expect(recordsOf(result, 'failed')).toEqual([])
  })

  it('[IK8] is one for each caller, and of all callers where nobody says who calls (Z77)', async () => {
    const both = async (user: UserContext) => [
      await statusOf(user, 'buy', 'ann-lamp', 'k'),
      await statusOf(user, 'buy', 'bob-desk', 'k'),
    ]
    const callerOf = ({ item }: { readonly item: string }): string => item.split('-')[0] as string
    expect(await statuses(both, { callerOf })).toEqual([200, 200])
    expect(await statuses(both)).toEqual([200, 422])
  })
})

describe('requests with an idempotency key', () => {
  it('[IK6] survive a crash before and after every step, and are finished by a job if nobody asks again', async () => {
    const clean = await checkout()
    expect(clean.verdict).toBe('pass')
    const places = passagesOf(clean).filter(({ step }) => step.startsWith('shop.POST'))
    expect(places.length).toBeGreaterThan(15)
    const once = async (n: number, user: UserContext): Promise<void> => {
      await ask(n, user, '20s')
    }
    const harmful: string[] = []
    for (const place of places) {
      for (const act of [undefined, once]) {
        const fault = crashAt(place)
        const wrong = complaintOf(await checkout({ ...(act && { act }), faults: [fault] }))
        if (wrong !== undefined) harmful.push(`${JSON.stringify(fault)}: ${wrong}`)
      }
    }
    expect(harmful).toEqual([])
  })

  it('[IK6] are finished by a job though another one fails there every time', async () => {
    const result = await checkout({
      failures: 1_000,
      faults: [{ crash: 'shop', at: 'after provider.charge', of: 'purchase 2', restart: '300ms' }],
      act: async (n, user) => void (await ask(n, user, '20s')),
    })
    expect(result.faults.map(({ struckAtMicros }) => struckAtMicros !== undefined)).toEqual([true])
    expect(result.endMicros).toBeGreaterThan(330_000_000)
    expect(violated(result)).toEqual([])
  })

  it.each(MISTAKEN_KEYS)('[IK7] %s', async (_what, wrong, options, breaks) => {
    expect(violated(await checkout({ ...options, keys: wrong }))).toEqual(breaks)
    const clean = await checkout(options)
    expect([clean.verdict, violated(clean)]).toEqual(['pass', []])
  })
})
