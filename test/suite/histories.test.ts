import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  answeredAlike,
  answersOf,
  blocking,
  changesOf,
  cursorRelay,
  deleteRelay,
  eventually,
  factsOf,
  type IdempotencyOptions,
  type Property,
  parking,
  prepare,
  recordsIn,
  retryTopics,
  type Scenario,
  type ScenarioInput,
  type System,
  scenarioOf,
  statusRelay,
  topic,
  transitionsOnly,
  versionsRise,
} from 'faultline'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { orchestratorService } from '../../scenarios/order-orchestration/orchestrator.ts'
import type { Params } from '../../scenarios/order-orchestration/params.ts'
import orchestration from '../../scenarios/order-orchestration/system.ts'
import { run } from '../../sim/run/run.ts'
import { ask, buy, type Checkout, checkoutParts, statusOf } from '../fixtures/checkout.ts'
import { ROOT } from '../fixtures/cli.ts'
import { appended, type Courier, deliver, LetterSent, recordsOf, violated } from '../fixtures/courier.ts'
import { audited, BOOKS } from '../fixtures/courier-books.ts'
import { stage } from '../fixtures/stage.ts'
import { RIGHT_INBOXES, RIGHT_RELAYS } from '../fixtures/variants.ts'

const kafka = { 'session.timeout.ms': 6_000, 'heartbeat.interval.ms': 2_000 }
const everything: readonly Property[] = Object.values(BOOKS)

/** A crash of each side and a redelivery, so that there is something to keep books of. */
const rough: Partial<ScenarioInput> = {
  cluster: { kafka },
  faults: [
    { crash: 'sender-relay', at: 'after sender.relay outbox.send', restart: '300ms' },
    { crash: 'receiver', at: 'before receiver.LetterSent offsets.commit', restart: '300ms' },
    { redeliver: 'receiver', records: 3, at: '20s' },
  ],
}

describe('the books of a right variant', () => {
  it.each(RIGHT_RELAYS.filter(({ name }) => name !== 'consumer-driven'))(
    '[PL16] [PL17] [PL18] are in order: the relay $name',
    async ({ make, ordered }) => {
      const books = everything.filter((property) => ordered || property !== BOOKS.order)
      for (const seed of [1, 2, 3]) {
        const result = await audited(make(), books, { seed, ...rough })
        expect([result.verdict, violated(result)]).toEqual(['pass', []])
      }
    },
  )

  it.each(Object.entries(RIGHT_INBOXES))('[PL19] [PL20] are in order: the inbox %s', async (name, make) => {
    // Of these two the rows say something else than the id of an event.
    const hasRows = !/sequence|natural/.test(name)
    const books = everything.filter((property) => hasRows || property !== BOOKS.inbox)
    for (const seed of [1, 2, 3]) {
      const result = await audited({ inbox: make() }, books, { seed, ...rough })
      expect([result.verdict, violated(result)]).toEqual(['pass', []])
    }
  })
})

/** A sender whose first letter takes its time between publishing and committing. */
const lateCommitter: NonNullable<Courier['send']> = () => async (letter, ctx) => {
  await ctx.transaction(async (tx) => {
    await tx.publish(LetterSent, letter)
    if (letter.number === 1) await ctx.sleep('500ms')
    await tx.sent.insert({ letterId: letter.letterId })
  })
}

/** A receiver that fails with the first letter so many times. */
const failing =
  (times: number): NonNullable<Courier['receive']> =>
  () => {
    let failures = 0
    return async (letter, ctx) => {
      if (letter.number === 1 && failures++ < times) throw new Error('nobody is at home')
      await deliver(letter, ctx)
    }
  }

const soon = topic('letters-retry-1', { partitions: 3, key: 'address' })
const dead = topic('letters-dead', { partitions: 3, key: 'address' })

/** What each mistake does to the books, while nothing fails but what it does itself. */
const MISTAKES: readonly (readonly [what: string, options: Courier, breaks: readonly Property[]])[] = [
  ['[PL16] publishing before the commit', { outbox: 'publish-before-commit' }, [BOOKS.phantom]],
  ['[PL17] sending after the commit', { outbox: 'dual-write' }, [BOOKS.responsibility]],
  ['[PL17] marking before sending', { relay: statusRelay({ mark: 'before-send' }) }, [BOOKS.responsibility]],
  ['[PL17] deleting before sending', { relay: deleteRelay({ mark: 'before-send' }) }, [BOOKS.responsibility]],
  [
    '[PL16] [PL17] [PL18] another id for every attempt',
    { relay: statusRelay({ identity: 'at-send' }) },
    [BOOKS.phantom, BOOKS.responsibility, BOOKS.handled],
  ],
  [
    '[PL18] a cursor that ignores gaps',
    { relay: cursorRelay({ gaps: 'ignored' }), send: lateCommitter, sameAddress: 1 },
    [BOOKS.handled],
  ],
  [
    '[PL18] a letter that is parked, and those behind it, with nobody to have them delivered again,',
    { receive: failing(100), failures: parking({ retry: { first: '100ms', attempts: 1 } }) },
    [BOOKS.handled],
  ],
  [
    '[PL18] [PL21] a letter that is tried again for ever',
    { receive: failing(Number.POSITIVE_INFINITY), failures: blocking({ retry: { first: '20s' } }) },
    [BOOKS.handled, BOOKS.lag],
  ],
  ['[PL19] claiming before the effect', { inbox: 'before' }, [BOOKS.inbox]],
  ['[PL19] marking after the effect', { inbox: 'after' }, [BOOKS.inbox]],
  ['[PL20] committing before handling', { consumer: { commit: 'before-handling' } }, [BOOKS.offsets]],
  [
    '[PL13] retry topics',
    {
      receive: failing(1),
      failures: retryTopics({ topics: [{ topic: soon, delay: '1s' }], deadLetters: dead }),
      topics: [soon, dead],
    },
    [BOOKS.order],
  ],
  [
    '[PL12] retries without a back-off',
    { receive: failing(100), failures: blocking({ retry: { first: '1ms', factor: 1 } }) },
    [BOOKS.calm],
  ],
]

