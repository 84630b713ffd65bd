// Retention and compaction.

import {
  ask,
  EARLIEST,
  fetch,
  initProducerId,
  LATEST,
  listOffsets,
  produce,
  READ_COMMITTED,
  topic,
  wait,
} from './steps.mjs'

/** @typedef {import('../recorder/script.ts').Script} Script */
/** @typedef {import('./steps.mjs').RecordScript} RecordScript */

const one = /** @type {const} */ ({
  brokers: 1,
  config: {
    'log.initial.task.delay.ms': 100,
    'log.retention.check.interval.ms': 300,
    'log.cleaner.backoff.ms': 100,
  },
})
const MINUTE_MILLIS = 60_000
const COMPACT = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.01', 'segment.ms': '1000' }

/**
 * Waits until the log starts at an offset.
 * @param {string} name of the topic
 * @param {number} offset
 */
const starts = (name, offset) =>
  listOffsets(name, EARLIEST, { until: { topics: { 0: { partitions: { 0: { offset } } } } } })

/**
 * One record in a batch of its own.
 * @param {string} name of the topic
 * @param {string} key
 * @param {string | null} value
 * @param {number} timestamp
 */
const put = (name, key, value, timestamp) => produce(name, [{ key, value, timestamp }], { expect: 'NONE' })

/**
 * Waits until the first batch of a log holds this record first.
 * @param {string} name of the topic
 * @param {number} offset
 */
const cleaned = (name, offset) =>
  fetch(name, 0, {
    until: { responses: { 0: { partitions: { 0: { records: { 0: { records: { 0: { offset } } } } } } } } },
  })

