import { asc, desc, eq, gt, gte, isIn, lt, lte, ne } from 'faultline'
import { describe, expect, it } from 'vitest'
import {
  compareRows,
  isMembership,
  matches,
  orderings,
  unknownColumn,
} from '../../../sim/database/predicate.ts'

const row = { id: 'b', count: 2, note: null }

describe('a condition', () => {
  it.each<[string, Readonly<Record<string, unknown>>, boolean]>([
    ['nothing', {}, true],
    ['a value', { id: 'b' }, true],
    ['another value', { id: 'c' }, false],
    ['a value of another type', { count: '2' }, false],
    ['a column that does not exist', { colour: 'red' }, false],
    ['all of several', { id: 'b', count: 2 }, true],
    ['one of several', { id: 'b', count: 3 }, false],
    ['a column left open', { id: 'b', count: undefined }, true],
    ['nothing in a column', { note: null }, true],
    ['nothing where something is', { count: null }, false],
    ['less', { count: lt(3) }, true],
    ['less, at the bound', { count: lt(2) }, false],
    ['at most, at the bound', { count: lte(2) }, true],
    ['at most, above', { count: lte(1) }, false],
    ['more', { count: gt(1) }, true],
    ['more, at the bound', { count: gt(2) }, false],
    ['at least, at the bound', { count: gte(2) }, true],
    ['at least, below', { count: gte(3) }, false],
    ['texts in the order of their code units', { id: gt('B') }, true],
    ['texts, not after themselves', { id: gt('b') }, false],
    ['one of some', { count: isIn([1, 2]) }, true],
    ['one of others', { count: isIn([1, 3]) }, false],
    ['one of none', { count: isIn([]) }, false],
    ['nothing among others', { note: isIn([null, 'x']) }, true],
    ['nothing is not less', { note: lt('z') }, false],
    ['nothing is not more', { note: gte('') }, false],
    ['not less than nothing', { count: lt(null) }, false],
    ['not more than nothing', { count: gte(null) }, false],
    ['equality by name', { count: eq(2) }, true],
    ['inequality', { count: ne(3) }, true],
    ['inequality with itself', { count: ne(2) }, false],
    ['something', { count: ne(null) }, true],
    ['something where nothing is', { note: ne(null) }, false],
    ['nothing is not unequal', { note: ne('x') }, false],
    ['nothing by name', { note: eq(null) }, true],
    ['one alternative', { $any: [{ id: 'x' }, { count: 2 }] }, true],
    ['no alternative that holds', { $any: [{ id: 'x' }, { count: 3 }] }, false],
    ['no alternatives', { $any: [] }, false],
    ['an alternative and a value', { id: 'x', $any: [{ count: 2 }] }, false],
    ['all conditions', { $all: [{ id: 'b' }, { count: gt(1) }] }, true],
    ['all conditions, one of which fails', { $all: [{ id: 'b' }, { count: gt(2) }] }, false],
    ['alternatives within', { $all: [{ $any: [{ id: 'x' }, { id: 'b' }] }, { count: 2 }] }, true],
    ['a comparison and a value', { count: gt(1), id: 'b' }, true],
    ['a comparison and another value', { count: gt(1), id: 'c' }, false],
  ])('[T15] that asks for %s', (_what, where, expected) => expect(matches(row, where)).toBe(expected))

  it('[T15] is plain data, which can be taken apart', () => {
    expect(JSON.parse(JSON.stringify(lte(3)))).toEqual({ compare: 'lte', value: 3 })
    expect([isIn([1]), lt(1), 1, null, undefined, { value: [1] }].map(isMembership)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ])
  })

  it('[T22] knows the columns of its parts', () => {
    const names = ['id', 'count']
    expect(unknownColumn({ id: 'a', $any: [{ count: 1 }] }, names)).toBeUndefined()
    expect(unknownColumn({ colour: 'a' }, names)).toBe('colour')
    expect(unknownColumn({ id: 'a', $all: [{ $any: [{ count: 1 }, { colour: 1 }] }] }, names)).toBe('colour')
  })
})

describe('an order', () => {
  const rows = [
    { id: 'a', count: 2 },
    { id: 'b', count: null },
    { id: 'c', count: 1 },
    { id: 'd', count: 2 },
  ]
  it.each([
    [[], 'abcd'],
    ['count', 'cadb'],
    [asc('count'), 'cadb'],
    [desc('count'), 'badc'],
    [['count', desc('id')], 'cdab'],
    [[desc('count'), desc('id')], 'bdac'],
  ] as const)('[T13] by %j gives %s: nothing counts as most', (orderBy, expected) => {
    const by = orderings(orderBy)
    expect(
      rows
        .toSorted((left, right) => compareRows(left, right, by))
        .map(({ id }) => id)
        .join(''),
    ).toBe(expected)
  })
})
