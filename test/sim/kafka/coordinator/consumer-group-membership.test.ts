import { describe, expect, it } from 'vitest'
import { accepted, Bench, epochsOf, type MemberSketch, memberOf } from '../../../fixtures/consumer-group.ts'

const foo = { topics: ['foo'], serverAssignor: 'range', previousMemberEpoch: 9 }
const stat = (memberId: string, instanceId: string, rest: MemberSketch = {}) =>
  memberOf(memberId, { ...foo, instanceId, ...rest })

/** Two static members at epoch 10 that have three partitions of foo each. */
const pair = () =>
  new Bench({ foo: 6, bar: 3 }).load([
    stat('m1', 'i1', { assigned: { foo: [0, 1, 2] } }),
    stat('m2', 'i2', { assigned: { foo: [3, 4, 5] } }),
  ])

describe('dynamic members', () => {
  it('[KN3] must be known unless they join', () => {
    // testUnknownMemberIdJoinsConsumerGroup
    const bench = new Bench({ foo: 6 })
    bench.join('m1', ['foo'])
    expect(bench.heartbeat('m2', 1, { rebalanceTimeoutMs: 5000 })).toMatchObject({
      errorCode: 'UNKNOWN_MEMBER_ID',
      errorMessage: 'Member m2 is not a member of group g.',
    })
    expect(bench.heartbeat('m2', -1).errorCode).toBe('UNKNOWN_MEMBER_ID')
  })

  it('[KN3] join a group that exists or not, but speak only to one that does', () => {
    const bench = new Bench({ foo: 6 })
    for (const epoch of [1, -1]) {
      expect(bench.heartbeat('m', epoch)).toMatchObject({
        errorCode: 'GROUP_ID_NOT_FOUND',
        errorMessage: 'Consumer group g not found.',
      })
    }
    expect(bench.join('m', ['foo']).errorCode).toBe('NONE')
  })

  it('[KN3] are not taken beyond group.consumer.max.size', () => {
    // testNewMemberIsRejectedWithMaximumMembersIsReached
    const bench = new Bench({ foo: 6 }, { 'group.consumer.max.size': 2 })
    bench.join('m1', ['foo'])
    bench.join('m2', ['foo'])
    expect(bench.join('m3', ['foo'])).toMatchObject({
      errorCode: 'GROUP_MAX_SIZE_REACHED',
      errorMessage: 'The consumer group has reached its maximum capacity of 2 members.',
    })
    expect(bench.join('m1', ['foo']).errorCode).toBe('NONE')
    bench.heartbeat('m1', -1)
    expect(bench.join('m3', ['foo']).errorCode).toBe('NONE')
  })
})

