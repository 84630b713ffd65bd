/** A transaction that has begun on a partition. Source: org.apache.kafka.storage.internals.log.TxnMetadata. */
export interface TxnMetadata {
  readonly producerId: number
  readonly firstOffset: number
}

/** A transaction that its marker has ended. */
export interface CompletedTxn {
  readonly producerId: number
  readonly firstOffset: number
  readonly lastOffset: number
  readonly isAborted: boolean
}

/** One whose marker is in the log, but perhaps not on all replicas. */
interface UnreplicatedTxn extends TxnMetadata {
  readonly lastOffset: number
}

/** The transactions that hold back the last stable offset (rule T8). Source: ProducerStateManager. */
export class OpenTransactions {
  /** By first offset. */
  private readonly ongoing: TxnMetadata[] = []
  /** By first offset. */
  private readonly unreplicated: UnreplicatedTxn[] = []

  get firstOngoing(): TxnMetadata | undefined {
    return this.ongoing[0]
  }

  get unreplicatedCount(): number {
    return this.unreplicated.length
  }

  /** First offset of a transaction that is open, or whose marker lies not yet below the high watermark; -1 if none. */
  get firstUnstableOffset(): number {
    const undecided = this.ongoing[0]?.firstOffset ?? -1
    const unreplicated = this.unreplicated[0]?.firstOffset ?? -1
    return undecided < 0 || (unreplicated >= 0 && unreplicated < undecided) ? unreplicated : undecided
  }

  begin(producerId: number, firstOffset: number): void {
    insert(this.ongoing, { producerId, firstOffset })
  }

  /** The last stable offset once a transaction's marker is below the high watermark. */
  lastStableOffset(completed: CompletedTxn): number {
    const other = this.ongoing.find(({ producerId }) => producerId !== completed.producerId)
    return other?.firstOffset ?? completed.lastOffset + 1
  }

  /**
   * The marker of a transaction is in the log.
   * @throws RangeError for a transaction that was not open
   */
  complete({ producerId, firstOffset, lastOffset }: CompletedTxn): void {
    const index = this.ongoing.findIndex((open) => open.firstOffset === firstOffset)
    if (index < 0) throw new RangeError(`no transaction is open since offset ${firstOffset}`)
    this.ongoing.splice(index, 1)
    insert(this.unreplicated, { producerId, firstOffset, lastOffset })
  }

  /** Everything below an offset is replicated: markers there no longer hold anything back. */
  settle(offset: number): void {
    for (let index = this.unreplicated.length - 1; index >= 0; index -= 1) {
      if ((this.unreplicated[index] as UnreplicatedTxn).lastOffset < offset)
        this.unreplicated.splice(index, 1)
    }
  }

  clear(): void {
    this.ongoing.length = 0
    this.unreplicated.length = 0
  }
}

/** Inserts by first offset: nearly always at the end. */
function insert<Txn extends TxnMetadata>(list: Txn[], txn: Txn): void {
  let index = list.length
  while (index > 0 && (list[index - 1] as Txn).firstOffset > txn.firstOffset) index -= 1
  list.splice(index, 0, txn)
}
