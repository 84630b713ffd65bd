import type { AbortedTxn } from './aborted-index.ts'
import type { RecordBatch } from './batch.ts'
import type { LogSegments } from './segments.ts'

/** How far a read may go (rule F2). Source: FetchIsolation. */
export type FetchIsolation = 'log_end' | 'high_watermark' | 'txn_committed'

/** What a read found. Source: FetchDataInfo. */
export interface ReadResult {
  readonly errorCode: 'NONE' | 'OFFSET_OUT_OF_RANGE' | 'KAFKA_STORAGE_ERROR'
  readonly batches: readonly RecordBatch[]
  readonly sizeInBytes: number
  /** For 'txn_committed': the aborted transactions that the batches may hold records of. */
  readonly abortedTransactions: readonly AbortedTxn[]
}

export const NOTHING: ReadResult = { errorCode: 'NONE', batches: [], sizeInBytes: 0, abortedTransactions: [] }
export const OUT_OF_RANGE: ReadResult = { ...NOTHING, errorCode: 'OFFSET_OUT_OF_RANGE' }
export const UNREADABLE: ReadResult = { ...NOTHING, errorCode: 'KAFKA_STORAGE_ERROR' }

/** Reads whole batches, from one offset up to another that is above it: see `LogSegments.read`. */
export function readBatches(
  segments: LogSegments,
  startOffset: number,
  maxBytes: number,
  maxOffset: number,
  isolation: FetchIsolation,
  minOneBatch: boolean,
): ReadResult {
  const found = segments.read(startOffset, maxBytes, maxOffset, minOneBatch)
  if (found === undefined) return NOTHING
  const { batches, sizeInBytes, segmentIndex } = found
  let { abortedTransactions } = NOTHING
  if (isolation === 'txn_committed') {
    const { nextOffset } = batches[batches.length - 1] as RecordBatch
    abortedTransactions = segments.collectAborted(segmentIndex, startOffset, nextOffset)
  }
  return { errorCode: 'NONE', batches, sizeInBytes, abortedTransactions }
}
