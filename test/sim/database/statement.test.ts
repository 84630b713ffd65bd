import type { RunResult } from 'faultline'
import { describe, expect, it } from 'vitest'
import { type PlayContext, play, type Thing, thing } from '../../fixtures/play.ts'

type Things = Parameters<Parameters<PlayContext['transaction']>[0]>[0]['things']

/** One transaction over two rows, and what is left after it. */
async function outcomeOf(work: (things: Things) => Promise<unknown>) {
  let left: unknown[] = []
  const result = await play(
    [
      { at: 500, run: (ctx) => ctx.transaction((tx) => work(tx.things)) },
      {
        at: 1000,
        run: async (ctx) => {
          left = [...(await ctx.db.things.select())]
        },
      },
    ],
    { things: [thing('a', 'plain', 1), thing('b', 'plain', 2)] },
  )
  return { left, result }
}

describe('an update', () => {
  it('[T16] says which columns get which values, or changes a draft of each row in place', async () => {
    const { left } = await outcomeOf(async (things) => {
      await things.update({ id: 'a' }, { kind: 'patched', count: null })
      await things.update({}, (row) => {
        row.kind += '!'
        if (row.count !== null) row.count *= 10
      })
    })
    expect(left).toEqual([thing('a', 'patched!', null), thing('b', 'plain!', 20)])
  })

  it('[T16] leaves the version that others see as it was', async () => {
    const seen: unknown[] = []
    await play(
      [
        {
          at: 500,
          run: (ctx) =>
            ctx.transaction(async (tx) => {
              const before = await tx.things.get('a')
              await tx.things.update({ id: 'a' }, (row) => {
                row.count = 99
              })
              seen.push(before?.count, (await tx.things.get('a'))?.count)
              await ctx.sleep('100ms')
            }),
        },
        { at: 550, run: async (ctx) => seen.push((await ctx.db.things.get('a'))?.count) },
      ],
      { things: [thing('a', 'plain', 1)] },
    )
    expect(seen).toEqual([1, 99, 1])
  })

  it('[T16] that does nothing is an update of a row all the same', async () => {
    const counts: number[] = []
    const { left } = await outcomeOf(async (things) => {
      counts.push(await things.update({ id: 'a' }, () => {}))
      counts.push(await things.update({ id: 'nobody' }, { count: 5 }))
    })
    expect(counts).toEqual([1, 0])
    expect(left).toEqual([thing('a', 'plain', 1), thing('b', 'plain', 2)])
  })

  it.each<[string, Parameters<Things['update']>[1]]>([
    ['by a value', { id: 'c' }],
    [
      'by a recipe',
      (row) => {
        row.id = 'c'
      },
    ],
  ])('[T17] cannot change the key of a row: %s', async (_how, change) => {
    const { result } = await outcomeOf((things) => things.update({ id: 'a' }, change))
    expect(result).toMatchObject({ verdict: 'error', failureCode: 'definition' })
    expect(result.reason).toContain('changes id, its key, of a')
  })

  it('[T17] whose recipe throws ends the run with an error that says so', async () => {
    const { result } = await outcomeOf((things) =>
      things.update({ id: 'a' }, () => {
        throw new Error('no such colour')
      }),
    )
    expect(result).toMatchObject({ verdict: 'error', failureCode: 'handler' })
    expect(result.reason).toContain('no such colour')
  })

  it('[T17] whose recipe returns a row puts that in the place of the one before', async () => {
    const { left } = await outcomeOf((things) =>
      things.update({ id: 'a' }, (row) => ({ ...row, kind: 'new' })),
    )
    expect(left).toEqual([thing('a', 'new', 1), thing('b', 'plain', 2)])
  })

  it('[T17] whose recipe changes its draft and returns another row is refused', async () => {
    const { result } = await outcomeOf((things) =>
      things.update({ id: 'a' }, (row) => {
        row.kind = 'changed'
        return { ...row }
      }),
    )
    expect(result).toMatchObject({ verdict: 'error', failureCode: 'handler' })
    expect(result.reason).toContain('returned a new value *and* modified its draft')
  })

  it('[T17] whose recipe keeps its draft has nothing of it later', async () => {
    const said: string[] = []
    await outcomeOf(async (things) => {
      let kept: { readonly kind: string } | undefined
      await things.update({ id: 'a' }, (row) => {
        kept = row
      })
      try {
        said.push(kept?.kind ?? 'nothing')
      } catch (error) {
        said.push((error as Error).message)
      }
    })
    expect(said).toEqual([expect.stringContaining('has been revoked')])
  })
})

