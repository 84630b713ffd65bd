import { describe, expect, it } from 'vitest'
import system from '../../scenarios/order-choreography/system.ts'
import { prepare, run } from '../../sim/run/run.ts'
import { scenarioOf } from '../../sim/run/scenario.ts'
import type { System } from '../../sim/service/system.ts'

const DATABASES = ['orders-db', 'payment-db', 'inventory-db', 'shipping-db', 'notification-db']

describe('a database server that crashes under the order saga', () => {
  it('[PD2] breaks no promise: handlers fail, are tried again, and the saga goes on', async () => {
    const prepared = prepare(system as unknown as System, {})
    let failures = 0
    for (let seed = 1; seed <= 10; seed++) {
      const crash = DATABASES[seed % DATABASES.length] as string
      const faults = [0, 1, 2].map((nth) => ({
        crash,
        at: `${700 + seed * 37 + nth * 900}ms`,
        restart: '400ms',
      }))
      const scenario = scenarioOf({
        system: system.name,
        workload: { orders: 8, every: '200ms' },
        faults,
      })
      const result = await run(prepared, scenario, seed, { trace: true })
      expect(result.properties.filter(({ verdict }) => verdict !== 'pass')).toEqual([])
      expect(result.faults.every(({ struckAtMicros }) => struckAtMicros !== undefined)).toBe(true)
      for (const { kind, data } of result.trace?.records() ?? [])
        if (kind === 'failed' && (data as { error: string }).error === 'DatabaseError') failures++
    }
    // The crashes were felt.
    expect(failures).toBeGreaterThan(25)
  })
})
