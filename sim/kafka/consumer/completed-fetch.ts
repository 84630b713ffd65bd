import type { AbortedTxn } from '../log/aborted-index.ts'
import { markerOf, type RecordBatch } from '../log/batch.ts'
import type { IsolationLevel } from '../protocol/fetch.ts'
import type { FetchedPartition } from '../replication/message.ts'
import { partitionName } from '../transaction/topic-partition.ts'
import { ConsumerError } from './error.ts'
import type { ConsumerRecord } from './hooks.ts'
import type { PartitionState } from './partition-state.ts'

/**
 * What a fetch has brought of one partition, read record by record. Of whole batches, it leaves out what lies below the
 * offset that was fetched, control batches, and under read_committed the records of aborted transactions (rules F2,
 * KT8). Source: CompletedFetch of Kafka 4.x.
 */
export class CompletedFetch {
  readonly state: PartitionState
  readonly fetchOffset: number
  readonly data: FetchedPartition
  isInitialized = false
  isConsumed = false
  nextFetchOffset: number
  /** The position that it goes on from: behind what was taken, where looking ahead may have passed markers already. */
  positionOffset: number
  /** Epoch of the last batch that was looked at; -1 if unknown. */
  lastEpoch = -1
  private readonly isCommittedOnly: boolean
  private readonly checksCrcs: boolean
  /** By first offset, the next one last. */
  private readonly aborted: AbortedTxn[]
  private abortedProducerIds: Set<number> | undefined = undefined
  private batchIndex = -1
  /** The batch with that index; undefined before the first. */
  private batch: RecordBatch | undefined
  private recordIndex = 0
  private next: ConsumerRecord | undefined

  constructor(
    state: PartitionState,
    fetchOffset: number,
    data: FetchedPartition,
    isolationLevel: IsolationLevel,
    checksCrcs: boolean,
  ) {
    this.state = state
    this.fetchOffset = fetchOffset
    this.nextFetchOffset = fetchOffset
    this.positionOffset = fetchOffset
    this.data = data
    this.batch = undefined
    this.next = undefined
    this.isCommittedOnly = isolationLevel === 'read_committed'
    this.checksCrcs = checksCrcs
    const { abortedTransactions } = data
    this.aborted =
      abortedTransactions.length === 0
        ? []
        : [...abortedTransactions].sort((left, right) => right.firstOffset - left.firstOffset)
  }

  /**
   * The next record that a reader may see, left where it is; undefined when there is none.
   * @throws ConsumerError CORRUPT_BATCH
   */
  peek(): ConsumerRecord | undefined {
    this.next ??= this.find()
    return this.next
  }

  /** Takes the record that `peek` has returned. */
  take({ offset }: ConsumerRecord): void {
    this.next = undefined
    this.nextFetchOffset = offset + 1
    this.recordIndex += 1
  }

  /** Drops the rest. */
  drain(): void {
    this.isConsumed = true
  }

  private find(): ConsumerRecord | undefined {
    for (;;) {
      const { batch } = this
      const record = batch?.records[this.recordIndex]
      if (batch === undefined || record === undefined) {
        if (batch !== undefined) this.nextFetchOffset = Math.max(this.nextFetchOffset, batch.nextOffset)
        if (!this.nextBatch()) return undefined
      } else if (batch.baseOffset + record.offsetDelta < this.nextFetchOffset) this.recordIndex += 1
      else {
        const { topic, partition } = this.state
        const offset = batch.baseOffset + record.offsetDelta
        const leaderEpoch = batch.partitionLeaderEpoch
        return { topic, partition, offset, leaderEpoch, timestamp: batch.timestampOf(record), record }
      }
    }
  }

  /** Enters the next batch with records to be seen. @returns false when there is none */
  private nextBatch(): boolean {
    for (;;) {
      const batch = this.data.batches[this.batchIndex + 1]
      if (batch === undefined) return false
      if (this.checksCrcs && !batch.isValid) this.refuse(batch)
      this.batchIndex += 1
      this.batch = batch
      this.recordIndex = 0
      this.lastEpoch = batch.partitionLeaderEpoch
      if (!this.isAborted(batch) && !batch.isControl) return true
      this.nextFetchOffset = Math.max(this.nextFetchOffset, batch.nextOffset)
    }
  }

  private isAborted(batch: RecordBatch): boolean {
    if (!this.isCommittedOnly || !batch.hasProducerId) return false
    for (
      let next = this.aborted.at(-1);
      next && next.firstOffset <= batch.lastOffset;
      next = this.aborted.at(-1)
    ) {
      this.abortedProducerIds ??= new Set()
      this.abortedProducerIds.add(next.producerId)
      this.aborted.pop()
    }
    if (batch.isControl) {
      if (markerOf(batch)?.controlType === 'ABORT') this.abortedProducerIds?.delete(batch.producerId)
      return false
    }
    return batch.isTransactional && this.abortedProducerIds?.has(batch.producerId) === true
  }

  private refuse(batch: RecordBatch): never {
    const { topic, partition } = this.state
    throw new ConsumerError(
      'CORRUPT_BATCH',
      `Record batch for partition ${partitionName(topic, partition)} at offset ${batch.baseOffset} is invalid`,
      [{ topic, partition }],
    )
  }
}
