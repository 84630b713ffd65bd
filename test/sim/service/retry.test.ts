import { SimError } from 'faultline'
import { describe, expect, it } from 'vitest'
import type { BaseContext } from '../../../sim/service/context.ts'
import { pauseMicros, type RetryPolicy, retrying, retryPlan } from '../../../sim/service/retry.ts'

/** The pauses after tries that all fail and take no time, in milliseconds. */
function pauses(
  policy: RetryPolicy,
  most = 9,
  random: (bound: number) => number = (bound) => bound - 1,
): number[] {
  const plan = retryPlan('a test', policy)
  const found: number[] = []
  let elapsed = 0
  for (let failures = 1; failures <= most; failures++) {
    const pause = pauseMicros(plan, failures, elapsed, random)
    if (pause === undefined) break
    elapsed += pause
    found.push(pause / 1_000)
  }
  return found
}

describe('a retry policy', () => {
  it.each<[string, RetryPolicy, number[]]>([
    ['by default', {}, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]],
    ['at once', { first: '0ms', attempts: 4 }, [0, 0, 0]],
    ['at equal pauses', { first: '250ms', factor: 1, attempts: 4 }, [250, 250, 250]],
    // The samples of documents that promise one, two and four seconds.
    ['three times, doubled', { first: '1s', attempts: 4 }, [1_000, 2_000, 4_000]],
    ['capped', { first: '1s', cap: '3s', attempts: 6 }, [1_000, 2_000, 3_000, 3_000, 3_000]],
    ['until a while has passed', { first: '1s', maxElapsed: '10s' }, [1_000, 2_000, 4_000]],
    ['once', { attempts: 1 }, []],
  ])('[S34] %s pauses as it says', (_what, policy, expected) => {
    expect(pauses(policy)).toEqual(expected)
  })

  it('[S34] with full jitter pauses anything up to what it would without', () => {
    const policy: RetryPolicy = { first: '1s', attempts: 4, jitter: 'full' }
    expect(pauses(policy)).toEqual([1_000, 2_000, 4_000])
    expect(pauses(policy, 9, () => 0)).toEqual([0, 0, 0])
    expect(pauses(policy, 9, (bound) => Math.floor(bound / 2))).toEqual([500, 1_000, 2_000])
  })

  it.each<RetryPolicy>([{ attempts: 0 }, { attempts: 1.5 }, { factor: 0 }, { first: 'soon' }])(
    '[S34] of %j is refused',
    (policy) => {
      expect(() => retryPlan('a test', policy)).toThrow(SimError)
    },
  )

  it('[S34] gives what the last try gave: its result or its error', async () => {
    const context = { now: () => 0, sleep: async () => {}, random: () => 0 } as unknown as BaseContext
    const plan = retryPlan('a test', { attempts: 3 })
    const fails = async (number: number) => {
      throw new Error(`try ${number}`)
    }
    await expect(retrying(context, plan, fails, () => true)).rejects.toThrow('try 3')
    await expect(retrying(context, plan, fails, () => false)).rejects.toThrow('try 1')
    await expect(
      retrying(
        context,
        plan,
        async (number) => number,
        () => true,
      ),
    ).resolves.toBe(3)
    const worse = (outcome: object) => 'result' in outcome && outcome.result === 1
    await expect(retrying(context, plan, async (number) => number, worse)).resolves.toBe(2)
  })
})
