import { cdcRelay, cursorRelay, type FaultSpec, horizonRelay, type Relay, statusRelay } from 'faultline'
import { describe, expect, it } from 'vitest'
import {
  appended,
  courier,
  grown,
  type Letter,
  LetterSent,
  POISONED,
  recordsOf,
  type SenderContext,
} from '../../fixtures/courier.ts'
import { crashAt, passagesOf, runnerOf } from '../../fixtures/passages.ts'

/** When a letter's transaction begins, how long after that it publishes, and how long after that it commits. */
type Course = readonly [begins: string, publishes: string, commits: string]

/** The first two overlap as each case says; the third comes when both are done. */
const THIRD: Course = ['3s', '0ms', '0ms']
/** The first has its transaction first, and its row last. */
const ROW_LAST: readonly Course[] = [['0ms', '500ms', '0ms'], ['100ms', '0ms', '0ms'], THIRD]
/** The first has its row first, and is committed last. */
const COMMIT_LAST: readonly Course[] = [['0ms', '0ms', '1s'], ['100ms', '0ms', '0ms'], THIRD]

const send =
  (courses: readonly Course[], poison: number) =>
  () =>
  async (letter: Letter, ctx: SenderContext): Promise<void> => {
    const [begins, publishes, commits] = courses[letter.number - 1] as Course
    await ctx.sleep(begins)
    await ctx.transaction(async (tx) => {
      await tx.sent.insert({ letterId: letter.letterId })
      await ctx.sleep(publishes)
      await tx.publish(LetterSent, letter.number === poison ? grown(letter) : letter)
      await ctx.sleep(commits)
    })
  }

/** Three letters to one address, of which one is never taken. */
const play = (relay: Relay, courses: readonly Course[], poison: number, faults: readonly FaultSpec[] = []) =>
  courier(
    { relay, sameAddress: 3, send: send(courses, poison) },
    { ...POISONED, workload: { orders: 3, every: '1ms' }, budget: { time: '3m' }, faults },
  )

type Played = Awaited<ReturnType<typeof play>>

const sentIn = (result: Played): number[] => [
  ...new Set(appended(result).map(({ event }) => (event.data as unknown as Letter).number)),
]

const parkedIn = (result: Played): number[] => {
  const parked = recordsOf(result, 'commit').flatMap(({ data }) =>
    (data as readonly { table: string; after?: { status: string; event: { data: Letter } } }[]).flatMap(
      ({ table, after }) =>
        table === 'outbox' && after?.status === 'PARKED' ? [after.event.data.number] : [],
    ),
  )
  return [...new Set(parked)].sort()
}

type Case = readonly [
  relay: string,
  sent: readonly number[],
  parked: readonly number[],
  make: () => Relay,
  courses: readonly Course[],
  poison: number,
]

const CASES: readonly Case[] = [
  // The order of transactions: the second one's row has a lower id and is behind the first all the same.
  ['transaction-id horizon', [], [1, 2, 3], horizonRelay, ROW_LAST, 1],
  ['transaction-id horizon', [1], [2, 3], horizonRelay, ROW_LAST, 2],
  // The order of commits: the first one is behind the second.
  ['change data capture', [2], [1, 3], cdcRelay, COMMIT_LAST, 1],
  ['change data capture', [], [1, 2, 3], cdcRelay, COMMIT_LAST, 2],
  // The order of ids: who is committed late is sent late, and is behind nobody.
  ['status', [2], [1, 3], statusRelay, COMMIT_LAST, 1],
  ['status', [1], [2, 3], statusRelay, COMMIT_LAST, 2],
  ['cursor with gap time-out', [2], [1, 3], cursorRelay, COMMIT_LAST, 1],
  ['cursor with gap time-out', [1], [2, 3], cursorRelay, COMMIT_LAST, 2],
]

describe('what is behind a parked row', () => {
  it.each(CASES)(
    '[O10] goes by the order of the relay %s: %o are sent, %o are parked',
    async (_relay, sent, parked, make, courses, poison) => {
      const calm = await play(make(), courses, poison)
      expect([sentIn(calm), parkedIn(calm)]).toEqual([sent, parked])
      // A crash of the database would undo a transaction that is open.
      const places = passagesOf(calm).filter((place) => runnerOf(place) === 'sender-relay')
      expect(places.length).toBeGreaterThan(6)
      for (const place of places) {
        const struck = await play(make(), courses, poison, [crashAt(place)])
        expect([place, sentIn(struck), parkedIn(struck)]).toEqual([place, sent, parked])
      }
    },
  )
})

describe('a snapshot of a change data capture whose slot is gone', () => {
  it('[O10] leaves behind a parked row what was committed after it', async () => {
    const result = await play(cdcRelay(), [['0ms', '0ms', '0ms'], ['500ms', '0ms', '0ms'], THIRD], 2, [
      { dropSlots: 'sender-db', at: '2900ms' },
    ])
    expect([sentIn(result), parkedIn(result)]).toEqual([[1], [2, 3]])
  })
})
