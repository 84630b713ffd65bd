import { type FaultSpec, parking, type RunResult, SimError, service, text, topic } from 'faultline'
import { describe, expect, it } from 'vitest'
import type { ParkingOptions } from '../../../sim/patterns/parking.ts'
import { allStruck, courier, recordsOf, violated } from '../../fixtures/courier.ts'
import { failsUntil, MISTAKEN_REDRIVES, six, TWO } from '../../fixtures/mistaken-redrives.ts'
import { complaintOf, crashAt, passagesOf } from '../../fixtures/passages.ts'
import { PLAIN_MESSAGING } from '../../fixtures/stage.ts'

const QUICK = { first: '100ms', attempts: 2 }

const park = (options: Partial<ParkingOptions> = {}) => parking({ retry: QUICK, ...options })

/** Numbers of the letters in the order of their delivery. */
const delivered = (result: RunResult): number[] =>
  recordsOf(result, 'commit').flatMap(({ lane, data }) =>
    lane !== 'receiver-db'
      ? []
      : (data as readonly { table: string; after?: { number: number } }[])
          .filter(({ table }) => table === 'deliveries')
          .map(({ after }) => after?.number ?? 0),
  )

/** What is parked in the end. */
const parkedLetters = (result: RunResult): string[] => {
  const rows = new Map<unknown, string>()
  for (const { lane, data } of recordsOf(result, 'commit'))
    for (const { table, key, after } of data as readonly {
      table: string
      key: unknown
      after?: { eventId: string; status: string }
    }[])
      if (lane === 'receiver-db' && table === 'parked') {
        if (after === undefined) rows.delete(key)
        else rows.set(key, `${after.eventId.split('-').at(-1)} ${after.status}`)
      }
  return [...rows.values()]
}

