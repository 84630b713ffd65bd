import { describe, expect, it } from 'vitest'
import { KafkaBench } from '../../fixtures/kafka.ts'

describe('a partition', () => {
  it('[B5] is a log: offsets count from 0 without gaps, and its end is the offset to be written next', async () => {
    const bench = new KafkaBench()
    const partition = bench.partition(2)
    expect(partition.logEndOffset).toBe(0)
    for (const [index, value] of ['a', 'b', 'c'].entries()) bench.produce(10 * index, 2, value)
    bench.produce(5, 1, 'elsewhere')
    await bench.run()
    expect(partition.logEndOffset).toBe(3)
    expect(
      partition.records.map(({ offset, value, timestampMicros }) => [offset, value, timestampMicros]),
    ).toEqual([
      [0, 'a', 0],
      [1, 'b', 10_000],
      [2, 'c', 20_000],
    ])
    expect(partition.records.map(({ entity }) => entity.name)).toEqual(['order-a', 'order-b', 'order-c'])
    expect(bench.partition(1).logEndOffset).toBe(1)
    expect(bench.partition(0).logEndOffset).toBe(0)
  })

  it('[B5] makes every append part of the digest and of the trace', async () => {
    const digests = new Set<string>()
    for (const [partition, value] of [
      [0, 'a'],
      [0, 'b'],
      [1, 'a'],
    ] as const) {
      const bench = new KafkaBench()
      bench.produce(1, partition, value)
      await bench.run()
      digests.add(bench.kernel.digest.hex())
      expect(bench.records('append').map(({ data }) => data)).toEqual([{ offset: 0, key: value, value }])
    }
    expect(digests.size).toBe(3)
  })
})
