import { cleanLog } from './cleaner.ts'
import type { LogBrokerConfig } from './config.ts'
import type { Log } from './log.ts'
import { deleteOldSegments } from './retention.ts'
import type { LogSegment } from './segment.ts'

/** The part of a log that a cleaning may go through. Source: LogCleanerManager.OffsetsToClean. */
export interface OffsetsToClean {
  readonly firstDirtyOffset: number
  readonly firstUncleanableOffset: number
}

/** Bytes of a key and its offset in the cleaner's map. Source: SkimpyOffsetMap. */
const MAP_ENTRY_BYTES = 24

/** What is dirty, but for what the active segment, open transactions and min.compaction.lag.ms protect (rule D4). */
export function cleanableOffsets(log: Log, nowMillis: number): OffsetsToClean {
  const { firstDirtyOffset: checkpoint = log.logStartOffset, logStartOffset, logEndOffset } = log
  const isValid = checkpoint >= logStartOffset && checkpoint <= logEndOffset
  const firstDirtyOffset = isValid ? checkpoint : logStartOffset
  let end = Math.min(log.lastStableOffset, log.segments.active.baseOffset)
  const lagMs = log.config['min.compaction.lag.ms']
  if (lagMs > 0) {
    const dirty = log.segments.nonActiveFrom(firstDirtyOffset)
    const young = dirty.find(({ largestTimestamp }) => largestTimestamp > nowMillis - lagMs)
    end = Math.min(end, young?.baseOffset ?? end)
  }
  return { firstDirtyOffset, firstUncleanableOffset: Math.max(firstDirtyOffset, end) }
}

/** How much of a log is dirty. */
interface Dirt {
  readonly offsets: OffsetsToClean
  readonly cleanableBytes: number
  readonly totalBytes: number
  /** When it must be cleaned even if little of it is dirty (max.compaction.lag.ms). */
  readonly overdueMillis: number
}

function dirtOf(log: Log, nowMillis: number): Dirt {
  const offsets = cleanableOffsets(log, nowMillis)
  const { firstDirtyOffset, firstUncleanableOffset } = offsets
  const uncleanable = log.segments.nonActiveFrom(firstUncleanableOffset)[0] ?? log.segments.active
  const end = uncleanable.baseOffset
  const start = log.segments.first.baseOffset
  const cleanable = log.segments.between(Math.min(firstDirtyOffset, end), end)
  const clean = log.segments.between(Math.min(start, firstDirtyOffset), firstDirtyOffset)
  const cleanableBytes = bytesOf(cleanable)
  const cleanBytes = bytesOf(clean)
  let earliest = Number.POSITIVE_INFINITY
  for (const { firstBatchTimestamp: timestamp } of log.segments.nonActiveFrom(firstDirtyOffset)) {
    if (timestamp > 0) earliest = Math.min(earliest, timestamp)
  }
  const overdueMillis = earliest + Math.max(log.config['max.compaction.lag.ms'], 0) + 1
  return { offsets, cleanableBytes, totalBytes: cleanBytes + cleanableBytes, overdueMillis }
}

/** Whether a log is dirty enough to be cleaned (rule D4). */
export function needsCleaning(log: Log, nowMillis: number): boolean {
  const { cleanableBytes, totalBytes, overdueMillis } = dirtOf(log, nowMillis)
  if (cleanableBytes === 0) return false
  return overdueMillis <= nowMillis || cleanableBytes > log.config['min.cleanable.dirty.ratio'] * totalBytes
}

function bytesOf(segments: readonly LogSegment[]): number {
  let bytes = 0
  for (const { sizeInBytes } of segments) bytes += sizeInBytes
  return bytes
}

/**
 * The broker's task that compacts the compacted logs, the dirtiest first, and applies their retention, every
 * log.cleaner.backoff.ms (rules D1, D4). A cleaning takes no time. Source: LogCleaner, LogCleanerManager.
 */
export class LogCleaner {
  readonly logs: Log[]
  private readonly backoffMillis: number
  private readonly startMillis: number
  private readonly mapLimit: number
  private doneMillis: number

  /** @param startMillis when the broker was started */
  constructor(config: LogBrokerConfig, startMillis: number, logs: Log[] = []) {
    this.logs = logs
    this.backoffMillis = config['log.cleaner.backoff.ms']
    this.startMillis = startMillis
    const slots = Math.floor(config['log.cleaner.dedupe.buffer.size'] / MAP_ENTRY_BYTES)
    this.mapLimit = Math.floor(slots * config['log.cleaner.io.buffer.load.factor'])
    this.doneMillis = startMillis
  }

  /** The next look at a log that has changed or aged since the last one; Infinity if there is none. */
  nextDeadlineMillis(): number {
    let due = Number.POSITIVE_INFINITY
    for (const log of this.logs) if (isCompacted(log)) due = Math.min(due, this.lookMillis(log))
    if (due === Number.POSITIVE_INFINITY) return due
    const ticks = Math.ceil((Math.max(due, this.doneMillis + 1) - this.startMillis) / this.backoffMillis)
    return this.startMillis + ticks * this.backoffMillis
  }

  /** Does the looks that have become due. */
  advance(nowMillis: number): void {
    let deadline = this.nextDeadlineMillis()
    while (deadline <= nowMillis) {
      this.doneMillis = deadline
      while (this.cleanDirtiest(deadline));
      for (const log of this.logs) if (isCompacted(log)) deleteOldSegments(log, deadline)
      deadline = this.nextDeadlineMillis()
    }
  }

  /** When a log may need something: it has changed, or one of its segments reaches an age. */
  private lookMillis(log: Log): number {
    if (log.changedMillis >= this.doneMillis) return log.changedMillis
    const { config, segments } = log
    const retentionMs = config['cleanup.policy'].includes('delete') ? config['retention.ms'] : -1
    let look = retentionMs < 0 ? Number.POSITIVE_INFINITY : segments.first.largestTimestamp + retentionMs + 1
    look = Math.min(look, dirtOf(log, this.doneMillis).overdueMillis)
    const lagMs = config['min.compaction.lag.ms']
    if (lagMs > 0) {
      for (const { largestTimestamp } of segments.nonActiveFrom(log.firstDirtyOffset ?? log.logStartOffset)) {
        const agedMillis = largestTimestamp + lagMs
        if (agedMillis > this.doneMillis) look = Math.min(look, agedMillis)
      }
    }
    // What is overdue but could not be done needs a change first.
    return look > this.doneMillis ? look : Number.POSITIVE_INFINITY
  }

  private cleanDirtiest(nowMillis: number): boolean {
    let dirtiest: Log | undefined
    let most = -1
    for (const log of this.logs) {
      if (!isCompacted(log) || log.options.disk.offline || !needsCleaning(log, nowMillis)) continue
      const { cleanableBytes, totalBytes } = dirtOf(log, nowMillis)
      if (cleanableBytes / totalBytes <= most) continue
      most = cleanableBytes / totalBytes
      dirtiest = log
    }
    if (dirtiest === undefined) return false
    const { firstDirtyOffset, firstUncleanableOffset } = cleanableOffsets(dirtiest, nowMillis)
    const end = cleanLog(dirtiest, firstDirtyOffset, firstUncleanableOffset, nowMillis, this.mapLimit)
    if (end < 0) return false
    // A map that holds not even one key makes no progress; Kafka refuses to start with one.
    const isProgress = end > firstDirtyOffset
    dirtiest.firstDirtyOffset = Math.max(end, firstDirtyOffset)
    return isProgress
  }
}

function isCompacted(log: Log): boolean {
  return log.config['cleanup.policy'].includes('compact')
}
