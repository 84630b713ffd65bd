import { FOREIGN_PARTITIONERS, type ForeignPartitioner } from './foreign-partitioner.ts'

/** Kafka's ConfigException. */
export class ProducerConfigError extends Error {
  override readonly name = 'ProducerConfigError'
}

/**
 * Producer configuration under Kafka's own names (ProducerConfig of Kafka 4.x), as far as it decides what is sent and
 * when. Serializers, interceptors, metrics, security, sockets, compression (sizes are those of uncompressed records) and
 * two-phase commit are out of scope.
 */
export interface ProducerConfig {
  readonly acks: 'all' | '-1' | '0' | '1'
  readonly 'batch.size': number
  readonly 'buffer.memory': number
  readonly 'client.id': string
  /** How long a record may take from its append to its acknowledgement, retries included (rule P5). */
  readonly 'delivery.timeout.ms': number
  readonly 'enable.idempotence': boolean
  readonly 'linger.ms': number
  /** How long send may wait for metadata and for memory. */
  readonly 'max.block.ms': number
  readonly 'max.in.flight.requests.per.connection': number
  readonly 'max.request.size': number
  readonly 'metadata.max.age.ms': number
  /** How long the producer asks for the metadata of a topic that it no longer writes to. */
  readonly 'metadata.max.idle.ms': number
  readonly 'partitioner.adaptive.partitioning.enable': boolean
  /** 0: partitions whose broker does not take batches count as available all the same. */
  readonly 'partitioner.availability.timeout.ms': number
  /** null: the built-in partitioner. */
  readonly 'partitioner.class': ForeignPartitioner | null
  readonly 'partitioner.ignore.keys': boolean
  readonly 'reconnect.backoff.max.ms': number
  readonly 'reconnect.backoff.ms': number
  readonly 'request.timeout.ms': number
  readonly retries: number
  readonly 'retry.backoff.max.ms': number
  readonly 'retry.backoff.ms': number
  /** null: no transactions. */
  readonly 'transactional.id': string | null
  readonly 'transaction.timeout.ms': number
}

/** What a user sets; the rest has its default. */
export type ProducerSettings = Partial<ProducerConfig>

const MAX_INT = 0x7fff_ffff
const MAX_IN_FLIGHT_OF_IDEMPOTENCE = 5

/** Kafka's defaults (ProducerConfig of Kafka 4.x). */
export const PRODUCER_DEFAULTS: ProducerConfig = {
  acks: 'all',
  'batch.size': 16_384,
  'buffer.memory': 33_554_432,
  'client.id': '',
  'delivery.timeout.ms': 120_000,
  'enable.idempotence': true,
  'linger.ms': 5,
  'max.block.ms': 60_000,
  'max.in.flight.requests.per.connection': 5,
  'max.request.size': 1_048_576,
  'metadata.max.age.ms': 300_000,
  'metadata.max.idle.ms': 300_000,
  'partitioner.adaptive.partitioning.enable': true,
  'partitioner.availability.timeout.ms': 0,
  'partitioner.class': null,
  'partitioner.ignore.keys': false,
  'reconnect.backoff.max.ms': 1000,
  'reconnect.backoff.ms': 50,
  'request.timeout.ms': 30_000,
  retries: MAX_INT,
  'retry.backoff.max.ms': 1000,
  'retry.backoff.ms': 100,
  'transactional.id': null,
  'transaction.timeout.ms': 60_000,
}

/** Smallest values, by Kafka's own definition of each configuration. */
export const AT_LEAST = {
  'batch.size': 0,
  'buffer.memory': 0,
  'delivery.timeout.ms': 0,
  'linger.ms': 0,
  'max.block.ms': 0,
  'max.in.flight.requests.per.connection': 1,
  'max.request.size': 0,
  'metadata.max.age.ms': 0,
  'metadata.max.idle.ms': 5000,
  'partitioner.availability.timeout.ms': 0,
  'reconnect.backoff.max.ms': 0,
  'reconnect.backoff.ms': 0,
  'request.timeout.ms': 0,
  retries: 0,
  'retry.backoff.max.ms': 0,
  'retry.backoff.ms': 0,
  'transaction.timeout.ms': 0,
} as const

