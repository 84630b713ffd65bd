import {
  always,
  CallTimeoutError,
  ConnectionResetError,
  defineSystem,
  durationMicros,
  keyValueStore,
  sometimes,
  type UserContext,
} from 'faultline'
import { boxOffice, buy, reprice, TICKETS } from './box-office.ts'
import { params } from './params.ts'

/** Asks and lives with it when nobody answers. */
async function ask(asking: Promise<unknown>): Promise<void> {
  try {
    await asking
  } catch (error) {
    if (!(error instanceof CallTimeoutError || error instanceof ConnectionResetError)) throw error
  }
}

/** What a key-value store is used for beside a database, and what becomes of it when it forgets. */
export default defineSystem({
  name: 'key-values',
  says: 'A box office sells tickets under a lock in a key-value store, and shows prices from a cache there.',
  params,
  build: (values) => {
    const store = keyValueStore('store')
    const office = boxOffice(values, store)
    const wrongMillis = durationMicros(values.wrongFor) / 1_000
    const { shows, sales, sights } = office.tables
    return {
      topics: [],
      services: [office],
      externals: [store],
      workload: {
        noun: 'visit',
        act: async (number: number, user: UserContext) => {
          const { priceEvery } = values
          if (priceEvery > 0 && number % priceEvery === 0)
            await ask(user.call(reprice, { price: 5_000 + number }, { timeout: '10s' }))
          else await ask(user.call(buy, { number }, { timeout: '30s' }))
        },
      },
      properties: [
        always('every ticket is sold once', {
          says: 'What is left and what was sold are all the tickets that there were.',
          reads: [shows, sales],
          per: 'showId',
          holds: (read, showId) => {
            const [show] = read(shows).where({ showId })
            return show === undefined || show.left + read(sales).where({ showId }).length === TICKETS
          },
        }),
        always('no price is wrong for long', {
          // The expiry, and as long again for who was slow to keep it.
          says: `Nobody sees a price that has been wrong for more than ${values.wrongFor}.`,
          reads: [sights],
          per: 'sightId',
          holds: (read, sightId) =>
            read(sights)
              .where({ sightId })
              .every(({ wrongForMillis }) => wrongForMillis <= wrongMillis),
        }),
        sometimes('an old price is seen', {
          says: 'Somebody sees a price that has changed: the cache is used, and forgets in time.',
          reads: [sights],
          per: 'sightId',
          holds: (read, sightId) =>
            read(sights)
              .where({ sightId })
              .some(({ wrongForMillis }) => wrongForMillis > 0),
        }),
      ],
    }
  },
})
