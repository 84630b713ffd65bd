import {
  closing,
  ledger,
  paymentProvider,
  route,
  service,
  table,
  text,
  topic,
  type UserContext,
} from 'faultline'
import { describe, expect, it } from 'vitest'
import { courier, deliver, recordsOf } from '../../fixtures/courier.ts'
import { PLAIN_MESSAGING, stage } from '../../fixtures/stage.ts'

const Said = topic('words', { partitions: 1, key: 'word' }).event('Said', { word: text })

/** What a module has that is imported in a circle. */
const LATE = undefined as never

describe('a service', () => {
  it('[S14] is made once per life of each instance: what it remembers dies with it', async () => {
    let made = 0
    const remembered: number[] = []
    const receive = () => {
      made++
      let seen = 0
      return async (...of: Parameters<typeof deliver>) => {
        remembered.push(++seen)
        await deliver(...of)
      }
    }
    const result = await courier(
      { receive, sameAddress: 9 },
      {
        workload: { orders: 4, every: '500ms' },
        faults: [{ crash: 'receiver', at: '900ms', restart: '10ms' }],
      },
    )
    expect(result.verdict).toBe('pass')
    expect(made).toBe(2)
    expect(remembered).toEqual([1, 2, 1, 2])
  })

  it('[S8] shares the partitions of its topics among its instances: each event goes to one of them', async () => {
    const result = await courier({ receivers: 2, inbox: 'none' }, { workload: { orders: 30, every: '10ms' } })
    expect(result.verdict).toBe('pass')
    const places = recordsOf(result, 'deliver').map(
      ({ lane, data }) => [(data as { partition: string }).partition, lane] as const,
    )
    expect(places).toHaveLength(30)
    expect(new Set(places.map(([, lane]) => lane)).size).toBe(2)
    const owners = new Map(places)
    for (const [partition, lane] of places) expect(owners.get(partition)).toBe(lane)
  })

  it('[S8] passes over events that it does not handle, and reads on', async () => {
    const words = topic('words', { partitions: 1, key: 'word' })
    const [Shouted, Whispered] = [
      words.event('Shouted', { word: text }),
      words.event('Whispered', { word: text }),
    ]
    const say = route<{ readonly word: string }, null>('speaker', 'say')
    const speaker = service('speaker', PLAIN_MESSAGING, ({ route: answer }) => {
      answer(say, async ({ word }, ctx) => {
        for (let n = 0; n < 3; n++) await ctx.publish(Whispered, { word })
        await ctx.publish(Shouted, { word })
        return null
      })
    })
    const heard: string[] = []
    const listener = service('listener', PLAIN_MESSAGING, ({ on }) => {
      on(Shouted, async ({ word }) => {
        heard.push(word)
      })
    })
    const parts = {
      topics: [words],
      services: [speaker, listener],
      workload: {
        noun: 'order',
        act: async (n: number, user: UserContext) => {
          await user.call(say, { word: `word-${n}` })
        },
      },
    }
    const result = await stage(parts, { workload: { orders: 3, every: '1s' } })
    expect(heard).toEqual(['word-1', 'word-2', 'word-3'])
    const committed = recordsOf(result, 'offset-commit').map(
      ({ data }) => (data as { offsets: { offset: number }[] }).offsets[0]?.offset,
    )
    expect(committed).toEqual([4, 8, 12])
  })
})

