import { describe, expect, it } from 'vitest'
import type { ProducerSettings } from '../../../../sim/kafka/producer/config.ts'
import { ProducerCluster } from '../../../fixtures/producer-cluster.ts'

const AT_ONCE: ProducerSettings = { 'linger.ms': 0 }
const PLAIN: ProducerSettings = { ...AT_ONCE, 'enable.idempotence': false }

function cluster(settings: ProducerSettings = AT_ONCE): ProducerCluster {
  return new ProducerCluster(settings, { orders: [0, 1, 2], bills: [0] })
}

describe('[KP3] requests', () => {
  it('[KP3] carry one batch of each partition that a broker leads, whatever the topic', () => {
    const each = cluster({ 'linger.ms': 5 })
    each.produce('a', { partition: 0 })
    each.at(1)
    each.produce('b', { topic: 'bills' })
    each.produce('c', { partition: 1 })
    each.at(4.5)
    expect(each.produced).toEqual([])
    each.at(5)
    expect(each.produced).toEqual(['0: orders-0[a]@0 bills-0[b]@0'])
    each.at(6)
    expect(each.produced.slice(1)).toEqual(['1: orders-1[c]@0'])
    each.acknowledge(3)
    expect(each.sends.ended).toEqual(['a: 0@3', 'b: 0@3'])
  })

  it('[KP3] name acks and the time that the broker has', () => {
    const each = cluster({ ...PLAIN, acks: '1', 'request.timeout.ms': 9000, 'client.id': 'me' })
    each.produce('a')
    const [open] = each.open('Produce')
    expect(open?.request).toMatchObject({
      clientId: 'me',
      timeoutMillis: 9000,
      body: { acks: 1, timeoutMs: 9000, transactionalId: null },
    })
  })

  it('[KP3] tells the offset of each record, and the time of the log if it has its own', () => {
    const each = cluster({ 'linger.ms': 5 })
    each.produce('a', { partition: 0 })
    each.produce('b', { partition: 0, timestamp: 77 })
    each.at(5)
    each.acknowledge(40)
    each.produce('c', { partition: 0 })
    each.at(10)
    each.acknowledge(42, { logAppendTimeMs: 1000 })
    expect(each.sends.ended).toEqual(['a: 0@40', 'b: 0@41', 'c: 0@42'])
    expect(each.sends.timestamps).toEqual([0, 77, 1000])
  })
})

