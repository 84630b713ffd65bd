import { always, ledger, type Readable, SimError } from 'faultline'
import { describe, expect, it } from 'vitest'
import { play, thing } from '../../fixtures/play.ts'
import { type Item, items, Rack, viewOf } from '../../fixtures/watch.ts'

const rows: readonly Item[] = [
  { id: 'a', count: 1 },
  { id: 'b', count: 1 },
  { id: 'c', count: 2 },
]

describe('a view', () => {
  const { read } = viewOf(new Map([[items as Readable<unknown>, new Rack(rows)]]))

  it('[P5] reads all rows, and those with given values in one column or several', () => {
    const ids = (found: readonly Item[]): string => found.map(({ id }) => id).join('')
    expect(ids(read(items).all())).toBe('abc')
    expect(ids(read(items).where({}))).toBe('abc')
    expect(ids(read(items).where({ count: 1 }))).toBe('ab')
    expect(ids(read(items).where({ count: 1, id: 'b' }))).toBe('b')
    expect(ids(read(items).where({ id: 'b', count: 2 }))).toBe('')
    expect(ids(read(items).where({ id: 'nobody' }))).toBe('')
  })

  it('[P5] knows a table or a ledger by identity, not by name', () => {
    expect(() => read(ledger<Item>('items'))).toThrow(SimError)
  })

  it('[P5] shows of a table what was committed, and nothing that was not', async () => {
    const seen: string[] = []
    await play(
      [
        {
          at: 1000,
          run: (ctx) =>
            ctx
              .transaction(async (tx) => {
                await tx.things.insert(thing('uncommitted'))
                await ctx.sleep('100ms')
                throw new Error('rolled back')
              })
              .catch(() => {}),
        },
        { at: 1050, run: (ctx) => ctx.transaction((tx) => tx.things.insert(thing('committed'))) },
        { at: 1060, run: (ctx) => ctx.transaction((tx) => tx.things.delete({ id: 'old' })) },
      ],
      {
        things: [thing('old')],
        properties: ({ things }) => [
          always('seen', {
            says: 'Rows are noted.',
            reads: [things],
            per: 'id',
            holds: (reader, id) => {
              const ids = reader(things)
                .all()
                .map((row) => row.id)
              seen.push(
                `${id}: ${ids.join(' ')}; ${reader(things).where({ id }).length}; ${reader(things).where({ kind: 'plain' }).length}`,
              )
              return true
            },
          }),
        ],
      },
    )
    expect(seen).toEqual(['committed: old committed; 1; 2', 'old: committed; 0; 1'])
  })
})
