import { describe, expect, it } from 'vitest'
import { PartitionAssignorError } from '../../../../sim/kafka/coordinator/target-assignment.ts'
import type { Parts } from '../../../fixtures/consumer-group.ts'
import { accepted, Bench, epochsOf, listed, memberOf } from '../../../fixtures/consumer-group.ts'

const both = { topics: ['foo', 'bar'] }

/** Two members at epoch 10 that share foo and bar. */
const pair = () =>
  new Bench({ foo: 6, bar: 3 }).load([
    memberOf('m1', { ...both, previousMemberEpoch: 9, assigned: { foo: [0, 1, 2], bar: [0, 1] } }),
    memberOf('m2', { ...both, previousMemberEpoch: 9, assigned: { foo: [3, 4, 5], bar: [2] } }),
  ])

describe('target assignments', () => {
  it('[KN1] are computed when a member joins an empty group', () => {
    // testMemberJoinsEmptyConsumerGroup
    const bench = new Bench({ foo: 6, bar: 3 })
    const all = { foo: [0, 1, 2, 3, 4, 5], bar: [0, 1, 2] }
    bench.uniform.prepared = { m: all }
    expect(bench.join('m', ['foo', 'bar'])).toEqual(accepted('m', 2, all))
    expect(bench.member('m')).toEqual(
      memberOf('m', { ...both, memberEpoch: 2, previousMemberEpoch: 0, assigned: all }),
    )
    expect(bench.group).toMatchObject({ groupEpoch: 2, assignmentEpoch: 2, state: 'Stable' })
  })

  it('[KN1] are computed when a member subscribes to something else', () => {
    // testUpdatingSubscriptionTriggersNewTargetAssignment
    const six = { foo: [0, 1, 2, 3, 4, 5] }
    const bench = new Bench({ foo: 6, bar: 3 }).load([memberOf('m', { topics: ['foo'], assigned: six })])
    bench.uniform.prepared = { m: { ...six, bar: [0, 1, 2] } }
    const response = bench.heartbeat('m', 10, { subscribedTopicNames: ['foo', 'bar'] })
    expect(response).toEqual(accepted('m', 11, { ...six, bar: [0, 1, 2] }))
    expect(bench.member('m').assignedPartitions).toEqual(
      new Map([...epochsOf(six, 10), ...epochsOf({ bar: [0, 1, 2] }, 11)]),
    )
  })

  it('[KN1] are computed when a member joins others', () => {
    // testNewJoiningMemberTriggersNewTargetAssignment
    const bench = pair()
    const prepared = {
      m1: { foo: [0, 1], bar: [0] },
      m2: { foo: [2, 3], bar: [1] },
      m3: { foo: [4, 5], bar: [2] },
    }
    bench.uniform.prepared = prepared
    expect(bench.join('m3', ['foo', 'bar'])).toEqual(accepted('m3', 11, {}))
    expect(bench.member('m3')).toEqual(
      memberOf('m3', { ...both, state: 'UNRELEASED_PARTITIONS', memberEpoch: 11, previousMemberEpoch: 0 }),
    )
    for (const [memberId, parts] of Object.entries<Parts>(prepared)) {
      const target = new Map(Object.entries(parts).map(([topic, numbers]) => [topic, new Set(numbers)]))
      expect(bench.group.target(memberId)).toEqual(target)
    }
  })

  it('[KN1] wait for the next heartbeat when a member leaves', () => {
    // testLeavingMemberBumpsGroupEpoch
    const bench = new Bench({ foo: 6, zar: 1 }).load([
      memberOf('m1', { topics: ['foo'], assigned: { foo: [0, 1, 2] } }),
      memberOf('m2', { topics: ['foo', 'zar'], assigned: { foo: [3, 4, 5], zar: [0] } }),
    ])
    expect(bench.heartbeat('m2', -1)).toEqual(accepted('m2', -1))
    expect(bench.group).toMatchObject({ groupEpoch: 11, assignmentEpoch: 10, state: 'Assigning' })
    expect(bench.group.topics).toEqual(new Map([['foo', 6]]))
    expect(bench.uniform.calls).toBe(0)
    bench.uniform.prepared = { m1: { foo: [0, 1, 2, 3, 4, 5] } }
    expect(bench.heartbeat('m1', 10)).toEqual(accepted('m1', 11, { foo: [0, 1, 2, 3, 4, 5] }))
  })

  it('[KN1] are computed when a subscribed topic has more partitions, and once only', () => {
    // testSubscriptionMetadataRefreshedAfterGroupIsLoaded
    const member = memberOf('m', { ...both, assigned: { foo: [0, 1, 2] } })
    const bench = new Bench({ foo: 6 }).load([member], { topics: new Map([['foo', 3]]) })
    bench.uniform.prepared = { m: { foo: [0, 1, 2, 3, 4, 5] } }
    expect(bench.heartbeat('m', 10)).toEqual(accepted('m', 11, { foo: [0, 1, 2, 3, 4, 5] }))
    expect(bench.member('m').assignedPartitions.get('foo')?.get(3)).toBe(11)
    expect(bench.heartbeat('m', 11)).toEqual(accepted('m', 11))
    expect(bench.uniform.calls).toBe(1)
    expect(bench.uniform.asked?.members.get('m')?.subscribedTopics).toEqual(new Set(['foo']))
  })

  it('[KN1] are computed when a subscribed topic appears or goes, not for one that nobody reads', () => {
    const bench = new Bench({ foo: 2 })
    bench.uniform.prepared = { m: { foo: [0, 1] } }
    bench.join('m', ['foo', 'bar'])
    bench.topics.counts.set('zar', 1)
    bench.coordinator.onTopicsChanged(['zar'])
    bench.heartbeat('m', 2)
    expect(bench.group.groupEpoch).toBe(2)
    bench.topics.counts.set('bar', 1)
    expect(bench.heartbeat('m', 2)).toEqual(accepted('m', 2))
    bench.coordinator.onTopicsChanged(['bar'])
    bench.uniform.prepared = { m: { foo: [0, 1], bar: [0] } }
    expect(bench.heartbeat('m', 2)).toEqual(accepted('m', 3, { foo: [0, 1], bar: [0] }))
    bench.topics.counts.delete('foo')
    bench.coordinator.onTopicsChanged(['foo'])
    bench.uniform.prepared = { m: { bar: [0] } }
    expect(bench.heartbeat('m', 3)).toEqual(accepted('m', 3, { bar: [0] }))
    expect(bench.heartbeat('m', 3, { topicPartitions: listed({ bar: [0] }) })).toEqual(accepted('m', 4))
  })

  it('[KN1] wait until the assignment interval is over, but the first one of an empty group', () => {
    const bench = new Bench({ t: 2 }, { 'group.consumer.assignment.interval.ms': 1000 })
    bench.uniform.prepared = { m1: { t: [0, 1] } }
    expect(bench.join('m1', ['t'])).toEqual(accepted('m1', 2, { t: [0, 1] }))
    bench.uniform.prepared = { m1: { t: [0] }, m2: { t: [1] } }
    bench.sleep(200)
    expect(bench.join('m2', ['t'])).toEqual(accepted('m2', 2, {}))
    bench.sleep(799)
    expect(bench.heartbeat('m1', 2)).toEqual(accepted('m1', 2))
    expect(bench.group.state).toBe('Assigning')
    bench.sleep(1)
    expect(bench.heartbeat('m1', 2)).toEqual(accepted('m1', 2, { t: [0] }))
    expect(bench.heartbeat('m1', 2, { topicPartitions: listed({ t: [0] }) })).toEqual(accepted('m1', 3))
    expect(bench.heartbeat('m2', 2)).toEqual(accepted('m2', 3, { t: [1] }))
    bench.heartbeat('m1', -1)
    bench.heartbeat('m2', -1)
    expect(bench.group).toMatchObject({ groupEpoch: 5, assignmentEpoch: 3, state: 'Empty' })
    expect(bench.join('m2', ['t'])).toEqual(accepted('m2', 6, { t: [1] }))
  })

  it('[KN8] that the assignor cannot compute fail the heartbeat, which changes nothing', () => {
    // testPartitionAssignorExceptionOnRegularHeartbeat
    const fail = () => {
      throw new PartitionAssignorError('Assignment failed.')
    }
    const joined = new Bench({ foo: 6 })
    joined.join('m1', ['foo'])
    const before = joined.coordinator.snapshot('g')
    Object.defineProperty(joined.range, 'prepared', { get: fail })
    const refused = {
      errorCode: 'UNKNOWN_SERVER_ERROR',
      errorMessage: 'Failed to compute a new target assignment for epoch 3: Assignment failed.',
    }
    const other = { serverAssignor: 'range', subscribedTopicNames: [] }
    expect(joined.heartbeat('m1', 2, other)).toMatchObject(refused)
    expect(joined.coordinator.snapshot('g')).toEqual(before)
    const fresh = new Bench({ foo: 6 })
    Object.defineProperty(fresh.uniform, 'prepared', { get: fail })
    expect(fresh.join('m1', ['foo']).errorCode).toBe('UNKNOWN_SERVER_ERROR')
    expect(fresh.coordinator.group('g')).toBeUndefined()
    Object.defineProperty(fresh.range, 'prepared', {
      get: () => {
        throw new TypeError('a mistake')
      },
    })
    expect(() => fresh.join('m1', ['foo'], { serverAssignor: 'range' })).toThrow('a mistake')
  })
})

