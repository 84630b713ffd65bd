import type { Log } from './log.ts'
import type { LogSegment } from './segment.ts'

/** Whether a segment may go; asked of each from the oldest on, until one may not. */
type DeletionCondition = (segment: LogSegment, next: LogSegment | undefined) => boolean

/**
 * Deletes what retention no longer wants: three passes, each from the oldest segment to the first that must stay (rules
 * D1, D2). A log that is only compacted, or has no policy at all, loses no more than what lies below its start (KIP-1161). Source: UnifiedLog.deleteOldSegments.
 * @returns how many segments are gone
 */
export function deleteOldSegments(log: Log, nowMillis: number): number {
  const belowStart = deleteWhile(
    log,
    nowMillis,
    (_, next) => next !== undefined && next.baseOffset <= log.logStartOffset,
  )
  if (!log.config['cleanup.policy'].includes('delete')) return belowStart
  return belowStart + deleteBySize(log, nowMillis) + deleteByTime(log, nowMillis)
}

/** How many of the oldest segments a condition lets go: none above the high watermark, and never an empty last one. */
export function deletableSegments(log: Log, condition: DeletionCondition): number {
  const { all } = log.segments
  for (const [index, segment] of all.entries()) {
    const next = all[index + 1]
    const upperBoundOffset = next?.baseOffset ?? log.logEndOffset
    if (next === undefined && segment.sizeInBytes === 0) return index
    if (log.highWatermark < upperBoundOffset || !condition(segment, next)) return index
  }
  return all.length
}

function deleteWhile(log: Log, nowMillis: number, condition: DeletionCondition): number {
  const count = deletableSegments(log, condition)
  if (count > 0) log.deleteOldest(count, nowMillis)
  return count
}

function deleteBySize(log: Log, nowMillis: number): number {
  const retentionBytes = log.config['retention.bytes']
  if (retentionBytes < 0) return 0
  let excess = log.segments.sizeInBytes - retentionBytes
  return deleteWhile(log, nowMillis, ({ sizeInBytes }) => {
    if (excess < sizeInBytes) return false
    excess -= sizeInBytes
    return true
  })
}

function deleteByTime(log: Log, nowMillis: number): number {
  const retentionMs = log.config['retention.ms']
  if (retentionMs < 0) return 0
  return deleteWhile(log, nowMillis, ({ largestTimestamp }) => nowMillis - largestTimestamp > retentionMs)
}

/**
 * When retention has something to do at the earliest, if nothing is written until then; Infinity for never.
 * Retention by time looks for a timestamp that is older than retention.ms by more than nothing: hence the millisecond.
 */
function dueMillis(log: Log): number {
  if (log.isUntouched) return Number.POSITIVE_INFINITY
  const { config, segments } = log
  const { first } = segments
  const next = segments.all[1]
  if (next === undefined && first.sizeInBytes === 0) return Number.POSITIVE_INFINITY
  if (log.highWatermark < (next?.baseOffset ?? log.logEndOffset)) return Number.POSITIVE_INFINITY
  if (next !== undefined && next.baseOffset <= log.logStartOffset) return 0
  const bytes = config['retention.bytes']
  if (bytes >= 0 && segments.sizeInBytes - bytes >= first.sizeInBytes) return 0
  const retentionMs = config['retention.ms']
  return retentionMs < 0 ? Number.POSITIVE_INFINITY : first.largestTimestamp + retentionMs + 1
}

/**
 * The broker's task that deletes old segments, every log.retention.check.interval.ms (rule D1). Compacted logs are the
 * cleaner's to look after. Source: LogManager.cleanupLogs.
 */
export class Retention {
  readonly logs: Log[]
  private readonly intervalMillis: number
  private readonly firstMillis: number
  private doneMillis = Number.NEGATIVE_INFINITY

  /** @param startMillis when the broker was started: the first check is log.initial.task.delay.ms later */
  constructor(intervalMillis: number, initialDelayMillis: number, startMillis: number, logs: Log[] = []) {
    this.logs = logs
    this.intervalMillis = intervalMillis
    this.firstMillis = startMillis + initialDelayMillis
  }

  /** The next check that has something to do; Infinity if none has. */
  nextDeadlineMillis(): number {
    let due = Number.POSITIVE_INFINITY
    for (const log of this.logs) {
      if (!log.config['cleanup.policy'].includes('compact'))
        due = Math.min(due, Math.max(dueMillis(log), log.changedMillis))
    }
    return due === Number.POSITIVE_INFINITY ? due : this.checkAfter(due)
  }

  /** Does the checks that have become due. */
  advance(nowMillis: number): void {
    let deadline = this.nextDeadlineMillis()
    while (deadline <= nowMillis) {
      this.doneMillis = deadline
      for (const log of this.logs) {
        if (!log.config['cleanup.policy'].includes('compact')) deleteOldSegments(log, deadline)
      }
      deadline = this.nextDeadlineMillis()
    }
  }

  /** The first check at or after a time that has not been done. */
  private checkAfter(atMillis: number): number {
    const earliest = Math.max(atMillis, this.firstMillis)
    const { firstMillis, intervalMillis } = this
    const check = firstMillis + Math.ceil((earliest - firstMillis) / intervalMillis) * intervalMillis
    return Math.max(check, this.doneMillis + intervalMillis)
  }
}
