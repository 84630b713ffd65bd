import { describe, expect, it } from 'vitest'
import type { TopicPartition } from '../../../../sim/kafka/assignor/subscription.ts'
import type { ConsumerSettings } from '../../../../sim/kafka/consumer/config.ts'
import type { ConsumerGroupHeartbeatResponse } from '../../../../sim/kafka/coordinator/consumer-group-heartbeat.ts'
import type { ErrorCode } from '../../../../sim/kafka/error-code.ts'
import { ConsumerStage, T0, T1 } from '../../../fixtures/consumer-stage.ts'

const KIP848 = {
  'group.id': 'g',
  'group.protocol': 'consumer',
  'enable.auto.commit': false,
} satisfies ConsumerSettings

function beat(
  memberEpoch: number,
  partitions: readonly TopicPartition[] | null = null,
  errorCode: ErrorCode = 'NONE',
): ConsumerGroupHeartbeatResponse {
  const indexes = partitions?.map(({ partition }) => partition)
  const assignment =
    indexes === undefined
      ? null
      : { topicPartitions: indexes.length === 0 ? [] : [{ topicName: 't', partitions: indexes }] }
  return {
    errorCode,
    errorMessage: null,
    memberId: 'uuid-1',
    memberEpoch,
    heartbeatIntervalMs: 5_000,
    assignment,
  }
}

const owned = (...partitions: readonly number[]) => [{ topicName: 't', partitions }]

function subscribed(settings: ConsumerSettings = {}, hasListener = true): ConsumerStage {
  const stage = new ConsumerStage({ ...KIP848, ...settings }, hasListener)
  stage.consumer.subscribe(['t'])
  stage.poll()
  return stage
}

/** A member at epoch 1 that has acknowledged its partitions. */
function member(settings: ConsumerSettings = {}, partitions = [T0, T1], hasListener = true): ConsumerStage {
  const stage = subscribed(settings, hasListener)
  stage.take('ConsumerGroupHeartbeat').answer(beat(1, partitions))
  stage.take('ConsumerGroupHeartbeat').answer(beat(1))
  return stage
}

function heartbeat(stage: ConsumerStage, response: ConsumerGroupHeartbeatResponse | undefined): void {
  stage.pass(5_000)
  stage.take('ConsumerGroupHeartbeat').answer(response)
}

