import { describe, expect, it } from 'vitest'
import { ReplicaSet } from '../../../fixtures/replicas.ts'

const offsets = (set: ReplicaSet, id: number): [number, number] => [
  set.log(id).highWatermark,
  set.log(id).logEndOffset,
]

describe('the high watermark of a leader', () => {
  it('[KL2] [KL3] is where the slowest member of the ISR ends, and rises when it fetches', () => {
    const set = new ReplicaSet({ replicas: 3 })
    set.produce(0, ['a', 'b'])
    expect(offsets(set, 0)).toEqual([0, 2])
    set.fetch(1)
    set.fetch(1)
    expect(offsets(set, 0)).toEqual([0, 2])
    set.fetch(2)
    set.fetch(2)
    expect(offsets(set, 0)).toEqual([2, 2])
  })

  it('[KL3] rises with the append when the ISR is the leader alone', () => {
    const set = new ReplicaSet({ replicas: 1 })
    set.produce(0, ['a'])
    expect(offsets(set, 0)).toEqual([1, 1])
  })

  it('[KL2] waits for a replica that is caught up and about to join the ISR', () => {
    const set = new ReplicaSet({ replicas: 2 })
    set.nowMillis = 100_000
    set.elect(0, [0])
    set.tell(0)
    set.tell(1)
    set.produce(0, ['a'])
    expect(set.log(0).highWatermark).toBe(1)
    set.fetch(1)
    set.fetch(1)
    expect(set.alterations).toHaveLength(1)
    set.produce(0, ['b'])
    expect(set.log(0).highWatermark).toBe(1)
  })

  it('[KL2] waits for a replica that is caught up but cannot ask to join yet, as another is asking', () => {
    const set = new ReplicaSet({ replicas: 3 })
    set.nowMillis = 100_000
    set.elect(0, [0])
    for (const id of [0, 1, 2]) set.tell(id)
    set.produce(0, ['a'])
    for (const id of [1, 1, 2, 2]) set.fetch(id)
    expect(set.broker(0).partition.isr).toMatchObject({ maximal: [0, 1], proposed: [0, 1] })
    set.produce(0, ['b'])
    for (const id of [1, 1]) set.fetch(id)
    expect(set.log(0).highWatermark).toBe(1)
    for (const id of [2, 2]) set.fetch(id)
    expect(set.log(0).highWatermark).toBe(2)
  })

  it('[KL3] stays where it is when a member of the ISR comes back with less than it had', () => {
    const set = new ReplicaSet({ replicas: 2 })
    set.produce(0, ['a', 'b'])
    set.catchUp(1)
    expect(offsets(set, 0)).toEqual([2, 2])
    set.crash(1, {})
    set.restart(1)
    expect(set.log(1).logEndOffset).toBe(0)
    set.fetch(1)
    set.produce(0, ['c'])
    expect(set.log(0).highWatermark).toBe(2)
    set.catchUp(1)
    expect(offsets(set, 0)).toEqual([3, 3])
  })

  it('[KL3] rises when the ISR loses the member that held it back', () => {
    const set = new ReplicaSet({ replicas: 3 })
    set.produce(0, ['a'])
    set.catchUp(1)
    set.nowMillis = 30_001
    set.broker(0).partition.maybeShrinkIsr(30_001)
    expect(set.log(0).highWatermark).toBe(0)
    set.alter()
    expect(set.log(0).highWatermark).toBe(1)
  })

  it('[KL4] stays where it is while the ISR is smaller than min.insync.replicas', () => {
    const set = new ReplicaSet({ replicas: 3, minInsyncReplicas: 2 })
    set.elect(0, [0])
    set.tell(0)
    set.nowMillis = 100_000
    expect(set.produce(0, ['a'], 1)).toBe('NONE')
    expect(offsets(set, 0)).toEqual([0, 1])
  })

  it('[KL4] stays where it is until the controller has agreed to an ISR that is large enough', () => {
    const set = new ReplicaSet({ replicas: 3, minInsyncReplicas: 2 })
    set.nowMillis = 100_000
    set.elect(0, [0])
    set.tell(0)
    set.tell(1)
    set.produce(0, ['a'], 1)
    set.catchUp(1)
    expect(set.broker(0).partition.isr.maximal).toEqual([0, 1])
    expect(offsets(set, 0)).toEqual([0, 1])
    set.alter()
    expect(offsets(set, 0)).toEqual([1, 1])
  })

  it('[KL4] min.insync.replicas means no more than there are replicas', () => {
    const set = new ReplicaSet({ replicas: 1, minInsyncReplicas: 2 })
    expect(set.produce(0, ['a'])).toBe('NONE')
    expect(set.log(0).highWatermark).toBe(1)
  })

  it('[KL5] of a follower lags one fetch behind', () => {
    const set = new ReplicaSet({ replicas: 2 })
    set.produce(0, ['a', 'b'])
    set.fetch(1)
    expect(offsets(set, 1)).toEqual([0, 2])
    set.fetch(1)
    expect(offsets(set, 0)).toEqual([2, 2])
    expect(offsets(set, 1)).toEqual([0, 2])
    set.fetch(1)
    expect(offsets(set, 1)).toEqual([2, 2])
  })

  it('[KL12] a state of an older partition epoch is ignored, and a new leader epoch starts at the end of the log', () => {
    const set = new ReplicaSet({ replicas: 2 })
    set.produce(0, ['a'])
    const old = set.registration
    set.elect(0)
    set.tell(0)
    const { partition } = set.broker(0)
    expect(partition).toMatchObject({ leaderEpoch: 1, epochStartOffset: 1 })
    partition.makeFollower({ ...old, leader: 1 })
    expect(partition.isLeader).toBe(true)
    expect(set.log(0).epochs.entries).toEqual([
      { epoch: 0, startOffset: 0 },
      { epoch: 1, startOffset: 1 },
    ])
  })

  it('[KL12] a leader ignores an older state, too', () => {
    const set = new ReplicaSet({ replicas: 2 })
    const old = { ...set.registration, isr: [0] }
    set.elect(0)
    set.tell(0)
    const { partition } = set.broker(0)
    expect(partition.makeLeader(old, 0)).toBe(false)
    expect(partition).toMatchObject({ partitionEpoch: 1, isr: { committed: [0, 1] } })
  })

  it('[KL12] a new leader knows nothing of its followers, so that its high watermark stays', () => {
    const set = new ReplicaSet({ replicas: 2 })
    set.produce(0, ['a'])
    set.fetch(1)
    set.elect(1)
    set.tell(1)
    expect(set.broker(1).partition.follower(0)?.logEndOffset).toBe(-1)
    expect(offsets(set, 1)).toEqual([0, 1])
  })
})

