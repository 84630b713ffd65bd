import { always, changesOf, eventually, type Readable } from 'faultline'
import { describe, expect, it } from 'vitest'
import { type ShrinkProgress, type Shrunk, shrink } from '../../../sim/explore/shrink.ts'
import type { FaultSpec } from '../../../sim/faults/spec.ts'
import { type PreparedSystem, run } from '../../../sim/run/run.ts'
import { actionsOf, type Scenario, scenarioOf } from '../../../sim/run/scenario.ts'
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

type Table = Readable<{ readonly car: string }>

/** A change of a row, as far as these promises go. */
interface Change {
  readonly correlationId: string
  readonly atMicros: number
}

const [cars, tolls] = (['gate', 'booth'] as const).map((service, at) => {
  const { tables } = toll().parts.services.find(({ name }) => name === service) ?? {}
  return (tables as Readonly<Record<string, Table>>)[['cars', 'tolls'][at] as string]
}) as [Table, Table]

/** The toll road with one promise instead of its own. */
function promising(name: string, of: Table, holds: (rows: readonly Change[]) => boolean): PreparedSystem {
  const { system, parts } = toll()
  const changes = changesOf(of) as Readable<Change>
  const promise = always(name, {
    says: name,
    reads: [changes],
    per: 'correlationId',
    holds: (read) => holds(read(changes).all()),
  })
  return { system, parts: { ...parts, properties: [promise] } }
}

const scenario = (orders: number, faults: readonly FaultSpec[]): Scenario => ({
  ...scenarioOf({ system: 'toll', workload: { orders, every: '1ms' } }),
  faults,
})
const smallest = async (prepared: PreparedSystem, of: Scenario, seed = 1): Promise<Shrunk> => {
  const shrunk = await shrink(prepared, of, seed)
  if (shrunk === undefined) throw new Error('nothing was violated')
  return shrunk
}
const SECOND = 1_000_000

describe('shrinking where nothing can be left out any more', () => {
  it('[R18] finds the two orders of three that it takes', async () => {
    const both = promising('not both', tolls, (rows) => {
      const paid = new Set(rows.map(({ correlationId }) => correlationId))
      return !(paid.has('car-1') && paid.has('car-3'))
    })
    const { scenario: found } = await smallest(both, scenario(6, []))
    expect(found.workload).toEqual({ orders: 3, every: '100ms', only: [1, 3] })
  })

  it('[R18] finds a fault that does alone what two others do together', async () => {
    const inTime = promising(
      'in time',
      tolls,
      ([first]) => first === undefined || first.atMicros < 2 * SECOND,
    )
    const held = (at: string): FaultSpec => ({ partition: ['booth', 'provider'], at, for: '1s' })
    // Halving leaves the last two, of which neither can go.
    const alone: FaultSpec = { pause: 'booth', at: '1ms', for: '3s' }
    const none: FaultSpec = { crash: 'broker-1', at: '9s' }
    const { scenario: found, faults } = await smallest(
      inTime,
      scenario(1, [alone, none, held('0ms'), held('1s')]),
    )
    expect(found.faults).toHaveLength(1)
    expect(found.faults[0]).toMatchObject({ pause: 'booth' })
    expect(faults.map(({ needed }) => needed)).toEqual([true])
  })

  it('[R18] finds that one fault does if it lasts longer', async () => {
    const inTime = promising(
      'in time',
      tolls,
      ([first]) => first === undefined || first.atMicros < 2 * SECOND,
    )
    const held = (at: string): FaultSpec => ({ partition: ['booth', 'provider'], at, for: '1s' })
    const { scenario: found } = await smallest(inTime, scenario(1, [held('0ms'), held('1s')]))
    expect(found.faults).toHaveLength(1)
    expect(found.faults).toEqual([{ partition: ['booth', 'provider'], at: '0ms', for: '5s' }])
  })

  it('[R18] finds that one fault does if it hits all instances', async () => {
    const early = promising(
      'one early',
      tolls,
      (rows) => rows.length < 4 || (rows[0]?.atMicros ?? 0) < 2 * SECOND,
    )
    const held = (process: string): FaultSpec => ({ pause: process, at: '1ms', for: '3s' })
    const { scenario: found } = await smallest(early, scenario(4, [held('booth-1'), held('booth-2')]))
    expect(found.faults).toHaveLength(1)
    expect(found.faults[0]).toMatchObject({ pause: 'booth' })
  })

  it('[R18] finds that fewer orders do if they come closer together', async () => {
    const roomy = promising('roomy', cars, (rows) => {
      const times = rows.map(({ atMicros }) => atMicros).sort((left, right) => left - right)
      const within = (count: number, micros: number): boolean =>
        times.some((time, at) => (times[at + count - 1] ?? Number.POSITIVE_INFINITY) - time < micros)
      return !within(3, 600_000) && !within(2, 2_000)
    })
    const { scenario: found } = await smallest(roomy, {
      ...scenario(3, []),
      workload: { orders: 3, every: '100ms' },
    })
    expect(found.workload).toMatchObject({ every: '1ms', orders: expect.any(Number) })
    expect(actionsOf(found.workload)).toBe(2)
    expect(found.cluster.latency).toBe('constant')
  })

  it('[R18] finds the place at which a fault does with one order what it did with several', async () => {
    // As the third car passes the gate, a booth happens to have charged the second one.
    const of = { ...doubleToll, expect: {}, workload: { orders: 8, every: '20ms' } as const }
    const faults: FaultSpec[] = [{ crash: 'booth', at: 'before gate.relay outbox.send', of: 'car 3' }]
    const { scenario: found } = await smallest(toll(doubleToll), { ...of, faults }, 2)
    expect(found.workload.orders).toBe(1)
    expect(found.faults).toEqual([{ crash: 'booth', at: 'after gate.relay outbox.update' }])
  })
})