/** @type {Script[]} */
export const scripts = [
  {
    ...one,
    name: 'retention-time',
    title: 'A segment goes when its largest timestamp is older than retention.ms, the active one too',
    rules: ['KD1', 'KD2', 'KD3'],
    topics: [
      topic('retention-time', 1, {
        'retention.ms': `${10 * MINUTE_MILLIS}`,
        'segment.ms': `${MINUTE_MILLIS}`,
      }),
    ],
    steps: [
      produce('retention-time', [{ value: 'a', timestamp: -30 * MINUTE_MILLIS }], { expect: 'NONE' }),
      starts('retention-time', 1),
      listOffsets('retention-time', LATEST, { expect: 'NONE' }),
      produce('retention-time', [{ value: 'b', timestamp: 0 }], { expect: 'NONE' }),
      produce('retention-time', [{ value: 'c', timestamp: -30 * MINUTE_MILLIS }], { expect: 'NONE' }),
      wait(800),
      listOffsets('retention-time', EARLIEST, { expect: 'NONE' }),
      fetch('retention-time', 0, { expect: 'OFFSET_OUT_OF_RANGE' }),
      fetch('retention-time', 1, { expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'retention-order',
    title:
      'Retention stops at the first segment that stays: a record from the future holds back what follows it',
    rules: ['KD1', 'KD3'],
    topics: [
      topic('retention-order', 1, {
        'retention.ms': `${10 * MINUTE_MILLIS}`,
        'segment.ms': `${MINUTE_MILLIS}`,
      }),
    ],
    steps: [
      produce('retention-order', [{ value: 'a', timestamp: 50 * MINUTE_MILLIS }], { expect: 'NONE' }),
      produce('retention-order', [{ value: 'b', timestamp: 55 * MINUTE_MILLIS }], { expect: 'NONE' }),
      produce('retention-order', [{ value: 'c', timestamp: -90 * MINUTE_MILLIS }], { expect: 'NONE' }),
      wait(1000),
      listOffsets('retention-order', EARLIEST, { expect: 'NONE' }),
      fetch('retention-order', 0, { expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'retention-size',
    title: 'Whole segments go from the start while what stays is at least retention.bytes',
    rules: ['KD1', 'KD2', 'KD3'],
    topics: [topic('retention-size', 1, { 'retention.bytes': '500', 'internal.segment.bytes': '400' })],
    steps: [
      ...[0, 1, 2, 3, 4, 5, 6].map((at) =>
        produce('retention-size', [{ value: `${at}`.repeat(100), timestamp: at }], { expect: 'NONE' }),
      ),
      wait(1000),
      listOffsets('retention-size', EARLIEST, { expect: 'NONE' }),
      ...[7, 8].map((at) =>
        produce('retention-size', [{ value: `${at}`.repeat(100), timestamp: at }], { expect: 'NONE' }),
      ),
      wait(1000),
      listOffsets('retention-size', EARLIEST, { expect: 'NONE' }),
      listOffsets('retention-size', LATEST, { expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'retention-transaction',
    title: 'Retention does not look at transactions: the start of the log passes an open one',
    rules: ['KD1', 'KT8'],
    topics: [
      topic('retention-txn', 1, {
        'retention.ms': `${10 * MINUTE_MILLIS}`,
        'segment.ms': `${MINUTE_MILLIS}`,
      }),
    ],
    steps: [
      initProducerId('retention-txn', { expect: 'NONE' }),
      ask(
        'AddPartitionsToTxn',
        {
          v3AndBelowTransactionalId: 'retention-txn',
          v3AndBelowProducerId: '$pid1',
          v3AndBelowProducerEpoch: 0,
          v3AndBelowTopics: [{ name: 'retention-txn', partitions: [0] }],
        },
        { expect: 'NONE' },
      ),
      produce('retention-txn', [{ value: 'a', timestamp: -30 * MINUTE_MILLIS }], {
        producer: { producerId: '$pid1', producerEpoch: 0, baseSequence: 0, isTransactional: true },
        transactionalId: 'retention-txn',
        expect: 'NONE',
      }),
      wait(1000),
      listOffsets('retention-txn', EARLIEST, { expect: 'NONE' }),
      listOffsets('retention-txn', LATEST, { ...READ_COMMITTED, expect: 'NONE' }),
      fetch('retention-txn', 1, { ...READ_COMMITTED, expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'compaction-keys',
    title: 'The last record of each key stays, at its offset; the active segment is not cleaned',
    rules: ['KD4', 'KD3'],
    topics: [topic('compaction-keys', 1, COMPACT)],
    steps: [
      put('compaction-keys', 'k1', 'a', -20_000),
      put('compaction-keys', 'k2', 'b', -20_000),
      put('compaction-keys', 'k1', 'c', -20_000),
      produce(
        'compaction-keys',
        [
          { key: 'k3', value: 'd', timestamp: -20_000 },
          { key: 'k1', value: 'e', timestamp: -20_000 },
        ],
        {
          expect: 'NONE',
        },
      ),
      put('compaction-keys', 'k2', 'f', -10_000),
      put('compaction-keys', 'k2', 'g', -10_000),
      cleaned('compaction-keys', 1),
      fetch('compaction-keys', 0, { expect: 'NONE' }),
      fetch('compaction-keys', 2, { expect: 'NONE' }),
      listOffsets('compaction-keys', EARLIEST, { expect: 'NONE' }),
      put('compaction-keys', 'k3', 'h', 0),
      cleaned('compaction-keys', 3),
    ],
  },
  {
    ...one,
    name: 'compaction-tombstones',
    title: 'A tombstone outlives the records of its key until delete.retention.ms after its first cleaning',
    rules: ['KD5', 'KD4'],
    topics: [topic('tombstones', 1, { ...COMPACT, 'delete.retention.ms': '1500' })],
    steps: [
      put('tombstones', 'k1', 'a', -50_000),
      put('tombstones', 'k2', 'b', -50_000),
      put('tombstones', 'k1', null, -50_000),
      put('tombstones', 'k3', 'c', -40_000),
      cleaned('tombstones', 1),
      wait(2500),
      put('tombstones', 'k4', 'd', -30_000),
      wait(1500),
      fetch('tombstones', 0, { expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'compaction-lag',
    title: 'Records younger than min.compaction.lag.ms are not cleaned',
    rules: ['KD4'],
    topics: [topic('compaction-lag', 1, { ...COMPACT, 'min.compaction.lag.ms': `${10 * MINUTE_MILLIS}` })],
    steps: [
      put('compaction-lag', 'k1', 'a', -60 * MINUTE_MILLIS),
      put('compaction-lag', 'k1', 'b', -60 * MINUTE_MILLIS),
      put('compaction-lag', 'k1', 'c', -5 * MINUTE_MILLIS),
      put('compaction-lag', 'k1', 'd', 0),
      cleaned('compaction-lag', 1),
      wait(800),
      fetch('compaction-lag', 0, { expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'compaction-producer',
    title: 'The last batch of a producer stays, if emptied, so that its sequence is not forgotten',
    rules: ['KD6', 'KS5'],
    topics: [topic('compaction-producer', 1, COMPACT)],
    steps: [
      initProducerId(null, { expect: 'NONE' }),
      ...['a', 'b'].map((value, at) =>
        produce('compaction-producer', [{ key: 'k1', value, timestamp: -20_000 }], {
          producer: { producerId: '$pid1', producerEpoch: 0, baseSequence: at },
          expect: 'NONE',
        }),
      ),
      put('compaction-producer', 'k1', 'c', -20_000),
      put('compaction-producer', 'k2', 'd', -10_000),
      fetch('compaction-producer', 0, {
        until: { responses: { 0: { partitions: { 0: { records: { 0: { baseOffset: 1 } } } } } } },
      }),
    ],
  },
  {
    ...one,
    name: 'compaction-transaction',
    title: 'Aborted records are cleaned away; open transactions hold the cleaner back',
    rules: ['KD6', 'KD4', 'KT8'],
    topics: [topic('compaction-txn', 1, { ...COMPACT, 'delete.retention.ms': '60000' })],
    steps: [
      initProducerId('compaction-txn', { expect: 'NONE' }),
      ask(
        'AddPartitionsToTxn',
        {
          v3AndBelowTransactionalId: 'compaction-txn',
          v3AndBelowProducerId: '$pid1',
          v3AndBelowProducerEpoch: 0,
          v3AndBelowTopics: [{ name: 'compaction-txn', partitions: [0] }],
        },
        { expect: 'NONE' },
      ),
      put('compaction-txn', 'k1', 'a', -30_000),
      put('compaction-txn', 'k1', 'b', -30_000),
      produce('compaction-txn', [{ key: 'k1', value: 'aborted', timestamp: -28_000 }], {
        producer: { producerId: '$pid1', producerEpoch: 0, baseSequence: 0, isTransactional: true },
        transactionalId: 'compaction-txn',
        expect: 'NONE',
      }),
      put('compaction-txn', 'k2', 'c', -26_000),
      cleaned('compaction-txn', 1),
      wait(500),
      fetch('compaction-txn', 0, { expect: 'NONE' }),
      ask(
        'EndTxn',
        { transactionalId: 'compaction-txn', producerId: '$pid1', producerEpoch: 0, committed: false },
        { expect: 'NONE' },
      ),
      wait(1200),
      put('compaction-txn', 'k3', 'd', 2000),
      wait(1000),
      fetch('compaction-txn', 0, { expect: 'NONE' }),
    ],
  },
]
