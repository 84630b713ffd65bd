import { CLIENT_ASSIGNORS, rebalanceProtocol } from '../assignor/client-assignor.ts'
import type { IsolationLevel } from '../protocol/fetch.ts'

/** Kafka's ConfigException, and its InvalidConfigurationException and InvalidGroupIdException at construction. */
export class ConsumerConfigError extends Error {
  override readonly name = 'ConsumerConfigError'
}

/** `by_duration:` is followed by an ISO 8601 duration such as P7D or PT1H30M (KIP-1106). */
export type AutoOffsetReset = 'earliest' | 'latest' | 'none' | `by_duration:${string}`

/**
 * Consumer configuration under Kafka's own names (ConsumerConfig of Kafka 4.x), as far as it decides what is sent and
 * when. Deserializers, interceptors, metrics, security, sockets and DNS are out of scope, and so are rack-aware fetching
 * (KIP-392) and rebootstrapping (KIP-899).
 */
export interface ConsumerConfig {
  readonly 'allow.auto.create.topics': boolean
  readonly 'auto.commit.interval.ms': number
  readonly 'auto.offset.reset': AutoOffsetReset
  readonly 'check.crcs': boolean
  readonly 'client.id': string
  readonly 'default.api.timeout.ms': number
  /** null: true with a group.id, false without. */
  readonly 'enable.auto.commit': boolean | null
  readonly 'exclude.internal.topics': boolean
  readonly 'fetch.max.bytes': number
  readonly 'fetch.max.wait.ms': number
  readonly 'fetch.min.bytes': number
  readonly 'group.id': string | null
  readonly 'group.instance.id': string | null
  /** classic: JoinGroup and SyncGroup; consumer: KIP-848. */
  readonly 'group.protocol': 'classic' | 'consumer'
  /** null: the coordinator's choice. Only with group.protocol=consumer. */
  readonly 'group.remote.assignor': string | null
  /** Only with group.protocol=classic. */
  readonly 'heartbeat.interval.ms': number
  readonly 'isolation.level': IsolationLevel
  readonly 'max.partition.fetch.bytes': number
  readonly 'max.poll.interval.ms': number
  readonly 'max.poll.records': number
  readonly 'metadata.max.age.ms': number
  /** Names of client assignors. Only with group.protocol=classic. */
  readonly 'partition.assignment.strategy': readonly string[]
  readonly 'reconnect.backoff.max.ms': number
  readonly 'reconnect.backoff.ms': number
  readonly 'request.timeout.ms': number
  readonly 'retry.backoff.max.ms': number
  readonly 'retry.backoff.ms': number
  /** Only with group.protocol=classic. */
  readonly 'session.timeout.ms': number
}

/** What a user sets; the rest has its default. */
export type ConsumerSettings = Partial<ConsumerConfig>

/** Kafka's defaults (ConsumerConfig of Kafka 4.x). */
export const CONSUMER_DEFAULTS: ConsumerConfig = {
  'allow.auto.create.topics': true,
  'auto.commit.interval.ms': 5_000,
  'auto.offset.reset': 'latest',
  'check.crcs': true,
  'client.id': '',
  'default.api.timeout.ms': 60_000,
  'enable.auto.commit': null,
  'exclude.internal.topics': true,
  'fetch.max.bytes': 52_428_800,
  'fetch.max.wait.ms': 500,
  'fetch.min.bytes': 1,
  'group.id': null,
  'group.instance.id': null,
  'group.protocol': 'classic',
  'group.remote.assignor': null,
  'heartbeat.interval.ms': 3_000,
  'isolation.level': 'read_uncommitted',
  'max.partition.fetch.bytes': 1_048_576,
  'max.poll.interval.ms': 300_000,
  'max.poll.records': 500,
  'metadata.max.age.ms': 300_000,
  'partition.assignment.strategy': ['range', 'cooperative-sticky'],
  'reconnect.backoff.max.ms': 1_000,
  'reconnect.backoff.ms': 50,
  'request.timeout.ms': 30_000,
  'retry.backoff.max.ms': 1_000,
  'retry.backoff.ms': 100,
  'session.timeout.ms': 45_000,
}

/** Historical behaviour of a consumer that can be switched on; the defaults are Kafka 4.x. */
export interface ConsumerSwitches {
  /**
   * Whether a consumer asks a new leader if its log still has what was read before (rule F4). Until 2.1 (KIP-320), and in
   * kafkajs to this day, a consumer reads on at its offset, whatever has come there meanwhile.
   */
  readonly validatePosition: boolean
}

export const CONSUMER_SWITCHES: ConsumerSwitches = { validatePosition: true }

const MAX_INT = 0x7fff_ffff

/** The least and the greatest value that Kafka takes. */
export const RANGES = {
  'auto.commit.interval.ms': [0, MAX_INT],
  'default.api.timeout.ms': [0, MAX_INT],
  'fetch.max.bytes': [0, MAX_INT],
  'fetch.max.wait.ms': [0, MAX_INT],
  'fetch.min.bytes': [0, MAX_INT],
  'heartbeat.interval.ms': [0, MAX_INT],
  'max.partition.fetch.bytes': [0, MAX_INT],
  'max.poll.interval.ms': [1, MAX_INT],
  'max.poll.records': [1, MAX_INT],
  'metadata.max.age.ms': [0, Number.MAX_SAFE_INTEGER],
  'reconnect.backoff.max.ms': [0, Number.MAX_SAFE_INTEGER],
  'reconnect.backoff.ms': [0, Number.MAX_SAFE_INTEGER],
  'request.timeout.ms': [0, MAX_INT],
  'retry.backoff.max.ms': [0, Number.MAX_SAFE_INTEGER],
  'retry.backoff.ms': [0, Number.MAX_SAFE_INTEGER],
  'session.timeout.ms': [0, MAX_INT],
} as const

