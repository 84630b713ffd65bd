import { describe, expect, it } from 'vitest'
import { type ComparedRun, columnOf, percentile } from '../../../sim/explore/comparison.ts'

const finding = (verdict: 'pass' | 'violated' | 'inconclusive') => ({
  name: 'no double charge',
  says: '',
  kind: 'always' as const,
  verdict,
  atMicros: undefined,
  message: '',
  key: undefined,
  cause: 0,
})

const runOf = (seed: number, of: Partial<ComparedRun>): ComparedRun => ({
  seed,
  verdict: 'pass',
  reason: undefined,
  properties: [finding('pass')],
  faults: [],
  orders: 2,
  events: 10,
  endMicros: 1,
  measures: { tookMicros: [5], messages: 3 },
  ...of,
})

describe('a percentile', () => {
  it.each([
    [[], 50, undefined],
    [[7], 99, 7],
    [[1, 2, 3, 4], 50, 2],
    [[1, 2, 3, 4], 99, 4],
    [Array.from({ length: 200 }, (_, index) => index + 1), 99, 198],
    [[3, 5], 0, 3],
  ])('[X30] of %j at %d is %s: the nearest rank', (values, percent, expected) =>
    expect(percentile(values, percent)).toBe(expected),
  )
})

describe('a column', () => {
  it.each<[string, Partial<ComparedRun>[], { held: number; open: number }]>([
    ['is asked of nothing', [{ properties: [{ ...finding('pass'), checkedKeys: 0 }] }], { held: 0, open: 0 }],
    [
      'has no verdict',
      [{ verdict: 'inconclusive', properties: [finding('inconclusive')] }],
      { held: 0, open: 1 },
    ],
    ['is of a run with an error', [{ verdict: 'error' }], { held: 0, open: 1 }],
    ['held once', [{}, { properties: [{ ...finding('pass'), checkedKeys: 0 }] }], { held: 1, open: 0 }],
  ])('[X30] says of a property in how many it held, and has no verdict: it %s', (_what, runs, counts) => {
    const [property] = columnOf(
      'right',
      runs.map((run, at) => runOf(at, run)),
    ).properties
    expect(property).toEqual({ name: 'no double charge', violated: 0, firstSeed: undefined, ...counts })
  })

  it('[X30] adds up its runs, and says what broke in how many, and first', () => {
    const column = columnOf('right', [
      runOf(1, { measures: { tookMicros: [30, 10], messages: 3 } }),
      runOf(2, { verdict: 'violated', properties: [finding('violated')] }),
      runOf(3, { verdict: 'violated', properties: [finding('violated')] }),
      runOf(4, { verdict: 'inconclusive', reason: 'too long', measures: { tookMicros: [], messages: 0 } }),
    ])
    expect(column).toEqual({
      label: 'right',
      runs: 4,
      verdicts: { pass: 1, violated: 2, inconclusive: 1, error: 0 },
      reason: 'too long',
      properties: [{ name: 'no double charge', violated: 2, firstSeed: 2, held: 2, open: 0 }],
      orders: 8,
      notEnded: 4,
      p50Micros: 5,
      p99Micros: 30,
      messages: 9,
      events: 40,
      struck: 0,
    })
  })

  it('[X30] of a system that does not say where its ends are seen has none', () => {
    const column = columnOf('silent', [runOf(1, { measures: { tookMicros: undefined, messages: 1 } })])
    expect(column).toMatchObject({ notEnded: undefined, p50Micros: undefined, p99Micros: undefined })
  })
})