it('[KN2] reconciles three members, each in its own time', () => {
  // testReconciliationProcess
  const bench = pair()
  bench.uniform.prepared = {
    m1: { foo: [0, 1], bar: [0] },
    m2: { foo: [2, 3], bar: [2] },
    m3: { foo: [4, 5], bar: [1] },
  }
  const says = (parts: Parts) => ({ topicPartitions: listed(parts) })
  expect(bench.group.state).toBe('Stable')
  expect(bench.join('m3', ['foo', 'bar'])).toEqual(accepted('m3', 11, {}))
  expect(bench.group.state).toBe('Reconciling')
  expect(bench.heartbeat('m1', 10)).toEqual(accepted('m1', 10, { foo: [0, 1], bar: [0] }))
  expect(bench.member('m1').state).toBe('UNREVOKED_PARTITIONS')
  expect(bench.heartbeat('m2', 10)).toEqual(accepted('m2', 10, { foo: [3], bar: [2] }))
  expect(bench.heartbeat('m3', 11)).toEqual(accepted('m3', 11))
  expect(bench.member('m3')).toMatchObject({ state: 'UNRELEASED_PARTITIONS', previousMemberEpoch: 11 })
  expect(bench.heartbeat('m1', 10, says({ foo: [0, 1], bar: [0] }))).toEqual(accepted('m1', 11))
  expect(bench.member('m1')).toMatchObject({ state: 'STABLE', previousMemberEpoch: 10 })
  expect(bench.heartbeat('m2', 10)).toEqual(accepted('m2', 10))
  expect(bench.heartbeat('m3', 11)).toEqual(accepted('m3', 11, { bar: [1] }))
  expect(bench.heartbeat('m3', 11)).toEqual(accepted('m3', 11))
  expect(bench.heartbeat('m2', 10, says({ foo: [3], bar: [2] }))).toEqual(
    accepted('m2', 11, { foo: [2, 3], bar: [2] }),
  )
  expect(bench.member('m2').assignedPartitions.get('foo')).toEqual(
    new Map([
      [3, 10],
      [2, 11],
    ]),
  )
  expect(bench.group.state).toBe('Reconciling')
  expect(bench.heartbeat('m3', 11, says({ bar: [1] }))).toEqual(accepted('m3', 11, { bar: [1], foo: [4, 5] }))
  expect(bench.member('m3').assignedPartitions).toEqual(epochsOf({ foo: [4, 5], bar: [1] }, 11))
  expect(bench.group.state).toBe('Stable')
})

