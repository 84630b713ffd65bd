import { describe, expect, it } from 'vitest'
import { ReplicaSet } from '../fixtures/replicas.ts'

/** The known bugs of replication: each schedule goes wrong with its switch, and only with it. */
describe('with two replicas', () => {
  it.each([
    { truncation: 'high-watermark', lost: true },
    { truncation: 'KIP-101', lost: false },
    { truncation: 'KIP-279', lost: false },
    { truncation: 'fetch', lost: false },
  ] as const)(
    '[KR3] B1: a restart before an election loses what is committed, truncating by $truncation: $lost',
    ({ truncation, lost }) => {
      const set = new ReplicaSet({ replicas: 2, minInsyncReplicas: 2, switches: { truncation } })
      set.produce(0, ['m1'])
      set.catchUp(1)
      set.produce(0, ['m2'])
      set.fetch(1)
      set.fetch(1)
      expect(set.acknowledged(0, 2)).toBe('NONE')
      set.crash(1)
      set.restart(1, 1)
      if (truncation === 'KIP-101' || truncation === 'KIP-279') set.fetch(1)
      set.crash(0)
      set.elect(1)
      set.tell(1)
      expect(set.values(1).includes('m2')).toBe(!lost)
    },
  )

  it.each([
    { truncation: 'high-watermark', diverged: true },
    { truncation: 'KIP-101', diverged: false },
    { truncation: 'fetch', diverged: false },
  ] as const)(
    '[KR3] B2: power lost on both, truncating by $truncation, logs differ: $diverged',
    ({ truncation, diverged }) => {
      const set = new ReplicaSet({ replicas: 2, switches: { truncation } })
      set.produce(0, ['m1'])
      set.log(0).flush(0)
      set.catchUp(1)
      set.log(1).flush(0)
      set.produce(0, ['m2'])
      set.catchUp(1)
      set.crash(0)
      set.crash(1, { survivingEndOffset: 1 })
      set.elect(1)
      set.restart(1, 1)
      expect(set.produce(1, ['m3'], 1)).toBe('NONE')
      set.restart(0, 2)
      set.catchUp(0)
      expect(set.values(0)[1] !== set.values(1)[1]).toBe(diverged)
    },
  )

  it.each([
    { truncation: 'KIP-101', diverged: true },
    { truncation: 'KIP-279', diverged: false },
    { truncation: 'fetch', diverged: false },
  ] as const)(
    '[KR3] B3: two fast elections, truncating by $truncation, logs differ: $diverged',
    ({ truncation, diverged }) => {
      const set = new ReplicaSet({ replicas: 2, switches: { truncation } })
      set.produce(0, ['a1', 'a2'], 1)
      set.catchUp(1)
      set.produce(0, ['a3', 'a4'], 1)
      set.elect(1)
      set.tell(1)
      set.produce(1, ['b3', 'b4'], 1)
      // Before broker 0 hears of it, it is leader again.
      set.elect(0)
      set.tell(0)
      set.produce(0, ['a5'], 1)
      set.tell(1)
      set.catchUp(1)
      expect(JSON.stringify(set.values(1)) !== JSON.stringify(set.values(0))).toBe(diverged)
    },
  )

  it.each([
    { maximalIsrEager: true, committed: 0 },
    { maximalIsrEager: false, committed: 1 },
  ])(
    '[KR9] [KL2] B4b: while the controller has not agreed, eager $maximalIsrEager, the high watermark is $committed',
    ({ maximalIsrEager, committed }) => {
      const set = new ReplicaSet({ replicas: 2, switches: { maximalIsrEager } })
      set.nowMillis = 100_000
      set.elect(0, [0])
      set.tell(0)
      set.tell(1)
      set.fetch(1)
      expect(set.alterations).toHaveLength(1)
      // It lags by now, so that only its pending membership holds the high watermark back.
      set.nowMillis = 200_000
      set.produce(0, ['a'], 1)
      expect(set.log(0).highWatermark).toBe(committed)
    },
  )
})

