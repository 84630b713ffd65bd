import { type RunResult, statusRelay } from 'faultline'
import { describe, expect, it } from 'vitest'
import type { SendOrder } from '../../../sim/patterns/dispatch.ts'
import type { PoisonPolicy } from '../../../sim/patterns/poison.ts'
import type { Letter } from '../../fixtures/courier.ts'
import { appended, courier, POISONED, recordsOf } from '../../fixtures/courier.ts'

/** Letters 1 to 3 to one address, 4 to 6 to another. */
const play = (poison: PoisonPolicy): Promise<RunResult> =>
  courier(
    { relay: statusRelay({ poison }), sameAddress: 3, poison: 2 },
    { ...POISONED, workload: { orders: 6, every: '200ms' }, budget: { time: '3m' } },
  )

/** The numbers of the letters that a topic took. */
const taken = (result: RunResult): number[] =>
  appended(result).map(({ event }) => (event.data as unknown as Letter).number)

/** What became of the rows of the outbox that are not sent. */
const unsent = (result: RunResult): string[] => {
  const rows = new Map<unknown, string>()
  for (const { data } of recordsOf(result, 'commit'))
    for (const { table, key, after } of data as readonly {
      table: string
      key: unknown
      after?: { status: string; event: { data: Letter } }
    }[])
      if (table === 'outbox' && after !== undefined)
        rows.set(key, `${after.event.data.number} ${after.status}`)
  return [...rows.values()].filter((row) => !row.endsWith('SENT'))
}

describe('an event that no broker will ever take', () => {
  it.each<[PoisonPolicy, readonly number[], readonly string[]]>([
    // Right: what is behind it waits in sight, all else goes on.
    ['park-key', [1, 4, 5, 6], ['2 PARKED', '3 PARKED']],
    // Its key goes on without it (Z51).
    ['park-row', [1, 3, 4, 5, 6], ['2 PARKED']],
    // It is tried for ever, and its key waits for ever (Z19).
    ['block', [1, 4, 5, 6], ['2 PENDING', '3 PENDING']],
    // Nobody will ever know.
    ['drop', [1, 3, 4, 5, 6], ['2 DROPPED']],
  ])('[O10] with the policy %s leaves %j to be sent and %j behind', async (policy, sent, left) => {
    const result = await play(policy)
    expect(taken(result)).toEqual(sent)
    expect(unsent(result)).toEqual(left)
  })

  it.each<[SendOrder, readonly number[]]>([
    ['per-key', [1, 4, 5, 6]],
    // The first failure holds everything.
    ['one-by-one', [1]],
    // What comes after it overtakes it (Z08).
    ['all-at-once', [1, 3, 4, 5, 6]],
  ])('[O10] that is tried again, with rows sent %s, lets %j go', async (order, sent) => {
    const relay = statusRelay({ poison: 'block', order })
    const result = await courier(
      { relay, sameAddress: 3, poison: 2 },
      { ...POISONED, workload: { orders: 6, every: '200ms' }, budget: { time: '3m' } },
    )
    expect(taken(result)).toEqual(sent)
  })

  it('[O10] that is tried for ever never lets its relay rest', async () => {
    const failures = async (policy: PoisonPolicy): Promise<number> =>
      recordsOf(await play(policy), 'failed').length
    expect(await failures('block')).toBeGreaterThan(10)
    expect(await failures('park-key')).toBe(0)
  })

  it('[O10] fills a batch that never gets further, where it blocks (Z20)', async () => {
    const numbers = async (poison: PoisonPolicy): Promise<number[]> =>
      taken(
        await courier(
          { relay: statusRelay({ poison, batch: 2 }), sameAddress: 3, poison: 2 },
          { ...POISONED, workload: { orders: 6, every: '200ms' }, budget: { time: '3m' } },
        ),
      )
    expect(await numbers('block')).toEqual([1])
    expect(await numbers('park-key')).toEqual([1, 4, 5, 6])
  })
})
