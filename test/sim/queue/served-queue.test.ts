import { describe, expect, it } from 'vitest'
import { type Tape, tapeConflicts } from '../../../sim/kernel/tape.ts'
import { sealPlain } from '../../../sim/kernel/value.ts'
import { ACKNOWLEDGE, amqpTopic, type Manner, QueueBench, sqsTopic } from '../../fixtures/queue-bench.ts'

const MINUTE = 60_000
const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `m${index}`)

describe('a consumer', () => {
  it.each([1, 3, 10])('[QU13] never has more than its prefetch of %i', async (prefetch) => {
    const bench = new QueueBench([amqpTopic('events', { prefetch })])
    const worker = bench.worker('worker-1', { after: 20, kind: 'acknowledge' })
    await bench.publish(1, numbered(30)).run()
    expect(worker.holdsMost).toBe(prefetch)
    expect(bench.seen).toHaveLength(30)
  })

  it('[QU13] gets no more while it settles nothing', async () => {
    const bench = new QueueBench([amqpTopic('events', { prefetch: 4 })])
    bench.worker('worker-1', 'keep')
    await bench.publish(1, numbered(9)).run()
    expect(bench.seen).toHaveLength(4)
    expect(bench.size('events.workers')).toBe(9)
  })

  it('[QU13] that takes more gets what others cannot take', async () => {
    const bench = new QueueBench([amqpTopic('events', { prefetch: 1 })])
    bench.worker('worker-1', 'keep')
    bench.worker('worker-2')
    await bench.publish(1, numbered(9)).run()
    expect(bench.seen.filter((what) => what.endsWith('worker-2')).length).toBeGreaterThanOrEqual(8)
  })

  it('[QU13] is chosen by the run where several take more', async () => {
    const share = async (seed: number): Promise<string> => {
      const bench = new QueueBench([amqpTopic('events')], { seed })
      for (const name of ['worker-1', 'worker-2']) bench.worker(name)
      await bench.publish(1, numbered(8)).run()
      return [...bench.seen].sort().join()
    }
    const shares = await Promise.all(Array.from({ length: 10 }, (_, seed) => share(seed)))
    expect(new Set(shares).size).toBeGreaterThan(5)
    expect(await share(3)).toBe(shares[3])
  })

  it('[D7] more changes no choice that is made with and without it', async () => {
    const tapeOf = async (names: readonly string[]): Promise<Tape> => {
      const bench = new QueueBench([sqsTopic('events')])
      for (const name of names) bench.worker(name)
      await bench.publish(1, numbered(20)).run()
      return bench.kernel.choices.tape() as Tape
    }
    const two = await tapeOf(['worker-1', 'worker-2'])
    expect([...two.keys()]).toContain('consumer of events.workers | order-m0')
    expect(tapeConflicts(two, await tapeOf(['worker-1', 'worker-2', 'worker-3']))).toEqual([])
  })

  it('[QU13] hears of what it settled, unless that came too late', async () => {
    const bench = new QueueBench([sqsTopic('events', { visibilityTimeoutMicros: 100_000 })])
    const slow = bench.worker('worker-1', { after: 150, kind: 'acknowledge' })
    bench.at(90, () => {
      slow.manner = { after: 10, kind: 'acknowledge' }
    })
    await bench.publish(1, ['a']).run()
    expect(bench.seen).toEqual(['a×1 worker-1', 'a×2 worker-1'])
    expect(bench.records('settle', 'events.workers')).toMatchObject([{ counts: true }, { counts: false }])
    expect(slow.settled).toEqual(['a'])
  })
})

describe('the order of delivery', () => {
  /** Publishes ten messages while nobody takes any; the order in which one consumer gets them, one at a time. */
  const orderOf = async (topic: ReturnType<typeof sqsTopic>, seed: number): Promise<string> => {
    const bench = new QueueBench([topic], { seed })
    bench.server.subscription('events', 'workers')
    bench.publish(1, numbered(10))
    bench.at(100, () => void bench.worker('worker-1'))
    await bench.run()
    return bench.seen.map((what) => what.split('×')[0]).join(' ')
  }

  it('[QU11] of an SQS standard queue is a choice of the run: any, and the same for the same seed', async () => {
    const topic = sqsTopic('events', { prefetch: 1 })
    const orders = await Promise.all(Array.from({ length: 20 }, (_, seed) => orderOf(topic, seed)))
    expect(new Set(orders).size).toBe(20)
    expect(orders).not.toContain(numbered(10).join(' '))
    expect(await orderOf(topic, 7)).toBe(orders[7])
  })

  it('[QU11] of one message more stays as it was among the others', async () => {
    const topic = sqsTopic('events', { prefetch: 1 })
    const bench = new QueueBench([topic], { seed: 7 })
    bench.server.subscription('events', 'workers')
    bench.publish(1, ['another']).publish(2, numbered(10))
    bench.at(100, () => void bench.worker('worker-1'))
    await bench.run()
    const others = bench.seen.map((what) => what.split('×')[0]).filter((text) => text !== 'another')
    expect(others.join(' ')).toBe(await orderOf(topic, 7))
  })

  it('[QU11] of a RabbitMQ queue is that of arrival', async () => {
    const topic = amqpTopic('events', { prefetch: 1 })
    for (const seed of [1, 2, 3]) expect(await orderOf(topic, seed)).toBe(numbered(10).join(' '))
  })
})

