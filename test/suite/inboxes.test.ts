import {
  type FaultSpec,
  inbox,
  leaseInbox,
  naturalKeyInbox,
  type ScenarioInput,
  sequenceInbox,
  windowInbox,
} from 'faultline'
import { describe, expect, it } from 'vitest'
import type { Inbox } from '../../sim/service/component.ts'
import { allStruck, type Courier, courier, LetterSent, violated } from '../fixtures/courier.ts'
import { complaintOf, crashAt, passagesOf } from '../fixtures/passages.ts'
import { letterOf, numberOf, RIGHT_INBOXES } from '../fixtures/variants.ts'

const workload = { orders: 3, every: '30ms' }
const kafka = { 'session.timeout.ms': 6_000, 'heartbeat.interval.ms': 2_000 }

describe('one fault at every place', () => {
  it.each(Object.entries(RIGHT_INBOXES))(
    '[I5] leaves the inbox %s clean',
    { timeout: 120_000 },
    async (_name, make) => {
      const stage = (faults: readonly FaultSpec[]) =>
        courier({ inbox: make(), sameAddress: 3, ordered: true }, { workload, cluster: { kafka }, faults })
      const clean = await stage([])
      expect(clean.verdict).toBe('pass')
      const places = passagesOf(clean).filter(({ step }) => step.startsWith('receiver.'))
      expect(places.length).toBeGreaterThan(15)
      const harmful: string[] = []
      for (const place of places) {
        const fault = crashAt(place)
        const wrong = complaintOf(await stage([fault]))
        if (wrong !== undefined) harmful.push(`${JSON.stringify(fault)}: ${wrong}`)
      }
      const again = await stage([{ redeliver: 'receiver', records: 3, at: '5s' }])
      expect([again.verdict, allStruck(again)]).toEqual(['pass', true])
      expect(harmful).toEqual([])
    },
  )
})

const DOUBLE = ['no double delivery']
const LOST = ['no lost letter']

/** Who handles letter 2 stands still until somebody else has its partition, and goes on then. */
const zombie: Partial<ScenarioInput> = {
  cluster: { kafka },
  faults: [
    { pause: 'receiver', at: 'before receiver.LetterSent deliveries.insert', of: 'letter 2', for: '30s' },
  ],
}

/** What each mistake breaks, by an explicit schedule; and the right form under the same one. */
const MISTAKES: readonly (Partial<ScenarioInput> & {
  readonly what: string
  readonly wrong: () => Inbox
  readonly right: () => Inbox
  readonly options?: Courier
  readonly breaks: readonly string[]
})[] = [
  {
    what: 'a lease without a fence: who has lost the claim has its effect all the same (Z37)',
    wrong: () => leaseInbox({ lease: '2s', fenced: false }),
    right: () => leaseInbox({ lease: '2s' }),
    options: { receivers: 2 },
    ...zombie,
    breaks: DOUBLE,
  },
  {
    what: 'no inbox: both have their effect (Z46)',
    wrong: () => inbox('none'),
    right: () => inbox('pessimistic'),
    options: { receivers: 2 },
    ...zombie,
    breaks: DOUBLE,
  },
  {
    what: 'a window shorter than the time until redelivery (Z40)',
    wrong: () => windowInbox({ keeps: '10s' }),
    right: () => windowInbox({ keeps: '10m' }),
    faults: [{ redeliver: 'receiver', at: '1m' }],
    breaks: DOUBLE,
  },
  {
    what: 'a memory that dies in a crash (I8)',
    wrong: () => inbox('in-memory'),
    right: () => inbox('same-transaction'),
    cluster: { kafka },
    faults: [{ crash: 'receiver', at: 'before receiver.LetterSent offsets.commit', restart: '300ms' }],
    breaks: DOUBLE,
  },
  {
    what: 'a natural key that two facts share swallows the second (I7)',
    wrong: () => naturalKeyInbox(({ aggregateId }) => aggregateId),
    right: () => naturalKeyInbox(letterOf),
    options: { sameAddress: 3 },
    breaks: LOST,
  },
  {
    what: 'a sequence that accepts gaps drops what comes late (I6)',
    wrong: () => sequenceInbox({ sequenceOf: numberOf, gaps: 'skip' }),
    right: () => inbox('same-transaction'),
    options: {
      sameAddress: 3,
      send: () => async (letter, ctx) => {
        await ctx.transaction(async (tx) => {
          await tx.publish(LetterSent, letter)
          if (letter.number === 1) await ctx.sleep('500ms')
          await tx.sent.insert({ letterId: letter.letterId })
        })
      },
    },
    breaks: LOST,
  },
]

describe('a mistaken inbox', () => {
  it.each(MISTAKES)('[I6] $what', async ({ what: _, wrong, right, options, breaks, ...input }) => {
    const play = (recognising: Inbox) => courier({ ...options, inbox: recognising }, { workload, ...input })
    expect(violated(await play(wrong()))).toEqual(breaks)
    const clean = await play(right())
    expect([clean.verdict, violated(clean), allStruck(clean)]).toEqual(['pass', [], true])
  })
})
