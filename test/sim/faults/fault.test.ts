import { run } from 'faultline'
import { describe, expect, it } from 'vitest'
import { ArmedFault, type Trigger } from '../../../sim/kernel/fault.ts'
import { Kernel } from '../../../sim/kernel/kernel.ts'
import { runGenerated } from '../../../sim/run/run.ts'
import { buildWorld } from '../../../sim/run/world.ts'
import { courier } from '../../fixtures/courier.ts'
import { drive } from '../../fixtures/kernel.ts'
import { doubleToll, toll } from '../../fixtures/toll.ts'

const scenario = { ...doubleToll, faults: [] }

/** Everything that happens on the toll road, with faults armed that must not strike. */
async function happenings(...triggers: readonly Trigger[]) {
  const budget = { maxEvents: 100_000, maxMicros: 3_600_000_000, maxTraceRecords: 100_000 }
  const kernel = new Kernel({ seed: 1, scheduling: 'random', budget, recordTrace: true })
  for (const trigger of triggers) {
    const fault = new ArmedFault('off', trigger, () => {
      throw new Error('it struck')
    })
    fault.enabled = false
    kernel.arm(fault, kernel.choices.entity('faults'))
  }
  buildWorld(toll().parts, scenario, kernel)
  await drive(kernel)
  const records = [...(kernel.trace?.records() ?? [])]
  expect(records.length).toBeGreaterThan(100)
  return { records, digest: kernel.digest.hex() }
}

describe('a fault that is switched off', () => {
  const step = { kind: 'step', phase: 'after', nth: 1 } as const

  it('[F3] changes nothing but itself', async () => {
    const without = await happenings()
    const aimed = await happenings({ ...step, step: 'provider.charge' }, { ...step, step: '*' })
    expect(aimed).toEqual(without)
    const timed = await happenings({ kind: 'time', atMicros: 100_000 }, { kind: 'time', atMicros: 0 })
    expect(timed.records).toEqual(without.records)
  })
})

describe('a fault that never strikes', () => {
  const never = [
    { crash: 'booth', at: 'after provider.refund' },
    { crash: 'booth', at: 'after provider.charge', nth: 99 },
    { crash: 'booth', at: 'after provider.charge', of: 'car 77' },
  ]

  it('[F4] is reported as such, and the run is as if it had not been there', async () => {
    const without = await run(toll(), scenario, 1)
    const result = await runGenerated(toll(), { ...scenario, faults: never }, 1)
    expect(result.faults.map(({ spec, struckAtMicros }) => [spec, struckAtMicros])).toEqual(
      never.map((spec) => [spec, undefined]),
    )
    expect(result.digest).toBe(without.digest)
  })

  it('[F4] does not when its moment comes after the budget has run out, and says so', async () => {
    const faults = [{ crash: 'booth', at: '20m' }]
    const result = await run(toll(), { ...scenario, faults, budget: { ...scenario.budget, time: '10m' } }, 1)
    expect(result.faults[0]?.struckAtMicros).toBeUndefined()
    expect(result.verdict).toBe('inconclusive')
  })
})

describe('a fault that strikes', () => {
  it('[F5] is reported with its moment and in one sentence', async () => {
    const result = await courier(
      {},
      {
        faults: [
          { crash: 'receiver', at: '1s', restart: '250ms' },
          { partition: ['sender', 'broker'], at: '2s', for: '1s' },
          { partition: ['sender', 'broker'], oneWay: true, at: '2s', for: '1s' },
          { slow: ['broker', 'receiver'], by: '2s', at: '3s', for: '1s' },
          { redeliver: 'receiver', records: 2, at: '4s' },
        ],
      },
    )
    expect(result.faults.map(({ description, struckAtMicros }) => [struckAtMicros, description])).toEqual([
      [1_000_000, 'receiver crashed and restarted after 250ms'],
      [2_000_000, 'sender and broker were cut off from each other for 1s'],
      [2_000_000, 'sender → broker were cut off from each other for 1s'],
      [3_000_000, 'messages broker → receiver took 2s longer for 1s'],
      [4_000_000, 'the last 2 record(s) of each partition were delivered to receiver again'],
    ])
  })

  it('[F5] of no known kind, or at no moment, ends the run with an error before it begins', async () => {
    for (const fault of [
      { explode: 'booth', at: '1s' },
      { crash: 'booth', at: 'soon' },
    ]) {
      const result = await run(toll(), { ...scenario, faults: [fault] }, 1)
      expect(result).toMatchObject({ verdict: 'error', failureCode: 'definition', events: 0 })
    }
  })
})
