import { describe, expect, it } from 'vitest'
import { murmur2 } from '../../../../sim/kafka/murmur2.ts'
import {
  partitionForKey,
  StickyPartitioner,
  type TopicView,
} from '../../../../sim/kafka/producer/partitioner.ts'

function topic(partitionCount: number, available: readonly number[]): TopicView {
  return { name: 'topicA', partitionCount, available }
}

/** 0, 1, 2, ... modulo the bound, as the mocked random numbers of Kafka's test. */
function counting(): (bound: number) => number {
  let next = 0
  return (bound) => next++ % bound
}

describe('[KP1] a key', () => {
  it.each([
    ['21', 3, 0],
    ['foobar', 50, 16],
    ['abc', 6, 3],
    ['1', 6, 3],
    ['823543', 12, 10],
    ['', 50, 31],
  ])('[KP1] %j goes to its partition of %d, with a leader or not', (key, count, partition) => {
    expect(partitionForKey(key, topic(count, []))).toBe(partition)
    expect(partitionForKey(key, topic(count, [0]))).toBe((murmur2(key) & 0x7fffffff) % count)
  })
})

describe('[KP2] the sticky partitioner (BuiltInPartitionerTest)', () => {
  it('[KP2] stays until a batch of bytes has gone to its partition', () => {
    const partitioner = new StickyPartitioner(3, counting())
    const view = topic(3, [0, 1, 2])
    const chosen = partitioner.peek(view)
    for (let record = 0; record < 3; record++) {
      expect(partitioner.peek(view)).toBe(chosen)
      partitioner.produced(1, view, true)
    }
    expect(partitioner.peek(view)).not.toBe(chosen)
  })

  it('[KP2] does not leave a batch half full before twice the bytes have gone there', () => {
    const partitioner = new StickyPartitioner(3, counting())
    const view = topic(3, [0, 1, 2])
    const chosen = partitioner.peek(view)
    partitioner.produced(5, view, false)
    expect(partitioner.peek(view)).toBe(chosen)
    partitioner.produced(1, view, false)
    expect(partitioner.peek(view)).not.toBe(chosen)
  })

  it('[KP2] leaves out partitions without a leader, unless none has one', () => {
    const partitioner = new StickyPartitioner(1, counting())
    const view = topic(3, [0, 2])
    const seen = new Set<number>()
    for (let record = 0; record < 100; record++) {
      seen.add(partitioner.peek(view))
      partitioner.produced(1, view, true)
    }
    expect([...seen].sort()).toEqual([0, 2])
    expect(new StickyPartitioner(1, counting()).peek(topic(1, []))).toBe(0)
  })

  const tables: readonly (readonly [readonly number[], readonly number[], readonly number[]])[] = [
    [
      [0, 3, 1],
      [4, 5, 8],
      [4, 1, 3],
    ],
    [
      [5, 0, 3, 0, 1],
      [1, 7, 10, 16, 21],
      [1, 6, 3, 6, 5],
    ],
  ]
  it.each(tables)('[KP2] chooses queues of lengths %j by the weights %j', (sizes, sums, frequencies) => {
    const partitioner = new StickyPartitioner(1, counting())
    const view = topic(sizes.length, [...sizes.keys()])
    partitioner.updateLoad(sizes, [...sizes.keys()], sizes.length)
    expect(partitioner.cumulativeWeights).toEqual(sums)
    const counts = sizes.map(() => 0)
    const draws = 2 * (sums.at(-1) as number)
    for (let draw = 0; draw < draws; draw++) {
      const partition = partitioner.peek(view)
      counts[partition] = (counts[partition] as number) + 1
      partitioner.produced(1, view, true)
    }
    expect(counts).toEqual(frequencies.map((frequency) => 2 * frequency))
  })

  it.each([
    ['not all queues are known', undefined, 3],
    ['all queues are of one length', [2, 2, 2], 3],
    ['no queue may be chosen', [], 3],
    ['there is one partition', [4], 1],
  ])('[KP2] chooses uniformly when %s', (_why, sizes, known) => {
    const partitioner = new StickyPartitioner(1, counting())
    partitioner.updateLoad(sizes, [...(sizes ?? []).keys()], known)
    expect(partitioner.cumulativeWeights).toEqual([])
  })

  it('[KP2] keeps the weights of equal queues when another partition may not be chosen', () => {
    const partitioner = new StickyPartitioner(1, counting())
    partitioner.updateLoad([2, 2], [0, 2], 3)
    expect(partitioner.cumulativeWeights).toEqual([1, 2])
    const view = topic(3, [0, 1, 2])
    expect(partitioner.peek(view)).toBe(0)
    partitioner.produced(1, view, true)
    expect(partitioner.peek(view)).toBe(2)
  })

  it('[KP2] wants at least a byte', () => {
    expect(() => new StickyPartitioner(0, counting())).toThrow('stickyBatchSize must be >= 1 but got 0')
  })
})
