import fc from 'fast-check'
import { isIn } from 'faultline'
import { describe, expect, it } from 'vitest'
import { outcome, type PlayContext, play, type Script, thing } from '../../fixtures/play.ts'
import { NaiveTable, queryOf, runReally, type Selection, transactions } from '../../fixtures/rows.ts'

const EVERYTHING: readonly Selection[] = [
  { where: [] },
  { where: [], orderBy: 'count' },
  { where: [{ column: 'kind', how: 'is', values: ['x'] }] },
  { where: [{ column: 'kind', how: 'in', values: ['x', 'z'] }], orderBy: 'id', limit: 3 },
]

describe('queries', () => {
  it('[T12] answer as an array of rows does, indexes or not, inside transactions and after them', async () => {
    await fc.assert(
      fc.asyncProperty(transactions, async (work) => {
        const model = new NaiveTable()
        const expected: unknown[] = []
        const actual: unknown[] = []
        for (const transaction of work) {
          expected.push(model.run(transaction), ...EVERYTHING.map((selection) => model.select(selection)))
        }
        const script = async (ctx: PlayContext): Promise<void> => {
          for (const transaction of work) {
            actual.push(await runReally(ctx, transaction))
            for (const selection of EVERYTHING) actual.push(await ctx.db.things.select(queryOf(selection)))
          }
        }
        const result = await play([{ at: 500, run: script }])
        expect(result.reason).toBeUndefined()
        expect(actual).toEqual(expected)
      }),
      { numRuns: 400, seed: 1 },
    )
  })

  const rows = [thing('d', 'x', 2), thing('a', 'y', null), thing('c', 'x', 1), thing('b', 'y', 2)]
  const read = async (...[query]: Parameters<PlayContext['db']['things']['select']>): Promise<string> => {
    let ids = ''
    await play(
      [
        {
          at: 500,
          run: async (ctx) => {
            ids = (await ctx.db.things.select(query)).map(({ id }) => id).join('')
          },
        },
      ],
      { things: rows },
    )
    return ids
  }

  it.each([
    ['without an order, rows come as they were inserted', {}, 'dacb'],
    ['by a column; equal ones as they were inserted, nothing last', { orderBy: 'count' }, 'cdba'],
    ['by the key', { orderBy: 'id' }, 'abcd'],
    ['at most so many', { orderBy: 'id', limit: 2 }, 'ab'],
    ['none', { limit: 0 }, ''],
    ['no more than there are', { limit: 9 }, 'dacb'],
    ['of an indexed column', { where: { kind: 'y' }, orderBy: 'id' }, 'ab'],
    ['of several keys, as they were inserted', { where: { id: isIn(['b', 'a', 'd']) } }, 'dab'],
    ['of several keys, each once', { where: { id: isIn(['b', 'b', 'b']) } }, 'b'],
    [
      'of several keys, in order, at most so many',
      { where: { id: isIn(['d', 'c', 'b']) }, orderBy: 'id', limit: 2 },
      'bc',
    ],
    ['of one key, none', { where: { id: 'a' }, limit: 0 }, ''],
  ] as const)('[T13] have an order and a limit: %s', async (_what, query, ids) => {
    expect(await read(query)).toBe(ids)
  })
})

describe('a sequence', () => {
  const issue = (at: number, what: string, pause: string, fails = false): Script => ({
    at,
    run: (ctx) =>
      ctx
        .transaction(async (tx) => {
          await tx.tickets.insert({ what })
          await ctx.sleep(pause)
          if (fails) throw new Error('rolled back')
        })
        .catch(() => {}),
  })
  const look = (at: number, seen: unknown[]): Script => ({
    at,
    run: async (ctx) =>
      seen.push((await ctx.db.tickets.select({ orderBy: 'id' })).map(({ id, what }) => `${id} ${what}`)),
  })

  it('[T14] gives values at insert, which become visible at commit: a lower one may appear later', async () => {
    const seen: unknown[] = []
    await play([
      issue(1000, 'slow', '200ms'),
      issue(1050, 'quick', '10ms'),
      look(1150, seen),
      look(1400, seen),
    ])
    expect(seen).toEqual([['2 quick'], ['1 slow', '2 quick']])
  })

  it('[T14] never gives a value twice: a rollback and a crash leave gaps', async () => {
    const seen: unknown[] = []
    await play(
      [
        issue(1000, 'first', '1ms'),
        issue(1020, 'undone', '1ms', true),
        issue(1040, 'second', '1ms'),
        issue(1060, 'lost', '200ms'),
        issue(2000, 'third', '1ms'),
        look(2500, seen),
      ],
      { faults: [{ crash: 'stage', at: '1200ms', restart: '10ms' }] },
    )
    expect(seen).toEqual([['1 first', '3 second', '5 third']])
  })

  it('[T14] is the only kind of key that an insert may leave out', () => {
    const types = (tx: Parameters<Parameters<PlayContext['transaction']>[0]>[0]): unknown[] => [
      () => tx.tickets.insert({ what: 'a' }),
      // @ts-expect-error the key of things is not the database's to give
      () => tx.things.insert({ kind: 'a', count: null }),
      // @ts-expect-error a ticket says what it is for
      () => tx.tickets.insert({ id: 1 }),
      // @ts-expect-error a ticket has a number
      () => tx.tickets.insert({ id: 'one', what: 'a' }),
    ]
    expect(types).toBeDefined()
  })

  it('[T14] answers the insert with the row and its key, and accepts a key that is given', async () => {
    const seen: unknown[] = []
    await play([
      {
        at: 500,
        run: (ctx) =>
          ctx
            .transaction(async (tx) => {
              seen.push(await tx.tickets.insert({ what: 'a' }))
              seen.push(await tx.tickets.insert({ id: 77, what: 'b' }))
              seen.push(await outcome(tx.tickets.insert({ id: 77, what: 'c' })))
            })
            .catch(() => {}),
      },
    ])
    expect(seen).toEqual([{ id: 1, what: 'a' }, { id: 77, what: 'b' }, '23505'])
  })
})