const ACKS: readonly string[] = ['all', '-1', '0', '1']

/**
 * The configuration of a producer: settings over defaults, with what follows from them. Idempotence that was not asked
 * for gives way to other settings, idempotence that was asked for does not (rule P7); likewise a default
 * delivery.timeout.ms grows to linger.ms + request.timeout.ms, and one that was set must not be shorter (rule P5). Names
 * that Kafka does not know are refused, of which Kafka only warns: here they can only be mistakes.
 * Source: ProducerConfig.postProcessParsedConfig and KafkaProducer.configureDeliveryTimeout of Kafka 4.x.
 * @throws ProducerConfigError with Kafka's own message
 */
export function producerConfig(settings: ProducerSettings = {}): ProducerConfig {
  for (const name of Object.keys(settings))
    if (!(name in PRODUCER_DEFAULTS)) throw new ProducerConfigError(`Unknown producer config ${name}.`)
  const merged = { ...PRODUCER_DEFAULTS, ...settings }
  validateValues(merged)
  const config: ProducerConfig = {
    ...merged,
    acks: merged.acks === 'all' ? '-1' : merged.acks,
    'client.id': settings['client.id'] ?? `producer-${merged['transactional.id'] ?? '1'}`,
    'enable.idempotence': idempotence(merged, settings['enable.idempotence'] !== undefined),
    'delivery.timeout.ms': deliveryTimeoutMillis(merged, settings['delivery.timeout.ms'] !== undefined),
    'reconnect.backoff.max.ms':
      settings['reconnect.backoff.ms'] !== undefined && settings['reconnect.backoff.max.ms'] === undefined
        ? settings['reconnect.backoff.ms']
        : merged['reconnect.backoff.max.ms'],
  }
  if (!config['enable.idempotence'] && config['transactional.id'] !== null)
    throw new ProducerConfigError('Cannot set a transactional.id without also enabling idempotence.')
  return config
}

function validateValues(config: ProducerConfig): void {
  for (const name of Object.keys(AT_LEAST) as (keyof typeof AT_LEAST)[]) {
    if (!(config[name] >= AT_LEAST[name]))
      throw invalid(name, config[name], `Value must be at least ${AT_LEAST[name]}`)
  }
  if (!ACKS.includes(config.acks))
    throw invalid('acks', config.acks, `String must be one of: ${ACKS.join(', ')}`)
  if (config['transactional.id'] === '') throw invalid('transactional.id', '', 'String must be non-empty')
  const partitioner = config['partitioner.class']
  if (partitioner !== null && !FOREIGN_PARTITIONERS.includes(partitioner))
    throw invalid('partitioner.class', partitioner, `Class ${partitioner} could not be found.`)
}

function invalid(name: string, value: unknown, reason: string): ProducerConfigError {
  return new ProducerConfigError(`Invalid value ${value} for configuration ${name}: ${reason}`)
}

function idempotence(config: ProducerConfig, isExplicit: boolean): boolean {
  if (!config['enable.idempotence']) return false
  let isEnabled = true
  if (config.retries === 0) {
    if (isExplicit)
      throw new ProducerConfigError('Must set retries to non-zero when using the idempotent producer.')
    isEnabled = false
  }
  if (config.acks !== 'all' && config.acks !== '-1') {
    if (isExplicit)
      throw new ProducerConfigError(
        'Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence.',
      )
    isEnabled = false
  }
  const inFlight = config['max.in.flight.requests.per.connection']
  if (inFlight > MAX_IN_FLIGHT_OF_IDEMPOTENCE)
    throw new ProducerConfigError(
      `To use the idempotent producer, max.in.flight.requests.per.connection must be set to at most 5. Current value is ${inFlight}.`,
    )
  return isEnabled
}

function deliveryTimeoutMillis(config: ProducerConfig, isExplicit: boolean): number {
  const least = Math.min(Math.min(config['linger.ms'], MAX_INT) + config['request.timeout.ms'], MAX_INT)
  if (config['delivery.timeout.ms'] >= least) return config['delivery.timeout.ms']
  if (isExplicit)
    throw new ProducerConfigError(
      'delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms',
    )
  return least
}
