import { type LogRecord, NO_TIMESTAMP, type RecordBatch } from './batch.ts'
import { CleanedTransactions } from './cleaned-transactions.ts'
import type { Log } from './log.ts'
import { buildOffsetMap, OffsetMap } from './offset-map.ts'
import type { ProducerStateEntry } from './producer-entry.ts'
import { LogSegment } from './segment.ts'

/** What a cleaning has read and kept. Source: CleanerStats. */
export interface CleanerStats {
  messagesRead: number
  messagesWritten: number
  bytesRead: number
  bytesWritten: number
  /** Records without a key. */
  invalidMessagesRead: number
}

/** What one cleaning works with. */
interface Cleaning {
  readonly map: OffsetMap
  readonly transactions: CleanedTransactions
  readonly producers: ReadonlyMap<number, ProducerStateEntry>
  readonly deleteRetentionMs: number
  /** First offset that this cleaning does not touch. */
  readonly upperBoundOffset: number
  readonly nowMillis: number
  readonly stats: CleanerStats
}

export const noCleanerStats = (): CleanerStats => ({
  messagesRead: 0,
  messagesWritten: 0,
  bytesRead: 0,
  bytesWritten: 0,
  invalidMessagesRead: 0,
})

/**
 * Compacts a log: of each key in [firstDirtyOffset, firstUncleanableOffset), the last record is kept, all through the
 * segments below (rules D4 to D6). Segments that have become small are merged. Source: Cleaner.doClean.
 * @param mapLimit keys that one cleaning has room for
 * @returns the first offset that has not been cleaned, -1 when the disk is full
 */
export function cleanLog(
  log: Log,
  firstDirtyOffset: number,
  firstUncleanableOffset: number,
  nowMillis: number,
  mapLimit = Number.POSITIVE_INFINITY,
  stats = noCleanerStats(),
): number {
  const { segments, config } = log
  // A segment is cleaned as a whole or not at all.
  const upperBound = (segments.nonActiveFrom(firstUncleanableOffset)[0] ?? segments.active).baseOffset
  const map = new OffsetMap(mapLimit)
  buildOffsetMap(log, Math.min(firstDirtyOffset, upperBound), upperBound, map)
  const endOffset = map.latestOffset + 1
  const transactions = new CleanedTransactions()
  const start = segments.first.baseOffset
  const { 'segment.bytes': maxBytes, 'segment.index.bytes': maxIndexBytes } = config
  const cleanable = segments.between(start, Math.max(endOffset, start))
  for (const group of groupSegments(cleanable, maxBytes, maxIndexBytes, upperBound)) {
    if (!cleanSegments(log, group, map, transactions, nowMillis, upperBound, stats)) return -1
  }
  return endOffset
}

/** Cleans neighbouring segments into one. @returns false when the disk is full (Cleaner.cleanSegments) */
export function cleanSegments(
  log: Log,
  group: readonly LogSegment[],
  map: OffsetMap,
  transactions: CleanedTransactions,
  nowMillis: number,
  upperBoundOffset: number,
  stats = noCleanerStats(),
): boolean {
  const [first] = group as readonly [LogSegment]
  const cleaned = new LogSegment(first.baseOffset, nowMillis)
  const producers = log.producers.active(nowMillis)
  const deleteRetentionMs = log.config['delete.retention.ms']
  const cleaning = { map, transactions, producers, deleteRetentionMs, upperBoundOffset, nowMillis, stats }
  transactions.index = cleaned.abortedIndex
  for (const [index, segment] of group.entries()) {
    const end = group[index + 1]?.baseOffset ?? segment.nextOffset
    const at = log.segments.indexOf(segment)
    transactions.addAborted(log.segments.collectAborted(at, segment.baseOffset, end))
    for (const batch of segment.batches) {
      const kept = cleanBatch(batch, cleaning)
      if (kept !== undefined) cleaned.append(kept, log.config['index.interval.bytes'], nowMillis)
    }
  }
  cleaned.lastModifiedMillis = (group[group.length - 1] as LogSegment).lastModifiedMillis
  return log.replaceSegments(group, [cleaned], nowMillis)
}

