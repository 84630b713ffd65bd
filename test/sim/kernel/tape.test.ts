import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readTape, type Tape, tapeConflicts, tapeData } from '../../../sim/kernel/tape.ts'

const tapes: fc.Arbitrary<Tape> = fc
  .array(fc.tuple(fc.string(), fc.array(fc.nat(), { maxLength: 5 })), { maxLength: 8 })
  .map((lanes) => new Map(lanes))

describe('choice tape', () => {
  it('[K4] survives being written as plain data and read again', () => {
    fc.assert(
      fc.property(tapes, (tape) => {
        const read = readTape(JSON.parse(JSON.stringify(tapeData(tape))))
        expect(read).toEqual(tape)
      }),
    )
  })

  it('[K4] writes its lanes in an order that does not depend on how it came to be', () => {
    fc.assert(
      fc.property(tapes, (tape) => {
        const reversed = new Map([...tape].reverse())
        expect(JSON.stringify(tapeData(reversed))).toBe(JSON.stringify(tapeData(tape)))
      }),
    )
  })

  it.each([
    ['nothing', null],
    ['text', 'latency'],
    ['a lane that is no list', { 'work | order-1': 3 }],
    ['a choice that is no number', { 'work | order-1': [1, '2'] }],
    ['a negative choice', { 'work | order-1': [-1] }],
    ['a fraction', { 'work | order-1': [0.5] }],
  ])('[K4] %s is no tape', (_what, data) => expect(readTape(data)).toBeUndefined())

  it('[K4] conflicts are the choices that both made differently, no others', () => {
    const left = new Map([
      ['a', [1, 2, 3]],
      ['b', [7]],
      ['only left', [1]],
    ])
    const right = new Map([
      ['a', [1, 9]],
      ['b', [7, 8]],
      ['only right', [1]],
    ])
    expect(tapeConflicts(left, right)).toEqual(['a #2: 2 ≠ 9'])
    expect(tapeConflicts(left, left)).toEqual([])
  })
})
