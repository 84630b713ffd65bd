import type { AbortedIndex } from './aborted-index.ts'
import type { RecordBatch } from './batch.ts'
import type { ProducerState } from './producer-state.ts'
import type { LogSegment } from './segment.ts'
import type { LogSegments } from './segments.ts'

/**
 * Makes producer state what the log below an offset implies: from the last snapshot on, every batch is applied again
 * (rule S5). Source: UnifiedLog.rebuildProducerState.
 */
export function rebuildProducerState(
  producers: ProducerState,
  segments: LogSegments,
  logStartOffset: number,
  logEndOffset: number,
  nowMillis: number,
): void {
  // Without producers before the truncation there are none after it.
  const wasEmpty = producers.isEmpty && producers.mapEndOffset >= logEndOffset
  producers.truncateAndReload(logStartOffset, logEndOffset, nowMillis)
  if (logEndOffset > producers.mapEndOffset && !wasEmpty) {
    for (const segment of segments.between(producers.mapEndOffset, logEndOffset)) {
      const from = Math.max(segment.baseOffset, producers.mapEndOffset, logStartOffset)
      producers.advanceTo(from)
      applyBatches(producers, segment, from, nowMillis)
    }
  }
  producers.advanceTo(logEndOffset)
  producers.takeSnapshot(nowMillis)
}

function applyBatches(producers: ProducerState, segment: LogSegment, from: number, nowMillis: number): void {
  const { batches } = segment
  for (let index = segment.indexOf(from); index < batches.length; index += 1) {
    const batch = batches[index] as RecordBatch
    if (batch.hasProducerId) applyBatch(producers, batch, undefined, nowMillis)
  }
}

/** Takes a producer's batch into account; an aborted transaction that it ends goes to an index, if there is one. */
export function applyBatch(
  producers: ProducerState,
  batch: RecordBatch,
  index: AbortedIndex | undefined,
  nowMillis: number,
): void {
  const completed = producers.apply(batch, nowMillis)
  if (completed === undefined) return
  const { producerId, firstOffset, lastOffset, isAborted } = completed
  const lastStableOffset = producers.transactions.lastStableOffset(completed)
  if (isAborted) index?.append({ producerId, firstOffset, lastOffset, lastStableOffset })
  producers.transactions.complete(completed)
}
