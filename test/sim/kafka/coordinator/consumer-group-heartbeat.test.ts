import { describe, expect, it } from 'vitest'
import {
  type ConsumerGroupHeartbeatRequest,
  invalidHeartbeat,
  refusal,
} from '../../../../sim/kafka/coordinator/consumer-group-heartbeat.ts'
import { accepted, Bench, heartbeatOf, listed, memberOf } from '../../../fixtures/consumer-group.ts'

const joining = { rebalanceTimeoutMs: 5000, subscribedTopicNames: ['t'], topicPartitions: [] }
const join = (rest: Partial<ConsumerGroupHeartbeatRequest> = {}) =>
  heartbeatOf('m', 0, { ...joining, ...rest })

/** What GroupCoordinatorService of Kafka 4.3 refuses, in its order; of ConsumerGroupHeartbeat version 1. */
const invalid: readonly (readonly [string, ConsumerGroupHeartbeatRequest, string])[] = [
  [
    'a blank member id, ahead of the group id',
    join({ memberId: ' ', groupId: '' }),
    "MemberId can't be empty.",
  ],
  ['an empty member id', join({ memberId: '' }), "MemberId can't be empty."],
  ['a blank group id', join({ groupId: ' ' }), "GroupId can't be empty."],
  ['an empty instance id', join({ instanceId: '' }), "InstanceId can't be empty."],
  ['a blank rack id', join({ rackId: '\t' }), "RackId can't be empty."],
  [
    'a join without a rebalance timeout',
    join({ rebalanceTimeoutMs: -1 }),
    'RebalanceTimeoutMs must be provided in first request.',
  ],
  [
    'a join that owns partitions',
    join({ topicPartitions: listed({ t: [] }) }),
    'TopicPartitions must be empty when (re-)joining.',
  ],
  [
    'a join that does not say what it owns',
    join({ topicPartitions: null }),
    'TopicPartitions must be empty when (re-)joining.',
  ],
  [
    'a join without names or an expression',
    join({ subscribedTopicNames: null }),
    'Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.',
  ],
  ['a leave for a while without an instance id', heartbeatOf('m', -2), "InstanceId can't be null."],
  ['an epoch below -2', heartbeatOf('m', -3), 'MemberEpoch is invalid.'],
]

describe('heartbeats', () => {
  it.each(invalid)('[KN3] are refused with %s', (_what, request, errorMessage) => {
    expect(invalidHeartbeat(request, 1, ['uniform'])).toEqual({ errorCode: 'INVALID_REQUEST', errorMessage })
    const { coordinator } = new Bench({ t: 1 })
    const client = { clientId: 'client', clientHost: 'host', apiVersion: 1 }
    expect(coordinator.heartbeat(request, client, 0)).toEqual(refusal('INVALID_REQUEST', errorMessage))
    expect(coordinator.group('g')).toBeUndefined()
  })

  it('[KN3] [KN5] are refused with an assignor that the broker does not have', () => {
    expect(invalidHeartbeat(join({ serverAssignor: 'sticky' }), 1, ['uniform', 'range'])).toEqual({
      errorCode: 'UNSUPPORTED_ASSIGNOR',
      errorMessage: 'ServerAssignor sticky is not supported. Supported assignors: uniform, range.',
    })
  })

  it.each([join(), join({ subscribedTopicNames: null, subscribedTopicRegex: 'a' }), heartbeatOf('m', 7)])(
    '[KN3] are fine otherwise',
    (request) => expect(invalidHeartbeat(request, 1, ['uniform'])).toBeUndefined(),
  )

  it('[KN3] of version 0 may leave the member id to the coordinator when they join, and only then', () => {
    const bench = new Bench({ t: 1 })
    expect(bench.join('', ['t'], {}, 0)).toEqual(accepted('generated-1', 2, {}))
    expect(bench.heartbeat('', 2, {}, 0).errorMessage).toBe("MemberId can't be empty.")
    expect(bench.heartbeat('', -1, {}, 0).errorMessage).toBe("MemberId can't be empty.")
  })
})

/** testConsumerGroupMemberEpochValidation, and the same ForStaticMember. */
describe.each([null, 'instance'])('epochs of a member with instance id %s', (instanceId) => {
  const bench = () =>
    new Bench({ foo: 4 }).load(
      [
        memberOf('m', {
          instanceId,
          topics: ['foo'],
          memberEpoch: 100,
          previousMemberEpoch: 99,
          assigned: { foo: [1, 2, 3] },
        }),
      ],
      { groupEpoch: 100, assignmentEpoch: 100 },
    )

  it.each([
    ['greater', 200, undefined, 'FENCED_MEMBER_EPOCH'],
    ['smaller', 50, { foo: [1, 2] }, 'FENCED_MEMBER_EPOCH'],
    ['the one before, without saying what it owns', 99, undefined, 'FENCED_MEMBER_EPOCH'],
    ['the one before, owning what it should not', 99, { foo: [0, 1] }, 'FENCED_MEMBER_EPOCH'],
    ['the one before, owning another topic', 99, { bar: [1] }, 'FENCED_MEMBER_EPOCH'],
    ['the one before, owning a part of its assignment', 99, { foo: [1, 2] }, 'NONE'],
    ['the one before, owning nothing', 99, {}, 'NONE'],
    ['its own', 100, undefined, 'NONE'],
  ] as const)('[KN3] %s (%i): %s gives %s', (_what, memberEpoch, owned, errorCode) => {
    const topicPartitions = owned === undefined ? null : listed(owned)
    const response = bench().heartbeat('m', memberEpoch, { instanceId, topicPartitions })
    expect(response).toMatchObject({ errorCode, memberEpoch: errorCode === 'NONE' ? 100 : 0 })
  })
})

