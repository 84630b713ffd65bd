import type { FaultSpec, ScenarioInput } from 'faultline'
import { describe, expect, it } from 'vitest'
import { consumerDriven } from '../../sim/patterns/consumer-driven.ts'
import type { Relay } from '../../sim/patterns/relay.ts'
import { cdcRelay } from '../../sim/patterns/relay-cdc.ts'
import { cursorRelay } from '../../sim/patterns/relay-cursor.ts'
import { deleteRelay } from '../../sim/patterns/relay-delete.ts'
import { horizonRelay } from '../../sim/patterns/relay-horizon.ts'
import { immediateRelay } from '../../sim/patterns/relay-immediate.ts'
import { leaseRelay } from '../../sim/patterns/relay-lease.ts'
import { skipLockedRelay } from '../../sim/patterns/relay-skip-locked.ts'
import { statusRelay } from '../../sim/patterns/relay-status.ts'
import { appended, type Courier, courier, LetterSent, violated } from '../fixtures/courier.ts'
import { complaintOf, crashAt, passagesOf } from '../fixtures/passages.ts'
import { RIGHT_RELAYS } from '../fixtures/variants.ts'

const workload = { orders: 4, every: '30ms' }

describe('one crash at every place', () => {
  it.each(RIGHT_RELAYS)(
    '[O7] leaves the relay $name clean',
    { timeout: 120_000 },
    async ({ make, ordered }) => {
      const stage = (faults: readonly FaultSpec[]) =>
        courier({ ...make(), ordered, sameAddress: 2 }, { workload, faults })
      const clean = await stage([])
      expect(clean.verdict).toBe('pass')
      const places = passagesOf(clean)
      expect(places.length).toBeGreaterThan(20)
      const harmful: string[] = []
      for (const place of places) {
        const fault = crashAt(place)
        const wrong = complaintOf(await stage([fault]))
        if (wrong !== undefined) harmful.push(`${JSON.stringify(fault)}: ${wrong}`)
      }
      expect(harmful).toEqual([])
      console.info(`a crash at each of ${places.length} points`)
    },
  )
})

/** A sender whose first letter takes its time between publishing and committing. */
const lateCommitter =
  (delay: string): NonNullable<Courier['send']> =>
  () =>
  async (letter, ctx) => {
    await ctx.transaction(async (tx) => {
      await tx.publish(LetterSent, letter)
      if (letter.number === 1) await ctx.sleep(delay)
      await tx.sent.insert({ letterId: letter.letterId })
    })
  }

/** What each mistake breaks, by an explicit schedule; and the right form under the same one. */
const MISTAKES: readonly (Partial<ScenarioInput> & {
  readonly what: string
  readonly wrong: () => Relay
  readonly right: () => Relay
  readonly options?: Courier
  readonly breaks: readonly string[]
})[] = [
  {
    what: 'a cursor that ignores gaps loses what commits late (Z01)',
    wrong: () => cursorRelay({ gaps: 'ignored' }),
    right: () => cursorRelay(),
    options: { send: lateCommitter('500ms') },
    breaks: ['no lost letter'],
  },
  {
    what: 'a gap time-out shorter than a transaction loses it',
    wrong: () => cursorRelay({ gaps: { timeOut: '100ms' } }),
    right: () => cursorRelay({ gaps: { timeOut: '1s' } }),
    options: { send: lateCommitter('500ms') },
    breaks: ['no lost letter'],
  },
  {
    what: 'a relay that marks before it sends loses what it was sending when it died (Z09)',
    wrong: () => statusRelay({ mark: 'before-send' }),
    right: () => statusRelay(),
    faults: [{ crash: 'sender-relay', at: 'before sender.relay outbox.send', restart: '300ms' }],
    breaks: ['no lost letter'],
  },
  {
    what: 'a relay that deletes before it sends loses what it was sending when it died (Z09)',
    wrong: () => deleteRelay({ mark: 'before-send' }),
    right: () => deleteRelay(),
    faults: [{ crash: 'sender-relay', at: 'before sender.relay outbox.send', restart: '300ms' }],
    breaks: ['no lost letter'],
  },
  {
    what: 'an id made when it is sent defeats every inbox (Z12)',
    wrong: () => statusRelay({ identity: 'at-send' }),
    right: () => statusRelay(),
    faults: [{ crash: 'sender-relay', at: 'after sender.relay outbox.send', restart: '300ms' }],
    breaks: ['no double delivery'],
  },
  {
    what: 'a cursor over transaction ids without the horizon loses what commits late (Z01)',
    wrong: () => horizonRelay({ bound: 'none' }),
    right: () => horizonRelay(),
    options: { send: lateCommitter('500ms') },
    breaks: ['no lost letter'],
  },
  {
    what: 'a cursor without gaps needs appenders that wait for each other (O3c)',
    wrong: () => cursorRelay({ gaps: 'ignored' }),
    right: () => cursorRelay({ gaps: 'serialised' }),
    options: { send: lateCommitter('500ms') },
    breaks: ['no lost letter'],
  },
  {
    what: 'locks of a statement of its own claim nothing (Z06)',
    wrong: () => skipLockedRelay({ locks: 'statement' }),
    right: () => skipLockedRelay(),
    options: { inbox: 'none' },
    breaks: ['no double delivery'],
  },
  {
    what: 'a lease given up before the acknowledgement makes the next leader send again (Z24)',
    wrong: () => leaseRelay({ release: 'after-send' }),
    right: () => leaseRelay(),
    options: { inbox: 'none' },
    breaks: ['no double delivery'],
  },
  {
    what: 'a position confirmed before the acknowledgement loses what was being sent (Z09)',
    wrong: () => cdcRelay({ confirm: 'before-send' }),
    right: () => cdcRelay(),
    faults: [{ crash: 'sender-relay', at: 'before sender.relay outbox.send', restart: '300ms' }],
    breaks: ['no lost letter'],
  },
  {
    what: 'a slot made anew begins too late for what was committed while there was none (Z29)',
    wrong: () => cdcRelay({ missingSlot: 'recreate' }),
    right: () => cdcRelay(),
    workload: { orders: 8, every: '30ms' },
    faults: [{ dropSlots: 'sender-db', at: '60ms' }],
    breaks: ['no lost letter'],
  },
  {
    what: 'a lost slot that nobody makes anew stops the relay for ever (Z29)',
    wrong: () => cdcRelay({ missingSlot: 'fail' }),
    right: () => cdcRelay(),
    workload: { orders: 8, every: '30ms' },
    faults: [{ dropSlots: 'sender-db', at: '60ms' }],
    budget: { time: '10m' },
    breaks: ['no lost letter'],
  },
  {
    what: 'two relays without a claim send out of order what one of them is slow to send (Z05)',
    wrong: () => statusRelay({ relays: 2 }),
    right: () => statusRelay(),
    options: { inbox: 'none' },
    breaks: ['no double delivery'],
  },
  {
    what: 'a row of the fallback that is tried too often is never polled again (Z21)',
    wrong: () => immediateRelay({ lookBack: '2s', maxAttempts: 1 }),
    right: () => immediateRelay({ lookBack: '2s' }),
    // For a minute too few replicas are in sync, from before the second letter.
    workload: { orders: 2, every: '30s' },
    cluster: {
      kafka: { 'min.insync.replicas': 2, 'delivery.timeout.ms': 1_000, 'request.timeout.ms': 500 },
    },
    faults: [2, 3].map((id) => ({ crash: `broker-${id}`, at: '1s', restart: '60s' })),
    breaks: ['no lost letter'],
  },
]

