import type { FaultSpec } from 'faultline'
import { describe, expect, it } from 'vitest'
import type { Relay } from '../../sim/patterns/relay.ts'
import { cursorRelay } from '../../sim/patterns/relay-cursor.ts'
import { deleteRelay } from '../../sim/patterns/relay-delete.ts'
import { statusRelay } from '../../sim/patterns/relay-status.ts'
import { type Courier, courier, LetterSent, violated } from '../fixtures/courier.ts'
import { complaintOf, crashAt, passagesOf } from '../fixtures/passages.ts'

/** Every variant as it is right, made anew for each run. */
const RIGHT: Readonly<Record<string, () => Relay>> = {
  status: () => statusRelay(),
  delete: () => deleteRelay(),
  'cursor with gap time-out': () => cursorRelay(),
}

const workload = { orders: 4, every: '30ms' }

describe('one crash at every place', () => {
  it.each(Object.entries(RIGHT))(
    '[O7] leaves the relay %s clean',
    { timeout: 60_000 },
    async (_name, make) => {
      const stage = (faults: readonly FaultSpec[]) =>
        courier({ relay: make(), ordered: true, sameAddress: 2 }, { workload, faults })
      const clean = await stage([])
      expect(clean.verdict).toBe('pass')
      const places = passagesOf(clean)
      expect(places.some(({ step }) => step.startsWith('sender.relay '))).toBe(true)
      const harmful: string[] = []
      for (const place of places) {
        const fault = crashAt(place)
        const wrong = complaintOf(await stage([fault]))
        if (wrong !== undefined) harmful.push(`${JSON.stringify(fault)}: ${wrong}`)
      }
      expect(harmful).toEqual([])
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
const MISTAKES: readonly {
  readonly what: string
  readonly wrong: () => Relay
  readonly right: () => Relay
  readonly options?: Courier
  readonly faults?: readonly FaultSpec[]
  readonly breaks: readonly string[]
}[] = [
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
]

describe('a mistaken relay', () => {
  it.each(MISTAKES)('[O8] $what', async ({ wrong, right, options, faults = [], breaks }) => {
    const play = (relay: Relay) => courier({ ordered: true, ...options, relay }, { workload, faults })
    expect(violated(await play(wrong()))).toEqual(breaks)
    const clean = await play(right())
    expect([clean.verdict, violated(clean)]).toEqual(['pass', []])
  })
})
