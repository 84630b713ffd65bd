import type { ScenarioInput } from 'faultline'
import { describe, expect, it } from 'vitest'
import { EPOCH_MILLIS } from '../../../sim/service/context.ts'
import { courier, deliver } from '../../fixtures/courier.ts'

/** Letters that nobody can deliver in the first 200 seconds. They must arrive within two minutes. */
async function lettersAfter200Seconds(input: Partial<ScenarioInput>) {
  const receive = () => async (letter: Parameters<typeof deliver>[0], ctx: Parameters<typeof deliver>[1]) => {
    if (ctx.now() - EPOCH_MILLIS < 200_000) throw new Error('the road is closed')
    await deliver(letter, ctx)
  }
  const { properties } = await courier({ receive }, input)
  return properties.find(({ name }) => name === 'no lost letter')
}

describe('what must hold in the end', () => {
  it('[P3] is violated when it comes true too late, and says when that was', async () => {
    const result = await lettersAfter200Seconds({ workload: { orders: 1 } })
    expect(result).toMatchObject({ verdict: 'violated', key: 'letter-1' })
    expect(result?.atMicros).toBeLessThan(121_000_000)
    expect(result?.message).toMatch(
      /^2m after faults and load had ended it does not hold for letter-1: sender.sent has {"letterId":"letter-1"}, receiver.deliveries has nothing; it held \d\d\.\d{3} s later$/,
    )
  })

  it('[P3] has until the load has ended, and two minutes more', async () => {
    const result = await lettersAfter200Seconds({ workload: { orders: 2, every: '150s' } })
    expect(result).toMatchObject({ verdict: 'pass' })
  })

  it.each([
    ['has healed', { at: '1s', for: '100s' }, 'pass'],
    ['has struck and healed', { at: '110s', for: '1ms' }, 'pass'],
    ['strikes though the bound had passed', { at: '150s', for: '1ms' }, 'pass'],
    ['was over long before', { at: '10s', for: '50s' }, 'violated'],
  ])('[P3] has two minutes from when the last fault %s', async (_when, times, verdict) => {
    const faults = [{ slow: ['sender', 'broker'], by: '1ms', ...times }]
    expect(await lettersAfter200Seconds({ workload: { orders: 1 }, faults })).toMatchObject({ verdict })
  })

  it('[P3] is inconclusive when the run ends before, and says what does not hold yet', async () => {
    const result = await lettersAfter200Seconds({ workload: { orders: 1 }, budget: { time: '1m' } })
    expect(result).toMatchObject({
      verdict: 'inconclusive',
      message: expect.stringMatching(
        /^the run ended before the bound of 2m: it does not hold for letter-1: /,
      ),
    })
  })
})
