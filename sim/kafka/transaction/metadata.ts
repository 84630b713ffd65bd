import type { ErrorCode } from '../error-code.ts'
import { isAtRest, type TransactionState, VALID_PREVIOUS_STATES } from './state.ts'
import { containsAll, type PartitionName } from './topic-partition.ts'
import { supportsEpochBump, type TransactionVersion } from './version.ts'

export const NO_PRODUCER_ID = -1
export const NO_PRODUCER_EPOCH = -1
/** Java's Short.MAX_VALUE: the epoch that only the coordinator may use, to fence. */
export const MAX_PRODUCER_EPOCH = 32_767

/** Whether no client may be given a higher epoch: the last one is kept for fencing. */
export function isEpochExhausted(producerEpoch: number): boolean {
  return producerEpoch >= MAX_PRODUCER_EPOCH - 1
}

/** What a coordinator knows of a transactional id, apart from transitions under way. */
export interface TransactionFields {
  /** Producer id in use. */
  producerId: number
  /** Producer id before the last transition. */
  prevProducerId: number
  /** Producer id that follows when the transaction completes, because the epochs are exhausted; else -1. */
  nextProducerId: number
  producerEpoch: number
  /** Epoch before the last bump that the producer asked for, which tells a retry; else -1. */
  lastProducerEpoch: number
  txnTimeoutMs: number
  /** Partitions in the transaction, while it is prepared those whose marker is missing. */
  topicPartitions: Set<PartitionName>
  /** When the first partition was added; -1 before. */
  txnStartTimestamp: number
  txnLastUpdateTimestamp: number
  /** Version that the client spoke when the state was last changed. */
  clientTransactionVersion: TransactionVersion
}

/** A transition that is prepared: what will hold once it is in the log. */
export interface TxnTransitMetadata extends Readonly<TransactionFields> {
  readonly txnState: TransactionState
}

/** A transition, or the reason why there is none. */
export type PreparedTransition = TxnTransitMetadata | ErrorCode

/**
 * State of a transactional id and its rules of transition. A transition is prepared, written to the log, and completed;
 * while it is pending no other begins. Source: TransactionMetadata of Kafka 4.x.
 */
export class TransactionMetadata implements TransactionFields {
  readonly transactionalId: string
  producerId: number
  prevProducerId: number
  nextProducerId: number
  producerEpoch: number
  lastProducerEpoch: number
  txnTimeoutMs: number
  topicPartitions: Set<PartitionName>
  txnStartTimestamp: number
  txnLastUpdateTimestamp: number
  clientTransactionVersion: TransactionVersion
  state: TransactionState
  /** State of the transition that is prepared and not yet completed. */
  pendingState: TransactionState | undefined = undefined
  /** The bumped epoch of an attempt to fence may not have reached the log: the next attempt bumps no further. */
  hasFailedEpochFence = false

  constructor(transactionalId: string, state: TransactionState, fields: Readonly<TransactionFields>) {
    this.transactionalId = transactionalId
    this.state = state
    this.producerId = fields.producerId
    this.prevProducerId = fields.prevProducerId
    this.nextProducerId = fields.nextProducerId
    this.producerEpoch = fields.producerEpoch
    this.lastProducerEpoch = fields.lastProducerEpoch
    this.txnTimeoutMs = fields.txnTimeoutMs
    this.topicPartitions = fields.topicPartitions
    this.txnStartTimestamp = fields.txnStartTimestamp
    this.txnLastUpdateTimestamp = fields.txnLastUpdateTimestamp
    this.clientTransactionVersion = fields.clientTransactionVersion
  }

  get isProducerEpochExhausted(): boolean {
    return isEpochExhausted(this.producerEpoch)
  }

  /** A marker has been written. Throws unless the transaction is prepared. */
  removePartition(partition: PartitionName): void {
    if (this.state !== 'PrepareCommit' && this.state !== 'PrepareAbort')
      throw new Error(`${this.transactionalId} is ${this.state}: no marker of it can have been written`)
    this.topicPartitions.delete(partition)
  }

  /** Fences the producer of an ongoing transaction with an epoch that no client is given (rules T2, T6). */
  prepareFenceProducerEpoch(): TxnTransitMetadata {
    const stays = this.hasFailedEpochFence || this.producerEpoch === MAX_PRODUCER_EPOCH
    return this.prepare('PrepareEpochFence', {
      producerEpoch: stays ? this.producerEpoch : this.producerEpoch + 1,
    })
  }

