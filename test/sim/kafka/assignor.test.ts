import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rangeAssignment } from '../../../sim/kafka/assignor.ts'
import { KafkaBench, Reader } from '../../fixtures/kafka.ts'

/** The partitions of each member, topics numbered from 1, as Kafka's fixtures write them. */
function shares(partitionCounts: readonly number[], members: number): string[] {
  const assigned = rangeAssignment(partitionCounts, members)
  return Array.from({ length: members }, (_, member) =>
    assigned
      .flatMap((ranges, topic) => {
        const [from, to] = ranges[member] as readonly [number, number]
        return Array.from({ length: to - from }, (_unused, index) => `t${topic + 1}-${from + index}`)
      })
      .join(' '),
  )
}

describe('the range assignor', () => {
  it.each([
    { topics: [3, 3], expected: ['t1-0 t1-1 t2-0 t2-1', 't1-2 t2-2'] },
    {
      topics: [6, 7, 2],
      expected: ['t1-0 t1-1 t2-0 t2-1 t2-2 t3-0', 't1-2 t1-3 t2-3 t2-4 t3-1', 't1-4 t1-5 t2-5 t2-6'],
    },
    { topics: [5, 4], expected: ['t1-0 t1-1 t2-0', 't1-2 t2-1', 't1-3 t2-2', 't1-4 t2-3'] },
    { topics: [3], expected: ['t1-0 t1-1 t1-2'] },
    { topics: [2], expected: ['t1-0', 't1-1', ''] },
    { topics: [], expected: ['', ''] },
  ])('[B3] shares topics of $topics partitions as $expected', ({ topics, expected }) =>
    expect(shares(topics, expected.length)).toEqual(expected),
  )

  it('[B3] gives every partition to one member, each its neighbours, the first ones at most one more', () => {
    const counts = fc.array(fc.nat(30), { maxLength: 5 })
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 9 }), (partitionCounts, members) => {
        rangeAssignment(partitionCounts, members).forEach((ranges, topic) => {
          const count = partitionCounts[topic] as number
          expect(ranges).toHaveLength(members)
          expect([0, ...ranges.map(([, to]) => to)]).toEqual([...ranges.map(([from]) => from), count])
          const sizes = ranges.map(([from, to]) => to - from)
          expect(sizes).toEqual([...sizes].sort((left, right) => right - left))
          expect((sizes[0] as number) - (sizes.at(-1) as number)).toBeLessThanOrEqual(1)
        })
      }),
      { seed: 1 },
    )
  })

  it('[B3] orders members by their ids, whatever the order in which they joined', () => {
    const bench = new KafkaBench({ partitions: 3 })
    bench.cluster.createTopic({ name: 'others', partitions: 2 })
    const topics = ['events', 'others']
    const readers = ['reader-3', 'reader-1', 'reader-2'].map((name) => new Reader(bench, name, { topics }))
    bench.group.establish(readers.map(({ consumer }) => consumer))
    expect(readers.map(({ holds }) => holds)).toEqual([
      ['events/2'],
      ['events/0', 'others/0'],
      ['events/1', 'others/1'],
    ])
  })
})
