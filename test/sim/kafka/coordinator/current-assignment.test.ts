import { describe, expect, it } from 'vitest'
import type { ConsumerGroupMember } from '../../../../sim/kafka/coordinator/consumer-group-member.ts'
import { reconcile } from '../../../../sim/kafka/coordinator/current-assignment.ts'
import {
  epochsOf,
  listed,
  type MemberSketch,
  memberOf,
  type Parts,
  setOf,
} from '../../../fixtures/consumer-group.ts'

/** Facts of Kafka's CurrentAssignmentBuilderTest, under its names. Partitions were got at epoch 10 unless said. */
interface Fact {
  readonly name: string
  readonly member: MemberSketch
  readonly epoch: number
  readonly target: Parts
  /** Partition epoch of everything, or by topic. */
  readonly owner: number | Readonly<Record<string, number>>
  readonly owned?: Parts
  readonly changed?: true
  readonly subscribed?: readonly string[]
  /** 'same' when the member does not move. */
  readonly expected: MemberSketch | 'same'
  /** The partitions that were got at the target's epoch. */
  readonly got?: Parts
}

const ALL = { foo: [1, 2, 3], bar: [4, 5, 6] }
const LEFT = { foo: [2, 3], bar: [5, 6] }
const LESS = { foo: [3], bar: [6] }
const MORE = { foo: [2, 3, 4], bar: [5, 6, 7] }
const FIRST = { foo: [1], bar: [4] }
const SECOND = { foo: [2], bar: [5] }

const unrevoked = (rest: MemberSketch = {}): MemberSketch => ({
  state: 'UNREVOKED_PARTITIONS',
  assigned: LEFT,
  pending: FIRST,
  ...rest,
})
const unreleased = (rest: MemberSketch = {}): MemberSketch => ({
  state: 'UNRELEASED_PARTITIONS',
  memberEpoch: 11,
  assigned: LEFT,
  ...rest,
})