describe('a row', () => {
  it('[T18] is frozen in depth, as it was read and as it was inserted', async () => {
    const rows: unknown[] = []
    await outcomeOf(async (things) => {
      const inserted = { ...thing('c') }
      rows.push(inserted, await things.insert(inserted), await things.get('c'))
      await things.update({ id: 'c' }, { count: 5 })
      rows.push(...(await things.select()))
    })
    expect(rows).toHaveLength(6)
    expect(rows.map((row) => Object.isFrozen(row))).toEqual(rows.map(() => true))
  })

  it('[T18] is plain data: anything else is refused with its column', async () => {
    const { result } = await outcomeOf((things) =>
      things.insert({ ...thing('c'), kind: new Date(0) as unknown as string }),
    )
    expect(result).toMatchObject({ verdict: 'error', failureCode: 'value' })
    expect(result.reason).toContain('kind')
  })

  const wrong = (values: object): Thing => ({ ...thing('c'), ...values }) as unknown as Thing

  it.each<[string, () => Promise<{ readonly result: RunResult }>, of?: string]>([
    ['inserted', () => outcomeOf((things) => things.insert(wrong({ count: '5' })))],
    [
      'updated by values',
      () => outcomeOf((things) => things.update({ id: 'a' }, wrong({ id: 'a', count: '5' }))),
    ],
    [
      'updated by a recipe',
      () =>
        outcomeOf((things) => things.update({ id: 'a' }, (row) => void Object.assign(row, { count: '5' }))),
    ],
    [
      'there from the start',
      async () => ({ result: await play([], { things: [wrong({ count: '5' })] }) }),
      '',
    ],
  ])(
    '[T20] that does not fit its table is refused when it is %s',
    async (_when, make, of = 'stage.play: ') => {
      expect((await make()).result).toMatchObject({
        verdict: 'error',
        failureCode: 'value',
        reason: `${of}table stage.things: column count expected a whole number or null, got '5'`,
      })
    },
  )

  it('[T19] that a transaction wrote is in the trace of its commit, with its key, before and after', async () => {
    const { result } = await outcomeOf(async (things) => {
      await things.update({ id: 'a' }, { count: 7 })
      await things.delete({ id: 'b' })
      await things.insert(thing('c'))
    })
    const commit = [...(result.trace?.records() ?? [])].find(({ kind }) => kind === 'commit')
    expect(commit?.data).toEqual([
      { table: 'things', key: 'a', before: thing('a', 'plain', 1), after: thing('a', 'plain', 7) },
      { table: 'things', key: 'b', before: thing('b', 'plain', 2), after: undefined },
      { table: 'things', key: 'c', before: undefined, after: thing('c') },
    ])
  })

  it('[T19] that is read makes the commit that wrote it a cause of the read', async () => {
    const { result } = await outcomeOf((things) => things.update({ id: 'a' }, { count: 7 }))
    const { trace } = result
    const records = [...(trace?.records() ?? [])]
    const commit = records.find(({ kind }) => kind === 'commit')
    const select = records.findLast(({ kind }) => kind === 'select')
    expect(trace?.causesOf(select?.id ?? 0)).toContain(commit?.id)
  })
})

describe('a query', () => {
  it.each<[string, (things: Things) => Promise<unknown>, string]>([
    [
      'with a condition on a column that is not there',
      (things) => things.select({ where: column('thing') }),
      'asks for column thing',
    ],
    [
      'to update by a column that is not there',
      (things) => things.update(column('thing'), { count: 1 }),
      'asks for column thing',
    ],
    [
      'to delete by a column that is not there',
      (things) => things.delete(column('thing')),
      'asks for column thing',
    ],
    [
      'ordered by a column that is not there',
      (things) => things.select({ orderBy: 'thing' as 'id' }),
      'asks for column thing',
    ],
    [
      'with a limit below nothing',
      (things) => things.select({ limit: -1 }),
      'has limit -1: expected a whole number from 0',
    ],
    ['with half a limit', (things) => things.select({ limit: 0.5 }), 'has limit 0.5'],
  ])('[T22] %s ends the run, though the handler catches it', async (_what, ask, message) => {
    const result = await play([
      { at: 1000, run: (ctx) => ctx.transaction((tx) => ask(tx.things)).catch(() => {}) },
    ])
    expect(result).toMatchObject({ verdict: 'error', failureCode: 'definition' })
    expect(result.reason).toContain(`a query of table things ${message}`)
  })

  it('[T22] outside a transaction as well', async () => {
    const result = await play([{ at: 1000, run: (ctx) => ctx.db.things.select({ where: column('thing') }) }])
    expect(result.reason).toContain('expected id, kind, count')
  })
})

/** A condition that the types refuse. */
const column = (name: string): object => ({ [name]: 'a' })
