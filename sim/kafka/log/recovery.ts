import { lastOf } from '../../kernel/list.ts'
import type { RecordBatch } from './batch.ts'
import { type EpochEntry, LeaderEpochCache } from './epoch-cache.ts'
import { Log } from './log.ts'
import type { LoadedLog, LogOptions } from './options.ts'
import { type ProducerSnapshot, ProducerState } from './producer-state.ts'
import { rebuildProducerState } from './rebuild.ts'
import { LogSegment } from './segment.ts'
import { LogSegments } from './segments.ts'

/** What a broker that is down has on disk of one log. The log that it was taken from must not be used any more. */
export interface StoredLog {
  readonly segments: readonly LogSegment[]
  readonly epochs: readonly EpochEntry[]
  readonly snapshots: readonly ProducerSnapshot[]
  /** The checkpoints, as old as their intervals. */
  readonly highWatermark: number
  readonly recoveryPoint: number
  readonly logStartOffset: number
  /** Below it everything is on disk; above it some of it is in the page cache. */
  readonly durableOffset: number
  readonly firstDirtyOffset: number | undefined
  /** The broker was shut down in order: nothing needs to be checked. */
  readonly cleanShutdown: boolean
}

/** What a machine that crashes keeps of what was written but not flushed. */
export interface PageCacheLoss {
  /** Offset up to which records survive, between what was flushed (the default) and the end of the log. */
  readonly survivingEndOffset?: number
  /** If that is not said: the share of what was not flushed that survives, in percent. */
  readonly survivingPercent?: number
  /** Part of the next batch reached the disk. */
  readonly torn?: boolean
  /** The batch in the middle of the last segment does not fit its checksum, whether or not it was flushed. */
  readonly corrupt?: boolean
}

/** A log without content. @param logStartOffset where it begins, if not at 0 */
export function createLog(options: LogOptions, nowMillis: number, logStartOffset = 0): Log {
  return new Log(options, logStartOffset === 0 ? EMPTY_FROM_0 : emptyFrom(logStartOffset), nowMillis)
}

/** The content of a log without content. */
function emptyFrom(offset: number): LoadedLog {
  const marks = {
    highWatermark: offset,
    logStartOffset: offset,
    recoveryPoint: offset,
    durableOffset: offset,
    firstDirtyOffset: undefined,
  }
  return { segments: undefined, epochs: undefined, producers: undefined, marks }
}

const EMPTY_FROM_0 = emptyFrom(0)

/** The broker is shut down in order: everything is flushed, and every checkpoint is written (rule L15). */
export function shutDown(log: Log, nowMillis: number): StoredLog {
  log.flush(nowMillis)
  log.producers.takeSnapshot(nowMillis)
  return {
    ...stored(log, nowMillis),
    highWatermark: log.highWatermark,
    recoveryPoint: log.logEndOffset,
    durableOffset: log.logEndOffset,
    logStartOffset: log.logStartOffset,
    cleanShutdown: true,
  }
}

/** The broker's process dies: what it wrote is in the page cache, and stays (rule L15). */
export function crashProcess(log: Log, nowMillis: number): StoredLog {
  return stored(log, nowMillis)
}

/**
 * The broker's machine dies: of what was not flushed, a suffix is lost (rule L15). Whole batches survive, except for one
 * that is torn. Out of scope: a page cache that is written back out of order, and deletions that come undone.
 */
export function crashMachine(log: Log, nowMillis: number, loss: PageCacheLoss = {}): StoredLog {
  const disk = stored(log, nowMillis)
  if (!log.options.switches.pageCacheLossOnMachineCrash) return disk
  const { durableOffset } = disk
  const share = Math.floor(((log.logEndOffset - durableOffset) * (loss.survivingPercent ?? 0)) / 100)
  const surviving = loss.survivingEndOffset ?? durableOffset + share
  const end = Math.max(durableOffset, Math.min(surviving, log.logEndOffset))
  const segments = disk.segments.filter(({ baseOffset }, index) => index === 0 || baseOffset <= end)
  const last = segments[segments.length - 1] as LogSegment
  const lost = last.batches[last.indexOf(end)]
  last.truncateTo(end, nowMillis)
  if (loss.torn && lost !== undefined)
    last.append(lost.corrupted(), log.config['index.interval.bytes'], nowMillis)
  const middle = last.batches[last.batches.length >> 1]
  if (loss.corrupt && middle !== undefined) last.replace(middle.baseOffset, (batch) => batch.corrupted())
  const snapshots = disk.snapshots.filter(({ offset }) => offset <= durableOffset)
  return { ...disk, segments, snapshots, durableOffset: last.nextOffset }
}

