import { describe, expect, it } from 'vitest'
import type { LogConfig } from '../../../../sim/kafka/log/config.ts'
import { Disk } from '../../../../sim/kafka/log/disk.ts'
import type { Log } from '../../../../sim/kafka/log/log.ts'
import { deletableSegments, deleteOldSegments, Retention } from '../../../../sim/kafka/log/retention.ts'
import { batchOf, emptyLog, producerBatch } from '../../../fixtures/log.ts'

const SIZE = batchOf(['test']).sizeInBytes
const MINUTE = 60_000

/** Fifteen batches of one record, in segments of five, all below the high watermark. */
const fifteen = (config: Partial<LogConfig> = {}, timestamp = -1, disk = new Disk()) => {
  const log = emptyLog({ config: { 'segment.bytes': 5 * SIZE, ...config }, disk })
  for (let n = 0; n < 15; n += 1) log.appendAsLeader(batchOf(['test'], timestamp), 0, 0)
  log.updateHighWatermark(15, 0)
  return log
}

/** What a check deletes, and what is left. */
const checked = (log: Log, nowMillis: number) => [
  deleteOldSegments(log, nowMillis),
  log.segments.count,
  log.logStartOffset,
]

// Facts of Kafka's UnifiedLogTest, by the names that they have there.

describe('retention', () => {
  it('[KD1] shouldDeleteSizeBasedSegments, shouldNotDeleteSizeBasedSegmentsWhenUnderRetentionSize', () => {
    expect(checked(fifteen({ 'retention.bytes': 10 * SIZE }), 0)).toEqual([1, 2, 5])
    expect(checked(fifteen({ 'retention.bytes': 15 * SIZE }), 0)).toEqual([0, 3, 0])
    expect(checked(fifteen({ 'retention.bytes': 10 * SIZE + 1 }), 0)).toEqual([0, 3, 0])
  })

  it('[KD1] [KD2] shouldDeleteTimeBasedSegmentsReadyToBeDeleted', () => {
    const log = fifteen({ 'segment.bytes': 15 * SIZE, 'retention.ms': 10_000 }, 10)
    expect(checked(log, 10_010)).toEqual([0, 1, 0])
    expect(checked(log, 10_011)).toEqual([1, 1, 15])
    expect(log.segments.active.baseOffset).toBe(15)
  })

  it('[KD1] records with a clock ahead stay as long as they say, and those without a time by the last write', () => {
    expect(checked(fifteen({ 'retention.ms': 1000 }, 3_000_000), 100_000)).toEqual([0, 3, 0])
    expect(checked(fifteen({ 'retention.ms': 1000 }), 1000)).toEqual([0, 3, 0])
    expect(checked(fifteen({ 'retention.ms': 1000 }), 1001)).toEqual([3, 1, 15])
  })

  it('[KD1] shouldNotDeleteSegmentsWhenPolicyDoesNotIncludeDelete, ...WhenCleanupPolicyIsCompactAndDelete', () => {
    const policy = (...policies: LogConfig['cleanup.policy']) => {
      const size = producerBatch(1, 0, 0).sizeInBytes
      const config = { 'cleanup.policy': policies, 'segment.bytes': 5 * size, 'retention.ms': 10_000 }
      const log = emptyLog({ config })
      for (let n = 0; n < 15; n += 1) log.appendAsLeader(producerBatch(1, 0, n), 0, 0)
      log.updateHighWatermark(15, 0)
      return checked(log, 20_000)
    }
    expect([policy('compact'), policy('compact', 'delete'), policy()]).toEqual([
      [0, 3, 0],
      [3, 1, 15],
      [0, 3, 0],
    ])
  })

  it('[KD1] [KL6] testLogDeletionAfterDeleteRecords', () => {
    const log = fifteen()
    const found = [1, 6, 15].map((offset) => {
      log.maybeIncrementLogStartOffset(offset, 0)
      return checked(log, 0)
    })
    expect(found).toEqual([
      [0, 3, 1],
      [1, 2, 6],
      [1, 1, 15],
    ])
  })

  it('[KD1] testRetentionIdempotency: what lies below the start goes first, and no longer shields what follows', () => {
    const log = emptyLog({ config: { 'retention.ms': 900 } })
    for (const [n, timestamp] of [100, 0, 100].entries()) {
      if (n > 0) log.roll(0)
      log.appendAsLeader(batchOf(['a'], timestamp), 0, 0)
    }
    log.updateHighWatermark(3, 0)
    expect(deleteOldSegments(log, 901)).toBe(0)
    log.maybeIncrementLogStartOffset(1, 901)
    expect([deleteOldSegments(log, 901), deleteOldSegments(log, 901)]).toEqual([2, 0])
  })

  it('[KD2] testCannotDeleteSegmentsAtOrAboveHighWatermark', () => {
    const log = emptyLog({ config: { 'segment.bytes': 512, 'retention.ms': 999 } })
    for (let n = 0; n < 100; n += 1) log.appendAsLeader(batchOf([`test${n}`], 0), 0, 0)
    expect(log.segments.count).toBeGreaterThan(5)
    for (let high = 0; high <= 100; high += 1) {
      log.updateHighWatermark(high, 1000)
      deleteOldSegments(log, 1000)
      const [first, ...rest] = log.segments.all
      expect([first?.baseOffset, log.logStartOffset]).toEqual([log.logStartOffset, first?.baseOffset])
      expect(log.logStartOffset).toBeLessThanOrEqual(high)
      for (const { baseOffset } of rest) expect(baseOffset).toBeGreaterThan(high)
    }
    expect([log.logStartOffset, log.segments.count, log.segments.active.sizeInBytes]).toEqual([100, 1, 0])
  })

  it('[KD2] testDeletableSegmentsFilter, testDeletableSegmentsIteration: up to the first that must stay, never the empty last', () => {
    const log = emptyLog()
    for (let n = 0; n <= 8; n += 1) {
      log.appendAsLeader(batchOf(['a']), 0, 0)
      log.roll(0)
    }
    log.updateHighWatermark(9, 0)
    const counts = [
      deletableSegments(log, ({ baseOffset }) => baseOffset <= 5),
      deletableSegments(log, ({ baseOffset }) => baseOffset !== 3),
      deletableSegments(log, () => true),
    ]
    expect([log.segments.count, ...counts]).toEqual([10, 6, 3, 9])
  })

  it('[KL10] shouldTruncateLeaderEpochsWhenDeletingSegments, shouldUpdateOffsetForLeaderEpochsWhenDeletingSegments', () => {
    const left = (second: number) => {
      const log = fifteen({ 'retention.bytes': 10 * SIZE })
      log.epochs.clear()
      for (const [epoch, offset] of [
        [0, 0],
        [1, second],
        [2, 10],
      ] as const)
        log.epochs.assign(epoch, offset)
      deleteOldSegments(log, 0)
      return log.epochs.entries.map(({ epoch, startOffset }) => [epoch, startOffset])
    }
    expect(left(5)).toEqual([
      [1, 5],
      [2, 10],
    ])
    expect(left(7)).toEqual([
      [0, 5],
      [1, 7],
      [2, 10],
    ])
  })

  it('[KS5] testProducerIdExpirationOnSegmentDeletion, testDeleteSnapshotsOnIncrementLogStartOffset', () => {
    const log = emptyLog({ config: { 'retention.bytes': 0 } })
    for (const pid of [1, 2]) {
      log.appendAsLeader(producerBatch(pid, 0, 0), 0, 0)
      log.roll(0)
    }
    expect(log.producers.snapshots.map(({ offset }) => offset)).toEqual([1, 2])
    log.updateHighWatermark(2, 0)
    expect(checked(log, 0)).toEqual([2, 1, 2])
    expect([...log.producers.active(0).keys()]).toEqual([1, 2])
    expect(log.producers.snapshots.map(({ offset }) => offset)).toEqual([2])
  })

  it('[KD2] the files go after file.delete.delay.ms', () => {
    const disk = new Disk()
    const log = fifteen({ 'retention.bytes': 10 * SIZE }, -1, disk)
    deleteOldSegments(log, 1000)
    expect([60_999, 61_000].map((nowMillis) => disk.usedBytes(nowMillis))).toEqual([15 * SIZE, 10 * SIZE])
  })
})

