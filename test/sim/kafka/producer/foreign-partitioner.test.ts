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
    ['platformatic-compatibility', '1', 6, 3],
  ]
  it.each(keyed)('[KP15] %s puts %j, of %d, on %d', (name, key, count, partition) => {
    expect(foreignPartitioner(name, none)(key, view(count))).toBe(partition)
  })

  // Of six partitions: the one that Kafka takes, and the one of the unsigned hash. Sources of the keys: UtilsTest of Kafka's
  // clients, murmur2.spec.js of kafkajs, rdmurmur2.c of librdkafka.
  const ofSix: readonly (readonly [string, number, number])[] = [
    ['21', 0, 2],
    ['foobar', 0, 2],
    ['a-little-bit-long-string', 2, 4],
    ['a-little-bit-longer-string', 5, 1],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', 5, 1],
    ['abc', 3, 3],
    ['0', 2, 2],
    ['1', 3, 5],
    ['128', 5, 1],
    ['2187', 5, 1],
    ['16384', 2, 4],
    ['78125', 2, 4],
    ['279936', 2, 2],
    ['823543', 4, 0],
    ['2097152', 3, 3],
    ['4782969', 1, 3],
    ['10000000', 1, 3],
    ['19487171', 5, 1],
    ['35831808', 1, 3],
    ['62748517', 2, 4],
    ['105413504', 5, 1],
    ['170859375', 3, 5],
    ['100:48069', 3, 3],
    ['kafka', 4, 0],
    ['giberish123456789', 2, 4],
    ['1234', 0, 2],
    ['234', 2, 4],
    ['34', 0, 2],
    ['4', 1, 1],
    ['PreAmbleWillBeRemoved,ThePrePartThatIs', 2, 2],
    ['', 3, 3],
  ]
  it.each(ofSix)(
    '[KP15] platformatic puts %j, for which Kafka takes %d of six, on %d',
    (key, right, unsigned) => {
      expect(foreignPartitioner('platformatic', none)(key, view(6))).toBe(unsigned)
      for (const name of ['platformatic-compatibility', 'librdkafka-murmur2', 'kafkajs'] as const)
        if (key !== '') expect(foreignPartitioner(name, none)(key, view(6))).toBe(right)
    },
  )

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
