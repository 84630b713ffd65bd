import { keyValueStore, route, service } from 'faultline'
import { describe, expect, it } from 'vitest'
import { allStruck } from '../../fixtures/courier.ts'
import { PLAIN_MESSAGING, stage } from '../../fixtures/stage.ts'

const cache = keyValueStore('cache')
const look = route<null, null>('shop', 'look')

/** Which keys are left after an eviction. */
async function leftAfter(settings: object): Promise<(string | null)[]> {
  const left: (string | null)[] = []
  const shop = service('shop', { clients: { cache }, ...PLAIN_MESSAGING }, ({ route: answer }) => {
    answer(look, async (_request, ctx) => {
      for (const key of ['lock/a', 'lock/b', 'price/a']) await ctx.cache.set(key, key)
      await ctx.sleep('2s')
      for (const key of ['lock/a', 'lock/b', 'price/a']) left.push(await ctx.cache.get(key))
      return null
    })
  })
  const result = await stage(
    {
      services: [shop],
      externals: [cache],
      workload: { noun: 'order', act: async (_n, user) => void (await user.call(look, null)) },
    },
    { faults: [{ evict: 'cache', at: '1s', ...settings }] },
  )
  expect(allStruck(result)).toBe(true)
  return left
}

describe('an eviction', () => {
  it.each<[object, readonly (string | null)[]]>([
    [{}, [null, null, null]],
    [{ prefix: 'lock/' }, [null, null, 'price/a']],
    [{ prefix: 'other/' }, ['lock/a', 'lock/b', 'price/a']],
  ])('[F33] %j leaves %j', async (settings, left) => {
    expect(await leftAfter(settings)).toEqual(left)
  })
})
