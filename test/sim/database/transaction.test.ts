import { always } from 'faultline'
import { describe, expect, it } from 'vitest'
import { millis, outcome, type PlayContext, play, type Script, thing, until } from '../../fixtures/play.ts'

/** The counts of all things, as a reader outside transactions sees them. */
async function counts(ctx: PlayContext): Promise<Record<string, number | null>> {
  return Object.fromEntries((await ctx.db.things.select()).map(({ id, count }) => [id, count]))
}

/** A transaction that adds to the count of one thing after another, a while apart, and then ends. */
const adder = (at: number, ids: readonly string[], pause: string, heard: unknown[]): Script => ({
  at,
  run: async (ctx) => {
    const said = await outcome(
      ctx.transaction(async (tx) => {
        for (const id of ids) {
          await tx.things.update({ id }, (row) => {
            row.count = (row.count ?? 0) + 1
          })
          await ctx.sleep(pause)
        }
      }),
    )
    heard.push(`${ctx.correlationId} ${said}`)
  },
})

describe('visibility', () => {
  it('[T1] hides what is not committed from others and shows it to its own transaction', async () => {
    const seen: unknown[] = []
    await play(
      [
        {
          at: 1000,
          run: (ctx) =>
            ctx.transaction(async (tx) => {
              await tx.things.insert(thing('new', 'fresh'))
              await tx.things.update({ id: 'old' }, { count: 7 })
              await tx.things.delete({ id: 'gone' })
              seen.push(['own', (await tx.things.select()).map(({ id, count }) => [id, count])])
              seen.push(['own', await tx.things.get('gone'), (await tx.things.get('new'))?.kind])
              seen.push(['own', (await tx.things.select({ where: { kind: 'fresh' } })).length])
              await ctx.sleep('100ms')
            }),
        },
        { at: 1050, run: async (ctx) => seen.push(['other', await counts(ctx)]) },
        {
          at: 1060,
          run: (ctx) =>
            ctx.transaction(async (tx) => seen.push(['in a transaction', (await tx.things.select()).length])),
        },
        { at: 1200, run: async (ctx) => seen.push(['later', await counts(ctx)]) },
      ],
      { things: [thing('old'), thing('gone')] },
    )
    expect(seen).toEqual([
      [
        'own',
        [
          ['old', 7],
          ['new', 0],
        ],
      ],
      ['own', undefined, 'fresh'],
      ['own', 1],
      ['other', { old: 0, gone: 0 }],
      ['in a transaction', 2],
      ['later', { old: 7, new: 0 }],
    ])
  })

  it('[T2] shows to every statement what was committed before it, within one transaction too', async () => {
    const seen: unknown[] = []
    await play(
      [
        {
          at: 1000,
          run: (ctx) =>
            ctx.transaction(async (tx) => {
              seen.push((await tx.things.get('a'))?.count)
              await ctx.sleep('100ms')
              seen.push((await tx.things.get('a'))?.count)
            }),
        },
        { at: 1050, run: (ctx) => ctx.transaction((tx) => tx.things.update({ id: 'a' }, { count: 1 })) },
      ],
      { things: [thing('a')] },
    )
    expect(seen).toEqual([0, 1])
  })

  it('[T3] publishes all rows of a transaction at once: observers and readers see all of them or none', async () => {
    const readings: number[] = []
    const move = (at: number, from: string, to: string): Script => ({
      at,
      run: (ctx) =>
        ctx.transaction(async (tx) => {
          await tx.things.update({ id: from }, (row) => {
            row.count = (row.count ?? 0) - 1
          })
          await ctx.sleep('3ms')
          await tx.things.update({ id: to }, (row) => {
            row.count = (row.count ?? 0) + 1
          })
        }),
    })
    const reader = (at: number): Script => ({
      at,
      run: async (ctx) => {
        const total = Object.values(await counts(ctx)).reduce<number>((sum, count) => sum + (count ?? 0), 0)
        readings.push(total)
      },
    })
    let observed = 0
    const scripts = Array.from({ length: 20 }, (_, n) => [
      move(1000 + n, 'a', 'b'),
      move(1000 + n, 'b', 'c'),
      reader(1002 + n),
    ])
    const result = await play(scripts.flat(), {
      things: [thing('a', 'purse', 20), thing('b', 'purse', 20), thing('c', 'purse', 20)],
      properties: ({ things }) => [
        always('nothing is created or lost', {
          says: 'The sum stays.',
          reads: [things],
          per: 'kind',
          holds: (read) => {
            observed++
            const total = read(things)
              .all()
              .reduce((sum, { count }) => sum + (count ?? 0), 0)
            return total === 60
          },
        }),
      ],
    })
    expect(result.verdict).toBe('pass')
    expect(observed).toBeGreaterThan(40)
    expect(readings).toEqual(Array.from({ length: 20 }, () => 60))
  })
})

