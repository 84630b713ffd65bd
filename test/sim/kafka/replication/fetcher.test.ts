import { describe, expect, it } from 'vitest'
import { REPLICATION_DEFAULTS, REPLICATION_SWITCHES } from '../../../../sim/kafka/replication/config.ts'
import { PartitionFetcher } from '../../../../sim/kafka/replication/fetcher.ts'
import { at, batchOf, emptyLog } from '../../../fixtures/log.ts'
import { ReplicaSet } from '../../../fixtures/replicas.ts'

/** A follower with three records that its leader called out of range. */
function outOfRange(): PartitionFetcher {
  const log = emptyLog()
  log.appendAsFollower(
    [0, 1, 2].map((offset) => at(offset, batchOf(['x']))),
    0,
    0,
  )
  const fetcher = new PartitionFetcher(log, 0, 0, REPLICATION_DEFAULTS, REPLICATION_SWITCHES, 0)
  fetcher.refused('OFFSET_OUT_OF_RANGE', 0)
  expect(fetcher.request(0)).toEqual({ api: 'ListOffsets', currentLeaderEpoch: 0 })
  return fetcher
}

// AbstractFetcherThread.fetchOffsetAndTruncate.
it.each([
  { where: 'ends before it', earliest: 0, latest: 1, next: 1 },
  { where: 'ends where it does', earliest: 0, latest: 3, next: 3 },
  { where: 'begins where it ends', earliest: 3, latest: 9, next: 3 },
  { where: 'begins after it', earliest: 5, latest: 9, next: 5 },
])('[KR4] a follower whose leader $where goes on at $next', ({ earliest, latest, next }) => {
  const fetcher = outOfRange()
  fetcher.bounded(earliest, latest, 0)
  expect(fetcher.request(0)).toMatchObject({ api: 'Fetch', partition: { fetchOffset: next } })
})

describe('a follower', () => {
  it('[KR1] with another leader epoch is refused, and gives up or waits', () => {
    const set = new ReplicaSet({ replicas: 2 })
    set.elect(0)
    set.tell(0)
    expect(set.fetch(1)).toBe('FENCED_LEADER_EPOCH')
    set.nowMillis += 60_000
    expect(set.fetch(1)).toBe('idle')
    set.tell(1)
    expect(set.fetch(1)).toBe('NONE')
    set.elect(0)
    set.tell(1)
    expect(set.fetch(1)).toBe('UNKNOWN_LEADER_EPOCH')
    expect(set.fetch(1)).toBe('idle')
    set.tell(0)
    set.nowMillis += 1_000
    expect(set.fetch(1)).toBe('NONE')
  })

  it('[KR2] [KR3] truncates to where its log parts from the leader’s', () => {
    const set = new ReplicaSet({ replicas: 2 })
    set.produce(0, ['a', 'b'])
    set.catchUp(1)
    set.produce(0, ['lost'], 1)
    set.elect(1)
    set.tell(1)
    set.produce(1, ['c'], 1)
    set.tell(0)
    set.fetch(0)
    expect(set.log(0).logEndOffset).toBe(2)
    set.catchUp(0)
    expect(set.values(0)).toEqual(['a', 'b', 'c'])
    expect(set.broker(1).partition.follower(0)?.logEndOffset).toBe(3)
  })

  it('[KR2] in an epoch that its leader does not know is told where the one before ends, however far that is', () => {
    const set = new ReplicaSet({ replicas: 2 })
    set.produce(0, ['a', 'b', 'c', 'd'], 1)
    set.elect(0)
    set.elect(0)
    set.tell(0)
    const { partition } = set.broker(0)
    const request = { fetchOffset: 3, currentLeaderEpoch: 2, lastFetchedEpoch: 1, logStartOffset: 0 }
    expect(
      partition.fetchAsFollower({ ...request, partition: 0, partitionMaxBytes: 1e6 }, 1, 1, 1e6, true, 0),
    ).toMatchObject({
      divergingEpoch: { epoch: 0, endOffset: 4 },
      batches: [],
    })
  })

  it('[KR2] does not count as having fetched what diverges', () => {
    const set = new ReplicaSet({ replicas: 2 })
    set.produce(0, ['lost'], 1)
    set.elect(1)
    set.tell(1)
    set.tell(0)
    set.fetch(0)
    expect(set.broker(1).partition.follower(0)?.logEndOffset).toBe(-1)
  })

  it.each(['KIP-279', 'fetch'] as const)(
    '[KR3] asks again while the epochs that both know differ, truncating by %s',
    (truncation) => {
      const set = new ReplicaSet({ replicas: 2, switches: { truncation } })
      set.produce(0, ['a', 'b'])
      set.catchUp(1)
      set.produce(0, ['lost', 'lost'], 1)
      // Epoch 1 is known to broker 1 only, epoch 2 to broker 0 only.
      set.elect(1)
      set.tell(1)
      set.produce(1, ['c'], 1)
      set.elect(0)
      set.tell(0)
      set.produce(0, ['lost'], 1)
      set.elect(1)
      set.tell(1)
      set.produce(1, ['d'], 1)
      set.tell(0)
      set.catchUp(0)
      expect(set.values(0)).toEqual(['a', 'b', 'c', 'd'])
      expect(set.log(0).epochs.entries).toEqual(set.log(1).epochs.entries)
    },
  )

  it('[KR4] whose log ends before the leader’s begins starts anew', () => {
    const set = new ReplicaSet({ replicas: 2 })
    set.nowMillis = 100_000
    set.produce(0, ['a', 'b'])
    set.produce(0, ['c'])
    set.elect(0, [0])
    set.tell(0)
    expect(set.broker(0).partition.deleteRecords(2, set.nowMillis)).toBe('NONE')
    set.tell(1)
    expect(set.fetch(1)).toBe('OFFSET_OUT_OF_RANGE')
    set.fetch(1)
    expect([set.log(1).logStartOffset, set.log(1).logEndOffset]).toEqual([2, 2])
    set.catchUp(1)
    expect(set.values(1)).toEqual(['c'])
  })
})