  /**
   * Bumps the epoch for InitProducerId (rule T2, KIP-360): without an expected epoch always; with the current one too,
   * and it is kept to tell a retry; with the one before, which is that retry, not.
   * @returns PRODUCER_FENCED for any other expected epoch
   * @throws when the epochs are exhausted
   */
  prepareIncrementProducerEpoch(
    txnTimeoutMs: number,
    expectedEpoch: number | undefined,
    nowMillis: number,
  ): PreparedTransition {
    const { producerEpoch, lastProducerEpoch } = this
    if (this.isProducerEpochExhausted)
      throw new Error(`Producer id ${this.producerId} has no more epochs to give`)
    const bumped = producerEpoch + 1
    const rest = {
      txnTimeoutMs,
      topicPartitions: new Set<PartitionName>(),
      txnStartTimestamp: -1,
      txnLastUpdateTimestamp: nowMillis,
    }
    if (expectedEpoch === undefined)
      return this.prepare('Empty', {
        ...rest,
        producerEpoch: bumped,
        lastProducerEpoch: NO_PRODUCER_EPOCH,
      })
    if (producerEpoch === NO_PRODUCER_EPOCH || expectedEpoch === producerEpoch)
      return this.prepare('Empty', { ...rest, producerEpoch: bumped, lastProducerEpoch: producerEpoch })
    if (expectedEpoch === lastProducerEpoch) return this.prepare('Empty', rest)
    return 'PRODUCER_FENCED'
  }

  /**
   * Takes a new producer id because the epochs of the old one are exhausted.
   * @throws while a transaction is under way
   */
  prepareProducerIdRotation(
    producerId: number,
    txnTimeoutMs: number,
    nowMillis: number,
    recordLastEpoch: boolean,
  ): TxnTransitMetadata {
    if (this.state === 'Ongoing' || this.state === 'PrepareAbort' || this.state === 'PrepareCommit')
      throw new Error(`${this.transactionalId} is ${this.state}: its producer id stays`)
    return this.prepare('Empty', {
      producerId,
      producerEpoch: 0,
      lastProducerEpoch: recordLastEpoch ? this.producerEpoch : NO_PRODUCER_EPOCH,
      txnTimeoutMs,
      topicPartitions: new Set(),
      txnStartTimestamp: -1,
      txnLastUpdateTimestamp: nowMillis,
    })
  }

  /** Adds partitions, and begins the transaction if none is ongoing (rule T3). */
  prepareAddPartitions(
    added: Iterable<PartitionName>,
    nowMillis: number,
    clientTransactionVersion: TransactionVersion,
  ): TxnTransitMetadata {
    return this.prepare('Ongoing', {
      topicPartitions: new Set([...this.topicPartitions, ...added]),
      txnStartTimestamp: isAtRest(this.state) ? nowMillis : this.txnStartTimestamp,
      txnLastUpdateTimestamp: nowMillis,
      clientTransactionVersion,
    })
  }

  /**
   * Decides the outcome (rule T4). Version 2 bumps the epoch (rule T5) and may abort what has no partition, whose start
   * is then now.
   */
  prepareAbortOrCommit(
    state: 'PrepareCommit' | 'PrepareAbort',
    clientTransactionVersion: TransactionVersion,
    nextProducerId: number,
    nowMillis: number,
    noPartitionAdded: boolean,
  ): TxnTransitMetadata {
    const { producerEpoch, lastProducerEpoch } = this
    const bumps = supportsEpochBump(clientTransactionVersion)
    // A producer that was given the last epoch by mistake can still abort, and goes on with the next producer id.
    const stays = producerEpoch === MAX_PRODUCER_EPOCH && state === 'PrepareAbort'
    return this.prepare(state, {
      producerEpoch: bumps && !stays ? producerEpoch + 1 : producerEpoch,
      lastProducerEpoch: bumps ? producerEpoch : lastProducerEpoch,
      txnStartTimestamp: noPartitionAdded ? nowMillis : this.txnStartTimestamp,
      nextProducerId,
      txnLastUpdateTimestamp: nowMillis,
      clientTransactionVersion,
    })
  }

