import { describe, expect, it } from 'vitest'
import { producedBatch } from '../../../../sim/kafka/log/batch.ts'
import { CleanedTransactions } from '../../../../sim/kafka/log/cleaned-transactions.ts'
import { cleanLog, cleanSegments, groupSegments, noCleanerStats } from '../../../../sim/kafka/log/cleaner.ts'
import { Disk } from '../../../../sim/kafka/log/disk.ts'
import { OffsetMap } from '../../../../sim/kafka/log/offset-map.ts'
import { crashProcess, openLog, shutDown } from '../../../../sim/kafka/log/recovery.ts'
import {
  abort,
  clean,
  cleanTwice,
  commit,
  compactLog as emptyLog,
  put,
  transactional,
} from '../../../fixtures/cleaner.ts'
import {
  at,
  batchesOf,
  batchOf,
  keysIn,
  lastOffsetsIn,
  lastSequencesIn,
  logOptions,
  offsetsIn,
  producerBatch,
  record,
} from '../../../fixtures/log.ts'

// Facts of Kafka's LogCleanerTest, by the names that they have there.

const DAY = 86_400_000

describe('compaction', () => {
  it('[KD4] testCleanSegments: the last record of each key stays, where it was', () => {
    const log = emptyLog({ config: { 'segment.bytes': 400 } })
    while (log.segments.count < 4) put(log, log.logEndOffset)
    const before = keysIn(log)
    const map = new OffsetMap()
    for (const key of [1, 3, 5, 7, 9]) map.put(`${key}`, Number.MAX_SAFE_INTEGER)
    map.latestOffset = Number.MAX_SAFE_INTEGER
    const stats = noCleanerStats()
    const three = log.segments.all.slice(0, 3)
    const bytes = three.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0)
    cleanSegments(log, three, map, new CleanedTransactions(), 0, three[2]?.nextOffset ?? 0, stats)
    expect(keysIn(log)).toEqual(before.filter((key) => ![1, 3, 5, 7, 9].includes(key)))
    expect([offsetsIn(log), stats.bytesRead]).toEqual([keysIn(log), bytes])
  })

  it('[KD4] testLogCleanerStats', () => {
    const log = emptyLog()
    for (const key of [0, 1, 0, 1, 0]) put(log, key)
    log.roll(0)
    const stats = noCleanerStats()
    const bytesRead = log.segments.sizeInBytes
    expect(cleanLog(log, 2, 5, 0, 3, stats)).toBe(5)
    const bytesWritten = log.segments.sizeInBytes
    expect(stats).toEqual({
      messagesRead: 5,
      messagesWritten: 2,
      invalidMessagesRead: 0,
      bytesRead,
      bytesWritten,
    })
  })

  it('[KD4] testPartialSegmentClean: a map with room for one key makes progress of one', () => {
    const log = emptyLog()
    for (const key of [0, 1, 0, 1, 0]) put(log, key)
    log.roll(0)
    const steps = [2, 3, 4].map((firstDirty) => {
      clean(log, firstDirty, 0, 1)
      return [keysIn(log), offsetsIn(log)]
    })
    expect(steps).toEqual([
      [
        [1, 0, 1, 0],
        [1, 2, 3, 4],
      ],
      [
        [0, 1, 0],
        [2, 3, 4],
      ],
      [
        [1, 0],
        [3, 4],
      ],
    ])
  })

  it('[KD4] testCleaningWithUncleanableSection', () => {
    const log = emptyLog({ config: { 'segment.bytes': 1024 } })
    const add = () => put(log, log.logEndOffset % 5, `${log.logEndOffset}`)
    while (log.segments.count <= 2) add()
    const firstUncleanable = log.logEndOffset + 1
    while (log.segments.count < 6) add()
    const before = batchesOf(log).filter(({ baseOffset }) => baseOffset >= firstUncleanable - 2)
    cleanLog(log, 0, firstUncleanable, 0)
    expect(batchesOf(log).slice(-before.length)).toEqual(before)
    expect(batchesOf(log).length).toBeLessThan(before.length + 10)
  })

  it('[KD4] testCleaningWithUnkeyedMessages', () => {
    const log = emptyLog({ config: { 'segment.bytes': 300 } })
    while (log.segments.count < 2) log.appendAsLeader(batchOf(['unkeyed']), 0, 0)
    while (log.segments.count < 3) put(log, log.logEndOffset)
    const stats = noCleanerStats()
    cleanLog(log, 0, log.segments.active.baseOffset, 0, undefined, stats)
    expect(stats.invalidMessagesRead).toBeGreaterThan(0)
    expect(batchesOf(log).flatMap(({ records }) => records.filter(({ key }) => key === null))).toEqual([])
  })

  it('[KD4] what the map had no room for stays, even without a key', () => {
    const log = emptyLog()
    for (const key of ['a', 'b']) put(log, key)
    log.appendAsLeader(batchOf(['unkeyed']), 0, 0)
    put(log, 'a')
    log.roll(0)
    expect(clean(log, 0, 0, 1)).toBe(1)
    expect(lastOffsetsIn(log)).toEqual([0, 1, 2, 3])
  })

  it('[KD4] testCleanSegmentsRetainingLastEmptyBatch: the last offset of a cleaning is not lost', () => {
    const log = emptyLog({ config: { 'segment.bytes': 400 } })
    while (log.segments.count < 4) put(log, log.logEndOffset)
    const map = new OffsetMap()
    for (const key of keysIn(log)) map.put(`${key}`, Number.MAX_SAFE_INTEGER)
    map.latestOffset = Number.MAX_SAFE_INTEGER
    const end = log.segments.active.baseOffset
    cleanSegments(log, log.segments.all.slice(0, 3), map, new CleanedTransactions(), 0, end)
    expect(log.segments.count).toBe(2)
    const [kept, ...others] = log.segments.first.batches
    expect([kept?.lastOffset, kept?.records, others]).toEqual([end - 1, [], []])
  })

  it('[KD4] testCleaningBeyondMissingOffsets', () => {
    const log = emptyLog({ config: { 'cleanup.policy': ['compact'] } })
    for (let n = 0; n <= 9; n += 1) put(log, n)
    log.roll(0, 15)
    for (let n = 15; n <= 24; n += 1)
      log.appendAsFollower([at(n, producedBatch([record(`${n}`, 'v')]))], 0, 0)
    log.roll(0, 30)
    log.appendAsFollower([at(30, producedBatch([record('1015', 'v')]))], 0, 0)
    expect(clean(log)).toBe(30)
  })

  it('[KD4] testRecoveryAfterCrash: what was cleaned is found cleaned', () => {
    const log = emptyLog({ config: { 'segment.bytes': 300 } })
    while (log.segments.count < 6) put(log, log.logEndOffset % 3)
    log.updateHighWatermark(log.logEndOffset, 0)
    clean(log)
    const expected = [keysIn(log), lastOffsetsIn(log)]
    const opened = openLog(crashProcess(log, 0), logOptions(), 0)
    expect([keysIn(opened), lastOffsetsIn(opened)]).toEqual(expected)
  })

  it('[KL15] a disk without room for the cleaned segment leaves the log as it is', () => {
    const disk = new Disk(500)
    const log = emptyLog({ disk })
    for (const key of [0, 1, 0, 1, 2]) put(log, key)
    log.roll(0)
    expect([clean(log), keysIn(log)]).toEqual([-1, [0, 1, 0, 1, 2]])
  })
})

