import { describe, expect, it } from 'vitest'
import { allStruck, courier, recordsOf } from '../../fixtures/courier.ts'

const load = { workload: { orders: 20, every: '100ms' } }

describe('an operator who moves the logs of a broker', () => {
  it.each([true, false])(
    '[F22] has it stand still for a moment, and harms nobody: epochs kept %s',
    async (epochsMoveWithLog) => {
      const faults = [{ moveLogs: 'broker', for: '200ms', at: '1s' }]
      const result = await courier({}, { ...load, cluster: { switches: { epochsMoveWithLog } }, faults })
      expect([result.verdict, allStruck(result)]).toEqual(['pass', true])
      expect(recordsOf(result, 'pause').map(({ lane }) => lane)).toEqual(['broker-1', 'broker-2', 'broker-3'])
    },
  )
})