describe('[KP4] order (SenderTest)', () => {
  it('[KP4] at most max.in.flight requests are under way on a connection', () => {
    const each = cluster({ ...AT_ONCE, 'max.in.flight.requests.per.connection': 2 })
    for (const value of ['a', 'b', 'c', 'd']) each.produce(value, { partition: 0 })
    expect(each.produced).toEqual(['0: orders-0[a]@0', '0: orders-0[b]@1'])
    each.acknowledge()
    // What waited is one batch by now.
    expect(each.produced.slice(2)).toEqual(['0: orders-0[c d]@2'])
  })

  it('[KP4] another broker has requests of its own', () => {
    const each = cluster({ ...AT_ONCE, 'max.in.flight.requests.per.connection': 1 })
    for (const partition of [0, 1, 2]) each.produce('a', { partition })
    expect(each.produced.map((request) => request[0])).toEqual(['0', '1', '2'])
  })

  it('[KP4] without idempotence a batch that is sent again comes after one that overtook it', () => {
    const each = cluster(PLAIN)
    each.produce('a', { partition: 0 })
    each.produce('b', { partition: 0 })
    each.refuse('NOT_ENOUGH_REPLICAS')
    each.acknowledge(0)
    each.at(100)
    each.acknowledge(1)
    expect(each.sends.ended).toEqual(['b: 0@0', 'a: 0@1'])
  })

  it('[KP4] testMessageOrder: with one request in flight nothing overtakes', () => {
    const each = cluster({ ...PLAIN, 'max.in.flight.requests.per.connection': 1 })
    each.produce('a', { partition: 0 })
    each.produce('b', { partition: 0 })
    each.refuse('NOT_ENOUGH_REPLICAS')
    each.at(100)
    each.acknowledge(0)
    each.acknowledge(1)
    expect(each.sends.ended).toEqual(['a: 0@0', 'b: 0@1'])
  })

  it('[KP4] a partition whose batch is under way is muted when leaders change', () => {
    const each = cluster({ ...PLAIN, 'max.in.flight.requests.per.connection': 1 })
    each.produce('a', { partition: 0 })
    each.topics.set('orders', [1, 1, 2])
    each.leaderEpochs.set('orders-0', 1)
    each.break(2)
    each.producer.flush(() => undefined, 0)
    each.produce('x', { topic: 'unknown' })
    each.produce('b', { partition: 0 })
    each.at(200)
    expect(each.produced).toEqual(['0: orders-0[a]'])
  })

  it('[KP4] testIdempotenceWithMultipleInflights…: retries go in the order of their sequences, one at a time', () => {
    const each = cluster()
    for (const value of ['a', 'b', 'c']) each.produce(value, { partition: 0 })
    expect(each.produced).toEqual(['0: orders-0[a]@0', '0: orders-0[b]@1', '0: orders-0[c]@2'])
    each.refuse('LEADER_NOT_AVAILABLE')
    each.refuse('OUT_OF_ORDER_SEQUENCE_NUMBER')
    each.refuse('OUT_OF_ORDER_SEQUENCE_NUMBER')
    each.at(100)
    expect(each.produced.slice(3)).toEqual(['0: orders-0[a]@0'])
    each.acknowledge(0)
    expect(each.produced.slice(4)).toEqual(['0: orders-0[b]@1'])
    each.acknowledge(1)
    each.acknowledge(2)
    expect(each.sends.ended).toEqual(['a: 0@0', 'b: 0@1', 'c: 0@2'])
  })

  it('[KP4] testCorrectHandlingOfOutOfOrderResponses: the later of two that both fail waits for the earlier', () => {
    const each = cluster()
    each.produce('a', { partition: 0 })
    each.produce('b', { partition: 0 })
    each.answerProduce({ errorCode: 'OUT_OF_ORDER_SEQUENCE_NUMBER', baseOffset: -1 }, 1)
    each.at(100)
    expect(each.produced.length).toBe(2)
    each.refuse('NOT_LEADER_OR_FOLLOWER')
    each.at(200)
    expect(each.produced.slice(2)).toEqual(['0: orders-0[a]@0'])
    each.acknowledge(0)
    each.acknowledge(1)
    expect(each.sends.ended).toEqual(['a: 0@0', 'b: 0@1'])
  })
})

