import type { PreparedSystem } from 'faultline'
import { describe, expect, it } from 'vitest'
import { checkDeterminism } from '../../../sim/run/determinism.ts'
import { NODE_HOSTS } from '../../fixtures/hosts.ts'
import { NONDETERMINISTIC } from '../../fixtures/nondeterminism.ts'
import { systemOf } from '../../fixtures/parts.ts'
import { mark, write } from '../../fixtures/shapes/shape.ts'
import { solo, soloParts, soloScenario } from '../../fixtures/solo.ts'

const busy: PreparedSystem = solo(() => {
  let handled = 0
  return async (ctx) => {
    handled++
    mark(ctx, handled)
    await Promise.all([write(ctx, 'note'), ctx.sleep('1ms')])
    mark(ctx, ctx.random(1_000))
  }
})

describe('the determinism check', () => {
  it('[D9] finds nothing where nothing is', async () => {
    const crashing = soloScenario({
      faults: [{ crash: 'solo', at: 'after notes.insert', of: 'performance 2' }],
    })
    for (const host of NODE_HOSTS) {
      for (const scenario of [soloScenario(), crashing]) {
        expect(await checkDeterminism(busy, scenario, 1, { host })).toBeUndefined()
      }
    }
  })

  it.each(Object.entries(NONDETERMINISTIC))(
    '[D9] finds %s, and names the first record that differs',
    async (_what, { make, part }) => {
      const difference = await checkDeterminism(solo(make), soloScenario(), 1)
      expect(difference).toMatchObject({ seed: 1 })
      const { digests, record, one, other, message } = difference as NonNullable<typeof difference>
      expect(digests[0]).not.toBe(digests[1])
      expect(record).toBeGreaterThan(0)
      expect([one?.kind, other?.kind]).toContain(part)
      for (const told of [one, other]) {
        expect(told).toMatchObject({
          lane: expect.stringContaining('solo'),
          entity: expect.stringContaining('performance-'),
        })
        expect(message).toContain(`${told?.lane}  ${told?.kind} of ${told?.entity}`)
      }
      expect(message).toContain(`at record ${record}`)
      expect(message).toMatch(/state outside the factory.*captured before the run/s)
    },
  )

  it('[D9] finds state in `build`, which outlives a run as module scope does', async () => {
    const leaky = systemOf(() => {
      let performed = 0
      return soloParts(() => async (ctx) => {
        performed++
        await ctx.sleep(`${performed}ms`)
      })
    })
    const difference = await checkDeterminism(leaky, soloScenario({ workload: { orders: 1 } }), 1)
    expect(difference?.message).toContain('the same happens at another time')
    expect(difference?.one?.kind).toBe('after')
  })

  it('[D9] says so when a run goes on where the other one ended', async () => {
    let runs = 0
    const shrinking = solo(() => {
      const first = runs++ === 0
      return async (ctx) => {
        await ctx.sleep('1ms')
        if (!first) await new Promise(() => {})
      }
    })
    const difference = await checkDeterminism(shrinking, soloScenario(), 1)
    expect(difference?.other).toBeUndefined()
    expect(difference?.message).toContain('again: the run had ended')
  })
})
