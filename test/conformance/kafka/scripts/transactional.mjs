// The words of transactions.

import { ask, fetch, given, initProducerId, produce, READ_COMMITTED } from './steps.mjs'

/** @typedef {import('../history.ts').Fields} Fields */
/** @typedef {import('./steps.mjs').Options} Options */
/** @typedef {Options & { producerId?: string | number, producerEpoch?: number }} ProducerOptions */

/** What all clusters of transactions are configured with. */
export const ONE = /** @type {const} */ ({
  brokers: 1,
  config: {
    'group.initial.rebalance.delay.ms': 0,
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': 200,
  },
})

/**
 * @param {ProducerOptions} options
 * @returns {Options}
 */
const rest = ({ client, version, broker, background, expect, until }) =>
  given({ client, version, broker, background, expect, until })

/** @param {ProducerOptions} options */
const producer = ({ producerId = '$pid1', producerEpoch = 0 }) => ({ producerId, producerEpoch })

/**
 * @param {string} transactionalId
 * @param {string} name of the topic
 * @param {ProducerOptions & { partitions?: number[] }} [options]
 */
export const add = (transactionalId, name, options = {}) =>
  ask(
    'AddPartitionsToTxn',
    {
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: options.producerId ?? '$pid1',
      v3AndBelowProducerEpoch: options.producerEpoch ?? 0,
      v3AndBelowTopics: [{ name, partitions: options.partitions ?? [0] }],
    },
    { expect: 'NONE', ...rest(options) },
  )

/**
 * @param {string} transactionalId
 * @param {string} name of the topic
 * @param {number} baseSequence
 * @param {readonly string[]} values
 * @param {ProducerOptions & { partition?: number }} [options]
 */
export const send = (transactionalId, name, baseSequence, values, options = {}) =>
  produce(name, values, {
    producer: { ...producer(options), baseSequence, isTransactional: true },
    transactionalId,
    partition: options.partition ?? 0,
    ...{ expect: 'NONE', ...rest(options) },
  })

/**
 * @param {string} transactionalId
 * @param {boolean} isCommit
 * @param {ProducerOptions} [options]
 */
export const end = (transactionalId, isCommit, options = {}) =>
  ask(
    'EndTxn',
    { transactionalId, ...producer(options), committed: isCommit },
    // Until the markers of the transaction before are written the coordinator answers CONCURRENT_TRANSACTIONS.
    { expect: 'NONE', ...rest(options) },
  )

/**
 * Waits until the marker of a transaction is the last record.
 * @param {string} name of the topic
 * @param {number} highWatermark
 */
export const marked = (name, highWatermark) =>
  fetch(name, 0, {
    ...READ_COMMITTED,
    until: { responses: { 0: { partitions: { 0: { lastStableOffset: highWatermark } } } } },
  })

/**
 * @param {string} transactionalId
 * @param {string} groupId
 * @param {string} name of the topic
 * @param {number} committedOffset
 * @param {ProducerOptions & { member?: Fields }} [options]
 */
export const sendOffset = (transactionalId, groupId, name, committedOffset, options = {}) =>
  ask(
    'TxnOffsetCommit',
    {
      transactionalId,
      groupId,
      ...producer(options),
      ...options.member,
      topics: [{ name, partitions: [{ partitionIndex: 0, committedOffset, committedMetadata: '' }] }],
    },
    { expect: 'NONE', ...rest(options) },
  )

/**
 * @param {string} transactionalId
 * @param {string} groupId
 * @param {ProducerOptions} [options]
 */
export const addOffsets = (transactionalId, groupId, options = {}) =>
  ask(
    'AddOffsetsToTxn',
    { transactionalId, ...producer(options), groupId },
    { expect: 'NONE', ...rest(options) },
  )

/**
 * @param {string} transactionalId
 * @param {Fields} [options]
 */
export const init = (transactionalId, options = {}) =>
  initProducerId(transactionalId, { expect: 'NONE', ...options })

/** @param {string} transactionalId */
export const describe = (transactionalId) =>
  ask('DescribeTransactions', { transactionalIds: [transactionalId] }, { client: 'admin' })

/** The versions of KIP-890 (transaction.version 2). */
export const V2 = { version: 12 }
export const END_V2 = { version: 5 }