  /** Ends a prepared transaction, all markers being written; only now the next producer id takes over. */
  prepareComplete(nowMillis: number): TxnTransitMetadata {
    this.hasFailedEpochFence = false
    const rotates = supportsEpochBump(this.clientTransactionVersion) && this.nextProducerId !== NO_PRODUCER_ID
    return this.prepare(this.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort', {
      producerId: rotates ? this.nextProducerId : this.producerId,
      producerEpoch: rotates ? 0 : this.producerEpoch,
      nextProducerId: NO_PRODUCER_ID,
      topicPartitions: new Set(),
      txnLastUpdateTimestamp: nowMillis,
    })
  }

  /** The transactional id expires. */
  prepareDead(): TxnTransitMetadata {
    return this.prepare('Dead', { topicPartitions: new Set() })
  }

  /**
   * The prepared transition is in the log.
   * @throws if it does not follow from the state: a mistake of the coordinator, not of a client
   */
  completeTransitionTo(transit: TxnTransitMetadata): void {
    if (this.pendingState !== transit.txnState || !this.isValid(transit))
      throw new Error(
        `${this.transactionalId} cannot go from ${this.state} (pending: ${this.pendingState}) to ${transit.txnState}`,
      )
    this.producerId = transit.producerId
    this.prevProducerId = transit.prevProducerId
    this.nextProducerId = transit.nextProducerId
    this.producerEpoch = transit.producerEpoch
    this.lastProducerEpoch = transit.lastProducerEpoch
    this.txnTimeoutMs = transit.txnTimeoutMs
    this.topicPartitions = transit.topicPartitions
    this.txnStartTimestamp = transit.txnStartTimestamp
    this.txnLastUpdateTimestamp = transit.txnLastUpdateTimestamp
    this.clientTransactionVersion = transit.clientTransactionVersion
    this.pendingState = undefined
    this.state = transit.txnState
  }

  private prepare(txnState: TransactionState, changed: Partial<TransactionFields>): TxnTransitMetadata {
    const producerId = changed.producerId ?? this.producerId
    const producerEpoch = changed.producerEpoch ?? this.producerEpoch
    if (this.pendingState !== undefined)
      throw new Error(`${this.transactionalId} is already on its way to ${this.pendingState}`)
    if (producerId < 0 || (txnState !== 'Dead' && (producerEpoch < 0 || producerEpoch > MAX_PRODUCER_EPOCH)))
      throw new Error(
        `${this.transactionalId} cannot have producer id ${producerId} of epoch ${producerEpoch}`,
      )
    if (!VALID_PREVIOUS_STATES[txnState].includes(this.state))
      throw new Error(`${this.transactionalId} cannot go from ${this.state} to ${txnState}`)
    this.pendingState = txnState
    return {
      txnState,
      producerId,
      prevProducerId: this.producerId,
      nextProducerId: changed.nextProducerId ?? this.nextProducerId,
      producerEpoch,
      lastProducerEpoch: changed.lastProducerEpoch ?? this.lastProducerEpoch,
      txnTimeoutMs: changed.txnTimeoutMs ?? this.txnTimeoutMs,
      topicPartitions: changed.topicPartitions ?? this.topicPartitions,
      txnStartTimestamp: changed.txnStartTimestamp ?? this.txnStartTimestamp,
      txnLastUpdateTimestamp: changed.txnLastUpdateTimestamp ?? this.txnLastUpdateTimestamp,
      clientTransactionVersion: changed.clientTransactionVersion ?? this.clientTransactionVersion,
    }
  }

  private isValid(transit: TxnTransitMetadata): boolean {
    const sameTimeout = this.txnTimeoutMs === transit.txnTimeoutMs
    switch (transit.txnState) {
      case 'Empty':
        return (
          this.isValidBump(transit) && transit.topicPartitions.size === 0 && transit.txnStartTimestamp === -1
        )
      case 'Ongoing':
        return (
          this.isValidEpoch(transit) &&
          sameTimeout &&
          containsAll(transit.topicPartitions, this.topicPartitions)
        )
      case 'PrepareAbort':
      case 'PrepareCommit':
        return (
          this.isValidEpoch(transit) &&
          sameTimeout &&
          this.topicPartitions.size === transit.topicPartitions.size &&
          containsAll(transit.topicPartitions, this.topicPartitions) &&
          (this.txnStartTimestamp === transit.txnStartTimestamp || this.mayAbortNothing(transit))
        )
      case 'CompleteAbort':
      case 'CompleteCommit':
        return this.isValidEpoch(transit) && sameTimeout && transit.txnStartTimestamp !== -1
      case 'PrepareEpochFence':
      case 'Dead':
        return false
    }
  }

  private mayAbortNothing({ txnState, clientTransactionVersion }: TxnTransitMetadata): boolean {
    return txnState === 'PrepareAbort' && supportsEpochBump(clientTransactionVersion) && isAtRest(this.state)
  }

  private isValidEpoch(transit: TxnTransitMetadata): boolean {
    const { txnState, producerEpoch, producerId, lastProducerEpoch, prevProducerId } = transit
    if (supportsEpochBump(transit.clientTransactionVersion)) {
      if ((txnState === 'CompleteCommit' || txnState === 'CompleteAbort') && producerEpoch === 0)
        return lastProducerEpoch === this.lastProducerEpoch && prevProducerId === this.producerId
      if (txnState === 'PrepareCommit' || txnState === 'PrepareAbort')
        return lastProducerEpoch === this.producerEpoch && producerId === this.producerId
    }
    return producerEpoch === this.producerEpoch && producerId === this.producerId
  }

  private isValidBump({ producerEpoch, producerId }: TxnTransitMetadata): boolean {
    return (
      producerEpoch === this.producerEpoch ||
      producerEpoch === this.producerEpoch + 1 ||
      (producerEpoch === 0 && producerId !== this.producerId)
    )
  }
}
