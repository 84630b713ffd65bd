import { describe, expect, it } from 'vitest'
import type { Log } from '../../../../sim/kafka/log/log.ts'
import { CommittedLog } from '../../../../sim/kafka/oracle/replica-committed.ts'
import {
  candidateCompleteness,
  consistentRead,
  leaderCompleteness,
  logMatching,
  noAcknowledgedRecordLost,
  noCommittedRecordLost,
  replicaAnomalies,
  validHighWatermark,
  weakIsr,
} from '../../../../sim/kafka/oracle/replica-invariant.ts'
import {
  isSameBatch,
  type ReplicaAnomaly,
  type ReplicaView,
} from '../../../../sim/kafka/oracle/replica-view.ts'
import { batchesOf, batchOf, emptyLog } from '../../../fixtures/log.ts'

/** A log of records with the epochs in which they were written: 'a1' is a value of epoch 1. */
function logOf(records: string, highWatermark: number): Log {
  const log = emptyLog()
  for (const value of records.split(' ').filter((word) => word !== ''))
    log.appendAsLeader(batchOf([value]), Number(value.slice(1)), 0)
  log.updateHighWatermark(highWatermark, 0)
  return log
}

interface Fields {
  readonly leads?: number
  readonly isr?: readonly number[]
}

/** @param leads the epoch in which it leads, if it does */
function view(
  brokerId: number,
  records: string,
  highWatermark: number,
  { leads, isr }: Fields = {},
): ReplicaView {
  return {
    brokerId,
    isLeader: leads !== undefined,
    leaderEpoch: leads ?? 0,
    log: logOf(records, highWatermark),
    isr: isr ?? [brokerId],
  }
}

/** Three replicas of which all is well. */
const WELL = [view(0, 'a0 b0 c1', 2, { leads: 1, isr: [0, 1] }), view(1, 'a0 b0 c1', 1), view(2, 'a0', 0)]

function observed(views: readonly ReplicaView[]): CommittedLog {
  const committed = new CommittedLog()
  committed.observe(views)
  return committed
}

const named = (anomalies: readonly ReplicaAnomaly[]) =>
  anomalies.map(({ invariant, brokers, offset }) => `${invariant} ${brokers.join()}@${offset}`)

describe('the committed log', () => {
  it('[KI1] grows with the high watermarks of leaders, and never shrinks', () => {
    const committed = observed(WELL)
    expect(committed.endOffset).toBe(2)
    expect(committed.observe([view(1, 'a0 b0', 1, { leads: 2 })])).toEqual([])
    expect([committed.endOffset, committed.latestLeaderEpoch]).toEqual([2, 2])
    committed.observe([view(1, 'a0 b0 d2', 3, { leads: 2 })])
    committed.observe([view(0, 'a0 b0 d2 e2', 4)])
    expect(committed.batches.map(({ records }) => records[0]?.value)).toEqual(['a0', 'b0', 'd2'])
  })

  it.each([
    { what: 'another record', records: 'a0 x1', at: 1 },
    { what: 'another epoch of it', records: 'a0 b1', at: 1 },
    { what: 'both of them new', records: 'x0 y0', at: 0 },
  ])('[KI1] tells when something is committed where something else was: $what', ({ records, at }) => {
    const committed = observed(WELL)
    const found = committed.observe([view(1, records, 2, { leads: 2 })])
    expect(named(found)).toEqual([`CommittedOnce 1@${at}`])
  })

  it('[KI1] tells when two lead in one epoch, even one after the other', () => {
    const committed = observed(WELL)
    const found = committed.observe([view(1, 'a0 b0', 1, { leads: 1 })])
    expect(named(found)).toEqual(['NeverTwoLeadersInSameEpoch 0,1@2'])
  })
})

describe('batches', () => {
  const batch = batchOf(['a'])
  it.each([
    { what: 'all', other: batchOf(['a']).assigned(3, 1, -1), same: true },
    { what: 'another offset', other: batch.assigned(4, 1, -1), same: false },
    { what: 'another epoch', other: batch.assigned(3, 2, -1), same: false },
    { what: 'another value', other: batchOf(['b']).assigned(3, 1, -1), same: false },
  ])('[KI4] are the same by offset, epoch and records: $what, $same', ({ other, same }) => {
    expect(isSameBatch(batch.assigned(3, 1, -1), other)).toBe(same)
  })
})