describe('tombstones', () => {
  it('[KD4] testCleaningWithDeletes', () => {
    const log = emptyLog()
    for (let key = 0; key < 10; key += 1) put(log, key)
    for (let key = 0; key < 10; key += 2) put(log, key, null)
    log.roll(0)
    clean(log)
    expect(keysIn(log)).toEqual([1, 3, 5, 7, 9])
    expect(batchesOf(log).filter(({ records }) => records[0]?.value === null)).toHaveLength(5)
  })

  it('[KD5] stay until delete.retention.ms after the first cleaning that saw them', () => {
    const log = emptyLog()
    put(log, 'k', null)
    put(log, 'z')
    log.roll(0)
    const tombstones = () => batchesOf(log).filter(({ records }) => records[0]?.value === null)
    const steps = [5000, 5000 + DAY - 1, 5000 + DAY].map((nowMillis) => {
      clean(log, 0, nowMillis)
      return tombstones().map(({ deleteHorizonMillis }) => deleteHorizonMillis)
    })
    expect(steps).toEqual([[5000 + DAY], [5000 + DAY], []])
  })

  it('[KD5] testCleanTombstone: the times of the records do not matter', () => {
    const log = emptyLog({ config: { 'message.timestamp.after.max.ms': Number.POSITIVE_INFINITY } })
    const add = (key: string, value: string | null, timestamp: number) => {
      log.appendAsLeader(producedBatch([record(key, value, timestamp)]), 0, 2 * DAY)
      log.roll(2 * DAY)
    }
    add('0', '0', 3 * DAY + 10_000)
    clean(log, 0, 2 * DAY)
    add('0', null, DAY - 10_000)
    clean(log, 1, 2 * DAY)
    expect(log.segments.first.batches[0]?.lastOffset).toBe(1)
    add('1', '1', 2 * DAY)
    clean(log, 2, 2 * DAY)
    expect(log.segments.first.batches[0]?.lastOffset).toBe(1)
  })
})

