import { type FaultSpec, outbox } from 'faultline'
import { describe, expect, it } from 'vitest'
import type { Inbox } from '../../sim/service/component.ts'
import { allStruck, courier, violated } from '../fixtures/courier.ts'
import { kafka, MISTAKEN_INBOXES } from '../fixtures/mistaken-inboxes.ts'
import { complaintOf, crashAt, passagesOf } from '../fixtures/passages.ts'
import { RIGHT_INBOXES } from '../fixtures/variants.ts'

const workload = { orders: 3, every: '30ms' }

describe('one fault at every place', () => {
  it.each(Object.entries(RIGHT_INBOXES))('[I5] leaves the inbox %s clean', async (_name, make) => {
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
  })
})

describe('a mistaken inbox', () => {
  it.each(MISTAKEN_INBOXES)(
    '[I6] $what',
    async ({ what: _, wrong, right, of, beside, options, breaks, ...input }) => {
      const play = (recognising: Inbox) =>
        courier(
          {
            ...options,
            ...(beside && { services: beside(recognising) }),
            ...(of === 'sorter'
              ? { sorter: { inbox: recognising, outbox: outbox() } }
              : { inbox: recognising }),
          },
          { workload, ...input },
        )
      expect(violated(await play(wrong()))).toEqual(breaks)
      const clean = await play(right())
      expect([clean.verdict, violated(clean), allStruck(clean)]).toEqual(['pass', [], true])
    },
  )
})
