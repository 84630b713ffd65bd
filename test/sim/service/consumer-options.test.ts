import { SimError } from 'faultline'
import { describe, expect, it } from 'vitest'
import { consumerPlan, consumerSettings } from '../../../sim/service/consumer-options.ts'

describe('options of a consumer', () => {
  it('[S22] have defaults that are right', () => {
    expect(consumerPlan('payment')).toEqual({
      concurrency: 1,
      order: 'partition',
      commit: 'after-batch',
      commitReach: 'contiguous',
      revocation: 'drain',
      staticMembership: false,
      kafka: {},
    })
  })

  it('[S23] that commit by themselves are Kafka’s', () => {
    const { kafka } = consumerPlan('payment', { commit: 'automatic', kafka: { 'max.poll.records': 3 } })
    expect(kafka).toEqual({ 'enable.auto.commit': true, 'max.poll.records': 3 })
  })

  it.each([0, 1.5, 1001, Number.NaN])('[S22] a concurrency of %d is refused', (concurrency) => {
    expect(() => consumerPlan('payment', { concurrency })).toThrow(
      `service payment: consumer: concurrency: expected a whole number from 1 to 1000, got ${concurrency}`,
    )
  })

  it('[S23] that commit by hand handle one event at a time', () => {
    expect(() => consumerPlan('payment', { concurrency: 2, commit: 'manual' })).toThrow(SimError)
  })

  it('[S42] make an instance a static member by its name', () => {
    const plan = consumerPlan('payment', { staticMembership: true, kafka: { 'max.poll.records': 3 } })
    expect(consumerSettings(plan, 'payment-2')).toEqual({
      'group.instance.id': 'payment-2',
      'max.poll.records': 3,
    })
    expect(consumerSettings(consumerPlan('payment'), 'payment-2')).toEqual({})
  })
})
