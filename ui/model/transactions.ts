import type { Recording } from './recording.ts'

/** A transaction of a producer on a partition. */
interface Transaction {
  readonly producerId: number
  /** The event of its first write. */
  readonly began: number
  /** The offset of that. */
  readonly offset: number
  /** The event that wrote its marker; Infinity: none did. */
  ended: number
  /** The offset of its marker. */
  endOffset: number
  isCommitted: boolean
}

/** What has become of a record that is part of a transaction. */
export type TransactionState = 'open' | 'committed' | 'aborted'

/** The transactions of one partition. */
export class PartitionTransactions {
  private readonly all: Transaction[] = []
  /** Those that no marker has ended, by producer id. */
  private readonly open = new Map<number, Transaction>()

  /** A producer has written for the first time since its last marker; it goes without saying for a new leader. */
  begin(producerId: number, began: number, offset: number): void {
    if (this.open.has(producerId)) return
    const ended = Number.POSITIVE_INFINITY
    const transaction = { producerId, began, offset, ended, endOffset: ended, isCommitted: false }
    this.all.push(transaction)
    this.open.set(producerId, transaction)
  }

  /** Its marker is in the log; there may be one without a transaction. */
  end(producerId: number, ended: number, endOffset: number, isCommitted: boolean): void {
    const transaction = this.open.get(producerId)
    if (transaction !== undefined) Object.assign(transaction, { ended, endOffset, isCommitted })
    this.open.delete(producerId)
  }

  /** What had become of a record up to an event. */
  stateAt(event: number, producerId: number, offset: number): TransactionState | undefined {
    const found = this.all.find(
      (each) => each.producerId === producerId && each.offset <= offset && offset < each.endOffset,
    )
    if (found === undefined) return undefined
    if (found.ended > event) return 'open'
    return found.isCommitted ? 'committed' : 'aborted'
  }

  /** Up to where records of transactions could be read at an event (rule T8): a marker counts once it is below the high watermark. */
  lastStableOffset(event: number, highWatermark: number): number {
    const unstable = this.all.filter(
      ({ began, ended, endOffset }) => began <= event && (ended > event || endOffset >= highWatermark),
    )
    return Math.min(highWatermark, ...unstable.map(({ offset }) => offset))
  }
}

/** The transactions of a run, by partition; none of one that nobody wrote to in a transaction. */
export function transactionsOf(recording: Recording): ReadonlyMap<string, PartitionTransactions> {
  const { kinds, kind, count } = recording.columns
  const wanted = kinds.indexOf('transaction')
  const found = new Map<string, PartitionTransactions>()
  for (let event = 1; event <= count; event++) {
    if (kind[event] !== wanted) continue
    const { producerId, offset, state } = recording.fields(event)
    if (typeof producerId !== 'number' || typeof offset !== 'number') continue
    const partition = recording.lane(event)
    const own = found.get(partition) ?? new PartitionTransactions()
    found.set(partition, own)
    if (state === 'open') own.begin(producerId, event, offset)
    else own.end(producerId, event, offset, state === 'committed')
  }
  return found
}