describe('the invariants', () => {
  it('[KI2] [KI4] [KI5] [KI6] are asked all at once', () => {
    const views = [view(1, 'a0 x0 y0', 3, { leads: 2, isr: [1, 2] }), view(2, 'a0 z0', 2)]
    expect(named(replicaAnomalies(views, observed(WELL)))).toEqual([
      'LeaderCompleteness 1@1',
      'LogMatching 1,2@1',
      'NoCommittedRecordLost 1,2@1',
      'ValidHighWatermark 1@3',
      'WeakIsr 1,2@1',
    ])
  })

  it('[KI5] do not ask for what retention has taken away', () => {
    const committed = new CommittedLog()
    committed.observe([view(0, 'a0 b0 c1', 3, { leads: 1 })])
    const log = emptyLog()
    log.truncateFullyAndStartAt(2, 0)
    log.appendAsLeader(batchOf(['x1']), 1, 0)
    const young = { ...view(1, '', 0), log }
    expect(noCommittedRecordLost([young, view(2, 'y0 z0 c1', 0)], committed)).toEqual([])
    expect(noAcknowledgedRecordLost(young, [{ offset: 1, value: 'b0' }])).toEqual([])
    expect(noAcknowledgedRecordLost(young, [{ offset: 2, value: 'c1' }])).toHaveLength(1)
  })

  it('[KI2] [KI4] [KI5] [KI6] hold where all is well', () => {
    expect(replicaAnomalies(WELL, observed(WELL))).toEqual([])
  })

  it.each([
    {
      what: 'a leader without the end',
      leader: view(1, 'a0', 1, { leads: 2 }),
      found: ['LeaderCompleteness 1@1'],
    },
    {
      what: 'a leader with others',
      leader: view(1, 'a0 x0', 1, { leads: 2 }),
      found: ['LeaderCompleteness 1@1'],
    },
    { what: 'a leader of an older epoch', leader: view(1, 'a0', 1, { leads: 0 }), found: [] },
    { what: 'a leader with all', leader: view(1, 'a0 b0', 1, { leads: 2 }), found: [] },
  ])('[KI2] $what: $found', ({ leader, found }) => {
    const committed = observed(WELL)
    committed.observe([leader])
    expect(named(leaderCompleteness([leader], committed))).toEqual(found)
  })

  it('[KI3] who may be elected has everything', () => {
    const committed = observed(WELL)
    expect(candidateCompleteness(WELL.slice(0, 2), committed)).toEqual([])
    expect(named(candidateCompleteness(WELL, committed))).toEqual(['LeaderCandidateCompleteness 2@1'])
  })

  it.each([
    { what: 'differ below both high watermarks', b: view(1, 'a0 x0 c1', 2), found: ['LogMatching 0,1@1'] },
    { what: 'differ there in other epochs', b: view(1, 'a0 x1 c1', 2), found: ['LogMatching 0,1@1'] },
    { what: 'differ above one of them, in other epochs', b: view(1, 'a0 x2', 1), found: [] },
    { what: 'differ in one epoch', b: view(1, 'a0 x0', 1), found: ['LogMatching 0,1@1'] },
    { what: 'differ in one epoch further on', b: view(1, 'a0 x2 y1', 1), found: ['LogMatching 0,1@2'] },
    { what: 'are of other lengths', b: view(1, 'a0', 1), found: [] },
  ])('[KI4] logs that $what: $found', ({ b, found }) => {
    const a = view(0, 'a0 b0 c1', 2)
    expect(named(logMatching([a, b]))).toEqual(found)
    expect(logMatching([b, a])).toHaveLength(found.length)
  })

  it('[KI5] what is committed is somewhere', () => {
    const committed = observed(WELL)
    expect(noCommittedRecordLost(WELL.slice(1), committed)).toEqual([])
    expect(noCommittedRecordLost([view(1, 'a0 x0', 0), view(2, 'x0 b0', 0)], committed)).toEqual([])
    expect(named(noCommittedRecordLost([view(1, 'a0 x0', 0), WELL[2] as ReplicaView], committed))).toEqual([
      'NoCommittedRecordLost 1,2@1',
    ])
  })

  it.each([
    { value: 'b0', offset: 1, lost: 0 },
    { value: 'c1', offset: 2, lost: 0 },
    { value: 'x0', offset: 1, lost: 1 },
    { value: 'd1', offset: 3, lost: 1 },
  ])(
    '[KI5] what was acknowledged is where it was said to be: $value at $offset',
    ({ value, offset, lost }) => {
      const [leader] = WELL as [ReplicaView]
      const found = noAcknowledgedRecordLost(leader, [{ value, offset }])
      expect(named(found)).toEqual(lost > 0 ? [`NoAcknowledgedRecordLost 0@${offset}`] : [])
    },
  )

  it('[KI6] a high watermark is within its log, and below what leaders have committed', () => {
    const committed = observed(WELL)
    const ahead = view(1, 'a0 b0 c1', 3)
    expect(named(validHighWatermark([ahead], committed))).toEqual(['ValidHighWatermark 1@3'])
    const { log } = view(1, 'a0', 1)
    const beyond = { ...log, highWatermark: 2, logEndOffset: 1, logStartOffset: 0, segments: log.segments }
    expect(named(validHighWatermark([{ ...ahead, log: beyond }], committed))).toEqual([
      'ValidHighWatermark 1@2',
    ])
    const below = { ...beyond, highWatermark: 0, logStartOffset: 1 }
    expect(named(validHighWatermark([{ ...ahead, log: below }], committed))).toEqual([
      'ValidHighWatermark 1@0',
    ])
  })

  it('[KI6] members of the ISR have what their leader takes for committed', () => {
    const [leader, member, other] = WELL as [ReplicaView, ReplicaView, ReplicaView]
    expect(weakIsr([leader, member, other])).toEqual([])
    expect(weakIsr([{ ...leader, isLeader: false, isr: [0, 1, 2] }, member, other])).toEqual([])
    expect(named(weakIsr([{ ...leader, isr: [0, 1, 2] }, member, other]))).toEqual(['WeakIsr 0,2@1'])
  })

  it('[KI7] consumers read what is committed', () => {
    const committed = observed(WELL)
    const read = (records: string) => consistentRead(0, batchesOf(logOf(records, 0)), committed)
    expect([...read('a0 b0'), ...read('a0')]).toEqual([])
    expect(named(read('a0 b0 c1'))).toEqual(['ConsistentRead 0@2'])
    expect(named(read('a0 x0'))).toEqual(['ConsistentRead 0@1'])
  })
})
