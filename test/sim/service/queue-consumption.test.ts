import { type RabbitOptions, RejectError, rabbitmq, type SqsOptions, skipping, sqs, topic } from 'faultline'
import { describe, expect, it } from 'vitest'
import { EPOCH_MILLIS } from '../../../sim/kernel/time.ts'
import {
  allStruck,
  type Courier,
  courier,
  deliver,
  type Letter,
  type ReceiverContext,
  recordsOf,
  violated,
} from '../../fixtures/courier.ts'

const TRANSPORTS = {
  'SQS standard': sqs(),
  'SQS FIFO': sqs({ fifo: true }),
  RabbitMQ: rabbitmq(),
} as const
const NAMES = Object.keys(TRANSPORTS) as (keyof typeof TRANSPORTS)[]

type Result = Awaited<ReturnType<typeof courier>>

/** What handlers were given, as `entity×deliveries`, and when, in milliseconds. */
const delivered = (result: Result, service = 'receiver'): { text: string; millis: number }[] =>
  recordsOf(result, 'deliver')
    .filter(({ lane }) => lane.startsWith(service))
    .map(({ entity, data, atMicros }) => ({
      text: `${entity}×${(data as { deliveries: number }).deliveries}`,
      millis: atMicros / 1000,
    }))

const texts = (result: Result, service?: string): string[] =>
  delivered(result, service).map(({ text }) => text)

/** A receiver that cannot deliver letter 1 until a moment. */
const failsUntil =
  (millis: number): NonNullable<Courier['receive']> =>
  () =>
  async (letter, ctx) => {
    if (letter.number === 1 && ctx.now() - EPOCH_MILLIS < millis) throw new Error('nobody is at home')
    await deliver(letter, ctx)
  }

describe.each(NAMES)('on queues of %s', (name) => {
  const queue = TRANSPORTS[name]

  it.each(['relay', 'dual-write', 'publish-before-commit'] as const)(
    '[QU17] events of an outbox in mode %s reach their handlers, each once while nothing fails',
    async (outbox) => {
      const result = await courier(
        { queue, outbox, receivers: 2 },
        { workload: { orders: 20, every: '5ms' } },
      )
      expect(result.verdict).toBe('pass')
      expect(texts(result).sort()).toEqual(Array.from({ length: 20 }, (_, n) => `letter-${n + 1}×1`).sort())
      expect(recordsOf(result, 'append')).toEqual([])
    },
  )

  it('[QU17] a handler that throws is tried again after 0.1 s, then after twice as long each time, at most after 10 s', async () => {
    const receive = failsUntil(30_000)
    const result = await courier({ queue, receive }, { workload: { orders: 1 } })
    expect(result.verdict).toBe('pass')
    const times = delivered(result).map(({ millis }) => millis)
    const pauses = times.slice(1).map((at, index) => Math.floor((at - (times[index] as number)) / 100) * 100)
    expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000])
  })

  it('[QU17] a message whose handler fails keeps no other waiting', async () => {
    const result = await courier(
      { queue, receive: failsUntil(20_000) },
      { workload: { orders: 12, every: '1ms' } },
    )
    expect(result.verdict).toBe('pass')
    const others = delivered(result).filter(({ text }) => !text.startsWith('letter-1×'))
    expect(Math.max(...others.map(({ millis }) => millis))).toBeLessThan(2_000)
  })

  it.each([
    ['same-transaction', []],
    ['none', ['no double delivery']],
  ] as const)(
    '[QU17] a crash before the acknowledgement, with inbox %s, violates %j',
    async (inbox, broken) => {
      const result = await courier(
        { queue, inbox },
        { faults: [{ crash: 'receiver', at: 'before message.acknowledge', of: 'letter 2', restart: '1s' }] },
      )
      expect(allStruck(result)).toBe(true)
      expect(violated(result)).toEqual(broken)
    },
  )

  it('[QU17] a crash after the acknowledgement repeats nothing', async () => {
    const result = await courier(
      { queue, inbox: 'none' },
      { faults: [{ crash: 'receiver', at: 'after message.acknowledge', of: 'letter 2', restart: '1s' }] },
    )
    expect(allStruck(result)).toBe(true)
    expect(result.verdict).toBe('pass')
  })

  it('[QU20] a redelivery brings handled messages again', async () => {
    const faults = [{ redeliver: 'receiver', records: 2, at: '5s' }]
    const right = await courier({ queue }, { faults })
    expect(right.verdict).toBe('pass')
    expect(texts(right)).toHaveLength(5)
    const wrong = await courier({ queue, inbox: 'none' }, { faults })
    expect(violated(wrong)).toEqual(['no double delivery'])
  })
})