describe('the check of retention', () => {
  const retentionOf = (log: Log) => {
    const retention = new Retention(5 * MINUTE, MINUTE / 2, 0)
    retention.logs.push(log)
    return retention
  }

  it('[KD1] comes every five minutes, but only when there is something to do', () => {
    const log = fifteen({ 'retention.ms': 60 * MINUTE })
    const retention = retentionOf(log)
    expect(retention.nextDeadlineMillis()).toBe(60.5 * MINUTE)
    retention.advance(60.5 * MINUTE - 1)
    expect(log.segments.count).toBe(3)
    retention.advance(60.5 * MINUTE)
    expect([log.logStartOffset, retention.nextDeadlineMillis()]).toEqual([15, Number.POSITIVE_INFINITY])
  })

  it('[KD1] waits for the next check after a change, and for the high watermark', () => {
    const log = fifteen({ 'retention.bytes': 10 * SIZE })
    const retention = retentionOf(log)
    expect(retention.nextDeadlineMillis()).toBe(MINUTE / 2)
    retention.advance(MINUTE / 2)
    expect([log.segments.count, retention.nextDeadlineMillis()]).toEqual([2, 604_830_000])
    for (let n = 0; n < 5; n += 1) log.appendAsLeader(batchOf(['test']), 0, 7 * MINUTE)
    expect(retention.nextDeadlineMillis()).toBe(10.5 * MINUTE)
    retention.advance(10.5 * MINUTE)
    expect(log.segments.count).toBe(2)
    const fresh = emptyLog({ config: { 'retention.bytes': 0 } })
    fresh.appendAsLeader(batchOf(['test']), 0, 0)
    expect(retentionOf(fresh).nextDeadlineMillis()).toBe(Number.POSITIVE_INFINITY)
  })

  it('[KD1] leaves compacted logs to the cleaner', () => {
    const log = fifteen({ 'retention.bytes': 0 })
    log.reconfigure({ ...log.config, 'cleanup.policy': ['compact', 'delete'] }, 0)
    expect(retentionOf(log).nextDeadlineMillis()).toBe(Number.POSITIVE_INFINITY)
  })
})
