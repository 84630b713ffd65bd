import { cdcRelay } from 'faultline'
import { describe, expect, it } from 'vitest'
import { courier } from '../../fixtures/courier.ts'

describe('change data capture', () => {
  it.each([1, 2, 7])(
    '[O5] reads %i transactions at a time until nothing is left of a burst',
    async (batch) => {
      const result = await courier(
        { relay: cdcRelay({ batch }) },
        { workload: { orders: 40, every: '1ms' }, budget: { time: '5m' } },
      )
      expect(result.verdict).toBe('pass')
    },
  )
})
