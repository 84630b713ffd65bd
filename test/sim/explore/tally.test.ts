import { describe, expect, it } from 'vitest'
import type { CaseOutcome } from '../../../sim/explore/outcome.ts'
import { type Tallied, Tally } from '../../../sim/explore/tally.ts'

const PROPERTIES = ['once', 'never']

const outcome = (index: number, differing: Partial<CaseOutcome> = {}): CaseOutcome => ({
  index,
  seed: 100 + index,
  verdict: differing.violated === undefined ? 'pass' : 'violated',
  digest: '',
  orders: 2,
  events: 10,
  features: [],
  struck: [],
  missed: [],
  violated: [],
  reached: [],
  unreached: [],
  waiting: [],
  unasked: [],
  undecided: [],
  behaviours: [],
  ...differing,
})
const breach = (property: string, key: string) => ({ property, key, message: `${property} broke for ${key}` })
const tallied = (outcomes: readonly CaseOutcome[]): Tallied => {
  const tally = new Tally()
  for (const each of outcomes) tally.add(each)
  return tally.report(PROPERTIES)
}

/** Eight runs with something of everything. */
const RUNS: readonly CaseOutcome[] = [
  outcome(0, { behaviours: [1, 2], struck: ['crash after a.b c'], features: ['fault crash'] }),
  outcome(1, { behaviours: [1], missed: ['redeliver'], unasked: ['never'] }),
  outcome(2, { behaviours: [1, 3], struck: ['crash at a moment'], features: ['fault crash'] }),
  outcome(3, { behaviours: [2, 4], violated: [breach('once', 'order-1')], features: ['fault crash'] }),
  outcome(4, { behaviours: [4], violated: [breach('once', 'order-2')], struck: ['crash after a.b c'] }),
  outcome(5, { behaviours: [5], verdict: 'inconclusive', reason: 'the budget ran out' }),
  outcome(6, { behaviours: [1], verdict: 'error', reason: 'no clocks' }),
  outcome(7, { behaviours: [1], verdict: 'error', reason: 'no chance' }),
]