describe('the books of a mistake', () => {
  it.each(MISTAKES)('%s is found without a crash', async (_what, options, breaks) => {
    const result = await audited(options, everything, { cluster: { kafka } })
    expect(violated(result).sort()).toEqual(breaks.map(({ name }) => name).sort())
    for (const { verdict, message, key } of result.properties)
      if (verdict === 'violated') expect([message.length > 20, key === undefined]).toEqual([true, false])
  })
})

describe('a history', () => {
  it('[PL15] changes nothing about a run', async () => {
    const with_ = await audited({}, everything, rough)
    const without = await audited({}, [], rough)
    expect(with_.digest).toBe(without.digest)
  })

  it('[PL15] tells what a trace tells', async () => {
    const seen: Record<string, readonly string[]> = {}
    const spy = eventually('spy', {
      says: 'It looks at everything.',
      within: '1m',
      reads: [factsOf({ name: 'sender' }), recordsIn({ name: 'letters' })],
      per: 'eventId',
      keys: (read) => {
        seen.facts = read(factsSpec)
          .all()
          .map(({ eventId }) => eventId)
        return []
      },
      holds: () => true,
    })
    const factsSpec = spy.reads[0] as ReturnType<typeof factsOf>
    const result = await audited({}, [spy], rough)
    expect(seen.facts).toHaveLength(4)
    expect([...new Set(appended(result).map(({ event }) => event.eventId))].sort()).toEqual(
      [...(seen.facts ?? [])].sort(),
    )
    expect(recordsOf(result, 'crash').length).toBeGreaterThan(0)
  })

  it.each([
    [factsOf({ name: 'nobody' }), "no service 'nobody'"],
    [recordsIn({ name: 'nothing' }), "no topic 'nothing'"],
  ])('[PL15] that the system cannot have is refused: $name', async (history, reason) => {
    const property = eventually('reads it', {
      says: 'It reads what is not there.',
      within: '1m',
      reads: [history],
      per: 'eventId',
      keys: () => [],
      holds: () => true,
    })
    const result = await audited({}, [property])
    expect(result.verdict).toBe('error')
    expect(result.reason).toContain(reason)
  })
})

/** The params of a system as they are by default. */
const defaultsOf = (params: object): Params =>
  Object.fromEntries(Object.entries(params).map(([name, spec]) => [name, spec.default])) as unknown as Params

describe('the books of sagas and requests', () => {
  const { sagas } = orchestratorService(defaultsOf(orchestration.params)).tables
  const changes = changesOf(sagas)
  const rising = versionsRise('no lost transition', { changes, version: 'version' })
  const allowed = transitionsOnly('states of a saga', {
    changes,
    state: 'status',
    begins: ['RUNNING'],
    next: {
      RUNNING: ['COMPLETED', 'COMPENSATING', 'COMPENSATED'],
      COMPENSATING: ['COMPENSATED', 'COMPENSATION_FAILED'],
    },
  })
  const two = parse(
    readFileSync(join(ROOT, 'scenarios/order-orchestration/two-transitions-at-once.yaml'), 'utf8'),
  )
  const play = (params: Scenario['params']) => {
    const { system, parts } = prepare(orchestration as unknown as System, params)
    const scenario = scenarioOf({ ...two, params, expect: {} })
    return run({ system, parts: { ...parts, properties: [rising, allowed] } }, scenario, 1)
  }

  it('[PL7] [PL8] tell of two transitions from one version, and of an end that is left', async () => {
    const { sagaVersions: _blind, ...right } = two.params
    expect(violated(await play(two.params))).toEqual(['no lost transition', 'states of a saga'])
    expect((await play(right)).verdict).toBe('pass')
  })

  const alike = answeredAlike({ answers: answersOf(buy) })
  const shop = (keys: IdempotencyOptions, act: NonNullable<Checkout['act']>) =>
    stage({ ...checkoutParts({ keys, act }), properties: [alike] }, { workload: { orders: 2, every: '1s' } })

  it('[PL11] tell of requests with one key that are not answered alike', async () => {
    const doubleClick: Checkout['act'] = async (n, user) => {
      await Promise.all([ask(n, user, '20s'), user.sleep('2ms').then(() => ask(n, user, '20s'))])
    }
    expect((await shop({}, doubleClick)).verdict).toBe('pass')
    const result = await shop({ claim: 'check-then-insert' }, doubleClick)
    expect(violated(result)).toEqual([alike.name])
    const other: Checkout['act'] = async (_n, user) => {
      for (const item of ['a', 'b']) await statusOf(user, 'buy', item, 'k')
    }
    expect((await shop({}, other)).verdict).toBe('pass')
    expect(violated(await shop({ fingerprint: 'none' }, other))).toEqual([alike.name])
  })
})
