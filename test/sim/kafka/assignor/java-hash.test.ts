import { describe, expect, it } from 'vitest'
import {
  hashMapOrder,
  hashSetOrder,
  JavaHashSet,
  javaStringHash,
} from '../../../../sim/kafka/assignor/java-hash.ts'

describe('hashes of Java', () => {
  it.each([
    ['', 0],
    ['a', 97],
    ['hello', 99162322],
    ['consumer1', -421004549],
    ['Aa', 2112],
    ['BB', 2112],
    ['été', 227742],
    ['polygenelubricants', -2147483648],
  ])('[KX1] hashes the text %j to %i', (text, hash) => expect(javaStringHash(text)).toBe(hash))
})

/** Integers in the order in which they leave a set of Java that they were put into one by one. */
function orderOf(integers: readonly number[]): number[] {
  const set = new JavaHashSet((integer: number) => integer)
  for (const integer of integers) set.add(integer)
  return set.toArray()
}

describe('hash tables of Java', () => {
  it('[KX1] takes the four members of the fixtures in reverse', () => {
    const members = ['consumer1', 'consumer2', 'consumer3', 'consumer4']
    expect(hashMapOrder(members)).toEqual(members.toReversed())
  })

  it('[KX1] keeps the order of insertion within a bucket', () => {
    expect(hashMapOrder(['BB', 'Aa', 'C#'])).toEqual(['BB', 'Aa', 'C#'])
    expect(hashMapOrder(['C#', 'Aa', 'BB'])).toEqual(['C#', 'Aa', 'BB'])
  })

  it('[KX1] folds the upper half of a hash into the bucket', () =>
    expect(orderOf([32, 5, 0, 16, 70000, 65536, 21])).toEqual([32, 0, 16, 70000, 65536, 5, 21]))

  it('[KX1] doubles its table with the element that makes it more than three quarters full', () => {
    const twelve = [192, 177, 162, 147, 132, 117, 102, 87, 72, 57, 42, 27]
    expect(orderOf(twelve)).toEqual(twelve)
    expect(orderOf([...twelve, 0])).toEqual([192, 0, 162, 132, 102, 72, 42, 177, 147, 117, 87, 57, 27])
  })

  it('[KX1] sizes the table of a copied set by its elements, and never below 16', () => {
    expect(hashSetOrder([17, 16, 0, 3])).toEqual([0, 16, 17, 3])
    const fifteen = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16, 32]
    expect(hashSetOrder(fifteen)).toEqual([0, 32, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16])
  })

  it('[KX1] finds the first without the others, and never shrinks its table', () => {
    const set = new JavaHashSet((integer: number) => integer)
    expect(set.first()).toBeUndefined()
    for (let integer = 20; integer >= 8; integer--) set.add(integer)
    for (let integer = 8; integer < 15; integer++) set.delete(integer)
    expect(set.first()).toBe(15)
    expect(set.toArray()).toEqual([15, 16, 17, 18, 19, 20])
    set.add(47)
    expect(set.first()).toBe(15)
  })
})
