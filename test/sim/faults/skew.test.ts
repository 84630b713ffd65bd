import { describe, expect, it } from 'vitest'
import type { LeaseClock } from '../../../sim/service/lease.ts'
import { type Clinic, clinic, note, notesOf, visit } from '../../fixtures/clinic.ts'
import { allStruck } from '../../fixtures/courier.ts'
import { millis, play } from '../../fixtures/play.ts'

describe('a wrong clock', () => {
  it.each([
    ['ahead', 5],
    ['behind', -5],
  ])('[F34] that is %s is what its process reads until it is right again', async (clock, off) => {
    const seconds: number[] = []
    const faults = [{ skew: 'stage', clock, by: '5s', at: '2s', for: '3s' }]
    await play(
      [
        {
          at: 1_000,
          run: async (ctx) => {
            for (let n = 0; n < 3; n++) {
              seconds.push(Math.floor(millis(ctx) / 1_000))
              await ctx.sleep('2500ms')
            }
          },
        },
      ],
      { faults },
    )
    expect(seconds).toEqual([1, 3 + off, 6])
  })

  it('[S33] makes two leaders of a lease that goes by the clocks of instances', async () => {
    const rounds = async (leaseClock: LeaseClock): Promise<number> => {
      const job: Clinic['job'] = {
        options: {
          every: '1s',
          lease: '20s',
          leaseClock,
          input: { table: 'visits', where: { state: 'open' } },
        },
        run: async (ctx) => {
          await ctx.sleep('5s')
          await note('round', ctx)
          await ctx.transaction((tx) => tx.visits.update({}, { state: 'closed' }))
        },
      }
      const result = await clinic({
        instances: 2,
        enter: (n, ctx) =>
          ctx.transaction(async (tx) => void (await tx.visits.insert(visit(`visit-${n}`, null, ctx)))),
        job,
        faults: [
          {
            skew: 'clinic',
            clock: 'ahead',
            by: '1m',
            at: 'before clinic.round leases.update',
            for: '1h',
          },
        ],
      })
      expect(allStruck(result)).toBe(true)
      return notesOf(result).length
    }
    expect(await rounds('database')).toBe(1)
    expect(await rounds('instance')).toBe(2)
  })
})