describe('a leader that is asked where an epoch ends', () => {
  it('[KL9] says of which epoch it speaks, also where followers are of before KIP-279', () => {
    const set = new ReplicaSet({ replicas: 1, switches: { truncation: 'KIP-101' } })
    set.elect(0)
    set.tell(0)
    const end = set.broker(0).partition.offsetForLeaderEpoch(-1, 1)
    expect(end).toEqual({ errorCode: 'NONE', epoch: 1, endOffset: 0 })
  })
})

describe('a broker in another life', () => {
  it.each([
    { brokerEpochCheck: true, answer: 'NOT_LEADER_OR_FOLLOWER', lives: undefined, lost: false },
    { brokerEpochCheck: false, answer: 'NONE', lives: [-1, -1], lost: true },
  ])(
    '[KR8] B4c: what it fetched before, lives told apart $brokerEpochCheck, takes it into the ISR: $lost',
    ({ brokerEpochCheck, answer, lives, lost }) => {
      const set = new ReplicaSet({ replicas: 2, switches: { brokerEpochCheck } })
      set.nowMillis = 100_000
      set.elect(0, [0])
      set.tell(0)
      set.tell(1)
      set.produce(0, ['committed'])
      expect(set.acknowledged(0, 1)).toBe('NONE')
      set.fetch(1)
      // Its next fetch is under way when the machine dies with what was not flushed.
      const partition = {
        partition: 0,
        fetchOffset: 1,
        currentLeaderEpoch: 1,
        lastFetchedEpoch: 1,
        logStartOffset: 0,
      }
      set.crash(1, { survivingEndOffset: 0 })
      set.restart(1)
      expect(set.log(1).logEndOffset).toBe(0)
      const late = set
        .broker(0)
        .partition.fetchAsFollower({ ...partition, partitionMaxBytes: 1e6 }, 1, 1, 1e6, true, set.nowMillis)
      expect(late.errorCode).toBe(answer)
      const told = set.alterations.at(0)?.request.newIsrWithEpochs.map(({ brokerEpoch }) => brokerEpoch)
      expect(told).toEqual(lives)
      if (set.alterations.length > 0) set.alter()
      const elected = set.registration.isr.includes(1) ? 1 : 0
      set.crash(1 - elected)
      set.elect(elected)
      set.tell(elected)
      expect(set.values(elected).includes('committed')).toBe(!lost)
    },
  )
})

