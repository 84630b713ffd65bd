// Produce: acks, error codes, timestamps, sizes.

import { ask, batch, EARLIEST, fetch, LATEST, listOffsets, produce, produceBatches, topic } from './steps.mjs'

/** @typedef {import('../recorder/script.ts').Script} Script */

const one = /** @type {const} */ ({ brokers: 1, config: {} })
const HOUR_MILLIS = 3_600_000

/**
 * @param {string} name of the topic
 * @param {number} offset
 * @param {import('../history.ts').Value} expect
 */
const deleteRecords = (name, offset, expect) =>
  ask(
    'DeleteRecords',
    { timeoutMs: 5000, topics: [{ name, partitions: [{ partitionIndex: 0, offset }] }] },
    { expect },
  )

/** @type {Script[]} */
export const scripts = [
  {
    ...one,
    name: 'produce-acks',
    title: 'Offsets are given in order whatever acks says; acks=0 is not answered, acks=2 is refused',
    rules: ['KA1', 'KL1'],
    topics: [topic('acks')],
    steps: [
      produce('acks', ['one', 'two'], { acks: -1, expect: 'NONE' }),
      produce('acks', ['three'], { acks: 1, expect: 'NONE' }),
      produce('acks', ['four'], { acks: 0 }),
      produce('acks', ['five'], { acks: 2, expect: 'INVALID_REQUIRED_ACKS' }),
      produce('acks', ['six'], { acks: -1, expect: 'NONE' }),
      fetch('acks', 0, { expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'produce-unknown-partition',
    title: 'A topic or partition that is not there is told, also next to one that is',
    rules: ['KA1'],
    topics: [topic('unknown-partition')],
    steps: [
      produce('no-such-topic', ['one'], { expect: 'UNKNOWN_TOPIC_OR_PARTITION' }),
      produce('unknown-partition', ['one'], { partition: 7, expect: 'UNKNOWN_TOPIC_OR_PARTITION' }),
      ask(
        'Produce',
        {
          transactionalId: null,
          acks: -1,
          timeoutMs: 5000,
          topicData: [
            {
              name: 'unknown-partition',
              partitionData: [
                { index: 0, records: [batch(['two'])] },
                { index: 1, records: [batch(['three'])] },
              ],
            },
          ],
        },
        { expect: 'UNKNOWN_TOPIC_OR_PARTITION' },
      ),
      fetch('unknown-partition', 0, { expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'produce-not-answered-error',
    title: 'With acks=0 an error closes the connection',
    rules: ['KA1'],
    topics: [topic('not-answered')],
    steps: [
      produce('not-answered', ['one'], { acks: 0, partition: 5 }),
      produce('not-answered', ['two'], { acks: 1, expect: { connectionClosed: true } }),
      produce('not-answered', ['three'], { acks: 1, expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'produce-too-large',
    title: 'max.message.bytes bounds the whole batch, not its records',
    rules: ['KL14'],
    topics: [topic('too-large', 1, { 'max.message.bytes': '200' })],
    steps: [
      produce('too-large', ['x'.repeat(120)], { expect: 'NONE' }),
      produce('too-large', ['x'.repeat(200)], { expect: 'MESSAGE_TOO_LARGE' }),
      produce('too-large', ['x'.repeat(70), 'y'.repeat(70)], { expect: 'MESSAGE_TOO_LARGE' }),
      produce('too-large', ['x'.repeat(70)], { expect: 'NONE' }),
      fetch('too-large', 0, { expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'produce-create-time',
    title:
      'CreateTime keeps the timestamps of the client; one more than an hour ahead is refused with its record',
    rules: ['KL14'],
    topics: [topic('create-time')],
    steps: [
      produce(
        'create-time',
        [
          { value: 'a', timestamp: 500 },
          { value: 'b', timestamp: 100 },
        ],
        { expect: 'NONE' },
      ),
      produce('create-time', [{ value: 'c', timestamp: -20 * HOUR_MILLIS }], { expect: 'NONE' }),
      produce('create-time', [{ value: 'd' }, { value: 'e', timestamp: 2 * HOUR_MILLIS }], {
        expect: 'INVALID_TIMESTAMP',
      }),
      fetch('create-time', 0, { expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'produce-log-append-time',
    title: 'LogAppendTime replaces the timestamps of the client and is told in the answer',
    rules: ['KL14'],
    topics: [topic('append-time', 1, { 'message.timestamp.type': 'LogAppendTime' })],
    steps: [
      produce(
        'append-time',
        [
          { value: 'a', timestamp: 500 },
          { value: 'b', timestamp: 2 * HOUR_MILLIS },
        ],
        {
          expect: 'NONE',
        },
      ),
      fetch('append-time', 0, { expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'produce-corrupt',
    title: 'A wrong checksum is CORRUPT_MESSAGE; two batches for one partition are INVALID_RECORD',
    rules: ['KL14'],
    topics: [topic('corrupt')],
    steps: [
      produce('corrupt', ['a'], { producer: { corrupt: true }, expect: 'CORRUPT_MESSAGE' }),
      produceBatches('corrupt', [batch(['b']), batch(['c'])], { expect: 'INVALID_RECORD' }),
      produce('corrupt', ['d'], { expect: 'NONE' }),
      fetch('corrupt', 0, { expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'produce-null-key-compacted',
    title: 'A compacted topic refuses a batch with a record without a key, and says which',
    rules: ['KD4'],
    topics: [topic('null-key', 1, { 'cleanup.policy': 'compact' })],
    steps: [
      produce('null-key', [{ key: 'k', value: 'a' }], { expect: 'NONE' }),
      produce('null-key', [{ key: 'k', value: 'b' }, { value: 'c' }, { value: 'd' }], {
        expect: 'INVALID_RECORD',
      }),
      produce('null-key', [{ key: '', value: 'e' }], { expect: 'NONE' }),
      fetch('null-key', 0, { expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'produce-compressed',
    title: 'Compressed batches keep their compression, headers and offsets',
    rules: ['KL14'],
    topics: [topic('compressed')],
    steps: [
      produce(
        'compressed',
        [
          { key: 'k', value: 'a', headers: { trace: '1' } },
          { key: null, value: null },
        ],
        { producer: { compression: 'gzip' }, expect: 'NONE' },
      ),
      produce('compressed', ['b'], { expect: 'NONE' }),
      fetch('compressed', 1, { expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'produce-not-of-a-transaction',
    title:
      'A transactional id with ordinary records, and a batch in the middle of offsets, are taken as they are',
    rules: ['KL14', 'KS4'],
    topics: [topic('ordinary')],
    steps: [
      produce('ordinary', ['a'], { transactionalId: 'ordinary' }),
      produce('ordinary', ['b'], { producer: { baseOffset: 77 } }),
      produce('ordinary', []),
      fetch('ordinary', 0, { expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'delete-records',
    title: 'DeleteRecords raises the log start, never above the high watermark, and never lowers it',
    rules: ['KL6', 'KF3', 'KL13'],
    topics: [topic('delete-records')],
    steps: [
      produce('delete-records', ['a', 'b', 'c'], { expect: 'NONE' }),
      produce('delete-records', ['d'], { expect: 'NONE' }),
      deleteRecords('delete-records', 2, { topics: { 0: { partitions: { 0: { lowWatermark: 2 } } } } }),
      fetch('delete-records', 1, { expect: 'OFFSET_OUT_OF_RANGE' }),
      fetch('delete-records', 2, { expect: 'NONE' }),
      deleteRecords('delete-records', 1, 'NONE'),
      deleteRecords('delete-records', 5, 'OFFSET_OUT_OF_RANGE'),
      listOffsets('delete-records', EARLIEST, { expect: 'NONE' }),
      deleteRecords('delete-records', -1, 'NONE'),
      listOffsets('delete-records', EARLIEST, { expect: 'NONE' }),
      listOffsets('delete-records', LATEST, { expect: 'NONE' }),
      produce('delete-records', ['e'], { expect: 'NONE' }),
    ],
  },
]
