import type { LogRecord, RecordBatch } from '../log/batch.ts'
import { type ProducerFields, producedBatch, recordSizeInBytes } from '../log/batch.ts'

/** Bytes that a value of an internal topic is taken for: what Kafka writes is of about that size. */
const VALUE_BYTES = 64

const NO_HEADERS: LogRecord['headers'] = []

/** A record of an internal topic; null for a tombstone. */
export interface InternalRecord {
  readonly key: string
  readonly value: unknown
}

/** A batch of records of an internal topic. @param producer of a transactional batch */
export function internalBatch(
  records: readonly InternalRecord[],
  nowMillis: number,
  producer?: ProducerFields,
): RecordBatch {
  const encoded: LogRecord[] = []
  for (const { key, value } of records) encoded.push(internalRecord(encoded.length, key, value, nowMillis))
  return producedBatch(encoded, producer)
}

/** A record of a batch of an internal topic. @param value null for a tombstone */
export function internalRecord(
  offsetDelta: number,
  key: string,
  value: unknown,
  nowMillis: number,
): LogRecord {
  const valueBytes = value === null ? -1 : VALUE_BYTES
  const sizeInBytes = recordSizeInBytes(offsetDelta, 0, key.length, valueBytes)
  return { offsetDelta, timestamp: nowMillis, key, value, headers: NO_HEADERS, sizeInBytes }
}
