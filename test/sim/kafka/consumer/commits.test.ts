import { describe, expect, it } from 'vitest'
import type { ConsumerSettings } from '../../../../sim/kafka/consumer/config.ts'
import type { OffsetFetchPartition } from '../../../../sim/kafka/coordinator/offset-message.ts'
import type { ErrorCode } from '../../../../sim/kafka/error-code.ts'
import {
  batchAt,
  ConsumerStage,
  fetched,
  found,
  joined,
  synced,
  T0,
  T1,
} from '../../../fixtures/consumer-stage.ts'

const committed = (errorCode: ErrorCode = 'NONE') => ({
  topics: [{ name: 't', partitions: [{ partitionIndex: 0, errorCode }] }],
})

const offsetsOf = (fields: Partial<OffsetFetchPartition> = {}) => ({
  groupId: 'g',
  errorCode: 'NONE' as const,
  topics: [
    {
      name: 't',
      partitions: [
        {
          partitionIndex: 0,
          committedOffset: 7,
          committedLeaderEpoch: -1,
          metadata: '',
          errorCode: 'NONE' as const,
          ...fields,
        },
      ],
    },
  ],
})

const OFFSET = { ...T0, offset: 3, leaderEpoch: 2, metadata: 'm' }

function member(settings: ConsumerSettings = {}): ConsumerStage {
  const stage = new ConsumerStage({ 'group.id': 'g', ...settings })
  stage.consumer.subscribe(['t'])
  stage.join([T0])
  return stage
}

/** A member that has been handed the records 7 and 8 and is at them. */
function processing(settings: ConsumerSettings = {}): ConsumerStage {
  const stage = member(settings)
  stage.take('OffsetFetch').answer(offsetsOf())
  stage.take('Fetch').answer(fetched(found(0, [batchAt(7, 2)])))
  expect(stage.offsets()).toEqual([7, 8])
  return stage
}

