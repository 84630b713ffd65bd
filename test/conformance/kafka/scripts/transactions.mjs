// Transactions: coordinator, fencing, markers, the last stable offset, offsets in transactions.

import { admit, committed, sync } from './groups.mjs'
import { ANY, ask, fetch, given, initProducerId, LATEST, listOffsets, produce, READ_COMMITTED, topic, wait } from './steps.mjs'

/** @typedef {import('../recorder/script.ts').Script} Script */
/** @typedef {import('../history.ts').Fields} Fields */
/** @typedef {import('./steps.mjs').Options} Options */
/** @typedef {Options & { producerId?: string | number, producerEpoch?: number }} ProducerOptions */

const one = /** @type {const} */ ({
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
const add = (transactionalId, name, options = {}) =>
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
const send = (transactionalId, name, baseSequence, values, options = {}) =>
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
const end = (transactionalId, isCommit, options = {}) =>
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
const marked = (name, highWatermark) =>
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
const sendOffset = (transactionalId, groupId, name, committedOffset, options = {}) =>
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
const addOffsets = (transactionalId, groupId, options = {}) =>
  ask('AddOffsetsToTxn', { transactionalId, ...producer(options), groupId }, { expect: 'NONE', ...rest(options) })

/**
 * @param {string} transactionalId
 * @param {Fields} [options]
 */
const init = (transactionalId, options = {}) => initProducerId(transactionalId, { expect: 'NONE', ...options })

/** @param {string} transactionalId */
const describe = (transactionalId) =>
  ask('DescribeTransactions', { transactionalIds: [transactionalId] }, { client: 'admin' })

/**
 * @param {string} name of the topic
 * @param {number} coordinatorEpoch
 * @param {Fields} [options]
 */
const marker = (name, coordinatorEpoch, { producerEpoch = 0, transactionResult = false } = {}) =>
  ask(
    'WriteTxnMarkers',
    {
      markers: [
        {
          producerId: '$pid1',
          producerEpoch,
          transactionResult,
          coordinatorEpoch,
          topics: [{ name, partitionIndexes: [0] }],
        },
      ],
    },
    { client: 'coordinator' },
  )

/** The versions of KIP-890 (transaction.version 2). */
const V2 = { version: 12 }
const END_V2 = { version: 5 }

/** @type {Script[]} */
export const scripts = [
  {
    ...one,
    name: 'txn-commit',
    title: 'Records of a transaction are read committed only after the marker, which takes an offset',
    rules: ['KT3', 'KT4', 'KT7', 'KT8', 'KL13'],
    topics: [topic('txn-commit')],
    steps: [
      init('txn-commit'),
      add('txn-commit', 'txn-commit'),
      add('txn-commit', 'txn-commit'),
      send('txn-commit', 'txn-commit', 0, ['a', 'b']),
      fetch('txn-commit', 0, { expect: 'NONE' }),
      fetch('txn-commit', 0, { ...READ_COMMITTED, expect: 'NONE' }),
      listOffsets('txn-commit', LATEST, { expect: 'NONE' }),
      listOffsets('txn-commit', LATEST, { ...READ_COMMITTED, expect: 'NONE' }),
      end('txn-commit', true),
      marked('txn-commit', 3),
      listOffsets('txn-commit', LATEST, { ...READ_COMMITTED, expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'txn-abort',
    title: 'Aborted records stay in the log; a fetch of committed ones lists whose they are',
    rules: ['KT4', 'KT8'],
    topics: [topic('txn-abort')],
    steps: [
      init('txn-abort'),
      produce('txn-abort', ['before'], { expect: 'NONE' }),
      add('txn-abort', 'txn-abort'),
      send('txn-abort', 'txn-abort', 0, ['a']),
      produce('txn-abort', ['between'], { expect: 'NONE' }),
      send('txn-abort', 'txn-abort', 1, ['b']),
      fetch('txn-abort', 0, { ...READ_COMMITTED, expect: 'NONE' }),
      end('txn-abort', false),
      marked('txn-abort', 5),
      fetch('txn-abort', 0, { expect: 'NONE' }),
      fetch('txn-abort', 3, { ...READ_COMMITTED, expect: 'NONE' }),
      fetch('txn-abort', 5, { ...READ_COMMITTED, expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'txn-interleaved',
    title: 'The last stable offset is the first offset of the oldest open transaction',
    rules: ['KT8'],
    topics: [topic('txn-interleaved')],
    steps: [
      init('interleaved-1'),
      init('interleaved-2'),
      add('interleaved-1', 'txn-interleaved'),
      send('interleaved-1', 'txn-interleaved', 0, ['a1']),
      add('interleaved-2', 'txn-interleaved', { producerId: '$pid2' }),
      send('interleaved-2', 'txn-interleaved', 0, ['b1'], { producerId: '$pid2' }),
      send('interleaved-1', 'txn-interleaved', 1, ['a2']),
      end('interleaved-2', false, { producerId: '$pid2' }),
      fetch('txn-interleaved', 0, {
        until: { responses: { 0: { partitions: { 0: { highWatermark: 4, lastStableOffset: 0 } } } } },
      }),
      fetch('txn-interleaved', 0, { ...READ_COMMITTED, expect: 'NONE' }),
      end('interleaved-1', true),
      marked('txn-interleaved', 5),
      fetch('txn-interleaved', 3, { ...READ_COMMITTED, expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'txn-fencing',
    title: 'A second producer of the same id fences the first in every request',
    rules: ['KT2', 'KT3', 'KT4', 'KS3'],
    topics: [topic('txn-fencing')],
    steps: [
      init('txn-fencing'),
      add('txn-fencing', 'txn-fencing'),
      send('txn-fencing', 'txn-fencing', 0, ['a']),
      end('txn-fencing', true),
      marked('txn-fencing', 2),
      init('txn-fencing', { client: 'b', until: 'NONE' }),
      add('txn-fencing', 'txn-fencing', { expect: 'PRODUCER_FENCED' }),
      end('txn-fencing', true, { expect: 'PRODUCER_FENCED' }),
      addOffsets('txn-fencing', 'group', { expect: 'PRODUCER_FENCED' }),
      send('txn-fencing', 'txn-fencing', 1, ['b'], { expect: ANY }),
      add('txn-fencing', 'txn-fencing', { client: 'b', producerEpoch: 1 }),
      send('txn-fencing', 'txn-fencing', 0, ['c'], { client: 'b', producerEpoch: 1 }),
      send('txn-fencing', 'txn-fencing', 1, ['d'], { expect: 'INVALID_PRODUCER_EPOCH' }),
      end('txn-fencing', true, { client: 'b', producerEpoch: 1 }),
      marked('txn-fencing', 4),
    ],
  },
  {
    ...one,
    name: 'txn-init-ongoing',
    title: 'InitProducerId while a transaction is open aborts it; the retry gets an epoch beyond the fence',
    rules: ['KT2', 'KT8'],
    topics: [topic('txn-init-ongoing')],
    steps: [
      init('txn-init-ongoing'),
      add('txn-init-ongoing', 'txn-init-ongoing'),
      send('txn-init-ongoing', 'txn-init-ongoing', 0, ['a']),
      init('txn-init-ongoing', { client: 'b', expect: 'CONCURRENT_TRANSACTIONS' }),
      init('txn-init-ongoing', { client: 'b', until: 'NONE' }),
      marked('txn-init-ongoing', 2),
      send('txn-init-ongoing', 'txn-init-ongoing', 1, ['b'], { expect: ANY }),
      end('txn-init-ongoing', true, { expect: 'PRODUCER_FENCED' }),
      describe('txn-init-ongoing'),
    ],
  },
  {
    ...one,
    name: 'txn-init-epochs',
    title: 'InitProducerId with an epoch bumps the current one, repeats itself for the last one, refuses others',
    rules: ['KT2'],
    topics: [],
    steps: [
      init('txn-init-epochs'),
      init('txn-init-epochs', { producerId: '$pid1', producerEpoch: 0 }),
      init('txn-init-epochs', { producerId: '$pid1', producerEpoch: 0 }),
      init('txn-init-epochs', { producerId: '$pid1', producerEpoch: 1 }),
      init('txn-init-epochs', { producerId: '$pid1', producerEpoch: 0, expect: 'PRODUCER_FENCED' }),
      init('txn-init-epochs', { producerId: '$pid1', producerEpoch: 9, expect: 'PRODUCER_FENCED' }),
      init('txn-init-epochs', { producerId: 99_999_999, producerEpoch: 0, expect: ANY }),
      init('txn-init-epochs', { transactionTimeoutMs: 900_001, expect: 'INVALID_TRANSACTION_TIMEOUT' }),
      init('txn-init-epochs', { transactionTimeoutMs: 0, expect: 'INVALID_TRANSACTION_TIMEOUT' }),
      init('', { expect: 'INVALID_REQUEST' }),
      init('txn-init-epochs'),
    ],
  },
  {
    ...one,
    name: 'txn-add-errors',
    title: 'AddPartitionsToTxn: wrong producer, wrong epoch, a partition that is not there',
    rules: ['KT3'],
    topics: [topic('txn-add-errors', 2)],
    steps: [
      add('no-such-id', 'txn-add-errors', { producerId: 1, expect: 'INVALID_PRODUCER_ID_MAPPING' }),
      init('txn-add-errors'),
      add('txn-add-errors', 'txn-add-errors', { producerId: 99_999_999, expect: 'INVALID_PRODUCER_ID_MAPPING' }),
      add('txn-add-errors', 'txn-add-errors', { producerEpoch: 3, expect: 'PRODUCER_FENCED' }),
      add('txn-add-errors', 'txn-add-errors', { partitions: [0, 7], expect: ANY }),
      add('txn-add-errors', 'txn-add-errors', { partitions: [0, 1] }),
      end('txn-add-errors', true, { producerId: 99_999_999, expect: 'INVALID_PRODUCER_ID_MAPPING' }),
      describe('txn-add-errors'),
    ],
  },
  {
    ...one,
    name: 'txn-end-states',
    title: 'EndTxn again with the same result succeeds, with the other or without a transaction it is refused',
    rules: ['KT4'],
    topics: [topic('txn-end-states')],
    steps: [
      init('txn-end-states'),
      end('txn-end-states', true, { expect: 'INVALID_TXN_STATE' }),
      end('txn-end-states', false, { expect: 'INVALID_TXN_STATE' }),
      add('txn-end-states', 'txn-end-states'),
      send('txn-end-states', 'txn-end-states', 0, ['a']),
      end('txn-end-states', true),
      marked('txn-end-states', 2),
      end('txn-end-states', true, { until: 'NONE' }),
      end('txn-end-states', false, { expect: 'INVALID_TXN_STATE' }),
      add('txn-end-states', 'txn-end-states'),
      end('txn-end-states', false),
      end('txn-end-states', false, { until: 'NONE' }),
      end('txn-end-states', true, { expect: 'INVALID_TXN_STATE' }),
      fetch('txn-end-states', 0, { ...READ_COMMITTED, expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'txn-timeout',
    title: 'A transaction that is open for longer than its timeout is aborted and its producer fenced',
    rules: ['KT6', 'KT8'],
    topics: [topic('txn-timeout')],
    steps: [
      init('txn-timeout', { transactionTimeoutMs: 1000 }),
      add('txn-timeout', 'txn-timeout'),
      send('txn-timeout', 'txn-timeout', 0, ['a']),
      wait(500),
      fetch('txn-timeout', 0, { ...READ_COMMITTED, expect: 'NONE' }),
      marked('txn-timeout', 2),
      send('txn-timeout', 'txn-timeout', 1, ['b'], { expect: ANY }),
      end('txn-timeout', true, { expect: 'PRODUCER_FENCED' }),
      add('txn-timeout', 'txn-timeout', { expect: 'PRODUCER_FENCED' }),
      init('txn-timeout', { producerId: '$pid1', producerEpoch: 0, expect: ANY }),
      init('txn-timeout'),
    ],
  },
  {
    ...one,
    name: 'txn-verification',
    title: 'A partition must be in the transaction before it is written to; ordinary records of its producer are refused',
    rules: ['KS6', 'KS7'],
    topics: [topic('txn-verification')],
    steps: [
      init('txn-verification'),
      send('txn-verification', 'txn-verification', 0, ['a'], { expect: 'TRANSACTION_ABORTABLE' }),
      send('txn-verification', 'txn-verification', 0, ['a'], { version: 10, expect: 'INVALID_TXN_STATE' }),
      add('txn-verification', 'txn-verification'),
      send('txn-verification', 'txn-verification', 0, ['a']),
      produce('txn-verification', ['ordinary'], {
        producer: { producerId: '$pid1', producerEpoch: 0, baseSequence: 1 },
      }),
      send('txn-verification', 'txn-verification', 1, ['b']),
      end('txn-verification', true),
      marked('txn-verification', 3),
      send('txn-verification', 'txn-verification', 2, ['c'], { expect: ANY }),
    ],
  },
  {
    ...one,
    name: 'txn-v2',
    title: 'With KIP-890 the first produce adds the partition, and every end bumps the epoch',
    rules: ['KT5', 'KT4'],
    topics: [topic('txn-v2', 2)],
    steps: [
      init('txn-v2', { version: 5 }),
      send('txn-v2', 'txn-v2', 0, ['a'], V2),
      send('txn-v2', 'txn-v2', 0, ['b'], { ...V2, partition: 1 }),
      describe('txn-v2'),
      end('txn-v2', true, END_V2),
      marked('txn-v2', 2),
      end('txn-v2', true, END_V2),
      end('txn-v2', false, { ...END_V2, expect: ANY }),
      send('txn-v2', 'txn-v2', 1, ['late'], { ...V2, expect: ANY }),
      send('txn-v2', 'txn-v2', 0, ['c'], { ...V2, producerEpoch: 1 }),
      end('txn-v2', false, { ...END_V2, producerEpoch: 1 }),
      marked('txn-v2', 4),
      end('txn-v2', false, { ...END_V2, producerEpoch: 1 }),
      describe('txn-v2'),
    ],
  },
  {
    ...one,
    name: 'txn-v2-empty',
    title: 'With KIP-890 a transaction without a partition can be aborted but not committed',
    rules: ['KT5', 'KT4'],
    topics: [],
    steps: [
      init('txn-v2-empty', { version: 5 }),
      end('txn-v2-empty', true, { ...END_V2, expect: ANY }),
      end('txn-v2-empty', false, { ...END_V2, expect: ANY }),
      end('txn-v2-empty', false, { ...END_V2, expect: ANY }),
      end('txn-v2-empty', false, { ...END_V2, producerEpoch: 1, expect: ANY }),
      describe('txn-v2-empty'),
    ],
  },
  {
    ...one,
    name: 'txn-v2-timeout',
    title: 'With KIP-890 a producer whose transaction timed out is told of its old epoch',
    rules: ['KT6', 'KT5'],
    topics: [topic('txn-v2-timeout')],
    steps: [
      init('txn-v2-timeout', { version: 5, transactionTimeoutMs: 600 }),
      send('txn-v2-timeout', 'txn-v2-timeout', 0, ['a'], V2),
      marked('txn-v2-timeout', 2),
      send('txn-v2-timeout', 'txn-v2-timeout', 1, ['b'], { ...V2, expect: ANY }),
      end('txn-v2-timeout', true, { ...END_V2, expect: ANY }),
      describe('txn-v2-timeout'),
    ],
  },
  {
    ...one,
    name: 'txn-markers',
    title: 'A marker of an older coordinator or of an older producer epoch is refused',
    rules: ['KT7'],
    topics: [topic('txn-markers')],
    steps: [
      init('txn-markers'),
      add('txn-markers', 'txn-markers'),
      send('txn-markers', 'txn-markers', 0, ['a']),
      marker('txn-markers', 5),
      marker('txn-markers', 4),
      marker('txn-markers', 5, { transactionResult: true }),
      fetch('txn-markers', 0, { ...READ_COMMITTED, expect: 'NONE' }),
      marker('no-such-topic', 5),
    ],
  },
  {
    ...one,
    name: 'txn-offsets-commit',
    title: 'An offset sent in a transaction is pending until the transaction is committed',
    rules: ['KT9'],
    topics: [topic('txn-offsets-commit')],
    steps: [
      init('txn-offsets-commit'),
      addOffsets('txn-offsets-commit', 'txn-offsets-commit'),
      sendOffset('txn-offsets-commit', 'txn-offsets-commit', 'txn-offsets-commit', 5),
      committed('txn-offsets-commit', 'txn-offsets-commit'),
      committed('txn-offsets-commit', 'txn-offsets-commit', { requireStable: true, expect: 'UNSTABLE_OFFSET_COMMIT' }),
      end('txn-offsets-commit', true),
      committed('txn-offsets-commit', 'txn-offsets-commit', { requireStable: true, until: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'txn-offsets-abort',
    title: 'An offset of an aborted transaction was never committed',
    rules: ['KT9'],
    topics: [topic('txn-offsets-abort')],
    steps: [
      init('txn-offsets-abort'),
      ask(
        'OffsetCommit',
        {
          groupId: 'txn-offsets-abort',
          generationIdOrMemberEpoch: -1,
          memberId: '',
          topics: [{ name: 'txn-offsets-abort', partitions: [{ partitionIndex: 0, committedOffset: 2 }] }],
        },
        { expect: 'NONE' },
      ),
      addOffsets('txn-offsets-abort', 'txn-offsets-abort'),
      sendOffset('txn-offsets-abort', 'txn-offsets-abort', 'txn-offsets-abort', 5),
      committed('txn-offsets-abort', 'txn-offsets-abort', { expect: 'NONE' }),
      end('txn-offsets-abort', false),
      committed('txn-offsets-abort', 'txn-offsets-abort', { requireStable: true, until: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'txn-offsets-fencing',
    title: 'An offset in a transaction is checked against the generation and members of the group',
    rules: ['KT9'],
    topics: [topic('txn-offsets-fencing')],
    steps: [
      ...admit('txn-offsets-fencing', { client: 'a', expect: 'NONE' }),
      sync('txn-offsets-fencing', { '$member:a': 'all' }, { client: 'a', expect: 'NONE' }),
      init('txn-offsets-fencing'),
      addOffsets('txn-offsets-fencing', 'txn-offsets-fencing'),
      ...[
        { generationId: 7, memberId: '$member:a' },
        { generationId: 1, memberId: 'made-up' },
        { generationId: 1, memberId: '$member:a', groupInstanceId: 'i' },
        { generationId: 1, memberId: '$member:a' },
        { generationId: -1, memberId: '' },
      ].map((member) =>
        sendOffset('txn-offsets-fencing', 'txn-offsets-fencing', 'txn-offsets-fencing', 5, {
          member,
          expect: ANY,
        }),
      ),
      sendOffset('txn-offsets-fencing', 'txn-offsets-fencing', 'txn-offsets-fencing', 6, {
        producerEpoch: 4,
        expect: ANY,
      }),
      end('txn-offsets-fencing', true),
      committed('txn-offsets-fencing', 'txn-offsets-fencing', { requireStable: true, until: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'txn-v2-offsets',
    title: 'With KIP-890 the first offset adds the group to the transaction',
    rules: ['KT9', 'KT5'],
    topics: [topic('txn-v2-offsets')],
    steps: [
      init('txn-v2-offsets', { version: 5 }),
      sendOffset('txn-v2-offsets', 'txn-v2-offsets', 'txn-v2-offsets', 5, { version: 5 }),
      committed('txn-v2-offsets', 'txn-v2-offsets', { requireStable: true, expect: 'UNSTABLE_OFFSET_COMMIT' }),
      end('txn-v2-offsets', true, END_V2),
      committed('txn-v2-offsets', 'txn-v2-offsets', { requireStable: true, until: 'NONE' }),
      sendOffset('txn-v2-offsets', 'txn-v2-offsets', 'txn-v2-offsets', 6, { version: 5, expect: ANY }),
    ],
  },
]
