import type { FaultSpec, RunResult } from 'faultline'
import { describe, expect, it } from 'vitest'
import { consumerDriven } from '../../sim/patterns/consumer-driven.ts'
import { cdcRelay } from '../../sim/patterns/relay-cdc.ts'
import { groupLockRelay } from '../../sim/patterns/relay-group-lock.ts'
import { statusRelay } from '../../sim/patterns/relay-status.ts'
import { allStruck, type Courier, courier, POISONED, violated } from '../fixtures/courier.ts'
import { complaintOf, crashAt, type Passage, passagesOf, triggerOf } from '../fixtures/passages.ts'
import { aside, RELAYS, taken } from '../fixtures/poisoned-relays.ts'

/** Letters are sent in turns to as many addresses as they need; no broker takes the second before it is mended. */
const TRAFFIC = { sameAddress: 3, poison: 2 } as const

/** Whose outbox it is. */
const ownerOf = ({ sorter }: Partial<Courier>): string => (sorter === undefined ? 'sender' : 'sorter')

/** An operator makes the letter that no broker takes small enough, in its row. */
const mended = (relay: Partial<Courier>, at: string): FaultSpec => ({
  edit: `${ownerOf(relay)}-db`,
  table: 'outbox',
  where: { correlationId: 'letter-2' },
  set: { 'event.data.letterId': 'letter-2' },
  at,
})

const redriven = (relay: Partial<Courier>, at: string): FaultSpec => ({ redrive: ownerOf(relay), at })

const play = (
  relay: Partial<Courier>,
  {
    orders = 6,
    faults = [],
    every = '200ms',
  }: { orders?: number; every?: string; faults?: readonly FaultSpec[] },
): Promise<RunResult> =>
  courier(
    { ...TRAFFIC, ...relay },
    {
      cluster: { kafka: { ...POISONED.cluster.kafka, 'session.timeout.ms': 6_000 } },
      workload: { orders, every },
      budget: { time: '5m' },
      faults,
    },
  )

const ONCE = { 1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1 }

describe('what is parked in an outbox', () => {
  it.each(RELAYS)(
    '[O12] is sent again by the relay $name when an operator says so',
    async ({ make, ordered }) => {
      const relay = { ...make(), ordered }
      const result = await play(relay, { faults: [mended(relay, '5s'), redriven(relay, '6s')] })
      expect([taken(result, relay), aside(result), result.verdict]).toEqual([ONCE, [], 'pass'])
    },
  )

  it.each(RELAYS)(
    '[O12] is parked again by the relay $name when it fails again, with all behind it',
    async ({ make, ordered }) => {
      const relay = { ...make(), ordered }
      const early = await play(relay, { faults: [redriven(relay, '6s')] })
      expect(aside(early)).toEqual(ordered ? ['2 PARKED', '3 PARKED'] : ['2 PARKED'])
      const late = await play(relay, {
        faults: [redriven(relay, '6s'), mended(relay, '8s'), redriven(relay, '9s')],
      })
      expect([taken(late, relay), aside(late), late.verdict]).toEqual([ONCE, [], 'pass'])
    },
  )

  it.each(RELAYS)(
    '[O12] goes before what the relay $name comes to meanwhile, whenever that is',
    async ({ make, ordered }) => {
      const run = (at?: object) => {
        const relay = { ...make(), ordered, sameAddress: 50 }
        const faults = [mended(relay, '500ms'), { ...redriven(relay, '600ms'), ...at }]
        return play(relay, { orders: 50, every: '20ms', faults: at === undefined ? [] : faults })
      }
      const moments = passagesOf(await run()).filter(
        (place) => isSendersOwn(place) && place.of === 'letter-31',
      )
      expect(moments.length).toBeGreaterThan(2)
      for (const at of [{}, ...moments.map(triggerOf)]) {
        const result = await run(at)
        expect([at, violated(result), aside(result), allStruck(result)]).toEqual([at, [], [], true])
      }
    },
  )

  it('[O12] is sent by relays that lock the rows of a transaction, whichever of them comes to which first', async () => {
    const relay = { relay: groupLockRelay({ group: 'transaction', relays: 3 }), sameAddress: 6 }
    const faults = [mended(relay, '5s'), redriven(relay, '6s')]
    const result = await play(relay, { faults })
    expect([taken(result, relay), aside(result), violated(result)]).toEqual([ONCE, [], []])
  })

  it('[O12] leaves nothing parked that an instance took for one that waits, though the relay was quicker', async () => {
    const relay = { sorter: consumerDriven(), ordered: true, sameAddress: 50 }
    const letter = { of: 'letter-31' }
    const result = await play(relay, {
      orders: 50,
      every: '20ms',
      faults: [
        mended(relay, '500ms'),
        { redrive: 'sorter', at: 'after sorter.LetterSent outbox.select', nth: 2, ...letter },
        {
          slow: ['sorter', 'sorter-db'],
          by: '500ms',
          for: '1s',
          at: 'before sorter.LetterSent outbox.update',
          ...letter,
        },
      ],
    })
    expect([violated(result), aside(result), allStruck(result)]).toEqual([[], [], true])
  })

  it('[O12] goes before what a snapshot of a change data capture has found behind it', async () => {
    const relay = { relay: cdcRelay(), ordered: true, sameAddress: 6 }
    const faults = [{ dropSlots: 'sender-db', at: '700ms' }, mended(relay, '5s'), redriven(relay, '6s')]
    const result = await play(relay, { faults })
    expect([violated(result), aside(result), allStruck(result)]).toEqual([[], [], true])
  })

  it.each(RELAYS)(
    '[O12] is neither lost nor overtaken nor delivered twice in a crash of the relay $name or of who works for the operator',
    async ({ make, ordered }) => {
      const run = (relay: Partial<Courier>, faults: readonly FaultSpec[]) =>
        // When whoever has crashed has its partitions back, and has parked what it must.
        play(relay, { orders: 4, faults: [...faults, mended(relay, '14s'), redriven(relay, '15s')] })
      const relay = { ...make(), ordered }
      const places = passagesOf(await run(relay, [])).filter(isSendersOwn)
      const steps = new Set(places.map(({ step }) => step))
      expect([...steps].filter((step) => step.includes('.operator '))).not.toEqual([])
      expect(places.length).toBeGreaterThan(20)
      const harmful: string[] = []
      for (const place of places) {
        const again = { ...make(), ordered }
        const result = await run(again, [crashOf(place)])
        const wrong = complaintOf(result) ?? (aside(result).length > 0 ? `${aside(result)}` : undefined)
        if (wrong !== undefined) harmful.push(`${JSON.stringify(place)}: ${wrong}`)
      }
      expect(harmful).toEqual([])
    },
  )

  it.each(RELAYS)(
    '[O12] is sent by the next life of the relay $name, without another word of the operator',
    async ({ make, ordered }) => {
      const run = (faults: readonly FaultSpec[]) => {
        const relay = { ...make(), ordered }
        return play(relay, {
          orders: 4,
          faults: [...faults, mended(relay, '3s'), redriven(relay, '4s')],
        })
      }
      const places = passagesOf(await run([])).filter(({ step }) => /^(sender|sorter)\.relay /.test(step))
      expect(places.length).toBeGreaterThan(10)
      const harmful: string[] = []
      for (const place of places) {
        const result = await run([crashOf(place)])
        const wrong = complaintOf(result) ?? (aside(result).length > 0 ? `${aside(result)}` : undefined)
        if (wrong !== undefined) harmful.push(`${JSON.stringify(place)}: ${wrong}`)
      }
      expect(harmful).toEqual([])
    },
  )
})