describe('committing', () => {
  it('[KO2] commits again after errors that may pass until it is done, when the application waits', () => {
    const stage = member({ 'enable.auto.commit': false })
    const heard: unknown[] = []
    stage.consumer.commitSync([OFFSET], stage.nowMillis, (error) => heard.push(error))
    const first = stage.take('OffsetCommit')
    expect(first.body).toEqual({
      groupId: 'g',
      generationIdOrMemberEpoch: 1,
      memberId: 'me',
      groupInstanceId: null,
      retentionTimeMs: -1,
      topics: [
        {
          name: 't',
          partitions: [
            { partitionIndex: 0, committedOffset: 3, committedLeaderEpoch: 2, committedMetadata: 'm' },
          ],
        },
      ],
    })
    first.answer(committed('COORDINATOR_LOAD_IN_PROGRESS'))
    expect(stage.pending()).not.toContain('OffsetCommit')
    stage.pass(100)
    stage.coordinator = 2
    stage.take('OffsetCommit').answer(committed('NOT_COORDINATOR'))
    stage.pass(200)
    const third = stage.take('OffsetCommit')
    expect([third.nodeId, heard]).toEqual([2, []])
    third.answer(committed())
    expect(heard).toEqual([undefined])
  })

  it('[KO2] waits for the coordinator without a deadline in the past', () => {
    const stage = member({ 'enable.auto.commit': false })
    stage.findsCoordinator = false
    stage.consumer.commitSync([OFFSET], stage.nowMillis, () => {})
    stage.take('OffsetCommit').answer(committed('NOT_COORDINATOR'))
    stage.nowMillis += 1_000
    stage.consumer.advance(stage.nowMillis)
    expect(stage.pending()).toContain('FindCoordinator')
    expect(stage.consumer.nextDeadlineMillis()).toBeGreaterThan(stage.nowMillis)
    stage.findsCoordinator = true
    expect(stage.pending()).toContain('OffsetCommit')
  })

  it('[KF11] that is given up has its application polling again, which is woken', () => {
    const stage = processing({ 'enable.auto.commit': false, 'default.api.timeout.ms': 1_000 })
    const polled: number[] = []
    stage.consumer.commitSync([OFFSET], stage.nowMillis, () => {
      polled.push(stage.consumer.poll(stage.nowMillis).length)
    })
    stage.pass(1_000)
    expect(polled).toEqual([0])
    stage.heard.length = 0
    stage.take('Fetch').answer(fetched(found(0, [batchAt(9, 1)])))
    expect(stage.heard).toEqual(['wakeup'])
    expect(stage.offsets()).toEqual([9])
  })

  it('[KO2] does not spin while the coordinator is looked for', () => {
    const stage = member({ 'enable.auto.commit': false })
    stage.consumer.commitSync([OFFSET], stage.nowMillis, () => {})
    stage.take('OffsetCommit').answer(committed('NOT_COORDINATOR'))
    stage.nowMillis += 100
    stage.consumer.advance(stage.nowMillis)
    expect(stage.consumer.nextDeadlineMillis()).toBeGreaterThan(stage.nowMillis)
    stage.take('OffsetCommit').answer(committed())
  })

  it('[KO2] backs off when the coordinator that the others name cannot be reached', () => {
    const stage = member({ 'enable.auto.commit': false, 'reconnect.backoff.ms': 5_000 })
    stage.consumer.commitSync([OFFSET], stage.nowMillis, () => {})
    stage.take('OffsetCommit').answer(undefined)
    let searches = 0
    const { send } = stage
    stage.send = (nodeId, request, answered) => {
      if (request.api === 'FindCoordinator') searches += 1
      if (searches > 50) throw new Error('it spins')
      send.call(stage, nodeId, request, answered as never)
    }
    stage.pass(2_000)
    expect(searches).toBeGreaterThan(1)
    expect(searches).toBeLessThan(10)
  })

  it('[KO2] lets the application poll from within the answer, and tells it when there is something', () => {
    const stage = processing({ 'enable.auto.commit': false, 'max.poll.interval.ms': 500 })
    stage.pass(500)
    expect(stage.pending()).toContain('LeaveGroup')
    const polled: number[] = []
    stage.consumer.commitSync([OFFSET], stage.nowMillis, (error) => {
      expect(error?.code).toBe('COMMIT_FAILED')
      polled.push(stage.consumer.poll(stage.nowMillis).length)
    })
    expect(polled).toEqual([0])
    stage.take('JoinGroup').answer(joined({ generationId: 2 }))
    stage.take('SyncGroup').answer(synced([T0]))
    stage.take('OffsetFetch').answer(offsetsOf())
    stage.take('Fetch').answer(fetched())
    stage.heard.length = 0
    stage.take('Fetch').answer(fetched(found(0, [batchAt(7, 2)])))
    expect(stage.heard).toContain('wakeup')
    expect(stage.offsets()).toEqual([7, 8])
  })

  it('[KO2] gives up after default.api.timeout.ms', () => {
    const stage = member({ 'enable.auto.commit': false, 'default.api.timeout.ms': 500 })
    const codes: unknown[] = []
    stage.consumer.commitSync([OFFSET], stage.nowMillis, (error) => codes.push(error?.code))
    stage.pass(499)
    expect(codes).toEqual([])
    stage.pass(1)
    expect(codes).toEqual(['TIMEOUT'])
  })

  it('[KO2] commits only once when the application does not wait', () => {
    const stage = member({ 'enable.auto.commit': false })
    const codes: unknown[] = []
    stage.consumer.commitAsync([OFFSET], stage.nowMillis, (error) => codes.push(error?.code))
    stage.take('OffsetCommit').answer(committed('COORDINATOR_LOAD_IN_PROGRESS'))
    expect(codes).toEqual(['RETRIABLE_COMMIT_FAILED'])
    stage.pass(1_000)
    expect(stage.pending()).not.toContain('OffsetCommit')
  })

  it.each([
    ['UNKNOWN_MEMBER_ID', 'COMMIT_FAILED', ''],
    ['ILLEGAL_GENERATION', 'COMMIT_FAILED', 'me'],
    ['REBALANCE_IN_PROGRESS', 'REBALANCE_IN_PROGRESS', 'me'],
  ] as const)('[KO2] fails after %s with %s and rejoins as "%s"', (errorCode, code, memberId) => {
    const stage = member({ 'enable.auto.commit': false })
    const codes: unknown[] = []
    stage.consumer.commitSync([OFFSET], stage.nowMillis, (error) => codes.push(error?.code))
    stage.take('OffsetCommit').answer(committed(errorCode))
    expect(codes).toEqual([code])
    expect(stage.take('JoinGroup').body.memberId).toBe(memberId)
  })

  it.each(['OFFSET_METADATA_TOO_LARGE', 'INVALID_COMMIT_OFFSET_SIZE'] as const)(
    '[KO2] fails with %s',
    (errorCode) => {
      const stage = member({ 'enable.auto.commit': false })
      const codes: unknown[] = []
      stage.consumer.commitSync([OFFSET], stage.nowMillis, (error) => codes.push(error?.code))
      stage.take('OffsetCommit').answer(committed(errorCode))
      expect(codes).toEqual([errorCode])
    },
  )

  it('[KO2] does not even try as a member that is rejoining, or has been thrown out', () => {
    const stage = member({ 'enable.auto.commit': false })
    stage.pass(3_000)
    stage.take('Heartbeat').answer({ errorCode: 'REBALANCE_IN_PROGRESS' })
    const codes: unknown[] = []
    const hear = (error: { readonly code: string } | undefined): void => {
      codes.push(error?.code)
    }
    stage.consumer.commitSync([OFFSET], stage.nowMillis, hear)
    stage.consumer.leavePoll(stage.nowMillis)
    stage.take('JoinGroup').answer(joined({ errorCode: 'UNKNOWN_MEMBER_ID', memberId: '' }))
    stage.consumer.commitSync([OFFSET], stage.nowMillis, hear)
    expect(codes).toEqual(['REBALANCE_IN_PROGRESS', 'COMMIT_FAILED'])
    expect(stage.pending()).not.toContain('OffsetCommit')
  })

  it('[KO2] commits without membership when the partitions were assigned by hand', () => {
    const stage = new ConsumerStage({ 'group.id': 'g' }).assignAt(3, T0)
    stage.consumer.commitAsync(undefined, stage.nowMillis, () => {})
    expect(stage.take('OffsetCommit').body).toMatchObject({
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics: [{ partitions: [{ committedOffset: 3 }] }],
    })
  })

  it('[KO2] needs a group', () => {
    const stage = new ConsumerStage().assignAt(3, T0)
    expect(() => stage.consumer.commitSync(undefined, 0, () => {})).toThrow('group.id')
    expect(() => stage.consumer.subscribe(['t'])).toThrow('group.id')
  })
})

