import fc from 'fast-check'
import { sqs } from 'faultline'
import { describe, expect, it } from 'vitest'
import { anyFaults } from '../../../sim/explore/arbitrary.ts'
import { survey } from '../../../sim/explore/survey.ts'
import { runnerOf } from '../../../sim/faults/aim.ts'
import { FAULT_KINDS, faultKindOf } from '../../../sim/faults/registry.ts'
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
function targets(brokers = 3) {
  return survey(
    right,
    { ...calm, cluster: { ...calm.cluster, brokers }, workload: { ...calm.workload, orders: 4 } },
    1,
  )
}

const aim = await targets()
/** What this system has no target for, or only a scenario can mean, no plan holds. */
const KINDS = FAULT_KINDS.filter(
  ({ aims, most }) => (aims?.(aim, undefined).length ?? 0) > 0 && most?.(aim) !== 0,
).map(({ kind }) => kind)

describe('generated fault plans', () => {
  it('[P7] are such that a scenario file of the system may hold them', async () => {
    const aimed = await targets(1)
    const kinds = new Set<string>()
    fc.assert(
      fc.property(anyFaults()(aimed), (faults) => {
        const data = { system: 'toll', cluster: { brokers: 1 }, workload: { orders: 4 }, faults }
        const outline = outlineOf(system as unknown as System, data)
        expect([...schemaProblems(data), ...systemProblems(data, outline)]).toEqual([])
        expect(faults.length).toBeLessThanOrEqual(4)
        for (const fault of faults) kinds.add(faultKindOf(fault)?.kind ?? '')
      }),
      { numRuns: 400, seed: 1 },
    )
    expect([...kinds].sort()).toEqual([...KINDS].sort())
  })

  it.each(KINDS)('[P7] are of %s alone and of the length that is asked for', async (kind) => {
    const plans = fc.sample(anyFaults({ kinds: [kind], atMost: 2 })(await targets()), {
      numRuns: 100,
      seed: 1,
    })
    const most = Math.min(2, FAULT_KINDS.find((known) => known.kind === kind)?.most?.(aim) ?? 2)
    expect(Math.max(...plans.map(({ length }) => length))).toBe(most)
    for (const fault of plans.flat()) expect(faultKindOf(fault)?.kind).toBe(kind)
  })

  it('[P7] strike: crashes at steps hit the process that runs the step', async () => {
    const plans = fc.sample(anyFaults({ kinds: ['crash'], atMost: 1 })(await targets()), {
      numRuns: 400,
      seed: 1,
    })
    const atSteps = plans.flat().filter((fault) => {
      const step = /^(?:before|after) (.*)$/.exec(fault.at)?.[1]
      return step !== undefined && 'crash' in fault && fault.crash === runnerOf(step)
    })
    expect(atSteps.length).toBeGreaterThan(50)
    let struck = 0
    const died = new Set<string>()
    for (const fault of atSteps) {
      const result = await run(right, { ...calm, faults: [fault] }, 1, { trace: true })
      expect(result.verdict).toBe('pass')
      if (result.faults[0]?.struckAtMicros === undefined) continue
      struck++
      const records = [...(result.trace?.records() ?? [])]
      const dead = records.filter(({ kind }) => kind === 'crash').map(({ lane }) => lane)
      const [, service] = /^(.*?)(?:-\d+)?$/.exec(dead[0] ?? '') ?? []
      expect({ service, deaths: dead.length }).toEqual({ service: fault.crash, deaths: 1 })
      died.add(dead[0] ?? '')
    }
    // A relay's step belongs to the first car of its batch, so that some cars never reach it.
    expect(struck).toBeGreaterThan(atSteps.length * 0.7)
    expect([...died].sort()).toEqual(['booth-1', 'booth-2', 'booth-db', 'gate-1', 'gate-db', 'gate-relay'])
  })

  it('[P7] of an unknown kind are refused', () => {
    expect(() => anyFaults({ kinds: ['crsh'] })).toThrow("no kind of fault 'crsh': expected one of crash, ")
    expect(() => anyFaults({ kinds: ['crsh'] })).toThrow("did you mean 'crash'?")
  })

  it('[P7] shrink to one typical fault', async () => {
    const failing = fc.check(
      fc.property(anyFaults({ atMost: 8 })(aim), (faults) => !faults.some((fault) => 'pause' in fault)),
      { seed: 1, numRuns: 1_000 },
    )
    expect(failing.counterexample).toEqual([[{ pause: 'gate', at: `after ${aim.steps[0]}`, for: '10ms' }]])
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
    const plans = fc.sample(
      anyFaults({ kinds: ['partition', 'slow'] })(await survey(prepare(tolls, {}), calm, 1)),
      {
        numRuns: 200,
        seed: 1,
      },
    )
    const outline = outlineOf(tolls, {})
    const hit = plans.flat().filter((fault) => JSON.stringify(fault).includes('queue-server'))
    expect(hit.length).toBeGreaterThan(20)
    for (const fault of hit)
      expect(systemProblems({ workload: calm.workload, faults: [fault] }, outline)).toEqual([])
    const inKafka = fc.sample(anyFaults()(await targets()), { numRuns: 200, seed: 1 })
    expect(JSON.stringify(inKafka)).not.toContain('queue-server')
  })
})
