/** The values that stand for "none" in a record batch. Source: org.apache.kafka.common.record.RecordBatch. */
export const NO_PRODUCER_ID = -1
export const NO_PRODUCER_EPOCH = -1
export const NO_SEQUENCE = -1
export const NO_TIMESTAMP = -1
export const NO_PARTITION_LEADER_EPOCH = -1

/** Bytes of the header of a batch (magic 2), before its first record. Source: DefaultRecordBatch.RECORD_BATCH_OVERHEAD. */
export const BATCH_OVERHEAD_BYTES = 61

const MAX_SEQUENCE = 0x7fff_ffff

export type TimestampType = 'CreateTime' | 'LogAppendTime'

/** A header of a record: plain data, sealed by whoever made the record. */
export interface RecordHeader {
  readonly key: string
  readonly value: unknown
}

/**
 * A record in a batch: plain data, sealed by whoever made it and shared by all replicas and readers; the log never
 * copies or changes one, so that what a producer adds to it (hashes, causes) travels along. A value of null is a
 * tombstone. The key decides equality in compaction and is text.
 */
export interface LogRecord {
  /** Offset of the record, less that of its batch. */
  readonly offsetDelta: number
  /** Milliseconds, NO_TIMESTAMP for none. To be read through `timestampOf`, since the log may have its own. */
  readonly timestamp: number
  readonly key: string | null
  readonly value: unknown
  readonly headers: readonly RecordHeader[]
  /** Its size in the batch, with its own framing: see `recordSizeInBytes`. */
  readonly sizeInBytes: number
}

/** The fields of a batch (magic 2), by their names in Kafka. */
export interface RecordBatchFields {
  readonly baseOffset: number
  readonly lastOffsetDelta: number
  readonly partitionLeaderEpoch: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly isTransactional: boolean
  readonly isControl: boolean
  readonly timestampType: TimestampType
  readonly maxTimestamp: number
  /** From when on tombstones and the marker in it may be dropped; NO_TIMESTAMP until a cleaning has seen them. */
  readonly deleteHorizonMillis: number
  readonly records: readonly LogRecord[]
  readonly sizeInBytes: number
  /** Whether its checksum fits its bytes. */
  readonly isValid: boolean
}

/** An immutable batch of records: what is appended, replicated and read as one (rule L14). */
export class RecordBatch implements RecordBatchFields {
  readonly baseOffset: number
  readonly lastOffsetDelta: number
  readonly partitionLeaderEpoch: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly isTransactional: boolean
  readonly isControl: boolean
  readonly timestampType: TimestampType
  readonly maxTimestamp: number
  readonly deleteHorizonMillis: number
  readonly records: readonly LogRecord[]
  readonly sizeInBytes: number
  readonly isValid: boolean

  constructor(fields: RecordBatchFields, baseOffset: number, leaderEpoch: number, logAppendMillis: number) {
    this.baseOffset = baseOffset
    this.lastOffsetDelta = fields.lastOffsetDelta
    this.partitionLeaderEpoch = leaderEpoch
    this.producerId = fields.producerId
    this.producerEpoch = fields.producerEpoch
    this.baseSequence = fields.baseSequence
    this.isTransactional = fields.isTransactional
    this.isControl = fields.isControl
    this.timestampType = logAppendMillis === NO_TIMESTAMP ? fields.timestampType : 'LogAppendTime'
    this.maxTimestamp = logAppendMillis === NO_TIMESTAMP ? fields.maxTimestamp : logAppendMillis
    this.deleteHorizonMillis = fields.deleteHorizonMillis
    this.records = fields.records
    this.sizeInBytes = fields.sizeInBytes
    this.isValid = fields.isValid
  }

  get lastOffset(): number {
    return this.baseOffset + this.lastOffsetDelta
  }

  get nextOffset(): number {
    return this.baseOffset + this.lastOffsetDelta + 1
  }