const facts: readonly Fact[] = [
  {
    name: 'testStableToStable',
    member: { assigned: ALL },
    epoch: 11,
    target: ALL,
    owner: 10,
    expected: { memberEpoch: 11, previousMemberEpoch: 10, assigned: ALL },
  },
  {
    name: 'testStableToStableWithNewPartitions',
    member: { assigned: ALL },
    epoch: 11,
    target: { foo: [1, 2, 3, 4], bar: [4, 5, 6, 7] },
    owner: -1,
    expected: { memberEpoch: 11, previousMemberEpoch: 10, assigned: ALL },
    got: { foo: [4], bar: [7] },
  },
  {
    name: 'testStableToUnrevokedPartitions',
    member: { assigned: ALL },
    epoch: 11,
    target: MORE,
    owner: -1,
    expected: unrevoked(),
  },
  {
    name: 'testStableToUnreleasedPartitions',
    member: { assigned: ALL },
    epoch: 11,
    target: { foo: [1, 2, 3, 4], bar: [4, 5, 6, 7] },
    owner: 10,
    expected: { state: 'UNRELEASED_PARTITIONS', memberEpoch: 11, previousMemberEpoch: 10, assigned: ALL },
  },
  {
    name: 'testStableToUnreleasedPartitionsWithOwnedPartitionsNotHavingRevokedPartitions',
    member: { assigned: ALL },
    epoch: 11,
    target: { foo: [1, 2, 3], bar: [4, 5, 7] },
    owner: { foo: -1, bar: 10 },
    owned: {},
    expected: {
      state: 'UNRELEASED_PARTITIONS',
      memberEpoch: 11,
      previousMemberEpoch: 10,
      assigned: { foo: [1, 2, 3], bar: [4, 5] },
    },
  },
  {
    name: 'testUnrevokedPartitionsToStable',
    member: unrevoked(),
    epoch: 11,
    target: LEFT,
    owner: -1,
    owned: LEFT,
    expected: { memberEpoch: 11, previousMemberEpoch: 10, assigned: LEFT },
  },
  ...([undefined, { foo: [1, 2, 3], bar: [5, 6] }, { foo: [2, 3], bar: [4, 5, 6] }] as const).map(
    (owned, index): Fact => ({
      name: `testRemainsInUnrevokedPartitions, ${['nothing said', 'foo-1 owned', 'bar-4 owned'][index]}`,
      member: unrevoked(),
      epoch: 12,
      target: LESS,
      owner: -1,
      ...(owned === undefined ? {} : { owned }),
      expected: 'same',
    }),
  ),
  {
    name: 'testUnrevokedPartitionsToUnrevokedPartitions',
    member: unrevoked(),
    epoch: 12,
    target: LESS,
    owner: -1,
    owned: LEFT,
    expected: unrevoked({ assigned: LESS, pending: SECOND }),
  },
  {
    name: 'testUnrevokedPartitionsToUnreleasedPartitions',
    member: unrevoked({ memberEpoch: 11, previousMemberEpoch: 10, pending: {} }),
    epoch: 11,
    target: MORE,
    owner: 10,
    owned: LEFT,
    expected: unreleased(),
  },
  {
    name: 'testUnreleasedPartitionsToStable',
    member: unreleased(),
    epoch: 12,
    target: LEFT,
    owner: 10,
    expected: { memberEpoch: 12, previousMemberEpoch: 11, assigned: LEFT },
  },
  {
    name: 'testUnreleasedPartitionsToStableWithNewPartitions',
    member: unreleased(),
    epoch: 11,
    target: MORE,
    owner: -1,
    expected: { memberEpoch: 11, assigned: LEFT },
    got: { foo: [4], bar: [7] },
  },
  {
    name: 'testUnreleasedPartitionsToUnreleasedPartitions',
    member: unreleased(),
    epoch: 11,
    target: MORE,
    owner: 10,
    expected: 'same',
  },
  {
    name: 'testUnreleasedPartitionsToUnrevokedPartitions',
    member: unreleased(),
    epoch: 12,
    target: LESS,
    owner: 10,
    expected: unrevoked({ memberEpoch: 11, assigned: LESS, pending: SECOND }),
  },
  ...(
    [
      [11, 11, undefined],
      [11, 11, true],
      [10, 10, true],
    ] as const
  ).flatMap(([epoch, memberEpoch, changed]): Fact[] => {
    const common = { epoch, target: ALL, owner: -1, ...(changed && { changed }), subscribed: ['bar'] }
    const member = { topics: ['bar'], assigned: ALL, previousMemberEpoch: 9 }
    const rest = `${epoch}, ${memberEpoch}, ${changed ?? false}`
    return [
      {
        ...common,
        name: `testStableToStableWithAssignmentTopicsNoLongerInSubscription, ${rest}`,
        member,
        owned: { bar: [4, 5, 6] },
        expected: { topics: ['bar'], memberEpoch, previousMemberEpoch: 10, assigned: { bar: [4, 5, 6] } },
      },
      {
        ...common,
        name: `testStableToUnrevokedPartitionsWithAssignmentTopicsNoLongerInSubscription, ${rest}`,
        member,
        owned: ALL,
        expected: unrevoked({ topics: ['bar'], assigned: { bar: [4, 5, 6] }, pending: { foo: [1, 2, 3] } }),
      },
    ]
  }),
  {
    name: 'testRemainsInUnrevokedPartitionsWithAssignmentTopicsNoLongerInSubscription',
    member: unrevoked({ topics: ['bar'] }),
    epoch: 12,
    target: { foo: [1, 3, 4], bar: [6, 7] },
    owner: -1,
    owned: ALL,
    changed: true,
    subscribed: ['bar'],
    expected: unrevoked({
      topics: ['bar'],
      assigned: { bar: [5, 6] },
      pending: { foo: [1, 2, 3], bar: [4] },
    }),
  },
  {
    name: 'testSubscribedTopicNameAndUnresolvedRegularExpression',
    member: { topics: ['foo'], subscribedTopicRegex: 'bar*', assigned: ALL },
    epoch: 10,
    target: ALL,
    owner: -1,
    owned: ALL,
    changed: true,
    subscribed: ['foo'],
    expected: unrevoked({
      topics: ['foo'],
      subscribedTopicRegex: 'bar*',
      assigned: { foo: [1, 2, 3] },
      pending: { bar: [4, 5, 6] },
    }),
  },
  {
    name: 'testUnresolvedRegularExpression',
    member: { subscribedTopicRegex: 'bar*', assigned: ALL },
    epoch: 10,
    target: ALL,
    owner: -1,
    owned: ALL,
    changed: true,
    subscribed: [],
    expected: unrevoked({ subscribedTopicRegex: 'bar*', assigned: {}, pending: ALL }),
  },
  {
    name: 'testSubscribedTopicNameAndResolvedRegularExpression',
    member: { topics: ['foo'], subscribedTopicRegex: 'bar*', assigned: ALL },
    epoch: 10,
    target: ALL,
    owner: -1,
    owned: ALL,
    changed: true,
    expected: 'same',
  },
]

