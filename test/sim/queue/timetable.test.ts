import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Timetable } from '../../../sim/queue/timetable.ts'

interface Item {
  number: number
  dueMicros: number
}

describe('a timetable', () => {
  it('[QU14] gives what is due in the order of moments, then numbers, and nothing that has another moment by now', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20), fc.nat(25)), { maxLength: 40 }), (moments) => {
        const timetable = new Timetable<Item>()
        const items = moments.map(([first, then], number): Item => {
          const item = { number, dueMicros: first }
          timetable.add(item)
          // Above 20: it is due no more.
          item.dueMicros = then > 20 ? Number.POSITIVE_INFINITY : then
          if (then <= 20 && then !== first) timetable.add(item)
          return item
        })
        const expected = items
          .filter(({ dueMicros }) => dueMicros <= 20)
          .sort((left, right) => left.dueMicros - right.dueMicros || left.number - right.number)
          .map(({ number }) => number)
        const taken: number[] = []
        while (timetable.nextMicros() < Number.POSITIVE_INFINITY) {
          const at = timetable.nextMicros()
          const item = timetable.take()
          expect(item.dueMicros).toBe(at)
          item.dueMicros = Number.POSITIVE_INFINITY
          taken.push(item.number)
        }
        expect(taken).toEqual(expected)
      }),
      { numRuns: 300, seed: 1 },
    )
  })
})
