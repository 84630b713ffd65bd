import { beforeAll, describe, expect, it } from 'vitest'
import type { Case, Strategy } from '../../../sim/explore/case.ts'
import { enumeration } from '../../../sim/explore/enumerate.ts'
import { type CaseOutcome, caseOutcome } from '../../../sim/explore/outcome.ts'
import { passagesOf } from '../../../sim/explore/passage.ts'
import { type Digesting, stateDigestOf } from '../../../sim/explore/single-runs.ts'
import type { Trace } from '../../../sim/kernel/trace.ts'
import { runGenerated } from '../../../sim/run/run.ts'
import { type Scenario, scenarioOf } from '../../../sim/run/scenario.ts'
import { DURABLE, endOf } from '../../fixtures/ends.ts'
import { lostAndFound } from '../../fixtures/lost-and-found.ts'

const SERVICES = ['gate', 'booth', 'desk']
const SEED = 1
const scenarioWith = (...faults: string[]): Scenario =>
  scenarioOf({
    system: 'lost and found',
    cluster: { brokers: 1 },
    workload: { orders: 1 },
    explore: { faults },
  })
const crashes = scenarioWith('crash')

/** An enumeration, and the numbers of its cases: of those with one fault at most, of late pairs, and of pairs of single faults. */
async function ranges(
  scenario: Scenario,
  digesting?: Digesting,
): Promise<{ strategy: Strategy; singles: number[]; late: number[]; early: number[] }> {
  const strategy = await enumeration(lostAndFound('note'), scenario, SEED, digesting)
  while (await strategy.advance?.(Number.MAX_SAFE_INTEGER));
  const numbers = (from: number, to: number): number[] =>
    Array.from({ length: to - from }, (_, index) => from + index)
  const { usual, size = 0 } = strategy
  const early = size - ((usual - 1) * (usual - 2)) / 2
  return {
    strategy,
    singles: numbers(0, usual),
    late: numbers(usual, early),
    early: numbers(early, size),
  }
}

const outcomesOf = async (
  first: 'charge' | 'note',
  { strategy }: { strategy: Strategy },
  numbers: readonly number[],
): Promise<CaseOutcome[]> => {
  const prepared = lostAndFound(first)
  const outcomes: CaseOutcome[] = []
  for (const number of numbers) outcomes.push(await caseOutcome(prepared, strategy, number))
  return outcomes
}

const breachesIn = (outcomes: readonly CaseOutcome[]): number =>
  outcomes.filter(({ verdict }) => verdict !== 'pass').length