describe('a mistaken relay', () => {
  it.each(MISTAKES)('[O8] $what', async ({ wrong, right, options, breaks, what: _, ...input }) => {
    const play = (relay: Relay) => courier({ ordered: true, ...options, relay }, { workload, ...input })
    expect(violated(await play(wrong()))).toEqual(breaks)
    const clean = await play(right())
    expect([clean.verdict, violated(clean)]).toEqual(['pass', []])
  })
})

describe('a consumer-driven outbox', () => {
  it('[O8] that takes an event for handled before its outputs are dispatched loses them', async () => {
    const faults = [{ crash: 'sorter', at: 'before sorter.LetterSent outbox.send', restart: '300ms' }]
    const play = (handledWhen: 'stored' | 'dispatched') =>
      courier({ sorter: consumerDriven({ handledWhen }) }, { workload, faults })
    expect(violated(await play('stored'))).toEqual(['no lost letter'])
    expect((await play('dispatched')).verdict).toBe('pass')
  })
})

describe('a leading relay', () => {
  it('[O8] that dies is replaced when its lease has run out, and only then; or never (Z25)', async () => {
    const lastSentMillis = async (takeOver: 'expired' | 'same-owner') => {
      const faults = [
        { crash: 'sender-relay-2', at: '0ms', restart: '2s' },
        { crash: 'sender-relay-1', at: '1s', restart: '2m' },
      ]
      const result = await courier(
        { relay: leaseRelay({ takeOver }) },
        { workload: { orders: 4, every: '500ms' }, faults },
      )
      return Math.max(...appended(result).map(({ millis }) => millis))
    }
    const replaced = await lastSentMillis('expired')
    expect(replaced).toBeGreaterThan(10_000)
    expect(replaced).toBeLessThan(20_000)
    expect(await lastSentMillis('same-owner')).toBeGreaterThan(120_000)
  })
})

describe('change data capture', () => {
  it('[O7] sends what it may have missed when its slot is gone, wherever it dies over that', {
    timeout: 120_000,
  }, async () => {
    const lost = [{ dropSlots: 'sender-db', at: '60ms' }]
    const play = (faults: readonly FaultSpec[]) =>
      courier({ relay: cdcRelay(), sameAddress: 2 }, { workload, faults })
    const calm = await play(lost)
    expect(calm.verdict).toBe('pass')
    const places = passagesOf(calm).filter(({ step }) => step.startsWith('sender.relay '))
    expect(places.map(({ step }) => step)).toContain('sender.relay slot.create')
    const harmful: string[] = []
    for (const place of places) {
      const wrong = complaintOf(await play([crashAt(place), ...lost]))
      if (wrong !== undefined) harmful.push(`${JSON.stringify(place)}: ${wrong}`)
    }
    expect(harmful).toEqual([])
  })

  it('[O7] goes on where it had confirmed when its database was down', async () => {
    for (const at of ['20ms', '60ms', '110ms']) {
      const faults = [{ crash: 'sender-db', at, restart: '300ms' }]
      const result = await courier({ relay: cdcRelay() }, { workload, faults })
      expect([result.verdict, violated(result)]).toEqual(['pass', []])
    }
  })
})
