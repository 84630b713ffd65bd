import {
  always,
  eventually,
  type HandlerContext,
  inbox,
  type Listener,
  outbox,
  type RegistryRelayOptions,
  RejectError,
  type RunResult,
  registryRelay,
  route,
  service,
  table,
  text,
  topic,
  type UserContext,
} from 'faultline'
import { describe, expect, it } from 'vitest'
import { allStruck, recordsOf, violated } from '../../fixtures/courier.ts'
import { ifAnswered } from '../../fixtures/parts.ts'
import { complaintOf, crashAt, passagesOf } from '../../fixtures/passages.ts'
import { type Staging, stage } from '../../fixtures/stage.ts'

const articles = topic('articles', { partitions: 1, key: 'articleId' })
const Written = articles.event('Written', { articleId: text })
const write = route<{ readonly articleId: string }, null>('press', 'POST /articles')

/** A press whose articles are indexed by a listener in the same process. */
function press(
  options: RegistryRelayOptions = {},
  staging: Staging & { readonly fails?: number } = {},
): Promise<RunResult> {
  const { fails = 0, ...rest } = staging
  let failures = 0
  const indexing: Listener<PressContext> = async ({ eventId, aggregateId: articleId }, ctx) => {
    if (failures++ < fails) throw new Error('the index is full')
    await ctx.transaction((tx) => tx.entries.insert({ entryId: ctx.id('entry'), articleId, eventId }))
  }
  const relay = registryRelay({ listeners: { indexing }, staleAfter: '2s', ...options })
  const spec = service(
    'press',
    { tables: pressTables, inbox: inbox('none'), outbox: outbox({ mode: 'relay', relay }) },
    ({ route: answer }) => {
      answer(write, async ({ articleId }, ctx) => {
        await ctx.transaction(async (tx) => {
          await tx.articles.insert({ articleId })
          await tx.publish(Written, { articleId })
        })
        return null
      })
    },
  )
  const reader = service(
    'reader',
    {
      tables: { read: table({ articleId: text }, { key: 'articleId' }) },
      inbox: inbox('same-transaction'),
      outbox: outbox({ mode: 'relay' }),
    },
    ({ on }) => {
      on(Written, async ({ articleId }, ctx) => {
        await ctx.transaction((tx) => tx.read.insert({ articleId }))
      })
    },
  )
  const { articles: written, entries } = spec.tables
  const parts = {
    topics: [articles],
    services: [spec, reader],
    workload: {
      noun: 'article',
      act: async (n: number, user: UserContext) => {
        await ifAnswered(user.call(write, { articleId: `article-${n}` }, { timeout: '2s' }))
      },
    },
    properties: [
      always('one entry', {
        says: 'An article is indexed once.',
        reads: [entries],
        per: 'articleId',
        holds: (read, articleId) => read(entries).where({ articleId }).length <= 1,
      }),
      eventually('written is indexed and read', {
        says: 'What was written is indexed and read.',
        within: '1m',
        reads: [written, entries, reader.tables.read],
        per: 'articleId',
        keys: (read) =>
          read(written)
            .all()
            .map(({ articleId }) => articleId),
        holds: (read, articleId) =>
          read(entries).where({ articleId }).length > 0 &&
          read(reader.tables.read).where({ articleId }).length > 0,
      }),
    ],
  }
  return stage(parts, { workload: { orders: 2, every: '20ms' }, ...rest })
}

const pressTables = {
  articles: table({ articleId: text }, { key: 'articleId' }),
  entries: table(
    { entryId: text, articleId: text, eventId: text },
    { key: 'entryId', indexes: ['articleId'] },
  ),
}
type PressContext = HandlerContext<typeof pressTables, Readonly<Record<never, never>>>

describe('a registry of publications', () => {
  it('[O9] survives a crash before and after every step of those who publish and those who listen', async () => {
    const clean = await press()
    expect(clean.verdict).toBe('pass')
    const places = passagesOf(clean).filter(({ step }) => step.startsWith('press.'))
    expect(places.some(({ step }) => step.endsWith('entries.insert'))).toBe(true)
    const harmful: string[] = []
    for (const place of places) {
      const fault = crashAt(place)
      const wrong = complaintOf(await press({}, { faults: [fault] }))
      if (wrong !== undefined) harmful.push(`${JSON.stringify(fault)}: ${wrong}`)
    }
    expect(harmful).toEqual([])
  })

  it('[O9] publishes again to the listener that has failed, and to no other', async () => {
    const result = await press({}, { fails: 3, workload: { orders: 1 } })
    expect(result.verdict).toBe('pass')
    expect(recordsOf(result, 'append')).toHaveLength(1)
  })

  it('[O9] that completes a publication after the listener has committed repeats what that did', async () => {
    const faults = [
      {
        crash: 'press',
        at: 'after press.POST /articles tx.commit',
        nth: 2,
        of: 'article 1',
        restart: '300ms',
      },
    ]
    const result = await press({ completion: 'after' }, { faults })
    expect([violated(result), allStruck(result)]).toEqual([['one entry'], true])
    const clean = await press({}, { faults })
    expect([clean.verdict, allStruck(clean)]).toEqual(['pass', true])
  })

  it.each([
    ['park-row', 0],
    ['block', 20],
  ] as const)(
    '[O10] a publication that its listener rejects is, with the policy %s, tried again %j times at least',
    async (poison, least) => {
      const rejecting: Listener<unknown> = async () => {
        throw new RejectError('no such article')
      }
      const result = await press(
        { listeners: { rejecting }, poison },
        { workload: { orders: 1 }, budget: { time: '3m' } },
      )
      const parked = recordsOf(result, 'commit').filter(({ data }) =>
        JSON.stringify(data).includes('"status":"PARKED"'),
      )
      expect(parked).toHaveLength(poison === 'block' ? 0 : 1)
      const failed = recordsOf(result, 'failed').length
      expect(failed >= least && (least > 0 || failed === 0)).toBe(true)
      expect(recordsOf(result, 'append')).toHaveLength(1)
    },
  )

  it('[O9] keeps the name of the listener that sends to topics to itself', () => {
    expect(() => registryRelay({ listeners: { externalizer: async () => {} } })).toThrow('externalizer')
  })
})
