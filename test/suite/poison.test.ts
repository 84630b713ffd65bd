import type { FaultSpec, RunResult } from 'faultline'
import { describe, expect, it } from 'vitest'
import { type Courier, courier, POISONED, recordsOf } from '../fixtures/courier.ts'
import { crashAt, passagesOf } from '../fixtures/passages.ts'
import { aside, changesOf, RELAYS, taken } from '../fixtures/poisoned-relays.ts'
import { RIGHT_RELAYS } from '../fixtures/variants.ts'

/** Letters 1 to 3 to one address, those after them to another; no broker takes the second. */
const play = (relay: Partial<Courier>, orders = 6, faults: readonly FaultSpec[] = []): Promise<RunResult> =>
  courier(
    { sameAddress: 3, poison: 2, ...relay },
    { ...POISONED, workload: { orders, every: '200ms' }, budget: { time: '3m' }, faults },
  )

/** The letters that are neither where they should be, nor unknown to their sender: `3 sent`. */
const misplaced = (result: RunResult, relay: Partial<Courier>, ordered: boolean): string[] => {
  const table = relay.sorter === undefined ? 'sent' : 'sorted'
  const known = changesOf(result, table).map(({ after }) => Number(after.letterId.slice('letter-'.length)))
  const [sent, left] = [taken(result, relay), aside(result)]
  return known.flatMap((number) => {
    const isAside = left.includes(`${number} PARKED`)
    const isBehind = ordered && number === 3 && known.includes(2)
    const isRight = number === 2 || isBehind ? isAside && !(number in sent) : number in sent && !isAside
    return isRight ? [] : [`${number} ${isAside ? 'set aside' : number in sent ? 'sent' : 'nowhere'}`]
  })
}

const failures = (result: RunResult): number => recordsOf(result, 'failed').length

const KEY = { 1: 1, 4: 1, 5: 1, 6: 1 }
const ROW = { ...KEY, 3: 1 }

describe('an event that no broker will ever take', () => {
  it('[O10] is put to every relay', () => {
    const names = (relays: readonly { readonly name: string }[]) => relays.map(({ name }) => name).sort()
    expect(names(RELAYS)).toEqual(names(RIGHT_RELAYS))
  })

  it.each(RELAYS)('[O10] is set aside by the relay $name, which rests then', async ({ make, ordered }) => {
    const relay = make()
    const result = await play(relay)
    expect(taken(result, relay)).toEqual(ordered ? KEY : ROW)
    expect(aside(result)).toEqual(ordered ? ['2 PARKED', '3 PARKED'] : ['2 PARKED'])
    expect([failures(result), result.reason]).toEqual([0, undefined])
    const logged = recordsOf(result, 'log').filter(({ data }) =>
      JSON.stringify(data).includes('outbox row parked'),
    )
    expect(logged).toHaveLength(1)
  })

  it.each(RELAYS)('[O10] may be passed over by the relay $name, or dropped', async ({ make }) => {
    for (const [policy, left] of [
      ['park-row', '2 PARKED'],
      ['drop', '2 DROPPED'],
    ] as const) {
      const relay = make(policy as never)
      const result = await play(relay)
      expect(taken(result, relay)).toEqual(ROW)
      expect(aside(result)).toEqual([left])
      expect([failures(result), result.reason]).toEqual([0, undefined])
    }
  })

  it.each(RELAYS)(
    '[O10] that the relay $name tries for ever is tried every second or two',
    async ({ make }) => {
      const relay = make('block' as never)
      const result = await play(relay)
      expect(aside(result)).toEqual([])
      expect(Object.keys(taken(result, relay))).not.toContain('2')
      // Three minutes, of two relays where there are two.
      expect(failures(result)).toBeGreaterThan(10)
      expect(failures(result)).toBeLessThan(360)
    },
  )

  it.each(RELAYS)('[O10] is lost from sight by no crash of the relay $name', async ({ make, ordered }) => {
    const places = passagesOf(await play(make(), 4)).filter(({ step }) => !step.startsWith('receiver'))
    expect(places.length).toBeGreaterThan(10)
    const harmful: string[] = []
    for (const place of places) {
      const relay = make()
      const wrong = misplaced(await play(relay, 4, [crashAt(place)]), relay, ordered)
      if (wrong.length > 0) harmful.push(`${JSON.stringify(place)}: ${wrong}`)
    }
    expect(harmful).toEqual([])
  })
})
