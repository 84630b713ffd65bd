import { describe, expect, it } from 'vitest'
import { type Death, type DiscardReason, isDeathCycle, withDeath } from '../../../sim/queue/message.ts'

const deathsOf = (...deaths: readonly (readonly [string, DiscardReason])[]): readonly Death[] =>
  deaths.reduce<readonly Death[]>(
    (before, [queue, reason], index) => withDeath(before, queue, reason, index),
    [],
  )

/** RabbitMQ, "Dead Letter Exchanges": the x-death header; `mc_compat` and `mc` of its source. */
describe('the deaths of a message', () => {
  it('[QU9] are told with the last one first', () => {
    expect(deathsOf(['a', 'expired'], ['b', 'rejected'])).toEqual([
      { queue: 'b', reason: 'rejected', count: 1, atMicros: 1 },
      { queue: 'a', reason: 'expired', count: 1, atMicros: 0 },
    ])
  })

  it('[QU9] are counted by queue and reason, and keep the moment of the first', () => {
    expect(deathsOf(['a', 'expired'], ['b', 'rejected'], ['a', 'expired'], ['a', 'rejected'])).toEqual([
      { queue: 'a', reason: 'rejected', count: 1, atMicros: 3 },
      { queue: 'a', reason: 'expired', count: 2, atMicros: 0 },
      { queue: 'b', reason: 'rejected', count: 1, atMicros: 1 },
    ])
  })

  it.each<[boolean, string, readonly (readonly [string, DiscardReason])[]]>([
    [false, 'a', []],
    [true, 'a', [['a', 'expired']]],
    [
      true,
      'a',
      [
        ['a', 'expired'],
        ['b', 'delivery_limit'],
      ],
    ],
    [
      false,
      'c',
      [
        ['a', 'expired'],
        ['b', 'expired'],
      ],
    ],
    [
      false,
      'a',
      [
        ['a', 'expired'],
        ['b', 'rejected'],
      ],
    ],
    [
      false,
      'a',
      [
        ['a', 'rejected'],
        ['b', 'expired'],
      ],
    ],
    [
      true,
      'b',
      [
        ['a', 'rejected'],
        ['b', 'expired'],
      ],
    ],
  ])(
    '[QU9] make a circle (%s) of queue %s and %j, unless somebody rejected it since',
    (circle, queue, deaths) => {
      expect(isDeathCycle(queue, deathsOf(...deaths))).toBe(circle)
    },
  )
})
