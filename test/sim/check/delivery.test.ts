import { appliedInOrder, effectsOf, factsOf, oneFactPerId } from 'faultline'
import { describe, expect, it } from 'vitest'
import { breachesOf } from '../../fixtures/books.ts'

const facts = factsOf({ name: 'sender' })
const effects = effectsOf({ name: 'receiver' })
const fact = (number: number, eventType = 'Sent') => ({
  eventId: `e${number}`,
  eventType,
  topic: 'letters',
  key: 'k',
  number,
  atMicros: number * 1e6,
})
const effect = (eventId: string, writes = 1) => ({ eventId, key: 'k', writes })
const said = (gaps: 'allowed' | 'refused', ...applied: readonly ReturnType<typeof effect>[]) =>
  breachesOf(appliedInOrder({ facts, effects, gaps, types: [{ name: 'Sent' }] }), [
    [facts, [fact(1), fact(2), fact(3, 'Other'), fact(4)]],
    [effects, applied],
  ])

describe('facts of a key', () => {
  it('[PL13] have their first effects in order, however often they come', () => {
    expect(said('allowed', effect('e1'), effect('e2'), effect('e1'), effect('e4'))).toEqual([])
    expect(said('allowed', effect('e1'), effect('e4', 0), effect('e2'))).toEqual([])
    expect(said('refused', effect('e1'), effect('e2'), effect('e4'))).toEqual([])
  })

  it('[PL13] that overtake each other are found, and gaps where they are refused', () => {
    const overtaken = ['e2 had its effect before e1, which was committed earlier']
    expect(said('allowed', effect('e2'), effect('e1'))).toEqual(overtaken)
    expect(said('allowed', effect('e2'))).toEqual([])
    expect(said('refused', effect('e2'))).toEqual(overtaken)
  })

  it('[PL14] have an id each', () => {
    const one = oneFactPerId({ facts })
    expect(breachesOf(one, [[facts, [fact(1), fact(2)]]])).toEqual([])
    expect(breachesOf(one, [[facts, [fact(1), fact(1)]]])).toEqual([
      'e1 was committed 2 times: 1.000 s, 1.000 s',
    ])
  })
})