describe('auto-commit', () => {
  it('[KO1] commits inside poll, once the interval is over, what earlier polls returned', () => {
    const stage = processing()
    stage.pass(5_000)
    expect(stage.pending()).not.toContain('OffsetCommit')
    stage.take('Fetch').answer(fetched(found(0, [batchAt(9, 3)])))
    expect(stage.offsets()).toEqual([9, 10, 11])
    const commit = stage.take('OffsetCommit')
    expect(commit.body.topics[0]?.partitions).toMatchObject([{ committedOffset: 9, committedLeaderEpoch: 5 }])
  })

  it('[KO1] commits nothing by itself unless it is told to', () => {
    const stage = processing({ 'enable.auto.commit': false })
    stage.pass(5_000)
    stage.take('Fetch').answer(fetched(found(0, [batchAt(9, 3)])))
    expect(stage.offsets()).toEqual([9, 10, 11])
    expect(stage.pending()).not.toContain('OffsetCommit')
  })

  it('[KO1] commits while the application waits in poll, but not what has not changed', () => {
    const stage = processing()
    stage.poll()
    stage.pass(4_999, true)
    expect(stage.pending()).not.toContain('OffsetCommit')
    stage.pass(1, true)
    stage.take('OffsetCommit').answer(committed())
    stage.pass(60_000, true)
    stage.poll()
    expect(stage.pending()).not.toContain('OffsetCommit')
    expect(stage.consumer.nextDeadlineMillis()).toBe(Number.POSITIVE_INFINITY)
  })

  it('[KO1] commits again soon after an error that may pass', () => {
    const stage = processing()
    stage.poll()
    stage.pass(5_000)
    stage.take('OffsetCommit').answer(committed('COORDINATOR_LOAD_IN_PROGRESS'))
    stage.pass(100)
    expect(stage.pending()).toContain('OffsetCommit')
  })

  it('[KO1] commits before a rebalance, and returns nothing more of what it is about to give up', () => {
    const stage = processing()
    stage.pass(3_000)
    stage.take('Heartbeat').answer({ errorCode: 'REBALANCE_IN_PROGRESS' })
    stage.take('Fetch').answer(fetched(found(0, [batchAt(9, 3)])))
    expect(stage.offsets()).toEqual([])
    expect(stage.heard.at(-1)).not.toBe('revoked t0')
    const commit = stage.take('OffsetCommit')
    expect(commit.body.topics[0]?.partitions).toMatchObject([{ committedOffset: 9 }])
    expect(stage.pending()).not.toContain('JoinGroup')
    commit.answer(committed())
    expect(stage.heard.at(-1)).toBe('revoked t0')
    stage.take('JoinGroup').answer(joined({ generationId: 2 }))
    stage.take('SyncGroup').answer(synced([T0]))
    expect(stage.pending()).toContain('OffsetFetch')
  })

  it('[KO1] rejoins without the commit when that fails for good', () => {
    const stage = processing()
    stage.pass(3_000)
    stage.take('Heartbeat').answer({ errorCode: 'REBALANCE_IN_PROGRESS' })
    stage.poll()
    stage.take('OffsetCommit').answer(committed('OFFSET_METADATA_TOO_LARGE'))
    expect(stage.pending()).toContain('JoinGroup')
  })
})

