import { describe, expect, it } from 'vitest'
import {
  type ForeignPartitioner,
  foreignPartitioner,
} from '../../../../sim/kafka/producer/foreign-partitioner.ts'

const MANY = 2 ** 31
const none = () => 0
const view = (partitionCount: number, available: readonly number[] = []) => ({
  name: 'orders',
  partitionCount,
  available,
})

describe('[KP15] partitioners of other clients', () => {
  // Sources: murmur2.spec.js of kafkajs for both of its hashes, the check value of CRC-32 (ISO 3309).
  const keyed: readonly (readonly [ForeignPartitioner, string, number, number])[] = [
    ['kafkajs', '1', 6, 3],
    ['kafkajs', '0', MANY, 971027396],
    ['kafkajs-legacy', '0', MANY, 272173970],
    ['kafkajs-legacy', '1', MANY, 1311020360],
    ['librdkafka', '123456789', 2 ** 33, 0xcbf43926],
    ['librdkafka-murmur2', '1', 6, 3],
    ['platformatic', '1', 6, 5],
    ['platformatic', '21', 6, 2],
    ['platformatic', '4', 6, 1],
    ['platformatic-compatibility', '1', 6, 3],
  ]
  it.each(keyed)('[KP15] %s puts %j, of %d, on %d', (name, key, count, partition) => {
    expect(foreignPartitioner(name, none)(key, view(count))).toBe(partition)
  })

  it('[KP15] RoundRobinPartitioner does not look at keys', () => {
    const partitioner = foreignPartitioner('RoundRobinPartitioner', none)
    expect([1, 2, 3, 4].map(() => partitioner('k', view(3, [0, 2])))).toEqual([0, 2, 0, 2])
  })

  it('[KP15] kafkajs takes available partitions in turn, from the one after a random one on', () => {
    const partitioner = foreignPartitioner('kafkajs', () => 4)
    expect([1, 2, 3].map(() => partitioner(null, view(3, [0, 1, 2])))).toEqual([2, 0, 1])
  })

  it('[KP15] @platformatic/kafka takes all partitions in turn from the first on', () => {
    const partitioner = foreignPartitioner('platformatic', none)
    expect([1, 2, 3].map(() => partitioner(null, view(2, [0])))).toEqual([0, 1, 0])
  })

  it.each([
    ['librdkafka', null],
    ['librdkafka', ''],
    ['librdkafka-murmur2', null],
  ] as const)('[KP15] %s draws again for key %j when the partition has no leader', (name, key) => {
    const draws = [1, 2]
    const partitioner = foreignPartitioner(name, () => draws.shift() ?? 0)
    expect(partitioner(key, view(3, [0]))).toBe(2)
    expect(draws).toEqual([])
  })
})
