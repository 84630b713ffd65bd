import { describe, expect, it } from 'vitest'
import { partitionOf } from '../../../sim/kafka/murmur2.ts'
import { KafkaBench } from '../../fixtures/kafka.ts'

describe('a cluster', () => {
  it('[B4] has the leaders of a topic on its brokers in turn, each topic beginning at another', () => {
    const { cluster } = new KafkaBench({ partitions: 4 })
    cluster.createTopic({ name: 'others', partitions: 4 })
    const leaders = (topic: string): string[] =>
      cluster.partitions(topic).map(({ leader }) => leader.process.name)
    expect(leaders('events')).toEqual(['broker-1', 'broker-2', 'broker-3', 'broker-1'])
    expect(leaders('others')).toEqual(['broker-2', 'broker-3', 'broker-1', 'broker-2'])
    expect([...cluster.allPartitions()].map(({ name }) => name)).toEqual([
      ...[0, 1, 2, 3].map((index) => `events/${index}`),
      ...[0, 1, 2, 3].map((index) => `others/${index}`),
    ])
  })

  it('[B4] puts a record where the hash of its key says', () => {
    const { cluster } = new KafkaBench({ partitions: 6 })
    for (const key of ['order-1', 'order-2', '21', 'größe', '']) {
      expect(cluster.partitionFor('events', key).index).toBe(partitionOf(key, 6))
    }
  })

  it('[B4] knows no topic that was not created', () => {
    const { cluster } = new KafkaBench()
    expect(() => cluster.partitions('nothing')).toThrow('there is no topic nothing')
  })

  it('[B4] has one coordinator a group, at one of its brokers, the same one in every run', () => {
    const [one, two] = [new KafkaBench(), new KafkaBench()]
    expect(one.cluster.group('payment')).toBe(one.cluster.group('payment'))
    const brokers = one.cluster.brokers.map(({ process }) => process.name)
    const hosts = (bench: KafkaBench): string[] =>
      ['payment', 'orders', 'inventory', 'shipping'].map((name) => bench.cluster.group(name).process.name)
    expect(hosts(one)).toEqual(hosts(two))
    expect(brokers).toEqual(expect.arrayContaining(hosts(one)))
    expect(new Set(hosts(one)).size).toBeGreaterThan(1)
  })
})
