import type { IdempotencyOptions, UserContext } from 'faultline'
import { describe, expect, it } from 'vitest'
import { ask, checkout, statusOf } from '../../fixtures/checkout.ts'
import { violated } from '../../fixtures/courier.ts'
import { MISTAKEN_KEYS } from '../../fixtures/mistaken-keys.ts'
import { complaintOf, crashAt, passagesOf } from '../../fixtures/passages.ts'

/** Asks for a list of statuses and gives them back. */
async function statuses(
  act: (user: UserContext) => Promise<readonly number[]>,
  keys: IdempotencyOptions = {},
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

  it.each(MISTAKEN_KEYS)('[IK7] %s', async (_what, wrong, options, breaks) => {
    expect(violated(await checkout({ ...options, keys: wrong }))).toEqual(breaks)
    const clean = await checkout(options)
    expect([clean.verdict, violated(clean)]).toEqual(['pass', []])
  })
})
