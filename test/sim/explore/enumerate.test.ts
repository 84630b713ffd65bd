import { describe, expect, it } from 'vitest'
import type { Case } from '../../../sim/explore/case.ts'
import { enumeration } from '../../../sim/explore/enumerate.ts'
import { caseOutcome, outcomeOf } from '../../../sim/explore/outcome.ts'
import type { FaultSpec } from '../../../sim/faults/spec.ts'
import { run } from '../../../sim/run/run.ts'
import { type Scenario, scenarioOf } from '../../../sim/run/scenario.ts'
import { toll } from '../../fixtures/toll.ts'

const scenario = scenarioOf({ system: 'toll', workload: { orders: 1 } })
const plans = async (of: Scenario = scenario): Promise<{ cases: Case[]; says: string }> => {
  const strategy = await enumeration(toll(of), of, 1)
  const cases = await Promise.all(
    Array.from({ length: strategy.usual }, (_, index) => strategy.caseAt(index)),
  )
  return { cases, says: strategy.says }
}

/** The points that a run without faults passes: of each the trigger that means it, and whether it begins where another step ended. */
async function passages(): Promise<{ trigger: string; computed: boolean }[]> {
  const { trace } = await run(toll(scenario), scenario, 1, { trace: true })
  const counts = new Map<string, number>()
  const records = [...(trace?.records() ?? [])]
  return records.flatMap(({ kind, entity, data, parents }, index) => {
    if (kind !== 'before' && kind !== 'after') return []
    const { step, effects } = data as { step: string; effects: number }
    if (step.startsWith('users.')) return []
    const point = `${kind} ${step} of ${entity}`
    counts.set(point, (counts.get(point) ?? 0) + 1)
    const earlier = records[index - 1]
    const computed =
      kind === 'before' &&
      earlier?.kind === 'after' &&
      parents.includes(earlier.id) &&
      effects === (earlier.data as { effects: number }).effects
    return [{ trigger: `${point} ${counts.get(point)}`, computed }]
  })
}

const triggerOf = ({ at, of, nth = 1 }: FaultSpec): string => `${at} of ${of} ${nth}`

