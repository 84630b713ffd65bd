import { describe, expect, it } from 'vitest'
import { Entity } from '../../../sim/kernel/choice.ts'
import { Trace } from '../../../sim/kernel/trace.ts'
import { waitsOf } from '../../../sim/report/waiting.ts'

type Line = readonly [atSeconds: number, kind: string, lane: string, data: object, car?: string]

function written(...lines: readonly Line[]): Trace {
  const trace = new Trace()
  for (const [atSeconds, kind, lane, data, car = 'car-1'] of lines)
    trace.append(atSeconds * 1_000_000, kind, lane, new Entity(car, []), 0, 0, data)
  return trace
}

const charge = { step: 'booth.CarPassed provider.charge' }
const event = { eventType: 'CarPassed' }
const sent: Line = [1, 'append', 'roads/0', { offset: 4, value: event }]
const taken = (service: string, atSeconds: number, car?: string): Line => {
  const data = { partition: 'roads/0', offset: car === undefined ? 4 : 5, event }
  return [atSeconds, 'deliver', service, data, ...(car === undefined ? [] : [car])] as unknown as Line
}

describe('what an order waits for', () => {
  it.each<[string, Line[], string[]]>([
    [
      'nothing when all has come to its end',
      [
        [1, 'before', 'booth-1', charge],
        [2, 'after', 'booth-1', charge],
      ],
      [],
    ],
    [
      'a step that has not come to its end',
      [[1, 'before', 'booth-1', charge]],
      ['booth-1 still waits at booth.CarPassed provider.charge, since 1.000 s'],
    ],
    [
      'one that ends later',
      [
        [1, 'before', 'booth-1', charge],
        [11, 'after', 'booth-1', charge],
      ],
      ['booth-1 still waits at booth.CarPassed provider.charge, since 1.000 s'],
    ],
    [
      'not what a process waited for that died',
      [
        [1, 'before', 'booth-1', charge],
        [2, 'crash', 'booth-1', {}],
      ],
      [],
    ],
    ['not what another order waits for', [[1, 'before', 'booth-1', charge, 'car-2']], []],
    ['not an event that was taken', [sent, taken('booth-1', 2)], []],
    [
      'an event that is taken later',
      [sent, taken('booth-1', 11)],
      ['booth has still not taken CarPassed, which was sent at 1.000 s'],
    ],
    [
      'an event that is never taken by a service that takes such events',
      [sent, taken('booth-2', 3, 'car-2'), taken('gate-1', 2)],
      ['booth has still not taken CarPassed, which was sent at 1.000 s'],
    ],
  ])('[X15] is %s', (_what, lines, expected) => {
    expect(waitsOf(written(...lines), 'car-1', 10_000_000).map(({ text }) => text)).toEqual(expected)
  })
})