describe('what runs add up to', () => {
  it('[X5] counts runs, orders, events and verdicts, with the first of what went wrong', () => {
    expect(tallied(RUNS)).toMatchObject({
      runs: 8,
      orders: 16,
      events: 80,
      verdicts: { error: 2, inconclusive: 1, pass: 3, violated: 2 },
      troubles: [
        { verdict: 'inconclusive', run: 6, seed: 105, reason: 'the budget ran out' },
        { verdict: 'error', run: 7, seed: 106, reason: 'no clocks' },
      ],
    })
  })

  it('[X5] keeps what has no verdict apart from what held', () => {
    const once = (of: readonly CaseOutcome[]) => tallied(of).properties.find(({ name }) => name === 'once')
    const open = outcome(1, { verdict: 'inconclusive', undecided: ['once'], reason: 'the budget ran out' })
    const hung = outcome(2, { verdict: 'inconclusive', digest: 'unknown', reason: 'it did not end' })
    expect(once([outcome(0)])).toMatchObject({ asked: 1, undecided: 0 })
    expect(once([outcome(0), open])).toMatchObject({ asked: 2, undecided: 1 })
    expect(once([outcome(0), open, hung])).toMatchObject({ asked: 2, undecided: 1 })
  })

  it('[K30] counts runs with handlers that would wait for ever, and where they wait, with the first of them', () => {
    const hung = (index: number, ...waiting: string[]) => outcome(index, { waiting })
    const runs = [...RUNS, hung(10, 'a.b', 'c.d'), hung(8, 'c.d'), hung(9, 'c.d')]
    expect(tallied(runs).hanging).toEqual({
      runs: 3,
      places: [
        { where: 'c.d', runs: 3, first: { run: 9, seed: 108 } },
        { where: 'a.b', runs: 1, first: { run: 11, seed: 110 } },
      ],
    })
    expect(tallied(RUNS).hanging).toEqual({ runs: 0, places: [] })
  })

  it('[X19] counts cases that were not made by the reason, and not among the runs', () => {
    const skipped = (index: number, skipReason: 'seen' | 'unreached') =>
      outcome(index, { skipReason, orders: 0 })
    const more = [skipped(8, 'seen'), skipped(9, 'unreached'), skipped(10, 'seen')]
    expect(tallied([...RUNS, ...more])).toEqual({
      ...tallied(RUNS),
      skipped: [
        { skipReason: 'unreached', cases: 1 },
        { skipReason: 'seen', cases: 2 },
      ],
    })
  })

  it('[X5] says of each property how often it broke, where first, and in how many runs it was asked', () => {
    expect(tallied(RUNS).properties).toEqual([
      {
        name: 'once',
        violated: 2,
        undecided: 0,
        asked: 6,
        first: { run: 4, seed: 103, key: 'order-1', message: 'once broke for order-1' },
      },
      { name: 'never', violated: 0, undecided: 0, asked: 5, first: undefined },
    ])
  })

  it('[X5] says in how many runs came true what may', () => {
    const runs = [outcome(0, { reached: ['never'] }), outcome(1, { unreached: ['never'] })]
    expect(tallied(runs)).toMatchObject({
      properties: [{ name: 'once' }],
      sometimes: [{ name: 'never', reached: 1 }],
    })
    expect(tallied(runs.slice(1)).sometimes).toEqual([{ name: 'never', reached: 0 }])
  })

  it('[X5] says which faults struck where', () => {
    const { kinds, coverage } = tallied(RUNS)
    expect(kinds).toEqual([
      { kind: 'crash', planned: 3, struck: 3 },
      { kind: 'redeliver', planned: 1, struck: 0 },
    ])
    expect(coverage).toEqual([
      { struck: 'crash after a.b c', runs: 2 },
      { struck: 'crash at a moment', runs: 1 },
    ])
  })

  it('[X5] counts behaviours as they come, and the runs without which one would be unseen', () => {
    const { growth, singular } = tallied(RUNS)
    expect(growth).toEqual([
      { runs: 1, behaviours: 2 },
      { runs: 2, behaviours: 2 },
      { runs: 4, behaviours: 4 },
      { runs: 6, behaviours: 5 },
    ])
    // Behaviours 3 and 5 were seen once, in runs 3 and 6.
    expect(singular).toBe(2)
  })

  it('[X5] is the same in whatever order the runs ended', () => {
    const orders = [[...RUNS].reverse(), [5, 2, 7, 0, 3, 6, 1, 4].map((index) => RUNS[index] as CaseOutcome)]
    for (const order of orders) expect(tallied(order)).toEqual(tallied(RUNS))
  })

  it('[X5] is nothing without runs', () => {
    expect(tallied([])).toMatchObject({ runs: 0, singular: 0, growth: [{ runs: 0, behaviours: 0 }] })
  })
})

describe('features', () => {
  /** So many runs with a feature and so many without, some of which break. */
  const runs = (withIt: number, brokenWith: number, without: number, brokenWithout: number): CaseOutcome[] =>
    Array.from({ length: withIt + without }, (_, index) => {
      const has = index < withIt
      const broken = has ? index < brokenWith : index - withIt < brokenWithout
      return outcome(index, {
        features: has ? ['slow links'] : [],
        ...(broken ? { violated: [breach('once', 'order-1')] } : {}),
      })
    })

  it.each([
    ['bring a breach out', runs(100, 30, 100, 5), [{ violatedWith: 30, violatedWithout: 5 }], []],
    ['keep it in', runs(100, 5, 100, 30), [], [{ violatedWith: 5, violatedWithout: 30 }]],
    ['have no part in it', runs(100, 20, 100, 18), [], []],
    ['were never absent', runs(100, 20, 0, 0), [], []],
  ])('[X6] are told when they %s', (_what, outcomes, triggers, suppressors) => {
    expect(tallied(outcomes)).toMatchObject({ triggers, suppressors })
  })
})
