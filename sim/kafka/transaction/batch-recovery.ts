import type { ErrorCode } from '../error-code.ts'
import { isRetriable, ProducerError } from './client-error.ts'
import { NO_SEQUENCE, type SequencedBatch } from './sequence.ts'
import type { PartitionName } from './topic-partition.ts'
import type { TransactionManager } from './transaction-manager.ts'

/** What a broker answered for one batch. */
export interface BatchResponse {
  readonly errorCode: ErrorCode
  /** -1 if the batch was not written, or where is not known. */
  readonly baseOffset: number
  /** -1 if not known. */
  readonly logStartOffset: number
}

/**
 * Whether a batch that was answered with an error is sent again. Lost state of the producer and gaps in the sequence
 * are answered by a new epoch that numbers the partition from 0 (KIP-360, rule P8) where that is safe. Source:
 * TransactionManager.canRetry of Kafka 4.x.
 */
export function canRetry(
  manager: TransactionManager,
  response: BatchResponse,
  batch: SequencedBatch,
): boolean {
  if (response.errorCode === 'UNKNOWN_PRODUCER_ID') return canRetryUnknown(manager, response, batch)
  if (response.errorCode === 'OUT_OF_ORDER_SEQUENCE_NUMBER') return canRetryOutOfOrder(manager, batch)
  return isRetriable(response.errorCode)
}

/** The broker knows nothing of the producer, because retention deleted its records or because they were lost. */
function canRetryUnknown(
  manager: TransactionManager,
  { logStartOffset }: BatchResponse,
  batch: SequencedBatch,
): boolean {
  const { sequences, isTransactional } = manager
  if (logStartOffset === -1 || batch.sequenceHasBeenReset) return true
  const deleted = sequences.lastAckedOffset(batch.partition) < logStartOffset
  if (!isTransactional) manager.requestEpochBump(batch.partition)
  else if (deleted) sequences.startAtBeginning(batch.partition, manager.producer)
  return deleted || !isTransactional
}

/** A batch before it is missing: in flight, or for good. */
function canRetryOutOfOrder(manager: TransactionManager, batch: SequencedBatch): boolean {
  const { sequences, isTransactional } = manager
  const { partition, baseSequence } = batch
  const unresolved = sequences.hasUnresolved(partition)
  if (!unresolved && (batch.sequenceHasBeenReset || !sequences.isNext(partition, baseSequence))) return true
  if (isTransactional) return false
  if (!unresolved || sequences.isNextUnresolved(partition, baseSequence)) manager.requestEpochBump(partition)
  return true
}

/** What the sender does with a batch that was answered. */
export type BatchOutcome = 'written' | 'retry' | 'split' | 'failed'

/**
 * Takes the answer to a batch. `mayRetry` if neither its retries nor its delivery.timeout.ms are used up. A batch to be
 * retried goes back into its queue (`requeue`); one that is too large comes again in parts, without its sequence.
 * Source: Sender.completeBatch of Kafka 4.x.
 */
export function settleBatch(
  manager: TransactionManager,
  batch: SequencedBatch,
  response: BatchResponse,
  mayRetry: { readonly attempts: boolean; readonly time: boolean },
): BatchOutcome {
  const { errorCode } = response
  if (errorCode === 'MESSAGE_TOO_LARGE' && batch.recordCount > 1) {
    manager.sequences.removeInFlightBatch(batch)
    return 'split'
  }
  if (errorCode === 'NONE') return completeBatch(manager, batch, response)
  if (mayRetry.attempts && mayRetry.time && canRetry(manager, response, batch)) return 'retry'
  // It was written before, and what the broker remembers does not reach back to where.
  if (errorCode === 'DUPLICATE_SEQUENCE_NUMBER') return completeBatch(manager, batch, response)
  failBatch(
    manager,
    batch,
    new ProducerError(errorCode, `A batch failed with ${errorCode}`),
    mayRetry.attempts,
  )
  return 'failed'
}

