import { KeyValueError, keyValueStore, route, SimError, service } from 'faultline'
import { describe, expect, it } from 'vitest'
import { PLAIN_MESSAGING, type Staging, stage } from '../../fixtures/stage.ts'

const store = keyValueStore('store', { timeout: '500ms', maxKeys: 2 })
const count = route<null, number>('counter', 'count')

/** Counts visits in a store that two services share: what each visitor was told. */
async function counted(staging: Staging = {}) {
  const told: unknown[] = []
  const counters = ['counter', 'other'].map((name) =>
    service(name, { clients: { store }, ...PLAIN_MESSAGING }, ({ route: answer }) => {
      if (name !== 'counter') return
      answer(count, async (_request, ctx) => {
        try {
          return await ctx.store.incr('visits')
        } catch (error) {
          if (error instanceof KeyValueError) return -1
          throw error
        }
      })
    }),
  )
  const result = await stage(
    {
      services: counters,
      externals: [store],
      workload: {
        noun: 'visit',
        act: async (_n, user) => void told.push((await user.call(count, null)).body),
      },
    },
    { workload: { orders: 4, every: '1s' }, ...staging },
  )
  return { told, result }
}

describe('a key-value store of a system', () => {
  it('[KY5] is a client of the services that name it, and its commands are steps of their handlers', async () => {
    const { told, result } = await counted()
    expect(told).toEqual([1, 2, 3, 4])
    expect(result.steps).toContain('counter.count store.incr')
  })

  it('[KY5] is struck by faults as other servers are', async () => {
    const lost = await counted({ faults: [{ crash: 'store', at: '1500ms', restart: '100ms' }] })
    expect(lost.told).toEqual([1, 2, 1, 2])
    const flushed = await counted({
      faults: [{ evict: 'store', at: 'before counter.count store.incr', nth: 3 }],
    })
    expect(flushed.told).toEqual([1, 2, 1, 2])
    const cut = await counted({ faults: [{ partition: ['counter', 'store'], at: '1500ms', for: '2s' }] })
    expect(cut.told).toContain(-1)
  })

  it.each([{ timeout: '0ms' }, { maxKeys: 0 }, { maxKeys: 1.5 }])('[KY5] with %j is refused', (options) => {
    expect(() => keyValueStore('store', options)).toThrow(SimError)
  })
})