describe('producers', () => {
  it('[KD6] testDuplicateCheckAfterCleaning', () => {
    let log = emptyLog()
    const append = (pid: number, keys: readonly number[]) => {
      const { errorCode, firstOffset, lastOffset } = log.appendAsLeader(producerBatch(pid, 0, 0, keys), 0, 0)
      return [errorCode, firstOffset, lastOffset]
    }
    const reload = () => {
      log = openLog(shutDown(log, 0), logOptions(), 0)
    }
    append(1, [1, 2, 3])
    append(2, [3, 1, 4])
    append(3, [1, 4])
    log.roll(0)
    clean(log)
    expect([lastOffsetsIn(log), keysIn(log), offsetsIn(log)]).toEqual([
      [2, 5, 7],
      [2, 3, 1, 4],
      [1, 3, 6, 7],
    ])
    expect(lastSequencesIn(log)).toEqual(
      new Map([
        [1, 2],
        [2, 2],
        [3, 1],
      ]),
    )
    reload()
    expect([append(1, [1, 2, 3]), append(3, [1, 4]), append(2, [3, 1, 4])]).toEqual([
      ['NONE', 0, 2],
      ['NONE', 6, 7],
      ['NONE', 3, 5],
    ])
    append(4, [2])
    log.roll(0)
    clean(log)
    expect([lastOffsetsIn(log), keysIn(log), offsetsIn(log)]).toEqual([
      [2, 5, 7, 8],
      [3, 1, 4, 2],
      [3, 6, 7, 8],
    ])
    expect(lastSequencesIn(log)).toEqual(
      new Map([
        [1, 2],
        [2, 2],
        [3, 1],
        [4, 0],
      ]),
    )
    reload()
    expect(append(1, [1, 2, 3])).toEqual(['NONE', 0, 2])
  })

  it('[KD6] testLogCleanerRetainsProducerLastSequence', () => {
    const log = emptyLog()
    put(log, 0)
    for (const [pid, sequence, key] of [
      [1, 0, 0],
      [2, 0, 0],
      [3, 0, 0],
      [2, 1, 1],
    ] as const) {
      log.appendAsLeader(producerBatch(pid, 0, sequence, [key]), 0, 0)
    }
    log.roll(0)
    clean(log)
    expect([lastOffsetsIn(log), keysIn(log), offsetsIn(log)]).toEqual([
      [1, 3, 4],
      [0, 1],
      [3, 4],
    ])
    expect(lastSequencesIn(log)).toEqual(
      new Map([
        [1, 0],
        [3, 0],
        [2, 1],
      ]),
    )
  })

  it('[KD6] testLogCleanerRetainsLastSequenceEvenIfTransactionAborted', () => {
    const log = emptyLog()
    const append = transactional(log, 1)
    append([1])
    append([2, 3])
    abort(log, 1)
    log.roll(0)
    clean(log)
    expect([lastOffsetsIn(log), keysIn(log), offsetsIn(log)]).toEqual([[2, 3], [], [3]])
    append([1, 5])
    log.roll(0)
    clean(log)
    expect([lastOffsetsIn(log), keysIn(log), offsetsIn(log)]).toEqual([
      [3, 5],
      [1, 5],
      [3, 4, 5],
    ])
    expect(lastSequencesIn(log)).toEqual(new Map([[1, 4]]))
  })

  it('[KD6] testCleanEmptyControlBatch: the epoch of a producer outlives its marker', () => {
    const log = emptyLog()
    commit(log, 1)
    put(log, 2)
    put(log, 3)
    log.roll(0)
    cleanTwice(log)
    const expected = [
      [2, 3],
      [1, 2],
      [0, 1, 2],
    ]
    expect([keysIn(log), offsetsIn(log), lastOffsetsIn(log)]).toEqual(expected)
    clean(log, 3, 9e12)
    expect([keysIn(log), offsetsIn(log), lastOffsetsIn(log)]).toEqual(expected)
  })
})

