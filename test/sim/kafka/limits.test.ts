import { describe, expect, it } from 'vitest'
import { clusterConfig, KAFKA_DEFAULTS, type KafkaSettings } from '../../../sim/kafka/config.ts'
import { limitsOf, SERVER_LIMITS, serverRefusal } from '../../../sim/kafka/limits.ts'
import { schemaProblems } from '../../../sim/run/problem.ts'

/** What Kafka defines, by hand: the first value that it refuses, and in which words. */
const REFUSED: readonly (readonly [name: keyof KafkaSettings, value: number, reason: string])[] = [
  ['segment.bytes', 1, 'Value must be at least 1048576'],
  ['segment.bytes', 1_048_575, 'Value must be at least 1048576'],
  ['segment.bytes', 2_147_483_648, 'Value must be no more than 2147483647'],
  ['segment.ms', 0, 'Value must be at least 1'],
  ['segment.index.bytes', 3, 'Value must be at least 4'],
  ['flush.messages', 0, 'Value must be at least 1'],
  ['retention.ms', -2, 'Value must be at least -1'],
  ['max.compaction.lag.ms', 0, 'Value must be at least 1'],
  ['min.cleanable.dirty.ratio', 1.5, 'Value must be no more than 1'],
  ['min.insync.replicas', 0, 'Value must be at least 1'],
  ['num.partitions', 0, 'Value must be at least 1'],
  ['log.retention.check.interval.ms', 0, 'Value must be at least 1'],
  ['leader.imbalance.check.interval.seconds', 0, 'Value must be at least 1'],
  ['replica.fetch.max.bytes', -1, 'Value must be at least 0'],
  ['group.max.size', 0, 'Value must be at least 1'],
  ['group.consumer.heartbeat.interval.ms', 0, 'Value must be at least 1'],
  ['group.consumer.regex.refresh.interval.ms', 9_999, 'Value must be at least 10000'],
  ['offsets.retention.minutes', 0, 'Value must be at least 1'],
  ['offsets.topic.num.partitions', 0, 'Value must be at least 1'],
  ['offsets.topic.replication.factor', 0, 'Value must be at least 1'],
  ['transaction.state.log.min.isr', 0, 'Value must be at least 1'],
  ['transaction.max.timeout.ms', 0, 'Value must be at least 1'],
  ['transactional.id.expiration.ms', 0, 'Value must be at least 1'],
  ['producer.id.expiration.ms', 0, 'Value must be at least 1'],
  ['add.partitions.to.txn.retry.backoff.ms', 0, 'Value must be at least 1'],
  ['max.in.flight.requests.per.connection', 0, 'Value must be at least 1'],
  ['batch.size', -1, 'Value must be at least 0'],
  ['max.poll.records', 0, 'Value must be at least 1'],
  ['max.poll.interval.ms', 0, 'Value must be at least 1'],
]

describe("Kafka's own limits", () => {
  it.each(REFUSED)('[B16] refuse %s: %s, with: %s', (name, value, reason) => {
    const message = `Invalid value ${value} for configuration ${name}: ${reason}`
    expect(() => clusterConfig({ [name]: value }, 3)).toThrow(message)
    const problems = schemaProblems({ system: 'any', cluster: { kafka: { [name]: value } } })
    expect(problems).toMatchObject([{ path: ['cluster', 'kafka', name], message }])
  })

  it('[B16] take the least value and every default', () => {
    for (const [name, [least]] of Object.entries(SERVER_LIMITS))
      expect(serverRefusal({ ...KAFKA_DEFAULTS, [name]: least })).toBeUndefined()
    for (const [name, value] of Object.entries(KAFKA_DEFAULTS)) {
      const limits = limitsOf(name)
      if (limits === undefined) continue
      expect(value).toBeGreaterThanOrEqual(limits[0])
      expect(value).toBeLessThanOrEqual(limits[1])
    }
  })
})
