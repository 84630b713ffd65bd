import { describe, expect, it } from 'vitest'
import { Entity } from '../../../sim/kernel/choice.ts'
import { Trace } from '../../../sim/kernel/trace.ts'
import { partingOf } from '../../../sim/report/parting.ts'

/** A trace in which users log these words for a car, each at its second. */
function telling(...words: readonly (readonly [atSeconds: number, message: string, car?: string])[]): Trace {
  const trace = new Trace()
  for (const [atSeconds, message, car = 'car-1'] of words)
    trace.append(atSeconds * 1_000_000, 'log', 'booth-1', new Entity(car, []), 0, 0, { message })
  return trace
}

describe('where two runs part', () => {
  it.each([
    ['nowhere when they tell the same', telling([1, 'a'], [2, 'b']), undefined],
    ['nowhere when it is a little later', telling([1.2, 'a'], [2.9, 'b']), undefined],
    [
      'where something else happens',
      telling([1, 'a'], [2, 'c'], [3, 'b']),
      { here: { atMicros: 2_000_000, text: "booth-1 logged 'c'" }, there: { text: "booth-1 logged 'b'" } },
    ],
    [
      'where the same happens much later',
      telling([1, 'a'], [99, 'b']),
      { here: { atMicros: 99_000_000 }, there: { atMicros: 2_000_000 } },
    ],
    ['where one tells no more', telling([1, 'a']), { here: undefined, there: { atMicros: 2_000_000 } }],
    ['only in what is told of the order', telling([1, 'a'], [1.5, 'x', 'car-2'], [2, 'b']), undefined],
  ])('[X14] is %s', (_where, failing, expected) => {
    const parting = partingOf(failing, telling([1, 'a'], [2, 'b']), 'car-1')
    if (expected === undefined) expect(parting).toBeUndefined()
    else expect(parting).toMatchObject(expected)
  })
})
