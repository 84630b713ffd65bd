import type { FaultSpec } from 'faultline'
import { describe, expect, it } from 'vitest'
import { consumerDriven } from '../../sim/patterns/consumer-driven.ts'
import type { Relay } from '../../sim/patterns/relay.ts'
import { cdcRelay } from '../../sim/patterns/relay-cdc.ts'
import { leaseRelay } from '../../sim/patterns/relay-lease.ts'
import { appended, courier, violated } from '../fixtures/courier.ts'
import { MISTAKEN_RELAYS } from '../fixtures/mistaken-relays.ts'
import { complaintOf, crashAt, passagesOf } from '../fixtures/passages.ts'
import { RIGHT_RELAYS } from '../fixtures/variants.ts'

const workload = { orders: 4, every: '30ms' }

describe('one crash at every place', () => {
  it.each(RIGHT_RELAYS)('[O7] leaves the relay $name clean', async ({ make, ordered }) => {
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
  })
})

describe('a mistaken relay', () => {
  it.each(MISTAKEN_RELAYS)('[O8] $what', async ({ wrong, right, options, breaks, what: _, ...input }) => {
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
  it('[O7] sends what it may have missed when its slot is gone, wherever it dies over that', async () => {
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