/**
 * Opens a log: after a crash every segment above the checkpointed recovery point is checked, and cut at the first batch
 * whose checksum is wrong, with everything above (rule L15). The high watermark is the checkpointed one. Source:
 * LogLoader, LogSegment.recover.
 */
export function openLog(disk: StoredLog, options: LogOptions, nowMillis: number): Log {
  const epochs = new LeaderEpochCache(disk.epochs)
  const checked = disk.cleanShutdown ? disk.segments : checkSegments(disk, epochs, nowMillis)
  const kept = endOf(checked) < disk.logStartOffset ? [] : checked
  if (kept.length === 0 && checked.length > 0) epochs.clear()
  const segments = kept.length > 0 ? [...kept] : [new LogSegment(disk.logStartOffset, nowMillis)]
  const logEndOffset = endOf(segments)
  const logStartOffset = Math.max(disk.logStartOffset, (segments[0] as LogSegment).baseOffset)
  epochs.truncateFromEnd(logEndOffset)
  epochs.truncateFromStart(disk.logStartOffset)
  const isRecovered = disk.cleanShutdown || logEndOffset <= disk.recoveryPoint
  const snapshots = isRecovered
    ? disk.snapshots
    : recoveredSnapshots(
        new ProducerState(options, disk.snapshots),
        segments,
        disk.recoveryPoint,
        logStartOffset,
        nowMillis,
      )
  const producers = new ProducerState(options, snapshots)
  producers.removeStraySnapshots(segments.map(({ baseOffset }) => baseOffset))
  rebuildProducerState(producers, new LogSegments(segments), logStartOffset, logEndOffset, nowMillis)
  const recoveryPoint = Math.min(disk.cleanShutdown ? logEndOffset : disk.recoveryPoint, logEndOffset)
  const durableOffset = Math.min(disk.durableOffset, logEndOffset)
  const { highWatermark, firstDirtyOffset } = disk
  const marks = { highWatermark, logStartOffset, recoveryPoint, durableOffset, firstDirtyOffset }
  return new Log(options, { segments, epochs, producers, marks }, nowMillis)
}

function stored(log: Log, nowMillis: number): StoredLog {
  const { flushes, highWatermark, logStart } = log.marks
  return {
    segments: log.segments.all,
    epochs: log.epochs.entries,
    snapshots: log.producers.snapshots,
    highWatermark: highWatermark.stored(nowMillis),
    recoveryPoint: flushes.stored(log.logEndOffset, nowMillis),
    logStartOffset: logStart.stored(nowMillis),
    durableOffset: flushes.durableOffset(log.logEndOffset, nowMillis),
    firstDirtyOffset: log.firstDirtyOffset,
    cleanShutdown: false,
  }
}

function endOf(segments: readonly LogSegment[]): number {
  return lastOf(segments)?.nextOffset ?? -1
}

/** The segments up to the first batch above the recovery point that is corrupt. */
function checkSegments(disk: StoredLog, epochs: LeaderEpochCache, nowMillis: number): LogSegment[] {
  const checked: LogSegment[] = []
  for (const [index, segment] of disk.segments.entries()) {
    checked.push(segment)
    const nextBase = disk.segments[index + 1]?.baseOffset ?? Number.POSITIVE_INFINITY
    if (nextBase <= disk.recoveryPoint) continue
    const corrupt = segment.batches.find(({ isValid }) => !isValid)
    if (corrupt !== undefined) segment.truncateTo(corrupt.baseOffset, nowMillis)
    for (const batch of segment.batches) recoverEpoch(epochs, batch)
    if (corrupt !== undefined) break
  }
  return checked
}

/**
 * The snapshots that recovery leaves: one after each segment that it checked. What is loaded from one knows only the last
 * batch of each producer, so that after a crash, too, older ones are no duplicates any more.
 */
function recoveredSnapshots(
  producers: ProducerState,
  segments: LogSegment[],
  recoveryPoint: number,
  logStartOffset: number,
  nowMillis: number,
): readonly ProducerSnapshot[] {
  const all = new LogSegments(segments)
  for (const segment of segments)
    if (segment.nextOffset > recoveryPoint)
      rebuildProducerState(producers, all, logStartOffset, segment.nextOffset, nowMillis)
  return producers.snapshots
}

function recoverEpoch(epochs: LeaderEpochCache, batch: RecordBatch): void {
  if (batch.partitionLeaderEpoch > epochs.latestEpoch)
    epochs.assign(batch.partitionLeaderEpoch, batch.baseOffset)
}
