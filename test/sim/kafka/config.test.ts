import { describe, expect, it } from 'vitest'
import { clusterConfig, KAFKA_DEFAULTS, type KafkaSettings } from '../../../sim/kafka/config.ts'

describe('the configuration of a cluster', () => {
  it.each<[KafkaSettings, string]>([
    [{ 'min.insync.replicas': 4 }, 'min.insync.replicas is 4, but topics have 3 replicas'],
    [
      { 'replica.fetch.wait.max.ms': 500, 'replica.lag.time.max.ms': 400 },
      'replica.fetch.wait.max.ms should always be less than or equal to replica.lag.time.max.ms',
    ],
    [
      { 'broker.heartbeat.interval.ms': 5_000 },
      'broker.heartbeat.interval.ms (5000 ms) must be less than or equal to half of the broker.session.timeout.ms (9000 ms)',
    ],
    [
      { 'offsets.topic.replication.factor': 4 },
      'offsets.topic.replication.factor is 4, but there are 3 brokers: the topic could not be created (INVALID_REPLICATION_FACTOR)',
    ],
    [
      { 'transaction.state.log.replication.factor': 5 },
      'transaction.state.log.replication.factor is 5, but there are 3 brokers',
    ],
    [
      { 'transaction.state.log.min.isr': 3, 'transaction.state.log.replication.factor': 2 },
      'transaction.state.log.min.isr is 3, but transaction.state.log.replication.factor is 2',
    ],
    [
      { 'delivery.timeout.ms': 1_000, 'linger.ms': 5, 'request.timeout.ms': 30_000 },
      'delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms',
    ],
    [
      { 'enable.idempotence': true, acks: '1' },
      'Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence.',
    ],
    [
      { 'max.in.flight.requests.per.connection': 6 },
      'max.in.flight.requests.per.connection must be set to at most 5',
    ],
    [
      { 'heartbeat.interval.ms': 6_000, 'session.timeout.ms': 6_000 },
      'Heartbeat must be set lower than the session timeout',
    ],
    [{ 'auto.offset.reset': 'newest' as never }, 'Invalid value newest for configuration auto.offset.reset'],
    [
      { 'isolation.level': 'serializable' as never },
      'String must be one of: read_committed, read_uncommitted',
    ],
    [{ 'partition.assignment.strategy': ['fair'] }, 'Invalid value fair'],
    [
      { 'group.protocol': 'consumer', 'session.timeout.ms': 6_000 },
      'session.timeout.ms cannot be set when group.protocol=CONSUMER',
    ],
    [
      { 'default.replication.factor': 4 },
      'default.replication.factor is 4, but there are 3 brokers: the topic could not be created (INVALID_REPLICATION_FACTOR)',
    ],
    [
      { 'default.replication.factor': 1, 'min.insync.replicas': 2 },
      'min.insync.replicas is 2, but topics have 1 replicas: only 1 would be waited for',
    ],
    [
      { 'cleanup.policy': ['delete', 'shred' as never] },
      'Invalid value shred for configuration cleanup.policy: String must be one of: compact, delete',
    ],
    [
      { 'cleanup.policy': ['delete', 'delete'] },
      "Configuration 'cleanup.policy' values must not be duplicated.",
    ],
    [{ 'group.consumer.assignors': [] }, "Configuration 'group.consumer.assignors' must not be empty."],
    [
      { 'message.timestamp.type': 'Now' as never },
      'Invalid value Now for configuration message.timestamp.type: String must be one of: CreateTime, LogAppendTime',
    ],
    [
      { 'group.consumer.assignors': ['fair'] },
      'Invalid value fair for configuration group.consumer.assignors: String must be one of: uniform, range',
    ],
    [{ 'transaction.version': 3 as never }, 'Value must be no more than 2'],
    [{ 'eligible.leader.replicas.version': 2 as never }, 'Value must be no more than 1'],
    [
      { 'group.min.session.timeout.ms': 60_000 },
      'The session timeout is not within the range allowed by the broker',
    ],
    [{ 'session.timeout.ms': 5_000 }, 'The session timeout is not within the range allowed by the broker'],
    [
      { 'group.consumer.session.timeout.ms': 6_000 },
      'group.consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms',
    ],
    [
      { 'group.consumer.session.timeout.ms': 90_000 },
      'group.consumer.session.timeout.ms must be less than or equal to group.consumer.max.session.timeout.ms',
    ],
    [
      { 'group.consumer.heartbeat.interval.ms': 1_000 },
      'group.consumer.heartbeat.interval.ms must be greater than or equal to group.consumer.min.heartbeat.interval.ms',
    ],
    [
      { 'group.consumer.max.session.timeout.ms': 1_000 },
      'group.consumer.max.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms',
    ],
    [
      {
        'group.consumer.min.session.timeout.ms': 1_000,
        'group.consumer.session.timeout.ms': 5_000,
      },
      'group.consumer.heartbeat.interval.ms must be less than group.consumer.session.timeout.ms',
    ],
  ])('[B16] %j is refused', (settings, reason) => {
    expect(() => clusterConfig(settings, 3)).toThrow(reason)
  })

  it('[B16] takes a log without any policy, which keeps everything (KIP-1161)', () => {
    expect(clusterConfig({ 'cleanup.policy': [] }, 3).broker['cleanup.policy']).toEqual([])
  })

  it('[B16] takes a session time-out that the brokers allow', () => {
    const settings = { 'session.timeout.ms': 3_500, 'group.min.session.timeout.ms': 1_000 }
    expect(() => clusterConfig(settings, 3)).not.toThrow()
    expect(() => clusterConfig({ 'group.protocol': 'consumer' }, 3)).not.toThrow()
  })

  it.each([
    [{}, 3, 3],
    [{}, 2, 2],
    [{ 'default.replication.factor': 1 }, 3, 1],
    [{ 'default.replication.factor': 5 }, 5, 5],
  ] as const)('[B16] %j of %i brokers gives topics %i replicas', (settings, brokers, replicas) => {
    expect(clusterConfig(settings, brokers).topicReplicas).toBe(replicas)
  })

  it('[B16] divides what is set among those who read it', () => {
    const config = clusterConfig(
      { 'retention.ms': 1_000, 'linger.ms': 7, 'max.poll.records': 3, 'broker.session.timeout.ms': 8_000 },
      3,
    )
    expect(config.broker['retention.ms']).toBe(1_000)
    expect(config.producer['linger.ms']).toBe(7)
    expect(config.consumer['max.poll.records']).toBe(3)
    expect(config.controller['broker.session.timeout.ms']).toBe(8_000)
    expect(config.broker['request.timeout.ms']).toBe(KAFKA_DEFAULTS['request.timeout.ms'])
  })

  it.each([1, 2, 3, 5])('[B16] of %i brokers has as many internal replicas as it can have', (brokers) => {
    const { broker } = clusterConfig({}, brokers)
    expect(broker['offsets.topic.replication.factor']).toBe(Math.min(3, brokers))
    expect(broker['transaction.state.log.min.isr']).toBeLessThanOrEqual(brokers)
  })

  it('is one object for settings that say the same, and another for those that do not', () => {
    const strategy = (...names: string[]): KafkaSettings => ({
      'partition.assignment.strategy': names as never,
    })
    const both = clusterConfig(strategy('range', 'roundrobin'), 3)
    expect(clusterConfig(strategy('range', 'roundrobin'), 3)).toBe(both)
    expect(clusterConfig(strategy('roundrobin', 'range'), 3)).not.toBe(both)
    expect(clusterConfig(strategy('range', 'roundrobin'), 5)).not.toBe(both)
    expect(() => clusterConfig(strategy('range,roundrobin'), 3)).toThrow('range,roundrobin')
    const named = clusterConfig({ 'client.id': 'a', 'max.poll.records': 7 }, 3)
    expect(clusterConfig({ 'client.id': 'a\nmax.poll.records=number:7' }, 3)).not.toBe(named)
  })
})
