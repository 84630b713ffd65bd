import fc from 'fast-check'
import { expect, it } from 'vitest'
import { samePlain } from '../../../../sim/kafka/coordinator/equality.ts'

it('[KG6] metadata are the same if they are equal in depth, whatever the order of names', () => {
  expect(
    samePlain({ topics: ['a', 'b'], userData: { x: 1 } }, { userData: { x: 1 }, topics: ['a', 'b'] }),
  ).toBe(true)
})

it.each([
  [
    ['a', 'b'],
    ['b', 'a'],
  ],
  [['a'], ['a', 'b']],
  [{ x: 1 }, { x: 2 }],
  [{ x: 1 }, { x: 1, y: 2 }],
  [{ x: undefined }, { y: undefined }],
  [[], {}],
  [{}, null],
  [null, undefined],
  [1, '1'],
])('[KG6] metadata %j and %j differ', (left, right) => {
  expect(samePlain(left, right)).toBe(false)
  expect(samePlain(right, left)).toBe(false)
})

it('[KG6] metadata are the same as their copy', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(samePlain(value, JSON.parse(JSON.stringify(value)))).toBe(true)
    }),
  )
})