function completeBatch(
  manager: TransactionManager,
  batch: SequencedBatch,
  response: BatchResponse,
): 'written' {
  manager.sequences.completed(batch, response.baseOffset, manager.isTransactional)
  return 'written'
}

/**
 * A batch failed for good. `adjustSequences` if a broker refused it, so that its sequences are free; not if it is not
 * known whether it was written. Source: TransactionManager.handleFailedBatch of Kafka 4.x.
 */
export function failBatch(
  manager: TransactionManager,
  batch: SequencedBatch,
  error: ProducerError,
  adjustSequences: boolean,
): void {
  const { sequences, isTransactional } = manager
  manager.batchFailed(error)
  sequences.removeInFlightBatch(batch)
  if (manager.state === 'FATAL_ERROR') return
  if (error.code === 'OUT_OF_ORDER_SEQUENCE_NUMBER' && !isTransactional)
    manager.requestEpochBump(batch.partition)
  else if (error.code === 'UNKNOWN_PRODUCER_ID') sequences.forget(batch.partition)
  else if (adjustSequences && isTransactional) sequences.closeGap(batch)
  else if (adjustSequences) manager.requestEpochBump(batch.partition)
}

/**
 * The sender, before it sends: partitions where a batch expired in flight, and none is in flight any more. Later batches
 * that were written prove that the expired one was; otherwise a new epoch is needed.
 */
export function resolveSequences(manager: TransactionManager): void {
  const { sequences } = manager
  for (const partition of sequences.unresolvedPartitions) {
    if (sequences.hasInFlightBatches(partition)) continue
    if (!sequences.isNext(partition, sequences.sequenceNumber(partition))) {
      if (manager.isTransactional) {
        const unacked =
          'Some messages that were sent have not been acknowledged and can no longer be retried. '
        manager.transitionToAbortableOrFatalError(
          new ProducerError('KAFKA_EXCEPTION', `${unacked}It is safe to abort the transaction and continue.`),
          new ProducerError('KAFKA_EXCEPTION', `${unacked}It isn't safe to continue.`),
        )
      } else manager.requestEpochBump(partition)
    }
    sequences.resolve(partition)
  }
}

/**
 * Whether the first batch that waits for a partition has to wait on: for its partition to be added, for a producer id,
 * for batches of an older epoch or of unknown fate; and of those that are retried only the one with the lowest sequence
 * is sent, until it is answered (rule P4). Source: RecordAccumulator.shouldStopDrainBatchesForPartition of Kafka 4.x.
 */
export function mustWait(
  manager: TransactionManager,
  first: SequencedBatch,
  partition: PartitionName,
): boolean {
  const { sequences } = manager
  if (!manager.isSendAllowed(partition) || !manager.hasProducerId) return true
  if (first.baseSequence === NO_SEQUENCE) {
    if (sequences.hasInFlightBatches(partition) && manager.hasStaleProducer(partition)) return true
    return sequences.hasUnresolved(partition)
  }
  const next = sequences.firstInFlightSequence(partition)
  return next !== NO_SEQUENCE && first.baseSequence !== next
}

/** A batch is sent for the first time: it gets its sequence, which it keeps. */
export function assignSequence(manager: TransactionManager, batch: SequencedBatch): void {
  const { sequences } = manager
  manager.maybeUpdateProducer(batch.partition)
  batch.producerId = manager.producer.producerId
  batch.producerEpoch = manager.producer.epoch
  batch.baseSequence = sequences.sequenceNumber(batch.partition)
  sequences.incrementSequenceNumber(batch.partition, batch.recordCount)
  sequences.addInFlightBatch(batch)
}

/**
 * Puts a batch that is retried back into the queue of its partition: before those with higher sequences and those that
 * were never sent. Source: RecordAccumulator.insertInSequenceOrder of Kafka 4.x.
 */
export function requeue<Batch extends SequencedBatch>(queue: Batch[], batch: Batch): void {
  const at = queue.findIndex(
    ({ baseSequence }) => baseSequence === NO_SEQUENCE || baseSequence >= batch.baseSequence,
  )
  queue.splice(at < 0 ? queue.length : at, 0, batch)
}
