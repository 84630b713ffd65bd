import { describe, expect, it } from 'vitest'
import { kafkaSchema } from '../../../sim/run/kafka-limits.ts'
import { schemaProblems } from '../../../sim/run/problem.ts'

describe('what Kafka refuses is told in its words, where it is said', () => {
  it.each([
    {
      cluster: { kafka: { 'delivery.timeout.ms': 1_000 } },
      path: ['cluster', 'kafka', 'delivery.timeout.ms'],
      message: 'delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms',
    },
    {
      cluster: { brokers: 5, kafka: { 'min.insync.replicas': 4 } },
      path: ['cluster', 'kafka', 'min.insync.replicas'],
      message:
        'min.insync.replicas is 4, but topics have 3 replicas: only 3 would be waited for (effective min ISR)',
    },
    {
      cluster: { brokers: 1, kafka: { 'min.insync.replicas': 2 } },
      path: ['cluster', 'kafka', 'min.insync.replicas'],
      message:
        'min.insync.replicas is 2, but topics have 1 replicas: only 1 would be waited for (effective min ISR)',
    },
    {
      cluster: { kafka: { 'offsets.topic.replication.factor': 5 } },
      path: ['cluster', 'kafka', 'offsets.topic.replication.factor'],
      message:
        'offsets.topic.replication.factor is 5, but there are 3 brokers: the topic could not be created (INVALID_REPLICATION_FACTOR)',
    },
    {
      cluster: { kafka: { 'replica.fetch.wait.max.ms': 40_000 } },
      path: ['cluster', 'kafka', 'replica.fetch.wait.max.ms'],
      message:
        'replica.fetch.wait.max.ms should always be less than or equal to replica.lag.time.max.ms to prevent frequent changes in ISR',
    },
  ])('[B16] [R1] $path: $message', ({ cluster, path, message }) => {
    expect(schemaProblems({ system: 'any', cluster })).toMatchObject([{ path, message }])
  })

  it('[B16] takes what so many brokers can have', () => {
    const cluster = { brokers: 5, kafka: { 'offsets.topic.replication.factor': 5, 'min.insync.replicas': 3 } }
    expect(schemaProblems({ system: 'any', cluster })).toEqual([])
  })
})

describe('the configuration of Kafka in a scenario', () => {
  it('[S47] has no transactional.id, which each producer of a service has of its own', () => {
    const { error } = kafkaSchema.safeParse({ 'transactional.id': 'mine' })
    expect(error?.issues.map(({ path, message }) => `${path.join()}: ${message}`)).toEqual([
      'transactional.id: expected none for all producers: a service with kafkaTransactions gives each of its own one',
    ])
    expect(kafkaSchema.safeParse({ 'transaction.timeout.ms': 5_000 }).success).toBe(true)
  })
})
