import { describe, expect, it } from 'vitest'
import { consumerPlan } from '../../../sim/service/consumer-options.ts'
import { kafkaTransactionPlan } from '../../../sim/service/kafka-transactions.ts'

describe('options of transactions of Kafka', () => {
  it('[S46] have defaults that are right', () => {
    expect(kafkaTransactionPlan('payment', {})).toEqual({
      transactionalId: 'instance',
      offsets: 'in-transaction',
      fencing: 'group-metadata',
      afterAbort: 'rewind',
      onFenced: 'restart',
    })
    expect(kafkaTransactionPlan('payment', undefined)).toBeUndefined()
  })

  it('[S48] read committed records alone, unless the service says otherwise', () => {
    expect(consumerPlan('payment', {}, true).kafka).toEqual({ 'isolation.level': 'read_committed' })
    expect(consumerPlan('payment', {}, false).kafka).toEqual({})
    const uncommitted = { 'isolation.level': 'read_uncommitted' } as const
    expect(consumerPlan('payment', { kafka: uncommitted }, true).kafka).toEqual(uncommitted)
  })

  it.each([
    [{ concurrency: 2 }, 'a producer has one transaction at a time'],
    [{ order: 'key' as const }, 'a producer has one transaction at a time'],
    [{ commit: 'after-batch' as const }, 'expected a consumer without commit: after-batch'],
  ])('[S47] are refused with a consumer that has %j', (consumer, message) => {
    expect(() => kafkaTransactionPlan('payment', {}, consumer)).toThrow(message)
    expect(kafkaTransactionPlan('payment', undefined, consumer)).toBeUndefined()
  })

  it.each([undefined, {}])('[S47] give producers their transactional.id: %j', (options) => {
    expect(() => kafkaTransactionPlan('payment', options, {}, { 'transactional.id': 'mine' })).toThrow(
      'service payment: producer: transactional.id: expected none',
    )
  })
})