describe('groups of segments', () => {
  it('[KD4] testSegmentGrouping', () => {
    const log = emptyLog({ config: { 'segment.bytes': 300, 'index.interval.bytes': 1 } })
    while (log.segments.count < 10) put(log, 'hello', 'hello')
    const { all } = log.segments
    const sizes = (bytes: number, indexBytes: number) =>
      groupSegments(all, bytes, indexBytes, log.logEndOffset).map(({ length }) => length)
    const three = all.slice(0, 3)
    expect(sizes(1e9, 1e9)).toEqual([10])
    expect(sizes(1, 1e9)).toEqual(all.map(() => 1))
    expect(sizes(1e9, 1).slice(0, 9)).toEqual(Array(9).fill(1))
    expect(
      sizes(
        three.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 1),
        1e9,
      ).slice(0, 2),
    ).toEqual([3, 3])
    expect(
      sizes(
        1e9,
        three.reduce((sum, { offsetIndexBytes }) => sum + offsetIndexBytes, 1),
      ).slice(0, 2),
    ).toEqual([3, 3])
  })

  it('[KD4] testSegmentGroupingWithSparseOffsets: no more offsets than 32 bits can tell apart', () => {
    const log = emptyLog({ config: { 'segment.bytes': 160 } })
    put(log, 'hello')
    put(log, 'hello')
    log.appendAsFollower([at(2 ** 31 - 2, producedBatch([record('hello', 'v')]))], 0, 0)
    put(log, 'hello')
    const groups = () => groupSegments(log.segments.all, 1e9, 1e9, log.logEndOffset).length
    expect([log.segments.count, groups()]).toEqual([2, 1])
    put(log, 'hello')
    expect([log.segments.count, groups()]).toEqual([3, 2])
  })

  it('[KD4] [KS5] testCompactionDeletesProducerStateSnapshots: segments are merged, and snapshots of old ones go', () => {
    const log = emptyLog()
    for (const n of [0, 1, 2]) {
      log.appendAsLeader(producerBatch(1, 0, n, ['a']), 0, 0)
      if (n < 2) log.roll(0)
    }
    expect(log.producers.snapshots.map(({ offset }) => offset)).toEqual([1, 2])
    clean(log)
    expect(log.segments.all.map(({ baseOffset }) => baseOffset)).toEqual([0, 2])
    expect(log.producers.snapshots.map(({ offset }) => offset)).toEqual([2])
  })
})
