import type { ErrorCode } from '../error-code.ts'
import type { Log } from '../log/log.ts'
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP, type ListedOffset } from './message.ts'

/** What a consumer may see. */
export type ListIsolation = 'read_uncommitted' | 'read_committed'

/** The answer that holds no offset. */
export function notListed(errorCode: ErrorCode): ListedOffset {
  return { errorCode, timestamp: -1, offset: -1, leaderEpoch: -1 }
}

/**
 * The offset of a timestamp in the log of a leader (rule L13). Source: Partition.fetchOffsetForTimestamp.
 * @param isolation of a consumer; undefined for a follower, who may see everything
 * @param epochStartOffset where the log ended when the leader became it: consumers wait until that is committed
 */
export function listOffset(
  log: Log,
  timestamp: number,
  isolation: ListIsolation | undefined,
  leaderEpoch: number,
  epochStartOffset: number,
): ListedOffset {
  const bound = visibleEnd(log, isolation)
  const lagging = isolation !== undefined && epochStartOffset > log.highWatermark
  if (timestamp === LATEST_TIMESTAMP) {
    if (lagging) return notListed('OFFSET_NOT_AVAILABLE')
    return { errorCode: 'NONE', timestamp: -1, offset: bound, leaderEpoch }
  }
  if (timestamp === EARLIEST_TIMESTAMP) {
    const offset = log.logStartOffset
    return { errorCode: 'NONE', timestamp: -1, offset, leaderEpoch: log.epochs.epochForOffset(offset) }
  }
  const found = log.segments.findByTimestamp(timestamp, log.logStartOffset)
  if (found === undefined || found.offset >= bound)
    return notListed(lagging ? 'OFFSET_NOT_AVAILABLE' : 'NONE')
  const { timestamp: foundTimestamp, offset } = found
  return {
    errorCode: 'NONE',
    timestamp: foundTimestamp,
    offset,
    leaderEpoch: log.epochs.epochForOffset(offset),
  }
}

function visibleEnd(log: Log, isolation: ListIsolation | undefined): number {
  if (isolation === undefined) return log.logEndOffset
  return isolation === 'read_committed' ? log.lastStableOffset : log.highWatermark
}