it('[KN2] takes a member at its word that it reads nothing of what it was told to read, before it does', () => {
  const bench = new Bench({ foo: 2 })
  bench.uniform.prepared = { m1: { foo: [0, 1] } }
  expect(bench.join('m1', ['foo'])).toEqual(accepted('m1', 2, { foo: [0, 1] }))
  bench.uniform.prepared = { m1: { foo: [0] }, m2: { foo: [1] } }
  expect(bench.join('m2', ['foo'])).toEqual(accepted('m2', 3, {}))
  // If this answer is lost while m1 is about to read foo-1, both read it until m1 is fenced.
  expect(bench.heartbeat('m1', 2, { topicPartitions: [] })).toEqual(accepted('m1', 3, { foo: [0] }))
  expect(bench.heartbeat('m2', 3)).toEqual(accepted('m2', 3, { foo: [1] }))
  const late = { topicPartitions: listed({ foo: [0, 1] }) }
  expect(bench.heartbeat('m1', 2, late).errorCode).toBe('FENCED_MEMBER_EPOCH')
})

it('[KN1] tells the assignor of topics in the same order whoever came first', () => {
  for (const topics of [
    ['b', 'a'],
    ['a', 'b'],
  ]) {
    const bench = new Bench({ b: 1, a: 1 })
    bench.join('m', topics)
    expect([...bench.group.topics.keys()]).toEqual(['a', 'b'])
  }
})

