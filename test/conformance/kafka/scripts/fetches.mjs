// Fetch, ListOffsets and OffsetForLeaderEpoch.

import {
  answerOf,
  ask,
  EARLIEST,
  fetch,
  LATEST,
  listOffsets,
  MAX_TIMESTAMP,
  produce,
  topic,
  wait,
} from './steps.mjs'

/** @typedef {import('../recorder/script.ts').Script} Script */

const one = /** @type {const} */ ({ brokers: 1, config: {} })

/**
 * A Fetch request for partitions 0 and 1 of a topic.
 * @param {string} name
 * @param {readonly number[]} offsets
 * @param {import('../history.ts').Fields} fields
 */
const fetchBoth = (name, offsets, { partitionMaxBytes = 1_048_576, ...fields }) =>
  ask(
    'Fetch',
    {
      maxWaitMs: 0,
      minBytes: 1,
      sessionEpoch: -1,
      ...fields,
      topics: [
        {
          topic: name,
          partitions: offsets.map((fetchOffset, partition) => ({
            partition,
            fetchOffset,
            partitionMaxBytes,
          })),
        },
      ],
    },
    { client: 'consumer', expect: 'NONE' },
  )

/**
 * @param {string} name of the topic
 * @param {number} leaderEpoch
 * @param {number} [currentLeaderEpoch]
 */
const endOffset = (name, leaderEpoch, currentLeaderEpoch = -1) =>
  ask('OffsetForLeaderEpoch', {
    replicaId: -1,
    topics: [{ topic: name, partitions: [{ partition: 0, currentLeaderEpoch, leaderEpoch }] }],
  })

