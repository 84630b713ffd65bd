import { describe, expect, it } from 'vitest'
import { ConsumerGroup } from '../../../../sim/kafka/coordinator/consumer-group.ts'
import { epochsOf, listed, memberOf, setOf } from '../../../fixtures/consumer-group.ts'

describe('partition epochs', () => {
  const epochs = (group: ConsumerGroup, topics: readonly string[], partitions: readonly number[]) =>
    topics.flatMap((topic) => partitions.map((partition) => group.partitionEpoch(topic, partition)))

  it('[KN6] are those of the owner, and go with it', () => {
    // testUpdatingMemberUpdatesPartitionEpoch, testDeletingMemberRemovesPartitionEpoch
    const group = new ConsumerGroup('g')
    group.putMember(memberOf('m', { assigned: { foo: [1, 2, 3] }, pending: { bar: [4, 5, 6] } }))
    expect(epochs(group, ['foo'], [1, 2, 3])).toEqual([10, 10, 10])
    expect(epochs(group, ['bar'], [4, 5, 6])).toEqual([10, 10, 10])
    expect(epochs(group, ['zar'], [7, 8, 9])).toEqual([-1, -1, -1])
    group.putMember(
      memberOf('m', { memberEpoch: 11, assigned: { bar: [1, 2, 3] }, pending: { zar: [4, 5, 6] } }),
    )
    expect(epochs(group, ['bar'], [1, 2, 3])).toEqual([11, 11, 11])
    expect(epochs(group, ['zar'], [4, 5, 6])).toEqual([11, 11, 11])
    expect(epochs(group, ['foo', 'bar'], [4, 5, 6])).toEqual(Array(6).fill(-1))
    group.removeMember('m')
    expect(epochs(group, ['foo', 'bar', 'zar'], [1, 2, 3, 4, 5, 6])).toEqual(Array(18).fill(-1))
  })

  it('[KN6] follow a partition that its owner gets back before giving it up', () => {
    // testUpdatingMemberUpdatesPartitionEpochWhenPartitionIsReassignedBeforeBeingRevoked
    const group = new ConsumerGroup('g')
    group.putMember(memberOf('m', { pending: { foo: [1] } }))
    expect(group.partitionEpoch('foo', 1)).toBe(10)
    group.putMember(memberOf('m', { memberEpoch: 11, assigned: { foo: [1] } }))
    expect(group.partitionEpoch('foo', 1)).toBe(11)
  })

  it('[KN6] make it impossible to give a partition to two members', () => {
    // testUpdatingMemberUpdatesPartitionEpochWhenPartitionIsNotReleased
    const group = new ConsumerGroup('g')
    group.putMember(memberOf('m1', { assigned: { foo: [1] } }))
    expect(() => group.putMember(memberOf('m2', { assigned: { foo: [1] } }))).toThrow(
      'foo-1 is still owned at epoch 10 of group g',
    )
  })
})

it('[KN1] the state of a group follows from its three epochs', () => {
  // testGroupState
  const group = new ConsumerGroup('g')
  expect(group.state).toBe('Empty')
  group.putMember(memberOf('m1', { memberEpoch: 1 }))
  group.putMember(memberOf('m2', { memberEpoch: 1 }))
  expect(group.state).toBe('Stable')
  group.groupEpoch = 2
  expect(group.state).toBe('Assigning')
  group.assign(new Map(), 2, 0)
  expect(group.state).toBe('Reconciling')
  group.putMember(memberOf('m1', { memberEpoch: 2 }))
  expect(group.state).toBe('Reconciling')
  group.putMember(memberOf('m2', { memberEpoch: 2, state: 'UNREVOKED_PARTITIONS' }))
  expect(group.state).toBe('Reconciling')
  group.putMember(memberOf('m2', { memberEpoch: 2 }))
  expect(group.state).toBe('Stable')
  group.removeMember('m1')
  group.removeMember('m2')
  expect(group.state).toBe('Empty')
})

it('[KN3] a static member is found by its instance id while it is there', () => {
  // testNoStaticMember, testGetStaticMemberByInstanceId, testRemoveStaticMember
  const group = new ConsumerGroup('g')
  group.putMember(memberOf('dynamic'))
  expect(group.staticMember('instance')).toBeUndefined()
  const member = memberOf('static', { instanceId: 'instance' })
  group.putMember(member)
  expect(group.staticMember('instance')).toBe(member)
  group.removeMember('static')
  expect(group.staticMember('instance')).toBeUndefined()
})

it('[KN1] a group reads what its members subscribe to, by name or by expression', () => {
  // testIsSubscribedToTopic
  const group = new ConsumerGroup('g')
  group.putMember(memberOf('m1', { topics: ['foo'] }))
  group.putMember(memberOf('m2', { subscribedTopicRegex: 'ba.' }))
  expect(['foo', 'bar'].map((topic) => group.isSubscribedTo(topic))).toEqual([true, false])
  group.regexes.resolve(group.subscribedRegexes, ['foo', 'bar'], 1, 0)
  expect(['foo', 'bar', 'zar'].map((topic) => group.isSubscribedTo(topic))).toEqual([true, true, false])
  group.removeMember('m1')
  expect(group.isSubscribedTo('foo')).toBe(false)
})