describe('a declaration', () => {
  it('[S15] of ledgers is needed before users can note anything in one', async () => {
    const notes = ledger<{ readonly what: string }>('users.notes')
    const result = await stage({
      workload: {
        noun: 'order',
        act: async (_n, user) => {
          user.note(notes, { what: 'hello' })
        },
      },
    })
    expect(result).toMatchObject({ verdict: 'error', failureCode: 'definition' })
    expect(result.reason).toContain('users.notes was not declared')
  })

  it('[S15] gives a table the name of its service', () => {
    const { tables } = service(
      'shop',
      { tables: { orders: table({ orderId: text }, { key: 'orderId' }) }, ...PLAIN_MESSAGING },
      () => {},
    )
    expect(tables.orders.name).toBe('shop.orders')
  })

  it('[S15] that handles an event twice, or answers for another service, ends the run before it begins', async () => {
    const foreign = route<null, null>('elsewhere', 'GET /')
    const twice = service('ear', PLAIN_MESSAGING, ({ on }) => {
      on(Said, async () => {})
      on(Said, async () => {})
    })
    const impostor = service('ear', PLAIN_MESSAGING, ({ route: answer }) => {
      answer(foreign, async () => null)
    })
    for (const [spec, message] of [
      [twice, 'service ear handles Said twice'],
      [impostor, "service ear cannot answer 'GET /', a route of elsewhere"],
    ] as const) {
      const result = await stage({ topics: [Said.topic], services: [spec] })
      expect(result).toMatchObject({ verdict: 'error', failureCode: 'definition', events: 0 })
      expect(result.reason).toContain(message)
    }
  })

  it.each<[string, Parameters<typeof service>[2], string]>([
    [
      'an event that is not declared yet',
      ({ on }) => on(LATE, async () => {}),
      'handles undefined: expected what topic(…).event(…) gives',
    ],
    [
      'the name of an event',
      ({ on }) => on('Said' as never, async () => {}),
      'handles string: expected what topic',
    ],
    ['a topic', ({ on }) => on(Said.topic as never, async () => {}), 'handles object: expected what topic'],
    ['no event', ({ on }) => on(null as never, async () => {}), 'handles null: expected what topic'],
    [
      'a route that is not declared',
      ({ route: answer }) => answer(LATE, async () => {}),
      'handles undefined: expected what route(…) gives',
    ],
    [
      'a timer that is not declared',
      ({ onTimer }) => onTimer(LATE, async () => {}),
      'handles undefined: expected what timer(…) gives',
    ],
    ['an event with nothing', ({ on }) => on(Said, LATE), 'handles Said with undefined: expected a function'],
    [
      'batches with nothing',
      ({ onBatch }) => onBatch(Said, { size: 2 }, LATE),
      'handles Said with undefined',
    ],
    ['a job that does nothing', ({ job }) => job('tidy', LATE, LATE), 'handles tidy with undefined'],
  ])('[S15] that handles %s is refused with what was expected', async (_what, factory, told) => {
    const result = await stage({
      topics: [Said.topic],
      services: [service('ear', PLAIN_MESSAGING, factory)],
    })
    expect(result).toMatchObject({ verdict: 'error', failureCode: 'definition', events: 0 })
    expect(result.reason).toContain(`service ear ${told}`)
  })

  const rows = { rows: table({ id: text }, { key: 'id' }) }

  it.each<[string, object, string]>([
    ['of no instances', { instances: 0 }, 'instances: expected a whole number from 1, got 0'],
    ['of fewer instances', { instances: -1 }, 'got -1'],
    ['of one and a half', { instances: 1.5 }, 'got 1.5'],
    [
      'with an option that there is not',
      { instnaces: 2 },
      "there is no option 'instnaces': expected one of instances, tables, ",
    ],
    [
      'whose consumer has an option that there is not',
      { consumer: { reach: 'highest' } },
      "consumer: there is no option 'reach': expected one of concurrency, order, ",
    ],
    [
      'whose consumer has an order that there is not',
      { consumer: { order: 'nonee' } },
      "consumer: order: expected one of partition, key, none, got 'nonee'",
    ],
    [
      'whose transactions are fenced by nothing',
      { kafkaTransactions: { fencing: 'none' } },
      "kafkaTransactions: fencing: expected one of group-metadata, group-id, got 'none'",
    ],
    [
      'with a desk that waits',
      { http: { wait: 1 } },
      "http: there is no option 'wait': expected one of concurrency",
    ],
    [
      'that keeps timers nowhere',
      { timers: { store: 'nowhere' } },
      "timers: store: expected one of same-transaction, in-memory, got 'nowhere'",
    ],
    [
      'that handles several events at a time and ends by the failure of one',
      { failures: closing(), consumer: { concurrency: 2 } },
      'closing: expected a concurrency of 1, because the handlers beside the one that throws would end with it',
    ],
    [
      'with a table called inbox',
      { tables: { inbox: rows.rows } },
      "its table 'inbox' has the name of a table of inbox, outbox or the runtime",
    ],
    ['with a table called outbox', { tables: { outbox: rows.rows } }, "its table 'outbox' has the name"],
    [
      'with first rows of one key',
      { tables: rows, initially: { rows: [{ id: 'a' }, { id: 'b' }, { id: 'a' }] } },
      "'initially' has two rows of rows with the key a",
    ],
    [
      'with first rows of no table',
      { tables: rows, initially: { row: [{ id: 'a' }] } },
      "'initially' has rows for 'row', which is no table of it: expected rows",
    ],
  ])('[S18] of a service %s is refused', (_what, options, message) => {
    expect(() => service('shop', { ...options, ...PLAIN_MESSAGING }, () => {})).toThrow(`service shop: `)
    expect(() => service('shop', { ...options, ...PLAIN_MESSAGING }, () => {})).toThrow(message)
  })

  it.each(['inbox', 'outbox'])('[S18] of a service without %s is refused', (part) => {
    expect(() => service('shop', { ...PLAIN_MESSAGING, [part]: undefined }, () => {})).toThrow(
      `service shop: it has no ${part}: expected ${part}: ${part}(…)`,
    )
  })

  it.each(['now', 'event', 'transaction', 'db', 'then', 'constructor'])(
    '[S20] of a client called %s is refused, because it would hide a member of ctx',
    (name) => {
      const clients = { [name]: paymentProvider() }
      expect(() => service('shop', { clients, ...PLAIN_MESSAGING }, () => {})).toThrow(
        `no client of service shop can be called '${name}': it would hide ctx.${name}`,
      )
    },
  )

  it('[S20] of a table called publish is refused, because it would hide a member of tx', () => {
    const tables = { publish: table({ id: text }, { key: 'id' }) }
    expect(() => service('shop', { tables, ...PLAIN_MESSAGING }, () => {})).toThrow(
      "no table of service shop can be called 'publish': it would hide tx.publish",
    )
  })

  const other = topic('wods', { partitions: 1, key: 'word' })

  it('[S21] of a service that listens to a topic which the system lacks ends the run before it begins', async () => {
    const ear = service('ear', PLAIN_MESSAGING, ({ on }) => on(Said, async () => {}))
    expect(await stage({ topics: [other], services: [ear] })).toMatchObject({
      failureCode: 'definition',
      reason:
        "the system has no topic 'words', and service ear listens to it: expected wods of its 'topics'; did you mean 'wods'?",
      events: 0,
    })
  })

  it.each(['straight', 'by the outbox'])(
    '[S21] of an event of a topic which the system lacks ends the run that publishes it %s',
    async (how) => {
      const say = route<null, null>('mouth', 'say')
      const mouth = service('mouth', PLAIN_MESSAGING, ({ route: answer }) => {
        answer(say, async (_request, ctx) => {
          if (how === 'straight') await ctx.publish(Said, { word: 'w' })
          else await ctx.transaction((tx) => tx.publish(Said, { word: 'w' }))
          return null
        })
      })
      const act = async (_n: number, user: UserContext): Promise<void> => void (await user.call(say, null))
      const result = await stage({ topics: [other], services: [mouth], workload: { noun: 'order', act } })
      expect(result.failureCode).toBe('definition')
      expect(result.reason).toContain("no topic 'words', and mouth.say publishes Said: expected wods")
    },
  )
})
