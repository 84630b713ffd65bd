import { lastOf } from '../../kernel/list.ts'
import { decrementSequence, NO_PRODUCER_EPOCH, NO_SEQUENCE, NO_TIMESTAMP, type RecordBatch } from './batch.ts'

/** No transaction is open. */
export const NO_OFFSET = -1

/** What is remembered of one appended batch. Source: org.apache.kafka.storage.internals.log.BatchMetadata. */
export class BatchMetadata {
  readonly lastSequence: number
  readonly lastOffset: number
  readonly offsetDelta: number
  readonly timestamp: number

  constructor(lastSequence: number, lastOffset: number, offsetDelta: number, timestamp: number) {
    this.lastSequence = lastSequence
    this.lastOffset = lastOffset
    this.offsetDelta = offsetDelta
    this.timestamp = timestamp
  }

  get firstSequence(): number {
    return decrementSequence(this.lastSequence, this.offsetDelta)
  }

  get firstOffset(): number {
    return this.lastOffset - this.offsetDelta
  }
}

/** A producer as a snapshot has it: with its last batch only. */
export interface StoredProducer {
  readonly producerId: number
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  readonly lastTimestamp: number
  readonly currentTxnFirstOffset: number
  readonly lastBatch: BatchMetadata | undefined
}

/** What a partition knows of one producer (rule S1). Source: ProducerStateEntry. */
export class ProducerStateEntry {
  readonly producerId: number
  producerEpoch = NO_PRODUCER_EPOCH
  coordinatorEpoch = -1
  lastTimestamp = NO_TIMESTAMP
  /** NO_OFFSET while no transaction is open. */
  currentTxnFirstOffset = NO_OFFSET
  private readonly window: number
  private readonly list: BatchMetadata[] = []

  /** @param window batches to remember: 5 in Kafka */
  constructor(producerId: number, window: number) {
    this.producerId = producerId
    this.window = window
  }

  static restored(stored: StoredProducer, window: number): ProducerStateEntry {
    const entry = new ProducerStateEntry(stored.producerId, window)
    entry.producerEpoch = stored.producerEpoch
    entry.coordinatorEpoch = stored.coordinatorEpoch
    entry.lastTimestamp = stored.lastTimestamp
    entry.currentTxnFirstOffset = stored.currentTxnFirstOffset
    if (stored.lastBatch !== undefined) entry.list.push(stored.lastBatch)
    return entry
  }

  get isEmpty(): boolean {
    return this.list.length === 0
  }

  /** The last batches of the current epoch, oldest first. */
  get batches(): readonly BatchMetadata[] {
    return this.list
  }

  get firstSequence(): number {
    return this.list[0]?.firstSequence ?? NO_SEQUENCE
  }

  get lastSequence(): number {
    return lastOf(this.list)?.lastSequence ?? NO_SEQUENCE
  }

  get firstDataOffset(): number {
    return this.list[0]?.firstOffset ?? NO_OFFSET
  }

  get lastDataOffset(): number {
    return lastOf(this.list)?.lastOffset ?? NO_OFFSET
  }

  addBatch(batch: RecordBatch): void {
    this.bumpEpoch(batch.producerEpoch)
    if (this.list.length >= this.window) this.list.shift()
    const { lastSequence, lastOffset, lastOffsetDelta, maxTimestamp } = batch
    this.list.push(new BatchMetadata(lastSequence, lastOffset, lastOffsetDelta, maxTimestamp))
    this.lastTimestamp = maxTimestamp
  }

  /** A marker ends the open transaction, if any; the batches of an older epoch are forgotten. */
  endTransaction(producerEpoch: number, coordinatorEpoch: number, timestamp: number): void {
    this.bumpEpoch(producerEpoch)
    this.coordinatorEpoch = coordinatorEpoch
    this.lastTimestamp = timestamp
    this.currentTxnFirstOffset = NO_OFFSET
  }

  /** The remembered batch of the same epoch with exactly the same sequences (rule S2). */
  findDuplicate(batch: RecordBatch): BatchMetadata | undefined {
    if (batch.producerEpoch !== this.producerEpoch) return undefined
    const { baseSequence, lastSequence } = batch
    for (const known of this.list) {
      if (known.lastSequence === lastSequence && known.firstSequence === baseSequence) return known
    }
    return undefined
  }

  stored(): StoredProducer {
    const { producerId, producerEpoch, coordinatorEpoch, lastTimestamp, currentTxnFirstOffset } = this
    const lastBatch = lastOf(this.list)
    return { producerId, producerEpoch, coordinatorEpoch, lastTimestamp, currentTxnFirstOffset, lastBatch }
  }

  private bumpEpoch(producerEpoch: number): void {
    if (this.producerEpoch === producerEpoch) return
    this.producerEpoch = producerEpoch
    this.list.length = 0
  }
}
