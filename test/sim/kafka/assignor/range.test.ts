import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assignRange, rangeOf } from '../../../../sim/kafka/assignor/range.ts'
import { classicMember, countsOf, recordedCases, shares } from '../../../fixtures/assignors.ts'

describe('a range', () => {
  it.each([
    { partitions: 6, expected: ['0-2', '2-4', '4-6'] },
    { partitions: 7, expected: ['0-3', '3-5', '5-7'] },
    { partitions: 2, expected: ['0-1', '1-2', '2-2'] },
    { partitions: 0, expected: ['0-0', '0-0', '0-0'] },
  ])('[B3] of $partitions partitions and three members is one of $expected', ({ partitions, expected }) =>
    expect([0, 1, 2].map((member) => rangeOf(partitions, 3, member).join('-'))).toEqual(expected),
  )

  it('[B3] follows the one before, and is no shorter than the one after nor longer by more than one', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.integer({ min: 1, max: 9 }), (partitions, members) => {
        const ranges = Array.from({ length: members }, (_, member) => rangeOf(partitions, members, member))
        expect([0, ...ranges.map(([, to]) => to)]).toEqual([...ranges.map(([from]) => from), partitions])
        const sizes = ranges.map(([from, to]) => to - from)
        expect(sizes).toEqual(sizes.toSorted((left, right) => right - left))
        expect((sizes[0] ?? 0) - (sizes.at(-1) ?? 0)).toBeLessThanOrEqual(1)
      }),
      { seed: 1 },
    )
  })
})

describe('range', () => {
  it.each(recordedCases('range'))(
    '[KX3] decides as Kafka in $name',
    ({ partitionCounts, members, expected }) =>
      expect(shares(assignRange(partitionCounts, members.map(classicMember)))).toEqual(expected),
  )

  it.each([
    {
      title: 'cuts each topic by itself',
      counts: 't1=3 t2=3',
      members: [
        { memberId: 'c2', topics: 't1 t2' },
        { memberId: 'c1', topics: 't1 t2' },
      ],
      expected: { c1: 't1-0 t1-1 t2-0 t2-1', c2: 't1-2 t2-2' },
    },
    {
      title: 'counts the subscribers of each topic',
      counts: 't1=3 t2=2',
      members: [
        { memberId: 'c1', topics: 't1' },
        { memberId: 'c2', topics: 't1 t2' },
        { memberId: 'c3', topics: 't1' },
      ],
      expected: { c1: 't1-0', c2: 't1-1 t2-0 t2-1', c3: 't1-2' },
    },
    {
      title: 'gives nothing to those for whom there is none',
      counts: 't1=6 t2=7 t3=2',
      members: [
        { memberId: 'c1', topics: 't1 t2 t3' },
        { memberId: 'c2', topics: 't1 t2 t3' },
        { memberId: 'c3', topics: 't1 t2 t3' },
      ],
      expected: {
        c1: 't1-0 t1-1 t2-0 t2-1 t2-2 t3-0',
        c2: 't1-2 t1-3 t2-3 t2-4 t3-1',
        c3: 't1-4 t1-5 t2-5 t2-6',
      },
    },
    {
      title: 'takes static members first',
      counts: 't1=5 t2=4',
      members: [
        { memberId: 'a-dynamic', topics: 't1 t2' },
        { memberId: 'c3', instanceId: 'i1', topics: 't1 t2' },
        { memberId: 'c2', instanceId: 'i2', topics: 't1 t2' },
        { memberId: 'c1', instanceId: 'i3', topics: 't1 t2' },
      ],
      expected: { c3: 't1-0 t1-1 t2-0', c2: 't1-2 t2-1', c1: 't1-3 t2-2', 'a-dynamic': 't1-4 t2-3' },
    },
  ])('[KX3] [KX4] $title', ({ counts, members, expected }) => {
    expect(shares(assignRange(countsOf(counts), members.map(classicMember)))).toEqual(expected)
  })
})
