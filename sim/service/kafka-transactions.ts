import type { ProducerSettings } from '../kafka/producer/config.ts'
import { SimError } from '../kernel/error.ts'
import type { ConsumerOptions } from './consumer-options.ts'
import { checkOptionNames, type OptionTable } from './option.ts'

/** What the transactional.id of a producer is made of, the right one first. */
export const TRANSACTIONAL_IDS = ['instance', 'life', 'service'] as const

/**
 * `instance`: the name of the instance, in every life the same, so that a new life ends what the last one left open.
 * `life`: another one after every restart: what a crash left open stays open until transaction.timeout.ms is over, and
 * readers of committed records wait. `service`: one for all instances, each of which fences the others.
 */
export type TransactionalId = (typeof TRANSACTIONAL_IDS)[number]

/** Where the offsets of what was consumed are committed, the right one first. */
export const TRANSACTION_OFFSETS = ['in-transaction', 'after-transaction'] as const

/** `in-transaction`: with what the handler published. `after-transaction`: by the consumer, which a crash may prevent. */
export type TransactionOffsets = (typeof TRANSACTION_OFFSETS)[number]

/** What the group's coordinator is told of who commits offsets in a transaction, the right one first (KIP-447). */
export const ZOMBIE_FENCING = ['group-metadata', 'group-id'] as const

/**
 * `group-metadata`: member and generation, so that an instance that has lost its partitions cannot commit. `group-id`: the
 * group alone, as before 2.5: with a transactional.id of each instance nothing fences a zombie.
 */
export type ZombieFencing = (typeof ZOMBIE_FENCING)[number]

/** Where a consumer reads on after an abort, the right one first. */
export const ABORT_POSITIONS = ['rewind', 'read-on'] as const

/**
 * `rewind`: at the first record of the transaction, after a back-off. `read-on`: behind it, as a consumer does that nobody
 * seeks back (resetToLastCommittedPositions of Kafka's ExactlyOnceMessageProcessor): the next transaction commits past it.
 */
export type AbortPosition = (typeof ABORT_POSITIONS)[number]

/** What an instance does whose producer is fenced, the right one first. */
export const FENCED_REACTIONS = ['restart', 'end'] as const

/**
 * `restart`: it ends and is started again. `end`: it ends for good, because another one must have taken its place; but a
 * transaction that took too long is fenced as well.
 */
export type FencedReaction = (typeof FENCED_REACTIONS)[number]

/**
 * Exactly-once processing from topics to topics (KIP-98, KIP-447): what a handler of events publishes and the offsets of
 * what it was given are committed in one transaction of Kafka, or aborted when it throws. Every default is right.
 */
export interface KafkaTransactionOptions {
  /** Default: `instance`. */
  readonly transactionalId?: TransactionalId
  /** Default: `in-transaction`. */
  readonly offsets?: TransactionOffsets
  /** Default: `group-metadata`. */
  readonly fencing?: ZombieFencing
  /** Default: `rewind`. */
  readonly afterAbort?: AbortPosition
  /** Default: `restart`. */
  readonly onFenced?: FencedReaction
}

/** The options with their defaults. */
export type KafkaTransactionPlan = Required<KafkaTransactionOptions>

const OPTIONS: OptionTable<KafkaTransactionOptions> = {
  transactionalId: TRANSACTIONAL_IDS,
  offsets: TRANSACTION_OFFSETS,
  fencing: ZOMBIE_FENCING,
  afterAbort: ABORT_POSITIONS,
  onFenced: FENCED_REACTIONS,
}

/** @throws SimError 'definition' for what cannot be meant */
export function kafkaTransactionPlan(
  service: string,
  options: KafkaTransactionOptions | undefined,
  consumer: ConsumerOptions = {},
  producer: ProducerSettings = {},
): KafkaTransactionPlan | undefined {
  const refuse = (what: string): never => {
    throw new SimError('definition', `service ${service}: ${what}`)
  }
  if (Object.hasOwn(producer, 'transactional.id'))
    refuse('producer: transactional.id: expected none, because kafkaTransactions gives each producer its own')
  if (options === undefined) return undefined
  checkOptionNames(`service ${service}: kafkaTransactions`, options, OPTIONS)
  if ((consumer.concurrency ?? 1) > 1 || (consumer.order ?? 'partition') !== 'partition')
    refuse(
      'kafkaTransactions: expected a consumer with a concurrency of 1 that keeps the order of partitions, because a producer has one transaction at a time: raise instances instead',
    )
  if (consumer.commit !== undefined)
    refuse(
      `kafkaTransactions: expected a consumer without commit: ${consumer.commit}, because offsets are committed with transactions`,
    )
  return {
    transactionalId: options.transactionalId ?? 'instance',
    offsets: options.offsets ?? 'in-transaction',
    fencing: options.fencing ?? 'group-metadata',
    afterAbort: options.afterAbort ?? 'rewind',
    onFenced: options.onFenced ?? 'restart',
  }
}