describe('[KP5] delivery.timeout.ms', () => {
  const SHORT: ProducerSettings = {
    ...AT_ONCE,
    'request.timeout.ms': 1000,
    'delivery.timeout.ms': 1500,
    'retry.backoff.ms': 400,
    'retry.backoff.max.ms': 400,
  }

  it('[KP5] testExpiredBatchesInQueue: fails what no leader takes', () => {
    const each = cluster(SHORT)
    each.produce('x', { partition: 0 })
    each.acknowledge()
    each.topics.set('orders', [-1, -1, -1])
    each.leaderEpochs.set('orders-0', 1)
    each.produce('a', { partition: 0 })
    each.refuse('NOT_LEADER_OR_FOLLOWER')
    each.at(1499)
    expect(each.sends.ended).toEqual(['x: 0@0'])
    each.at(1500)
    expect(each.sends.ended).toEqual(['x: 0@0', 'a: REQUEST_TIMED_OUT'])
    expect(each.sends.errors[0]?.message).toBe(
      'Expiring 1 record(s) for orders-0:1500 ms has passed since batch creation',
    )
  })

  it('[KP5] testInflightBatchesExpireOnDeliveryTimeout: fails what is under way, and nobody is told twice', () => {
    const each = cluster(SHORT)
    each.produce('a', { partition: 0 })
    each.at(1500)
    expect(each.sends.ended).toEqual(['a: REQUEST_TIMED_OUT'])
    each.acknowledge(0)
    expect(each.sends.ended).toEqual(['a: REQUEST_TIMED_OUT'])
    expect(each.producer.incompleteBatchCount).toBe(0)
  })

  it('[KP5] testWhenFirstBatchExpireNoSendSecondBatchIfGuaranteeOrder: does not unmute what is under way', () => {
    const each = cluster({
      ...SHORT,
      'enable.idempotence': false,
      'max.in.flight.requests.per.connection': 1,
    })
    each.produce('a', { partition: 0 })
    each.at(1000)
    each.produce('b', { partition: 0 })
    each.at(1500)
    expect(each.sends.ended).toEqual(['a: REQUEST_TIMED_OUT'])
    expect(each.produced).toEqual(['0: orders-0[a]'])
    each.break(0)
    each.at(1600)
    expect(each.produced.slice(1)).toEqual(['0: orders-0[b]'])
  })

  it('[KP5] a batch that could not be sent again in time fails with its error', () => {
    const each = cluster(SHORT)
    each.produce('a', { partition: 0 })
    each.at(1499)
    each.refuse('NOT_ENOUGH_REPLICAS')
    expect(each.sends.ended).toEqual([])
    each.at(1500)
    expect(each.sends.ended).toEqual(['a: REQUEST_TIMED_OUT'])
  })

  it('[KP5] an error that comes when the time is over is that of the batch', () => {
    const each = cluster(SHORT)
    each.produce('a', { partition: 0 })
    each.nowMillis = 1500
    each.refuse('NOT_ENOUGH_REPLICAS')
    expect(each.sends.ended).toEqual(['a: NOT_ENOUGH_REPLICAS'])
  })

  it('[KP5] counts from the first record of the batch', () => {
    const each = cluster({ 'linger.ms': 400, 'request.timeout.ms': 1000, 'delivery.timeout.ms': 1500 })
    each.produce('a', { partition: 0 })
    each.at(300)
    each.produce('b', { partition: 0 })
    each.at(1500)
    expect(each.sends.ended).toEqual(['a: REQUEST_TIMED_OUT', 'b: REQUEST_TIMED_OUT'])
  })
})

describe('[KP12] acks=0', () => {
  it('[KP12] what has been written is acknowledged, after the send and at no offset', () => {
    const each = cluster({ ...AT_ONCE, acks: '0' })
    each.produce('a', { partition: 0 })
    expect(each.sends.ended).toEqual([])
    expect(each.producer.nextDeadlineMillis()).toBe(0)
    each.at(0)
    expect(each.sends.ended).toEqual(['a: 0@-1'])
    expect(each.producer.incompleteBatchCount).toBe(0)
  })

  it('[KP12] nothing counts as under way', () => {
    const each = cluster({ ...AT_ONCE, acks: '0', 'max.in.flight.requests.per.connection': 1 })
    each.produce('a', { partition: 0 })
    each.at(0)
    each.produce('b', { partition: 0 })
    each.at(0)
    expect(each.sends.ended).toEqual(['a: 0@-1', 'b: 0@-1'])
  })
})

describe('[KP16] the least that a record costs', () => {
  it('[KP16] it goes out within its send, alone, and leaves no deadline but its delivery.timeout.ms', () => {
    const each = cluster()
    each.produce('a', { partition: 0 })
    each.acknowledge()
    each.at(1000)
    each.produce('b', { partition: 0 })
    expect(each.produced).toEqual(['0: orders-0[a]@0', '0: orders-0[b]@1'])
    expect(each.producer.nextDeadlineMillis()).toBe(121_000)
    each.acknowledge()
    expect(each.producer.nextDeadlineMillis()).toBe(300_000)
  })
})
