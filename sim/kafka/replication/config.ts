/** Configuration of a broker that concerns replication, under the names of org.apache.kafka.server.config.ReplicationConfigs. */
export interface ReplicationConfig {
  readonly 'replica.lag.time.max.ms': number
  readonly 'replica.fetch.wait.max.ms': number
  readonly 'replica.fetch.min.bytes': number
  readonly 'replica.fetch.backoff.ms': number
  readonly 'replica.fetch.max.bytes': number
  readonly 'replica.fetch.response.max.bytes': number
}

/** Defaults of Kafka 4.x. */
export const REPLICATION_DEFAULTS: ReplicationConfig = {
  'replica.lag.time.max.ms': 30_000,
  'replica.fetch.wait.max.ms': 500,
  'replica.fetch.min.bytes': 1,
  'replica.fetch.backoff.ms': 1_000,
  'replica.fetch.max.bytes': 1_048_576,
  'replica.fetch.response.max.bytes': 10_485_760,
}

/**
 * How a follower makes its log agree with a new leader's. `fetch` is Kafka since 2.7 (KIP-595: the fetch itself tells where
 * logs diverge); before it, in their order: `high-watermark` until 0.11 (truncates to its own high watermark: KIP-101),
 * `KIP-101` until 2.0 (asks where its last epoch ends, and takes the answer of the next epoch's start for it: KAFKA-6361),
 * `KIP-279` (the answer says of which epoch it speaks, and the follower asks again).
 */
export type Truncation = 'fetch' | 'KIP-279' | 'KIP-101' | 'high-watermark'

/** Historical or mistaken behaviour of replication that can be switched on; the defaults are Kafka 4.x. */
export interface ReplicationSwitches {
  readonly truncation: Truncation
  /** Fetches and epoch look-ups say in which leader epoch they are made, and others are refused (KIP-320, KAFKA-6880). */
  readonly fenceByLeaderEpoch: boolean
  /** A follower joins the ISR only when it has reached the start of the leader's epoch, in that epoch (KAFKA-7128). */
  readonly expandRequiresEpochStart: boolean
  /** A follower that is about to join the ISR already holds back the high watermark (KIP-497). */
  readonly maximalIsrEager: boolean
  /** A follower joins the ISR only in the life in which it fetched (KIP-903). */
  readonly brokerEpochCheck: boolean
  /** The high watermark stays where it is while the ISR is below min.insync.replicas (KAFKA-15583, KIP-966). */
  readonly highWatermarkFrozenBelowMinIsr: boolean
}

export const REPLICATION_SWITCHES: ReplicationSwitches = {
  truncation: 'fetch',
  fenceByLeaderEpoch: true,
  expandRequiresEpochStart: true,
  maximalIsrEager: true,
  brokerEpochCheck: true,
  highWatermarkFrozenBelowMinIsr: true,
}
