import { describe, expect, it } from 'vitest'
import { firstBreach, SAGA_MISTAKES } from '../fixtures/saga-campaign.ts'

const MOST_CASES = 3_000

describe('going through single faults of the order saga with a mistake in it', () => {
  it.each(SAGA_MISTAKES)(
    '[X17] %j breaks %s in an enumeration of single faults',
    { timeout: 240_000 },
    async (...mistake) => {
      const breach = await firstBreach('enumerate', mistake, mistake[2], MOST_CASES)
      expect(breach, 'no single fault does').toBeDefined()
    },
  )
})