describe('rejoining', () => {
  const member = { topics: ['foo'], memberEpoch: 100, previousMemberEpoch: 99, gotAt: 11 }
  const epochs = { groupEpoch: 101, assignmentEpoch: 101 }

  it('[KN3] with epoch 0 gives a stable member its assignment back', () => {
    // testMemberCanRejoinWithEpochZeroInStableState
    const stable = { groupEpoch: 100, assignmentEpoch: 100 }
    const bench = new Bench({ foo: 3 }).load(
      [memberOf('m', { ...member, assigned: { foo: [0, 1, 2] } })],
      stable,
    )
    expect(bench.join('m', ['foo'])).toEqual(accepted('m', 100, { foo: [0, 1, 2] }))
    expect(bench.uniform.calls).toBe(0)
  })

  it('[KN3] with epoch 0 says that everything was given up', () => {
    // testMemberCanRejoinWithEpochZeroInUnrevokedPartitionsState
    const unrevoked = memberOf('m', {
      ...member,
      state: 'UNREVOKED_PARTITIONS',
      assigned: { foo: [0, 1] },
      pending: { foo: [2] },
    })
    const bench = new Bench({ foo: 3 }).load([unrevoked], epochs)
    expect(bench.join('m', ['foo'])).toEqual(accepted('m', 101, { foo: [0, 1] }))
  })
})

describe('a heartbeat that comes twice', () => {
  const full = (memberEpoch: number, owned: readonly number[]) =>
    [
      'm',
      memberEpoch,
      { ...joining, subscribedTopicNames: ['foo'], topicPartitions: listed({ foo: owned }) },
    ] as const
  const unrevoked = memberOf('m', {
    topics: ['foo'],
    state: 'UNREVOKED_PARTITIONS',
    memberEpoch: 100,
    previousMemberEpoch: 99,
    gotAt: 11,
    assigned: { foo: [0, 1] },
    pending: { foo: [2] },
  })
  const epochs = { groupEpoch: 101, assignmentEpoch: 101 }

  it('[KN3] is answered as before while the member has not given up what it must', () => {
    // testDuplicateFullHeartbeatInUnrevokedPartitionsState
    const bench = new Bench({ foo: 3 }).load([unrevoked], epochs)
    expect(bench.heartbeat(...full(100, [0, 1, 2]))).toEqual(accepted('m', 100, { foo: [0, 1] }))
    const before = bench.member('m')
    expect(bench.heartbeat(...full(100, [0, 1, 2]))).toEqual(accepted('m', 100, { foo: [0, 1] }))
    expect(bench.member('m')).toEqual(before)
  })

  it('[KN3] is answered as before when it says that the member has given up what it must', () => {
    // testDuplicateFullHeartbeatWithRevocationAck
    const bench = new Bench({ foo: 3 }).load([unrevoked], epochs)
    expect(bench.heartbeat(...full(100, [0, 1]))).toEqual(accepted('m', 101, { foo: [0, 1] }))
    const before = bench.member('m')
    expect(before.state).toBe('STABLE')
    expect(bench.heartbeat(...full(100, [0, 1]))).toEqual(accepted('m', 101, { foo: [0, 1] }))
    expect(bench.member('m')).toEqual(before)
  })

  it('[KN3] is answered as before while others have not released what the member waits for', () => {
    // testDuplicateFullHeartbeatInUnreleasedPartitionsState
    const waiting = memberOf('m', {
      topics: ['foo'],
      state: 'UNRELEASED_PARTITIONS',
      memberEpoch: 100,
      assigned: { foo: [0] },
    })
    const other = memberOf('other', {
      topics: ['foo'],
      state: 'UNREVOKED_PARTITIONS',
      memberEpoch: 99,
      pending: { foo: [1, 2] },
    })
    const bench = new Bench({ foo: 3 }).load([waiting, other], { groupEpoch: 100, assignmentEpoch: 100 })
    bench.group.assign(new Map([['m', new Map([['foo', new Set([0, 1, 2])]])]]), 100, 0)
    for (let times = 0; times < 2; times++) {
      expect(bench.heartbeat(...full(100, [0]))).toEqual(accepted('m', 100, { foo: [0] }))
      expect(bench.member('m').state).toBe('UNRELEASED_PARTITIONS')
    }
  })
})

it('[KN3] only a join, a full request and a change are answered with the assignment', () => {
  // testConsumerGroupHeartbeatFullResponse
  const bench = new Bench({ foo: 2 })
  bench.uniform.prepared = { m: { foo: [0, 1] } }
  const whole = accepted('m', 2, { foo: [0, 1] })
  expect(bench.join('m', ['foo', 'bar'])).toEqual(whole)
  expect(bench.heartbeat('m', 2)).toEqual(accepted('m', 2))
  const names = { rebalanceTimeoutMs: 5000, subscribedTopicNames: ['foo', 'bar'], topicPartitions: [] }
  expect(bench.heartbeat('m', 2, names)).toEqual(whole)
  const regex = { rebalanceTimeoutMs: 5000, subscribedTopicRegex: 'foo.*', topicPartitions: [] }
  expect(bench.heartbeat('m', 2, regex)).toEqual(whole)
})
