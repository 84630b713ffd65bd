import { type FaultSpec, LockError, SimError } from 'faultline'
import { describe, expect, it } from 'vitest'
import { Lock, type LockOptions } from '../../../sim/patterns/lock.ts'
import { boxOffice, sellOne } from '../../fixtures/box-office.ts'
import { allStruck, recordsOf, violated } from '../../fixtures/courier.ts'
import { complaintOf, crashAt, passagesOf } from '../../fixtures/passages.ts'

const BROKEN = ['every ticket is sold once']

describe('a lock', () => {
  it('[KY10] keeps two apart, and is free again when its holder is done, has thrown or has died', async () => {
    expect(violated(await boxOffice({ act: (_n, ctx) => sellOne(ctx, async () => {}) }))).toEqual(BROKEN)
    const result = await boxOffice({})
    expect(result.verdict).toBe('pass')
    expect(recordsOf(result, 'failed')).toEqual([])
    const waits: number[] = []
    await boxOffice(
      {
        lease: '3s',
        act: async (n, ctx, lock) => {
          const start = ctx.now()
          await lock.hold(ctx, ctx.store, 'ticket', async () => {
            waits.push(Math.round((ctx.now() - start) / 1_000))
            if (n === 1) throw new Error('no')
            if (n === 2) await ctx.sleep('1m')
          })
        },
      },
      {
        workload: { orders: 3, every: '1s' },
        faults: [{ crash: 'box', at: 'before box.sell sleep', of: 'visit 2', restart: '300ms' }],
      },
    )
    // The second died with the lock in its hand: it was free when its lease had ended.
    expect(waits).toEqual([0, 0, 2])
  })

  it('[KY10] that is not free in time is refused', async () => {
    const heard: unknown[] = []
    await boxOffice({
      patience: '1s',
      act: (n, ctx, lock) =>
        lock
          .hold(ctx, ctx.store, 'ticket', () => ctx.sleep('5s'))
          .then(
            () => n,
            (error: unknown) => heard.push(error),
          ),
    })
    expect(heard).toHaveLength(5)
    for (const error of heard) expect(error).toBeInstanceOf(LockError)
    expect(() => new Lock({ lease: '0ms' })).toThrow(SimError)
  })

  it('[KY11] with tokens survives a crash before and after every step of its holder', async () => {
    const play = (faults: readonly FaultSpec[]) =>
      boxOffice({ lease: '1s' }, { workload: { orders: 3 }, faults })
    const calm = await play([])
    const places = passagesOf(calm)
    const harmful: string[] = []
    for (const place of places) {
      const wrong = complaintOf(await play([crashAt(place)]))
      if (wrong !== undefined) harmful.push(`${JSON.stringify(place)}: ${wrong}`)
    }
    expect(harmful).toEqual([])
    expect(places.length).toBeGreaterThan(40)
  })
})

describe('a mistaken lock', () => {
  /** The first holder is slow to give it back; a sale takes less than the lease. */
  const slowly: Parameters<typeof boxOffice>[0]['act'] = (n, ctx, lock) =>
    lock.hold(ctx, ctx.store, 'ticket', async (guard) => {
      await sellOne(ctx, guard, n === 1 ? '30ms' : '200ms')
      if (n === 1) await ctx.sleep('400ms')
    })

  it.each<[string, LockOptions, LockOptions, readonly FaultSpec[]]>([
    [
      'whose holder is paused beyond its lease (Z37)',
      { lease: '2s', fenced: false },
      { lease: '2s' },
      [{ pause: 'box', at: 'after box.sell sleep', of: 'visit 1', for: '10s' }],
    ],
    [
      'that is flushed while it is held',
      { fenced: false },
      {},
      [{ evict: 'store', at: 'before box.sell sleep', of: 'visit 1' }],
    ],
    [
      'that was held in a store that died',
      { fenced: false },
      {},
      [{ crash: 'store', at: 'before box.sell sleep', of: 'visit 1', restart: '1ms' }],
    ],
  ])('[KY11] %s lets two in, and a token only one of them write', async (_what, wrong, right, faults) => {
    const broken = await boxOffice(wrong, { faults })
    expect([violated(broken), allStruck(broken)]).toEqual([BROKEN, true])
    const clean = await boxOffice(right, { faults })
    expect([clean.verdict, violated(clean), allStruck(clean)]).toEqual(['pass', [], true])
  })

  it('[KY11] that is given back by its name takes away that of another', async () => {
    const wrong = { lease: '300ms', fenced: false, act: slowly } as const
    expect(violated(await boxOffice({ ...wrong, release: 'any' }))).toEqual(BROKEN)
    expect(violated(await boxOffice(wrong))).toEqual([])
  })
})
