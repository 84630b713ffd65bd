import { type RunResult, scenarioOf } from 'faultline'
import { describe, expect, it } from 'vitest'
import standby from '../../../scenarios/standby/system.ts'
import { prepare, runGenerated } from '../../../sim/run/run.ts'
import type { System } from '../../../sim/service/system.ts'
import { forItself, hallThat, takes } from '../../fixtures/hall.ts'
import { type Staging, stage } from '../../fixtures/stage.ts'

const booking = (does: Parameters<typeof hallThat>[0], staging: Staging = {}): Promise<RunResult> =>
  stage(hallThat(does), staging)

describe('a handler that waits for ever', () => {
  it('[K30] in a run that comes to rest is named, with what it waits for and since when', async () => {
    const { verdict, reason, waiting, endMicros } = await booking(forItself)
    expect({ verdict, reason }).toEqual({ verdict: 'pass', reason: undefined })
    expect(waiting).toEqual([
      {
        handler: 'hall.book',
        process: expect.stringMatching(/^hall-\d$/),
        entity: 'booking-1',
        steps: ['hall.book seats.update'],
        sinceMicros: expect.any(Number),
      },
    ])
    // It was the last thing that it did: the user waited for half a minute.
    expect(waiting[0]?.sinceMicros).toBeLessThan(endMicros - 29_000_000)
  })

  it('[K30] waits for everything that it began beside each other', async () => {
    const { waiting } = await booking((ctx) =>
      takes(ctx, () => Promise.all([ctx.sleep('1ms'), takes(ctx), takes(ctx)])),
    )
    expect(waiting.map(({ steps }) => steps)).toEqual([['hall.book seats.update', 'hall.book seats.update']])
  })

  it('[K30] is no more than what its process holds in memory: a crash ends it', async () => {
    const faults = [{ crash: 'hall', at: '5s' }]
    expect((await booking(forItself, { faults })).waiting).toEqual([])
  })

  // A campaign of 4,000 seeds found this in 50: a relay that was begun again when all had been read already.
  it('[K30] is no relay that waits for the log to go on', async () => {
    const prepared = prepare(standby as unknown as System, {})
    const faults = [{ deploy: 'book', at: 'before book.relay slot.start', of: 'entry 1', version: 'v1' }]
    const scenario = scenarioOf({ system: standby.name, workload: { orders: 3, every: '20ms' }, faults })
    const { verdict, waiting } = await runGenerated(prepared, scenario, 40)
    expect({ verdict, waiting }).toEqual({ verdict: 'pass', waiting: [] })
  })

  it('[K30] is nobody in a run that goes well, or that has not come to rest', async () => {
    expect((await booking((ctx) => takes(ctx))).waiting).toEqual([])
    const cut = await booking(forItself, { budget: { time: '1s' } })
    expect(cut).toMatchObject({ verdict: 'inconclusive', waiting: [] })
  })
})
