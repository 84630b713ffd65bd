import {
  cdcRelay,
  choice,
  defineSystem,
  eventually,
  inbox,
  integer,
  LEASE_CLOCKS,
  ledger,
  MISSING_SLOTS,
  outbox,
  type ParamsOf,
  route,
  service,
  sometimes,
  table,
  text,
  topic,
  type UserContext,
} from 'faultline'

const params = {
  missingSlot: choice(MISSING_SLOTS, 'what the relay does when its replication slot is gone'),
  leaseClock: choice(LEASE_CLOCKS, 'whose clock says who closes the books'),
}

const entries = topic('entries', { partitions: 3, key: 'entryId' })
const EntryMade = entries.event('EntryMade', { entryId: text, number: integer })
const enter = route<{ readonly number: number }, null>('book', 'enter')

/** The entries that users were told are made. */
const acknowledged = ledger<{ readonly entryId: string }>('users.acknowledged')

const bookService = ({ missingSlot, leaseClock }: ParamsOf<typeof params>) =>
  service(
    'book',
    {
      instances: 2,
      tables: {
        entries: table({ entryId: text, number: integer, tookMillis: integer }, { key: 'entryId' }),
        pages: table({ pageId: text, state: text }, { key: 'pageId', indexes: ['state'] }),
        closings: table({ closingId: text, pageId: text }, { key: 'closingId', indexes: ['pageId'] }),
      },
      inbox: inbox('none'),
      outbox: outbox({ mode: 'relay', relay: cdcRelay({ missingSlot }) }),
    },
    ({ route: answer, job }) => {
      answer(enter, async ({ number }, ctx) => {
        const begun = ctx.now()
        const entryId = `entry-${number}`
        await ctx.transaction(async (tx) => {
          await tx.entries.insert({ entryId, number, tookMillis: 0 })
          await tx.publish(EntryMade, { entryId, number })
        })
        const tookMillis = ctx.now() - begun
        await ctx.transaction(async (tx) => {
          await tx.entries.update({ entryId }, { tookMillis })
          if (number % 10 === 0) await tx.pages.insert({ pageId: `page-${number / 10}`, state: 'open' })
        })
        return null
      })
      const work = {
        every: '1s',
        lease: '20s',
        leaseClock,
        input: { table: 'pages', where: { state: 'open' } },
      } as const
      job('close', work, async (ctx) => {
        for (const { pageId } of await ctx.db.pages.select({ where: { state: 'open' } })) {
          // It is written elsewhere what is closed, which takes its time.
          await ctx.sleep('3s')
          await ctx.transaction((tx) => tx.closings.insert({ closingId: ctx.id('closing'), pageId }))
          await ctx.transaction((tx) => tx.pages.update({ pageId }, { state: 'closed' }))
        }
      })
    },
  )

const reportService = () =>
  service(
    'report',
    {
      tables: { lines: table({ entryId: text, number: integer }, { key: 'entryId' }) },
      inbox: inbox('same-transaction'),
      outbox: outbox({ mode: 'relay' }),
    },
    ({ on }) => {
      on(EntryMade, async (entry, ctx) => {
        await ctx.transaction((tx) => tx.lines.insert(entry))
      })
    },
  )

/** One service with a database, its standby and a relay that tails its log; and one that hears of it. */
export default defineSystem({
  name: 'standby',
  says: 'A book of entries in a database with a standby; a relay tails its log, and a report follows.',
  params,
  build: (values) => {
    const book = bookService(values)
    const report = reportService()
    const { entries: made, closings } = book.tables
    const { lines } = report.tables
    return {
      topics: [entries],
      services: [book, report],
      externals: [],
      workload: {
        noun: 'entry',
        ledgers: [acknowledged],
        act: async (number: number, user: UserContext) => {
          const answer = await user.call(enter, { number }, { timeout: '20s' }).catch(() => undefined)
          if (answer?.status === 200) user.note(acknowledged, { entryId: `entry-${number}` })
        },
      },
      properties: [
        eventually('what was acknowledged stays', {
          says: 'An entry that users were told of is in the book.',
          within: '2m',
          reads: [acknowledged, made],
          per: 'entryId',
          keys: (read) =>
            read(acknowledged)
              .all()
              .map(({ entryId }) => entryId),
          holds: (read, entryId) => read(made).where({ entryId }).length === 1,
        }),
        eventually('the report has every entry', {
          says: 'What is in the book is in the report.',
          within: '2m',
          reads: [made, lines],
          per: 'entryId',
          keys: (read) =>
            read(made)
              .all()
              .map(({ entryId }) => entryId),
          holds: (read, entryId) => read(lines).where({ entryId }).length === 1,
        }),
        eventually('the report has nothing else', {
          says: 'What is in the report is in the book.',
          within: '2m',
          reads: [made, lines],
          per: 'entryId',
          keys: (read) =>
            read(lines)
              .all()
              .map(({ entryId }) => entryId),
          holds: (read, entryId) => read(made).where({ entryId }).length === 1,
        }),
        eventually('every page is closed once', {
          says: 'One instance at a time closes pages.',
          within: '1m',
          reads: [closings],
          per: 'pageId',
          keys: (read) =>
            read(closings)
              .all()
              .map(({ pageId }) => pageId),
          holds: (read, pageId) => read(closings).where({ pageId }).length === 1,
        }),
        sometimes('an entry takes long', {
          says: 'A commit takes more than a quarter of a second.',
          reads: [made],
          per: 'entryId',
          holds: (read, entryId) =>
            read(made)
              .where({ entryId })
              .some(({ tookMillis }) => tookMillis > 250),
        }),
      ],
    }
  },
})
