import { CONSUMER_GROUP_DEFAULTS, type ConsumerGroupConfig } from '../coordinator/consumer-group-config.ts'
import { GROUP_CONFIG, type GroupConfig } from '../coordinator/group-config.ts'
import {
  LOG_BROKER_DEFAULTS,
  LOG_DEFAULTS,
  LOG_SWITCHES,
  type LogBrokerConfig,
  type LogConfig,
  type LogSwitches,
} from '../log/config.ts'
import {
  REPLICATION_DEFAULTS,
  REPLICATION_SWITCHES,
  type ReplicationConfig,
  type ReplicationSwitches,
} from '../replication/config.ts'
import {
  TRANSACTION_DEFAULTS,
  TRANSACTION_SWITCHES,
  type TransactionConfig,
  type TransactionSwitches,
} from '../transaction/config.ts'

/** What a broker alone is configured with, under Kafka's own names. */
interface OwnConfig {
  readonly 'broker.heartbeat.interval.ms': number
  /** The longest that a broker waits before it asks a controller again that it could not reach. */
  readonly 'broker.session.timeout.ms': number
  readonly 'auto.create.topics.enable': boolean
  readonly 'min.insync.replicas': number
  /** How long the coordinator of groups waits until a commit is replicated. */
  readonly 'offsets.commit.timeout.ms': number
  readonly 'offsets.topic.replication.factor': number
  readonly 'offsets.topic.segment.bytes': number
  readonly 'transaction.state.log.replication.factor': number
  readonly 'transaction.state.log.min.isr': number
  readonly 'transaction.state.log.segment.bytes': number
  readonly 'group.consumer.min.session.timeout.ms': number
  readonly 'group.consumer.max.session.timeout.ms': number
  readonly 'group.consumer.min.heartbeat.interval.ms': number
  readonly 'group.consumer.max.heartbeat.interval.ms': number
  readonly 'fetch.max.bytes': number
}

/**
 * Configuration of a broker. What topics may override stands under the topics' names (`retention.ms` rather than
 * `log.retention.ms`).
 */
export interface BrokerConfig
  extends OwnConfig,
    LogBrokerConfig,
    LogConfig,
    ReplicationConfig,
    GroupConfig,
    ConsumerGroupConfig,
    TransactionConfig {}

/** Defaults of Kafka 4.x. */
export const BROKER_DEFAULTS: BrokerConfig = {
  ...LOG_DEFAULTS,
  ...LOG_BROKER_DEFAULTS,
  ...REPLICATION_DEFAULTS,
  ...GROUP_CONFIG,
  ...CONSUMER_GROUP_DEFAULTS,
  ...TRANSACTION_DEFAULTS,
  'broker.heartbeat.interval.ms': 2_000,
  'broker.session.timeout.ms': 9_000,
  'auto.create.topics.enable': true,
  'min.insync.replicas': 1,
  'offsets.commit.timeout.ms': 5_000,
  'offsets.topic.replication.factor': 3,
  'offsets.topic.segment.bytes': 104_857_600,
  'transaction.state.log.replication.factor': 3,
  'transaction.state.log.min.isr': 2,
  'transaction.state.log.segment.bytes': 104_857_600,
  'group.consumer.min.session.timeout.ms': 45_000,
  'group.consumer.max.session.timeout.ms': 60_000,
  'group.consumer.min.heartbeat.interval.ms': 5_000,
  'group.consumer.max.heartbeat.interval.ms': 15_000,
  'fetch.max.bytes': 57_671_680,
}

/** Historical or mistaken behaviour that can be switched on; the defaults are Kafka 4.x. */
export interface BrokerSwitches extends LogSwitches, ReplicationSwitches, TransactionSwitches {}

export const BROKER_SWITCHES: BrokerSwitches = {
  ...LOG_SWITCHES,
  ...REPLICATION_SWITCHES,
  ...TRANSACTION_SWITCHES,
}