describe('the end of a transaction', () => {
  it('[T4] without a commit leaves nothing behind and frees its locks', async () => {
    const heard: unknown[] = []
    await play(
      [
        {
          at: 1000,
          run: async (ctx) => {
            try {
              await ctx.transaction(async (tx) => {
                await tx.things.update({ id: 'a' }, { count: 5 })
                await tx.things.insert(thing('b'))
                await ctx.sleep('50ms')
                throw new Error('changed its mind')
              })
            } catch (error) {
              heard.push((error as Error).message)
            }
          },
        },
        {
          at: 1020,
          run: async (ctx) => {
            await ctx.transaction((tx) => tx.things.update({ id: 'a' }, { kind: 'written' }))
            heard.push(['the next writer had to wait', millis(ctx) >= 1050])
          },
        },
        { at: 1200, run: async (ctx) => heard.push(await ctx.db.things.select()) },
      ],
      { things: [thing('a')] },
    )
    expect(heard).toEqual([
      'changed its mind',
      ['the next writer had to wait', true],
      [thing('a', 'written')],
    ])
  })
})

describe('row locks', () => {
  it('[T5] make a second writer wait, which then evaluates its condition on the new version', async () => {
    const heard: unknown[] = []
    await play(
      [
        {
          at: 1000,
          run: (ctx) =>
            ctx.transaction(async (tx) => {
              await tx.things.update({ id: 'a' }, { count: 1 })
              await tx.things.update({ id: 'b' }, { kind: 'taken' })
              await ctx.sleep('100ms')
            }),
        },
        {
          at: 1020,
          run: async (ctx) => {
            await ctx.transaction((tx) =>
              tx.things.update({ id: 'a' }, (row) => {
                row.count = (row.count ?? 0) + 10
              }),
            )
            heard.push(['added to the new version', millis(ctx) >= 1100])
          },
        },
        {
          at: 1030,
          run: async (ctx) => {
            const changed = await ctx.transaction((tx) =>
              tx.things.update({ id: 'b', kind: 'free' }, { kind: 'mine' }),
            )
            heard.push(['rows that still match', changed, millis(ctx) >= 1100])
          },
        },
        { at: 1040, run: async (ctx) => heard.push(['a reader does not wait', millis(ctx) < 1100]) },
        { at: 1200, run: async (ctx) => heard.push(await ctx.db.things.select()) },
      ],
      { things: [thing('a'), thing('b', 'free')] },
    )
    expect(heard).toHaveLength(4)
    expect(heard).toEqual(
      expect.arrayContaining([
        ['a reader does not wait', true],
        ['added to the new version', true],
        ['rows that still match', 0, true],
        [thing('a', 'plain', 11), thing('b', 'taken')],
      ]),
    )
  })

  it('[T6] are granted in the order in which they were asked for', async () => {
    const heard: string[] = []
    const scripts = [1, 2, 3, 4, 5].map((n) => adder(1000 + 10 * n, ['a'], '50ms', heard))
    await play(scripts, { things: [thing('a')] })
    expect(heard).toEqual([1, 2, 3, 4, 5].map((n) => `order-${n} done`))
  })

  it('[T7] fail the first that has waited in a circle for a second, with 40P01, and let the others go on', async () => {
    const heard: string[] = []
    const scripts = [adder(1000, ['a', 'b'], '50ms', heard), adder(1010, ['b', 'a'], '50ms', heard)]
    const later: Script = { at: 2500, run: async (ctx) => heard.push(JSON.stringify(await counts(ctx))) }
    await play([...scripts, later], { things: [thing('a'), thing('b')] })
    expect(heard).toEqual(['order-1 40P01', 'order-2 done', '{"a":1,"b":1}'])
  })

  it('[T7] find circles of three, and none in a chain', async () => {
    const circle: string[] = []
    const three = [thing('a'), thing('b'), thing('c')]
    await play(
      [
        adder(1000, ['a', 'b'], '50ms', circle),
        adder(1010, ['b', 'c'], '50ms', circle),
        adder(1020, ['c', 'a'], '50ms', circle),
      ],
      { things: three },
    )
    expect(circle).toEqual(['order-1 40P01', 'order-3 done', 'order-2 done'])
    const chain: string[] = []
    await play(
      [
        adder(1000, ['a', 'b'], '50ms', chain),
        adder(1010, ['b', 'c'], '50ms', chain),
        adder(1020, ['c'], '150ms', chain),
        adder(1030, ['a', 'c'], '50ms', chain),
      ],
      { things: three },
    )
    expect(chain).toEqual(['order-3 done', 'order-2 done', 'order-1 done', 'order-4 done'])
  })
})