const CHOICES = {
  'group.protocol': ['classic', 'consumer'],
  'isolation.level': ['read_committed', 'read_uncommitted'],
} as const

const BOOLEANS = ['allow.auto.create.topics', 'check.crcs', 'exclude.internal.topics'] as const

/** Keys that mean nothing to the other group protocol and are refused with it (ConsumerConfig of Kafka 4.x). */
const CLASSIC_ONLY = ['partition.assignment.strategy', 'heartbeat.interval.ms', 'session.timeout.ms'] as const

/**
 * The whole configuration of a consumer.
 * @throws ConsumerConfigError for a key, a value or a combination that Kafka refuses
 */
export function consumerConfig(settings: ConsumerSettings): ConsumerConfig {
  for (const key of Object.keys(settings))
    if (!Object.hasOwn(CONSUMER_DEFAULTS, key))
      throw new ConsumerConfigError(`Unknown consumer configuration ${key}`)
  const config: ConsumerConfig = { ...CONSUMER_DEFAULTS, ...settings }
  checkValues(config)
  checkOffsetReset(config['auto.offset.reset'])
  checkGroup(config)
  checkProtocol(config, settings)
  return { ...config, 'enable.auto.commit': config['enable.auto.commit'] ?? config['group.id'] !== null }
}

function refuse(key: string, value: unknown, reason: string): never {
  throw new ConsumerConfigError(`Invalid value ${String(value)} for configuration ${key}: ${reason}`)
}

function checkValues(config: ConsumerConfig): void {
  for (const key of Object.keys(RANGES) as (keyof typeof RANGES)[]) {
    const value = config[key]
    const [least, greatest] = RANGES[key]
    if (!Number.isSafeInteger(value)) refuse(key, value, 'must be a whole number')
    if (value < least) refuse(key, value, `Value must be at least ${least}`)
    if (value > greatest) refuse(key, value, `Value must be no more than ${greatest}`)
  }
  for (const key of Object.keys(CHOICES) as (keyof typeof CHOICES)[]) {
    const choices: readonly string[] = CHOICES[key]
    if (!choices.includes(config[key]))
      refuse(key, config[key], `String must be one of: ${choices.join(', ')}`)
  }
  for (const key of BOOLEANS)
    if (typeof config[key] !== 'boolean')
      refuse(key, config[key], 'Expected value to be either true or false')
}

function checkOffsetReset(reset: string): void {
  if (reset === 'earliest' || reset === 'latest' || reset === 'none') return
  if (durationMillis(reset) === undefined)
    refuse(
      'auto.offset.reset',
      reset,
      'The value must be either earliest, latest, none or of the format by_duration:<PnDTnHnMn.nS>.',
    )
}

function checkGroup(config: ConsumerConfig): void {
  const groupId = config['group.id']
  if (groupId === '')
    refuse('group.id', groupId, 'The configured group.id should not be an empty string or whitespace.')
  if (config['group.instance.id'] === '') refuse('group.instance.id', '', 'String must be non-empty')
  if (groupId === null && config['enable.auto.commit'] === true)
    throw new ConsumerConfigError(
      'enable.auto.commit cannot be set to true when default group id (null) is used.',
    )
}

function checkProtocol(config: ConsumerConfig, settings: ConsumerSettings): void {
  if (config['group.protocol'] === 'consumer') {
    for (const key of CLASSIC_ONLY)
      if (settings[key] !== undefined)
        throw new ConsumerConfigError(`${key} cannot be set when group.protocol=CONSUMER`)
    return
  }
  if (settings['group.remote.assignor'] != null)
    throw new ConsumerConfigError('group.remote.assignor cannot be set when group.protocol=CLASSIC')
  if (config['heartbeat.interval.ms'] >= config['session.timeout.ms'])
    throw new ConsumerConfigError('Heartbeat must be set lower than the session timeout')
  checkAssignors(config['partition.assignment.strategy'])
}

function checkAssignors(names: readonly string[]): void {
  const key = 'partition.assignment.strategy'
  if (names.length === 0) refuse(key, '', 'must not be empty')
  if (new Set(names).size < names.length) refuse(key, names.join(), 'Duplicate values')
  const assignors = names.map((name) => CLIENT_ASSIGNORS.get(name) ?? refuse(key, name, 'no such assignor'))
  try {
    rebalanceProtocol(assignors)
  } catch (cause) {
    throw new ConsumerConfigError((cause as Error).message, { cause })
  }
}

const DURATION =
  /^by_duration:P(?=\d|T\d)(?:(\d+)D)?(?:T(?=[\d.])(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,9})?)S)?)?$/i

/** Milliseconds of `by_duration:<ISO 8601>`, undefined for anything else. Source: AutoOffsetResetStrategy of Kafka 4.x. */
export function durationMillis(reset: string): number | undefined {
  const match = DURATION.exec(reset)
  if (match === null) return undefined
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = match
  return Math.floor(
    ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60_000 + Number(seconds) * 1_000,
  )
}
