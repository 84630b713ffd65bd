import { type HandlerContext, integer, oneOf, optional, sqs, table, text, timer, topic } from 'faultline'
import { describe, expect, it } from 'vitest'
import type { Registration } from '../../../sim/service/service.ts'

describe('the key of a topic', () => {
  const orders = topic('orders', { partitions: 2, key: 'orderId' })

  it('[S17] is a field of its events', () => {
    expect(orders.event('Placed', { orderId: text, amount: integer })).toMatchObject({
      name: 'Placed',
      topic: { name: 'orders', key: 'orderId' },
    })
    expect(orders.event('Sized', { orderId: oneOf('S', 'M') }).topic.partitions).toBe(2)
  })

  it('[S17] is text and always there, say the types', () => {
    const types = (): unknown[] => [
      // @ts-expect-error a number is no key
      orders.event('Counted', { orderId: integer }),
      // @ts-expect-error what may be null is no key
      orders.event('Guessed', { orderId: optional(text) }),
    ]
    expect(types).not.toThrow()
  })

  it('[S17] that an event does not have is refused where the event is declared', () => {
    // @ts-expect-error the types refuse it as well
    const declare = () => orders.event('Placed', { order: text, amount: integer })
    expect(declare).toThrow(
      'event Placed has no field orderId, which is the key of topic orders: it has order, amount',
    )
  })
})

describe('a topic', () => {
  it('[QU17] is a log in Kafka or queues, and not both, say the types', () => {
    const queue = sqs()
    expect(topic('orders', { partitions: 2, key: 'orderId' })).toMatchObject({
      partitions: 2,
      queue: undefined,
    })
    expect(topic('orders', { queue, key: 'orderId' })).toMatchObject({ partitions: 0, queue })
    const types = (): unknown[] => [
      // @ts-expect-error what carries it is not said
      () => topic('orders', { key: 'orderId' }),
      // @ts-expect-error queues have no partitions
      topic('orders', { queue, partitions: 2, key: 'orderId' }),
    ]
    expect(types).not.toThrow()
  })
})

describe('a declaration of a table or a topic', () => {
  it.each<[string, () => unknown, string]>([
    [
      'a key that is no column',
      () => table({ id: text }, { key: 'it' as 'id' }),
      "a table has no column 'it', which is its key: it has id",
    ],
    [
      'an index that is no column',
      () => table({ id: text }, { key: 'id', indexes: ['it' as 'id'] }),
      "a table has no column 'it', which is its index: it has id",
    ],
    [
      'a topic without partitions',
      () => topic('t', { partitions: 0, key: 'k' }),
      'topic t: partitions: expected a whole number from 1, got 0',
    ],
    ['a topic with a part of one', () => topic('t', { partitions: 1.5, key: 'k' }), 'got 1.5'],
    ['a topic without a name', () => topic('', { partitions: 1, key: 'k' }), "a topic is called ''"],
  ])('[S18] of %s is refused', (_what, declare, message) => {
    expect(declare).toThrow(message)
  })
})

const parcels = topic('parcels', { partitions: 3, key: 'parcelId' })
const Packed = parcels.event('Packed', { parcelId: text, weight: integer, note: optional(text) })
const reminder = timer<{ readonly parcelId: string }>('reminder')

type Tables = Readonly<Record<never, never>>
type Ctx = HandlerContext<Tables, Tables>
type Tx = Parameters<Parameters<Ctx['transaction']>[0]>[0]

describe('an event as service code sees it', () => {
  it('[S43] has the fields that were declared, say the types', () => {
    const types = (tx: Tx, ctx: Ctx, { on, onBatch }: Registration<Tables, Tables>): unknown[] => [
      () => tx.publish(Packed, { parcelId: 'a', weight: 1, note: null }),
      () => ctx.publish(Packed, { parcelId: 'a', weight: 1, note: 'b' }),
      () => on(Packed, async ({ parcelId, weight }) => void parcelId.concat(weight.toFixed())),
      () => onBatch(Packed, { size: 2 }, async ([first]) => void first?.parcelId.concat('b')),
      () => tx.setTimer(reminder, 'a', { after: '5s' }, { parcelId: 'a' }),
    ]
    expect(types).toBeDefined()
  })

  it('[S43] refuses topics, events and fields that were not declared, say the types', () => {
    const types = (tx: Tx, ctx: Ctx, { on, onBatch }: Registration<Tables, Tables>): unknown[] => [
      // @ts-expect-error a topic by name, which nobody has declared
      () => tx.publish('parcels', { parcelId: 'a', weight: 1, note: null }),
      // @ts-expect-error a topic is no event
      () => tx.publish(parcels, { parcelId: 'a', weight: 1, note: null }),
      // @ts-expect-error a topic by name
      () => on('parcels', async () => {}),
      // @ts-expect-error no such event of the topic
      () => on(parcels.Lost, async () => {}),
      // @ts-expect-error an event without the key of its topic
      () => parcels.event('Lost', { weight: integer }),
      // @ts-expect-error a key that is no text
      () => parcels.event('Lost', { parcelId: integer }),
      // @ts-expect-error a field is missing
      () => tx.publish(Packed, { parcelId: 'a', note: null }),
      // @ts-expect-error no such field
      () => tx.publish(Packed, { parcelId: 'a', weight: 1, note: null, colour: 'red' }),
      // @ts-expect-error a weight is no text
      () => ctx.publish(Packed, { parcelId: 'a', weight: 'heavy', note: null }),
      // @ts-expect-error no such field
      () => ctx.publish(Packed, { parcelId: 'a', weight: 1, note: null, colour: 'red' }),
      // @ts-expect-error no such field of what is handled
      () => on(Packed, async ({ colour }) => void colour),
      // @ts-expect-error nor of a batch
      () => onBatch(Packed, { size: 2 }, async ([first]) => void first?.colour),
      // @ts-expect-error a note may be missing
      () => on(Packed, async ({ note }) => void note.concat('b')),
      // @ts-expect-error no such member of a timer
      () => tx.setTimer(reminder, 'a', { after: '5s' }, { parcelId: 'a', colour: 'red' }),
    ]
    expect(types).toBeDefined()
  })
})
