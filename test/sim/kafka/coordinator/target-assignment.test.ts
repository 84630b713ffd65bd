import { describe, expect, it } from 'vitest'
import {
  computeTargetAssignment,
  type TargetAssignmentInput,
} from '../../../../sim/kafka/coordinator/target-assignment.ts'
import {
  type MemberSketch,
  memberOf,
  type Parts,
  PreparedAssignor,
  setOf,
} from '../../../fixtures/consumer-group.ts'

interface Fact {
  readonly name: string
  readonly members: Readonly<Record<string, MemberSketch & { readonly before?: Parts }>>
  readonly prepared: Readonly<Record<string, Parts>>
}

const all = { topics: ['foo', 'bar', 'zar'] }
const of = (...numbers: number[]): Parts => ({ foo: numbers, bar: numbers })

/** Facts of Kafka's TargetAssignmentBuilderTest, under its names. */
const facts: readonly Fact[] = [
  { name: 'testEmpty', members: {}, prepared: {} },
  {
    name: 'testAssignmentHasNotChanged',
    members: { m1: { ...all, before: of(1, 2, 3) }, m2: { ...all, before: of(4, 5, 6) } },
    prepared: { m1: of(1, 2, 3), m2: of(4, 5, 6) },
  },
  {
    name: 'testAssignmentSwapped',
    members: { m1: { ...all, before: of(1, 2, 3) }, m2: { ...all, before: of(4, 5, 6) } },
    prepared: { m1: of(4, 5, 6), m2: of(1, 2, 3) },
  },
  {
    name: 'testNewMember',
    members: { m1: { ...all, before: of(1, 2, 3) }, m2: { ...all, before: of(4, 5, 6) }, m3: all },
    prepared: { m1: of(1, 2), m2: of(3, 4), m3: of(5, 6) },
  },
  {
    name: 'testUpdateMember',
    members: {
      m1: { ...all, before: { foo: [1, 2, 3], bar: [1, 2] } },
      m2: { ...all, before: { foo: [4, 5, 6], bar: [3, 4] } },
      m3: { ...all, before: { bar: [5, 6] }, instanceId: 'instance-id-3', rackId: 'rack-0' },
    },
    prepared: { m1: of(1, 2), m2: of(3, 4), m3: of(5, 6) },
  },
  {
    name: 'testPartialAssignmentUpdate',
    members: {
      m1: { ...all, before: of(1, 2) },
      m2: { ...all, before: of(3, 4) },
      m3: { topics: ['bar', 'zar'], before: of(5, 6) },
    },
    prepared: { m1: of(1, 2), m2: of(3, 4, 5), m3: of(6) },
  },
]

function compute(fact: Fact, rest: Partial<TargetAssignmentInput> = {}) {
  const assignor = new PreparedAssignor()
  assignor.prepared = fact.prepared
  const target = computeTargetAssignment({
    members: Object.entries(fact.members).map(([memberId, { before: _, ...sketch }]) =>
      memberOf(memberId, sketch),
    ),
    topics: new Map([
      ['foo', 6],
      ['bar', 6],
    ]),
    regexes: new Map(),
    previousTarget: ({ memberId }) => {
      const before = fact.members[memberId]?.before
      return before === undefined ? undefined : setOf(before)
    },
    assignor: assignor.assign,
    ...rest,
  })
  return { target, asked: assignor.asked }
}

describe('target assignments', () => {
  it.each(facts)('[KN1] come from the assignor, which is told what was before: $name', (fact) => {
    const { target, asked } = compute(fact)
    expect(target).toEqual(new Map(Object.entries(fact.prepared).map(([id, parts]) => [id, setOf(parts)])))
    for (const [memberId, { before = {}, topics = [], instanceId = null, rackId = null }] of Object.entries(
      fact.members,
    )) {
      expect(asked?.members.get(memberId)).toEqual({
        instanceId,
        rackId,
        subscribedTopics: new Set(topics.filter((topic) => topic !== 'zar')),
        assignedPartitions: setOf(before),
      })
    }
    expect(asked?.members.size).toBe(Object.keys(fact.members).length)
  })

  it('[KN1] hold nothing for a member whom the assignor forgot, and nothing of a stranger', () => {
    const { target } = compute({
      name: '',
      members: { m1: all, m2: all },
      prepared: { m1: of(1), stranger: of(2) },
    })
    expect(target).toEqual(
      new Map([
        ['m1', setOf(of(1))],
        ['m2', setOf({})],
      ]),
    )
  })

  it.each([
    // testSubscriptionType of ConsumerGroupTest
    ['HOMOGENEOUS', [{ topics: ['foo'] }, { topics: ['foo'] }]],
    ['HOMOGENEOUS', [{ topics: ['foo', 'bar'] }, { topics: ['bar', 'foo'] }]],
    ['HETEROGENEOUS', [{ topics: ['foo'] }, { topics: ['bar'] }]],
    ['HETEROGENEOUS', [{ topics: ['foo'] }, { topics: ['foo', 'bar'] }]],
    ['HOMOGENEOUS', [{ subscribedTopicRegex: 'b.*' }, { subscribedTopicRegex: 'b.*' }]],
    ['HETEROGENEOUS', [{ subscribedTopicRegex: 'b.*' }, { subscribedTopicRegex: 'f.*' }]],
    ['HETEROGENEOUS', [{ subscribedTopicRegex: 'b.*' }, { topics: ['bar'] }]],
    [
      'HETEROGENEOUS',
      [
        { topics: ['foo'], subscribedTopicRegex: 'b.*' },
        { topics: ['foo'], subscribedTopicRegex: 'b.*' },
      ],
    ],
  ] as const)('[KN1] tell the assignor that subscriptions are %s: %j', (expected, [m1, m2]) => {
    const regexes = new Map([
      ['b.*', new Set(['bar'])],
      ['f.*', new Set(['foo'])],
    ])
    const { asked } = compute({ name: '', members: { m1, m2 }, prepared: {} }, { regexes })
    expect(asked?.subscriptionType).toBe(expected)
  })
})