describe('time', () => {
  const NONE = Number.POSITIVE_INFINITY

  it('[KN4] starts a session anew with every heartbeat, and ends it with the member', () => {
    // testSessionTimeoutLifecycle
    const bench = new Bench({ foo: 6 })
    expect(bench.coordinator.nextDeadlineMillis()).toBe(NONE)
    bench.join('m', ['foo'])
    expect(bench.coordinator.nextDeadlineMillis()).toBe(45_000)
    bench.sleep(5000)
    bench.heartbeat('m', 2)
    expect(bench.coordinator.nextDeadlineMillis()).toBe(50_000)
    bench.sleep(5000)
    expect(bench.heartbeat('m', 1).errorCode).toBe('FENCED_MEMBER_EPOCH')
    expect(bench.coordinator.nextDeadlineMillis()).toBe(50_000)
    bench.heartbeat('m', -1)
    expect(bench.coordinator.nextDeadlineMillis()).toBe(NONE)
  })

  it.each([null, 'instance'])(
    '[KN4] removes a member whose session ran out, instance id %s',
    (instanceId) => {
      // testSessionTimeoutExpiration, testSessionTimeoutExpirationStaticMember
      const bench = new Bench({ foo: 6 })
      bench.join('m', ['foo'], { instanceId })
      if (instanceId !== null) bench.heartbeat('m', -2, { instanceId })
      bench.sleep(44_999)
      expect(bench.group.members.has('m')).toBe(true)
      bench.sleep(1)
      expect(bench.group).toMatchObject({ groupEpoch: 3, assignmentEpoch: 2, state: 'Empty' })
      expect(bench.coordinator.nextDeadlineMillis()).toBe(NONE)
      const errorMessage =
        instanceId === null ? 'Member m is not a member of group g.' : 'Instance id instance is unknown.'
      expect(bench.heartbeat('m', 2, { instanceId })).toMatchObject({
        errorCode: 'UNKNOWN_MEMBER_ID',
        errorMessage,
      })
    },
  )

  /** m1 has foo, then m2 joins and m1 is told to give up foo-2, at 10 s. */
  function revoking(): Bench {
    const bench = new Bench({ foo: 3 })
    bench.uniform.prepared = { m1: { foo: [0, 1, 2] } }
    bench.join('m1', ['foo'], { rebalanceTimeoutMs: 180_000 })
    bench.sleep(5000)
    bench.uniform.prepared = { m1: { foo: [0, 1] }, m2: { foo: [2] } }
    expect(bench.join('m2', ['foo'], { rebalanceTimeoutMs: 90_000 })).toEqual(accepted('m2', 3, {}))
    bench.sleep(5000)
    expect(bench.heartbeat('m1', 2, { rebalanceTimeoutMs: 12_000 })).toEqual(
      accepted('m1', 2, { foo: [0, 1] }),
    )
    return bench
  }

  it('[KN4] gives a member its rebalance timeout to give up partitions', () => {
    // testRebalanceTimeoutLifecycle
    const bench = revoking()
    expect(bench.group.timers.rebalanceMillis('m1')).toBe(22_000)
    bench.sleep(5000)
    bench.heartbeat('m1', 2)
    expect(bench.group.timers.rebalanceMillis('m1')).toBe(22_000)
    expect(bench.heartbeat('m1', 2, { topicPartitions: listed({ foo: [0, 1] }) })).toEqual(accepted('m1', 3))
    expect(bench.group.timers.rebalanceMillis('m1')).toBe(NONE)
    bench.sleep(7000)
    expect(bench.heartbeat('m1', 3)).toEqual(accepted('m1', 3))
  })

  it('[KN4] removes a member that does not give up partitions although it sends heartbeats', () => {
    // testRebalanceTimeoutExpiration
    const bench = revoking()
    bench.sleep(11_999)
    expect(bench.heartbeat('m1', 2)).toEqual(accepted('m1', 2))
    bench.sleep(1)
    expect([...bench.group.members.keys()]).toEqual(['m2'])
    expect(bench.group.groupEpoch).toBe(4)
    expect(bench.group.timers.sessionMillis('m1')).toBe(NONE)
    bench.uniform.prepared = { m2: { foo: [0, 1, 2] } }
    expect(bench.heartbeat('m2', 3)).toEqual(accepted('m2', 4, { foo: [0, 1, 2] }))
  })

  it('[KN4] gives all sessions and revocations their full time when a coordinator takes over', () => {
    // testOnLoaded
    const bench = revoking()
    const snapshot = bench.coordinator.snapshot('g')
    if (snapshot === undefined) throw new Error('no snapshot')
    const next = new Bench({ foo: 3 })
    next.nowMillis = 20_000
    next.coordinator.load(snapshot, 20_000)
    expect(next.coordinator.snapshot('g')).toEqual(snapshot)
    expect(next.group.timers.sessionMillis('m1')).toBe(65_000)
    expect(next.group.timers.sessionMillis('m2')).toBe(65_000)
    expect(next.group.timers.rebalanceMillis('m1')).toBe(32_000)
    expect(next.group.timers.rebalanceMillis('m2')).toBe(NONE)
  })
})

