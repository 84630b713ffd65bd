import { isFatalForBatch, isRetriable, ProducerError } from './client-error.ts'
import { TransactionLifecycle } from './client-lifecycle.ts'
import { ProducerSequences } from './client-sequences.ts'
import { MAX_PRODUCER_EPOCH, NO_PRODUCER_ID } from './metadata.ts'
import { NO_PRODUCER, type ProducerIdAndEpoch } from './sequence.ts'
import type { PartitionName } from './topic-partition.ts'
import { supportsEpochBump, type TransactionVersion } from './version.ts'

/**
 * The epoch of a producer: who bumps it, when, and what that does to sequences. A transactional producer of version 2
 * gets a new one with every EndTxn, one of an older version asks for it after an error, an idempotent one helps itself
 * (KIP-360). Source: TransactionManager of Kafka 4.x.
 */
export class ProducerEpochs extends TransactionLifecycle {
  readonly sequences = new ProducerSequences()
  /** Producer id and epoch in use; NO_PRODUCER before InitProducerId. */
  producer: ProducerIdAndEpoch = NO_PRODUCER
  /** Whether transactions are of version 2; changes only between two. */
  isVersion2 = false
  protected epochBumpRequired = false
  private coordinatorBumpsEpoch = false
  private readonly partitionsToRewrite = new Set<PartitionName>()
  private features = { epoch: -1, transactionVersion: 0 as TransactionVersion }
  private seenFeaturesEpoch = -1

  get hasProducerId(): boolean {
    return this.producer.producerId > NO_PRODUCER_ID
  }

  /** Whether the client has to ask for a new epoch to recover; version 2 gets one with every EndTxn. */
  get bumpsEpochItself(): boolean {
    return this.coordinatorBumpsEpoch && !this.isVersion2
  }

  /** The sender can reach the transaction coordinator, whose InitProducerId bumps epochs from version 3. */
  coordinatorReady(initProducerIdMaxVersion: number): void {
    this.coordinatorBumpsEpoch = initProducerIdMaxVersion >= 3
  }

  /** Finalized features of the cluster as the client last heard of them. */
  updateFeatures(epoch: number, transactionVersion: TransactionVersion): void {
    if (epoch > this.features.epoch) this.features = { epoch, transactionVersion }
  }

  /**
   * Adopts the cluster's transaction version: at the end of initTransactions, and as a transaction ends. An upgrade to
   * version 2 then bumps the epoch, so that partitions of the transaction before do not pass for added.
   */
  maybeUpdateVersion2(onInitialization: boolean): void {
    if (this.seenFeaturesEpoch >= this.features.epoch) return
    this.seenFeaturesEpoch = this.features.epoch
    const before = this.isVersion2
    this.isVersion2 = supportsEpochBump(this.features.transactionVersion)
    if (!onInitialization && !before && this.isVersion2) this.epochBumpRequired = true
  }

  /**
   * A batch failed for good, or the application could not hand over a record: without a transaction nothing but fencing
   * ends the producer, in one every error asks for an abort.
   */
  maybeTransitionToErrorState(error: ProducerError): void {
    if (isFatalForBatch(error.code)) this.transitionToFatalError(error)
    else if (this.isTransactional) {
      const isAbortable = isRetriable(error.code) || error.code === 'INVALID_TXN_STATE'
      const told = isAbortable
        ? new ProducerError(
            'TRANSACTION_ABORTABLE',
            'The request was aborted after exhausting retries',
            error,
          )
        : error
      if (this.bumpsEpochItself && !this.isCompleting) this.epochBumpRequired = true
      this.transitionToAbortableError(told)
    }
  }

  /** As `maybeTransitionToErrorState`, from the sender: where no error is foreseen the producer ends. */
  batchFailed(error: ProducerError): void {
    this.inSender = true
    try {
      this.maybeTransitionToErrorState(error)
    } finally {
      this.inSender = false
    }
  }

  /** An error of the sender that a bump of the epoch heals, or nothing does. */
  transitionToAbortableOrFatalError(abortable: ProducerError, fatal: ProducerError): void {
    if (this.coordinatorBumpsEpoch || this.isVersion2) {
      if (this.bumpsEpochItself) this.epochBumpRequired = true
      this.transitionToAbortableError(abortable)
    } else this.transitionToFatalError(fatal)
  }

  /** An idempotent producer begins a new epoch before it sends again, and numbers a partition anew (rule P8). */
  requestEpochBump(partition: PartitionName): void {
    this.epochBumpRequired = true
    this.partitionsToRewrite.add(partition)
  }

  /** A partition takes over a new epoch once all its batches of the old one have been answered. */
  maybeUpdateProducer(partition: PartitionName): void {
    if (
      this.state !== 'FATAL_ERROR' &&
      this.hasStaleProducer(partition) &&
      !this.sequences.hasInFlightBatches(partition)
    )
      this.sequences.startAtBeginning(partition, this.producer)
  }

  hasStaleProducer(partition: PartitionName): boolean {
    const { producerId, epoch } = this.sequences.of(partition).producer
    return producerId !== this.producer.producerId || epoch !== this.producer.epoch
  }

  /** Without a transaction: the next epoch, for which the partitions that asked are numbered anew. */
  protected bumpEpoch(): void {
    const { producerId, epoch } = this.producer
    if (epoch === MAX_PRODUCER_EPOCH) {
      this.producer = NO_PRODUCER
      this.transitionTo('UNINITIALIZED')
    } else this.producer = { producerId, epoch: epoch + 1 }
    for (const partition of this.partitionsToRewrite) {
      this.sequences.startAtBeginning(partition, this.producer)
      this.sequences.resolve(partition)
    }
    this.partitionsToRewrite.clear()
    this.epochBumpRequired = false
  }
}