const gotAt = 10

/** A member with its partitions got at epoch 10, and those in `got` at another. */
function built(sketch: MemberSketch, got: Parts = {}, epoch = 0): ConsumerGroupMember {
  const member = memberOf('member', { gotAt, ...sketch })
  const assigned = new Map([...member.assignedPartitions].map(([topic, epochs]) => [topic, new Map(epochs)]))
  for (const [topic, epochs] of epochsOf(got, epoch)) {
    assigned.set(topic, new Map([...(assigned.get(topic) ?? []), ...epochs]))
  }
  return { ...member, assignedPartitions: assigned }
}

function step(
  member: ConsumerGroupMember,
  fact: Omit<Fact, 'name' | 'member' | 'expected'>,
): ConsumerGroupMember {
  const { owner } = fact
  return reconcile(member, {
    assignmentEpoch: fact.epoch,
    assignment: setOf(fact.target),
    subscribedTopics: new Set(fact.subscribed ?? ['foo', 'bar']),
    subscriptionChanged: fact.changed ?? false,
    ownedPartitions: fact.owned === undefined ? null : listed(fact.owned),
    owners: { partitionEpoch: (topic) => (typeof owner === 'number' ? owner : (owner[topic] ?? -1)) },
  })
}

describe('reconciliation', () => {
  it.each(facts)('[KN2] takes the step of $name', (fact) => {
    const member = built(fact.member)
    const next = step(member, fact)
    expect(next).toEqual(fact.expected === 'same' ? member : built(fact.expected, fact.got, fact.epoch))
  })

  it('[KN2] takes back what is pending although the member has its old epoch', () => {
    // testUnrevokedPartitionsToStableWithReturnedPartitionsPendingRevocation
    const member = built({ state: 'UNREVOKED_PARTITIONS', assigned: LEFT, pending: { foo: [4] } })
    const owned = new Set(['foo-2', 'foo-3', 'foo-4', 'bar-5', 'bar-6'])
    const next = reconcile(member, {
      assignmentEpoch: 12,
      assignment: setOf(MORE),
      subscribedTopics: new Set(['foo', 'bar']),
      subscriptionChanged: false,
      ownedPartitions: listed(LEFT),
      owners: { partitionEpoch: (topic, partition) => (owned.has(`${topic}-${partition}`) ? 10 : -1) },
    })
    const expected = { memberEpoch: 12, previousMemberEpoch: 10, assigned: LEFT }
    expect(next).toEqual(built(expected, { foo: [4], bar: [7] }, 12))
  })

  it('[KN2] leaves a stable member at the target epoch alone', () => {
    const member = built({ assigned: ALL })
    expect(step(member, { epoch: 10, target: {}, owner: -1 })).toBe(member)
  })
})
