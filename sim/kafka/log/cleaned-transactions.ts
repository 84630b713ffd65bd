import type { AbortedIndex, AbortedTxn } from './aborted-index.ts'
import { markerOf, type RecordBatch } from './batch.ts'

/** An aborted transaction that the cleaner is in, and whether it has met any batch of it. */
interface OpenAborted {
  readonly aborted: AbortedTxn
  batchSeen: boolean
}

/**
 * The transactions that the cleaner is in while it goes through a log from the start: it decides which batches were
 * aborted and which markers have nothing left to mark (rule D6). Source: CleanedTransactionMetadata.
 */
export class CleanedTransactions {
  /** Where markers of transactions that are still in the log are noted. */
  index: AbortedIndex | undefined = undefined
  private readonly ongoingCommitted = new Set<number>()
  private readonly ongoingAborted = new Map<number, OpenAborted>()
  /** Not begun yet, by first offset. */
  private ahead: AbortedTxn[] = []

  addAborted(aborted: readonly AbortedTxn[]): void {
    this.ahead = [...this.ahead, ...aborted].sort((one, other) => one.firstOffset - other.firstOffset)
  }

  /** Takes note of a control batch. @returns whether nothing is left of its transaction */
  onControlBatch(batch: RecordBatch): boolean {
    this.beginUpTo(batch.lastOffset)
    const marker = markerOf(batch)
    if (marker === undefined) return true
    if (marker.controlType === 'COMMIT') return !this.ongoingCommitted.delete(batch.producerId)
    const open = this.ongoingAborted.get(batch.producerId)
    this.ongoingAborted.delete(batch.producerId)
    if (open === undefined || !open.batchSeen) return true
    this.index?.append(open.aborted)
    return false
  }

  /** Takes note of a batch of data. @returns whether it was aborted */
  onBatch(batch: RecordBatch): boolean {
    this.beginUpTo(batch.lastOffset)
    if (!batch.isTransactional) return false
    const open = this.ongoingAborted.get(batch.producerId)
    if (open === undefined) {
      this.ongoingCommitted.add(batch.producerId)
      return false
    }
    open.batchSeen = true
    return true
  }

  private beginUpTo(offset: number): void {
    while (this.ahead.length > 0 && (this.ahead[0] as AbortedTxn).firstOffset <= offset) {
      const aborted = this.ahead.shift() as AbortedTxn
      if (!this.ongoingAborted.has(aborted.producerId)) {
        this.ongoingAborted.set(aborted.producerId, { aborted, batchSeen: false })
      }
    }
  }
}
