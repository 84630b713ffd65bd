import { Reconciliation, type ReconciliationOptions } from 'faultline'
import { describe, expect, it } from 'vitest'
import { type Collection, collection } from '../../fixtures/collection.ts'
import { allStruck, violated } from '../../fixtures/courier.ts'
import { MISTAKEN_RECONCILIATIONS } from '../../fixtures/mistaken-reconciliations.ts'
import { complaintOf, crashAt, passagesOf } from '../../fixtures/passages.ts'
import { PLAY_TABLES, type PlayContext, play, thing } from '../../fixtures/play.ts'

/** Reconciles things without a count, of which another transaction decides one while it is asked about. */
async function counted(options: ReconciliationOptions): Promise<readonly unknown[]> {
  let found: readonly unknown[] = []
  const reconciling = new Reconciliation(
    PLAY_TABLES,
    {
      table: 'things',
      where: { kind: 'open' },
      since: 'count',
      ask: async ({ id }, ctx: PlayContext) => {
        if (id === 'b') throw new Error('nobody knows')
        if (id === 'c') await ctx.transaction((tx) => tx.things.update({ id }, { kind: 'decided' }))
        return 'told'
      },
      repair: ({ id }, kind, tx) => tx.things.update({ id }, { kind }),
    },
    options,
  )
  await play(
    [
      {
        at: 1_000,
        run: async (ctx) => {
          await reconciling.run(ctx).catch((error: unknown) => ctx.log(String(error)))
          found = (await ctx.db.things.select({ orderBy: 'id' })).map(({ id, kind }) => `${id} ${kind}`)
        },
      },
    ],
    {
      things: [
        thing('a', 'open', 0),
        thing('b', 'open', 0),
        thing('c', 'open', 0),
        thing('d', 'open', Number.MAX_SAFE_INTEGER),
        thing('e', 'closed', 0),
      ],
    },
  )
  return found
}

describe('a reconciliation', () => {
  it('[RC1] repairs what is open, long enough, and still when it has asked; one that nobody knows of stops no other', async () => {
    expect(await counted({})).toEqual(['a told', 'b open', 'c decided', 'd open', 'e closed'])
  })

  it('[RC3] that does not look again overwrites what was decided while it asked (Z79)', async () => {
    expect(await counted({ recheck: 'as-read' })).toContain('c told')
  })

  it('[RC1] leaves rows alone for more than no time', () => {
    const definition = {
      table: 'things',
      where: {},
      since: 'count',
      ask: async () => null,
      repair: async () => null,
    } as const
    expect(() => new Reconciliation(PLAY_TABLES, definition, { grace: '0ms' })).toThrow('the grace of')
    expect(() => new Reconciliation(PLAY_TABLES, definition, { lookBack: '0ms' })).toThrow('the look-back of')
  })

  it('[RC2] makes two systems agree whatever crashes before or after whichever step', async () => {
    // The first order is left over, so that there is something to reconcile.
    const left = {
      crash: 'shop',
      at: 'after shop.POST /orders POST /charges',
      of: 'order 1',
      restart: '300ms',
    }
    const stage = (faults: Collection['faults'] = []) => collection({ faults: [left, ...faults] })
    const clean = await stage()
    expect([clean.verdict, allStruck(clean)]).toEqual(['pass', true])
    const places = passagesOf(clean)
    expect(places.some(({ step }) => step === 'shop.reconcile orders.update')).toBe(true)
    const harmful: string[] = []
    for (const place of places) {
      const fault = crashAt(place)
      const result = await stage([fault])
      const wrong = complaintOf({ ...result, faults: result.faults.slice(1) })
      if (wrong !== undefined) harmful.push(`${JSON.stringify(fault)}: ${wrong}`)
    }
    expect(harmful).toEqual([])
  })

  it.each(MISTAKEN_RECONCILIATIONS)('[RC3] %s', async (_what, wrong, staging, breaks) => {
    const result = await collection({ ...staging, ...wrong })
    expect([violated(result), allStruck(result)]).toEqual([breaks, true])
    const clean = await collection(staging)
    expect(violated(clean).filter((property) => breaks.includes(property))).toEqual([])
    expect(allStruck(clean)).toBe(true)
  })
})
