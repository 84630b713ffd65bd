import { describe, expect, it } from 'vitest'
import { outcomeOf } from '../../../sim/explore/outcome.ts'
import { run } from '../../../sim/run/run.ts'
import { type Scenario, scenarioOf } from '../../../sim/run/scenario.ts'
import { forItself, hallThat, takes } from '../../fixtures/hall.ts'
import { systemOf } from '../../fixtures/parts.ts'
import { doubleToll, toll } from '../../fixtures/toll.ts'

describe('what a campaign keeps of a run', () => {
  it('[X5] is what broke for whom, where faults struck, and what it did', async () => {
    const found = { scenario: doubleToll, seed: 1, features: ['few faults'] }
    const { digest, events } = await run(toll(), doubleToll, 1)
    const outcome = await outcomeOf(toll(), found, 7)
    expect(outcome).toMatchObject({
      index: 7,
      seed: 1,
      verdict: 'violated',
      digest,
      events,
      orders: 4,
      features: ['few faults'],
      struck: ['slow at a moment', 'crash after provider.charge', 'crash at a moment'],
      missed: [],
      violated: [{ property: 'paid once', key: 'car-3' }],
      unasked: [],
    })
    const calm = await outcomeOf(toll(), { ...found, scenario: { ...doubleToll, faults: [] } }, 8)
    const shared = calm.behaviours.filter((behaviour) => outcome.behaviours.includes(behaviour))
    expect(shared.length).toBeGreaterThan(3)
    expect(outcome.behaviours.length).toBeGreaterThan(shared.length)
  })

  it('[K30] names once each handler that would wait for ever, and for what', async () => {
    const scenario = scenarioOf({ system: 'parts', workload: { orders: 2 } })
    const keptOf = async (does: typeof forItself) =>
      (await outcomeOf(systemOf(hallThat(does)), { scenario, seed: 1, features: [] }, 0)).waiting
    expect(await keptOf(forItself)).toEqual(['hall.book for the end of hall.book seats.update'])
    expect(await keptOf((ctx) => takes(ctx))).toEqual([])
  })

  it('[X8] is an error of its own where the simulator itself fails', async () => {
    const nothing = undefined as unknown as Scenario
    expect(await outcomeOf(toll(), { scenario: nothing, seed: 9, features: [] }, 3)).toMatchObject({
      index: 3,
      seed: 9,
      verdict: 'error',
      reason: expect.stringContaining('internal error: TypeError'),
    })
  })
})
