import { NO_PRODUCER_EPOCH, NO_PRODUCER_ID } from './metadata.ts'
import type { PartitionName } from './topic-partition.ts'

const MAX_SEQUENCE = 0x7fff_ffff
export const NO_SEQUENCE = -1
export const NO_OFFSET = -1

/** A producer id and its epoch; two are the same if both fields are. */
export interface ProducerIdAndEpoch {
  readonly producerId: number
  readonly epoch: number
}

export const NO_PRODUCER: ProducerIdAndEpoch = { producerId: NO_PRODUCER_ID, epoch: NO_PRODUCER_EPOCH }

/** A sequence number some records later: after 2^31 - 1 comes 0 (rule S3). */
export function incrementSequence(sequence: number, increment: number): number {
  return sequence > MAX_SEQUENCE - increment
    ? increment - (MAX_SEQUENCE - sequence) - 1
    : sequence + increment
}

/** A batch of records that a producer sends, as far as sequences go. NO_SEQUENCE until it is first drained. */
export interface SequencedBatch {
  readonly partition: PartitionName
  readonly recordCount: number
  producerId: number
  producerEpoch: number
  baseSequence: number
  /** Numbered anew since it was last sent. */
  sequenceHasBeenReset: boolean
}

/** Sequence of the last record of a batch. */
export function lastSequence({ baseSequence, recordCount }: SequencedBatch): number {
  return incrementSequence(baseSequence, recordCount - 1)
}

/** Sequences of one partition. Source: TxnPartitionEntry of Kafka 4.x. */
export class PartitionSequences {
  readonly partition: PartitionName
  producer: ProducerIdAndEpoch = NO_PRODUCER
  /** Base sequence of the next batch. */
  nextSequence = 0
  /** NO_SEQUENCE if none. */
  lastAckedSequence = NO_SEQUENCE
  /** Tells records lost by retention from lost ones; NO_OFFSET if none. */
  lastAckedOffset = NO_OFFSET
  private readonly inFlight: SequencedBatch[] = []

  constructor(partition: PartitionName) {
    this.partition = partition
  }

  get hasInFlightBatches(): boolean {
    return this.inFlight.length > 0
  }

  /** The batch in flight with the lowest sequence. */
  get firstInFlight(): SequencedBatch | undefined {
    return this.inFlight[0]
  }

  add(batch: SequencedBatch): void {
    const after = this.inFlight.findIndex((other) => comesBefore(batch, other))
    this.inFlight.splice(after < 0 ? this.inFlight.length : after, 0, batch)
  }

  remove(batch: SequencedBatch): void {
    const at = this.inFlight.indexOf(batch)
    if (at >= 0) this.inFlight.splice(at, 1)
  }

  acknowledge(sequence: number): void {
    this.lastAckedSequence = Math.max(this.lastAckedSequence, sequence)
  }

  /** A new epoch: batches in flight are numbered from 0 (KIP-360, rule P8). */
  startAtBeginning(producer: ProducerIdAndEpoch): void {
    let sequence = 0
    for (const batch of this.inFlight) {
      renumber(batch, producer, sequence)
      sequence += batch.recordCount
    }
    this.producer = producer
    this.nextSequence = sequence
    this.lastAckedSequence = NO_SEQUENCE
  }

  /**
   * A batch was refused for good: those after it take its place, or they would be out of order.
   * @throws if a sequence would become negative
   */
  closeGap({ baseSequence, recordCount }: SequencedBatch): void {
    this.nextSequence = this.lowered(this.nextSequence, recordCount)
    for (const batch of this.inFlight) {
      if (batch.baseSequence < baseSequence) continue
      const { producerId, producerEpoch } = batch
      renumber(batch, { producerId, epoch: producerEpoch }, this.lowered(batch.baseSequence, recordCount))
    }
  }

  private lowered(sequence: number, by: number): number {
    if (sequence < by) throw new Error(`A sequence of ${this.partition} is going to become negative`)
    return sequence - by
  }
}

function renumber(batch: SequencedBatch, { producerId, epoch }: ProducerIdAndEpoch, sequence: number): void {
  batch.producerId = producerId
  batch.producerEpoch = epoch
  batch.baseSequence = sequence
  batch.sequenceHasBeenReset = true
}

function comesBefore(left: SequencedBatch, right: SequencedBatch): boolean {
  if (left.producerId !== right.producerId) return left.producerId < right.producerId
  if (left.producerEpoch !== right.producerEpoch) return left.producerEpoch < right.producerEpoch
  return left.baseSequence < right.baseSequence
}
