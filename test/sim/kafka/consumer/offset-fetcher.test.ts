import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../../../sim/kafka/error-code.ts'
import { fetchRefused } from '../../../../sim/kafka/replication/message.ts'
import { batchAt, ConsumerStage, fetched, found, T0, T1 } from '../../../fixtures/consumer-stage.ts'

const listed = (offset: number, leaderEpoch = -1, errorCode: ErrorCode = 'NONE') => ({
  topics: [{ name: 't', partitions: [{ partitionIndex: 0, errorCode, offset, leaderEpoch, timestamp: -1 }] }],
})

const epochEnd = (leaderEpoch: number, endOffset: number, errorCode: ErrorCode = 'NONE') => ({
  topics: [{ topic: 't', partitions: [{ partition: 0, errorCode, leaderEpoch, endOffset }] }],
})

const MOVED = fetchRefused(0, 'NOT_LEADER_OR_FOLLOWER')

/** A consumer that has read offsets 0 to 9 in epoch 5 when epoch 6 begins. */
function afterElection(reset: 'earliest' | 'none' = 'earliest', validatePosition = true): ConsumerStage {
  const stage = new ConsumerStage({ 'auto.offset.reset': reset }, true, { validatePosition }).assignAt(0, T0)
  stage.poll()
  stage.take('Fetch').answer(fetched(found(0, [batchAt(0, 10)])))
  expect(stage.offsets()).toHaveLength(10)
  stage.topics.set('t', [{ leader: 2, leaderEpoch: 6 }])
  stage.take('Fetch').answer(fetched(MOVED))
  stage.poll()
  stage.pass(100)
  return stage
}

describe('positions without a commit', () => {
  it.each([
    ['earliest', -2],
    ['latest', -1],
    ['by_duration:PT0.4S', 600],
  ] as const)('[KF15] asks for the offset of %s', (reset, timestamp) => {
    const stage = new ConsumerStage({ 'auto.offset.reset': reset })
    stage.consumer.assign([T0])
    stage.poll()
    const list = stage.take('ListOffsets')
    expect(list.body.topics).toEqual([
      { name: 't', partitions: [{ partitionIndex: 0, timestamp, currentLeaderEpoch: 5 }] },
    ])
    list.answer(listed(42))
    expect(stage.consumer.position(T0)).toBe(42)
    expect(stage.pending()).toEqual(['Fetch'])
  })

  it('[KF15] reads from the end if nothing is as young as the duration', () => {
    const stage = new ConsumerStage({ 'auto.offset.reset': 'by_duration:P1D' })
    stage.consumer.assign([T0])
    stage.poll()
    stage.take('ListOffsets').answer(listed(-1))
    expect(stage.take('ListOffsets').body.topics[0]?.partitions[0]?.timestamp).toBe(-1)
  })

  it('[KF15] fails without a policy, naming the partition, until somebody seeks', () => {
    const stage = new ConsumerStage({ 'auto.offset.reset': 'none' })
    stage.consumer.assign([T0])
    expect(stage.pollError()).toBe('NO_OFFSET_FOR_PARTITION')
    expect(stage.pollError()).toBe('NO_OFFSET_FOR_PARTITION')
    stage.consumer.seekToEnd([T0])
    expect(stage.pollError()).toBe('none')
    expect(stage.pending()).toEqual(['ListOffsets'])
  })

  it('[KF15] asks again after a back-off when the leader refuses, and lets a seek overtake the answer', () => {
    const stage = new ConsumerStage()
    stage.consumer.assign([T0])
    stage.poll()
    stage.take('ListOffsets').answer(listed(0, -1, 'NOT_LEADER_OR_FOLLOWER'))
    expect(stage.pending()).toEqual([])
    stage.pass(100)
    const again = stage.take('ListOffsets')
    stage.consumer.seek(T0, 7)
    again.answer(listed(42))
    expect(stage.consumer.position(T0)).toBe(7)
  })
})

