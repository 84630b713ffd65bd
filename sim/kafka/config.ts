import { BROKER_DEFAULTS, BROKER_SWITCHES, type BrokerConfig, type BrokerSwitches } from './broker/config.ts'
import {
  CONSUMER_DEFAULTS,
  CONSUMER_SWITCHES,
  type ConsumerConfig,
  type ConsumerSettings,
  type ConsumerSwitches,
  consumerConfig,
} from './consumer/config.ts'
import { CONTROLLER_DEFAULTS, type ControllerConfig } from './controller/config.ts'
import { serverRefusal } from './limits.ts'
import {
  PRODUCER_DEFAULTS,
  type ProducerConfig,
  type ProducerSettings,
  producerConfig,
} from './producer/config.ts'

/**
 * Configuration of brokers, controller and clients under Kafka's own names. A name that both clients and brokers have is
 * that of the clients.
 */
export type KafkaConfig = BrokerConfig & ControllerConfig & ProducerConfig & ConsumerConfig

/** What a scenario sets; the rest has its default. */
export type KafkaSettings = Partial<KafkaConfig>

/**
 * Where the simulation differs from Kafka's defaults: services read a topic from its beginning and commit themselves what
 * they have handled; internal topics have few partitions, since each costs as much as one of the user's.
 */
const SIMULATION_DEFAULTS = {
  'auto.offset.reset': 'earliest',
  'enable.auto.commit': false,
  'offsets.topic.num.partitions': 3,
  'transaction.state.log.num.partitions': 3,
} as const satisfies KafkaSettings

/** The defaults of everything that can be configured. */
export const KAFKA_DEFAULTS = {
  ...CONTROLLER_DEFAULTS,
  ...BROKER_DEFAULTS,
  ...PRODUCER_DEFAULTS,
  ...CONSUMER_DEFAULTS,
  ...SIMULATION_DEFAULTS,
}

/** Historical or mistaken behaviour of brokers and clients that can be switched on; the defaults are Kafka 4.x. */
export interface KafkaSwitches extends BrokerSwitches, ConsumerSwitches {}

export const KAFKA_SWITCHES: KafkaSwitches = { ...BROKER_SWITCHES, ...CONSUMER_SWITCHES }

/** The configuration of a cluster, by who reads it. */
export interface ClusterConfig {
  readonly broker: BrokerConfig
  readonly controller: ControllerConfig
  readonly producer: ProducerConfig
  readonly consumer: ConsumerSettings
  /** That of the members of groups, as it was worked out last. */
  readonly members: Map<string, MemberConfig>
  /** That of producers, by the name of their client, as it was worked out last. */
  readonly producers: Map<string, KnownProducer>
  /** Replicas of a topic that does not say how many: `default.replication.factor` if it is set, else three, or as many as there are brokers. */
  readonly topicReplicas: number
}

/** The configuration of members, with the settings that it follows from. */
interface MemberConfig {
  readonly settings: ConsumerSettings
  readonly config: ConsumerConfig
  /** That of each of them, which has its own name: there are few. */
  readonly byClient: Map<string, ConsumerConfig>
}

/** The configuration of a producer, with the settings that it follows from. */
interface KnownProducer {
  readonly settings: ProducerSettings
  readonly config: ProducerConfig
}

/** Replicas of topics, internal ones included: three, or as many as there are brokers. */
export const REPLICAS = 3

/** A configuration with which a cluster could not work. */
export class ClusterConfigError extends Error {
  override readonly name = 'ClusterConfigError'
}

/** Worked out before: settings that are shared by many runs are looked at once. */
const known = new WeakMap<KafkaSettings, Map<number, ClusterConfig>>()

/**
 * The same by what they say, because a campaign draws the same settings again and again. A configuration follows from that
 * alone and never changes, so that keeping it cannot influence a run.
 */
const knownByText = new Map<string, Map<number, ClusterConfig>>()
const MOST_SETTINGS = 500

/**
 * The configuration of a cluster; the same object for the same settings, which must not change.
 * @throws ProducerConfigError, ConsumerConfigError, ClusterConfigError for what Kafka refuses, in its words
 */
