import { describe, expect, it } from 'vitest'
import system from '../../scenarios/order-choreography/system.ts'
import { prepare, run } from '../../sim/run/run.ts'
import { scenarioOf } from '../../sim/run/scenario.ts'
import type { System } from '../../sim/service/system.ts'
import { anyFaults, type RunUnderTest, scenario } from '../../sim/vitest/scenario.ts'

const PROMISES = [
  'no double charge',
  'no double order',
  'no double reservation',
  'stock is conserved',
  'no lost order',
  'everything agrees',
  'no false confirmation',
]

function upholdsEverything({ run, expect }: RunUnderTest): void {
  for (const promise of PROMISES) expect(run).toUphold(promise)
  expect(run).toConverge({ within: '2m' })
}

describe('the right variants of the order saga', () => {
  scenario('[P10] orders survive any faults', { system, orders: 5, runs: 300 }, upholdsEverything)

  scenario(
    '[P10] orders survive many crashes',
    { system, orders: 3, runs: 150, faults: anyFaults({ kinds: ['crash'], atMost: 8 }) },
    upholdsEverything,
  )

  scenario(
    '[P10] redeliveries and overtaking events change nothing',
    {
      system,
      orders: 5,
      runs: 150,
      faults: anyFaults({ kinds: ['redeliver', 'slow', 'partition'], atMost: 8 }),
    },
    upholdsEverything,
  )

  scenario(
    '[P10] compensation survives any faults',
    { system, params: { stock: 4, declinesOneIn: 3, undeliverableOneIn: 3 }, orders: 6, runs: 300 },
    upholdsEverything,
  )

  scenario(
    '[P10] impatient users survive any faults',
    { system, params: { usersClickTwice: true }, orders: 4, runs: 150 },
    upholdsEverything,
  )

  it('[P10] a backlog of mails that is worked off for minutes breaks no promise', async () => {
    const rush = scenarioOf({ system: system.name, workload: { orders: 1_000, every: '10ms' } })
    const { properties, endMicros } = await run(prepare(system as unknown as System, {}), rush, 1)
    expect(endMicros).toBeGreaterThan(130_000_000)
    expect(properties.filter(({ verdict }) => verdict !== 'pass')).toEqual([])
  })
})
