import { describe, expect, it } from 'vitest'
import { clusterConfig, type KafkaSettings } from '../../../sim/kafka/config.ts'
import { type ClientSettings, clientRefusal } from '../../../sim/service/client-settings.ts'

const refusal = (own: Partial<ClientSettings>, kafka: KafkaSettings = {}): string | undefined => {
  const settings = { service: 'relay', consumer: {}, producer: {}, isTransactional: false, ...own }
  const refused = clientRefusal(settings, clusterConfig(kafka, 3))
  return refused && `${refused.option}: ${refused.message}`
}

describe('the settings of a service’s own clients', () => {
  it.each<[string, string, Partial<ClientSettings>, KafkaSettings?]>([
    [
      'a session that is too short for the brokers',
      'consumer.kafka: The session timeout is not within the range allowed by the broker (as configured by group.min.session.timeout.ms and group.max.session.timeout.ms): session.timeout.ms is 5000, expected 6000 to 1800000',
      { consumer: { 'session.timeout.ms': 5_000 } },
    ],
    [
      'a session that is too long for these brokers',
      'consumer.kafka: The session timeout is not within the range allowed by the broker (as configured by group.min.session.timeout.ms and group.max.session.timeout.ms): session.timeout.ms is 60000, expected 6000 to 50000',
      { consumer: { 'session.timeout.ms': 60_000 } },
      { 'group.max.session.timeout.ms': 50_000 },
    ],
    [
      'heartbeats that are too slow for the cluster’s session',
      'consumer.kafka: Heartbeat must be set lower than the session timeout',
      { consumer: { 'heartbeat.interval.ms': 6_000 } },
      { 'session.timeout.ms': 6_000 },
    ],
    [
      'a time-out of transactions that is too long',
      'producer: The transaction timeout is larger than the maximum value allowed by the broker (as configured by transaction.max.timeout.ms): transaction.timeout.ms is 900001, transaction.max.timeout.ms is 900000',
      { producer: { 'transaction.timeout.ms': 900_001 }, isTransactional: true },
    ],
    [
      'the usual time-out of transactions with brokers that want a shorter one',
      'kafkaTransactions: The transaction timeout is larger than the maximum value allowed by the broker (as configured by transaction.max.timeout.ms): transaction.timeout.ms is 60000, transaction.max.timeout.ms is 30000',
      { isTransactional: true },
      { 'transaction.max.timeout.ms': 30_000 },
    ],
    [
      'a producer that waits longer for an answer than for all',
      'producer: delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms',
      { producer: { 'delivery.timeout.ms': 1_000 } },
    ],
    [
      'a key that consumers do not have',
      "consumer.kafka: unknown key 'max.poll.record'; did you mean 'max.poll.records'?",
      { consumer: { 'max.poll.record': 1 } as object },
    ],
    [
      'a key that producers do not have',
      "producer: unknown key 'max.poll.records'",
      { producer: { 'max.poll.records': 1 } as object },
    ],
  ])('[B16] [S47] %s is refused in Kafka’s words', (_, message, own, kafka) => {
    expect(refusal(own, kafka)).toBe(message)
  })

  it.each<[string, Partial<ClientSettings>, KafkaSettings?]>([
    ['nothing of its own', {}],
    [
      'a session within other bounds',
      { consumer: { 'session.timeout.ms': 3_500 } },
      { 'group.min.session.timeout.ms': 1_000 },
    ],
    ['the other protocol, whose sessions are the brokers’', { consumer: { 'group.protocol': 'consumer' } }],
    ['time-outs of transactions without any', { producer: { 'transaction.timeout.ms': 900_001 } }],
  ])('[B16] [S47] %s is taken', (_, own, kafka) => {
    expect(refusal(own, kafka)).toBeUndefined()
  })
})