/** @type {Script[]} */
export const scripts = [
  {
    ...one,
    name: 'fetch-partition-bytes',
    title: 'Whole batches up to the bound, but the first one always',
    rules: ['KF2'],
    topics: [topic('partition-bytes')],
    steps: [
      produce('partition-bytes', ['a', 'b', 'c'], { expect: 'NONE' }),
      produce('partition-bytes', ['d'], { expect: 'NONE' }),
      produce('partition-bytes', ['e'], { expect: 'NONE' }),
      fetch('partition-bytes', 0, { partitionMaxBytes: 1 }),
      fetch('partition-bytes', 0, { partitionMaxBytes: 100 }),
      fetch('partition-bytes', 0, { partitionMaxBytes: 160 }),
      fetch('partition-bytes', 0, { partitionMaxBytes: 10_000 }),
      fetch('partition-bytes', 2, { partitionMaxBytes: 1 }),
      fetch('partition-bytes', 3, { partitionMaxBytes: 80 }),
    ],
  },
  {
    ...one,
    name: 'fetch-response-bytes',
    title:
      'max bytes of a response bounds all partitions together; the first batch of the first partition comes always',
    rules: ['KF2'],
    topics: [topic('response-bytes', 2)],
    steps: [
      produce('response-bytes', ['a0'], { expect: 'NONE' }),
      produce('response-bytes', ['b0'], { expect: 'NONE' }),
      produce('response-bytes', ['a1'], { partition: 1, expect: 'NONE' }),
      fetchBoth('response-bytes', [0, 0], { maxBytes: 1 }),
      fetchBoth('response-bytes', [0, 0], { maxBytes: 150 }),
      fetchBoth('response-bytes', [2, 0], { maxBytes: 1 }),
      fetchBoth('response-bytes', [0, 0], { maxBytes: 10_000, partitionMaxBytes: 1 }),
      fetchBoth('response-bytes', [1, 1], { maxBytes: 10_000 }),
    ],
  },
  {
    ...one,
    name: 'fetch-out-of-range',
    title: 'The end of the log is an empty answer, beyond it and before the start are errors',
    rules: ['KF3', 'KF1'],
    topics: [topic('out-of-range')],
    steps: [
      fetch('out-of-range', 0, { expect: 'NONE' }),
      fetch('out-of-range', 1, { expect: 'OFFSET_OUT_OF_RANGE' }),
      produce('out-of-range', ['a', 'b'], { expect: 'NONE' }),
      fetch('out-of-range', 2, { expect: 'NONE' }),
      fetch('out-of-range', 3, { maxWaitMs: 2000, expect: 'OFFSET_OUT_OF_RANGE' }),
      fetch('out-of-range', -5, { maxWaitMs: 2000, expect: 'OFFSET_OUT_OF_RANGE' }),
      fetch('out-of-range', 0, { partition: 3, maxWaitMs: 2000, expect: 'UNKNOWN_TOPIC_OR_PARTITION' }),
      fetch('no-such-topic', 0, { maxWaitMs: 2000, expect: 'UNKNOWN_TOPIC_OR_PARTITION' }),
    ],
  },
  {
    ...one,
    name: 'fetch-wait',
    title: 'A fetch at the end of the log waits for a record, at most max wait',
    rules: ['KF1'],
    topics: [topic('wait')],
    steps: [
      fetch('wait', 0, { maxWaitMs: 400, expect: 'NONE' }),
      fetch('wait', 0, { maxWaitMs: 5000, background: true, expect: 'NONE' }),
      wait(300),
      produce('wait', ['a'], { expect: 'NONE' }),
      answerOf('consumer'),
      fetch('wait', 0, { maxWaitMs: 5000, expect: 'NONE' }),
      fetch('wait', 1, { maxWaitMs: 0, expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'fetch-min-bytes',
    title: 'A fetch waits until there are min bytes, then is answered with all there are',
    rules: ['KF1'],
    topics: [topic('min-bytes')],
    steps: [
      fetch('min-bytes', 0, { maxWaitMs: 5000, minBytes: 150, background: true, expect: 'NONE' }),
      wait(200),
      produce('min-bytes', ['a'], { expect: 'NONE' }),
      wait(200),
      produce('min-bytes', ['b'], { expect: 'NONE' }),
      wait(200),
      produce('min-bytes', ['c'], { expect: 'NONE' }),
      answerOf('consumer'),
      fetch('min-bytes', 1, { maxWaitMs: 500, minBytes: 1000, expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'fetch-leader-epoch',
    title:
      'A leader epoch that the broker does not know yet is told in Fetch, ListOffsets and OffsetForLeaderEpoch',
    rules: ['KR1', 'KL9'],
    topics: [topic('leader-epoch')],
    steps: [
      endOffset('leader-epoch', 0),
      produce('leader-epoch', ['a', 'b'], { expect: 'NONE' }),
      fetch('leader-epoch', 0, { currentLeaderEpoch: 0, expect: 'NONE' }),
      fetch('leader-epoch', 0, { currentLeaderEpoch: 1, expect: 'UNKNOWN_LEADER_EPOCH' }),
      listOffsets('leader-epoch', LATEST, { currentLeaderEpoch: 0, expect: 'NONE' }),
      listOffsets('leader-epoch', LATEST, { currentLeaderEpoch: 1, expect: 'UNKNOWN_LEADER_EPOCH' }),
      endOffset('leader-epoch', 0, 0),
      endOffset('leader-epoch', 0, 4),
      endOffset('leader-epoch', 3),
      fetch('leader-epoch', 2, { lastFetchedEpoch: 0, expect: 'NONE' }),
      fetch('leader-epoch', 2, { lastFetchedEpoch: 5 }),
    ],
  },
  {
    ...one,
    name: 'list-offsets',
    title: 'Earliest and latest of an empty log and of one with records',
    rules: ['KL13'],
    topics: [topic('list-offsets')],
    steps: [
      listOffsets('list-offsets', EARLIEST, { expect: 'NONE' }),
      listOffsets('list-offsets', LATEST, { expect: 'NONE' }),
      listOffsets('list-offsets', MAX_TIMESTAMP, { expect: 'NONE' }),
      listOffsets('list-offsets', 0, { expect: 'NONE' }),
      produce('list-offsets', ['a', 'b'], { expect: 'NONE' }),
      listOffsets('list-offsets', EARLIEST, { expect: 'NONE' }),
      listOffsets('list-offsets', LATEST, { expect: 'NONE' }),
      listOffsets('list-offsets', LATEST, { partitionIndex: 9, expect: 'UNKNOWN_TOPIC_OR_PARTITION' }),
      listOffsets('no-such-topic', LATEST, { expect: 'UNKNOWN_TOPIC_OR_PARTITION' }),
    ],
  },
  {
    ...one,
    name: 'list-offsets-timestamps',
    title: 'By timestamp: the first offset at or after it, also where timestamps go back',
    rules: ['KL13'],
    topics: [topic('timestamps')],
    steps: [
      produce(
        'timestamps',
        [
          { value: 'a', timestamp: 100 },
          { value: 'b', timestamp: 300 },
        ],
        { expect: 'NONE' },
      ),
      produce('timestamps', [{ value: 'c', timestamp: 200 }], { expect: 'NONE' }),
      produce(
        'timestamps',
        [
          { value: 'd', timestamp: 300 },
          { value: 'e', timestamp: 250 },
        ],
        { expect: 'NONE' },
      ),
      ...[50, 100, 101, 200, 250, 300, 301].map((timestamp) =>
        listOffsets('timestamps', timestamp, { expect: 'NONE' }),
      ),
      listOffsets('timestamps', MAX_TIMESTAMP, { expect: 'NONE' }),
    ],
  },
]
