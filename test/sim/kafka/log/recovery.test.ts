import { describe, expect, it } from 'vitest'
import { Disk } from '../../../../sim/kafka/log/disk.ts'
import type { Log } from '../../../../sim/kafka/log/log.ts'
import {
  crashMachine,
  crashProcess,
  createLog,
  openLog,
  shutDown,
} from '../../../../sim/kafka/log/recovery.ts'
import {
  at,
  batchesOf,
  batchOf,
  emptyLog,
  endTransaction,
  type LogBenchOptions,
  logOptions,
  producerBatch,
  sequencer,
} from '../../../fixtures/log.ts'

const SIZE = batchOf(['x']).sizeInBytes

/** A log of batches of one record, two to a segment; the segments below the last one are flushed. */
const logOf = (count: number, options: LogBenchOptions = {}): Log => {
  const log = emptyLog({ ...options, config: { 'segment.bytes': 2 * SIZE, ...options.config } })
  for (let n = 0; n < count; n += 1) log.appendAsLeader(batchOf(['x']), 0, 0)
  return log
}

const reopen = (disk: Parameters<typeof openLog>[0], nowMillis = 0) => openLog(disk, logOptions(), nowMillis)
const bases = (log: Log) => log.segments.all.map(({ baseOffset }) => baseOffset)
const epochs = (log: Log) => log.epochs.entries.map(({ epoch, startOffset }) => [epoch, startOffset])

describe('a shutdown in order', () => {
  it('[KL15] testCleanShutdownFile: nothing is lost, checkpoints are exact, and nothing is checked', () => {
    const log = logOf(5)
    log.updateHighWatermark(4, 10)
    log.maybeIncrementLogStartOffset(1, 10)
    log.segments.active.replace(4, (batch) => batch.corrupted())
    const opened = reopen(shutDown(log, 10))
    expect([opened.logStartOffset, opened.highWatermark, opened.logEndOffset]).toEqual([1, 4, 5])
    expect([opened.recoveryPoint(10), bases(opened), epochs(opened)]).toEqual([5, [0, 2, 4], [[0, 1]]])
  })

  it('[KS5] the state of producers is that of the log, with one batch each', () => {
    const log = emptyLog()
    for (const n of [0, 1, 2]) log.appendAsLeader(producerBatch(1, 0, n), 0, 0)
    sequencer(log, 2, 0, true)(2)
    const opened = reopen(shutDown(log, 0))
    expect(opened.producers.entry(1, 0)).toMatchObject({ firstSequence: 2, lastSequence: 2 })
    expect(opened.firstUnstableOffset).toBe(3)
    expect(opened.appendAsLeader(producerBatch(1, 0, 2), 0, 0)).toMatchObject({
      isDuplicate: true,
      firstOffset: 2,
    })
    expect(opened.appendAsLeader(producerBatch(1, 0, 1), 0, 0).errorCode).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
  })
})

describe('a process that crashes', () => {
  it('[KL15] loses nothing that it wrote', () => {
    const log = logOf(5)
    const opened = reopen(crashProcess(log, 0))
    expect([opened.logEndOffset, bases(opened), batchesOf(opened).length]).toEqual([5, [0, 2, 4], 5])
    expect(opened.recoveryPoint(0)).toBe(0)
  })

  it('[KL15] starts with the checkpoints, which are as old as their intervals', () => {
    const log = logOf(5)
    log.updateHighWatermark(3, 4000)
    log.updateHighWatermark(5, 5000)
    log.maybeIncrementLogStartOffset(2, 59_999)
    expect(reopen(crashProcess(log, 5000)).highWatermark).toBe(3)
    const before = crashProcess(log, 59_999)
    expect([before.highWatermark, before.logStartOffset, before.recoveryPoint]).toEqual([5, 0, 0])
    const after = crashProcess(log, 60_000)
    expect([after.highWatermark, after.logStartOffset, after.recoveryPoint]).toEqual([5, 2, 4])
  })

  it('[KL1] [KL15] a high watermark above the log is cut to it', () => {
    const log = logOf(5)
    log.updateHighWatermark(5, 0)
    const disk = { ...crashMachine(log, 6000), highWatermark: 5 }
    expect(reopen(disk).highWatermark).toBe(4)
  })
})

