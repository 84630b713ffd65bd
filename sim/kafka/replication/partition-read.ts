import { UNDEFINED_EPOCH, UNDEFINED_EPOCH_OFFSET } from '../log/epoch-cache.ts'
import type { Log } from '../log/log.ts'
import type { FetchIsolation } from '../log/read.ts'
import { type FetchedPartition, type FetchPartition, fetchRefused, NO_LEADER_EPOCH } from './message.ts'

/**
 * What a leader's log answers to a fetch: batches, or where the log of who asks diverges from it (rules F2, F3, R2).
 * Source: Partition.readRecords.
 * @param maxBytes that the whole answer has left
 * @param minOneBatch the first batch comes even if it is larger
 */
export function readPartition(
  log: Log,
  { partition: partitionIndex, lastFetchedEpoch, fetchOffset, partitionMaxBytes }: FetchPartition,
  isolation: FetchIsolation,
  maxBytes: number,
  minOneBatch: boolean,
): FetchedPartition {
  const { highWatermark, lastStableOffset, logStartOffset } = log
  // Who is within the log, and in its latest epoch as mostly, does not diverge.
  const isWithin = fetchOffset >= logStartOffset && fetchOffset <= log.logEndOffset
  if (lastFetchedEpoch !== NO_LEADER_EPOCH && !(isWithin && lastFetchedEpoch === log.epochs.latestEpoch)) {
    const end = log.endOffsetForEpoch(lastFetchedEpoch)
    if (end.endOffset === UNDEFINED_EPOCH_OFFSET || end.epoch === UNDEFINED_EPOCH)
      return fetchRefused(partitionIndex, 'OFFSET_OUT_OF_RANGE')
    if (fetchOffset < logStartOffset) return fetchRefused(partitionIndex, 'OFFSET_OUT_OF_RANGE')
    if (end.epoch < lastFetchedEpoch || end.endOffset < fetchOffset) {
      const bounds = { highWatermark, lastStableOffset, logStartOffset }
      return { ...fetchRefused(partitionIndex, 'NONE'), ...bounds, divergingEpoch: end }
    }
  }
  const { errorCode, batches, sizeInBytes, abortedTransactions } = log.read(
    fetchOffset,
    Math.min(maxBytes, partitionMaxBytes),
    isolation,
    minOneBatch,
  )
  if (errorCode !== 'NONE') return fetchRefused(partitionIndex, errorCode)
  return {
    partitionIndex,
    errorCode,
    highWatermark,
    lastStableOffset,
    logStartOffset,
    divergingEpoch: undefined,
    abortedTransactions,
    batches,
    sizeInBytes,
  }
}
