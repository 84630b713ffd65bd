import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  assignCooperativeSticky,
  assignSticky,
  cooperativeStickyUserData,
  stickyUserData,
} from '../../../../sim/kafka/assignor/sticky.ts'
import type {
  GroupAssignment,
  GroupMember,
  TopicPartition,
} from '../../../../sim/kafka/assignor/subscription.ts'
import {
  type GroupShape,
  groupShapes,
  owners,
  subscribedPartitions,
} from '../../../fixtures/assignor-groups.ts'
import {
  classicMember,
  countsOf,
  partitions,
  type RecordedMember,
  recordedCases,
  shares,
  texts,
} from '../../../fixtures/assignors.ts'

/** Members in generation 1 as `c1 t1,t2: t1-0 t2-1`: id, topics, what it owned, by both assignors' ways to tell. */
function members(lines: readonly string[], generation = 1): GroupMember[] {
  return lines.map((line) => {
    const [, memberId = '', topics = '', owned = ''] = /^(\S+) (\S+): ?(.*)$/.exec(line) ?? []
    const recorded: RecordedMember = { memberId, topics: topics.replaceAll(',', ' ') }
    const userData = { previousAssignment: owned, generation }
    return classicMember({ ...recorded, owned, generation, userData })
  })
}

describe('sticky', () => {
  it.each(recordedCases('sticky'))(
    '[KX7] [KX8] [KX9] decides as Kafka in $name',
    ({ partitionCounts, members, expected }) =>
      expect(shares(assignSticky(partitionCounts, members.map(classicMember)))).toEqual(expected),
  )

  it.each([
    {
      title: 'deals partitions that nobody had in turn',
      counts: 't1=3 t2=4',
      lines: ['c1 t1,t2:', 'c2 t1,t2:'],
      expected: { c1: 't1-0 t1-2 t2-1 t2-3', c2: 't1-1 t2-0 t2-2' },
    },
    {
      title: 'keeps what two members had when two others join',
      counts: 't1=3 t2=4',
      lines: ['c1 t1,t2: t1-0 t1-2 t2-1 t2-3', 'c2 t1,t2: t1-1 t2-0 t2-2', 'c3 t1,t2:', 'c4 t1,t2:'],
      expected: { c1: 't1-0 t2-1', c2: 't2-0 t1-1', c3: 't1-2 t2-3', c4: 't2-2' },
    },
    {
      title: 'adds to what two members had when two others leave',
      counts: 't1=3 t2=4',
      lines: ['c3 t1,t2: t1-2 t2-3', 'c4 t1,t2: t2-2'],
      expected: { c3: 't1-2 t2-3 t1-0 t2-1', c4: 't2-2 t1-1 t2-0' },
    },
    {
      title: 'gives one more to who has as few as anybody',
      counts: 't1=2 t2=3',
      lines: ['c1 t1,t2: t1-0 t2-1', 'c2 t1,t2: t1-1 t2-2'],
      expected: { c1: 't1-0 t2-1 t2-0', c2: 't1-1 t2-2' },
    },
    {
      title: 'fills members below their share by id',
      counts: 't1=2 t2=3',
      lines: ['c1 t1,t2: t1-0', 'c2 t1,t2: t1-1', 'c3 t1,t2:'],
      expected: { c1: 't1-0 t2-1', c2: 't1-1 t2-2', c3: 't2-0' },
    },
    {
      title: 'takes the last partition for a second member',
      counts: 't=3',
      lines: ['c1 t: t-0 t-1 t-2', 'c2 t:'],
      expected: { c1: 't-0 t-1', c2: 't-2' },
    },
  ])('[KX7] $title', ({ counts, lines, expected }) =>
    expect(shares(assignSticky(countsOf(counts), members(lines)))).toEqual(expected),
  )

  it('[KX1] [KX7] leaves the larger share to the members that come first in the order of a Java table', () => {
    const lines = ['consumer1 t1,t2: t1-0 t2-0', 'consumer2 t1,t2: t1-1 t2-1', 'consumer3 t1,t2:']
    const expected = { consumer1: 't1-0', consumer2: 't1-1 t2-1', consumer3: 't2-0' }
    expect(shares(assignSticky(countsOf('t1=2 t2=2'), members(lines)))).toEqual(expected)
  })

  it.each([
    {
      title: 'gives topics with few subscribers away first',
      counts: 't1=3 t2=2',
      lines: ['c1 t1:', 'c2 t1,t2:', 'c3 t1:'],
      expected: { c1: 't1-0 t1-2', c2: 't2-0 t2-1', c3: 't1-1' },
    },
    {
      title: 'does well where dealing in turn does badly',
      counts: 't1=2 t2=1 t3=2 t4=1 t5=2',
      lines: ['c1 t1,t2,t3,t4,t5:', 'c2 t1,t3,t5:', 'c3 t1,t3,t5:', 'c4 t1,t2,t3,t4,t5:'],
      expected: { c1: 't2-0 t3-0', c2: 't1-0 t3-1', c3: 't1-1 t5-0', c4: 't4-0 t5-1' },
    },
  ])('[KX8] $title', ({ counts, lines, expected }) =>
    expect(shares(assignSticky(countsOf(counts), members(lines)))).toEqual(expected),
  )

  it('[KX8] fails as Kafka does when an earlier owner has no part in balancing', () => {
    const stale = members(['c3 t3: t1-0'], 4)
    const current = members(['c1 t1: t1-0 t1-1 t1-2 t1-3 t1-4 t1-5', 'c2 t1,t2:'], 5)
    expect(() => assignSticky(countsOf('t1=8 t2=1 t3=1'), [...current, ...stale])).toThrow(
      'NullPointerException',
    )
  })

  it('[KX9] takes no notice of partitions that are gone', () =>
    expect(shares(assignSticky(countsOf('t=2'), members(['c1 t: t-7 gone-0 t-1', 'c2 t:'])))).toEqual({
      c1: 't-1',
      c2: 't-0',
    }))

  it('[KX12] sends the last assignment by topic, and nothing before the first', () => {
    expect(stickyUserData(undefined)).toBeNull()
    const last = { partitions: partitions('b-1 p-0 b-0'), generationId: 7 }
    expect(stickyUserData(last)).toEqual({ previousAssignment: partitions('p-0 b-1 b-0'), generation: 7 })
  })
})

