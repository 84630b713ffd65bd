import {
  BATCH_OVERHEAD_BYTES,
  incrementSequence,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
  NO_TIMESTAMP,
  producedBatch,
  type RecordBatch,
} from '../log/batch.ts'
import { ProducerError } from '../transaction/client-error.ts'
import type { SequencedBatch } from '../transaction/sequence.ts'
import { type PartitionName, partitionName } from '../transaction/topic-partition.ts'
import { batchBytesUpperBound, type ProducerRecord, type SendListener, sizeAt } from './record.ts'

const NO_EPOCH = -1

/** The batches of one partition: those that wait, and those that have been sent. */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  readonly name: PartitionName
  /** In the order in which they are to be sent. */
  readonly batches: ProducerBatch[] = []
  /** In the order in which they were sent. */
  readonly inFlight: ProducerBatch[] = []
  /** Nothing is sent while a batch is in flight, so that the order holds (max.in.flight.requests.per.connection=1). */
  isMuted = false
  /** Whether the accumulator looks at it, since something waits. */
  isActive = false
  /** Whether it has ever had a batch: only then does its length say something of its broker. */
  isUsed = false

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
    this.name = partitionName(topic, partition)
  }

  /** Whether all batches are full: only the last one may not be. */
  get isFull(): boolean {
    const { batches } = this
    return batches.length === 0 || (batches[batches.length - 1] as ProducerBatch).isFull
  }

  removeInFlight(batch: ProducerBatch): void {
    const at = this.inFlight.indexOf(batch)
    if (at >= 0) this.inFlight.splice(at, 1)
  }
}

export type FinalState = 'SUCCEEDED' | 'FAILED' | 'ABORTED'

/**
 * Records of one partition that are sent as one, and who is to be told. Source: ProducerBatch and MemoryRecordsBuilder
 * of Kafka 4.x.
 */
export class ProducerBatch implements SequencedBatch {
  readonly queue: PartitionQueue
  readonly records: ProducerRecord[] = []
  readonly createdMillis: number
  /** Counts up in the order of creation; parts of a split batch have that of the whole. */
  readonly number: number
  /** Bytes of buffer.memory that it holds; 0 for parts of a split batch, which are outside of it. */
  memoryBytes: number
  readonly isSplit: boolean
  sizeInBytes = BATCH_OVERHEAD_BYTES
  attempts = 0
  /** Sent before, and to be sent again. */
  isRetry = false
  finalState: FinalState | undefined = undefined
  producerId = NO_PRODUCER_ID
  producerEpoch = NO_PRODUCER_EPOCH
  baseSequence = NO_SEQUENCE
  sequenceHasBeenReset = false
  isTransactional = false
  /** When it may be sent again. */
  retryAtMillis = 0
  private readonly listeners: SendListener[] = []
  private readonly writeLimitBytes: number
  private isClosed = false
  private lastAttemptMillis: number
  private lastAppendMillis: number
  private leaderEpoch = NO_EPOCH
  private attemptsWhenLeaderLastChanged = 0

  /** @param writeLimitBytes size that it must not exceed, if it has more than one record */
  constructor(
    queue: PartitionQueue,
    writeLimitBytes: number,
    createdMillis: number,
    number: number,
    isSplit = false,
  ) {
    this.queue = queue
    this.writeLimitBytes = writeLimitBytes
    this.memoryBytes = isSplit ? 0 : writeLimitBytes
    this.createdMillis = createdMillis
    this.lastAttemptMillis = createdMillis
    this.lastAppendMillis = createdMillis
    this.number = number
    this.isSplit = isSplit
  }

  get partition(): PartitionName {
    return this.queue.name
  }

  get recordCount(): number {
    return this.records.length
  }

  get isFull(): boolean {
    return this.isClosed || (this.records.length > 0 && this.writeLimitBytes <= this.sizeInBytes)
  }

  get isDone(): boolean {
    return this.finalState !== undefined
  }

  /** Adds a record and gives it its place; false if there is no room. The first one always has room. */
  tryAppend(record: ProducerRecord, listener: SendListener, nowMillis: number): boolean {
    if (this.isFull) return false
    const { records } = this
    const offsetDelta = records.length
    const timestamp = record.timestamp === NO_TIMESTAMP ? nowMillis : record.timestamp
    const first = records[0]
    const bytes = sizeAt(record, offsetDelta, first === undefined ? 0 : timestamp - first.timestamp)
    if (offsetDelta > 0 && this.writeLimitBytes < this.sizeInBytes + bytes) return false
    record.offsetDelta = offsetDelta
    record.timestamp = timestamp
    record.sizeInBytes = bytes
    records.push(record)
    this.listeners.push(listener)
    this.sizeInBytes += bytes
    this.lastAppendMillis = nowMillis
    return true
  }

