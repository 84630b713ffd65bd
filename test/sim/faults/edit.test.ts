import { describe, expect, it } from 'vitest'
import { parking } from '../../../sim/patterns/parking.ts'
import { courier, recordsOf } from '../../fixtures/courier.ts'
import { failsUntil, six, TWO } from '../../fixtures/mistaken-redrives.ts'
import { type Play, play, thing } from '../../fixtures/play.ts'

const things = [thing('a'), thing('b', 'round', 3), thing('c')]

/** What an edit leaves of the things, and what was noted of the run. */
async function leftAfter(settings: object, options: Play = {}) {
  const left: string[] = []
  const result = await play(
    [
      {
        at: 9_000,
        run: async (ctx) => {
          const rows = await ctx.db.things.select({ orderBy: 'id' })
          left.push(...rows.map(({ id, kind, count }) => `${id} ${kind} ${count}`))
        },
      },
    ],
    { things, faults: [{ edit: 'stage-db', table: 'things', at: '2s', ...settings }], ...options },
  )
  return { left, result }
}

describe('an edit by hand', () => {
  it.each<[object, readonly string[]]>([
    [{ where: { id: 'b' }, set: { count: 9 } }, ['a plain 0', 'b round 9', 'c plain 0']],
    [{ where: { kind: 'plain' } }, ['b round 3']],
    [{ set: { kind: 'square', count: null } }, ['a square null', 'b square null', 'c square null']],
    [{ where: { id: 'z' } }, ['a plain 0', 'b round 3', 'c plain 0']],
  ])('[F35] %j leaves %j', async (settings, left) => {
    expect((await leftAfter(settings)).left).toEqual(left)
  })

  it('[F35] waits for who has locked a row, as every statement does', async () => {
    const heard: unknown[] = []
    await play(
      [
        {
          at: 1_000,
          run: (ctx) =>
            ctx.transaction(async (tx) => {
              await tx.things.update({ id: 'a' }, { count: 1 })
              await ctx.sleep('3s')
              heard.push((await tx.things.get('a'))?.count)
            }),
        },
        { at: 6_000, run: async (ctx) => heard.push((await ctx.db.things.get('a'))?.count) },
      ],
      {
        things,
        faults: [{ edit: 'stage-db', table: 'things', where: { id: 'a' }, set: { count: 7 }, at: '2s' }],
      },
    )
    expect(heard).toEqual([1, 7])
  })

  it('[F37] is done again until the database takes it', async () => {
    const faults = [
      { crash: 'stage-db', at: '1900ms', restart: '3s' },
      { edit: 'stage-db', table: 'things', where: { id: 'a' }, set: { count: 7 }, at: '2s' },
    ]
    const { left, result } = await leftAfter({}, { faults })
    expect(left[0]).toBe('a plain 7')
    const edited = result.faults[1]
    expect([edited?.struckAtMicros, (edited?.healedAtMicros ?? 0) > 4_900_000]).toEqual([2_000_000, true])
    expect(recordsOf(result, 'again').map(({ data }) => data)).toEqual(
      [1, 2, 3].map(() => ({
        operation: 'edit stage-db',
        why: 'could not connect to stage-db: it is down',
      })),
    )
  })

  it.each([
    [{ table: 'thing' }, "stage-db has no table 'thing': expected"],
    [{ where: { id: 'a' }, set: { colour: 'red' } }, 'colour'],
    [{ where: { id: 'a' }, set: { 'kind.of': 'red' } }, 'there is no kind.of in a row'],
    [{ where: { id: 'a' }, set: { id: 'b' } }, 'changes id, its key'],
    [{ set: { '__proto__.kind': 'red' } }, 'there is no __proto__.kind in a row'],
  ])('[F35] that cannot be meant (%j) ends the run', async (settings, why) => {
    const { result } = await leftAfter(settings)
    expect(result.verdict).toBe('error')
    expect(result.reason).toContain(why)
  })

  it('[F35] that a constraint forbids ends the run, as no second try would help', async () => {
    const result = await courier(
      { ...TWO, failures: parking({ retry: { first: '100ms', attempts: 2 } }), receive: failsUntil(60_000) },
      { ...six, faults: [{ edit: 'receiver-db', table: 'parked', set: { eventId: 'same' }, at: '5s' }] },
    )
    expect([result.verdict, result.failureCode]).toEqual(['error', 'definition'])
    expect(result.reason).toMatch(/^edit: receiver-db refuses it: duplicate key/)
  })
})