describe('ConsumerGroupDescribe', () => {
  it('[KN9] tells epochs, members, assignments and targets', () => {
    // testConsumerGroupDescribeNoErrors
    const bench = pair()
    bench.uniform.prepared = { m1: { foo: [0] }, m2: { foo: [1] } }
    bench.coordinator.onTopicsChanged(['foo'])
    bench.topics.counts.set('foo', 2)
    bench.heartbeat('m1', 10, { serverAssignor: 'uniform' })
    const [described, missing] = bench.coordinator.describe(['g', 'h'])
    expect(described).toMatchObject({
      errorCode: 'NONE',
      groupId: 'g',
      groupState: 'Reconciling',
      groupEpoch: 11,
      assignmentEpoch: 11,
      assignorName: 'uniform',
    })
    expect(described?.members).toEqual([
      {
        memberId: 'm1',
        instanceId: null,
        rackId: null,
        memberEpoch: 10,
        clientId: 'client',
        clientHost: 'host',
        subscribedTopicNames: ['foo', 'bar'],
        subscribedTopicRegex: '',
        assignment: { topicPartitions: listed({ foo: [0] }) },
        targetAssignment: { topicPartitions: listed({ foo: [0] }) },
      },
      expect.objectContaining({
        memberId: 'm2',
        assignment: { topicPartitions: listed({ foo: [3, 4, 5], bar: [2] }) },
        targetAssignment: { topicPartitions: listed({ foo: [1] }) },
      }),
    ])
    // testConsumerGroupDescribeWithErrors
    expect(missing).toMatchObject({
      errorCode: 'GROUP_ID_NOT_FOUND',
      errorMessage: 'Group h not found.',
      groupId: 'h',
      groupState: '',
      members: [],
    })
  })
})

it('[KN9] deletes only groups without members', () => {
  // testConsumerGroupDelete, testConsumerGroupMaybeDelete
  const bench = new Bench({ foo: 1 })
  expect(bench.coordinator.deleteGroup('g')).toBe('GROUP_ID_NOT_FOUND')
  bench.join('m', ['foo'])
  expect(bench.coordinator.deleteGroup('g')).toBe('NON_EMPTY_GROUP')
  bench.heartbeat('m', -1)
  expect(bench.coordinator.deleteGroup('g')).toBe('NONE')
  expect(bench.coordinator.group('g')).toBeUndefined()
})