describe('membership in a group of KIP-848', () => {
  it('[KN10] joins with epoch 0 and all it has to say, takes its assignment and acknowledges it at once', () => {
    const stage = subscribed({ 'group.remote.assignor': 'range', 'max.poll.interval.ms': 9_000 })
    const join = stage.take('ConsumerGroupHeartbeat')
    expect(join.body).toEqual({
      groupId: 'g',
      memberId: 'uuid-1',
      memberEpoch: 0,
      instanceId: null,
      rackId: null,
      rebalanceTimeoutMs: 9_000,
      subscribedTopicNames: ['t'],
      subscribedTopicRegex: null,
      serverAssignor: 'range',
      topicPartitions: [],
    })
    join.answer(beat(3, [T0]))
    expect(stage.heard).toEqual(['assigned t0'])
    expect(stage.take('ConsumerGroupHeartbeat').body).toMatchObject({
      memberEpoch: 3,
      rebalanceTimeoutMs: -1,
      subscribedTopicNames: null,
      serverAssignor: null,
      topicPartitions: owned(0),
    })
    expect(stage.take('OffsetFetch').body).toMatchObject({ memberId: 'uuid-1', memberEpoch: 3 })
  })

  it('[KN10] acknowledges an empty assignment too, after a callback', () => {
    const stage = subscribed()
    stage.take('ConsumerGroupHeartbeat').answer(beat(1, []))
    expect(stage.heard).toEqual(['assigned '])
    expect(stage.take('ConsumerGroupHeartbeat').body.topicPartitions).toEqual([])
  })

  it('[KN10] says nothing new while nothing changes, every interval of the coordinator', () => {
    const stage = member()
    expect(stage.consumer.heartbeatDeadlineMillis()).toBe(stage.nowMillis + 5_000)
    stage.pass(5_000)
    expect(stage.take('ConsumerGroupHeartbeat').body).toMatchObject({
      memberEpoch: 1,
      rebalanceTimeoutMs: -1,
      subscribedTopicNames: null,
      topicPartitions: null,
    })
  })

  it('[KN10] tells of a new subscription with the next heartbeat', () => {
    const stage = member()
    stage.consumer.subscribe(['t', 'u'])
    expect(stage.consumer.heartbeatDeadlineMillis()).toBe(Number.POSITIVE_INFINITY)
    stage.pass(5_000)
    expect(stage.take('ConsumerGroupHeartbeat').body.subscribedTopicNames).toEqual(['t', 'u'])
  })

  it('[KN4] commits, revokes, takes over and acknowledges what changes, while the rest is read on', () => {
    const stage = member({ 'enable.auto.commit': true, 'auto.commit.interval.ms': 60_000 }, [T0])
    stage.consumer.seek(T0, 4)
    heartbeat(stage, beat(1, [T1]))
    expect(stage.heard).toEqual(['assigned t0'])
    const commit = stage.take('OffsetCommit')
    expect(commit.body).toMatchObject({ generationIdOrMemberEpoch: 1, memberId: 'uuid-1' })
    commit.answer({ topics: [{ name: 't', partitions: [{ partitionIndex: 0, errorCode: 'NONE' }] }] })
    expect(stage.heard).toEqual(['assigned t0', 'revoked t0', 'assigned t1'])
    expect(stage.take('ConsumerGroupHeartbeat').body.topicPartitions).toEqual(owned(1))
  })

  it('[KN4] commits again with the epoch that it has got in the meantime', () => {
    const stage = member()
    const heard: unknown[] = []
    const offset = { ...T0, offset: 4, leaderEpoch: -1, metadata: '' }
    stage.consumer.commitSync([offset], stage.nowMillis, (error) => heard.push(error?.code))
    const commit = stage.take('OffsetCommit')
    heartbeat(stage, beat(2))
    commit.answer({
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, errorCode: 'STALE_MEMBER_EPOCH' }] }],
    })
    stage.pass(100)
    const again = stage.take('OffsetCommit')
    expect(again.body.generationIdOrMemberEpoch).toBe(2)
    again.answer({
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, errorCode: 'STALE_MEMBER_EPOCH' }] }],
    })
    expect(heard).toEqual(['COMMIT_FAILED'])
  })

  it('[KN4] gives nothing up before the application polls, if somebody listens', () => {
    const stage = member()
    stage.consumer.leavePoll(stage.nowMillis)
    heartbeat(stage, beat(1, [T0]))
    expect(stage.heard).toEqual(['assigned t0,t1'])
    expect(stage.pending()).not.toContain('ConsumerGroupHeartbeat')
    stage.poll()
    expect(stage.heard.slice(1)).toEqual(['revoked t1', 'assigned '])
    expect(stage.take('ConsumerGroupHeartbeat').body.topicPartitions).toEqual(owned(0))
  })

  it('[KN4] gives partitions up behind the back of the application if nobody listens or commits', () => {
    const stage = member({}, [T0, T1], false)
    stage.consumer.leavePoll(stage.nowMillis)
    heartbeat(stage, beat(1, [T0]))
    expect(stage.take('ConsumerGroupHeartbeat').body.topicPartitions).toEqual(owned(0))
    expect(stage.consumer.assignment()).toEqual([T0])
  })

  it('[KN4] commits and gives up nothing by itself while the application is at its records', () => {
    const settings = { 'enable.auto.commit': true, 'auto.commit.interval.ms': 60_000 }
    const stage = member(settings, [T0, T1], false)
    stage.consumer.seek(T1, 4)
    stage.consumer.leavePoll(stage.nowMillis)
    heartbeat(stage, beat(1, [T0]))
    expect(stage.pending()).not.toContain('OffsetCommit')
    stage.poll()
    expect(stage.pending()).toContain('OffsetCommit')
  })

  it('[KN4] waits for a callback that takes its time, and starts over when it fails', () => {
    const stage = member()
    stage.endsCallbacks = false
    heartbeat(stage, beat(1, [T0]))
    expect(stage.pending()).not.toContain('ConsumerGroupHeartbeat')
    stage.callbacks.shift()?.(stage.nowMillis, new Error('oh'))
    expect(stage.pollError()).toBe('REBALANCE_CALLBACK_FAILED')
    expect(stage.pending()).not.toContain('ConsumerGroupHeartbeat')
    stage.endsCallbacks = true
    stage.poll()
    expect(stage.take('ConsumerGroupHeartbeat').body.topicPartitions).toEqual(owned(0))
  })

  it.each(['FENCED_MEMBER_EPOCH', 'UNKNOWN_MEMBER_ID'] as const)(
    '[KN11] loses everything after %s and joins again under the same id',
    (errorCode) => {
      const stage = member()
      const before = stage.consumer.groupMetadata()
      heartbeat(stage, beat(0, null, errorCode))
      // What it commits in a transaction is to be refused.
      expect(stage.consumer.groupMetadata()).toEqual(before)
      expect(stage.heard).toEqual(['assigned t0,t1', 'lost t0,t1'])
      expect(stage.consumer.assignment()).toEqual([])
      expect(stage.take('ConsumerGroupHeartbeat').body).toMatchObject({
        memberId: 'uuid-1',
        memberEpoch: 0,
        subscribedTopicNames: ['t'],
        topicPartitions: [],
      })
    },
  )

  it.each([
    'UNRELEASED_INSTANCE_ID',
    'FENCED_INSTANCE_ID',
    'UNSUPPORTED_ASSIGNOR',
    'GROUP_MAX_SIZE_REACHED',
    'INVALID_REQUEST',
  ] as const)('[KN11] ends with %s', (errorCode) => {
    const stage = member()
    heartbeat(stage, beat(0, null, errorCode))
    expect(stage.pollError()).toBe(errorCode)
    stage.poll()
    expect(stage.heard).toContain('lost t0,t1')
    stage.pass(60_000)
    expect(stage.pending()).not.toContain('ConsumerGroupHeartbeat')
  })

  it('[KN11] says everything again after an error, to a coordinator that it has looked for anew', () => {
    const stage = member()
    stage.pass(5_000)
    stage.coordinator = 2
    stage.take('ConsumerGroupHeartbeat').answer(beat(0, null, 'NOT_COORDINATOR'))
    expect(stage.take('ConsumerGroupHeartbeat')).toMatchObject({
      nodeId: 2,
      body: { memberEpoch: 1, subscribedTopicNames: ['t'], topicPartitions: owned(0, 1) },
    })
  })

  it('[KN11] waits longer after each time that the coordinator is not ready', () => {
    const stage = member()
    stage.pass(5_000)
    const waits: number[] = []
    for (let attempt = 0; attempt < 3; attempt++) {
      stage.take('ConsumerGroupHeartbeat').answer(beat(0, null, 'COORDINATOR_LOAD_IN_PROGRESS'))
      const before = stage.nowMillis
      while (!stage.pending().includes('ConsumerGroupHeartbeat')) stage.pass(10)
      waits.push(stage.nowMillis - before)
    }
    expect(waits).toEqual([100, 200, 400])
  })

  it('[KN11] leaves when the application does not poll, and rejoins when it does', () => {
    const stage = member({ 'max.poll.interval.ms': 2_000 })
    stage.consumer.leavePoll(stage.nowMillis)
    stage.pass(2_000)
    expect(stage.take('ConsumerGroupHeartbeat').body.memberEpoch).toBe(-1)
    expect(stage.heard).toEqual(['assigned t0,t1'])
    stage.pass(60_000)
    expect(stage.pending()).not.toContain('ConsumerGroupHeartbeat')
    stage.poll()
    expect(stage.heard).toEqual(['assigned t0,t1', 'lost t0,t1'])
    expect(stage.take('ConsumerGroupHeartbeat').body.memberEpoch).toBe(0)
  })

  it.each([
    [null, -1],
    ['i', -2],
  ])('[KN11] leaves at close with the epoch of its kind (instance %s: %s)', (instance, epoch) => {
    const stage = member({ 'group.instance.id': instance })
    stage.consumer.close(stage.nowMillis, () => stage.heard.push('closed'))
    expect(stage.heard).toEqual(['assigned t0,t1', 'revoked t0,t1'])
    const leave = stage.take('ConsumerGroupHeartbeat')
    expect(leave.body.memberEpoch).toBe(epoch)
    leave.answer(beat(epoch))
    stage.pass(0)
    expect(stage.heard.at(-1)).toBe('closed')
  })

  it('[KN11] can subscribe again after it has left', () => {
    const stage = member()
    stage.consumer.unsubscribe(stage.nowMillis, () => stage.heard.push('left'))
    stage.take('ConsumerGroupHeartbeat').answer(beat(-1))
    expect(stage.heard.at(-1)).toBe('left')
    stage.consumer.subscribe(['t'])
    stage.poll()
    expect(stage.take('ConsumerGroupHeartbeat').body.memberEpoch).toBe(0)
  })
})
