import { coordinatorPartition } from '../coordinator/coordinator-partition.ts'
import type { ErrorCode } from '../error-code.ts'
import type { TransactionConfig } from './config.ts'
import { coordinatorError, replay, type TransactionLog, type TransactionLogEntry, toLogValue } from './log.ts'
import type { TransactionMetadata, TxnTransitMetadata } from './metadata.ts'
import { isAtRest } from './state.ts'

/** A transactional id as its coordinator owns it. */
export interface OwnedTransaction {
  readonly coordinatorEpoch: number
  readonly metadata: TransactionMetadata
}

/** The transactional ids of one partition of __transaction_state that this broker coordinates. */
export interface OwnedPartition {
  readonly coordinatorEpoch: number
  readonly transactions: Map<string, TransactionMetadata>
}

/** A transaction that was loaded with its outcome decided: its markers have to be written (again). */
export interface PendingCompletion extends OwnedTransaction {
  readonly committed: boolean
  readonly transit: TxnTransitMetadata
}

/** Called with the error of a write to the transaction log, translated for clients. */
export type Appended = (error: ErrorCode, nowMillis: number) => void

/**
 * The transactional ids that a broker coordinates: loading them when it comes to lead a partition of
 * __transaction_state, writing their transitions, forgetting those that expired. Source: TransactionStateManager of
 * Kafka 4.x.
 */
export class TransactionStateManager {
  readonly config: TransactionConfig
  /** Owned partitions of __transaction_state, in the order in which they were loaded. */
  readonly owned = new Map<number, OwnedPartition>()
  /** Counts what may move a deadline: whoever remembers one compares. */
  changes = 0
  private readonly log: TransactionLog
  private readonly loading: { readonly partition: number; readonly coordinatorEpoch: number }[] = []

  constructor(config: TransactionConfig, log: TransactionLog) {
    this.config = config
    this.log = log
  }

  /** The partition of __transaction_state of a transactional id. */
  partitionFor(transactionalId: string): number {
    return coordinatorPartition(transactionalId, this.config['transaction.state.log.num.partitions'])
  }

  get isLoading(): boolean {
    return this.loading.length > 0
  }

  /** The partition that a transactional id belongs to, or why this broker cannot answer for it. */
  partitionOf(transactionalId: string): OwnedPartition | 'COORDINATOR_LOAD_IN_PROGRESS' | 'NOT_COORDINATOR' {
    const id = this.partitionFor(transactionalId)
    for (const { partition } of this.loading) if (partition === id) return 'COORDINATOR_LOAD_IN_PROGRESS'
    return this.owned.get(id) ?? 'NOT_COORDINATOR'
  }

  /** A transactional id, undefined if it is not known, or why this broker cannot answer for it. */
  lookUp(transactionalId: string): OwnedTransaction | undefined | ErrorCode {
    const partition = this.partitionOf(transactionalId)
    if (typeof partition === 'string') return partition
    const metadata = partition.transactions.get(transactionalId)
    return metadata && { coordinatorEpoch: partition.coordinatorEpoch, metadata }
  }

  /** Every transactional id of every owned partition. */
  *transactions(): IterableIterator<OwnedTransaction> {
    for (const { coordinatorEpoch, transactions } of this.owned.values())
      for (const metadata of transactions.values()) yield { coordinatorEpoch, metadata }
  }

  /** Begins to load a partition: until it is loaded, requests for its ids are refused. */
  startLoading(partition: number, coordinatorEpoch: number): void {
    this.loading.push({ partition, coordinatorEpoch })
  }

  /**
   * The log of a partition was read; nothing happens if the broker has resigned since.
   * @returns the transactions whose markers have to be written
   */
  finishLoading(
    partition: number,
    coordinatorEpoch: number,
    entries: Iterable<TransactionLogEntry>,
    nowMillis: number,
  ): PendingCompletion[] {
    const at = this.loading.findIndex(
      (one) => one.partition === partition && one.coordinatorEpoch === coordinatorEpoch,
    )
    if (at < 0) return []
    const transactions = replay(entries)
    this.owned.set(partition, { coordinatorEpoch, transactions })
    this.loading.splice(at, 1)
    this.changes++
    const pending: PendingCompletion[] = []
    for (const metadata of transactions.values()) {
      if (metadata.state !== 'PrepareAbort' && metadata.state !== 'PrepareCommit') continue
      const committed = metadata.state === 'PrepareCommit'
      pending.push({ coordinatorEpoch, committed, metadata, transit: metadata.prepareComplete(nowMillis) })
    }
    return pending
  }

