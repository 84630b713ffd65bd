import { NO_TIMESTAMP, type RecordBatch } from './batch.ts'
import type { LogConfig } from './config.ts'
import type { AppendOrigin } from './producer-state.ts'

export type BatchError =
  | 'NONE'
  | 'MESSAGE_TOO_LARGE'
  | 'CORRUPT_MESSAGE'
  | 'INVALID_RECORD'
  | 'INVALID_TIMESTAMP'

/**
 * What a leader checks of a batch before it gives it offsets (rules L14, D4). A batch is refused as a whole. Source:
 * UnifiedLog.analyzeAndValidateRecords, LogValidator.
 */
export function validateBatch(
  batch: RecordBatch,
  config: LogConfig,
  origin: AppendOrigin,
  nowMillis: number,
): BatchError {
  if (origin === 'client' && batch.baseOffset !== 0) return 'INVALID_RECORD'
  if (batch.sizeInBytes > config['max.message.bytes']) return 'MESSAGE_TOO_LARGE'
  if (!batch.isValid) return 'CORRUPT_MESSAGE'
  if (origin === 'client' && !isClientBatch(batch)) return 'INVALID_RECORD'
  return validateRecords(batch, config, nowMillis)
}

/** Clients count their records, number them if they have an id, and end no transactions themselves. */
function isClientBatch({
  records,
  lastOffsetDelta,
  isControl,
  hasProducerId,
  baseSequence,
}: RecordBatch): boolean {
  const counted = records.length > 0 && records.length === lastOffsetDelta + 1
  return counted && !isControl && !(hasProducerId && baseSequence < 0)
}

function validateRecords(batch: RecordBatch, config: LogConfig, nowMillis: number): BatchError {
  const isCompacted = config['cleanup.policy'].includes('compact')
  let error: BatchError = 'NONE'
  for (const record of batch.records) {
    if (isCompacted && record.key === null) error = 'INVALID_RECORD'
    else if (!isTimely(record.timestamp, batch, config, nowMillis)) return 'INVALID_TIMESTAMP'
  }
  return error
}

function isTimely(timestamp: number, batch: RecordBatch, config: LogConfig, nowMillis: number): boolean {
  if (config['message.timestamp.type'] === 'CreateTime' && timestamp !== NO_TIMESTAMP) {
    const ageMillis = nowMillis - timestamp
    return (
      ageMillis <= config['message.timestamp.before.max.ms'] &&
      -ageMillis <= config['message.timestamp.after.max.ms']
    )
  }
  return batch.timestampType === 'CreateTime'
}

/** Which records are to blame for INVALID_RECORD or INVALID_TIMESTAMP (KIP-467); none when it is the batch. */
export function recordErrorsOf(
  error: string,
  batch: RecordBatch,
  config: LogConfig,
  nowMillis: number,
): { readonly batchIndex: number; readonly batchIndexErrorMessage: null }[] {
  const isCompacted = config['cleanup.policy'].includes('compact')
  return batch.records
    .filter(({ key, timestamp }) => {
      if (error === 'INVALID_RECORD') return isCompacted && key === null
      return error === 'INVALID_TIMESTAMP' && !isTimely(timestamp, batch, config, nowMillis)
    })
    .map(({ offsetDelta }) => ({ batchIndex: offsetDelta, batchIndexErrorMessage: null }))
}