describe('enumeration', () => {
  it('[X4] begins without a fault, and then crashes the process of each point that is not the same as the one before', async () => {
    const { cases } = await plans()
    expect(cases[0]?.scenario.faults).toEqual([])
    const own = cases.flatMap(({ scenario: { faults } }) =>
      faults.filter(({ crash }) => /^(booth|gate)/.test(String(crash))),
    )
    const points = await passages()
    expect(points.length).toBeGreaterThan(20)
    expect(points.some(({ computed }) => computed)).toBe(true)
    expect(own.map(triggerOf)).toEqual(
      points.filter(({ computed }) => !computed).map(({ trigger }) => trigger),
    )
    expect(new Set(cases.map((of) => JSON.stringify(of.scenario.faults))).size).toBe(cases.length)
  })

  it('[X4] leaves out a point only where a fault does the same as at the one before it', async () => {
    const points = await passages()
    const fared = async (trigger: string) => {
      const [, at, of, nth] = /^(.*) of (\S+) (\d+)$/.exec(trigger) ?? []
      const crash = at?.includes('relay') ? 'gate-relay' : at?.includes('gate') ? 'gate' : 'booth'
      const faults = [{ crash, at: at as string, of, nth: Number(nth) }]
      const { events, endMicros, properties } = await run(toll(scenario), { ...scenario, faults }, 1)
      return { events, endMicros, properties }
    }
    let compared = 0
    for (const [index, { trigger, computed }] of points.entries()) {
      if (!computed) continue
      const here = await fared(trigger)
      const before = await fared(points[index - 1]?.trigger as string)
      expect({ trigger, ...here }).toEqual({ trigger, ...before })
      compared++
    }
    expect(compared).toBeGreaterThan(5)
  })

  it("[X4] takes only kinds of faults that the scenario's bounds allow, and so many in a plan", async () => {
    const bound = async (explore: Scenario['explore']) => {
      const { cases, says } = await plans({ ...scenario, explore })
      const kinds = new Set(cases.flatMap((of) => of.scenario.faults.map((fault) => Object.keys(fault)[0])))
      const pairs = Number(/(\d+) pairs of single faults$/.exec(says)?.[1])
      return { kinds: [...kinds].sort(), singles: cases.length - 1, pairs }
    }
    const { singles } = await bound({ faults: ['crash', 'redeliver'] })
    const pairs = (singles * (singles - 1)) / 2
    expect(await bound({ faults: ['redeliver', 'crash'] })).toEqual({
      kinds: ['crash', 'redeliver'],
      singles,
      pairs,
    })
    expect(await bound({ faults: ['crash', 'redeliver'], atMost: 1 })).toMatchObject({ singles, pairs: 0 })
    expect(await bound({ atMost: 0 })).toEqual({ kinds: [], singles: 0, pairs: 0 })
  })

  it('[X4] ends with all pairs of single faults, those of early ones first', async () => {
    const of = { ...scenario, explore: { faults: ['crash'] } }
    const strategy = await enumeration(toll(of), of, 1)
    const singles = strategy.usual - 1
    const pairs = (singles * (singles - 1)) / 2
    expect(strategy.size).toBeUndefined()
    while (await strategy.advance?.(Number.MAX_SAFE_INTEGER));
    const from = (strategy.size ?? 0) - pairs
    expect(from).toBeGreaterThan(strategy.usual)
    const faultsOf = async (index: number): Promise<readonly FaultSpec[]> =>
      (await strategy.caseAt(index)).scenario.faults
    const both = async (pair: readonly number[]): Promise<readonly FaultSpec[]> =>
      (await Promise.all(pair.map(faultsOf))).flat()
    const first = [
      [1, 2],
      [1, 3],
      [2, 3],
      [1, 4],
      [2, 4],
      [3, 4],
    ]
    for (const [index, pair] of first.entries())
      expect(await faultsOf(from + index)).toEqual(await both(pair))
    expect(await faultsOf(from + pairs - 1)).toEqual(await both([singles - 1, singles]))
    expect(strategy.says).toContain(`${singles} single faults`)
    expect(strategy.says).toMatch(new RegExp(`, ${pairs} pairs of single faults$`))
  })

  it.each<{ title: string; replicas: number; own: readonly FaultSpec[] }>([
    { title: 'both replicas', replicas: 2, own: [] },
    { title: 'what the scenario leaves of three', replicas: 3, own: [{ crash: 'broker-1', at: '1ms' }] },
  ])(
    '[X22] leaves out pairs that hit $title, and let one forget, and counts them',
    async ({ replicas, own }) => {
      const of = scenarioOf({
        system: 'toll',
        cluster: { kafka: { 'min.insync.replicas': 2, 'default.replication.factor': replicas } },
        workload: { orders: 1 },
        faults: own,
        explore: { faults: ['crash', 'crashMachine'] },
      })
      const prepared = toll(of)
      const strategy = await enumeration(prepared, of, 1)
      while (await strategy.advance?.(Number.MAX_SAFE_INTEGER));
      const [from, to] = [strategy.usual, strategy.size as number]
      const counts = { left: 0, made: 0 }
      for (let index = from; index < to; index += Math.floor((to - from) / 400)) {
        const { faults } = (await strategy.caseAt(index)).scenario
        const machines = faults.flatMap(({ crashMachine }) =>
          crashMachine === undefined ? [] : [crashMachine],
        )
        const hit = faults.map(({ crash, crashMachine }) => crashMachine ?? crash)
        const brokers = new Set(hit.filter((name) => String(name).startsWith('broker-')))
        // One machine at most: the other of two in-sync replicas has what was acknowledged.
        const survives = machines.length === 0 || (machines.length === 1 && brokers.size < replicas)
        const reason = await strategy.skipReason?.(index)
        expect([faults, reason === 'noRoom']).toEqual([faults, !survives])
        counts[survives ? 'made' : 'left']++
        if (survives || counts.left > 1) continue
        const { skipReason, reason: why, verdict } = await caseOutcome(prepared, strategy, index)
        expect([skipReason, why, verdict]).toEqual(['noRoom', expect.stringContaining('KIP-966'), 'pass'])
      }
      expect(Math.min(counts.left, counts.made)).toBeGreaterThan(20)
    },
  )

  it('[X4] finds the double payment of a booth without a key, and nothing at one that has it', async () => {
    const wrong = { ...scenario, params: { key: false } }
    const broken = async (of: Scenario): Promise<string[]> => {
      const found: string[] = []
      const prepared = toll(of)
      const { cases } = await plans(of)
      for (const [index, each] of cases.entries()) {
        if (!each.scenario.faults.every(({ crash }) => /^(booth|gate)/.test(String(crash)))) continue
        const { violated } = await outcomeOf(prepared, each, index)
        found.push(...violated.map(({ property }) => property))
      }
      return found
    }
    expect(await broken(scenario)).toEqual([])
    expect(new Set(await broken(wrong))).toEqual(new Set(['paid once']))
  })
})