/** What is left of a batch, if anything (Cleaner.cleanInto, MemoryRecords.filterTo). */
function cleanBatch(batch: RecordBatch, cleaning: Cleaning): RecordBatch | undefined {
  const { stats, nowMillis, transactions } = cleaning
  stats.bytesRead += batch.sizeInBytes
  const isDone = batch.isControl ? transactions.onControlBatch(batch) : transactions.onBatch(batch)
  const isOverdue = batch.deleteHorizonMillis !== NO_TIMESTAMP && batch.deleteHorizonMillis <= nowMillis
  const discardsRecords = isDone && (!batch.isControl || isOverdue)
  const keepsEmpty = isLastOfProducer(batch, cleaning) || batch.nextOffset === cleaning.upperBoundOffset
  if (discardsRecords && !keepsEmpty) return undefined
  stats.messagesRead += batch.records.length
  const records = discardsRecords ? [] : retained(batch, cleaning)
  stats.messagesWritten += records.length
  if (records.length === 0 && !keepsEmpty) return undefined
  const kept = rewritten(batch, records, isDone && batch.isControl, cleaning)
  stats.bytesWritten += kept.sizeInBytes
  return kept
}

/** Its sequence, or its epoch, is the last that is known of a producer, and would be lost with it. */
function isLastOfProducer(batch: RecordBatch, { producers }: Cleaning): boolean {
  const producer = batch.hasProducerId ? producers.get(batch.producerId) : undefined
  if (producer === undefined) return false
  if (!producer.isEmpty) return batch.lastOffset === producer.lastDataOffset
  return batch.isControl && batch.producerEpoch === producer.producerEpoch
}

function retained(batch: RecordBatch, cleaning: Cleaning): readonly LogRecord[] {
  if (batch.isControl) return batch.records
  const kept = batch.records.filter((record) => isRetained(batch, record, cleaning))
  return kept.length === batch.records.length ? batch.records : kept
}

function isRetained(batch: RecordBatch, record: LogRecord, { map, nowMillis, stats }: Cleaning): boolean {
  const offset = batch.baseOffset + record.offsetDelta
  if (offset > map.latestOffset) return true
  if (record.key === null) {
    stats.invalidMessagesRead += 1
    return false
  }
  if (offset < map.get(record.key)) return false
  const { deleteHorizonMillis } = batch
  return record.value !== null || deleteHorizonMillis === NO_TIMESTAMP || nowMillis < deleteHorizonMillis
}

/** Tombstones, and markers without a transaction, get the time at which they may go when they are first seen (rule D5). */
function rewritten(
  batch: RecordBatch,
  records: readonly LogRecord[],
  isBareMarker: boolean,
  { nowMillis, deleteRetentionMs }: Cleaning,
): RecordBatch {
  const needsHorizon = isBareMarker || records.some(({ value }) => value === null)
  if (records.length > 0 && needsHorizon && batch.deleteHorizonMillis === NO_TIMESTAMP) {
    return batch.retaining(records, nowMillis + deleteRetentionMs)
  }
  if (records === batch.records) return batch
  return batch.retaining(records, records.length > 0 ? batch.deleteHorizonMillis : NO_TIMESTAMP)
}

const MAX_RELATIVE_OFFSET = 0x7fff_ffff

/** Groups neighbouring segments that fit into one, by bytes and by range of offsets (Cleaner.groupSegmentsBySize). */
export function groupSegments(
  segments: readonly LogSegment[],
  maxBytes: number,
  maxIndexBytes: number,
  firstUncleanableOffset: number,
): LogSegment[][] {
  const groups: LogSegment[][] = []
  let group: LogSegment[] = []
  const sum = (size: (segment: LogSegment) => number) =>
    group.reduce((bytes, segment) => bytes + size(segment), 0)
  for (const [index, segment] of segments.entries()) {
    const lastOffset = (segments[index + 1]?.baseOffset ?? firstUncleanableOffset) - 1
    const fits =
      sum((one) => one.sizeInBytes) + segment.sizeInBytes <= maxBytes &&
      sum((one) => one.offsetIndexBytes) + segment.offsetIndexBytes <= maxIndexBytes &&
      sum((one) => one.timeIndexBytes) + segment.timeIndexBytes <= maxIndexBytes &&
      (segment.sizeInBytes === 0 || lastOffset - (group[0]?.baseOffset ?? 0) <= MAX_RELATIVE_OFFSET)
    if (group.length === 0 || !fits) {
      group = []
      groups.push(group)
    }
    group.push(segment)
  }
  return groups
}