describe('a machine that crashes', () => {
  it('[KL15] loses what was not flushed: a segment is, when the next one begins', () => {
    const opened = reopen(crashMachine(logOf(5), 0))
    expect([opened.logEndOffset, bases(opened), batchesOf(opened).length]).toEqual([4, [0, 2, 4], 4])
    const unrolled = reopen(crashMachine(logOf(2), 0))
    expect([unrolled.logEndOffset, bases(unrolled)]).toEqual([0, [0]])
  })

  it('[KL15] may keep more than that, but no more than was written', () => {
    const surviving = (survivingEndOffset: number) =>
      reopen(crashMachine(logOf(6, { config: { 'segment.bytes': 1e6 } }), 0, { survivingEndOffset }))
        .logEndOffset
    expect([0, 3, 6, 99].map(surviving)).toEqual([0, 3, 6, 6])
  })

  it('[KL15] may tear a batch, which is found by its checksum', () => {
    const disk = crashMachine(logOf(5), 0, { torn: true })
    expect(disk.segments.flatMap(({ batches }) => batches.map(({ isValid }) => isValid))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ])
    expect(reopen(disk).logEndOffset).toBe(4)
  })

  it.each([
    [0, 0],
    [50, 3],
    [100, 6],
  ])('[KL15] may keep %i percent of it', (survivingPercent, end) => {
    const log = logOf(6, { config: { 'segment.bytes': 1e6 } })
    expect(reopen(crashMachine(log, 0, { survivingPercent })).logEndOffset).toBe(end)
  })

  it('[KL15] may find a batch corrupt that was flushed, and what is behind it lost', () => {
    const log = logOf(6, { config: { 'segment.bytes': 1e6, 'flush.messages': 1 } })
    expect(reopen(crashMachine(log, 0)).logEndOffset).toBe(6)
    expect(reopen(crashMachine(log, 0, { corrupt: true })).logEndOffset).toBe(3)
    expect(reopen(crashMachine(emptyLog(), 0, { corrupt: true })).logEndOffset).toBe(0)
  })

  it('[KL15] keeps all when the switch says so', () => {
    const log = logOf(5, { switches: { pageCacheLossOnMachineCrash: false } })
    expect(reopen(crashMachine(log, 0)).logEndOffset).toBe(5)
  })

  it('[KL15] loses nothing again that it kept once', () => {
    const once = reopen(
      crashMachine(logOf(6, { config: { 'segment.bytes': 1e6 } }), 0, { survivingEndOffset: 4 }),
    )
    once.appendAsLeader(batchOf(['y']), 0, 0)
    expect(reopen(crashMachine(once, 0)).logEndOffset).toBe(4)
  })

  it('[KL15] flush.messages and flush.ms say what is flushed besides', () => {
    const left = (config: Record<string, number>, nowMillis: number) => {
      const log = emptyLog({ config })
      for (const [n, at] of [10, 20, 150, 160].entries()) log.appendAsLeader(batchOf([`${n}`]), 0, at)
      return reopen(crashMachine(log, nowMillis), nowMillis).logEndOffset
    }
    expect([left({}, 999), left({ 'flush.messages': 3 }, 160), left({ 'flush.messages': 1 }, 160)]).toEqual([
      0, 3, 4,
    ])
    expect([left({ 'flush.ms': 100 }, 199), left({ 'flush.ms': 100 }, 200)]).toEqual([2, 4])
  })

  it('[KS5] has all of the log to go by where a snapshot was not flushed yet, and then the last batch of each producer', () => {
    const log = emptyLog({ disk: new Disk(Number.POSITIVE_INFINITY, 100) })
    for (const n of [0, 1]) log.appendAsLeader(producerBatch(1, 0, n), 0, 0)
    log.roll(0)
    log.appendAsLeader(producerBatch(1, 0, 2), 0, 0)
    const opened = reopen(crashMachine(log, 50, { survivingEndOffset: 3 }), 50)
    expect(opened.producers.entry(1, 50)?.batches).toHaveLength(1)
    expect(opened.producers.entry(1, 50)?.lastSequence).toBe(2)
  })

  it('[KS5] loses what was not flushed, and the snapshot holds the rest', () => {
    const log = emptyLog()
    for (const n of [0, 1]) log.appendAsLeader(producerBatch(1, 0, n), 0, 0)
    log.roll(0)
    log.appendAsLeader(producerBatch(1, 0, 2), 0, 0)
    const opened = reopen(crashMachine(log, 0))
    expect([opened.producers.entry(1, 0)?.lastSequence, opened.logEndOffset]).toEqual([1, 2])
  })
})