describe('committed offsets', () => {
  it('[KF5] are where reading begins, stable ones only', () => {
    const stage = member()
    const fetch = stage.take('OffsetFetch')
    expect(fetch.body).toEqual({
      groupId: 'g',
      memberId: null,
      memberEpoch: -1,
      topics: [{ name: 't', partitionIndexes: [0] }],
      requireStable: true,
    })
    fetch.answer(offsetsOf({ errorCode: 'UNSTABLE_OFFSET_COMMIT', committedOffset: -1 }))
    stage.pass(100)
    stage.take('OffsetFetch').answer(offsetsOf())
    expect(stage.consumer.position(T0)).toBe(7)
  })

  it('[KF5] are checked against the leader when their epoch is known', () => {
    const stage = member()
    stage.take('OffsetFetch').answer(offsetsOf({ committedLeaderEpoch: 3 }))
    expect(stage.take('OffsetForLeaderEpoch').body.topics[0]?.partitions).toMatchObject([{ leaderEpoch: 3 }])
  })

  it('[KF5] give way to auto.offset.reset where there are none, and to a seek', () => {
    const stage = member()
    stage.take('OffsetFetch').answer(offsetsOf({ committedOffset: -1 }))
    expect(stage.pending()).toContain('ListOffsets')
    const seeking = member()
    const fetch = seeking.take('OffsetFetch')
    seeking.consumer.seek(T0, 1)
    fetch.answer(offsetsOf())
    expect(seeking.consumer.position(T0)).toBe(1)
  })

  it('[KF5] can be asked for', () => {
    const stage = new ConsumerStage({ 'group.id': 'g' })
    const heard: unknown[] = []
    stage.consumer.committed([T1, T0], stage.nowMillis, (error, values) => heard.push(error, values))
    stage.take('OffsetFetch').answer(offsetsOf({ metadata: 'm' }))
    expect(heard).toEqual([undefined, [undefined, { offset: 7, leaderEpoch: -1, metadata: 'm' }]])
  })
})