describe('cooperative-sticky', () => {
  it.each(recordedCases('cooperative-sticky'))(
    '[KX9] [KX10] decides as Kafka in $name',
    ({ partitionCounts, members, expected }) =>
      expect(shares(assignCooperativeSticky(partitionCounts, members.map(classicMember)))).toEqual(expected),
  )

  it.each([
    {
      title: 'withholds a partition that two claim in one generation',
      counts: 't=3',
      lines: ['c1 t: t-0 t-1', 'c2 t: t-0 t-2', 'c3 t:'],
      expected: { c1: 't-1', c2: 't-2', c3: '' },
    },
    {
      title: 'withholds no more than that',
      counts: 't=4',
      lines: ['c1 t: t-0 t-1', 'c2 t: t-0 t-2', 'c3 t:'],
      expected: { c1: 't-1 t-3', c2: 't-2', c3: '' },
    },
    {
      title: 'withholds what the new owner has to wait for where subscriptions differ',
      counts: 't1=4 t2=1',
      lines: ['c1 t1,t2: t1-0 t1-1 t1-2 t1-3', 'c2 t1:'],
      expected: { c1: 't1-2 t1-3 t2-0', c2: '' },
    },
  ])('[KX9] [KX10] $title', ({ counts, lines, expected }) =>
    expect(shares(assignCooperativeSticky(countsOf(counts), members(lines)))).toEqual(expected),
  )

  it('[KX9] gives a partition to the claimant of the higher generation', () => {
    const [old, young] = [members(['c1 t: t-0 t-1'], 1), members(['c2 t: t-1 t-2'], 2)]
    for (const claimants of [
      [...old, ...young],
      [...young, ...old],
    ])
      expect(shares(assignCooperativeSticky(countsOf('t=4'), claimants))).toEqual({
        c1: 't-0 t-3',
        c2: 't-1 t-2',
      })
  })

  it('[KX12] sends its generation', () => {
    expect(cooperativeStickyUserData(undefined)).toEqual({ generation: -1 })
    expect(cooperativeStickyUserData({ partitions: partitions('b-1'), generationId: 7 })).toEqual({
      generation: 7,
    })
  })
})