describe('commits', () => {
  /** testValidateOffsetCommit and testValidateTransactionalOffsetCommit; of version 9. */
  const group = () => {
    const withMember = new ConsumerGroup('g')
    withMember.putMember(memberOf('m', { memberEpoch: 7 }))
    return withMember
  }

  it('[KO5] of no member are for groups without members', () => {
    const empty = new ConsumerGroup('g')
    expect(empty.validateOffsetCommit('', '', -1, false, 9)).toBe('NONE')
    expect(empty.validateOffsetCommit('', '', -1, true, 9)).toBe('NONE')
    expect(empty.validateOffsetCommit('m', null, 0, false, 9)).toBe('UNKNOWN_MEMBER_ID')
    expect(group().validateOffsetCommit('', '', -1, false, 9)).toBe('UNKNOWN_MEMBER_ID')
    expect(group().validateOffsetCommit('', '', -1, true, 9)).toBe('UNKNOWN_MEMBER_ID')
  })

  it.each([
    ['its epoch', 7, false, 9, 'NONE'],
    ['its epoch before version 9', 7, false, 8, 'UNSUPPORTED_VERSION'],
    ['an older epoch', 6, false, 9, 'STALE_MEMBER_EPOCH'],
    ['a newer epoch', 8, false, 9, 'STALE_MEMBER_EPOCH'],
    ['its epoch, in a transaction', 7, true, 3, 'NONE'],
    ['an older epoch, in a transaction', 6, true, 3, 'ILLEGAL_GENERATION'],
    ['a newer epoch, in a transaction', 8, true, 3, 'ILLEGAL_GENERATION'],
  ] as const)('[KO5] of a member with %s (%i)', (_what, epoch, isTransactional, version, expected) => {
    expect(group().validateOffsetCommit('m', null, epoch, isTransactional, version)).toBe(expected)
  })

  it('[KO5] of a transaction may leave the member out', () => {
    expect(group().validateOffsetCommit('', null, -1, true, 3)).toBe('NONE')
    expect(group().validateOffsetCommit('', null, -1, false, 9)).toBe('UNKNOWN_MEMBER_ID')
  })

  it.each([
    ['that the member has had since then', 4, { foo: [0] }, 'NONE'],
    ['that it has still to give up', 5, { bar: [0] }, 'NONE'],
    ['that it got later', 4, { foo: [0, 1] }, 'STALE_MEMBER_EPOCH'],
    ['that it got then', 5, { foo: [0, 1] }, 'NONE'],
    ['that it has no more', 5, { foo: [2] }, 'STALE_MEMBER_EPOCH'],
    ['that it has, with a newer epoch', 8, { foo: [0] }, 'STALE_MEMBER_EPOCH'],
  ] as const)(
    '[KO5] with an older epoch pass for partitions %s (KIP-1251)',
    (_what, epoch, parts, expected) => {
      const late = new ConsumerGroup('g')
      late.putMember({
        ...memberOf('m', { memberEpoch: 7, pending: { bar: [0] }, gotAt: 5 }),
        assignedPartitions: new Map([
          ['foo', new Map([...(epochsOf({ foo: [0] }, 4).get('foo') ?? []), [1, 5]])],
        ]),
      })
      expect(late.validateOffsetCommit('m', null, epoch, false, 9, listed(parts))).toBe(expected)
      expect(late.validateOffsetCommit('m', null, 5, true, 5, listed({ foo: [2] }))).toBe(
        'ILLEGAL_GENERATION',
      )
    },
  )
})

it('[KO5] fetches of a member need its epoch', () => {
  // testValidateOffsetFetch
  const group = new ConsumerGroup('g')
  expect(group.validateOffsetFetch(null, -1)).toBe('NONE')
  expect(group.validateOffsetFetch('m', 0)).toBe('UNKNOWN_MEMBER_ID')
  group.putMember(memberOf('m', { memberEpoch: 0 }))
  expect(group.validateOffsetFetch(null, -1)).toBe('NONE')
  expect(group.validateOffsetFetch('', 0)).toBe('UNKNOWN_MEMBER_ID')
  expect(group.validateOffsetFetch('m', 10)).toBe('STALE_MEMBER_EPOCH')
  expect(group.validateOffsetFetch('m', 0)).toBe('NONE')
  group.putMember(memberOf('m', { memberEpoch: 5 }))
  expect([4, 5, 6].map((epoch) => group.validateOffsetFetch('m', epoch))).toEqual([
    'STALE_MEMBER_EPOCH',
    'NONE',
    'STALE_MEMBER_EPOCH',
  ])
})

it('[KO5] the retention of an offset counts from its commit, and only groups without members go', () => {
  // testOffsetExpirationCondition, testValidateDeleteGroup
  const group = new ConsumerGroup('g')
  expect([group.retainedSinceMillis(42), group.validateDelete(), group.validateOffsetDelete()]).toEqual([
    42,
    'NONE',
    'NONE',
  ])
  group.putMember(memberOf('m'))
  expect(group.validateDelete()).toBe('NON_EMPTY_GROUP')
})

it('[KN6] a member in the place of another has its partitions and its target', () => {
  const group = new ConsumerGroup('g')
  group.putMember(memberOf('old', { instanceId: 'i', assigned: { foo: [1] } }))
  group.assign(new Map([['old', setOf({ foo: [1] })]]), 1, 0)
  group.replaceMember('old', memberOf('new', { instanceId: 'i', memberEpoch: 0, assigned: { foo: [1] } }))
  expect([...group.members.keys()]).toEqual(['new'])
  expect(group.partitionEpoch('foo', 1)).toBe(0)
  expect(group.targets).toEqual(new Map([['new', setOf({ foo: [1] })]]))
  expect(group.staticMember('i')?.memberId).toBe('new')
})
