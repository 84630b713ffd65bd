import { describe, expect, it } from 'vitest'
import { SQS_FIFO } from '../../../sim/queue/config.ts'
import { amqpTopic, QueueBench, sqsTopic } from '../../fixtures/queue-bench.ts'

const SECOND = 1_000_000
const reasons = (bench: QueueBench): unknown[] =>
  bench.records('discard').map((data) => (data as { reason: string }).reason)

describe('a topic on queues', () => {
  it('[QU12] gives every message to a queue of each subscriber, whose consumers share it', async () => {
    const bench = new QueueBench([sqsTopic('events')])
    for (const name of ['a-1', 'a-2']) bench.worker(name, undefined, 'events', 'a')
    bench.worker('b-1', undefined, 'events', 'b')
    const texts = Array.from({ length: 20 }, (_, index) => `m${index}`)
    await bench.publish(1, texts).run()
    const got = (service: string): string[] =>
      bench.seen.filter((what) => what.includes(` ${service}-`)).map((what) => what.split('×')[0] as string)
    expect(got('a').sort()).toEqual([...texts].sort())
    expect(got('b').sort()).toEqual([...texts].sort())
    expect(bench.seen.some((what) => what.endsWith('a-1'))).toBe(true)
    expect(bench.seen.some((what) => what.endsWith('a-2'))).toBe(true)
  })

  it('[QU12] keeps what nobody subscribes to in a queue of its own name', async () => {
    const bench = await new QueueBench([sqsTopic('events')]).publish(1, ['a', 'b']).run()
    expect(bench.size('events')).toBe(2)
  })

  it('[QU12] knows its own topics and the queues of a subscriber', () => {
    const bench = new QueueBench([sqsTopic('events'), amqpTopic('others')])
    bench.worker('a-1', undefined, 'others', 'a')
    bench.worker('a-2', undefined, 'events', 'a')
    expect(bench.server.has('events')).toBe(true)
    expect(bench.server.has('nothing')).toBe(false)
    expect(bench.server.queuesOf('a').map(({ name }) => name)).toEqual(['events.a', 'others.a'])
  })
})

describe('dead letters', () => {
  it('[QU16] go to the topic that takes them, whose queues are ordinary ones', async () => {
    const bench = new QueueBench([sqsTopic('events', { maxDeliveries: 2 }, 'dead'), sqsTopic('dead')])
    bench.worker('worker-1', { after: 0, kind: 'release' })
    bench.worker('undertaker-1', undefined, 'dead', 'undertaker')
    await bench.publish(1, ['a']).run()
    expect(bench.seen).toEqual(['a×1 worker-1', 'a×2 worker-1', 'a×1 undertaker-1'])
    expect([bench.size('events.workers'), bench.size('dead.undertaker')]).toEqual([0, 0])
  })

  it('[QU16] wait in the queue of the topic while nobody takes them', async () => {
    const bench = new QueueBench([amqpTopic('events', {}, 'dead'), amqpTopic('dead')])
    bench.worker('worker-1', { after: 0, kind: 'reject' })
    await bench.publish(1, ['a', 'b']).run()
    expect(bench.size('dead')).toBe(2)
    expect(reasons(bench)).toEqual(['rejected', 'rejected'])
  })

  it('[QU16] are gone where no topic takes them', async () => {
    const bench = new QueueBench([amqpTopic('events', { maxDeliveries: 1 }), amqpTopic('dead')])
    bench.worker('worker-1', { after: 0, kind: 'release' })
    await bench.publish(1, ['a']).run()
    expect(reasons(bench)).toEqual(['delivery_limit'])
    expect(bench.size('events.workers') + bench.size('dead')).toBe(0)
  })

  it('[QU16] are no messages that SQS deletes for their age', async () => {
    const bench = new QueueBench([
      sqsTopic('events', { retentionMicros: SECOND, prefetch: 1 }, 'dead'),
      sqsTopic('dead', { retentionMicros: 9e15 }),
    ])
    bench.worker('worker-1', { after: 2_000, kind: 'acknowledge' })
    await bench.publish(1, ['a', 'b']).run()
    expect(reasons(bench)).toEqual(['expired'])
    expect(bench.seen).toHaveLength(1)
    expect(bench.size('dead')).toBe(0)
  })

  it('[QU9] that go round in a circle in which nobody rejected them are dropped by RabbitMQ', async () => {
    const bench = new QueueBench([
      amqpTopic('events', { retentionMicros: SECOND }, 'dead'),
      amqpTopic('dead', { retentionMicros: SECOND }, 'events'),
    ])
    await bench.publish(1, ['a']).run()
    expect(reasons(bench)).toEqual(['expired', 'expired'])
    expect(bench.kernel.nowMicros).toBe(1_000 + 2 * SECOND)
    expect(bench.size('events') + bench.size('dead')).toBe(0)
  })

  // The delayed retry of RabbitMQ: reject into a queue whose messages expire back into the first.
  it('[QU9] that somebody rejects go round as often as that', async () => {
    const bench = new QueueBench([
      amqpTopic('events', {}, 'later'),
      amqpTopic('later', { retentionMicros: SECOND }, 'events'),
    ])
    const worker = bench.worker('worker-1', { after: 0, kind: 'reject' })
    bench.at(3_500, () => {
      worker.manner = { after: 0, kind: 'acknowledge' }
    })
    await bench.publish(1, ['a']).run()
    expect(bench.seen).toHaveLength(5)
    expect(bench.moments.map((millis) => Math.floor(millis / 1000))).toEqual([0, 1, 2, 3, 4])
  })
})

describe('publishing', () => {
  it('[QU12] is confirmed when the message is in its queues', async () => {
    const bench = new QueueBench([sqsTopic('events')])
    const workers = ['a', 'b'].map((name) => bench.worker(`${name}-1`, undefined, 'events', name))
    const sent = bench.send(1, 'm')
    await bench.run()
    expect(workers).toHaveLength(2)
    expect(sent.answer).toEqual({ queues: 2 })
    expect(sent.atMillis).toBeGreaterThan(1)
    expect(bench.seen.sort()).toEqual(['m×1 a-1', 'm×1 b-1'])
  })

  it('[QU8] again what was published is confirmed as well', async () => {
    const bench = new QueueBench([sqsTopic('events', SQS_FIFO)])
    bench.worker('worker-1')
    const answers = [bench.send(1, 'm'), bench.send(100, 'm')]
    await bench.run()
    expect(answers.map(({ answer }) => answer)).toEqual([{ queues: 1 }, { queues: 0 }])
    expect(bench.seen).toEqual(['m×1 worker-1'])
  })
})
