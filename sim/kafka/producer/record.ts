import {
  BATCH_OVERHEAD_BYTES,
  headerSizeInBytes,
  type LogRecord,
  NO_TIMESTAMP,
  type RecordHeader,
  recordSizeInBytes,
} from '../log/batch.ts'
import type { ProducerError } from '../transaction/client-error.ts'

/** Most bytes that a record takes besides its key, value and headers. Source: DefaultRecord.MAX_RECORD_OVERHEAD. */
const MAX_RECORD_OVERHEAD_BYTES = 21

/**
 * A record that is handed over to be sent. From then on it belongs to the producer, which fills in what a place in a
 * batch decides and sends the very object, so that further properties of it travel along.
 */
export interface ProducerRecord extends LogRecord {
  readonly topic: string
  /** null: the partitioner chooses. */
  readonly partition: number | null
  /** Bytes of key, value and headers as they are sent; -1 for null. */
  readonly keyBytes: number
  readonly valueBytes: number
  readonly headersBytes: number
  /** NO_TIMESTAMP: the time of the send. */
  timestamp: number
  offsetDelta: number
  sizeInBytes: number
  /** The record of an application that this is a copy of, its batch having been split. */
  readonly copyOf?: ProducerRecord
}

/** What an application says of a record. */
export interface RecordFields {
  readonly topic: string
  readonly partition?: number | null
  readonly timestamp?: number
  readonly key?: string | null
  readonly value: unknown
  /** -1 for null. */
  readonly valueBytes: number
  readonly headers?: readonly RecordHeader[]
  /** Bytes of the values of the headers; -1 for null. */
  readonly headerValueBytes?: readonly number[]
}

const NO_HEADERS: readonly RecordHeader[] = []

/** A record to send, with the bytes of its texts as UTF-8. */
export function producerRecord(fields: RecordFields): ProducerRecord {
  const { topic, partition = null, timestamp = NO_TIMESTAMP, key = null, value, valueBytes } = fields
  const headers = fields.headers ?? NO_HEADERS
  let headersBytes = 0
  for (let index = 0; index < headers.length; index++)
    headersBytes += headerSizeInBytes(
      utf8Bytes((headers[index] as RecordHeader).key),
      fields.headerValueBytes?.[index] ?? -1,
    )
  const keyBytes = key === null ? -1 : utf8Bytes(key)
  const place = { offsetDelta: 0, sizeInBytes: 0 }
  return { topic, partition, timestamp, key, value, headers, keyBytes, valueBytes, headersBytes, ...place }
}

/** Bytes of a record at a place in a batch. */
export function sizeAt(record: ProducerRecord, offsetDelta: number, timestampDelta: number): number {
  const { keyBytes, valueBytes, headers, headersBytes } = record
  return recordSizeInBytes(offsetDelta, timestampDelta, keyBytes, valueBytes, headers.length, headersBytes)
}

/** Most bytes that a batch of one record takes. Source: AbstractRecords.estimateSizeInBytesUpperBound of Kafka 4.x. */
export function batchBytesUpperBound(record: ProducerRecord): number {
  // The framing of a record without deltas is one byte each for attributes and deltas, and one to five for its length.
  const body = sizeAt(record, 0, 0)
  return BATCH_OVERHEAD_BYTES + MAX_RECORD_OVERHEAD_BYTES + body - framingBytes(body)
}

/** Bytes of a record's length, attributes and deltas, all deltas being 0, by the bytes of the whole record. */
function framingBytes(bytes: number): number {
  let lengthBytes = 1
  for (let limit = 64; bytes - lengthBytes >= limit; limit *= 128) lengthBytes += 1
  return lengthBytes + 3
}

function utf8Bytes(text: string): number {
  let bytes = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) bytes += 1
    else if (unit < 0x800) bytes += 2
    // Either half of a pair counts two, so a pair counts four.
    else if (unit >= 0xd800 && unit < 0xe000) bytes += isPaired(text, at) ? 2 : 3
    else bytes += 3
  }
  return bytes
}

function isPaired(text: string, at: number): boolean {
  const isHigh = text.charCodeAt(at) < 0xdc00
  const other = text.charCodeAt(isHigh ? at + 1 : at - 1)
  return isHigh ? other >= 0xdc00 && other < 0xe000 : other >= 0xd800 && other < 0xdc00
}

/**
 * Who is told how the send of a record ends: a callback and a future of Kafka's producer in one object, which may serve
 * many sends.
 */
export interface SendListener {
  /** The send returns: the record has its place. Later than the call if it had to wait for metadata or memory. */
  appended?(record: ProducerRecord, partition: number): void
  /** @param offset -1 if acknowledged without being known: acks=0, and duplicates of which the broker knows no more */
  acknowledged(record: ProducerRecord, partition: number, offset: number, timestamp: number): void
  /** The record may have been written all the same if the error is one of time or of the connection (rule P5). */
  failed(record: ProducerRecord, error: ProducerError): void
}
