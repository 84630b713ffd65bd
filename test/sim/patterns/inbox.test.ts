import { DatabaseError, type FaultSpec, INBOX_MODES, inbox } from 'faultline'
import { describe, expect, it } from 'vitest'
import { allStruck, type Courier, courier, deliver, recordsOf, violated } from '../../fixtures/courier.ts'

type Mode = (typeof INBOX_MODES)[number]

const crash = { crash: 'receiver', of: 'letter 2', restart: '300ms' }
const FAULTS: Readonly<Record<string, FaultSpec>> = {
  'a redelivery': { redeliver: 'receiver', at: '3s' },
  'a crash between claim and effect': { ...crash, at: 'before receiver deliveries.insert' },
  'a crash between effect and mark': { ...crash, at: 'after receiver.LetterSent tx.commit' },
  'a crash before the offset is committed': {
    crash: 'receiver',
    at: 'before receiver.LetterSent offsets.commit',
  },
}
/** Each letter is a batch of its own. */
const workload = { orders: 3, every: '500ms' }

const DOUBLE = ['no double delivery']
const LOST = ['no lost letter']

/** What each fault breaks in each mode. */
const OUTCOMES: readonly (readonly [Mode, string, readonly string[]])[] = [
  ['same-transaction', 'a redelivery', []],
  ['same-transaction', 'a crash between claim and effect', []],
  ['same-transaction', 'a crash between effect and mark', []],
  ['same-transaction', 'a crash before the offset is committed', []],
  ['before', 'a redelivery', []],
  ['before', 'a crash between claim and effect', LOST],
  ['before', 'a crash before the offset is committed', []],
  ['after', 'a redelivery', []],
  ['after', 'a crash between claim and effect', []],
  ['after', 'a crash between effect and mark', DOUBLE],
  ['after', 'a crash before the offset is committed', []],
  ['none', 'a redelivery', DOUBLE],
  ['none', 'a crash between claim and effect', []],
  ['none', 'a crash between effect and mark', DOUBLE],
  ['none', 'a crash before the offset is committed', DOUBLE],
]

/** A receiver that throws the first time it sees letter 2 in each life, before it did anything. */
const throwsOnce: Courier['receive'] = () => {
  let thrown = false
  return async (letter, ctx) => {
    if (letter.number === 2 && !thrown) {
      thrown = true
      throw new Error('the stairs are too steep')
    }
    await deliver(letter, ctx)
  }
}

describe('an inbox', () => {
  it.each(INBOX_MODES)('[I1] in mode %s delivers everything once while nothing fails', async (mode) => {
    const result = await courier({ inbox: mode })
    expect(result.verdict).toBe('pass')
    expect(recordsOf(result, 'failed')).toEqual([])
  })

  it.each(OUTCOMES)('[I2] in mode %s, struck by %s: violates %j', async (mode, fault, expected) => {
    for (let seed = 1; seed <= 5; seed++) {
      const result = await courier({ inbox: mode, seed }, { workload, faults: [FAULTS[fault] as FaultSpec] })
      expect(allStruck(result)).toBe(true)
      expect(violated(result)).toEqual(expected)
    }
  })

  it.each([
    ['same-transaction', []],
    ['before', LOST],
    ['after', []],
    ['none', []],
  ] as const)('[I2] in mode %s, when the handler throws once: violates %j', async (inbox, expected) => {
    const result = await courier({ inbox, receive: throwsOnce })
    expect(recordsOf(result, 'failed')).toHaveLength(1)
    expect(violated(result)).toEqual(expected)
  })
})

describe('an inbox row of the same transaction', () => {
  const redelivered = { faults: [{ redeliver: 'receiver', at: '3s' }] }

  it('[I3] is written though the handler makes no transaction of its own', async () => {
    let handled = 0
    const receive: Courier['receive'] = () => async () => {
      handled++
    }
    const result = await courier({ receive }, redelivered)
    expect(allStruck(result)).toBe(true)
    expect(handled).toBe(3)
    expect(recordsOf(result, 'deliver').length).toBeGreaterThan(3)
  })

  it('[I3] is written though the transaction of the handler has no statement', async () => {
    let handled = 0
    const receive: Courier['receive'] = () => async (_letter, ctx) => {
      await ctx.transaction(async () => {
        handled++
      })
    }
    await courier({ receive }, redelivered)
    expect(handled).toBe(3)
  })

  it('[I3] is written by the transaction that commits, when one before it was rolled back', async () => {
    const receive: Courier['receive'] = () => async (letter, ctx) => {
      await ctx
        .transaction(async (tx) => {
          await tx.deliveries.insert({ deliveryId: 'same for all', letterId: 'none', number: 0 })
          throw new Error('on second thoughts')
        })
        .catch(() => {})
      await deliver(letter, ctx)
    }
    const result = await courier({ receive }, redelivered)
    expect(allStruck(result)).toBe(true)
    expect(violated(result)).toEqual([])
  })

  it('[I3] is written by the second attempt of a transaction that failed at its commit', async () => {
    const receive: Courier['receive'] = () => async (letter, ctx) => {
      const failing = ctx.transaction(async (tx) => {
        await tx.deliveries.insert({ deliveryId: `x-${letter.letterId}`, letterId: 'x', number: 0 })
        // Fails the transaction, and the handler goes on as if nothing had happened.
        await tx.deliveries
          .insert({ deliveryId: `x-${letter.letterId}`, letterId: 'x', number: 0 })
          .catch(() => {})
      })
      const error = await failing.catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(DatabaseError)
      await deliver(letter, ctx)
    }
    const result = await courier({ receive }, redelivered)
    expect(violated(result)).toEqual([])
  })

  it('[I3] is not written when the handler throws: the event is handled again', async () => {
    const result = await courier({ receive: throwsOnce })
    expect(result.verdict).toBe('pass')
    const letters = recordsOf(result, 'deliver').map(({ entity }) => entity)
    expect(letters.sort()).toEqual(['letter-1', 'letter-2', 'letter-2', 'letter-3'])
  })

  it('[I4] that another instance is writing makes the second delivery wait, and then counts as handled', async () => {
    const result = await courier(
      { receivers: 2 },
      {
        workload: { orders: 6, every: '1ms' },
        cluster: {
          kafka: {
            'session.timeout.ms': 1_000,
            'heartbeat.interval.ms': 500,
            'group.min.session.timeout.ms': 500,
          },
        },
        faults: [
          // Its commit is on its way when it dies, and arrives when the other instance has begun.
          { slow: ['receiver-1', 'receiver-db'], by: '4s', at: '0ms', for: '1m' },
          { crash: 'receiver-1', at: '9s', restart: '1m' },
        ],
      },
    )
    expect(result.verdict).toBe('pass')
    const rejected = recordsOf(result, 'rejected')
    expect(rejected.length).toBeGreaterThan(0)
    for (const { data } of rejected) expect(data).toMatchObject({ sqlState: '23505' })
    expect(recordsOf(result, 'failed')).toEqual([])
    expect(recordsOf(result, 'deliver').length).toBeGreaterThan(6)
  })
})

it.each(['nonee', { mode: 'none' }])('[S18] an inbox of mode %j is refused', (mode) => {
  const [known, got] = [INBOX_MODES.join(', '), typeof mode === 'string' ? `'${mode}'` : 'object']
  expect(() => inbox(mode as Mode)).toThrow(`inbox: expected one of ${known}, got ${got}`)
})
