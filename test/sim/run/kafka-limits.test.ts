import { describe, expect, it } from 'vitest'
import { kafkaSchema } from '../../../sim/run/kafka-limits.ts'

describe('the configuration of Kafka in a scenario', () => {
  it('[S47] has no transactional.id, which each producer of a service has of its own', () => {
    const { error } = kafkaSchema.safeParse({ 'transactional.id': 'mine' })
    expect(error?.issues.map(({ path, message }) => `${path.join()}: ${message}`)).toEqual([
      'transactional.id: expected none for all producers: a service with kafkaTransactions gives each of its own one',
    ])
    expect(kafkaSchema.safeParse({ 'transaction.timeout.ms': 5_000 }).success).toBe(true)
  })
})