  /** Sequence of the last record that the producer sent in it, also when compaction has taken that record away. */
  get lastSequence(): number {
    return this.baseSequence === NO_SEQUENCE
      ? NO_SEQUENCE
      : incrementSequence(this.baseSequence, this.lastOffsetDelta)
  }

  get hasProducerId(): boolean {
    return this.producerId > NO_PRODUCER_ID
  }

  /** The batch as a leader writes it: with offset and epoch, and with the log's own time unless NO_TIMESTAMP. */
  assigned(baseOffset: number, leaderEpoch: number, logAppendMillis: number): RecordBatch {
    return new RecordBatch(this, baseOffset, leaderEpoch, logAppendMillis)
  }

  /** Milliseconds at which a record of the batch counts as written (rule L14). */
  timestampOf(record: LogRecord): number {
    return this.timestampType === 'LogAppendTime' ? this.maxTimestamp : record.timestamp
  }

  /** The batch with some of its records left out; offsets and sequences stay (MemoryRecords.filterTo). */
  retaining(records: readonly LogRecord[], deleteHorizonMillis: number): RecordBatch {
    const from = baseTimestampOf(this.deleteHorizonMillis, this.records)
    const to = baseTimestampOf(deleteHorizonMillis, records)
    const resized = from === to ? records : records.map((record) => rebased(record, from, to))
    return rebuilt({ ...this, records: resized, sizeInBytes: sizeOf(resized), deleteHorizonMillis })
  }

  /** The batch with bytes that do not fit its checksum: a torn write, or a disk that forgets. */
  corrupted(): RecordBatch {
    return rebuilt({ ...this, isValid: false })
  }
}

function rebuilt(fields: RecordBatchFields): RecordBatch {
  return new RecordBatch(fields, fields.baseOffset, fields.partitionLeaderEpoch, NO_TIMESTAMP)
}

/** What the timestamps of records are written relative to: the delete horizon takes the place of the first one. */
function baseTimestampOf(deleteHorizonMillis: number, records: readonly LogRecord[]): number {
  return deleteHorizonMillis === NO_TIMESTAMP ? (records[0]?.timestamp ?? 0) : deleteHorizonMillis
}

/** A record of the size that it has with another base timestamp. */
function rebased(record: LogRecord, from: number, to: number): LogRecord {
  let bodyBytes = record.sizeInBytes - 1
  while (bodyBytes + varintBytes(bodyBytes) > record.sizeInBytes) bodyBytes -= 1
  bodyBytes += varintBytes(record.timestamp - to) - varintBytes(record.timestamp - from)
  return { ...record, sizeInBytes: varintBytes(bodyBytes) + bodyBytes }
}

function sizeOf(records: readonly LogRecord[]): number {
  let sizeInBytes = BATCH_OVERHEAD_BYTES
  for (const record of records) sizeInBytes += record.sizeInBytes
  return sizeInBytes
}

/** What a producer says of a batch besides its records; all of it or nothing. */
export interface ProducerFields {
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly isTransactional: boolean
}

const NO_PRODUCER: ProducerFields = {
  producerId: NO_PRODUCER_ID,
  producerEpoch: NO_PRODUCER_EPOCH,
  baseSequence: NO_SEQUENCE,
  isTransactional: false,
}

/**
 * A batch as a producer sends it: offsets start at 0, and the leader is still to give it its own.
 * @param records at least one, with offsetDelta 0, 1, 2, ...
 */
export function producedBatch(
  records: readonly LogRecord[],
  producer: ProducerFields = NO_PRODUCER,
): RecordBatch {
  let maxTimestamp = NO_TIMESTAMP
  for (const record of records) if (record.timestamp > maxTimestamp) maxTimestamp = record.timestamp
  return rebuilt({
    baseOffset: 0,
    lastOffsetDelta: records.length - 1,
    partitionLeaderEpoch: NO_PARTITION_LEADER_EPOCH,
    producerId: producer.producerId,
    producerEpoch: producer.producerEpoch,
    baseSequence: producer.baseSequence,
    isTransactional: producer.isTransactional,
    isControl: false,
    timestampType: 'CreateTime',
    maxTimestamp,
    deleteHorizonMillis: NO_TIMESTAMP,
    records,
    sizeInBytes: sizeOf(records),
    isValid: true,
  })
}

