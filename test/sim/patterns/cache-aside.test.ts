import { SimError } from 'faultline'
import { describe, expect, it } from 'vitest'
import { CacheAside, type CacheAsideOptions } from '../../../sim/patterns/cache-aside.ts'
import { boxOffice } from '../../fixtures/box-office.ts'
import { allStruck } from '../../fixtures/courier.ts'

type Staging = NonNullable<Parameters<typeof boxOffice>[1]>

/** One reads every second what is left, another changes it at 2.5 s in a transaction of 1 s: what the first one sees. */
async function sightsOf(options: CacheAsideOptions, staging: Staging = {}, loads: number[] = []) {
  const seen: number[] = []
  const cache = new CacheAside<number>('left/', options)
  const result = await boxOffice(
    {
      act: async (n, ctx) => {
        if (n === 1) {
          for (let turn = 0; turn < 12; turn++) {
            const left = await cache.read(ctx.store, 'ticket', async () => {
              loads.push(turn)
              return (await ctx.db.stock.get('ticket'))?.left
            })
            seen.push(left ?? -1)
            await ctx.sleep('1s')
          }
          return
        }
        await ctx.sleep('2500ms')
        await cache.change(ctx.store, 'ticket', () =>
          ctx.transaction(async (tx) => {
            await tx.stock.update({ sku: 'ticket' }, { left: 7 })
            await ctx.sleep('1s')
          }),
        )
      },
    },
    { workload: { orders: 2, every: '1ms' }, ...staging },
  )
  expect(allStruck(result)).toBe(true)
  // How many sights were old after the change had been committed, which is at the fifth.
  return { seen, old: seen.slice(4).filter((left) => left !== 7).length }
}

const dies = { faults: [{ crash: 'box', at: 'after box.sell tx.durable', of: 'visit 2', restart: '300ms' }] }

describe('a cache beside a database', () => {
  it('[KY12] is read first, filled where it is empty, and emptied by who changes what it holds', async () => {
    const loads: number[] = []
    const { seen } = await sightsOf({ expiry: '1h' }, {}, loads)
    expect(seen.slice(0, 4)).toEqual([100, 100, 100, 100])
    expect(seen.slice(4)).toEqual(Array(8).fill(7))
    expect(loads).toEqual([0, 4])
  })

  it('[KY12] is loaded again when a value has expired, or the store has lost it', async () => {
    const expiring: number[] = []
    await sightsOf({ expiry: '3500ms' }, {}, expiring)
    expect(expiring).toEqual([0, 4, 8])
    const flushed: number[] = []
    await sightsOf({ expiry: '1h' }, { faults: [{ evict: 'store', at: '7500ms' }] }, flushed)
    expect(flushed).toHaveLength(3)
  })

  it('[KY12] is passed over while the store does not answer', async () => {
    const loads: number[] = []
    const { seen } = await sightsOf({}, { faults: [{ crash: 'store', at: '1ms', restart: '1h' }] }, loads)
    expect(loads).toHaveLength(12)
    expect(seen.at(-1)).toBe(7)
  })

  it.each<[string, CacheAsideOptions, CacheAsideOptions, Staging]>([
    ['is emptied before the commit', { change: 'delete-before-commit', expiry: '1h' }, { expiry: '1h' }, {}],
    ['is not emptied', { change: 'keep', expiry: '1h' }, { expiry: '1h' }, {}],
    ['never expires, and its writer dies', { expiry: 'never' }, { expiry: '2s' }, dies],
  ])('[KY13] that %s shows for long what was changed', async (_what, wrong, right, staging) => {
    expect((await sightsOf(wrong, staging)).old).toBeGreaterThan(5)
    expect((await sightsOf(right, staging)).old).toBeLessThan(3)
  })

  it('[KY13] that forgets at once is refused', () => {
    expect(() => new CacheAside('x/', { expiry: '0ms' })).toThrow(SimError)
  })
})
