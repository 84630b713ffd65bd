import { lastOf } from '../../kernel/list.ts'
import { AbortedIndex } from './aborted-index.ts'
import { NO_TIMESTAMP, type RecordBatch } from './batch.ts'
import type { LogConfig } from './config.ts'

/** Offsets of a segment are kept relative to its base in 32 bits. */
const MAX_RELATIVE_OFFSET = 0x7fff_ffff
const OFFSET_INDEX_ENTRY_BYTES = 8
const TIME_INDEX_ENTRY_BYTES = 12

/** A point of the time index: the largest timestamp so far, and the batch that has it. */
interface TimeIndexEntry {
  readonly timestamp: number
  readonly batchIndex: number
}

/** Indices of a segment that is too small to have any entries, as most are: nobody writes to them. */
const NO_TIMES: TimeIndexEntry[] = []
const NO_OFFSETS: number[] = []

/** The offset and timestamp of a record. */
export interface TimestampAndOffset {
  readonly timestamp: number
  readonly offset: number
  readonly leaderEpoch: number
}

/** One file of a log: batches in the order of their offsets. Source: LogSegment. */
export class LogSegment {
  readonly baseOffset: number
  readonly abortedIndex = new AbortedIndex()
  sizeInBytes = 0
  /** Largest timestamp of its batches, NO_TIMESTAMP if none has one. */
  maxTimestamp = NO_TIMESTAMP
  lastModifiedMillis: number
  private createdMillis: number
  private readonly list: RecordBatch[] = []
  private timeIndex = NO_TIMES
  private maxTimestampIndex = 0
  /** Indices of the batches that the offset index points at. */
  private offsetIndex = NO_OFFSETS
  private bytesSinceIndexEntry = 0

  constructor(baseOffset: number, nowMillis: number) {
    this.baseOffset = baseOffset
    this.createdMillis = nowMillis
    this.lastModifiedMillis = nowMillis
  }

  get batches(): readonly RecordBatch[] {
    return this.list
  }

  /** Offset after its last record; its base if it is empty. */
  get nextOffset(): number {
    const last = lastOf(this.list)
    return last === undefined ? this.baseOffset : last.nextOffset
  }

  /** The time that retention goes by: of its records, or of the last write if no record has one (rule D1). */
  get largestTimestamp(): number {
    return this.maxTimestamp >= 0 ? this.maxTimestamp : this.lastModifiedMillis
  }

  /** Timestamp of its first batch, Infinity if it has none. */
  get firstBatchTimestamp(): number {
    const timestamp = this.list[0]?.maxTimestamp ?? NO_TIMESTAMP
    return timestamp >= 0 ? timestamp : Number.POSITIVE_INFINITY
  }

  get offsetIndexBytes(): number {
    return this.offsetIndex.length * OFFSET_INDEX_ENTRY_BYTES
  }

  get timeIndexBytes(): number {
    return this.timeIndex.length * TIME_INDEX_ENTRY_BYTES
  }

  append(batch: RecordBatch, indexIntervalBytes: number, nowMillis: number): void {
    const index = this.list.length
    this.list.push(batch)
    if (batch.maxTimestamp > this.maxTimestamp) {
      this.maxTimestamp = batch.maxTimestamp
      this.maxTimestampIndex = index
    }
    if (this.bytesSinceIndexEntry > indexIntervalBytes) {
      if (this.offsetIndex === NO_OFFSETS) this.offsetIndex = [index]
      else this.offsetIndex.push(index)
      this.indexTime()
      this.bytesSinceIndexEntry = 0
    }
    this.bytesSinceIndexEntry += batch.sizeInBytes
    this.sizeInBytes += batch.sizeInBytes
    this.lastModifiedMillis = nowMillis
  }

  /** Whether a write must go to a new segment (rule D3). */
  shouldRoll(
    config: LogConfig,
    writeBytes: number,
    maxTimestamp: number,
    lastOffset: number,
    nowMillis: number,
  ): boolean {
    if (this.sizeInBytes > config['segment.bytes'] - writeBytes) return true
    const waitedMillis = this.waitedForRollMillis(maxTimestamp, nowMillis)
    if (this.sizeInBytes > 0 && waitedMillis > config['segment.ms']) return true
    return this.indexFull(config['segment.index.bytes']) || lastOffset - this.baseOffset > MAX_RELATIVE_OFFSET
  }