export type ControlRecordType = 'COMMIT' | 'ABORT'

/** The end of a transaction on a partition. Source: EndTransactionMarker. */
export interface EndTransactionMarker {
  readonly controlType: ControlRecordType
  readonly coordinatorEpoch: number
}

/** Bytes of the one record of a control batch: a key of 4 bytes and a value of 6. */
const MARKER_BYTES = 17

/** The control batch of one record that ends a producer's transaction (rule T7). */
export function markerBatch(
  producerId: number,
  producerEpoch: number,
  marker: EndTransactionMarker,
  timestamp: number,
): RecordBatch {
  const { controlType: key, coordinatorEpoch } = marker
  const record: LogRecord = {
    offsetDelta: 0,
    timestamp,
    key,
    value: coordinatorEpoch,
    headers: [],
    sizeInBytes: MARKER_BYTES,
  }
  const producer = { producerId, producerEpoch, baseSequence: NO_SEQUENCE, isTransactional: true }
  return rebuilt({ ...producedBatch([record], producer), isControl: true })
}

/** The marker of a control batch; undefined when compaction has emptied it. */
export function markerOf(batch: RecordBatch): EndTransactionMarker | undefined {
  const record = batch.records[0]
  if (record === undefined) return undefined
  return { controlType: record.key as ControlRecordType, coordinatorEpoch: record.value as number }
}

/** A sequence some records further, wrapping from 2^31 - 1 to 0. Source: DefaultRecordBatch.incrementSequence. */
export function incrementSequence(sequence: number, increment: number): number {
  return sequence > MAX_SEQUENCE - increment
    ? increment - (MAX_SEQUENCE - sequence) - 1
    : sequence + increment
}

/** A sequence some records back, wrapping from 0 to 2^31 - 1. Source: DefaultRecordBatch.decrementSequence. */
export function decrementSequence(sequence: number, decrement: number): number {
  return sequence < decrement ? MAX_SEQUENCE - (decrement - sequence) + 1 : sequence - decrement
}

/** Whether a sequence is the one expected after another (rule S3). */
export function inSequence(lastSequence: number, nextSequence: number): boolean {
  return nextSequence === lastSequence + 1 || (nextSequence === 0 && lastSequence === MAX_SEQUENCE)
}

/**
 * Bytes of a record in a batch (magic 2). Source: DefaultRecord.sizeInBytes.
 * @param keyBytes and valueBytes: -1 for null
 * @param headersBytes sum of `headerSizeInBytes`, of headersCount headers
 */
export function recordSizeInBytes(
  offsetDelta: number,
  timestampDeltaMillis: number,
  keyBytes: number,
  valueBytes: number,
  headersCount = 0,
  headersBytes = 0,
): number {
  const body =
    1 +
    varintBytes(timestampDeltaMillis) +
    varintBytes(offsetDelta) +
    lengthPrefixed(keyBytes) +
    lengthPrefixed(valueBytes) +
    varintBytes(headersCount) +
    headersBytes
  return varintBytes(body) + body
}

/** Bytes of a header of a record; -1 value bytes for null. */
export function headerSizeInBytes(keyBytes: number, valueBytes: number): number {
  return lengthPrefixed(keyBytes) + lengthPrefixed(valueBytes)
}

function lengthPrefixed(bytes: number): number {
  return varintBytes(bytes) + Math.max(0, bytes)
}

/** Bytes of a zigzag varint: 7 bits each. Divides, since deltas of timestamps need more than 32 bits. */
function varintBytes(value: number): number {
  let rest = value < 0 ? -2 * value - 1 : 2 * value
  let bytes = 1
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes += 1
  return bytes
}