describe('static members', () => {
  it('[KN3] come back after epoch -2 with the same partitions and without another assignment', () => {
    // testStaticMemberGetsBackAssignmentUponRejoin
    const bench = pair()
    expect(bench.heartbeat('m2', -2, { instanceId: 'i2' })).toEqual(accepted('m2', -2))
    expect(bench.member('m2')).toEqual(
      stat('m2', 'i2', { memberEpoch: -2, gotAt: 0, assigned: { foo: [3, 4, 5] } }),
    )
    expect(bench.join('m2-again', ['foo'], { instanceId: 'i2' })).toEqual(
      accepted('m2-again', 10, { foo: [3, 4, 5] }),
    )
    expect([...bench.group.members.keys()]).toEqual(['m1', 'm2-again'])
    expect(bench.member('m2-again')).toEqual(
      stat('m2-again', 'i2', { previousMemberEpoch: 0, gotAt: 0, assigned: { foo: [3, 4, 5] } }),
    )
    expect(bench.group.target('m2-again')).toEqual(new Map([['foo', new Set([3, 4, 5])]]))
    expect(bench.group.target('m2')).toBeUndefined()
    expect(bench.group.groupEpoch).toBe(10)
    expect(bench.uniform.calls + bench.range.calls).toBe(0)
    expect(bench.group.timers.sessionMillis('m2')).toBe(Number.POSITIVE_INFINITY)
  })

  it('[KN1] that come back with another subscription cause another assignment', () => {
    // testStaticMemberRejoinsWithNewSubscribedTopics
    const bench = pair()
    bench.range.prepared = { m1: { foo: [0, 1, 2] }, again: { foo: [3, 4, 5], bar: [0, 1, 2] } }
    bench.heartbeat('m2', -2, { instanceId: 'i2' })
    const response = bench.join('again', ['foo', 'bar'], { instanceId: 'i2', serverAssignor: 'range' })
    expect(response).toEqual(accepted('again', 11, { foo: [3, 4, 5], bar: [0, 1, 2] }))
    expect(bench.member('again').assignedPartitions).toEqual(
      new Map([...epochsOf({ foo: [3, 4, 5] }, 0), ...epochsOf({ bar: [0, 1, 2] }, 11)]),
    )
    expect(bench.range.asked?.members.get('again')?.assignedPartitions).toEqual(
      new Map([['foo', new Set([3, 4, 5])]]),
    )
    expect([...(bench.range.asked?.members.keys() ?? [])]).toEqual(['m1', 'again'])
  })

  it('[KN1] that are new raise the group epoch', () => {
    // testGroupEpochBumpWhenNewStaticMemberJoins
    const bench = pair()
    bench.range.prepared = { m1: { foo: [0, 1] }, m2: { foo: [2, 3] }, m3: { foo: [4, 5] } }
    expect(bench.join('m3', ['foo'], { instanceId: 'i3' })).toEqual(accepted('m3', 11, {}))
    expect(bench.member('m3')).toMatchObject({
      state: 'UNRELEASED_PARTITIONS',
      memberEpoch: 11,
      instanceId: 'i3',
    })
  })

  it('[KN1] that only leave for a while raise no epoch, and their partitions wait for them', () => {
    // testNoGroupEpochBumpWhenStaticMemberTemporarilyLeaves
    const bench = pair()
    bench.heartbeat('m2', -2, { instanceId: 'i2' })
    expect(bench.group.groupEpoch).toBe(10)
    expect(bench.group.partitionEpoch('foo', 3)).toBe(-2)
    expect(bench.heartbeat('m1', 10)).toEqual(accepted('m1', 10))
    expect(bench.group.timers.sessionMillis('m2')).toBe(45_000)
  })

  it('[KN1] that leave for good, with -1, raise the group epoch', () => {
    const bench = pair()
    expect(bench.heartbeat('m2', -1, { instanceId: 'i2' })).toEqual(accepted('m2', -1))
    expect(bench.group.groupEpoch).toBe(11)
    expect(bench.group.staticMember('i2')).toBeUndefined()
  })

  it('[KN3] give up what they were still to give up when they leave for a while', () => {
    const bench = new Bench({ foo: 6 }).load([
      stat('m1', 'i1', { state: 'UNREVOKED_PARTITIONS', assigned: { foo: [0] }, pending: { foo: [1] } }),
    ])
    bench.heartbeat('m1', -2, { instanceId: 'i1' })
    expect(bench.group.partitionEpoch('foo', 0)).toBe(-2)
    expect(bench.group.partitionEpoch('foo', 1)).toBe(-1)
  })

  it.each([
    // testShouldThrowUnreleasedInstanceIdExceptionWhenNewMemberJoinsWithInUseInstanceId
    ['joins with an instance id that lives', 'other', 'i1', 0, 'UNRELEASED_INSTANCE_ID'],
    ['joins again itself', 'm1', 'i1', 0, 'UNRELEASED_INSTANCE_ID'],
    // testShouldThrownUnknownMemberIdExceptionWhenUnknownStaticMemberJoins
    ['has an instance id that nobody joined with', 'other', 'i9', 10, 'UNKNOWN_MEMBER_ID'],
    // testShouldThrowFencedInstanceIdExceptionWhenStaticMemberWithDifferentMemberIdJoins
    ['has the instance id of another', 'other', 'i1', 11, 'FENCED_INSTANCE_ID'],
    // testShouldThrowUnknownMemberIdExceptionWhenUnknownStaticMemberLeaves
    ['leaves with an instance id that nobody has', 'm1', 'i9', -2, 'UNKNOWN_MEMBER_ID'],
    // testShouldThrowFencedInstanceIdExceptionWhenStaticMemberWithDifferentMemberIdLeaves
    ['leaves for another', 'other', 'i1', -2, 'FENCED_INSTANCE_ID'],
    ['leaves for good for another', 'other', 'i1', -1, 'FENCED_INSTANCE_ID'],
  ] as const)('[KN3] are refused when one %s', (_what, memberId, instanceId, epoch, errorCode) => {
    const bench = pair()
    const before = bench.coordinator.snapshot('g')
    const response =
      epoch === 0
        ? bench.join(memberId, ['foo'], { instanceId })
        : bench.heartbeat(memberId, epoch, { instanceId })
    expect(response).toMatchObject({ errorCode, memberId: null })
    expect(bench.coordinator.snapshot('g')).toEqual(before)
  })

  it('[KN3] that were replaced are told so', () => {
    const bench = pair()
    bench.heartbeat('m2', -2, { instanceId: 'i2' })
    bench.join('again', ['foo'], { instanceId: 'i2' })
    expect(bench.heartbeat('m2', 10, { instanceId: 'i2' })).toMatchObject({
      errorCode: 'FENCED_INSTANCE_ID',
      errorMessage: 'Static member m2 with instance id i2 was fenced by member again.',
    })
  })
})