/** The members of a group, each of which owns what it has by an assignment. */
function holding({ members }: GroupShape, assignment: GroupAssignment): GroupMember[] {
  return members.map(({ memberId, topics }) => {
    const owned = texts(assignment.get(memberId))
    const userData = { previousAssignment: owned, generation: 1 }
    return classicMember({ memberId, topics, owned, generation: 1, userData })
  })
}

describe.each([
  ['sticky', assignSticky],
  ['cooperative-sticky', assignCooperativeSticky],
])('any group under %s', (_, assign) => {
  it('[KX11] has one owner for each partition, who subscribes to its topic', () =>
    fc.assert(
      fc.property(groupShapes(), (group) => {
        const assigned = assign(group.partitionCounts, holding(group, new Map()))
        expect(owners(group, assigned)).toEqual(subscribedPartitions(group))
      }),
      { seed: 2 },
    ))

  it('[KX11] keeps everything where it is while nothing changes', () =>
    fc.assert(
      fc.property(groupShapes(), (group) => {
        const first = assign(group.partitionCounts, holding(group, new Map()))
        expect(owned(assign(group.partitionCounts, holding(group, first)))).toEqual(owned(first))
      }),
      { seed: 3 },
    ))

  it('[KX7] is balanced to one partition where all subscribe to the same', () =>
    fc.assert(
      fc.property(groupShapes({ equal: true }), (group) => {
        const sizes = [...assign(group.partitionCounts, holding(group, new Map())).values()].map(
          ({ length }) => length,
        )
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
      }),
      { seed: 4 },
    ))

  it('[KX11] takes nothing from those who stay when a member leaves', () =>
    fc.assert(
      fc.property(groupShapes({ equal: true }), (group) => {
        const first = assign(group.partitionCounts, holding(group, new Map()))
        const rest = { ...group, members: group.members.slice(1) }
        if (rest.members.length === 0) return
        const second = assign(group.partitionCounts, holding(rest, first))
        for (const [memberId, now] of second)
          expect(now).toEqual(expect.arrayContaining([...(first.get(memberId) ?? [])]))
      }),
      { seed: 5 },
    ))
})

/** Per member its partitions in order, for comparisons that do not care about the order in which they were given. */
function owned(assignment: GroupAssignment): Record<string, string[]> {
  return Object.fromEntries(
    [...assignment].map(([id, partitions]) => [id, texts(partitions).split(' ').sort()]),
  )
}

it('[KX11] sticky gives each partition one owner, who subscribes, whatever its members subscribed to before', () =>
  fc.assert(
    fc.property(groupShapes(), groupShapes(), (before, { members }) => {
      const group = { ...before, members }
      const first = assignSticky(before.partitionCounts, holding(before, new Map()))
      const assigned = assignSticky(group.partitionCounts, holding(group, first))
      expect(owners(group, assigned)).toEqual(subscribedPartitions(group))
    }),
    { seed: 7 },
  ))

describe('rounds of cooperative-sticky', () => {
  it('[KX10] give nothing while another owns it, and everything in the end', () =>
    fc.assert(
      fc.property(groupShapes(), groupShapes(), (before, { members }) => {
        const group = { ...before, members }
        let assigned = assignCooperativeSticky(before.partitionCounts, holding(before, new Map()))
        for (let round = 1; round <= 5; round++) {
          const stay = members.map(({ memberId }) => [memberId, assigned.get(memberId) ?? []] as const)
          assigned = assignCooperativeSticky(group.partitionCounts, holding(group, assigned))
          const given = stay.flatMap(([memberId]) => assigned.get(memberId) ?? [])
          const kept = stay.flatMap(([memberId, owned]) => owned.filter((tp) => has(assigned, memberId, tp)))
          const owned = stay.flatMap(([, partitions]) => partitions.map((tp) => texts([tp])))
          expect(given.filter((tp) => owned.includes(texts([tp])))).toHaveLength(kept.length)
        }
        expect(owners(group, assigned)).toEqual(subscribedPartitions(group))
      }),
      { seed: 6 },
    ))
})

function has(assignment: GroupAssignment, memberId: string, wanted: TopicPartition): boolean {
  return texts(assignment.get(memberId))
    .split(' ')
    .includes(texts([wanted]))
}
