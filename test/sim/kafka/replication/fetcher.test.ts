import { expect, it } from 'vitest'
import { REPLICATION_DEFAULTS, REPLICATION_SWITCHES } from '../../../../sim/kafka/replication/config.ts'
import { PartitionFetcher } from '../../../../sim/kafka/replication/fetcher.ts'
import { at, batchOf, emptyLog } from '../../../fixtures/log.ts'

/** A follower with three records that its leader called out of range. */
function outOfRange(): PartitionFetcher {
  const log = emptyLog()
  log.appendAsFollower(
    [0, 1, 2].map((offset) => at(offset, batchOf(['x']))),
    0,
    0,
  )
  const fetcher = new PartitionFetcher(log, 0, REPLICATION_DEFAULTS, REPLICATION_SWITCHES, 0)
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
