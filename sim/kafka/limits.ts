import type { BrokerConfig } from './broker/config.ts'
import { RANGES } from './consumer/config.ts'
import type { ControllerConfig } from './controller/config.ts'
import { AT_LEAST } from './producer/config.ts'

type ServerConfig = BrokerConfig & ControllerConfig
type ServerNumber = {
  [Name in keyof ServerConfig]: ServerConfig[Name] extends number ? Name : never
}[keyof ServerConfig]

/** The least and the greatest value that Kafka takes. */
export type Limits = readonly [least: number, greatest: number]

/** The greatest value of Kafka's types INT and SHORT; of LONG, what can be told apart here. */
const INT = 0x7fff_ffff
const SHORT = 0x7fff
const LONG = Number.POSITIVE_INFINITY

/**
 * What brokers and controllers take, by Kafka's own definition of each configuration. Those that are not here Kafka does not
 * limit, or in other ways. Source: LogConfig, ServerLogConfigs, CleanerConfig, ReplicationConfigs, GroupCoordinatorConfig,
 * TransactionLogConfig, TransactionStateManagerConfig, AddPartitionsToTxnConfig of Kafka 4.x.
 */
export const SERVER_LIMITS = {
  'segment.bytes': [1_048_576, INT],
  'segment.ms': [1, LONG],
  'segment.index.bytes': [4, INT],
  'index.interval.bytes': [0, INT],
  'flush.messages': [1, LONG],
  'flush.ms': [0, LONG],
  'retention.ms': [-1, LONG],
  'max.message.bytes': [0, INT],
  'file.delete.delay.ms': [0, LONG],
  'delete.retention.ms': [0, LONG],
  'min.compaction.lag.ms': [0, LONG],
  'max.compaction.lag.ms': [1, LONG],
  'min.cleanable.dirty.ratio': [0, 1],
  'min.insync.replicas': [1, INT],
  'message.timestamp.before.max.ms': [0, LONG],
  'message.timestamp.after.max.ms': [0, LONG],
  'num.partitions': [1, INT],
  'log.flush.offset.checkpoint.interval.ms': [0, INT],
  'log.flush.start.offset.checkpoint.interval.ms': [0, INT],
  'log.retention.check.interval.ms': [1, LONG],
  'log.initial.task.delay.ms': [0, LONG],
  'log.cleaner.backoff.ms': [0, LONG],
  'leader.imbalance.check.interval.seconds': [1, LONG],
  'unclean.leader.election.interval.ms': [1, LONG],
  'replica.fetch.max.bytes': [0, INT],
  'replica.fetch.backoff.ms': [0, INT],
  'replica.fetch.response.max.bytes': [0, INT],
  'group.max.size': [1, INT],
  'group.consumer.session.timeout.ms': [1, INT],
  'group.consumer.min.session.timeout.ms': [1, INT],
  'group.consumer.heartbeat.interval.ms': [1, INT],
  'group.consumer.max.size': [1, INT],
  'group.consumer.assignment.interval.ms': [0, INT],
  'group.consumer.regex.refresh.interval.ms': [10_000, INT],
  'offsets.commit.timeout.ms': [1, INT],
  'offsets.retention.minutes': [1, INT],
  'offsets.retention.check.interval.ms': [1, LONG],
  'offsets.topic.num.partitions': [1, INT],
  'offsets.topic.replication.factor': [1, SHORT],
  'offsets.topic.segment.bytes': [1, INT],
  'transaction.state.log.num.partitions': [1, INT],
  'transaction.state.log.replication.factor': [1, SHORT],
  'transaction.state.log.min.isr': [1, INT],
  'transaction.state.log.segment.bytes': [1, INT],
  'transactional.id.expiration.ms': [1, INT],
  'transaction.max.timeout.ms': [1, INT],
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': [1, INT],
  'transaction.remove.expired.transaction.cleanup.interval.ms': [1, INT],
  'producer.id.expiration.ms': [1, INT],
  'producer.id.expiration.check.interval.ms': [1, INT],
  'add.partitions.to.txn.retry.backoff.ms': [1, INT],
  'add.partitions.to.txn.retry.backoff.max.ms': [0, INT],
  'group.consumer.max.session.timeout.ms': [1, INT],
  'group.consumer.min.heartbeat.interval.ms': [1, INT],
  'group.consumer.max.heartbeat.interval.ms': [1, INT],
  'group.min.session.timeout.ms': [0, INT],
  'group.max.session.timeout.ms': [0, INT],
  'transaction.version': [0, 2],
  'eligible.leader.replicas.version': [0, 1],
} as const satisfies { readonly [Name in ServerNumber]?: Limits }

/** Lists that may not be empty; an empty cleanup.policy keeps everything (KIP-1161). */
const NOT_EMPTY: ReadonlySet<string> = new Set(['group.consumer.assignors'])

/** The only texts that brokers take. Source: LogConfig; of assignors Kafka takes names of classes, too. */
const SERVER_CHOICES = {
  'cleanup.policy': ['compact', 'delete'],
  'message.timestamp.type': ['CreateTime', 'LogAppendTime'],
  'group.consumer.assignors': ['uniform', 'range'],
} as const satisfies { readonly [Name in keyof ServerConfig]?: readonly string[] }

/** What Kafka takes: where clients and brokers have a configuration of one name, what both take. */
export function limitsOf(name: string): Limits | undefined {
  const all = [
    (SERVER_LIMITS as Readonly<Record<string, Limits>>)[name],
    (RANGES as Readonly<Record<string, Limits>>)[name],
    name in AT_LEAST ? ([AT_LEAST[name as keyof typeof AT_LEAST], LONG] as const) : undefined,
  ].filter((limits) => limits !== undefined)
  if (all.length === 0) return undefined
  return [Math.max(...all.map(([least]) => least)), Math.min(...all.map(([, greatest]) => greatest))]
}

/** Why Kafka refuses a value; undefined if it takes it. In the words of ConfigException. */
export function limitRefusal(name: string, value: number, limits: Limits): string | undefined {
  const [least, greatest] = limits
  if (value >= least && value <= greatest) return undefined
  const reason = value < least ? `at least ${least}` : `no more than ${greatest}`
  return `Invalid value ${value} for configuration ${name}: Value must be ${reason}`
}

/** Why brokers refuse a configuration; undefined if they take it. */
export function serverRefusal(config: ServerConfig): string | undefined {
  for (const name of Object.keys(SERVER_LIMITS) as (keyof typeof SERVER_LIMITS)[]) {
    const refusal = limitRefusal(name, config[name], SERVER_LIMITS[name])
    if (refusal !== undefined) return refusal
  }
  for (const name of Object.keys(SERVER_CHOICES) as (keyof typeof SERVER_CHOICES)[]) {
    const choices: readonly string[] = SERVER_CHOICES[name]
    const refusal = choiceRefusal(name, [config[name]].flat(), choices)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

/** What ConfigDef.ValidList and ValidString say of texts. */
function choiceRefusal(
  name: string,
  values: readonly string[],
  choices: readonly string[],
): string | undefined {
  if (values.length === 0 && NOT_EMPTY.has(name))
    return `Configuration '${name}' must not be empty. Valid values include: any non-empty value`
  if (new Set(values).size < values.length) return `Configuration '${name}' values must not be duplicated.`
  const unknown = values.find((value) => !choices.includes(value))
  if (unknown === undefined) return undefined
  return `Invalid value ${unknown} for configuration ${name}: String must be one of: ${choices.join(', ')}`
}
