import { beforeAll, describe, expect, it } from 'vitest'
import { enumeration } from '../../../sim/explore/enumerate.ts'
import { type HasRoom, SeenStates, SKIP_REASONS, type SkipReason } from '../../../sim/explore/seen-states.ts'
import { type Digesting, type SingleRuns, stateDigestOf } from '../../../sim/explore/single-runs.ts'
import type { Trace } from '../../../sim/kernel/trace.ts'
import { runGenerated } from '../../../sim/run/run.ts'
import { scenarioOf } from '../../../sim/run/scenario.ts'
import { DURABLE, endOf } from '../../fixtures/ends.ts'
import { toll } from '../../fixtures/toll.ts'

const scenario = scenarioOf({
  system: 'toll',
  params: { key: false },
  cluster: { brokers: 1 },
  workload: { orders: 1 },
  explore: { faults: ['crash', 'redeliver'] },
})

/** A digest that does not see some records. */
const only =
  (sees: (kind: string) => boolean): Digesting =>
  (result) => {
    const digest = stateDigestOf(result)
    return {
      add: (record) => {
        if (sees(record.kind)) digest.add(record)
      },
      at: (nowMicros) => digest.at(nowMicros),
    }
  }

interface Pair {
  readonly index: number
  readonly first: number
  readonly second: number
  readonly end: string
}

describe('pairs of faults that end as other cases do', () => {
  const prepared = toll(scenario)
  const singles: string[] = []
  const pairs: Pair[] = []
  const skipReason = async (digesting?: Digesting): Promise<(SkipReason | undefined)[]> => {
    const strategy = await enumeration(prepared, scenario, 1, digesting)
    const found: (SkipReason | undefined)[] = []
    for (const { index } of pairs) found.push(await strategy.skipReason?.(index))
    return found
  }
  /** Pairs left out though no earlier one that is made, with the same second fault, ends as they do. */
  const misled = (skipped: readonly (SkipReason | undefined)[]): Pair[] =>
    pairs.filter(({ first, second, end }, at) => {
      if (skipped[at] === undefined) return false
      if (skipped[at] === 'unreached') return end !== singles[first]
      const made = pairs.filter((other, number) => other.second === second && skipped[number] === undefined)
      return !made.some((other) => other.first < first && other.end === end)
    })
  const endsOf = (skipped: readonly (SkipReason | undefined)[]): Set<string> =>
    new Set(pairs.filter((_pair, at) => skipped[at] === undefined).map(({ end }) => end))

  beforeAll(async () => {
    const strategy = await enumeration(prepared, scenario, 1)
    const ends = async (index: number): Promise<string> => {
      const of = await strategy.caseAt(index)
      const { trace, verdict } = await runGenerated(prepared, of.scenario, of.seed, { trace: true })
      return endOf(trace as Trace, verdict)
    }
    for (let index = 1; index < strategy.usual; index++) singles.push(await ends(index))
    while (await strategy.advance?.(Number.MAX_SAFE_INTEGER));
    let index = (strategy.size as number) - (singles.length * (singles.length - 1)) / 2
    for (let second = 1; second < singles.length; second++)
      for (let first = 0; first < second; first++, index++)
        // Every sixth of them as the second fault; all as the first.
        if (second % 6 === 5) pairs.push({ index, first, second, end: await ends(index) })
  }, 120_000)

  it('[X19] are left out by the state in which the second fault strikes, and no outcome with them', async () => {
    const skipped = await skipReason()
    expect(skipped.filter((reason) => reason === 'seen').length).toBeGreaterThan(pairs.length / 4)
    expect(misled(skipped)).toEqual([])
    expect(endsOf(skipped)).toEqual(endsOf([]))
    expect(endsOf([]).size).toBeGreaterThan(10)
  })

  it.each<[string, Digesting]>([
    ['takes all states for one', () => ({ add: () => {}, at: () => 1 })],
    ['sees only what is durable', only((kind) => DURABLE.has(kind))],
    ['does not see what is durable', only((kind) => !DURABLE.has(kind) && kind !== 'fault')],
  ])('[X19] canary: a digest that %s leaves out what ends otherwise', async (_what, digesting) => {
    expect(misled(await skipReason(digesting)).length).toBeGreaterThan(0)
  })

  it('[X19] are told from each other whatever was asked before', async () => {
    const inOrder = await skipReason()
    const strategy = await enumeration(prepared, scenario, 1)
    for (const at of [500, 3, 250, 0, 501])
      expect(await strategy.skipReason?.((pairs[at] as Pair).index)).toBe(inOrder[at])
    expect(Object.keys(SKIP_REASONS).sort()).toEqual(['noRoom', 'seen', 'unreached'])
  })
})

describe('pairs that are not made for want of room', () => {
  const runs = {
    made: 3,
    passageOf: (single: number) => (single === 3 ? 1 : 0),
    stateAt: () => 7,
  } as unknown as SingleRuns

  it.each<[string, HasRoom, readonly (SkipReason | undefined)[]]>([
    ['all have room', () => true, [undefined, 'seen', 'seen']],
    ['the first has none', (first) => first > 0, [undefined, undefined, 'seen']],
    ['the first two have none', (first) => first > 1, [undefined, undefined, undefined]],
  ])('[X22] are no earlier pair of any other: when %s', async (_when, hasRoom, reasons) => {
    const states = new SeenStates(runs, hasRoom)
    expect(await Promise.all([0, 1, 2].map((first) => states.skipReason(first, 3)))).toEqual(reasons)
  })
})