describe('validation of positions', () => {
  it('[KF4] asks the new leader where the epoch ends before it fetches on', () => {
    const stage = afterElection()
    expect(stage.pending()).toEqual(['OffsetForLeaderEpoch'])
    expect(stage.consumer.position(T0)).toBeUndefined()
    const ask = stage.take('OffsetForLeaderEpoch')
    expect(ask).toMatchObject({
      nodeId: 2,
      body: { topics: [{ partitions: [{ currentLeaderEpoch: 6, leaderEpoch: 5 }] }] },
    })
    ask.answer(epochEnd(5, 10))
    expect(stage.take('Fetch')).toMatchObject({
      nodeId: 2,
      body: { topics: [{ partitions: [{ fetchOffset: 10, currentLeaderEpoch: 6 }] }] },
    })
  })

  it('[KF4] B5: reads on at its offset without asking, with the switch', () => {
    const stage = afterElection('earliest', false)
    expect(stage.take('Fetch')).toMatchObject({
      nodeId: 2,
      body: { topics: [{ partitions: [{ fetchOffset: 10, currentLeaderEpoch: 6 }] }] },
    })
  })

  it('[KF4] goes back to where the logs diverge if there is a policy', () => {
    const stage = afterElection()
    stage.take('OffsetForLeaderEpoch').answer(epochEnd(4, 8))
    expect(stage.consumer.position(T0)).toBe(8)
    expect(stage.pending()).toEqual(['Fetch'])
  })

  it('[KF4] resets if the leader knows nothing of the epoch', () => {
    const stage = afterElection()
    stage.take('OffsetForLeaderEpoch').answer(epochEnd(-1, -1))
    expect(stage.pending()).toEqual(['ListOffsets'])
  })

  it('[KF4] fails with the truncation if there is none', () => {
    const stage = afterElection('none')
    stage.take('OffsetForLeaderEpoch').answer(epochEnd(4, 8))
    expect(stage.pollError()).toBe('LOG_TRUNCATION')
    expect(stage.consumer.position(T0)).toBeUndefined()
  })

  it('[KF4] asks again when the leader is not what it seems', () => {
    const stage = afterElection()
    stage.take('OffsetForLeaderEpoch').answer(epochEnd(-1, -1, 'FENCED_LEADER_EPOCH'))
    stage.pass(100)
    expect(stage.pending()).toEqual(['OffsetForLeaderEpoch'])
  })

  it('[KF4] does not believe metadata that are older than what it knows', () => {
    const stage = afterElection()
    stage.take('OffsetForLeaderEpoch').answer(epochEnd(5, 10))
    stage.topics.set('t', [{ leader: 1, leaderEpoch: 5 }])
    stage.take('Fetch').answer(fetched(MOVED))
    stage.pass(1_000)
    expect(stage.take('Fetch').nodeId).toBe(2)
  })
})

describe('looking offsets up', () => {
  it('[KF16] asks the leaders until all have answered', () => {
    const stage = new ConsumerStage()
    const heard: unknown[] = []
    const times = [
      { ...T0, timestamp: 5 },
      { ...T1, timestamp: 5 },
    ]
    stage.topics.set('t', [
      { leader: 1, leaderEpoch: 5 },
      { leader: 2, leaderEpoch: 5 },
    ])
    stage.consumer.offsetsForTimes(times, stage.nowMillis, (error, values) => heard.push(error, values))
    stage.take('ListOffsets').answer(listed(3, 2))
    stage.take('ListOffsets').answer(undefined)
    expect(heard).toEqual([])
    stage.pass(200)
    const partition = {
      partitionIndex: 1,
      errorCode: 'NONE',
      offset: -1,
      leaderEpoch: -1,
      timestamp: -1,
    } as const
    stage.take('ListOffsets').answer({ topics: [{ name: 't', partitions: [partition] }] })
    expect(heard).toEqual([undefined, [{ offset: 3, timestamp: -1, leaderEpoch: 2 }, undefined]])
  })

  it('[KF16] gives up after default.api.timeout.ms', () => {
    const stage = new ConsumerStage({ 'default.api.timeout.ms': 300 })
    const codes: unknown[] = []
    stage.consumer.endOffsets([T0], stage.nowMillis, (error) => codes.push(error?.code))
    stage.serve().pass(299)
    expect(codes).toEqual([])
    stage.pass(1)
    expect(codes).toEqual(['TIMEOUT'])
  })
})
