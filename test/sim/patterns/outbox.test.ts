import { type FaultSpec, OUTBOX_MODES, outbox } from 'faultline'
import { describe, expect, it } from 'vitest'
import {
  allStruck,
  appended,
  type Courier,
  courier,
  LetterSent,
  recordsOf,
  sendLetter,
  violated,
} from '../../fixtures/courier.ts'
import { MISTAKEN_OUTBOXES } from '../../fixtures/mistaken-outboxes.ts'

type Mode = (typeof OUTBOX_MODES)[number]

const crash = { crash: 'sender', of: 'letter 2', restart: '300ms' }
const FAULTS: Readonly<Record<string, FaultSpec>> = {
  'a crash before the commit': { ...crash, at: 'before sender.post tx.commit' },
  'a crash after the commit': { ...crash, at: 'after sender.post tx.commit' },
}

/** No two letters are on their way at the same time. */
const workload = { orders: 3, every: '500ms' }

const LOST = ['no lost letter']
const PHANTOM = ['no phantom letter']

const OUTCOMES: readonly (readonly [Mode, string, readonly string[]])[] = [
  ['relay', 'a crash before the commit', []],
  ['relay', 'a crash after the commit', []],
  ['dual-write', 'a crash before the commit', []],
  ['dual-write', 'a crash after the commit', LOST],
  ['publish-before-commit', 'a crash before the commit', PHANTOM],
  ['publish-before-commit', 'a crash after the commit', []],
]

/** A sender that publishes letter 2 and then thinks better of it. */
const regrets: Courier['send'] = () => async (letter, ctx) => {
  await ctx
    .transaction(async (tx) => {
      await tx.sent.insert({ letterId: letter.letterId })
      await tx.publish(LetterSent, letter)
      if (letter.number === 2) throw new Error('on second thoughts')
    })
    .catch(() => {})
}

describe('an outbox', () => {
  it.each(OUTBOX_MODES)('[O1] in mode %s loses and invents nothing while nothing fails', async (mode) => {
    const result = await courier({ outbox: mode })
    expect(result.verdict).toBe('pass')
    expect(appended(result)).toHaveLength(3)
  })

  it.each(OUTCOMES)('[O2] in mode %s, struck by %s: violates %j', async (mode, fault, expected) => {
    for (let seed = 1; seed <= 5; seed++) {
      const result = await courier({ outbox: mode, seed }, { workload, faults: [FAULTS[fault] as FaultSpec] })
      expect(allStruck(result)).toBe(true)
      expect(violated(result)).toEqual(expected)
    }
  })

  it.each([
    ['relay', []],
    ['dual-write', []],
    ['publish-before-commit', PHANTOM],
  ] as const)('[O2] in mode %s, when the transaction rolls back: violates %j', async (outbox, expected) => {
    const result = await courier({ outbox, send: regrets })
    expect(violated(result)).toEqual(expected)
  })
})

describe('a mistaken way out of a transaction', () => {
  it.each(MISTAKEN_OUTBOXES)('[O2] $what', async ({ what: _, wrong, right, breaks, ...input }) => {
    expect(violated(await courier(wrong, input))).toEqual(breaks)
    const clean = await courier(right, input)
    expect([clean.verdict, violated(clean), allStruck(clean)]).toEqual(['pass', [], true])
  })
})

describe('the options of an outbox', () => {
  it.each<[object, string]>([
    [
      { mode: 'dual-wirte' },
      "outbox: mode: expected one of relay, dual-write, publish-before-commit, got 'dual-wirte'",
    ],
    [
      { mode: 'relay', evry: '1s' },
      "outbox: there is no option 'evry': expected one of mode, relay, every, batch",
    ],
  ])('[S18] %j are refused', (options, message) => {
    expect(() => outbox(options)).toThrow(message)
  })

  it('[S18] are right where none is given', () => {
    expect(outbox().relay).toMatchObject({ ...outbox({ mode: 'relay' }).relay, run: expect.any(Function) })
  })
})