  /** No further record is taken. */
  close(): void {
    this.isClosed = true
  }

  /** When it has waited for a time since it was last sent, or since it was created. */
  hasWaitedAtMillis(waitMillis: number): number {
    return this.lastAttemptMillis + waitMillis
  }

  /** It goes back into its queue, to be sent again after a delay, or sooner if the leader changes. */
  reenqueued(nowMillis: number, backoffMillis: number): void {
    this.attempts += 1
    this.lastAttemptMillis = Math.max(this.lastAppendMillis, nowMillis)
    this.lastAppendMillis = this.lastAttemptMillis
    this.retryAtMillis = this.lastAttemptMillis + backoffMillis
    this.isRetry = true
  }

  /** It goes to a newer leader than before, if one is known. */
  updateLeaderEpoch(leaderEpoch: number): void {
    if (leaderEpoch <= this.leaderEpoch) return
    this.leaderEpoch = leaderEpoch
    this.attemptsWhenLeaderLastChanged = this.attempts
  }

  /** Whether it waits for its turn to be sent again; a newer leader gets it at once (KIP-951). */
  isBackingOff(nowMillis: number): boolean {
    return (
      this.attempts > 0 &&
      nowMillis < this.retryAtMillis &&
      this.attempts !== this.attemptsWhenLeaderLastChanged
    )
  }

  /** When it is given up (rule P5). */
  expiresAtMillis(deliveryTimeoutMillis: number): number {
    return this.createdMillis + deliveryTimeoutMillis
  }

  /** What is sent. */
  toRecordBatch(): RecordBatch {
    return producedBatch(this.records, this)
  }

  /**
   * It was written. Nobody is told twice: it may have expired before the answer came.
   * @param baseOffset -1 if not known
   * @param logAppendMillis -1 unless the log has times of its own
   */
  complete(baseOffset: number, logAppendMillis: number): boolean {
    if (!this.finish('SUCCEEDED')) return false
    const { records, listeners, queue } = this
    for (let index = 0; index < records.length; index++) {
      const record = records[index] as ProducerRecord
      const offset = baseOffset === -1 ? -1 : baseOffset + index
      const timestamp = logAppendMillis === NO_TIMESTAMP ? record.timestamp : logAppendMillis
      ;(listeners[index] as SendListener).acknowledged(record, queue.partition, offset, timestamp)
    }
    return true
  }

  /** It was not written, or it is not known whether it was. */
  fail(error: (index: number) => ProducerError): boolean {
    return this.end('FAILED', error)
  }

  /** It is given up, the producer or its transaction having ended. */
  abort(error: ProducerError): boolean {
    return this.end('ABORTED', () => error)
  }

  /**
   * Parts of at most some bytes, each of one record at least, which take over its records and listeners; records are
   * copied, since the batch that was refused may be on its way to other replicas still. They keep its time of creation
   * and its sequences. Source: ProducerBatch.split of Kafka 4.x.
   */
  split(batchBytes: number): ProducerBatch[] {
    const parts: ProducerBatch[] = []
    let part: ProducerBatch | undefined
    for (let index = 0; index < this.records.length; index++) {
      const whole = this.records[index] as ProducerRecord
      const record = { ...whole, copyOf: whole.copyOf ?? whole }
      const listener = this.listeners[index] as SendListener
      if (part?.tryAppend(record, listener, this.createdMillis) === true) continue
      part?.close()
      const limit = Math.max(batchBytesUpperBound(record), batchBytes)
      part = new ProducerBatch(this.queue, limit, this.createdMillis, this.number, true)
      part.tryAppend(record, listener, this.createdMillis)
      parts.push(part)
    }
    part?.close()
    this.finish('FAILED')
    let sequence = this.baseSequence
    if (sequence === NO_SEQUENCE) return parts
    for (const each of parts) {
      each.producerId = this.producerId
      each.producerEpoch = this.producerEpoch
      each.isTransactional = this.isTransactional
      each.baseSequence = sequence
      sequence = incrementSequence(sequence, each.recordCount)
    }
    return parts
  }

  private end(state: FinalState, error: (index: number) => ProducerError): boolean {
    if (!this.finish(state)) return false
    const { records, listeners } = this
    for (let index = 0; index < records.length; index++)
      (listeners[index] as SendListener).failed(records[index] as ProducerRecord, error(index))
    return true
  }

  /** @throws if it has succeeded already: that cannot change */
  private finish(state: FinalState): boolean {
    if (this.finalState === undefined) {
      this.finalState = state
      return true
    }
    if (this.finalState === 'SUCCEEDED')
      throw new ProducerError(
        'ILLEGAL_STATE',
        `A SUCCEEDED batch must not attempt another state change to ${state}`,
      )
    return false
  }
}
