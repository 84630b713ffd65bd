import type { TimestampType } from './batch.ts'

/** Configuration of a topic's logs, under the names of org.apache.kafka.common.config.TopicConfig. Infinity is Java's Long.MAX_VALUE. */
export interface LogConfig {
  readonly 'segment.bytes': number
  readonly 'segment.ms': number
  readonly 'segment.index.bytes': number
  readonly 'index.interval.bytes': number
  readonly 'flush.messages': number
  readonly 'flush.ms': number
  readonly 'retention.bytes': number
  readonly 'retention.ms': number
  readonly 'max.message.bytes': number
  readonly 'file.delete.delay.ms': number
  readonly 'delete.retention.ms': number
  readonly 'min.compaction.lag.ms': number
  readonly 'max.compaction.lag.ms': number
  readonly 'min.cleanable.dirty.ratio': number
  readonly 'cleanup.policy': readonly ('compact' | 'delete')[]
  readonly 'message.timestamp.type': TimestampType
  readonly 'message.timestamp.before.max.ms': number
  readonly 'message.timestamp.after.max.ms': number
}

/** Defaults of Kafka 4.x (LogConfig, ServerLogConfigs; KIP-1030). */
export const LOG_DEFAULTS: LogConfig = {
  'segment.bytes': 1_073_741_824,
  'segment.ms': 604_800_000,
  'segment.index.bytes': 10_485_760,
  'index.interval.bytes': 4096,
  'flush.messages': Number.POSITIVE_INFINITY,
  'flush.ms': Number.POSITIVE_INFINITY,
  'retention.bytes': -1,
  'retention.ms': 604_800_000,
  'max.message.bytes': 1_048_588,
  'file.delete.delay.ms': 60_000,
  'delete.retention.ms': 86_400_000,
  'min.compaction.lag.ms': 0,
  'max.compaction.lag.ms': Number.POSITIVE_INFINITY,
  'min.cleanable.dirty.ratio': 0.5,
  'cleanup.policy': ['delete'],
  'message.timestamp.type': 'CreateTime',
  'message.timestamp.before.max.ms': Number.POSITIVE_INFINITY,
  'message.timestamp.after.max.ms': 3_600_000,
}

/** Configuration of a broker that concerns its logs. */
export interface LogBrokerConfig {
  readonly 'log.flush.offset.checkpoint.interval.ms': number
  readonly 'log.flush.start.offset.checkpoint.interval.ms': number
  readonly 'replica.high.watermark.checkpoint.interval.ms': number
  readonly 'log.retention.check.interval.ms': number
  readonly 'log.initial.task.delay.ms': number
  readonly 'log.cleaner.backoff.ms': number
  readonly 'log.cleaner.dedupe.buffer.size': number
  readonly 'log.cleaner.io.buffer.load.factor': number
  readonly 'producer.id.expiration.ms': number
  readonly 'producer.id.expiration.check.interval.ms': number
  readonly 'transaction.max.timeout.ms': number
  readonly 'transaction.partition.verification.enable': boolean
}

/** Defaults of Kafka 4.x (ServerLogConfigs, CleanerConfig, ReplicationConfigs, TransactionLogConfig). */
export const LOG_BROKER_DEFAULTS: LogBrokerConfig = {
  'log.flush.offset.checkpoint.interval.ms': 60_000,
  'log.flush.start.offset.checkpoint.interval.ms': 60_000,
  'replica.high.watermark.checkpoint.interval.ms': 5_000,
  'log.retention.check.interval.ms': 300_000,
  'log.initial.task.delay.ms': 30_000,
  'log.cleaner.backoff.ms': 15_000,
  'log.cleaner.dedupe.buffer.size': 134_217_728,
  'log.cleaner.io.buffer.load.factor': 0.9,
  'producer.id.expiration.ms': 86_400_000,
  'producer.id.expiration.check.interval.ms': 600_000,
  'transaction.max.timeout.ms': 900_000,
  'transaction.partition.verification.enable': true,
}

/** Historical or mistaken behaviour of a log that can be switched on; the defaults are Kafka 4.x. */
export interface LogSwitches {
  /** Batches per producer that are known as duplicates when they come again (rule S1). */
  readonly producerStateWindow: number
  /** Whether a machine that crashes loses what was written but not flushed (rule L15). */
  readonly pageCacheLossOnMachineCrash: boolean
  /**
   * Whether a marker counts as a sign of life of its producer. Without it (until 2.5, KAFKA-9144) a producer whose
   * transaction the coordinator ended late is forgotten at once, with the epochs that fence its late writes.
   */
  readonly markersKeepProducerState: boolean
  /**
   * Whether a producer is remembered when its last batch has been deleted. Without it (until 2.4, KAFKA-7190, KIP-360) a
   * retry of what retention has deleted meanwhile is appended again.
   */
  readonly producerStateOutlivesRecords: boolean
  /**
   * Whether a log that is moved to another directory takes its history of leader epochs along. In Kafka it does not
   * (KAFKA-15608, KAFKA-20961): a leader may know none of the epoch that a follower has read, which asks again and again
   * until something is written.
   */
  readonly epochsMoveWithLog: boolean
}

export const LOG_SWITCHES: LogSwitches = {
  producerStateWindow: 5,
  pageCacheLossOnMachineCrash: true,
  markersKeepProducerState: true,
  producerStateOutlivesRecords: true,
  epochsMoveWithLog: true,
}