describe('a relay', () => {
  it.each(['0ms', '0.0s', 'soon', '99999999d'])('[O6] that polls every %s is refused', (every) => {
    expect(() => outbox({ mode: 'relay', every })).toThrow(`'${every}'`)
  })

  const relayCrash = (at: string): FaultSpec => ({ crash: 'sender-relay', at, restart: '300ms' })

  it('[O3] that dies between sending and marking sends again, with the same event id (Z11)', async () => {
    const result = await courier(
      {},
      { faults: [relayCrash('after sender.relay outbox.send')], workload: { orders: 1 } },
    )
    expect(result.verdict).toBe('pass')
    const events = appended(result).map(({ event }) => event)
    expect(events).toHaveLength(2)
    expect(events[1]).toEqual(events[0])
  })

  it('[O3] that dies before it sends, or after it has marked, sends once', async () => {
    for (const at of ['before sender.relay outbox.send', 'after sender.relay outbox.update']) {
      const result = await courier({}, { faults: [relayCrash(at)], workload: { orders: 1 } })
      expect(allStruck(result)).toBe(true)
      expect(result.verdict).toBe('pass')
      expect(appended(result)).toHaveLength(1)
    }
  })

  it('[O3] gives no two facts the same event id, though they are of one letter', async () => {
    const send: Courier['send'] = () => async (letter, ctx) => {
      await sendLetter(letter, ctx)
      await ctx.transaction(async (tx) => {
        await tx.publish(LetterSent, { ...letter, number: letter.number + 100 })
        await tx.publish(LetterSent, { ...letter, number: letter.number + 200 })
      })
    }
    const result = await courier({ send })
    const ids = appended(result).map(({ event }) => event.eventId)
    expect(ids).toHaveLength(9)
    expect(new Set(ids).size).toBe(9)
  })

  it('[O4] keeps the order in which the events of one key were written', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const result = await courier(
        { sameAddress: 10, every: '200ms', seed },
        { workload: { orders: 30, every: '1ms' } },
      )
      expect(result.verdict).toBe('pass')
      const written = recordsOf(result, 'commit').flatMap(({ data }) =>
        (
          data as readonly {
            table: string
            before: unknown
            after: { id: number; event: { data: unknown } }
          }[]
        )
          .filter(({ table, before }) => table === 'outbox' && before === undefined)
          .map(({ after }) => [after.id, after.event.data as { number: number; address: string }] as const),
      )
      const inOrder = [...written].sort(([left], [right]) => left - right).map(([, letter]) => letter)
      const sent = appended(result).map(({ event }) => event.data as { number: number; address: string })
      for (const address of ['address-1', 'address-2', 'address-3']) {
        const numbers = (of: typeof sent): number[] =>
          of.filter((letter) => letter.address === address).map(({ number }) => number)
        expect(numbers(sent)).toEqual(numbers(inOrder))
        expect(numbers(sent)).toHaveLength(10)
      }
    }
  })

  it('[O4] sends a row that was committed late all the same, after rows with higher ids', async () => {
    const send: Courier['send'] = () => async (letter, ctx) => {
      await ctx.transaction(async (tx) => {
        await tx.publish(LetterSent, letter)
        if (letter.number === 1) await ctx.sleep('500ms')
        await tx.sent.insert({ letterId: letter.letterId })
      })
    }
    const result = await courier({ send, sameAddress: 10 }, { workload: { orders: 3, every: '100ms' } })
    expect(result.verdict).toBe('pass')
    expect(appended(result).map(({ event }) => (event.data as { number: number }).number)).toEqual([2, 3, 1])
  })

  it('[O5] takes at most a batch at a time, and goes on until nothing is left', async () => {
    const result = await courier(
      { batch: 4, every: '1s', sameAddress: 10 },
      { workload: { orders: 10, every: '1ms' } },
    )
    expect(result.verdict).toBe('pass')
    const seconds = appended(result).map(({ millis }) => Math.floor(millis / 1000))
    expect(seconds).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3, 3])
    expect(recordsOf(result, 'tick')).toHaveLength(3)
  })

  it('[O5] costs nothing while there is nothing to send', async () => {
    const idle = await courier({ every: '1ms' }, { workload: { orders: 0 } })
    expect(idle.events).toBe(0)
    const often = await courier({ every: '1ms' }, { workload: { orders: 2, every: '10m' } })
    const seldom = await courier({ every: '60ms' }, { workload: { orders: 2, every: '10m' } })
    expect(often.events).toBe(seldom.events)
  })

  it.each([
    [{ batch: 0 }, 'outbox: batch: expected a whole number from 1, got 0'],
    [{ batch: 0.5 }, 'got 0.5'],
  ])('[S18] that would never send anything is refused: %j', (options, message) => {
    expect(() => outbox({ mode: 'relay', ...options })).toThrow(message)
  })
})
