/** Broker configuration of consumer groups (GroupCoordinatorConfig), under Kafka's own names. */
export interface ConsumerGroupConfig {
  readonly 'group.consumer.session.timeout.ms': number
  readonly 'group.consumer.heartbeat.interval.ms': number
  readonly 'group.consumer.max.size': number
  /** Names of the server assignors that members may choose; the first is the default. */
  readonly 'group.consumer.assignors': readonly string[]
  /** KIP-1263: the least time between two target assignments of a group; 0 assigns at once, as Kafka up to 4.2. */
  readonly 'group.consumer.assignment.interval.ms': number
  readonly 'group.consumer.regex.refresh.interval.ms': number
}

/** The defaults of Kafka 4.3. */
export const CONSUMER_GROUP_DEFAULTS: ConsumerGroupConfig = {
  'group.consumer.session.timeout.ms': 45_000,
  'group.consumer.heartbeat.interval.ms': 5_000,
  'group.consumer.max.size': 2_147_483_647,
  'group.consumer.assignors': ['uniform', 'range'],
  'group.consumer.assignment.interval.ms': 1_000,
  'group.consumer.regex.refresh.interval.ms': 600_000,
}