describe('opening a log', () => {
  it('[KL15] cuts off at the first corrupt batch above the recovery point, with all segments above', () => {
    const log = logOf(8)
    log.segments.all[1]?.replace(3, (batch) => batch.corrupted())
    const opened = reopen(crashProcess(log, 0))
    expect([opened.logEndOffset, bases(opened)]).toEqual([3, [0, 2]])
  })

  it('[KL15] does not look below the recovery point', () => {
    const log = logOf(8)
    log.segments.all[0]?.replace(1, (batch) => batch.corrupted())
    expect(reopen(crashProcess(log, 60_000)).logEndOffset).toBe(8)
    expect(reopen(crashProcess(logOf(8), 0)).logEndOffset).toBe(8)
  })

  it('[KL8] [KL15] testLogRecoversForLeaderEpoch', () => {
    const log = emptyLog()
    for (const [offset, epoch] of [
      [0, 1],
      [1, 2],
      [2, 2],
      [3, 3],
    ] as const) {
      log.appendAsFollower([at(offset, batchOf(['x']), epoch)], epoch, 0)
    }
    log.epochs.truncateFromEnd(2)
    expect(epochs(reopen(crashProcess(log, 0)))).toEqual([
      [1, 0],
      [2, 1],
      [3, 3],
    ])
  })

  it('[KL10] [KL15] epochs above the end, and below the start, are cut', () => {
    const log = logOf(5)
    log.startEpoch(4)
    log.updateHighWatermark(5, 0)
    expect(epochs(reopen({ ...crashMachine(log, 0), logStartOffset: 3 }))).toEqual([[0, 3]])
  })

  it('[KL15] a log that ends below its start begins anew there', () => {
    const opened = reopen({ ...crashProcess(logOf(3), 0), logStartOffset: 9 })
    expect([opened.logStartOffset, opened.logEndOffset, bases(opened), epochs(opened)]).toEqual([
      9,
      9,
      [9],
      [],
    ])
  })

  it('[KT8] testRebuildTransactionalState, testFullTransactionIndexRecovery', () => {
    const log = emptyLog({ config: { 'segment.bytes': 400 } })
    const first = sequencer(log, 1, 0, true)
    const second = sequencer(log, 2, 0, true)
    first(5)
    second(2)
    first(4)
    endTransaction(log, 1, 0, 'ABORT')
    second(6)
    endTransaction(log, 2, 0, 'ABORT')
    first(1)
    const expected = log.segments.collectAborted(0, 0, log.logEndOffset)
    expect(expected).toHaveLength(2)
    log.updateHighWatermark(log.logEndOffset, 0)
    const opened = reopen(crashProcess(log, 5000), 5000)
    expect(opened.segments.collectAborted(0, 0, opened.logEndOffset)).toEqual(expected)
    expect([opened.firstUnstableOffset, opened.lastStableOffset]).toEqual([19, 19])
  })

  it('[KL15] what was cleaned stays cleaned', () => {
    const log = createLog(logOptions(), 0)
    log.firstDirtyOffset = 7
    expect(reopen(crashProcess(log, 0)).firstDirtyOffset).toBe(7)
  })
})
