import { type FaultSpec, type RunResult, run, type Scenario, scenarioOf } from 'faultline'
import { describe, expect, it } from 'vitest'
import system from '../../scenarios/key-values/system.ts'
import { prepare } from '../../sim/run/run.ts'
import type { System } from '../../sim/service/system.ts'
import { complaintOf, crashAt, type Passage, passagesOf } from '../fixtures/passages.ts'

/** Prices are kept for 5 s: whoever is slow by a start-up may see one that has been wrong for a little longer. */
const RIGHT = { priceEvery: 3, wrongFor: '6s' } as const

/** A run of visits of which every third changes the price, with one crash. */
function play(params: Scenario['params'], crash?: Passage): Promise<RunResult> {
  const faults: readonly FaultSpec[] = crash === undefined ? [] : [crashAt(crash)]
  const workload = { orders: 10, every: '1s' }
  const scenario = scenarioOf({ system: system.name, params, workload, faults })
  return run(prepare(system as unknown as System, params), scenario, 1, { trace: true })
}

/** What crashes at these places do to a system that is clean without one. */
async function harm(params: Scenario['params'], places: readonly Passage[]): Promise<string[]> {
  const harmful: string[] = []
  for (const place of places) {
    const wrong = complaintOf(await play(params, place))
    if (wrong !== undefined) harmful.push(`${JSON.stringify(place)}: ${wrong}`)
  }
  return harmful
}

describe('a cache and a lock beside a database', () => {
  it('[KY14] survive a crash before and after every step', async () => {
    const calm = await play(RIGHT)
    expect(calm.verdict).toBe('pass')
    const places = passagesOf(calm)
    const steps = places.map(({ step }) => step).join('\n')
    for (const step of ['reprice store.del', 'buy store.get', 'buy store.set', 'buy store.del-if-equal'])
      expect(steps).toContain(`box-office.${step}`)
    expect(await harm(RIGHT, places)).toEqual([])
    expect(places.length).toBeGreaterThan(200)
  })

  it('[KY14] whose prices never expire do not', async () => {
    const params = { priceEvery: 6, expires: false, wrongFor: '2s' } as const
    const calm = await play(params)
    expect(calm.verdict).toBe('pass')
    const changes = passagesOf(calm).filter(({ step }) => step.startsWith('box-office.reprice '))
    const harmful = await harm(params, changes)
    expect(harmful.length).toBeGreaterThan(0)
    for (const wrong of harmful) expect(wrong).toContain('wrongForMillis')
  })
})
