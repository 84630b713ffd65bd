import { run } from 'faultline'
import { describe, expect, it } from 'vitest'
import '../../../sim/vitest/scenario.ts'
import { doubleToll, toll } from '../../fixtures/toll.ts'

describe('the matchers of a suite', () => {
  it('[P9] say whether a run upheld a property, and why not', async () => {
    const result = await run(toll(), doubleToll, 1)
    expect(result).toUphold('all paid')
    expect(result).not.toUphold('paid once')
    expect(() => expect(result).toUphold('paid once')).toThrow('paid once: car-3 paid 2 times')
    expect(() => expect(result).toUphold('payed once')).toThrow(
      "no property 'payed once': it has paid once, all paid",
    )
  })

  it('[P9] say whether everything converged within a bound, counted from when everything was calm', async () => {
    const result = await run(toll(), doubleToll, 1)
    const converged = result.properties.find(({ name }) => name === 'all paid')?.convergedMicros ?? 0
    expect(converged).toBeGreaterThan(1_000)
    expect(result).toConverge({ within: `${converged}us` })
    expect(result).not.toConverge({ within: `${converged - 1}us` })
    expect(() => expect(result).toConverge({ within: '1us' })).toThrow('not within 1us')
  })

  it('[P9] do not call a run converged that a budget has ended', async () => {
    const result = await run(toll(), { ...doubleToll, budget: { ...doubleToll.budget, events: 50 } }, 1)
    expect(result).not.toConverge({ within: '1h' })
    expect(result).not.toUphold('all paid')
  })
})
