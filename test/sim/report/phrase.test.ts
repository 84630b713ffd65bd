import { describe, expect, it } from 'vitest'
import { Entity } from '../../../sim/kernel/choice.ts'
import { Trace } from '../../../sim/kernel/trace.ts'
import { Narrator } from '../../../sim/report/phrase.ts'

/** A trace of a delivery, a step of its handler, and one more record that the step caused; what the last one says. */
function said(kind: string, lane: string, data: unknown): string | undefined {
  const trace = new Trace()
  const order = new Entity('order-1', [])
  const event = { eventType: 'OrderCreated', eventId: 'e' }
  const delivered = trace.append(0, 'deliver', 'payment-1', order, 0, 0, {
    partition: 'order-events/3',
    offset: 1,
    event,
  })
  const step = trace.append(1, 'before', 'payment-1', order, delivered, 0, {
    step: 'payment.OrderCreated provider.charge',
  })
  const last = trace.append(2, kind, lane, order, step, 0, data)
  const narrator = new Narrator(trace)
  const phrase = narrator.phrase(trace.at(last))
  return phrase === undefined ? undefined : `${phrase.subject} ${phrase.did}`
}

const inserted = (table: string, row: object) => ({ table, before: undefined, after: row })

describe('a phrase', () => {
  it.each<[string, string, unknown, string | undefined]>([
    [
      'ledger',
      'provider.charges',
      { id: 'ch-2', amount: 2400, idempotencyKey: 'k' },
      'payment-1 charged 24.00 EUR (charge ch-2)',
    ],
    [
      'ledger',
      'provider.charges',
      { id: 'ch-2', amount: 5, idempotencyKey: null },
      'payment-1 charged 0.05 EUR (charge ch-2, no idempotency key)',
    ],
    [
      'ledger',
      'provider.refunds',
      { id: 're-1', chargeId: 'ch-2', amount: 100 },
      'payment-1 refunded 1.00 EUR (refund re-1 of charge ch-2)',
    ],
    [
      'ledger',
      'mailer.mails',
      { to: 'customer-1', kind: 'payment' },
      'payment-1 mailed customer-1 (payment)',
    ],
    [
      'ledger',
      'users.receipts',
      { orderId: 'order-1', amount: 300 },
      'payment-1 noted in users.receipts: orderId order-1, amount 3.00 EUR',
    ],
    [
      'again',
      'faults',
      { operation: 'redrive payment', why: 'no instance of payment is up' },
      'an operator was to try redrive payment again (no instance of payment is up)',
    ],
    [
      'gave-up',
      'faults',
      { operation: 'replay payment', why: 'no consumer of payment is up' },
      'an operator gave up replay payment (no consumer of payment is up)',
    ],
    [
      'transaction',
      'a/0',
      { producerId: 7, offset: 3, state: 'open' },
      'producer 7 began a transaction in a/0',
    ],
    [
      'transaction',
      'a/0',
      { producerId: 7, offset: 4, state: 'aborted' },
      'producer 7 aborted a transaction in a/0',
    ],
    ['transaction', 'a/0', { producerId: 7, state: 'x' }, 'producer 7 has a transaction in a/0'],
    ['declined', 'provider.charges', { amount: 100 }, 'payment-1 was declined 1.00 EUR'],
    [
      'append',
      'payment-events/0',
      { offset: 7, value: { eventType: 'PaymentCompleted', eventId: 'p' } },
      'payment-1 sent PaymentCompleted to payment-events/0 (offset 7)',
    ],
    [
      'commit',
      'payment-db',
      [
        inserted('inbox', {}),
        inserted('payments', { status: 'COMPLETED' }),
        inserted('outbox', { event: { eventType: 'PaymentCompleted' } }),
      ],
      'payment-1 committed payments row COMPLETED, outbox row PaymentCompleted and inbox row',
    ],
    [
      'commit',
      'payment-db',
      [{ table: 'stock', before: { sku: 'lamp', available: 3 }, after: { sku: 'lamp', available: 2 } }],
      'payment-1 committed stock available 3 → 2',
    ],
    [
      'commit',
      'payment-db',
      [{ table: 'carts', before: { id: 1 }, after: undefined }],
      'payment-1 committed carts row deleted',
    ],
    [
      'commit',
      'payment-db',
      [{ table: 'outbox', before: { status: 'PENDING' }, after: { status: 'SENT' } }],
      undefined,
    ],
    [
      'commit',
      'payment-db',
      [{ table: 'inbox', after: { eventId: 'e' } }],
      'payment-1 committed its inbox row by itself',
    ],
    [
      'commit',
      'payment-db',
      [
        { table: 'stock', key: 'lamp', before: { available: 3 }, after: { available: 2 } },
        { table: 'stock', key: 'desk', before: { available: 3 }, after: { available: 3 } },
        { table: 'orders', key: 'order-1', before: { reason: '' }, after: { reason: 'no lamps' } },
      ],
      'payment-1 committed stock lamp available 3 → 2, stock desk unchanged and orders reason no lamps',
    ],
    ['commit', 'payment-db', [], undefined],
    [
      'get',
      'payment-db',
      { table: 'inbox', answer: { eventId: 'e' } },
      'payment-1 recognised it by its inbox',
    ],
    ['get', 'payment-db', { table: 'inbox', answer: undefined }, undefined],
    [
      'failed',
      'payment-1',
      { handler: 'OrderCreated', error: 'Error', message: 'no' },
      'payment-1 failed in OrderCreated (Error: no)',
    ],
    [
      'rejected',
      'payment-db',
      { sqlState: '23505', message: 'duplicate key' },
      'payment-1 was refused by payment-db (duplicate key)',
    ],
    [
      'after',
      'payment-1',
      { step: 's', data: new Error('not answered within 2s') },
      'payment-1 got an error (not answered within 2s)',
    ],
    ['after', 'payment-1', { step: 's', data: { outcome: 'succeeded' } }, undefined],
    [
      'log',
      'payment-1',
      { message: 'gave up', order: 'order-1' },
      "payment-1 logged 'gave up' (order order-1)",
    ],
    ['crash', 'payment-1', { life: 1 }, 'payment-1 crashed: its memory and its open transactions are gone'],
    ['crash', 'controller', { life: 1 }, 'controller crashed'],
    ['restart', 'controller', { life: 2 }, 'another controller became active'],
    ['pause', 'payment-1', { forMicros: 1 }, 'payment-1 stood still'],
    ['resume', 'payment-1', undefined, 'payment-1 went on as if nothing had happened'],
    ['restart', 'payment-1', { life: 2 }, 'payment-1 started again with an empty memory'],
    [
      'session-expired',
      'group payment',
      { member: 'payment-1#2' },
      'group payment gave up payment-1: its session timed out',
    ],
    [
      'rebalance',
      'group payment',
      { members: ['payment-1#1', 'payment-2#3'] },
      'group payment shared its partitions among payment-1 and payment-2',
    ],
    ['offset-commit', 'group payment', { errorCode: 'NONE' }, undefined],
    [
      'offset-commit',
      'group payment',
      { errorCode: 'ILLEGAL_GENERATION' },
      'payment-1 could not commit its offsets (ILLEGAL_GENERATION)',
    ],
    [
      'publish',
      'payment-events',
      { key: 'order-1', value: { eventType: 'PaymentCompleted', eventId: 'p' } },
      'payment-1 sent PaymentCompleted to payment-events',
    ],
    [
      'returned',
      'order-events.payment',
      { number: 3, deliveries: 1, reason: 'timed out' },
      'order-events.payment has message 3 again: its visibility time-out ran out',
    ],
    [
      'returned',
      'order-events.payment',
      { number: 3, deliveries: 1, reason: 'connection lost' },
      'order-events.payment has message 3 again: connection lost',
    ],
    [
      'discard',
      'order-events.payment',
      { number: 3, deliveries: 5, reason: 'delivery_limit' },
      'order-events.payment gave up message 3: it was delivered 5 times in vain',
    ],
    [
      'discard',
      'order-events.payment',
      { number: 3, deliveries: 1, reason: 'rejected' },
      'order-events.payment gave up message 3: it was rejected',
    ],
    [
      'discard',
      'order-events.payment',
      { number: 3, deliveries: 0, reason: 'expired' },
      'order-events.payment gave up message 3: it was too old',
    ],
    ['settle', 'order-events.payment', { number: 3, settlement: 'acknowledge', counts: true }, undefined],
    [
      'settle',
      'order-events.payment',
      { number: 3, settlement: 'acknowledge', counts: false },
      'order-events.payment took no notice of message 3 being settled: too late',
    ],
    ['tick', 'payment-relay', { job: 'relay' }, undefined],
    ['a kind that is yet to come', 'somewhere', undefined, undefined],
  ])('[R14] of %s at %s', (kind, lane, data, words) => expect(said(kind, lane, data)).toBe(words))

  it('[R14] says so when the same record is taken, or the same event sent, again', () => {
    const trace = new Trace()
    const event = { eventType: 'OrderCreated', eventId: 'e' }
    for (const lane of ['payment-1', 'shipping-1', 'payment-2']) {
      trace.append(0, 'deliver', lane, undefined, 0, 0, { partition: 'order-events/3', offset: 1, event })
    }
    const narrator = new Narrator(trace)
    expect([1, 2, 3].map((id) => narrator.phrase(trace.at(id))?.did)).toEqual([
      'took OrderCreated (order-events/3 offset 1)',
      'took OrderCreated (order-events/3 offset 1)',
      'took OrderCreated again (order-events/3 offset 1)',
    ])
  })

  it('[R14] says so when the same request comes, or a webhook of the same event, again', () => {
    const trace = new Trace()
    const requests = [
      { amount: 1 },
      { amount: 1 },
      { eventId: 'evt-1' },
      { eventId: 'evt-2' },
      { eventId: 'evt-1' },
    ]
    for (const request of requests) {
      const route = 'eventId' in request ? 'hook' : 'pay'
      trace.append(0, 'request', 'till-1', undefined, 0, 0, { route, request })
    }
    const narrator = new Narrator(trace)
    expect([1, 2, 3, 4, 5].map((id) => narrator.phrase(trace.at(id))?.did)).toEqual([
      'received pay',
      'received pay again',
      'received hook',
      'received hook',
      'received hook again',
    ])
  })

  it('[R14] says which message of which queue is taken, and that it is again', () => {
    const trace = new Trace()
    const event = { eventType: 'OrderCreated', eventId: 'e' }
    for (const deliveries of [1, 2])
      trace.append(0, 'deliver', `payment-${deliveries}`, undefined, 0, 0, {
        queue: 'order-events.payment',
        number: 7,
        deliveries,
        event,
      })
    const narrator = new Narrator(trace)
    expect([1, 2].map((id) => narrator.phrase(trace.at(id))?.did)).toEqual([
      'took OrderCreated (order-events.payment message 7)',
      'took OrderCreated again (order-events.payment message 7)',
    ])
  })
})
