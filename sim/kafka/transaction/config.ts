import type { TransactionVersion } from './version.ts'

/** Broker configuration of transactions under Kafka's own names. `transaction.two.phase.commit.enable` is out of scope. */
export interface TransactionConfig {
  /** Longest transaction.timeout.ms that a client may ask for. */
  readonly 'transaction.max.timeout.ms': number
  /** A transactional id without a transaction is forgotten after this time. */
  readonly 'transactional.id.expiration.ms': number
  /** Period of the scan for transactions that timed out (rule T6). */
  readonly 'transaction.abort.timed.out.transaction.cleanup.interval.ms': number
  /** Period of the scan for transactional ids that expired. */
  readonly 'transaction.remove.expired.transaction.cleanup.interval.ms': number
  /** Partitions of __transaction_state, each with a coordinator of its own (rule T1). */
  readonly 'transaction.state.log.num.partitions': number
  readonly 'offsets.topic.num.partitions': number
  readonly 'request.timeout.ms': number
  /**
   * KIP-890 part 1. Off is the switch for hanging transactions (KAFKA-14402): a late write of an aborted transaction
   * opens one that no coordinator knows. Producers of transaction version 2 are verified all the same.
   */
  readonly 'transaction.partition.verification.enable': boolean
  readonly 'add.partitions.to.txn.retry.backoff.ms': number
  readonly 'add.partitions.to.txn.retry.backoff.max.ms': number
  readonly 'producer.id.expiration.ms': number
  /**
   * Finalized level of the feature of that name. Below 2 is the switch for KAFKA-17754: the retry of an EndTxn is told
   * by its epoch alone, so a delayed one ends the next transaction of the same producer.
   */
  readonly 'transaction.version': TransactionVersion
}

/** Behaviour of a transaction coordinator that can be switched on; the defaults are Kafka 4.x, but for the second. */
export interface TransactionSwitches {
  /**
   * Whether a coordinator that aborts what took too long fences the producer. Without it (until 1.0, KAFKA-6119) the
   * producer goes on, and commits what it writes from then on without what was aborted. Version 2 bumps the epoch anyway.
   */
  readonly timeoutBumpsEpoch: boolean
  /**
   * Whether a new coordinator answers only once all that it has loaded is replicated. Kafka's does not wait, to this day:
   * TransactionStateManager.loadTransactionMetadata reads to the end of the log (apache/kafka#2849), and an entry above
   * the high watermark can be lost in the next election. The coordinator has by then answered that a partition is in the
   * transaction, or sent markers for an outcome, of which the next one knows nothing: what is written to that partition
   * gets no marker, or that of another transaction. The default is the one with which transactions keep their promises.
   */
  readonly coordinatorAwaitsReplication: boolean
}

export const TRANSACTION_SWITCHES: TransactionSwitches = {
  timeoutBumpsEpoch: true,
  coordinatorAwaitsReplication: true,
}

/** Kafka's defaults (TransactionLogConfig, TransactionStateManagerConfig, AddPartitionsToTxnConfig of Kafka 4.x). */
export const TRANSACTION_DEFAULTS: TransactionConfig = {
  'transaction.max.timeout.ms': 900_000,
  'transactional.id.expiration.ms': 604_800_000,
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': 10_000,
  'transaction.remove.expired.transaction.cleanup.interval.ms': 3_600_000,
  'transaction.state.log.num.partitions': 50,
  'offsets.topic.num.partitions': 50,
  'request.timeout.ms': 30_000,
  'transaction.partition.verification.enable': true,
  'add.partitions.to.txn.retry.backoff.ms': 20,
  'add.partitions.to.txn.retry.backoff.max.ms': 100,
  'producer.id.expiration.ms': 86_400_000,
  'transaction.version': 2,
}
