import type { AbortedTxn } from './aborted-index.ts'
import type { RecordBatch } from './batch.ts'
import type { LogSegment, TimestampAndOffset } from './segment.ts'

/** In place of a time: the largest one in the log (KIP-734). Source: ListOffsetsRequest. */
export const MAX_TIMESTAMP = -3

/** What a read found: whole batches of one segment, and their bytes. */
export interface FoundBatches {
  readonly segmentIndex: number
  readonly batches: readonly RecordBatch[]
  readonly sizeInBytes: number
}

/** The segments of a log, oldest first; the last one is written to. Source: LogSegments, LocalLog. */
export class LogSegments {
  private readonly list: LogSegment[]

  /** @param list at least one, by base offset; nobody else may change it */
  constructor(list: LogSegment[]) {
    this.list = list
  }

  get all(): readonly LogSegment[] {
    return this.list
  }

  get count(): number {
    return this.list.length
  }

  get active(): LogSegment {
    return this.list[this.list.length - 1] as LogSegment
  }

  get first(): LogSegment {
    return this.list[0] as LogSegment
  }

  get sizeInBytes(): number {
    let bytes = 0
    for (const segment of this.list) bytes += segment.sizeInBytes
    return bytes
  }

  /** Index of the last segment whose base is not above an offset; -1 if there is none. */
  floorIndex(offset: number): number {
    let low = 0
    let high = this.list.length
    // Most reads are at the end of the log.
    if (this.active.baseOffset <= offset) return high - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.list[middle] as LogSegment).baseOffset <= offset) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  /**
   * The segments that may hold offsets from `from` on, up to but without `to`.
   * @throws RangeError when `from` is above `to`
   */
  between(from: number, to: number): LogSegment[] {
    if (from > to) throw new RangeError(`segments from ${from} to ${to}`)
    if (from === to) return []
    return this.list.slice(Math.max(0, this.floorIndex(from)), this.floorIndex(to - 1) + 1)
  }

  /** The segments that may hold offsets from one on, without the active one. */
  nonActiveFrom(from: number): LogSegment[] {
    return from > this.active.baseOffset ? [] : this.between(from, this.active.baseOffset)
  }

  push(segment: LogSegment): void {
    this.list.push(segment)
  }

  /** Removes the newest segment. */
  pop(): LogSegment {
    return this.list.pop() as LogSegment
  }

  /** Replaces neighbours, from an index on, by others; by none to remove them. */
  splice(index: number, count: number, replacements: readonly LogSegment[]): LogSegment[] {
    return this.list.splice(index, count, ...replacements)
  }

  indexOf(segment: LogSegment): number {
    return this.list.indexOf(segment)
  }

  /**
   * Whole batches from the one that holds an offset on (or the next one), that end below `maxOffset`, of no more than
   * `maxBytes`; all of one segment, as LocalLog reads it (rule F2).
   * @param minOneBatch the first batch comes even if it is larger (KIP-74)
   * @returns undefined when there is none
   */
  read(
    startOffset: number,
    maxBytes: number,
    maxOffset: number,
    minOneBatch: boolean,
  ): FoundBatches | undefined {
    for (let at = this.floorIndex(startOffset); at < this.list.length; at += 1) {
      const { batches: all } = this.list[at] as LogSegment
      const from = (this.list[at] as LogSegment).indexOf(startOffset)
      if (from === all.length) continue
      let sizeInBytes = 0
      let to = from
      while (to < all.length) {
        const batch = all[to] as RecordBatch
        const fits = sizeInBytes + batch.sizeInBytes <= maxBytes || (minOneBatch && to === from)
        if (!fits || batch.nextOffset > maxOffset) break
        sizeInBytes += batch.sizeInBytes
        to += 1
      }
      return to === from ? undefined : { segmentIndex: at, batches: all.slice(from, to), sizeInBytes }
    }
    return undefined
  }

  /** The aborted transactions that overlap with a range of offsets, looked for from a segment on. */
  collectAborted(segmentIndex: number, startOffset: number, upperBoundOffset: number): AbortedTxn[] {
    const found: AbortedTxn[] = []
    for (let at = Math.max(0, segmentIndex); at < this.list.length; at += 1) {
      if ((this.list[at] as LogSegment).abortedIndex.collect(startOffset, upperBoundOffset, found)) break
    }
    return found
  }

  /**
   * The first record at or above an offset whose timestamp is at least a time. Kafka looks into one segment only: while
   * a segment below the start of the log is not deleted yet, it may hide the answer (UnifiedLog.searchOffsetInLocalLog).
   */
  findByTimestamp(timestamp: number, startOffset: number): TimestampAndOffset | undefined {
    if (timestamp === MAX_TIMESTAMP) return this.findMaxTimestamp()
    const segment = this.list.find((one) => one.largestTimestamp >= timestamp)
    return segment?.findByTimestamp(timestamp, startOffset)
  }

  /** The first record with the largest timestamp of all. */
  findMaxTimestamp(): TimestampAndOffset | undefined {
    let latest = this.first
    for (const segment of this.list) if (segment.maxTimestamp > latest.maxTimestamp) latest = segment
    return latest.findMaxTimestamp()
  }
}