  /** Gives up a partition; without an epoch because the broker no longer has a replica of it. */
  remove(partition: number, coordinatorEpoch?: number): void {
    for (let at = this.loading.length - 1; at >= 0; at--) {
      const load = this.loading[at]
      if (load?.partition !== partition) continue
      if (coordinatorEpoch === undefined || load.coordinatorEpoch < coordinatorEpoch)
        this.loading.splice(at, 1)
    }
    this.owned.delete(partition)
    this.changes++
  }

  /**
   * Writes a prepared transition to the log and completes it when it is there. After an error the transition is no
   * longer pending, unless `retries` says of the error that the caller will write it again.
   */
  append(
    transactionalId: string,
    coordinatorEpoch: number,
    transit: TxnTransitMetadata,
    nowMillis: number,
    done: Appended,
    retries?: (error: ErrorCode) => boolean,
  ): void {
    const owned = this.lookUp(transactionalId)
    if (typeof owned === 'string') {
      done(owned, nowMillis)
      return
    }
    if (owned?.coordinatorEpoch !== coordinatorEpoch) {
      done('NOT_COORDINATOR', nowMillis)
      return
    }
    const value = toLogValue(transit, this.config['transaction.version'])
    const partition = this.partitionFor(transactionalId)
    this.log.append(
      partition,
      [{ transactionalId, value }],
      transit.txnTimeoutMs,
      (appendError, atMillis) => {
        const error = coordinatorError(appendError)
        this.changes++
        if (error === 'NONE') return done(this.complete(transactionalId, coordinatorEpoch, transit), atMillis)
        const current = this.lookUp(transactionalId)
        if (
          typeof current === 'object' &&
          current.coordinatorEpoch === coordinatorEpoch &&
          retries?.(error) !== true
        )
          current.metadata.pendingState = undefined
        done(error, atMillis)
      },
    )
  }

  /** Ongoing transactions of which nothing is pending and whose time is up before a moment (rule T6). */
  timedOut(nowMillis: number): OwnedTransaction[] {
    return [...this.transactions()].filter(
      ({ metadata }) =>
        metadata.state === 'Ongoing' &&
        metadata.pendingState === undefined &&
        metadata.txnStartTimestamp + metadata.txnTimeoutMs < nowMillis,
    )
  }

  /** Writes tombstones for the transactional ids that expired, and forgets them once they are written. */
  removeExpired(nowMillis: number): void {
    const expiration = this.config['transactional.id.expiration.ms']
    for (const [partition, { coordinatorEpoch, transactions }] of this.owned) {
      const expired = [...transactions.values()].filter(
        ({ pendingState, state, txnLastUpdateTimestamp }) =>
          pendingState === undefined && isAtRest(state) && txnLastUpdateTimestamp <= nowMillis - expiration,
      )
      if (expired.length === 0) continue
      for (const metadata of expired) metadata.prepareDead()
      const entries = expired.map(({ transactionalId }) => ({ transactionalId, value: null }))
      this.log.append(partition, entries, this.config['request.timeout.ms'], (error) =>
        this.forget(partition, coordinatorEpoch, expired, error),
      )
    }
  }

  private complete(
    transactionalId: string,
    coordinatorEpoch: number,
    transit: TxnTransitMetadata,
  ): ErrorCode {
    const owned = this.lookUp(transactionalId)
    if (typeof owned === 'string') return owned
    if (owned?.coordinatorEpoch !== coordinatorEpoch) return 'NOT_COORDINATOR'
    owned.metadata.completeTransitionTo(transit)
    return 'NONE'
  }

  private forget(
    partition: number,
    coordinatorEpoch: number,
    expired: readonly TransactionMetadata[],
    error: ErrorCode,
  ): void {
    const owned = this.owned.get(partition)
    this.changes++
    if (owned === undefined) return
    for (const metadata of expired) {
      if (owned.transactions.get(metadata.transactionalId) !== metadata) continue
      if (error === 'NONE' && owned.coordinatorEpoch === coordinatorEpoch)
        owned.transactions.delete(metadata.transactionalId)
      else metadata.pendingState = undefined
    }
  }
}
