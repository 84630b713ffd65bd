import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { appended, inOrder, listWith, pushed, roomForOne } from '../../../sim/kernel/list.ts'

interface Keyed {
  readonly key: number
  readonly place: number
}

const byKey = (left: Keyed, right: Keyed): number => left.key - right.key

describe('lists that are made often', () => {
  it('are in order as a sort has them, equal things as they came, whatever their length', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(6), { maxLength: 24 }), (keys) => {
        const list = keys.map((key, place): Keyed => ({ key, place }))
        const before = [...list]
        expect(inOrder(list, byKey)).toEqual(before.toSorted(byKey))
        expect(list).toEqual(before)
      }),
    )
  })

  it('are themselves where they are in order', () => {
    const list = [1, 2, 2, 5]
    expect(inOrder(list, (left, right) => left - right)).toBe(list)
  })

  it('hold what was put into them', () => {
    expect(appended([], 1)).toEqual([1])
    expect(appended([1, 2], 3)).toEqual([1, 2, 3])
    expect(pushed([1], 2)).toEqual([1, 2])
    const none: number[] = []
    expect([pushed(none, 1), none]).toEqual([[1], []])
    expect(listWith(8, 'a').flatMap((thing, at) => [[at, thing]])).toEqual([[8, 'a']])
    expect(roomForOne()).toEqual([])
  })
})
