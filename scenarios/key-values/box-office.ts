import {
  CacheAside,
  type Guard,
  inbox,
  integer,
  type KeyValueStoreSpec,
  Lock,
  outbox,
  route,
  service,
  table,
  text,
} from 'faultline'
import type { Params } from './params.ts'

const SHOW = 'show'
/** How many tickets there are. */
export const TICKETS = 1_000
const FIRST_PRICE = 5_000

/** A visit: somebody buys a ticket, and sees what it costs. */
export const buy = route<{ readonly number: number }, { readonly price: number }>('box-office', 'buy')
/** The price is another one from now on. */
export const reprice = route<{ readonly price: number }, null>('box-office', 'reprice')

/** Sells tickets from a stock that only one sale at a time may touch, and shows prices from a cache. */
export const boxOffice = (params: Params, store: KeyValueStoreSpec) => {
  const lock = new Lock({ lease: params.lease, release: params.release, fenced: params.lock === 'fenced' })
  const prices = new CacheAside<number>('price/', {
    change: params.change,
    expiry: params.expires ? '5s' : 'never',
  })
  return service(
    'box-office',
    {
      instances: 2,
      tables: {
        ...lock.tables,
        shows: table({ showId: text, left: integer, price: integer }, { key: 'showId' }),
        /** Prices that were, and until when. */
        formerPrices: table({ price: integer, until: integer }, { key: 'price' }),
        sales: table({ saleId: text, showId: text }, { key: 'saleId', indexes: ['showId'] }),
        /** What visitors saw, and for how long it had been wrong by then. */
        sights: table(
          { sightId: text, showId: text, price: integer, wrongForMillis: integer },
          { key: 'sightId', indexes: ['showId'] },
        ),
      },
      initially: { shows: [{ showId: SHOW, left: TICKETS, price: FIRST_PRICE }] },
      clients: { store },
      inbox: inbox('none'),
      outbox: outbox({ mode: 'relay' }),
    },
    ({ route: answer }) => {
      answer(buy, async (_visit, ctx) => {
        const load = async (): Promise<number | undefined> => (await ctx.db.shows.get(SHOW))?.price
        const price = (await prices.read(ctx.store, SHOW, load)) ?? 0
        const truth = await ctx.db.shows.get(SHOW)
        const former = truth?.price === price ? undefined : await ctx.db.formerPrices.get(price)
        const wrongForMillis = former === undefined ? 0 : Math.max(0, ctx.now() - former.until)
        await ctx.transaction((tx) =>
          tx.sights.insert({ sightId: ctx.id('sight'), showId: SHOW, price, wrongForMillis }),
        )
        const sell = async (guard: Guard): Promise<void> => {
          const show = await ctx.db.shows.get(SHOW)
          if (show === undefined || show.left === 0) return
          await ctx.sleep(params.work)
          await ctx.transaction(async (tx) => {
            await guard(tx)
            await tx.shows.update({ showId: SHOW }, { left: show.left - 1 })
            await tx.sales.insert({ saleId: ctx.id('sale'), showId: SHOW })
          })
        }
        if (params.lock === 'none') await sell(async () => {})
        else await lock.hold(ctx, ctx.store, SHOW, sell)
        return { price }
      })
      answer(reprice, async ({ price }, ctx) => {
        await prices.change(ctx.store, SHOW, () =>
          ctx.transaction(async (tx) => {
            const former = (await tx.shows.get(SHOW, { for: 'update' }))?.price ?? FIRST_PRICE
            const until = ctx.now()
            await tx.formerPrices.upsert({ price: former, until }, { until })
            await tx.shows.update({ showId: SHOW }, { price })
          }),
        )
        return null
      })
    },
  )
}