describe('a unique key', () => {
  const inserter = (at: number, heard: unknown[], end: (ctx: PlayContext) => Promise<void>): Script => ({
    at,
    run: async (ctx) => {
      try {
        const said = await outcome(
          ctx.transaction(async (tx) => {
            await tx.things.insert(thing('same', ctx.correlationId))
            await end(ctx)
          }),
        )
        heard.push([ctx.correlationId, said, millis(ctx) >= 1100])
      } catch {
        heard.push([ctx.correlationId, 'rolled back'])
      }
    },
  })
  const commits = (ctx: PlayContext): Promise<void> => ctx.sleep('100ms')
  const rollsBack = async (ctx: PlayContext): Promise<void> => {
    await ctx.sleep('100ms')
    throw new Error('rolled back')
  }
  const owner = (seen: unknown[]): Script => ({
    at: 2000,
    run: async (ctx) => seen.push((await ctx.db.things.get('same'))?.kind),
  })

  it('[T8] is refused with 23505 when it exists', async () => {
    const heard: unknown[] = []
    const insertAgain = (ctx: PlayContext) => ctx.transaction((tx) => tx.things.insert(thing('a', 'again')))
    const script: Script = { at: 1000, run: async (ctx) => heard.push(await outcome(insertAgain(ctx))) }
    await play([script], { things: [thing('a')] })
    expect(heard).toEqual(['23505'])
  })

  it('[T8] makes a second inserter wait, and fails it when the first commits', async () => {
    const heard: unknown[] = []
    await play([
      inserter(1000, heard, commits),
      inserter(1020, heard, commits),
      inserter(1030, heard, commits),
      owner(heard),
    ])
    expect(heard).toEqual([
      ['order-2', '23505', true],
      ['order-3', '23505', true],
      ['order-1', 'done', true],
      'order-1',
    ])
  })

  it('[T8] lets the second inserter have it when the first rolls back', async () => {
    const heard: unknown[] = []
    await play([
      inserter(1000, heard, rollsBack),
      inserter(1020, heard, commits),
      inserter(1030, heard, commits),
      owner(heard),
    ])
    expect(heard).toEqual([
      ['order-1', 'rolled back'],
      ['order-3', '23505', true],
      ['order-2', 'done', true],
      'order-2',
    ])
  })

  it('[T8] lets the second inserter have it when the process of the first dies', async () => {
    const heard: unknown[] = []
    await play(
      [
        {
          at: 1000,
          run: (ctx) =>
            ctx.transaction(async (tx) => {
              await tx.things.insert(thing('same', 'lost'))
              await ctx.sleep('100ms')
            }),
        },
        inserter(1700, heard, commits),
        { at: 2500, run: async (ctx) => heard.push((await ctx.db.things.get('same'))?.kind) },
      ],
      { faults: [{ crash: 'stage', at: '1050ms', restart: '10ms' }] },
    )
    expect(heard).toEqual([['order-2', 'done', true], 'order-2'])
  })

  it('[T8] is free again once its row has been deleted', async () => {
    const heard: unknown[] = []
    await play(
      [
        { at: 1000, run: (ctx) => ctx.transaction((tx) => tx.things.delete({ id: 'same' })) },
        inserter(1100, heard, commits),
        owner(heard),
      ],
      { things: [thing('same', 'first')] },
    )
    expect(heard).toEqual([['order-2', 'done', true], 'order-2'])
  })
})

describe('readers', () => {
  it('[T5] never wait for writers, and writers never for readers', async () => {
    const heard: unknown[] = []
    await play(
      [
        adder(1000, ['a'], '200ms', heard as string[]),
        {
          at: 1050,
          run: (ctx) =>
            ctx.transaction(async (tx) => {
              heard.push([(await tx.things.get('a'))?.count, millis(ctx) < 1100])
              await until(ctx, 1600)
            }),
        },
        {
          at: 1060,
          run: async (ctx) => heard.push([(await ctx.db.things.get('a'))?.count, millis(ctx) < 1100]),
        },
        adder(1300, ['a'], '10ms', heard as string[]),
        { at: 1400, run: async (ctx) => heard.push((await ctx.db.things.get('a'))?.count) },
      ],
      { things: [thing('a')] },
    )
    expect(heard).toEqual([[0, true], [0, true], 'order-1 done', 'order-4 done', 2])
  })
})
