import fc from 'fast-check'
import { sqs } from 'faultline'
import { describe, expect, it } from 'vitest'
import { anyFaults, targetsOf } from '../../../sim/explore/arbitrary.ts'
import { faultKindOf } from '../../../sim/faults/registry.ts'
import { outlineOf } from '../../../sim/run/outline.ts'
import { schemaProblems } from '../../../sim/run/problem.ts'
import { prepare, run } from '../../../sim/run/run.ts'
import { systemProblems } from '../../../sim/run/system-problems.ts'
import type { System } from '../../../sim/service/system.ts'
import { onQueues } from '../../fixtures/queues.ts'
import system from '../../fixtures/toll/system.ts'
import { doubleToll, toll } from '../../fixtures/toll.ts'

const calm = { ...doubleToll, faults: [], params: {} }
const right = toll(calm)

/** What faults may aim at on the toll road, with four cars. */
async function targets(brokers = 3) {
  const { steps } = await run(right, calm, 1)
  return targetsOf(right.parts, steps, brokers, 4)
}

const KINDS = ['crash', 'redeliver', 'partition', 'slow'] as const

describe('generated fault plans', () => {
  it('[P7] are such that a scenario file of the system may hold them', async () => {
    const aim = await targets(1)
    const kinds = new Set<string>()
    fc.assert(
      fc.property(anyFaults()(aim), (faults) => {
        const data = { system: 'toll', cluster: { brokers: 1 }, workload: { orders: 4 }, faults }
        const outline = outlineOf(system as unknown as System, data)
        expect([...schemaProblems(data), ...systemProblems(data, outline)]).toEqual([])
        expect(faults.length).toBeLessThanOrEqual(4)
        for (const fault of faults) kinds.add(faultKindOf(fault)?.kind ?? '')
      }),
      { numRuns: 200, seed: 1 },
    )
    expect([...kinds].sort()).toEqual([...KINDS].sort())
  })

  it.each(KINDS)('[P7] are of %s alone and of the length that is asked for', async (kind) => {
    const plans = fc.sample(anyFaults({ kinds: [kind], atMost: 2 })(await targets()), {
      numRuns: 100,
      seed: 1,
    })
    expect(new Set(plans.map(({ length }) => length))).toEqual(new Set([0, 1, 2]))
    for (const fault of plans.flat()) expect(faultKindOf(fault)?.kind).toBe(kind)
  })

  it('[P7] strike: crashes at steps hit the process that runs the step', async () => {
    const plans = fc.sample(anyFaults({ kinds: ['crash'], atMost: 1 })(await targets()), {
      numRuns: 400,
      seed: 1,
    })
    const atSteps = plans.flat().filter(({ of }) => of !== undefined)
    expect(atSteps.length).toBeGreaterThan(50)
    let struck = 0
    const died = new Set<string>()
    for (const fault of atSteps) {
      const result = await run(right, { ...calm, faults: [fault] }, 1, { trace: true })
      expect(result.verdict).toBe('pass')
      if (result.faults[0]?.struckAtMicros === undefined) continue
      struck++
      const records = [...(result.trace?.records() ?? [])]
      const fatal = records.find(({ kind }) => kind === 'fault')
      const dead = records.filter(({ kind }) => kind === 'crash').map(({ lane }) => lane)
      expect(dead).toEqual([fatal?.lane])
      died.add(dead[0] ?? '')
    }
    // A relay's step belongs to the first car of its batch, so that some cars never reach it.
    expect(struck).toBeGreaterThan(atSteps.length * 0.7)
    expect([...died].sort()).toEqual(['booth-1', 'booth-2', 'gate-1', 'gate-relay'])
  })

  it('[P7] shrink to no fault at all', async () => {
    const failing = fc.check(
      fc.property(anyFaults()(await targets()), () => false),
      { seed: 1 },
    )
    expect(failing.counterexample).toEqual([[]])
  })

  it('[P7] cut off and slow down the server of queues, where there is one', async () => {
    const tolls = onQueues(system as unknown as System, sqs())
    const { parts } = prepare(tolls, {})
    const plans = fc.sample(
      anyFaults({ kinds: ['partition', 'slow'] })(targetsOf(parts, ['barrier.Passed sleep'], 1, 4)),
      {
        numRuns: 200,
        seed: 1,
      },
    )
    const outline = outlineOf(tolls, {})
    const hit = plans.flat().filter((fault) => JSON.stringify(fault).includes('queue-server'))
    expect(hit.length).toBeGreaterThan(20)
    for (const fault of hit) expect(systemProblems({ faults: [fault] }, outline)).toEqual([])
    const inKafka = fc.sample(anyFaults()(await targets()), { numRuns: 200, seed: 1 })
    expect(JSON.stringify(inKafka)).not.toContain('queue-server')
  })
})