describe('pairs whose second fault strikes where only the first leads', () => {
  it('[X21] canary: they alone find what breaks when a fault strikes the recovery from another', async () => {
    const all = await ranges(crashes)
    expect(breachesIn(await outcomesOf('note', all, all.singles))).toBe(0)
    expect(breachesIn(await outcomesOf('note', all, all.early))).toBe(0)
    const found = await outcomesOf('note', all, all.late)
    expect(breachesIn(found)).toBeGreaterThan(0)
    for (const { violated, features } of found.filter(({ verdict }) => verdict !== 'pass')) {
      expect(violated.map(({ property }) => property)).toEqual(['all paid'])
      expect(features).toContain('a second fault where only the first leads')
    }
    const some = all.late.filter((number) => number % 4 === 0)
    expect(breachesIn(await outcomesOf('charge', all, some))).toBe(0)
  })

  it('[X21] strike twice, the second time at a passage that the run of the first alone has and that without faults does not', async () => {
    const { strategy, late } = await ranges(crashes)
    const prepared = lostAndFound('note')
    const passages = async (scenario: Scenario): Promise<Map<string, boolean>> => {
      const { trace } = await runGenerated(prepared, scenario, SEED, { trace: true })
      return new Map(passagesOf(trace as Trace, SERVICES).map(({ name, equivalent }) => [name, equivalent]))
    }
    const calm = await passages({ ...crashes, faults: [] })
    let told = ''
    let alone = new Map<string, boolean>()
    for (const number of late) {
      const { scenario } = await strategy.caseAt(number)
      const [first, { at, of, nth = 1 } = { at: '' }] = scenario.faults
      const name = `${at} of ${of} ${nth}`
      if (JSON.stringify(first) !== told)
        alone = await passages({ ...crashes, faults: scenario.faults.slice(0, 1) })
      told = JSON.stringify(first)
      expect(alone.get(name), name).toBe(false)
      // Where it is the same as the one before it in the run without faults, no single fault strikes there either.
      expect(calm.get(name) ?? true, name).toBe(true)
    }
    const every = late.filter((number) => number % 9 === 0)
    for (const { missed } of await outcomesOf('note', { strategy }, every)) expect(missed).toEqual([])
    expect(late.length).toBeGreaterThan(500)
  })

  it('[X21] are the same whatever was asked before, and counted no further than that', async () => {
    const { strategy, late } = await ranges(crashes)
    const fresh = await enumeration(lostAndFound('note'), crashes, SEED)
    const cases = async (of: Strategy): Promise<[Case, unknown][]> => {
      const told: [Case, unknown][] = []
      for (const at of [300, 3, 250, 0, 301])
        told.push([await of.caseAt(late[at] as number), await of.skipReason?.(late[at] as number)])
      return told
    }
    expect(fresh).toMatchObject({ size: undefined, says: expect.stringContaining('(not yet counted)') })
    expect(await cases(fresh)).toEqual(await cases(strategy))
    expect(fresh.size).toBeUndefined()
    const [, least] = /\(at least (\d+), the rest not yet counted\)/.exec(fresh.says) ?? []
    expect(Number(least)).toBeGreaterThan(301)
    expect(Number(least)).toBeLessThan(late.length)
    expect(strategy.says).toContain(
      `, ${late.length} pairs whose second fault strikes where only the first leads,`,
    )
  })
})

describe('late pairs that are left out', () => {
  const redelivered = scenarioWith('crash', 'redeliver')
  interface Late {
    readonly number: number
    /** The second fault, whichever time its point is passed. */
    readonly second: string
    readonly end: string
  }
  const made: Late[] = []
  /** Late pairs left out though no earlier one that is made, with the same second fault, ends as they do. */
  const misled = async (digesting?: Digesting): Promise<{ left: number; wrong: number }> => {
    const { strategy } = await ranges(redelivered, digesting)
    let [left, wrong] = [0, 0]
    const kept: Late[] = []
    for (const pair of made) {
      if ((await strategy.skipReason?.(pair.number)) === undefined) kept.push(pair)
      else {
        left++
        if (!kept.some(({ second, end }) => second === pair.second && end === pair.end)) wrong++
      }
    }
    return { left, wrong }
  }

  beforeAll(async () => {
    const { strategy, late } = await ranges(redelivered)
    const prepared = lostAndFound('note')
    for (const number of late) {
      const { scenario } = await strategy.caseAt(number)
      const { nth: _nth, ...second } = scenario.faults[1] as { nth?: number }
      // One kind of second fault, to save time: which pairs are left out does not depend on it.
      if (!('redeliver' in second)) continue
      const { trace, verdict } = await runGenerated(prepared, scenario, SEED, { trace: true })
      made.push({ number, second: JSON.stringify(second), end: endOf(trace as Trace, verdict) })
    }
  }, 240_000)

  it('[X19] end as an earlier one that is made, with the same second fault', async () => {
    const { left, wrong } = await misled()
    expect(left).toBeGreaterThan(20)
    expect(wrong).toBe(0)
  })

  it('[X19] canary: a digest that takes all states for one leaves out what ends otherwise', async () => {
    expect((await misled(() => ({ add: () => {}, at: () => 1 }))).wrong).toBeGreaterThan(0)
  })

  it('[X19] canary: a digest that does not see what is durable leaves out what ends otherwise', async () => {
    const blind: Digesting = (result) => {
      const digest = stateDigestOf(result)
      return {
        add: (record) => {
          if (!DURABLE.has(record.kind) && record.kind !== 'fault') digest.add(record)
        },
        at: (nowMicros) => digest.at(nowMicros),
      }
    }
    expect((await misled(blind)).wrong).toBeGreaterThan(0)
  })
})