describe('a message that fails for good', () => {
  const graveyard = topic('graveyard', { queue: sqs(), key: 'address' })
  const rabbit = (options: RabbitOptions = {}) => rabbitmq({ deadLetters: graveyard, ...options })
  const amazon = (maxReceiveCount: number, options: SqsOptions = {}) =>
    sqs({ redrive: { deadLetters: graveyard, maxReceiveCount }, ...options })

  it.each([
    ['SQS after 3 receives', amazon(3), 3],
    ['RabbitMQ after 3 returns', rabbit({ deliveryLimit: 3 }), 4],
  ])('[QU16] becomes a dead letter of %s, which another service handles', async (_which, queue, times) => {
    const result = await courier({ queue, graveyard, receive: failsUntil(86_400_000) })
    expect(violated(result)).toEqual(['no lost letter'])
    expect(texts(result).filter((text) => text.startsWith('letter-1×'))).toHaveLength(times)
    expect(texts(result, 'undertaker')).toEqual(['letter-1×1'])
    expect(result.reason).toBeUndefined()
  })

  it.each([
    ['SQS', amazon(3)],
    ['RabbitMQ', rabbit()],
  ])('[QU17] is a dead letter of %s at once where the handler rejects it', async (_which, queue) => {
    const receive: Courier['receive'] = () => async (letter, ctx) => {
      if (letter.number === 1) throw new RejectError('no such address')
      await deliver(letter, ctx)
    }
    const result = await courier({ queue, graveyard, receive })
    expect(texts(result).sort()).toEqual(['letter-1×1', 'letter-2×1', 'letter-3×1'])
    expect(texts(result, 'undertaker')).toEqual(['letter-1×1'])
  })

  it('[QU17] in Kafka is tried again all the same', async () => {
    let times = 0
    const receive: Courier['receive'] = () => async (letter, ctx) => {
      if (letter.number === 1 && ++times < 3) throw new RejectError('no such address')
      await deliver(letter, ctx)
    }
    expect((await courier({ receive })).verdict).toBe('pass')
    expect(times).toBe(3)
  })

  it('[QU17] is named when the budget runs out before it has succeeded', async () => {
    const result = await courier(
      { queue: sqs(), receive: failsUntil(86_400_000) },
      { workload: { orders: 1 }, budget: { time: '1m' } },
    )
    expect(result.verdict).toBe('inconclusive')
    expect(result.reason).toMatch(
      /receiver\.LetterSent has failed \d+ times for letter-1, last: Error: nobody/,
    )
  })
})

describe('a back-off', () => {
  it('[QU17] ends with the life of the consumer that keeps the message meanwhile', async () => {
    const result = await courier(
      { queue: rabbitmq(), receive: failsUntil(2_000) },
      { workload: { orders: 1 }, faults: [{ crash: 'receiver', at: '2s', restart: '300ms' }] },
    )
    expect(result.verdict).toBe('pass')
    const times = delivered(result).map(({ millis }) => Math.floor(millis / 100))
    expect(times.slice(-2)).toEqual([expect.toSatisfy((at: number) => at < 20), 23])
    // Else it would be over after 3.1 seconds.
    expect(result.endMicros).toBeLessThan(2_500_000)
  })

  it('[QU17] is nothing that still goes on once the message is a dead letter', async () => {
    const graveyard = topic('graveyard', { queue: sqs(), key: 'address' })
    const queue = sqs({ redrive: { deadLetters: graveyard, maxReceiveCount: 2 } })
    const result = await courier(
      { queue, graveyard, receive: failsUntil(86_400_000) },
      { workload: { orders: 2, every: '10s' }, budget: { time: '5s' } },
    )
    expect(texts(result, 'undertaker')).toEqual(['letter-1×1'])
    expect(result.reason).toBe('the budget of virtual time ran out')
  })
})

