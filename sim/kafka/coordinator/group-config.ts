/**
 * What a broker's operator sets of classic groups and committed offsets, by Kafka's names and with the defaults of
 * Kafka 4.x. Source: GroupCoordinatorConfig of Apache Kafka.
 */
export interface GroupConfig {
  readonly 'group.min.session.timeout.ms': number
  readonly 'group.max.session.timeout.ms': number
  /** How long the first rebalance of an empty group waits for more members. */
  readonly 'group.initial.rebalance.delay.ms': number
  readonly 'group.max.size': number
  /** The longest metadata that may come with an offset, in UTF-16 code units, as Kafka counts it. */
  readonly 'offset.metadata.max.bytes': number
  readonly 'offsets.retention.minutes': number
  readonly 'offsets.retention.check.interval.ms': number
  readonly 'offsets.topic.num.partitions': number
}

export const GROUP_CONFIG: GroupConfig = {
  'group.min.session.timeout.ms': 6_000,
  'group.max.session.timeout.ms': 1_800_000,
  'group.initial.rebalance.delay.ms': 3_000,
  'group.max.size': 2_147_483_647,
  'offset.metadata.max.bytes': 4_096,
  'offsets.retention.minutes': 10_080,
  'offsets.retention.check.interval.ms': 600_000,
  'offsets.topic.num.partitions': 50,
}

/** How long the JoinGroup of a new member may wait: it cannot send heartbeats yet. Not configurable in Kafka. */
export const NEW_MEMBER_JOIN_TIMEOUT_MS = 300_000