describe('a crash of a consumer', () => {
  const crashed = async (topic: ReturnType<typeof sqsTopic>): Promise<QueueBench> => {
    const bench = new QueueBench([topic])
    const worker = bench.worker('worker-1', 'keep')
    bench.publish(1, ['a'])
    bench.at(100, () => {
      worker.process.crash(0)
      bench.worker('worker-2')
    })
    return bench.run()
  }

  it('[QU10] lets others have its messages when its connection breaks, in RabbitMQ', async () => {
    const bench = await crashed(amqpTopic('events'))
    expect(bench.seen).toEqual(['a×1 worker-1', 'a×2 worker-2'])
    expect(bench.moments[1]).toBeGreaterThan(100)
    expect(bench.moments[1]).toBeLessThan(110)
  })

  it('[QU10] lets others have its messages when they time out, in SQS', async () => {
    const bench = await crashed(sqsTopic('events'))
    expect(bench.seen).toEqual(['a×1 worker-1', 'a×2 worker-2'])
    const waited = (bench.moments[1] as number) - (bench.moments[0] as number)
    expect(Math.abs(waited - 30_000)).toBeLessThan(10)
  })

  it('[QU10] is what the trace says made a message come again, at once or at its time-out', async () => {
    for (const topic of [amqpTopic('events'), sqsTopic('events')]) {
      const { kernel } = await crashed(topic)
      const records = [...(kernel.trace?.records() ?? [])]
      const returned = records.find(({ kind }) => kind === 'returned')
      const crash = records.find(({ kind }) => kind === 'crash')
      expect(kernel.trace?.causesOf(returned?.id as number)).toContain(crash?.id)
    }
  })

  it('[QU10] loses no acknowledgement that was sent before, and delivers nothing to the dead', async () => {
    const bench = new QueueBench([amqpTopic('events')])
    const worker = bench.worker('worker-1', { after: 0, kind: 'acknowledge' })
    bench.publish(1, ['a'])
    bench.at(50, () => worker.process.crash(0, MINUTE * 1000))
    // The server still thinks that the consumer is there when b comes, and not any more when c does.
    bench.publish(50, ['b']).publish(60, ['c'])
    await bench.run()
    expect(bench.moments[0]).toBeLessThan(50)
    expect(bench.seen).toEqual(['a×1 worker-1', 'b×2 worker-1', 'c×1 worker-1'])
    expect(bench.moments[1]).toBeGreaterThan(MINUTE)
  })
})

describe('the cost of a queue', () => {
  it('[QU14] is nothing while it is idle, whoever waits for messages', async () => {
    const bench = new QueueBench([sqsTopic('events'), amqpTopic('others')])
    for (const name of ['worker-1', 'worker-2']) bench.worker(name)
    bench.worker('other-1', undefined, 'others')
    await bench.run()
    expect(bench.kernel.events).toBe(0)
  })

  it.each([1, 50])('[QU14] is two events for each of %i messages that are settled in time', async (count) => {
    const eventsFor = async (topic: ReturnType<typeof sqsTopic>): Promise<number> => {
      const bench = new QueueBench([topic])
      bench.worker('worker-1')
      await bench.publish(1, numbered(count)).run()
      expect(bench.kernel.nowMicros).toBeLessThan(1_000_000)
      // The publishing, and the worker's own timers.
      return bench.kernel.events - 1 - count
    }
    expect(await eventsFor(sqsTopic('events'))).toBe(2 * count)
    expect(await eventsFor(amqpTopic('events'))).toBe(2 * count)
  })

  it('[QU14] is one event for a message that times out, and none for what is kept for days', async () => {
    const bench = new QueueBench([sqsTopic('events')])
    const worker = bench.worker('worker-1', 'keep')
    bench.at(1_000, () => {
      worker.manner = { after: 0, kind: 'acknowledge' }
    })
    await bench.publish(1, ['a']).run()
    // Publishing, change of manner, delivery, time-out, delivery, the worker's timer, acknowledgement.
    expect(bench.kernel.events).toBe(7)
    expect(bench.kernel.nowMicros).toBeLessThan(31_000_000)
  })
})

describe('acknowledged messages', () => {
  it('[QU20] come again when the server forgets that they were', async () => {
    const bench = new QueueBench([amqpTopic('events')])
    bench.worker('worker-1')
    bench.publish(1, ['a', 'b', 'c'])
    bench.at(1_000, () => bench.server.queue('events.workers')?.reappear(2, 0))
    await bench.run()
    expect(bench.seen.slice(3)).toEqual(['b×2 worker-1', 'c×2 worker-1'])
  })
})

describe('the digest', () => {
  const digestOf = async (text: string, manner: Manner): Promise<string> => {
    const bench = new QueueBench([amqpTopic('events')])
    bench.worker('worker-1', manner)
    bench.at(1, () => {
      const entity = bench.kernel.choices.entity('order-1')
      const message = { key: 'k', value: text, hash: sealPlain(text, 'value'), entity, deduplicationId: 'k' }
      bench.server.publish('events', message, 0)
    })
    await bench.run()
    return bench.kernel.digest.hex()
  }

  it('[QU15] tells apart what is sent and whether it is still there', async () => {
    const first = await digestOf('a', ACKNOWLEDGE)
    expect(await digestOf('a', ACKNOWLEDGE)).toBe(first)
    expect(await digestOf('b', ACKNOWLEDGE)).not.toBe(first)
    expect(await digestOf('a', { after: 0, kind: 'reject' })).not.toBe(first)
  })
})
