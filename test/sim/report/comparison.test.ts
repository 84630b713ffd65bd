import { scenarioOf } from 'faultline'
import { describe, expect, it } from 'vitest'
import type { ComparedColumn } from '../../../sim/explore/comparison.ts'
import { comparisonJson, comparisonText } from '../../../sim/report/comparison.ts'
import { plainPaint } from '../../../sim/report/paint.ts'

const scenario = scenarioOf({ system: 'toll', name: 'tolls', workload: { orders: 4 } })
const right: ComparedColumn = {
  label: 'toll',
  runs: 2,
  verdicts: { pass: 2, violated: 0, inconclusive: 0, error: 0 },
  reason: undefined,
  properties: [{ name: 'no double toll', violated: 0, firstSeed: undefined, held: 2, open: 0 }],
  orders: 8,
  notEnded: 0,
  p50Micros: 250_000,
  p99Micros: 1_500_000,
  messages: 10,
  events: 801,
  struck: 2,
}
const wrong: ComparedColumn = {
  ...right,
  label: 'toll key=false',
  verdicts: { pass: 0, violated: 1, inconclusive: 1, error: 0 },
  reason: 'a budget ran out',
  properties: [
    { name: 'no double toll', violated: 1, firstSeed: 5, held: 1, open: 0 },
    { name: 'only here', violated: 0, firstSeed: undefined, held: 1, open: 1 },
    { name: 'open here', violated: 0, firstSeed: undefined, held: 0, open: 1 },
    { name: 'idle here', violated: 0, firstSeed: undefined, held: 0, open: 0 },
  ],
  notEnded: undefined,
  p50Micros: undefined,
  p99Micros: undefined,
}
const comparison = { scenario, seed: 5, columns: [right, wrong] }

describe('a comparison', () => {
  it('[R41] stands side by side as text', () => {
    expect(
      comparisonText(comparison, plainPaint),
    ).toBe(`tolls · seeds 5 to 6 · 4 orders and 0 faults in each run

  A  toll
  B  toll key=false

                                   A         B
  runs: pass                       2         0
  runs: violated                   0         1
  runs: inconclusive               0         1
  no double toll                   ✓  ✗ 1 of 2
  only here                        –         ✓
  open here                        –         ?
  idle here                        –         ○
  ended after, half of them  0.250 s         –
  ended after, 99 of 100     1.500 s         –
  not ended                   0 of 8         –
  messages an order              1.3       1.3
  events an order                100       100
  faults that struck               2         2

  B: a budget ran out
`)
  })

  it('[R41] is JSON with nothing left out', () => {
    const data = JSON.parse(comparisonJson(comparison))
    expect(data).toMatchObject({
      format: 'faultline-comparison',
      version: 1,
      scenario: 'tolls',
      seed: 5,
      workload: { orders: 4 },
      faults: [],
    })
    expect(data.columns).toEqual([
      {
        ...right,
        reason: null,
        properties: [{ name: 'no double toll', violated: 0, firstSeed: null, held: 2, open: 0 }],
      },
      {
        ...wrong,
        notEnded: null,
        p50Micros: null,
        p99Micros: null,
        properties: [
          { name: 'no double toll', violated: 1, firstSeed: 5, held: 1, open: 0 },
          { name: 'only here', violated: 0, firstSeed: null, held: 1, open: 1 },
          { name: 'open here', violated: 0, firstSeed: null, held: 0, open: 1 },
          { name: 'idle here', violated: 0, firstSeed: null, held: 0, open: 0 },
        ],
      },
    ])
  })
})
