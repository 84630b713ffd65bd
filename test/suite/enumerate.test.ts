import { describe, expect, it } from 'vitest'
import { everySingleFault, firstBreach, SAGA_MISTAKES } from '../fixtures/saga-campaign.ts'

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

describe('going through single faults of the right order saga', () => {
  // All of them: npm run check:campaigns.
  it('[X17] finds nothing, and says how many there are', { timeout: 240_000 }, async () => {
    const { says, made, broken } = await everySingleFault(16)
    expect(says).toMatch(
      /^149 points in time at 89 steps \(45 more .*\), 4732 single faults, 11193546 pairs$/,
    )
    expect(made).toBe(Math.ceil(4733 / 16))
    expect(broken).toEqual([])
  })
})
