import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  assignServerRange,
  assignUniform,
  SERVER_ASSIGNORS,
} from '../../../../sim/kafka/assignor/server-assignor.ts'
import type { GroupAssignment } from '../../../../sim/kafka/assignor/subscription.ts'
import { type ModernMember, TargetAssignment } from '../../../../sim/kafka/assignor/target-assignment.ts'
import { UniformHeterogeneousAssignment } from '../../../../sim/kafka/assignor/uniform-heterogeneous.ts'
import {
  type GroupShape,
  groupShapes,
  owners,
  subscribedPartitions,
} from '../../../fixtures/assignor-groups.ts'
import { countsOf, modernMember, recordedCases, shares, texts } from '../../../fixtures/assignors.ts'

/** An assignment whose members' partitions are sets. */
function sets(assignment: Readonly<Record<string, string>>): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(assignment)
      .filter(([, owned]) => owned !== '')
      .map(([memberId, owned]) => [memberId, owned.split(' ').sort()]),
  )
}

const uniform = recordedCases('server-uniform')

describe('uniform', () => {
  it.each(uniform.filter(({ type }) => type === 'homogeneous'))(
    '[KX14] decides as Kafka for equal subscriptions in $name',
    ({ partitionCounts, members, expected }) =>
      expect(sets(shares(assignUniform(partitionCounts, members.map(modernMember))))).toEqual(sets(expected)),
  )

  // Kafka's tests call two groups heterogeneous that are not.
  it.each(uniform.filter(({ type }) => type === 'heterogeneous'))(
    '[KX15] decides as Kafka for different subscriptions in $name',
    ({ partitionCounts, members, expected }) => {
      const target = new TargetAssignment(partitionCounts, members.map(modernMember))
      new UniformHeterogeneousAssignment(target).build()
      expect(sets(shares(target.toMap()))).toEqual(sets(expected))
    },
  )

  it('[KX15] chooses its way by the subscriptions', () => {
    const counts = countsOf('t1=2 t2=2')
    const first = { memberId: 'A', topics: 't1 t2', owned: 't1-0 t1-1 t2-0 t2-1' }
    const equal = [first, { memberId: 'B', topics: 't2 t1' }].map(modernMember)
    expect(shares(assignUniform(counts, equal))).toEqual({ A: 't1-0 t1-1', B: 't2-0 t2-1' })
    const different = [first, { memberId: 'B', topics: 't1' }].map(modernMember)
    expect(shares(assignUniform(counts, different))).toEqual({ A: 't2-0 t2-1', B: 't1-0 t1-1' })
  })

  it('[KX14] gives nothing to nobody, and nothing of topics that are not there', () => {
    expect(assignUniform(countsOf('t1=3'), [])).toEqual(new Map())
    const members = [
      { memberId: 'A', topics: 't1 gone', owned: 'gone-0 t1-7' },
      { memberId: 'B', topics: 't1 gone' },
    ].map(modernMember)
    expect(shares(assignUniform(countsOf('t1=2'), members))).toEqual({ A: 't1-0', B: 't1-1' })
    expect(shares(assignUniform(countsOf(''), members))).toEqual({ A: '', B: '' })
  })
})

describe('range of the group coordinator', () => {
  it.each(recordedCases('server-range'))(
    '[KX16] decides as Kafka in $name',
    ({ partitionCounts, members, expected }) =>
      expect(sets(shares(assignServerRange(partitionCounts, members.map(modernMember))))).toEqual(
        sets(expected),
      ),
  )
})

/** The members of a group, each with its part of the last target. */
function holding({ members }: GroupShape, assignment: GroupAssignment = new Map()): ModernMember[] {
  return members.map(({ memberId, topics }) =>
    modernMember({ memberId, topics, owned: texts(assignment.get(memberId)) }),
  )
}

describe.each([...SERVER_ASSIGNORS])(
  'any group under %s of the group coordinator',
  (name, { assign, ...rest }) => {
    it('[KX12] has the assignor by its name', () => expect(rest.name).toBe(name))

    it('[KX11] has one owner for each partition, who subscribes to its topic, before and after a change', () =>
      fc.assert(
        fc.property(groupShapes(), groupShapes(), (before, { members }) => {
          const group = { ...before, members }
          const first = assign(before.partitionCounts, holding(before))
          expect(owners(before, first)).toEqual(subscribedPartitions(before))
          // A coordinator forgets the assignments of members that left.
          const second = assign(group.partitionCounts, holding(group, first))
          expect(owners(group, second)).toEqual(subscribedPartitions(group))
        }),
        { seed: 7 },
      ))

    it('[KX11] keeps everything where it is while nothing changes', () =>
      fc.assert(
        fc.property(groupShapes(), (group) => {
          const first = assign(group.partitionCounts, holding(group))
          expect(assign(group.partitionCounts, holding(group, first))).toEqual(first)
        }),
        { seed: 8 },
      ))
  },
)

describe('any group of equal subscriptions under uniform', () => {
  it('[KX14] is balanced to one partition, whatever it had before', () =>
    fc.assert(
      fc.property(groupShapes({ equal: true }), groupShapes({ equal: true }), (before, { members }) => {
        const group = { ...before, members }
        const first = assignUniform(before.partitionCounts, holding(before))
        const second = assignUniform(group.partitionCounts, holding(group, first))
        const sizes = [...second.values()].map(({ length }) => length)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
      }),
      { seed: 9 },
    ))
})
