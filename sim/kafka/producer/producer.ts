import type { Channel } from '../protocol/api.ts'
import type { ProducerError } from '../transaction/client-error.ts'
import type { GroupMetadata, Offsets } from '../transaction/client-request.ts'
import type { TransactionVersion } from '../transaction/version.ts'
import type { RandomBelow } from './backoff.ts'
import type { ProducerConfig } from './config.ts'
import type { ProducerRecord, SendListener } from './record.ts'

/** What surrounds a producer. */
export interface ProducerHooks {
  /** Brokers that it may ask first (bootstrap.servers); at least one. */
  readonly bootstrapNodes: readonly number[]
  /** Makes its choices: sticky partitions, jitter of back-offs, which broker is asked for metadata. */
  readonly randomBelow: RandomBelow
  /** The cluster's transaction.version, as ApiVersions tells it. */
  readonly transactionVersion: TransactionVersion
}

/** Hears once how an operation ended: undefined if well. Never runs inside the call that began it. */
export type Completed = (error: ProducerError | undefined, nowMillis: number) => void

/**
 * Kafka's producer. Nothing blocks: what waits in Kafka is told through listeners and callbacks, which may call the
 * producer again. Source: KafkaProducer of Kafka 4.x.
 */
export declare class Producer {
  constructor(config: ProducerConfig, channel: Channel, hooks: ProducerHooks)

  /** Whether it takes no more calls. */
  get isClosed(): boolean

  /** Hands over a record. Whatever Kafka throws is told to the listener, perhaps before this returns. */
  send(record: ProducerRecord, listener: SendListener, nowMillis: number): void

  /** Sends all that waits without linger.ms, and calls back when what was sent before the call has ended. */
  flush(done: Completed, nowMillis: number): void

  /** @throws ProducerError if the producer's state does not allow it; after a time-out only the same call is allowed */
  initTransactions(done: Completed, nowMillis: number): void

  /** @throws ProducerError as initTransactions */
  beginTransaction(): void

  /** @throws ProducerError as initTransactions */
  sendOffsetsToTransaction(offsets: Offsets, group: GroupMetadata, done: Completed, nowMillis: number): void

  /** @throws ProducerError as initTransactions */
  commitTransaction(done: Completed, nowMillis: number): void

  /** @throws ProducerError as initTransactions */
  abortTransaction(done: Completed, nowMillis: number): void

  /** The cluster finalized another transaction.version: adopted between two transactions. */
  updateFeatures(epoch: number, transactionVersion: TransactionVersion): void

  /** Sends what waits, aborts an open transaction, and gives up what is left after timeoutMillis (0: at once). */
  close(timeoutMillis: number, done: Completed, nowMillis: number): void

  /** When `advance` has something to do; Infinity if never, unless something happens. */
  nextDeadlineMillis(): number

  /** Does what has become due. */
  advance(nowMillis: number): void
}
