import { describe, expect, it } from 'vitest'
import {
  PRODUCER_DEFAULTS,
  ProducerConfigError,
  type ProducerSettings,
  producerConfig,
} from '../../../../sim/kafka/producer/config.ts'

describe('[KP7] the configuration of a producer', () => {
  it('[KP7] has the defaults of Kafka 4.x', () => {
    expect(PRODUCER_DEFAULTS).toMatchObject({
      acks: 'all',
      'enable.idempotence': true,
      retries: 2_147_483_647,
      'max.in.flight.requests.per.connection': 5,
      'batch.size': 16_384,
      'linger.ms': 5,
      'delivery.timeout.ms': 120_000,
      'request.timeout.ms': 30_000,
      'retry.backoff.ms': 100,
      'retry.backoff.max.ms': 1000,
      'max.block.ms': 60_000,
      'buffer.memory': 33_554_432,
      'max.request.size': 1_048_576,
      'transaction.timeout.ms': 60_000,
      'metadata.max.age.ms': 300_000,
      'reconnect.backoff.ms': 50,
      'reconnect.backoff.max.ms': 1000,
      'partitioner.adaptive.partitioning.enable': true,
      'partitioner.availability.timeout.ms': 0,
    })
  })

  const giveWay: readonly (readonly [ProducerSettings, boolean])[] = [
    [{}, true],
    [{ acks: '-1' }, true],
    [{ acks: '1' }, false],
    [{ acks: '0' }, false],
    [{ retries: 0 }, false],
    [{ 'enable.idempotence': false }, false],
    [{ 'enable.idempotence': false, 'max.in.flight.requests.per.connection': 6 }, false],
    [{ 'enable.idempotence': true, retries: 1, acks: 'all' }, true],
  ]
  it.each(giveWay)('[KP7] with %j idempotence is %s', (settings, isIdempotent) => {
    expect(producerConfig(settings)['enable.idempotence']).toBe(isIdempotent)
  })

  const refused: readonly (readonly [object, string])[] = [
    [
      { 'enable.idempotence': true, acks: '1' },
      'Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence.',
    ],
    [
      { 'enable.idempotence': true, retries: 0 },
      'Must set retries to non-zero when using the idempotent producer.',
    ],
    [
      { 'max.in.flight.requests.per.connection': 6 },
      'To use the idempotent producer, max.in.flight.requests.per.connection must be set to at most 5. Current value is 6.',
    ],
    [
      { 'transactional.id': 't', 'enable.idempotence': false },
      'Cannot set a transactional.id without also enabling idempotence.',
    ],
    [
      { 'transactional.id': 't', acks: '1' },
      'Cannot set a transactional.id without also enabling idempotence.',
    ],
    [
      { 'delivery.timeout.ms': 30_004 },
      'delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms',
    ],
    [
      { 'transactional.id': '' },
      'Invalid value  for configuration transactional.id: String must be non-empty',
    ],
    [{ acks: '2' }, 'Invalid value 2 for configuration acks: String must be one of: all, -1, 0, 1'],
    [{ 'linger.ms': -1 }, 'Invalid value -1 for configuration linger.ms: Value must be at least 0'],
    [
      { 'max.in.flight.requests.per.connection': 0 },
      'Invalid value 0 for configuration max.in.flight.requests.per.connection: Value must be at least 1',
    ],
    [
      { 'metadata.max.idle.ms': 4999 },
      'Invalid value 4999 for configuration metadata.max.idle.ms: Value must be at least 5000',
    ],
    [{ 'lingers.ms': 1 }, 'Unknown producer config lingers.ms.'],
    [
      { 'batch.size': Number.NaN },
      'Invalid value NaN for configuration batch.size: Value must be at least 0',
    ],
  ]
  it.each(refused)('[KP7] refuses %j', (settings, message) => {
    expect(() => producerConfig(settings)).toThrow(new ProducerConfigError(message))
  })

  const times: readonly (readonly [ProducerSettings, number])[] = [
    [{}, 120_000],
    [{ 'delivery.timeout.ms': 30_005 }, 30_005],
    [{ 'linger.ms': 100_000 }, 130_000],
    [{ 'request.timeout.ms': 120_000 }, 120_005],
  ]
  it.each(times)('[KP5] with %j delivery.timeout.ms is %d', (settings, millis) => {
    expect(producerConfig(settings)['delivery.timeout.ms']).toBe(millis)
  })

  it('[KP7] takes reconnect.backoff.ms as the maximum too when only it is set', () => {
    expect(producerConfig({ 'reconnect.backoff.ms': 2000 })['reconnect.backoff.max.ms']).toBe(2000)
  })
})
