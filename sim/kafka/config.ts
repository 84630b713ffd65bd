/** Configuration of the simulated cluster under Kafka's own names; values in the units that the names end with. */
export interface KafkaConfig {
  readonly 'session.timeout.ms': number
  readonly 'heartbeat.interval.ms': number
  readonly 'max.poll.records': number
  readonly 'request.timeout.ms': number
}

/** Kafka's defaults (consumer and producer configuration of Kafka 4.x). */
export const KAFKA_DEFAULTS: KafkaConfig = {
  'session.timeout.ms': 45_000,
  'heartbeat.interval.ms': 3_000,
  'max.poll.records': 500,
  'request.timeout.ms': 30_000,
}
