import { NO_TIMESTAMP, type RecordBatch } from './batch.ts'
import type { BatchMetadata } from './producer-entry.ts'
import type { AppendOrigin, ProducerError, ProducerState } from './producer-state.ts'
import type { BatchError } from './validation.ts'
import { SENTINEL_GUARD, type VerificationGuard } from './verification.ts'

/** Who appends, and what shows that it may. */
export interface AppendSource {
  readonly origin: AppendOrigin
  readonly verificationGuard: VerificationGuard
  /** Of markers only; see `ProducerState.validate`. */
  readonly transactionVersion: number
}

export const CLIENT_APPEND: AppendSource = {
  origin: 'client',
  verificationGuard: SENTINEL_GUARD,
  transactionVersion: 0,
}

export type AppendError = BatchError | ProducerError | 'RECORD_LIST_TOO_LARGE' | 'KAFKA_STORAGE_ERROR'

/** Where a batch is; all offsets -1 if it was refused. Source: LogAppendInfo. */
export interface AppendResult {
  readonly errorCode: AppendError
  readonly firstOffset: number
  readonly lastOffset: number
  /** NO_TIMESTAMP unless the log keeps its own time. */
  readonly logAppendTimeMillis: number
  readonly logStartOffset: number
  /** The batch was in the log already, at these offsets (rule S2). */
  readonly isDuplicate: boolean
}

/**
 * Why replicated batches were not appended. The last two are exceptions in Kafka (OffsetsOutOfOrderException,
 * UnexpectedAppendOffsetException), upon which the follower gives up the partition until it hears of a new leader.
 */
export type FollowerError =
  | 'NONE'
  | 'CORRUPT_MESSAGE'
  | 'RECORD_LIST_TOO_LARGE'
  | 'KAFKA_STORAGE_ERROR'
  | 'OFFSETS_OUT_OF_ORDER'
  | 'UNEXPECTED_APPEND_OFFSET'

/** The answer to a batch that is in the log now. */
export function appended(
  { baseOffset, lastOffset }: RecordBatch,
  logAppendTimeMillis: number,
  logStartOffset: number,
): AppendResult {
  return resultOf('NONE', baseOffset, lastOffset, logAppendTimeMillis, logStartOffset, false)
}

/** The answer to a batch that was in the log already. */
function duplicate(
  { firstOffset, lastOffset, timestamp }: BatchMetadata,
  logStartOffset: number,
): AppendResult {
  return resultOf('NONE', firstOffset, lastOffset, timestamp, logStartOffset, true)
}

/** The answer to a batch that was not appended. */
export function refused(errorCode: AppendError, logStartOffset: number): AppendResult {
  return resultOf(errorCode, -1, -1, NO_TIMESTAMP, logStartOffset, false)
}

/** All of one class, whatever the answer. */
function resultOf(
  errorCode: AppendError,
  firstOffset: number,
  lastOffset: number,
  logAppendTimeMillis: number,
  logStartOffset: number,
  isDuplicate: boolean,
): AppendResult {
  return { errorCode, firstOffset, lastOffset, logAppendTimeMillis, logStartOffset, isDuplicate }
}

/** Why a producer's batch is not to be appended, or where it is already; undefined if it is to be appended. */
export function checkProducer(
  producers: ProducerState,
  batch: RecordBatch,
  source: AppendSource,
  logStartOffset: number,
  nowMillis: number,
): AppendResult | undefined {
  const { origin, verificationGuard, transactionVersion } = source
  if (origin === 'client') {
    const known = producers.entry(batch.producerId, nowMillis)?.findDuplicate(batch)
    if (known !== undefined) return duplicate(known, logStartOffset)
  }
  const error = producers.validate(batch, origin, verificationGuard, transactionVersion, nowMillis)
  return error === 'NONE' ? undefined : refused(error, logStartOffset)
}

/** The batches before the first one of an epoch above one. */
export function upToEpoch(batches: readonly RecordBatch[], leaderEpoch: number): readonly RecordBatch[] {
  for (let at = 0; at < batches.length; at++)
    if ((batches[at] as RecordBatch).partitionLeaderEpoch > leaderEpoch) return batches.slice(0, at)
  return batches
}

/** What replicated batches are together. */
export interface Replicated {
  readonly error: 'NONE' | 'CORRUPT_MESSAGE' | 'OFFSETS_OUT_OF_ORDER'
  readonly bytes: number
  readonly lastOffset: number
  readonly maxTimestamp: number
}

/** Looks at replicated batches before they are appended as one. */
export function inspectReplicated(batches: readonly RecordBatch[]): Replicated {
  let error: Replicated['error'] = 'NONE'
  let bytes = 0
  let lastOffset = -1
  let maxTimestamp = NO_TIMESTAMP
  for (const batch of batches) {
    if (!batch.isValid) error = 'CORRUPT_MESSAGE'
    else if (batch.lastOffset <= lastOffset) error = 'OFFSETS_OUT_OF_ORDER'
    if (error !== 'NONE') break
    lastOffset = batch.lastOffset
    bytes += batch.sizeInBytes
    if (batch.maxTimestamp > maxTimestamp) maxTimestamp = batch.maxTimestamp
  }
  return { error, bytes, lastOffset, maxTimestamp }
}
