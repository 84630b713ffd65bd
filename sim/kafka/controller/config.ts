/** Configuration of a controller, under Kafka's own names. Source: KRaftConfigs, ReplicationConfigs, ServerConfigs. */
export interface ControllerConfig {
  /** A broker that is silent for longer is fenced (rule C6). */
  readonly 'broker.session.timeout.ms': number
  /** Of topics that do not say otherwise. */
  readonly 'min.insync.replicas': number
  readonly 'unclean.leader.election.enable': boolean
  readonly 'unclean.leader.election.interval.ms': number
  readonly 'default.replication.factor': number
  readonly 'num.partitions': number
  readonly 'auto.leader.rebalance.enable': boolean
  readonly 'leader.imbalance.check.interval.seconds': number
  /** A feature level rather than a configuration: 1 keeps eligible leader replicas (KIP-966), as new clusters do since 4.1. */
  readonly 'eligible.leader.replicas.version': 0 | 1
}

/**
 * Defaults of Kafka 4.x. `leader.imbalance.per.broker.percentage` is left out: KRaft's controller does not read it, and
 * elects the preferred leader of every partition.
 */
export const CONTROLLER_DEFAULTS: ControllerConfig = {
  'broker.session.timeout.ms': 9_000,
  'min.insync.replicas': 1,
  'unclean.leader.election.enable': false,
  'unclean.leader.election.interval.ms': 300_000,
  'default.replication.factor': 1,
  'num.partitions': 1,
  'auto.leader.rebalance.enable': true,
  'leader.imbalance.check.interval.seconds': 300,
  'eligible.leader.replicas.version': 1,
}

/** The most partitions that get a new leader in one go of a periodic election. Source: ReplicationControlManager. */
export const MAX_ELECTIONS_PER_IMBALANCE = 1_000

/** How many producer ids a broker gets at once. Source: ProducerIdsBlock. */
export const PRODUCER_ID_BLOCK_SIZE = 1_000