export function clusterConfig(settings: KafkaSettings, brokerCount: number): ClusterConfig {
  let ofSettings = known.get(settings)
  if (ofSettings === undefined) {
    ofSettings = configsOf(settings)
    known.set(settings, ofSettings)
  }
  let config = ofSettings.get(brokerCount)
  if (config === undefined) {
    config = checkedConfig(settings, brokerCount)
    ofSettings.set(brokerCount, config)
  }
  return config
}

/** JSON has no infinity; no setting is an object. */
const finite = (_name: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? { number: String(value) } : value

/** The configurations that settings of other objects have brought, if these say the same. */
function configsOf(settings: KafkaSettings): Map<number, ClusterConfig> {
  const text = JSON.stringify(settings, finite)
  let configs = knownByText.get(text)
  if (configs === undefined) {
    configs = new Map()
    if (knownByText.size >= MOST_SETTINGS) knownByText.clear()
    knownByText.set(text, configs)
  }
  return configs
}

/**
 * The configuration of the members of a group.
 * @param settings of theirs, which must not change @throws ConsumerConfigError
 */
export function memberConfig(
  cluster: ClusterConfig,
  groupId: string,
  settings: ConsumerSettings,
): ConsumerConfig {
  return configOfGroup(cluster, groupId, settings).config
}

/** That of one of them; the same object for the same client. */
export function clientConfig(
  cluster: ClusterConfig,
  groupId: string,
  clientId: string,
  settings: ConsumerSettings,
): ConsumerConfig {
  const { config, byClient } = configOfGroup(cluster, groupId, settings)
  let ofClient = byClient.get(clientId)
  if (ofClient === undefined) {
    ofClient = { ...config, 'client.id': settings['client.id'] ?? clientId }
    byClient.set(clientId, ofClient)
  }
  return ofClient
}

/**
 * The configuration of a producer; the same object for the same client.
 * @param settings of its own, which must not change @throws ProducerConfigError
 */
export function producerClientConfig(
  { producer, producers }: ClusterConfig,
  clientId: string,
  settings: ProducerSettings,
): ProducerConfig {
  let ofClient = producers.get(clientId)
  if (ofClient?.settings !== settings) {
    ofClient = { settings, config: producerConfig({ ...producer, 'client.id': clientId, ...settings }) }
    producers.set(clientId, ofClient)
  }
  return ofClient.config
}

function configOfGroup(
  { consumer, members }: ClusterConfig,
  groupId: string,
  settings: ConsumerSettings,
): MemberConfig {
  let ofGroup = members.get(groupId)
  if (ofGroup?.settings !== settings) {
    const config = consumerConfig({ ...consumer, 'group.id': groupId, ...settings })
    ofGroup = { settings, config, byClient: new Map() }
    members.set(groupId, ofGroup)
  }
  return ofGroup
}

function checkedConfig(settings: KafkaSettings, brokerCount: number): ClusterConfig {
  const replicas = Math.min(REPLICAS, brokerCount)
  const all: KafkaSettings = {
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': Math.min(2, replicas),
    ...SIMULATION_DEFAULTS,
    ...settings,
  }
  const topicReplicas = settings['default.replication.factor'] ?? replicas
  const consumer = partOf(all, CONSUMER_DEFAULTS)
  consumerConfig({ ...consumer, 'group.id': consumer['group.id'] ?? 'any' })
  const broker = { ...BROKER_DEFAULTS, ...ofBrokers(all) }
  const controller = { ...CONTROLLER_DEFAULTS, ...partOf(all, CONTROLLER_DEFAULTS) }
  const refusal =
    serverRefusal({ ...controller, ...broker }) ??
    refusalOf(broker, controller, consumer, topicReplicas, brokerCount)
  if (refusal !== undefined) throw new ClusterConfigError(refusal)
  return {
    broker,
    controller,
    producer: producerConfig(partOf(all, PRODUCER_DEFAULTS)),
    consumer,
    members: new Map(),
    producers: new Map(),
    topicReplicas,
  }
}

/**
 * Why brokers would not start, or could not do their work: what KafkaConfig.validateValues says, and what a topic that cannot
 * be created, or written to, would be answered.
 */
function refusalOf(
  broker: BrokerConfig,
  controller: ControllerConfig,
  consumer: ConsumerSettings,
  replicas: number,
  brokerCount: number,
): string | undefined {
  const server = { ...broker, ...controller }
  const minInsync = controller['min.insync.replicas']
  if (minInsync > replicas)
    return `min.insync.replicas is ${minInsync}, but topics have ${replicas} replicas: only ${replicas} would be waited for (effective min ISR)`
  for (const name of [
    'default.replication.factor',
    'offsets.topic.replication.factor',
    'transaction.state.log.replication.factor',
  ] as const)
    if (server[name] > brokerCount)
      return `${name} is ${server[name]}, but there are ${brokerCount} brokers: the topic could not be created (INVALID_REPLICATION_FACTOR)`
  const { 'transaction.state.log.min.isr': minIsr, 'transaction.state.log.replication.factor': ofLog } =
    broker
  if (minIsr > ofLog)
    return `transaction.state.log.min.isr is ${minIsr}, but transaction.state.log.replication.factor is ${ofLog}: only ${ofLog} would be waited for (effective min ISR)`
  if (broker['replica.fetch.wait.max.ms'] > broker['replica.lag.time.max.ms'])
    return 'replica.fetch.wait.max.ms should always be less than or equal to replica.lag.time.max.ms to prevent frequent changes in ISR'
  const heartbeat = broker['broker.heartbeat.interval.ms']
  const session = controller['broker.session.timeout.ms']
  if (heartbeat * 2 > session)
    return `broker.heartbeat.interval.ms (${heartbeat} ms) must be less than or equal to half of the broker.session.timeout.ms (${session} ms)`
  return groupRefusal(broker, consumer)
}

/** What GroupCoordinatorConfig says, and what members would be told. */
function groupRefusal(broker: BrokerConfig, consumer: ConsumerSettings): string | undefined {
  for (const name of ['heartbeat.interval.ms', 'session.timeout.ms'] as const) {
    const [own, least, greatest] = [
      `group.consumer.${name}`,
      `group.consumer.min.${name}`,
      `group.consumer.max.${name}`,
    ] as const
    if (broker[greatest] < broker[least]) return `${greatest} must be greater than or equal to ${least}`
    if (broker[own] < broker[least]) return `${own} must be greater than or equal to ${least}`
    if (broker[own] > broker[greatest]) return `${own} must be less than or equal to ${greatest}`
  }
  if (broker['group.consumer.heartbeat.interval.ms'] >= broker['group.consumer.session.timeout.ms'])
    return 'group.consumer.heartbeat.interval.ms must be less than group.consumer.session.timeout.ms'
  return sessionRefusal({ ...CONSUMER_DEFAULTS, ...consumer }, broker)
}

/** What a JoinGroup of the classic protocol would be answered (INVALID_SESSION_TIMEOUT); undefined if it is let in. */
export function sessionRefusal(consumer: ConsumerConfig, broker: BrokerConfig): string | undefined {
  if (consumer['group.protocol'] === 'consumer') return undefined
  const session = consumer['session.timeout.ms']
  const [least, greatest] = [broker['group.min.session.timeout.ms'], broker['group.max.session.timeout.ms']]
  if (session >= least && session <= greatest) return undefined
  return `The session timeout is not within the range allowed by the broker (as configured by group.min.session.timeout.ms and group.max.session.timeout.ms): session.timeout.ms is ${session}, expected ${least} to ${greatest}`
}

/** How often a member of a group is heard of: in group.protocol=consumer the brokers say so. */
export function heartbeatIntervalMillis(consumer: ConsumerConfig, broker: BrokerConfig): number {
  return consumer['group.protocol'] === 'consumer'
    ? broker['group.consumer.heartbeat.interval.ms']
    : consumer['heartbeat.interval.ms']
}

/** How long a member of a group may be silent: in group.protocol=consumer the brokers say so. */
export function sessionTimeoutMillis(consumer: ConsumerConfig, broker: BrokerConfig): number {
  return consumer['group.protocol'] === 'consumer'
    ? broker['group.consumer.session.timeout.ms']
    : consumer['session.timeout.ms']
}

function ofBrokers(settings: KafkaSettings): Partial<BrokerConfig> {
  const own = Object.entries(partOf(settings, BROKER_DEFAULTS)).filter(
    ([name]) => !(name in PRODUCER_DEFAULTS || name in CONSUMER_DEFAULTS),
  )
  return Object.fromEntries(own)
}

/** The settings that one reader knows. */
function partOf<Config extends object>(settings: KafkaSettings, defaults: Config): Partial<Config> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => name in defaults)) as Partial<Config>
}
