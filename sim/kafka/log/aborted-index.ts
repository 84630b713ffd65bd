import { lastOf } from '../../kernel/list.ts'
/** An aborted transaction on a partition. Source: org.apache.kafka.storage.internals.log.AbortedTxn. */
export interface AbortedTxn {
  readonly producerId: number
  readonly firstOffset: number
  /** Offset of the abort marker. */
  readonly lastOffset: number
  /** Last stable offset when the marker was written: below it no later marker can end a transaction. */
  readonly lastStableOffset: number
}

/** Before the first one comes, which for most logs is never: nobody writes to it. */
const NONE: AbortedTxn[] = []

/** The aborted transactions whose markers lie in one segment, by the offset of the marker. Source: TransactionIndex. */
export class AbortedIndex {
  private list: AbortedTxn[] = NONE

  get entries(): readonly AbortedTxn[] {
    return this.list
  }

  /** @throws RangeError unless the marker lies above those before it */
  append(aborted: AbortedTxn): void {
    const last = lastOf(this.list)
    if (last !== undefined && last.lastOffset >= aborted.lastOffset) {
      throw new RangeError(
        `aborted transactions out of order: ${aborted.lastOffset} after ${last.lastOffset}`,
      )
    }
    if (last === undefined) this.list = [aborted]
    else this.list.push(aborted)
  }

  /** Drops the transactions whose markers lie at or above an offset. */
  truncateTo(offset: number): void {
    while (this.list.length > 0 && (this.list[this.list.length - 1] as AbortedTxn).lastOffset >= offset) {
      this.list.pop()
    }
  }

  reset(): void {
    this.list = NONE
  }

  /**
   * Adds the aborted transactions that overlap with a range to `found`.
   * @param fetchOffset first offset of the range
   * @param upperBoundOffset first offset above the range
   * @returns whether no later segment can hold another one
   */
  collect(fetchOffset: number, upperBoundOffset: number, found: AbortedTxn[]): boolean {
    for (const aborted of this.list) {
      if (aborted.lastOffset >= fetchOffset && aborted.firstOffset < upperBoundOffset) found.push(aborted)
      if (aborted.lastStableOffset >= upperBoundOffset) return true
    }
    return false
  }
}