describe('acks', () => {
  it('[KA1] all are given when the high watermark has reached the offset', () => {
    const set = new ReplicaSet({ replicas: 2 })
    set.produce(0, ['a'])
    expect(set.acknowledged(0, 1)).toBe('waiting')
    set.fetch(1)
    set.fetch(1)
    expect(set.acknowledged(0, 1)).toBe('NONE')
  })

  it.each([
    { acks: -1, answer: 'NOT_ENOUGH_REPLICAS', end: 0 },
    { acks: 1, answer: 'NONE', end: 1 },
    { acks: 0, answer: 'NONE', end: 1 },
  ])('[KA2] $acks with too small an ISR: $answer', ({ acks, answer, end }) => {
    const set = new ReplicaSet({ replicas: 2, minInsyncReplicas: 2 })
    set.elect(0, [0])
    set.tell(0)
    expect(set.produce(0, ['a'], acks)).toBe(answer)
    expect(set.log(0).logEndOffset).toBe(end)
  })

  it('[KA3] an ISR that shrank after the append makes the answer an error, and the record stays', () => {
    const set = new ReplicaSet({ replicas: 2, minInsyncReplicas: 2 })
    set.produce(0, ['a'])
    set.fetch(1)
    set.fetch(1)
    set.nowMillis = 40_000
    set.produce(0, ['b'])
    set.nowMillis = 80_000
    set.broker(0).partition.maybeShrinkIsr(set.nowMillis)
    set.alter()
    expect(set.acknowledged(0, 1)).toBe('NOT_ENOUGH_REPLICAS_AFTER_APPEND')
    expect(set.values(0)).toEqual(['a', 'b'])
  })

  it('[KA4] a leader that is none any more says so', () => {
    const set = new ReplicaSet({ replicas: 2 })
    set.produce(0, ['a'])
    set.elect(1)
    set.tell(0)
    expect(set.acknowledged(0, 1)).toBe('NOT_LEADER_OR_FOLLOWER')
    expect(set.produce(0, ['b'])).toBe('NOT_LEADER_OR_FOLLOWER')
  })
})

