import type { TopicConfigs } from '../controller/record.ts'
import { LOG_DEFAULTS, type LogConfig } from '../log/config.ts'
import type { BrokerConfig } from './config.ts'

const KEYS = Object.keys(LOG_DEFAULTS) as (keyof LogConfig)[]

/** Longest number of Java: what Kafka means by never. */
const LONG_MAX = '9223372036854775807'

/** The configuration of a topic's logs: what is set for the topic, else for the broker. */
export function logConfigOf(configs: TopicConfigs, broker: BrokerConfig): LogConfig {
  let ofTopics = ofBrokers.get(broker)
  if (ofTopics === undefined) {
    ofTopics = new WeakMap()
    ofBrokers.set(broker, ofTopics)
  }
  const key = isEmpty(configs) ? NOTHING_SET : configs
  let config = ofTopics.get(key)
  if (config === undefined) {
    config = combined(configs, broker)
    ofTopics.set(key, config)
  }
  return config
}

const NOTHING_SET: TopicConfigs = {}

/** By what is set for brokers, and for topics. */
const ofBrokers = new WeakMap<BrokerConfig, WeakMap<TopicConfigs, LogConfig>>()

function isEmpty(configs: TopicConfigs): boolean {
  return Object.keys(configs).length === 0
}

function combined(configs: TopicConfigs, broker: BrokerConfig): LogConfig {
  // A copy that has all keys already stays quick to look at, which one that grows by them does not.
  const config: Record<string, unknown> = { ...LOG_DEFAULTS }
  // Kafka's own tests make segments smaller with it than segment.bytes may be.
  const segmentBytes = configs['internal.segment.bytes']
  for (const key of KEYS) config[key] = configs[key] === undefined ? broker[key] : parsed(key, configs[key])
  if (segmentBytes !== undefined) config['segment.bytes'] = Number(segmentBytes)
  return config as unknown as LogConfig
}

/** min.insync.replicas of a topic. */
export function minInsyncReplicasOf(configs: TopicConfigs, broker: BrokerConfig): number {
  return Number(configs['min.insync.replicas'] ?? broker['min.insync.replicas'])
}

function parsed(key: keyof LogConfig, value: string | number | boolean): unknown {
  if (key === 'cleanup.policy')
    return String(value)
      .split(',')
      .map((policy) => policy.trim())
      .filter((policy) => policy !== '')
  if (key === 'message.timestamp.type') return value
  return value === LONG_MAX ? Number.POSITIVE_INFINITY : Number(value)
}
