import { CleanedTransactions } from './cleaned-transactions.ts'
import type { Log } from './log.ts'
import type { LogSegment } from './segment.ts'

/** The last offset of each key in the part of a log that is to be cleaned. Source: SkimpyOffsetMap. */
export class OffsetMap {
  /** Everything up to this offset is in the map. */
  latestOffset = -1
  private readonly limit: number
  private readonly offsets = new Map<string, number>()

  /** @param limit keys that it has room for */
  constructor(limit = Number.POSITIVE_INFINITY) {
    this.limit = limit
  }

  get size(): number {
    return this.offsets.size
  }

  /** Last offset of a key, -1 if it is not in the map. */
  get(key: string): number {
    return this.offsets.get(key) ?? -1
  }

  /** @returns false when it is full, whatever the key */
  put(key: string, offset: number): boolean {
    if (this.offsets.size >= this.limit) return false
    this.offsets.set(key, offset)
    this.latestOffset = offset
    return true
  }
}

/**
 * Fills a map with the keys of a log between two offsets, as far as there is room; aborted records do not count. Source:
 * Cleaner.buildOffsetMap.
 */
export function buildOffsetMap(log: Log, startOffset: number, endOffset: number, map: OffsetMap): void {
  map.latestOffset = Math.max(map.latestOffset, startOffset - 1)
  const dirty = log.segments.between(startOffset, endOffset)
  const transactions = new CleanedTransactions()
  transactions.addAborted(
    log.segments.collectAborted(log.segments.floorIndex(startOffset), startOffset, endOffset),
  )
  for (const [index, segment] of dirty.entries()) {
    if (!mapSegment(segment, startOffset, transactions, map)) return
    // Offsets may be missing at the end of a segment: they are clean too.
    map.latestOffset = Math.max(map.latestOffset, (dirty[index + 1]?.baseOffset ?? endOffset) - 1)
  }
}

/** @returns false when the map is full */
function mapSegment(
  segment: LogSegment,
  startOffset: number,
  transactions: CleanedTransactions,
  map: OffsetMap,
): boolean {
  for (let at = segment.indexOf(startOffset); at < segment.batches.length; at += 1) {
    const batch = segment.batches[at]
    if (batch === undefined) break
    const isData = !batch.isControl && !transactions.onBatch(batch)
    if (batch.isControl) transactions.onControlBatch(batch)
    for (const { key, offsetDelta } of isData ? batch.records : []) {
      const offset = batch.baseOffset + offsetDelta
      if (key !== null && offset >= startOffset && !map.put(key, offset)) return false
    }
    map.latestOffset = Math.max(map.latestOffset, batch.lastOffset)
  }
  return true
}
