import { describe, expect, it } from 'vitest'
import { judge } from '../../../sim/run/judgement.ts'
import type { FaultOutcome, RunResult } from '../../../sim/run/run.ts'
import type { Scenario } from '../../../sim/run/scenario.ts'

type Fared = RunResult['properties'][number]['verdict']

function result(
  verdict: RunResult['verdict'],
  fared: Readonly<Record<string, Fared>>,
  struck: readonly boolean[] = [],
) {
  const properties = Object.entries(fared).map(([name, of]) => ({
    name,
    kind: 'always' as const,
    says: '',
    verdict: of,
    atMicros: undefined,
    message: '',
    key: undefined,
    cause: 0,
  }))
  const faults = struck.map(
    (it): FaultOutcome => ({ spec: { at: '1s' }, description: '', struckAtMicros: it ? 1 : undefined }),
  )
  return { verdict, properties, faults }
}

describe('a judgement', () => {
  it.each<[string, ReturnType<typeof result>, Scenario['expect'], string]>([
    ['all properties pass', result('pass', { a: 'pass', b: 'pass' }), {}, 'met'],
    ['an unnamed property is violated', result('violated', { a: 'violated' }), {}, 'unmet'],
    [
      'the expected property is violated',
      result('violated', { a: 'violated', b: 'pass' }),
      { a: 'violated' },
      'met',
    ],
    [
      'another is violated besides',
      result('violated', { a: 'violated', b: 'violated' }),
      { a: 'violated' },
      'unmet',
    ],
    ['the expected violation does not happen', result('pass', { a: 'pass' }), { a: 'violated' }, 'unmet'],
    ['a budget ran out first', result('inconclusive', { a: 'inconclusive' }), {}, 'inconclusive'],
    [
      'a budget ran out, but one is violated',
      result('violated', { a: 'violated', b: 'inconclusive' }),
      {},
      'unmet',
    ],
    ['there is no property and no verdict', result('inconclusive', {}), {}, 'inconclusive'],
    ['a fault never struck', result('pass', { a: 'pass' }, [true, false]), {}, 'inconclusive'],
    [
      'a fault never struck, but one is violated',
      result('violated', { a: 'violated' }, [false]),
      {},
      'unmet',
    ],
    ['every fault struck', result('pass', { a: 'pass' }, [true, true]), {}, 'met'],
    ['the run ended in an error', result('error', { a: 'violated' }), { a: 'violated' }, 'error'],
  ])('[R9] when %s', (_when, of, expected, outcome) =>
    expect(judge(of, { expect: expected }).outcome).toBe(outcome),
  )

  it.each<[expected: 'reached' | 'unreached' | undefined, keys: number, outcome: string]>([
    [undefined, 0, 'met'],
    [undefined, 2, 'met'],
    ['reached', 2, 'met'],
    ['reached', 0, 'unmet'],
    ['unreached', 0, 'met'],
    ['unreached', 2, 'unmet'],
  ])(
    '[R32] of what may come true, %s is expected: for %i keys it does, and that is %s',
    (expected, keys, outcome) => {
      const { properties, ...of } = result('pass', { may: 'pass' })
      const may = properties.map((property) => ({
        ...property,
        kind: 'sometimes' as const,
        checkedKeys: keys,
      }))
      const judged = judge(
        { ...of, properties: may },
        { expect: expected === undefined ? {} : { may: expected } },
      )
      expect(judged.outcome).toBe(outcome)
      const verdict = keys === 0 ? 'unreached' : 'reached'
      const told = [{ name: 'may', expected, verdict, met: outcome === 'met' }]
      expect(judged.properties).toEqual(expected === undefined ? [] : told)
    },
  )

  it('[R14] tells of the properties that are named or fared otherwise', () => {
    const { properties } = judge(result('violated', { a: 'pass', b: 'pass', c: 'violated' }), {
      expect: { b: 'pass' },
    })
    expect(properties).toEqual([
      { name: 'b', expected: 'pass', verdict: 'pass', met: true },
      { name: 'c', expected: 'pass', verdict: 'violated', met: false },
    ])
  })
})