/** A step of whoever sends, and not of who mends rows by hand. */
const isSendersOwn = ({ step }: Passage): boolean => /^(sender|sorter)\./.test(step)

/** An operator works for no letter. */
const crashOf = (place: Passage): FaultSpec => {
  const { of, ...crash } = crashAt(place)
  return (of?.startsWith('letter') === true ? { ...crash, of } : crash) as FaultSpec
}

describe('a redrive of an outbox', () => {
  it('[O12] of rows whose successors went on without them (Z51) breaks the order of their key, that of a key does not', async () => {
    const broken = async (poison: 'park-key' | 'park-row') => {
      const relay = { relay: statusRelay({ poison }), ordered: true }
      const result = await play(relay, { faults: [mended(relay, '5s'), redriven(relay, '6s')] })
      return [violated(result), allStruck(result)]
    }
    expect(await broken('park-row')).toEqual([['letters in order'], true])
    expect(await broken('park-key')).toEqual([[], true])
  })

  it('[O12] of rows whose ids are made when they are sent (Z12) delivers twice what a crash leaves unmarked', async () => {
    const broken = async (identity: 'at-send' | 'with-the-fact') => {
      const relay = { relay: statusRelay({ identity }), ordered: true }
      const crash = { crash: 'sender-relay', at: 'after sender.relay outbox.send', nth: 7, restart: '300ms' }
      const result = await play(relay, { faults: [crash, mended(relay, '5s'), redriven(relay, '6s')] })
      return [violated(result), allStruck(result)]
    }
    expect(await broken('at-send')).toEqual([['no double delivery'], true])
    expect(await broken('with-the-fact')).toEqual([[], true])
  })

  it.each(['block', 'drop'] as const)('[F29] is refused where the policy is to %s', async (poison) => {
    const result = await play(
      { relay: statusRelay({ poison }) },
      { faults: [{ redrive: 'sender', at: '5s' }] },
    )
    expect(result).toMatchObject({ verdict: 'error', failureCode: 'definition' })
    expect(result.reason).toContain('service sender keeps nothing that could be delivered or sent again')
  })
})
