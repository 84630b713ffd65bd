import { rabbitmq, SimError, sqs, topic } from 'faultline'
import { describe, expect, it } from 'vitest'
import { AMQP_DEFAULTS, SQS_DEFAULTS } from '../../../sim/queue/config.ts'
import { outlineOf } from '../../../sim/run/outline.ts'
import { systemOf } from '../../fixtures/parts.ts'
import { stage } from '../../fixtures/stage.ts'

const dead = topic('dead', { queue: sqs(), key: 'id' })
const deadFifo = topic('dead-fifo', { queue: sqs({ fifo: true }), key: 'id' })
const inKafka = topic('in-kafka', { partitions: 1, key: 'id' })
const redrive = (deadLetters: { name: string }, maxReceiveCount = 5) => ({ deadLetters, maxReceiveCount })

describe('the queues of a topic', () => {
  it('[QU19] behave as the defaults of SQS and RabbitMQ say', () => {
    expect(sqs()).toEqual({ config: SQS_DEFAULTS, deadLetters: undefined })
    expect(rabbitmq()).toEqual({ config: { ...AMQP_DEFAULTS, expired: 'deleted' }, deadLetters: undefined })
    expect(rabbitmq().config.maxDeliveries).toBe(21)
  })

  it('[QU19] behave as their options say', () => {
    expect(
      sqs({
        fifo: true,
        visibilityTimeout: '1m',
        delay: '5s',
        messageRetentionPeriod: '1d',
        redrive: redrive(deadFifo, 3),
        maxInFlight: 2,
      }),
    ).toEqual({
      config: {
        protocol: 'sqs',
        order: 'groups',
        visibilityTimeoutMicros: 60e6,
        delayMicros: 5e6,
        retentionMicros: 86_400e6,
        expired: 'deleted',
        maxDeliveries: 3,
        deduplicationMicros: 300e6,
        prefetch: 2,
      },
      deadLetters: deadFifo,
    })
    expect(rabbitmq({ prefetch: 5, messageTtl: '3s', deliveryLimit: 0, deadLetters: dead })).toEqual({
      config: { ...AMQP_DEFAULTS, prefetch: 5, retentionMicros: 3e6, maxDeliveries: 1 },
      deadLetters: dead,
    })
  })

  it.each([
    ['visibilityTimeout: expected 0s to 12h, got 13h', () => sqs({ visibilityTimeout: '13h' })],
    ['delay: expected 0s to 15m, got 16m', () => sqs({ delay: '16m' })],
    ['messageRetentionPeriod: expected 1m to 14d, got 59s', () => sqs({ messageRetentionPeriod: '59s' })],
    ['messageRetentionPeriod: expected 1m to 14d, got 15d', () => sqs({ messageRetentionPeriod: '15d' })],
    [
      'redrive.maxReceiveCount: expected a whole number from 1 to 1000, got 0',
      () => sqs({ redrive: redrive(dead, 0) }),
    ],
    ['maxInFlight: expected a whole number from 1 to 1000, got 0.5', () => sqs({ maxInFlight: 0.5 })],
    ['prefetch: expected a whole number from 1 to 65535, got 65536', () => rabbitmq({ prefetch: 65_536 })],
    ['messageTtl: expected 1ms to 365d, got 0ms', () => rabbitmq({ messageTtl: '0s' })],
    [
      'deliveryLimit: expected a whole number from 0 to 1000000, got -1',
      () => rabbitmq({ deliveryLimit: -1 }),
    ],
    ["'soon' is not a duration", () => sqs({ delay: 'soon' })],
  ])('[QU19] are refused: %s', (message, make) => {
    expect(make).toThrow(SimError)
    expect(make).toThrow(message)
  })
})

describe('dead letters', () => {
  it.each([
    ['that is the topic itself', sqs({ redrive: redrive({ name: 'events' }) })],
    ['the system has no such topic, name it in topics', sqs({ redrive: redrive({ name: 'nowhere' }) })],
    ['it is on Kafka, declare it with a queue', rabbitmq({ deadLetters: inKafka })],
    ['its queues are not FIFO', sqs({ fifo: true, redrive: redrive(dead) })],
    ['its queues are FIFO', sqs({ redrive: redrive(deadFifo) })],
  ])('[QU19] cannot go where %s, which is told before anything runs', async (why, queue) => {
    const topics = [topic('events', { queue, key: 'id' }), dead, deadFifo, inKafka]
    const { system } = systemOf({ topics })
    expect(() => outlineOf(system, {})).toThrow(`the dead letters of topic events cannot go to`)
    expect(() => outlineOf(system, {})).toThrow(why)
    const result = await stage({ topics })
    expect([result.verdict, result.failureCode]).toEqual(['error', 'definition'])
  })

  it('[QU19] may go to a topic on queues of the same kind', () => {
    const topics = [
      topic('events', { queue: sqs({ redrive: redrive(dead) }), key: 'id' }),
      topic('others', { queue: sqs({ fifo: true, redrive: redrive(deadFifo) }), key: 'id' }),
      dead,
      deadFifo,
    ]
    expect(outlineOf(systemOf({ topics }).system, {}).targets).toContain('queue-server')
  })

  it('[QU19] or not, a system without queues has no server of them', () => {
    expect(outlineOf(systemOf({ topics: [inKafka] }).system, {}).targets).not.toContain('queue-server')
  })
})
