// Offsets in transactions, and the transactions of KIP-890.

import { admit, committed, sync } from './groups.mjs'
import { ANY, ask, topic } from './steps.mjs'
import {
  addOffsets,
  describe,
  END_V2,
  end,
  init,
  marked,
  ONE,
  send,
  sendOffset,
  V2,
} from './transactional.mjs'

/** @typedef {import('../recorder/script.ts').Script} Script */

/** @type {Script[]} */
export const scripts = [
  {
    ...ONE,
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
      end('txn-v2', true, { ...END_V2, until: 'NONE' }),
      end('txn-v2', false, { ...END_V2, expect: ANY }),
      send('txn-v2', 'txn-v2', 1, ['late'], { ...V2, expect: ANY }),
      send('txn-v2', 'txn-v2', 0, ['c'], { ...V2, producerEpoch: 1 }),
      end('txn-v2', false, { ...END_V2, producerEpoch: 1 }),
      marked('txn-v2', 4),
      end('txn-v2', false, { ...END_V2, producerEpoch: 1, until: 'NONE' }),
      describe('txn-v2'),
    ],
  },
  {
    ...ONE,
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
    ...ONE,
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
    ...ONE,
    name: 'txn-offsets-commit',
    title: 'An offset sent in a transaction is pending until the transaction is committed',
    rules: ['KT9'],
    topics: [topic('txn-offsets-commit')],
    steps: [
      init('txn-offsets-commit'),
      addOffsets('txn-offsets-commit', 'txn-offsets-commit'),
      sendOffset('txn-offsets-commit', 'txn-offsets-commit', 'txn-offsets-commit', 5),
      committed('txn-offsets-commit', 'txn-offsets-commit'),
      committed('txn-offsets-commit', 'txn-offsets-commit', {
        requireStable: true,
        expect: 'UNSTABLE_OFFSET_COMMIT',
      }),
      end('txn-offsets-commit', true),
      committed('txn-offsets-commit', 'txn-offsets-commit', { requireStable: true, until: 'NONE' }),
    ],
  },
  {
    ...ONE,
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
    ...ONE,
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
    ...ONE,
    name: 'txn-v2-offsets',
    title: 'With KIP-890 the first offset adds the group to the transaction',
    rules: ['KT9', 'KT5'],
    topics: [topic('txn-v2-offsets')],
    steps: [
      init('txn-v2-offsets', { version: 5 }),
      sendOffset('txn-v2-offsets', 'txn-v2-offsets', 'txn-v2-offsets', 5, { version: 5 }),
      committed('txn-v2-offsets', 'txn-v2-offsets', {
        requireStable: true,
        expect: 'UNSTABLE_OFFSET_COMMIT',
      }),
      end('txn-v2-offsets', true, END_V2),
      committed('txn-v2-offsets', 'txn-v2-offsets', { requireStable: true, until: 'NONE' }),
      sendOffset('txn-v2-offsets', 'txn-v2-offsets', 'txn-v2-offsets', 6, { version: 5, expect: ANY }),
    ],
  },
]
