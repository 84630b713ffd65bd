import { always, eventually, type Readable } from 'faultline'
import { describe, expect, it } from 'vitest'
import { type ShrinkProgress, shrink } from '../../../sim/explore/shrink.ts'
import { run } from '../../../sim/run/run.ts'
import type { Scenario } from '../../../sim/run/scenario.ts'
import { doubleToll, toll } from '../../fixtures/toll.ts'

/** The scenario with many faults that have no part in it, and many orders. */
const crowded: Scenario = {
  ...doubleToll,
  workload: { orders: 40, every: '20ms' },
  faults: [
    ...[100, 200, 300, 400].map((millis) => ({
      slow: ['gate', 'broker'],
      by: '5ms',
      for: '50ms',
      at: `${millis}ms`,
    })),
    { crash: 'booth', at: 'after provider.charge', of: 'car 12' },
    ...[500, 600, 700].map((millis) => ({ crash: 'gate', at: `${millis}ms` })),
  ],
}

describe('shrinking', () => {
  it('[R18] leaves the one fault that matters and the one order that it strikes', async () => {
    const shrunk = await shrink(toll(), crowded, 1)
    expect(shrunk?.scenario.faults).toEqual([{ crash: 'booth', at: 'after provider.charge', of: 'car 1' }])
    expect(shrunk?.scenario.workload).toEqual({ orders: 1, every: '100ms' })
    expect(shrunk?.scenario.cluster).toEqual({ ...crowded.cluster, latency: 'constant', kafka: {} })
    expect(shrunk).toMatchObject({
      property: 'paid once',
      faultsBefore: 8,
      ordersBefore: 40,
      exhausted: false,
      bySeedAlone: true,
    })
    expect(shrunk?.faults.map(({ needed }) => needed)).toEqual([true])
  })

  it('[R18] ends in a scenario that violates the same property, and passes without any of its faults', async () => {
    const shrunk = await shrink(toll(), crowded, 2)
    if (shrunk === undefined) throw new Error('nothing was violated')
    const fared = async (scenario: Scenario): Promise<unknown> =>
      (await run(toll(), scenario, 2)).properties.find(({ name }) => name === shrunk.property)?.verdict
    expect(await fared(shrunk.scenario)).toBe('violated')
    for (const fault of shrunk.scenario.faults) {
      expect(
        await fared({
          ...shrunk.scenario,
          faults: shrunk.scenario.faults.filter((other) => other !== fault),
        }),
      ).toBe('pass')
    }
  })

  it('[R18] [R19] keeps an order even if the property is violated without any, as scenario files have one', async () => {
    const { system, parts } = toll()
    const never = eventually('never', {
      says: 'Does not hold, whatever happens.',
      within: '1s',
      reads: [parts.externals[0]?.ledgers[0] as Readable<unknown>],
      per: 'orderId',
      keys: () => ['no car'],
      holds: () => false,
    })
    const prepared = { system, parts: { ...parts, properties: [never] } }
    const shrunk = await shrink(prepared, { ...doubleToll, expect: {} }, 1)
    expect(shrunk?.scenario).toMatchObject({ workload: { orders: 1 }, faults: [] })
  })

  it('[R18] is deterministic', async () => {
    expect(await shrink(toll(), crowded, 1)).toEqual(await shrink(toll(), crowded, 1))
  })

  it('[R18] stops at its number of runs with the best so far', async () => {
    const heard: ShrinkProgress[] = []
    const shrunk = await shrink(toll(), crowded, 1, {
      maxRuns: 6,
      progress: (progress) => heard.push(progress),
    })
    expect(shrunk?.exhausted).toBe(true)
    expect(heard.length).toBeGreaterThan(0)
    expect(heard.at(-1)).toMatchObject({
      faults: shrunk?.scenario.faults.length,
      orders: shrunk?.scenario.workload.orders,
    })
    expect(shrunk?.runs).toBeLessThanOrEqual(8)
  })

  it('[R18] leaves earlier orders out where a later one must keep its number', async () => {
    // Its choices make the third car pay twice without any fault: as the first it would not.
    const { system, parts } = toll()
    const charges = parts.externals[0]?.ledgers[0] as Readable<{ readonly orderId: string }>
    const third = always('no third car', {
      says: 'The third car never pays.',
      reads: [charges],
      per: 'orderId',
      holds: (read, orderId) => orderId !== 'car-3' || read(charges).where({ orderId }).length === 0,
    })
    const prepared = { system, parts: { ...parts, properties: [third] } }
    const shrunk = await shrink(prepared, { ...crowded, expect: {} }, 1)
    expect(shrunk?.scenario.faults).toEqual([])
    expect(shrunk?.scenario.workload).toEqual({ orders: 3, every: '100ms', only: [3] })
    expect(shrunk?.ordersBefore).toBe(40)
  })

  it('[R18] has nothing to do when every property holds, or when the one that it is asked for does', async () => {
    const right = { ...crowded, params: { key: true } }
    expect(await shrink(toll(right), right, 1)).toBeUndefined()
    expect(await shrink(toll(), crowded, 1, { property: 'all paid' })).toBeUndefined()
  })
})