describe('letters to one address', () => {
  /** The order in which letters were taken up. */
  const order = async (queue: Courier['queue'], seed: number): Promise<number[]> => {
    const result = await courier(
      { queue, sameAddress: 8, receivers: 2, seed, receive: failsUntil(1_000) },
      { workload: { orders: 8, every: '2ms' } },
    )
    expect(result.verdict).toBe('pass')
    const done = recordsOf(result, 'commit').filter(({ lane }) => lane === 'receiver-db')
    return done.map(({ entity }) => Number(entity?.split('-')[1]))
  }
  const sorted = [1, 2, 3, 4, 5, 6, 7, 8]
  const seeds = [1, 2, 3, 4, 5]

  it.each([
    ['SQS standard', sqs()],
    ['RabbitMQ', rabbitmq()],
  ])('[QU11] are sometimes handled in another order on queues of %s', async (_which, queue) => {
    const orders = await Promise.all(seeds.map((seed) => order(queue, seed)))
    expect(orders.map(String)).not.toContain(String(sorted))
    for (const one of orders) expect([...one].sort()).toEqual(sorted)
  })

  it('[QU7] are always handled in the order of sending on FIFO queues', async () => {
    const queue = sqs({ fifo: true })
    for (const seed of seeds) expect(await order(queue, seed)).toEqual(sorted)
  })
})

describe('a relay that sends an event again', () => {
  const faults = [{ crash: 'sender-relay', at: 'after outbox.send', nth: 2, restart: '1s' }]

  it('[QU8] is heard once within 5 minutes on FIFO queues', async () => {
    const result = await courier({ queue: sqs({ fifo: true }), inbox: 'none' }, { faults })
    expect(allStruck(result)).toBe(true)
    expect(recordsOf(result, 'publish').length).toBeGreaterThan(3)
    expect(result.verdict).toBe('pass')
  })

  it('[QU8] is heard twice on others', async () => {
    const result = await courier({ queue: sqs(), inbox: 'none' }, { faults })
    expect(violated(result)).toEqual(['no double delivery'])
  })
})

describe('a service whose topics are all on queues', () => {
  it.each<[string, Partial<Courier>]>([
    ['failures', { failures: skipping({ retry: { attempts: 2 } }) }],
    ['consumer', { consumer: { concurrency: 4 } }],
  ])('[QU19] is refused %s: they are for Kafka, and would mean nothing', async (option, options) => {
    const result = await courier({ queue: sqs(), ...options })
    expect([result.verdict, result.failureCode]).toEqual(['error', 'definition'])
    expect(result.reason).toContain(`service receiver: ${option}: it is for consumers of Kafka`)
    expect((await courier({ queue: sqs(), consumer: {} })).verdict).toBe('pass')
    expect((await courier(options)).verdict).toBe('pass')
  })
})

describe('an instance that is shut down while it consumes from queues', () => {
  /** How long it took to stop, in milliseconds. */
  const stopping = (result: Result): number => {
    const [drained] = recordsOf(result, 'drain')
    const [stopped] = recordsOf(result, 'stop')
    return ((stopped?.atMicros ?? Number.NaN) - (drained?.atMicros ?? 0)) / 1_000
  }

  it.each(NAMES)('[QU17] stops at once when it handles nothing: %s', async (name) => {
    const faults = [{ shutDown: 'receiver', at: '10s', restart: '1s' }]
    const result = await courier({ queue: TRANSPORTS[name], inbox: 'none' }, { faults })
    expect(result.verdict).toBe('pass')
    expect(stopping(result)).toBeLessThan(100)
  })

  it.each(NAMES)('[QU17] ends and settles what it handles, which does not come again: %s', async (name) => {
    const receive = () => async (letter: Letter, ctx: ReceiverContext) => {
      await ctx.sleep('3s')
      await deliver(letter, ctx)
    }
    const faults = [{ shutDown: 'receiver', at: 'before receiver.LetterSent sleep', restart: '1s' }]
    const workload = { orders: 1 }
    const result = await courier({ queue: TRANSPORTS[name], inbox: 'none', receive }, { faults, workload })
    expect([result.verdict, allStruck(result)]).toEqual(['pass', true])
    expect(stopping(result)).toBeGreaterThanOrEqual(3_000)
    expect(stopping(result)).toBeLessThan(3_100)
  })
})