  /** Index of the first batch that ends at or above an offset; the number of batches if there is none. */
  indexOf(offset: number): number {
    const { list } = this
    const count = list.length
    // Where every batch holds one record, and nothing was compacted, the offset is the index.
    const guess = offset - this.baseOffset
    if (guess >= 0 && guess < count && (list[guess] as RecordBatch).baseOffset === offset) return guess
    if (count === 0 || (list[count - 1] as RecordBatch).lastOffset < offset) return count
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((list[middle] as RecordBatch).lastOffset < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Drops the batch that holds an offset and all above. @returns the bytes that were cut */
  truncateTo(offset: number, nowMillis: number): number {
    const index = this.indexOf(offset)
    this.abortedIndex.truncateTo(offset)
    if (index === this.list.length) return 0
    let bytes = 0
    for (let at = index; at < this.list.length; at += 1) bytes += (this.list[at] as RecordBatch).sizeInBytes
    this.list.length = index
    this.sizeInBytes -= bytes
    this.lastModifiedMillis = nowMillis
    if (index === 0) this.createdMillis = nowMillis
    this.truncateTimes(index)
    return bytes
  }

  /** The first record at or above an offset whose timestamp is at least a time; undefined if there is none. */
  findByTimestamp(timestamp: number, startOffset: number): TimestampAndOffset | undefined {
    for (let index = this.timeIndexFloor(timestamp); index < this.list.length; index += 1) {
      const batch = this.list[index] as RecordBatch
      if (batch.maxTimestamp < timestamp || batch.lastOffset < startOffset) continue
      for (const record of batch.records) {
        const offset = batch.baseOffset + record.offsetDelta
        const at = batch.timestampOf(record)
        if (at >= timestamp && offset >= startOffset) {
          return { timestamp: at, offset, leaderEpoch: batch.partitionLeaderEpoch }
        }
      }
    }
    return undefined
  }

  /** The first record with the largest timestamp; undefined if no record has one. */
  findMaxTimestamp(): TimestampAndOffset | undefined {
    const batch = this.list[this.maxTimestampIndex]
    if (batch === undefined || this.maxTimestamp < 0) return undefined
    const record = batch.records.find((one) => batch.timestampOf(one) === batch.maxTimestamp)
    const offset = record === undefined ? batch.lastOffset : batch.baseOffset + record.offsetDelta
    return { timestamp: this.maxTimestamp, offset, leaderEpoch: batch.partitionLeaderEpoch }
  }

  /** Replaces the batch that holds an offset, as a fault does. @throws RangeError when no batch does */
  replace(offset: number, change: (batch: RecordBatch) => RecordBatch): void {
    const index = this.indexOf(offset)
    const batch = this.list[index]
    if (batch === undefined || batch.baseOffset > offset)
      throw new RangeError(`no record at offset ${offset}`)
    this.list[index] = change(batch)
  }

  private indexTime(): void {
    const { timeIndex, maxTimestamp: timestamp, maxTimestampIndex: batchIndex } = this
    const last = lastOf(timeIndex)
    if (last !== undefined && last.timestamp >= timestamp) return
    if (timeIndex === NO_TIMES) this.timeIndex = [{ timestamp, batchIndex }]
    else timeIndex.push({ timestamp, batchIndex })
  }

  private indexFull(indexBytes: number): boolean {
    return (
      this.offsetIndex.length >= Math.floor(indexBytes / OFFSET_INDEX_ENTRY_BYTES) ||
      this.timeIndex.length >= Math.floor(indexBytes / TIME_INDEX_ENTRY_BYTES) - 1
    )
  }

  private waitedForRollMillis(maxTimestamp: number, nowMillis: number): number {
    const first = this.list[0]?.maxTimestamp ?? NO_TIMESTAMP
    return first >= 0 ? maxTimestamp - first : nowMillis - this.createdMillis
  }

  /** Index of a batch before which every timestamp is below the given one. */
  private timeIndexFloor(timestamp: number): number {
    let low = 0
    let high = this.timeIndex.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.timeIndex[middle] as TimeIndexEntry).timestamp <= timestamp) low = middle + 1
      else high = middle
    }
    return this.timeIndex[low - 1]?.batchIndex ?? 0
  }

  private truncateTimes(count: number): void {
    while ((lastOf(this.timeIndex)?.batchIndex ?? -1) >= count) this.timeIndex.pop()
    const last = lastOf(this.timeIndex)
    this.maxTimestamp = last?.timestamp ?? NO_TIMESTAMP
    this.maxTimestampIndex = last?.batchIndex ?? 0
    for (let index = this.maxTimestampIndex; index < count; index += 1) {
      const { maxTimestamp } = this.list[index] as RecordBatch
      if (maxTimestamp <= this.maxTimestamp) continue
      this.maxTimestamp = maxTimestamp
      this.maxTimestampIndex = index
    }
    while ((lastOf(this.offsetIndex) ?? -1) >= count) this.offsetIndex.pop()
    this.bytesSinceIndexEntry = 0
  }
}