describe('a parked event', () => {
  it.each([{}, { concurrency: 4, order: 'key' } as const])(
    '[FP10] keeps those of its key waiting and no others (%j)',
    async (consumer) => {
      const result = await courier({ ...TWO, consumer, failures: park(), receive: failsUntil(60_000) }, six)
      expect(delivered(result)).toEqual([4, 5, 6])
      expect(parkedLetters(result)).toEqual(['1 PARKED', '2 PARKED', '3 PARKED'])
      expect(violated(result)).toEqual(['no lost letter'])
    },
  )

  it('[FP11] is delivered again with those behind it, in their order, when an operator says so', async () => {
    const result = await courier(
      { ...TWO, failures: park(), receive: failsUntil(2_000) },
      { ...six, faults: [{ redrive: 'receiver', at: '3s' }] },
    )
    expect(delivered(result)).toEqual([4, 5, 6, 1, 2, 3])
    expect(parkedLetters(result)).toEqual([])
    expect(result.verdict).toBe('pass')
  })

  it('[FP11] that fails again is parked again with all behind it, until it is mended', async () => {
    const play = (redrives: readonly string[]) =>
      courier(
        { ...TWO, failures: park(), receive: failsUntil(8_000) },
        { ...six, faults: redrives.map((at) => ({ redrive: 'receiver', at })) },
      )
    const early = await play(['3s'])
    expect(parkedLetters(early)).toEqual(['1 PARKED', '2 PARKED', '3 PARKED'])
    expect(early.endMicros).toBeLessThan(300_000_000)
    const late = await play(['3s', '9s'])
    expect([delivered(late), late.verdict]).toEqual([[4, 5, 6, 1, 2, 3], 'pass'])
  })

  it('[FP11] keeps what comes while it is delivered again behind it', async () => {
    const result = await courier(
      { sameAddress: 40, ordered: true, failures: park(), receive: failsUntil(1_500, '20ms') },
      { workload: { orders: 40, every: '50ms' }, faults: [{ redrive: 'receiver', at: '1700ms' }] },
    )
    expect(delivered(result)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
    expect(result.verdict).toBe('pass')
  })

  it('[FP12] survives a crash before and after every step, parked and delivered again', async () => {
    const play = (faults: readonly FaultSpec[]) =>
      courier(
        { sameAddress: 3, ordered: true, failures: park({ again: '2s' }), receive: failsUntil(1_500) },
        {
          workload: { orders: 3, every: '100ms' },
          cluster: { kafka: { 'session.timeout.ms': 6_000 } },
          // Once more for what only then had been parked.
          faults: [...faults, ...['2s', '20s'].map((at) => ({ redrive: 'receiver', at }))],
        },
      )
    const calm = await play([])
    expect(calm.verdict).toBe('pass')
    const places = passagesOf(calm).filter(({ step }) => step.startsWith('receiver.'))
    const steps = new Set(places.map(({ step }) => step))
    for (const step of [
      'receiver.redrive publish LetterSent',
      'receiver.LetterSent parked.insert',
      'receiver.operator parked.update',
    ])
      expect(steps).toContain(step)
    const harmful: string[] = []
    for (const place of places) {
      // An operator works for no letter.
      const { of, ...crash } = crashAt(place)
      const fault = of?.startsWith('letter') === true ? { ...crash, of } : crash
      const wrong = complaintOf(await play([fault as FaultSpec]))
      if (wrong !== undefined) harmful.push(`${JSON.stringify(place)}: ${wrong}`)
    }
    expect(harmful).toEqual([])
    expect(places.length).toBeGreaterThan(40)
  })
})

describe('a mistaken redrive', () => {
  it.each(MISTAKEN_REDRIVES)('[FP13] $what', async ({ what: _, wrong, options, breaks, ...input }) => {
    const play = (policy: Partial<ParkingOptions>) =>
      courier(
        { ...TWO, receive: failsUntil(2_000), failures: park(policy), ...options },
        { ...six, faults: [{ redrive: 'receiver', at: '3s' }], ...input },
      )
    const broken = await play(wrong)
    expect([violated(broken), allStruck(broken)]).toEqual([breaks, true])
    // A crash may take the operator's word with it: it is given again.
    const again = [
      ...(input.faults ?? []),
      { redrive: 'receiver', at: '3s' },
      { redrive: 'receiver', at: '30s' },
    ]
    const clean = await courier(
      { ...TWO, receive: failsUntil(2_000), failures: park(), ...options },
      { ...six, ...input, faults: again },
    )
    expect([clean.verdict, violated(clean), allStruck(clean)]).toEqual(['pass', [], true])
  })

  it('[FP13] that sends again whatever fails again never ends', async () => {
    const tries = async (redrive: 'in-order' | 'endless'): Promise<number> => {
      const result = await courier(
        { ...TWO, failures: park({ redrive }), receive: failsUntil(600_000) },
        { ...six, faults: [{ redrive: 'receiver', at: '3s' }], budget: { time: '2m' } },
      )
      return recordsOf(result, 'failed').length
    }
    expect(await tries('in-order')).toBe(4)
    expect(await tries('endless')).toBeGreaterThan(100)
  })

  it('[FP13] whose copies are for all is heard by every subscriber (Z86), the right one by its own service alone', async () => {
    const heard = async (copiesFor: 'own' | 'every-subscriber'): Promise<number> => {
      let count = 0
      const letters = topic('letters', { partitions: 3, key: 'address' })
      const archive = service('archive', PLAIN_MESSAGING, ({ on }) => {
        on(letters.event('LetterSent', { letterId: text, address: text }), async ({ letterId }) => {
          if (letterId === 'letter-1') count++
        })
      })
      await courier(
        { ...TWO, services: [archive], failures: park({ copiesFor }), receive: failsUntil(2_000) },
        { ...six, faults: [{ redrive: 'receiver', at: '3s' }] },
      )
      return count
    }
    expect(await heard('own')).toBe(1)
    expect(await heard('every-subscriber')).toBe(2)
  })
})

describe('parking', () => {
  it('[FP10] is refused for handlers of batches, which would take events of several keys', async () => {
    const result = await courier({
      failures: park(),
      receiveBatch: { size: 3, handler: async () => {} },
    })
    expect(result.reason).toContain('service receiver handles LetterSent in batches')
    expect(() => park({ again: '0ms' })).toThrow(SimError)
  })

  it('[F29] is what a redrive needs, unless an outbox parks', async () => {
    const result = await courier({ outbox: 'dual-write' }, { faults: [{ redrive: 'receiver', at: '1s' }] })
    expect(result).toMatchObject({ verdict: 'error', failureCode: 'definition' })
    expect(result.reason).toContain('service receiver keeps nothing that could be delivered or sent again')
  })
})