describe('the ISR', () => {
  it('[KR5] [KR7] [KR9] loses who has not been caught up for replica.lag.time.max.ms', () => {
    const set = new ReplicaSet({ replicas: 3 })
    set.produce(0, ['a'])
    set.catchUp(1)
    set.nowMillis = 30_000
    expect(set.broker(0).partition.outOfSync(30_000)).toEqual([])
    expect(set.broker(0).partition.outOfSync(30_001)).toEqual([2])
    set.nowMillis = 30_001
    set.broker(0).partition.maybeShrinkIsr(30_001)
    expect(set.broker(0).partition.isr).toMatchObject({ maximal: [0, 1, 2], proposed: [0, 1] })
    expect(set.log(0).highWatermark).toBe(0)
    set.alter()
    expect(set.broker(0).partition.isr).toMatchObject({ committed: [0, 1], proposed: undefined })
    expect(set.log(0).highWatermark).toBe(1)
  })

  it('[KR5] a follower that keeps up with where the leader was one fetch ago is caught up as of that fetch', () => {
    const set = new ReplicaSet({ replicas: 2 })
    set.produce(0, ['a'])
    set.fetch(1)
    set.nowMillis = 20_000
    set.produce(0, ['b'])
    set.fetch(1)
    set.produce(0, ['c'])
    set.nowMillis = 29_000
    set.fetch(1)
    expect(set.broker(0).partition.follower(1)?.lastCaughtUpMillis).toBe(20_000)
  })

  it('[KR5] a follower that has everything is caught up as of now, whenever it fetched before', () => {
    const set = new ReplicaSet({ replicas: 2 })
    set.produce(0, ['a'])
    set.fetch(1)
    set.nowMillis = 29_000
    set.fetch(1)
    expect(set.broker(0).partition.follower(1)?.lastCaughtUpMillis).toBe(29_000)
  })

  /** Broker 1 has left the ISR and comes back. */
  function returning(switches = {}, minInsyncReplicas = 1): ReplicaSet {
    const set = new ReplicaSet({ replicas: 2, switches, minInsyncReplicas })
    set.nowMillis = 100_000
    set.elect(0, [0])
    set.tell(0)
    set.tell(1)
    set.produce(0, ['a'])
    return set
  }

  it('[KR8] takes in a follower that has reached the high watermark', () => {
    const set = returning()
    set.fetch(1)
    expect(set.alterations).toHaveLength(0)
    set.fetch(1)
    expect(set.alterations[0]?.request).toMatchObject({
      leaderEpoch: 1,
      newIsrWithEpochs: [
        { brokerId: 0, brokerEpoch: 1 },
        { brokerId: 1, brokerEpoch: 1 },
      ],
    })
    set.alter()
    expect(set.broker(0).partition.isr.committed).toEqual([0, 1])
  })

  it('[KR6] [KR8] takes in nobody whose life the metadata do not know', () => {
    const set = returning()
    set.fetch(1)
    set.broker(1).epoch = 7
    const partition = { fetchOffset: 1, currentLeaderEpoch: 1, lastFetchedEpoch: 1, logStartOffset: 0 }
    const request = { ...partition, partition: 0, partitionMaxBytes: 1e6 }
    const { errorCode } = set.broker(0).partition.fetchAsFollower(request, 1, 6, 1e6, true, 0)
    expect(errorCode).toBe('NOT_LEADER_OR_FOLLOWER')
    expect(set.alterations).toHaveLength(0)
  })

  it('[KR5] nobody outside the ISR is caught up when a leader epoch begins', () => {
    const { partition } = returning().broker(0)
    expect(partition.follower(1)).toMatchObject({ lastCaughtUpMillis: 0 })
  })

  // As in Kafka, where who is only proposed counts for the high watermark, and not for whether there are enough.
  it('[KA2] [KR9] is too small until the controller has taken in who is to join', () => {
    const set = returning({}, 2)
    set.produce(0, ['b'], 1)
    set.catchUp(1)
    expect(set.broker(0).partition.isr).toMatchObject({ committed: [0], maximal: [0, 1] })
    expect(set.produce(0, ['c'])).toBe('NOT_ENOUGH_REPLICAS')
    set.alter()
    expect(set.produce(0, ['c'])).toBe('NONE')
  })

  it('[KR8] takes in nobody who may not join, being fenced', () => {
    const set = returning()
    set.fetch(1)
    set.crash(1)
    const partition = { fetchOffset: 1, currentLeaderEpoch: 1, lastFetchedEpoch: 1, logStartOffset: 0 }
    const request = { ...partition, partition: 0, partitionMaxBytes: 1e6 }
    expect(set.broker(0).partition.fetchAsFollower(request, 1, 1, 1e6, true, 0).errorCode).toBe('NONE')
    expect(set.alterations).toHaveLength(0)
  })

  it('[KR9] adopts no answer of another reign', () => {
    const set = returning()
    set.catchUp(1)
    const state = { leaderId: 0, isr: [0, 1], partitionEpoch: 9, leaderRecoveryState: 'RECOVERED' } as const
    set.alterations[0]?.respond({ errorCode: 'NONE', leaderEpoch: 2, ...state }, set.nowMillis)
    expect(set.broker(0).partition).toMatchObject({ partitionEpoch: 1, isr: { proposed: [0, 1] } })
  })

  it('[KR6] [KR8] serves who fetches in a life that the metadata do not know yet, and takes it in later', () => {
    const set = returning()
    set.fetch(1)
    const partition = { fetchOffset: 1, currentLeaderEpoch: 1, lastFetchedEpoch: 1, logStartOffset: 0 }
    const request = { ...partition, partition: 0, partitionMaxBytes: 1e6 }
    const { errorCode } = set.broker(0).partition.fetchAsFollower(request, 1, 2, 1e6, true, 0)
    expect([errorCode, set.alterations.length]).toEqual(['NONE', 0])
    set.broker(1).epoch = 2
    set.fetch(1)
    expect(set.alterations).toHaveLength(1)
  })

  it.each([
    { answer: 'INELIGIBLE_REPLICA', pending: false, asksAgain: false },
    { answer: 'OPERATION_NOT_ATTEMPTED', pending: false, asksAgain: false },
    { answer: 'UNKNOWN_TOPIC_OR_PARTITION', pending: true, asksAgain: false },
    { answer: 'INVALID_UPDATE_VERSION', pending: true, asksAgain: false },
    { answer: 'FENCED_LEADER_EPOCH', pending: true, asksAgain: false },
    { answer: 'NOT_CONTROLLER', pending: true, asksAgain: true },
    { answer: 'REQUEST_TIMED_OUT', pending: true, asksAgain: true },
  ] as const)('[KR9] the controller answers $answer', ({ answer, pending, asksAgain }) => {
    const set = returning()
    set.catchUp(1)
    expect(set.broker(0).partition.isr).toMatchObject({ committed: [0], maximal: [0, 1], proposed: [0, 1] })
    set.alter(answer)
    expect(set.broker(0).partition.isr.proposed !== undefined).toBe(pending)
    expect(set.alterations).toHaveLength(asksAgain ? 1 : 0)
  })

  it('[KR9] one request is under way at a time, and a state of the metadata ends the waiting', () => {
    const set = returning()
    set.catchUp(1)
    set.nowMillis = 100_000
    set.broker(0).partition.maybeShrinkIsr(100_000)
    expect(set.alterations).toHaveLength(1)
    set.elect(0, [0, 1])
    set.tell(0)
    expect(set.broker(0).partition.isr).toMatchObject({ committed: [0, 1], proposed: undefined })
    set.alter('INELIGIBLE_REPLICA')
    expect(set.broker(0).partition.isr.committed).toEqual([0, 1])
  })
})

it('[KR9] a leader that asks to take in a broker does not ask to drop another before it is answered', () => {
  const set = new ReplicaSet({ replicas: 3 })
  set.nowMillis = 100_000
  set.elect(0, [0, 2])
  for (const id of [0, 1, 2]) set.tell(id)
  set.catchUp(2)
  set.catchUp(1)
  expect(set.alterations).toHaveLength(1)
  set.produce(0, ['a'])
  set.nowMillis = 140_000
  expect(set.broker(0).partition.outOfSync(140_000)).toEqual([2])
  set.broker(0).partition.maybeShrinkIsr(140_000)
  expect(set.alterations).toHaveLength(1)
  set.alter()
  set.broker(0).partition.maybeShrinkIsr(140_000)
  expect(set.alterations).toHaveLength(1)
})
