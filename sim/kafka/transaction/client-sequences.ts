import { ProducerError } from './client-error.ts'
import {
  incrementSequence,
  lastSequence,
  NO_OFFSET,
  NO_SEQUENCE,
  PartitionSequences,
  type ProducerIdAndEpoch,
  type SequencedBatch,
} from './sequence.ts'
import type { PartitionName } from './topic-partition.ts'

/**
 * The sequences of all partitions that a producer writes to, its batches in flight, and the partitions where it is not
 * known whether a batch was written. Source: TxnPartitionMap and TransactionManager of Kafka 4.x.
 */
export class ProducerSequences {
  private readonly partitions = new Map<PartitionName, PartitionSequences>()
  /** The sequence after a batch that expired in flight. */
  private readonly unresolved = new Map<PartitionName, number>()

  /** The sequences of a partition, which begin at 0. */
  of(partition: PartitionName): PartitionSequences {
    let sequences = this.partitions.get(partition)
    if (sequences === undefined) {
      sequences = new PartitionSequences(partition)
      this.partitions.set(partition, sequences)
    }
    return sequences
  }

  /** Base sequence of the next batch of a partition. */
  sequenceNumber(partition: PartitionName): number {
    return this.of(partition).nextSequence
  }

  incrementSequenceNumber(partition: PartitionName, increment: number): void {
    const sequences = this.of(partition)
    sequences.nextSequence = incrementSequence(sequences.nextSequence, increment)
  }

  /**
   * A batch is sent for the first time.
   * @throws if it has no sequence
   */
  addInFlightBatch(batch: SequencedBatch): void {
    if (batch.baseSequence === NO_SEQUENCE)
      throw new ProducerError('ILLEGAL_STATE', `A batch of ${batch.partition} has no sequence`)
    this.of(batch.partition).add(batch)
  }

  removeInFlightBatch(batch: SequencedBatch): void {
    this.partitions.get(batch.partition)?.remove(batch)
  }

  hasInFlightBatches(partition: PartitionName): boolean {
    return this.partitions.get(partition)?.hasInFlightBatches === true
  }

  /** Sequence of the batch in flight that has to be retried first; NO_SEQUENCE if none is. */
  firstInFlightSequence(partition: PartitionName): number {
    return this.partitions.get(partition)?.firstInFlight?.baseSequence ?? NO_SEQUENCE
  }

  nextBatchBySequence(partition: PartitionName): SequencedBatch | undefined {
    return this.partitions.get(partition)?.firstInFlight
  }

  /** Sequence of the last record that was acknowledged; NO_SEQUENCE if none was. */
  lastAckedSequence(partition: PartitionName): number {
    return this.partitions.get(partition)?.lastAckedSequence ?? NO_SEQUENCE
  }

  /** Offset of the last record that was acknowledged; NO_OFFSET if none was. */
  lastAckedOffset(partition: PartitionName): number {
    return this.partitions.get(partition)?.lastAckedOffset ?? NO_OFFSET
  }

  /** A batch was written. Without a transaction its partition may have been forgotten since it was sent. */
  completed(batch: SequencedBatch, baseOffset: number, isTransactional: boolean): void {
    const known = this.partitions.get(batch.partition)
    known?.acknowledge(lastSequence(batch))
    if (baseOffset !== NO_OFFSET && (known !== undefined || !isTransactional)) {
      const sequences = this.of(batch.partition)
      sequences.lastAckedOffset = Math.max(sequences.lastAckedOffset, baseOffset + batch.recordCount - 1)
    }
    known?.remove(batch)
  }

  /** Whether a sequence follows the last one that was acknowledged. */
  isNext(partition: PartitionName, sequence: number): boolean {
    return sequence - this.lastAckedSequence(partition) === 1
  }

  startAtBeginning(partition: PartitionName, producer: ProducerIdAndEpoch): void {
    this.of(partition).startAtBeginning(producer)
  }

  /** A batch was refused for good: the ones behind it take its place. */
  closeGap(batch: SequencedBatch): void {
    this.partitions.get(batch.partition)?.closeGap(batch)
  }

  /** A batch expired that may have been written: no new one is sent until it is known what became of it. */
  markUnresolved(batch: SequencedBatch): void {
    const next = lastSequence(batch) + 1
    this.unresolved.set(batch.partition, Math.max(this.unresolved.get(batch.partition) ?? next, next))
  }

  get unresolvedPartitions(): readonly PartitionName[] {
    return [...this.unresolved.keys()]
  }

  hasUnresolved(partition: PartitionName): boolean {
    return this.unresolved.has(partition)
  }

  resolve(partition: PartitionName): void {
    this.unresolved.delete(partition)
  }

  /** Whether a sequence comes right after the batch that expired. */
  isNextUnresolved(partition: PartitionName, sequence: number): boolean {
    return this.unresolved.get(partition) === sequence
  }

  /** Forgets a partition: it begins at 0 again. */
  forget(partition: PartitionName): void {
    this.partitions.delete(partition)
    this.unresolved.delete(partition)
  }

  reset(): void {
    this.partitions.clear()
    this.unresolved.clear()
  }
}