describe('with three replicas', () => {
  it.each([
    { highWatermarkFrozenBelowMinIsr: true, committed: 1 },
    { highWatermarkFrozenBelowMinIsr: false, committed: 2 },
  ])(
    '[KL4] B9: the last replica standing, frozen $highWatermarkFrozenBelowMinIsr, commits alone up to $committed',
    ({ highWatermarkFrozenBelowMinIsr, committed }) => {
      const switches = { highWatermarkFrozenBelowMinIsr }
      const set = new ReplicaSet({ replicas: 3, minInsyncReplicas: 2, switches })
      set.produce(0, ['a'])
      for (const id of [1, 2, 1, 2]) set.fetch(id)
      expect(set.acknowledged(0, 1)).toBe('NONE')
      set.nowMillis = 100_000
      set.elect(0, [0])
      for (const id of [0, 1, 2]) set.tell(id)
      set.produce(0, ['tail'], 1)
      expect(set.log(0).highWatermark).toBe(committed)
      // It loses its tail with the power: what consumers may have seen is gone if it was committed.
      set.crash(0, { survivingEndOffset: 1 })
      set.restart(0)
      expect(set.log(0).logEndOffset < committed).toBe(committed === 2)
    },
  )

  it.each([
    { expandRequiresEpochStart: true, lost: false },
    { expandRequiresEpochStart: false, lost: true },
  ])(
    '[KR8] B6: an ISR that grows below the start of the epoch ($expandRequiresEpochStart) loses what is committed: $lost',
    ({ expandRequiresEpochStart, lost }) => {
      const set = new ReplicaSet({
        replicas: 3,
        minInsyncReplicas: 2,
        switches: { expandRequiresEpochStart },
      })
      set.nowMillis = 100_000
      // Broker 2 lags; 0 and 1 commit a record that 1 does not know to be committed.
      set.elect(0, [0, 1])
      for (const id of [0, 1, 2]) set.tell(id)
      set.produce(0, ['committed'])
      set.fetch(1)
      set.fetch(1)
      expect(set.acknowledged(0, 1)).toBe('NONE')
      set.crash(0)
      set.elect(1, [0, 1])
      set.tell(1)
      set.tell(2)
      expect(set.log(1).highWatermark).toBe(0)
      const request = {
        partition: 0,
        fetchOffset: 0,
        currentLeaderEpoch: 2,
        lastFetchedEpoch: -1,
        logStartOffset: 0,
      }
      set
        .broker(1)
        .partition.fetchAsFollower({ ...request, partitionMaxBytes: 1e6 }, 2, 1, 1e6, true, set.nowMillis)
      if (set.alterations.length > 0) set.alter()
      const elected = set.registration.isr.includes(2) ? 2 : 1
      set.elect(elected)
      set.tell(elected)
      expect(set.values(elected).includes('committed')).toBe(!lost)
    },
  )
})

describe('a stale leader', () => {
  it.each([
    { fenceByLeaderEpoch: true, answer: 'FENCED_LEADER_EPOCH', fetched: -1 },
    { fenceByLeaderEpoch: false, answer: 'NONE', fetched: 1 },
  ])(
    '[KR1] B4: a fetch of an older epoch, fenced $fenceByLeaderEpoch: $answer',
    ({ fenceByLeaderEpoch, answer, fetched }) => {
      const set = new ReplicaSet({ replicas: 2, switches: { fenceByLeaderEpoch } })
      set.produce(0, ['a'], 1)
      set.fetch(1)
      set.elect(1)
      set.elect(0)
      const { partition } = set.broker(0)
      partition.makeFollower({ ...set.registration, leader: 1, leaderEpoch: 1, partitionEpoch: 1 })
      set.tell(0)
      expect(set.fetch(1, 0)).toBe(answer)
      expect(partition.follower(1)?.logEndOffset).toBe(fetched)
    },
  )
})

// As in Kafka 4.3: Partition.makeLeader takes states of the partition epoch that it has, and forgets what it has asked for.
it('[KR9] a leader that hears what it knows already no longer waits for whom the controller lets in', () => {
  const set = new ReplicaSet({ replicas: 3, minInsyncReplicas: 2 })
  set.nowMillis = 100_000
  set.elect(0, [0])
  for (const id of [0, 1, 2]) set.tell(id)
  set.produce(0, ['a'], 1)
  set.fetch(2)
  set.alter()
  // The answer is on its way to follower 1 all the time.
  const partition = {
    partition: 0,
    fetchOffset: 0,
    currentLeaderEpoch: 1,
    lastFetchedEpoch: -1,
    logStartOffset: 0,
  }
  set.broker(0).partition.fetchAsFollower({ ...partition, partitionMaxBytes: 1e6 }, 1, 1, 1e6, true, 100_000)
  expect(set.broker(0).partition.isr).toMatchObject({ committed: [0, 2], maximal: [0, 2, 1] })
  set.tell(0)
  expect(set.broker(0).partition.isr).toMatchObject({ maximal: [0, 2], proposed: undefined })
  set.fetch(2)
  set.alter()
  expect(set.registration.isr).toEqual([0, 2, 1])
  expect([set.log(0).highWatermark, set.log(1).logEndOffset]).toEqual([1, 0])
})
