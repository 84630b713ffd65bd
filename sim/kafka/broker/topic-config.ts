import type { TopicConfigs } from '../controller/record.ts'
import { LOG_DEFAULTS, type LogConfig } from '../log/config.ts'
import type { BrokerConfig } from './config.ts'

const KEYS = Object.keys(LOG_DEFAULTS) as (keyof LogConfig)[]

/** Longest number of Java: what Kafka means by never. */
const LONG_MAX = '9223372036854775807'

/** The configuration of a topic's logs: what is set for the topic, else for the broker. */
export function logConfigOf(configs: TopicConfigs, broker: BrokerConfig): LogConfig {
  if (Object.keys(configs).length > 0) return combined(configs, broker)
  let config = ofBrokers.get(broker)
  if (config === undefined) {
    config = combined(configs, broker)
    ofBrokers.set(broker, config)
  }
  return config
}

/** Of topics for which nothing is set. */
const ofBrokers = new WeakMap<BrokerConfig, LogConfig>()

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
  if (key === 'message.timestamp.type') return value
  return value === LONG_MAX ? Number.POSITIVE_INFINITY : Number(value)
}
