// Three brokers: acks, leader changes, in-sync replicas, epochs.

import { commit, committed, SIMPLE } from './groups.mjs'
import {
  ANY,
  answerOf,
  ask,
  awaitState,
  fetch,
  initProducerId,
  killBroker,
  LATEST,
  listOffsets,
  pauseBroker,
  produce,
  resumeBroker,
  startBroker,
  stopBroker,
  topic,
  wait,
} from './steps.mjs'

/** @typedef {import('../recorder/script.ts').Script} Script */
/** @typedef {import('./steps.mjs').Options} Options */

const three = /** @type {const} */ ({ brokers: 3, config: { 'auto.leader.rebalance.enable': false } })
const ALL = [1, 2, 3]

/**
 * @param {string} name of the topic
 * @param {number} leaderEpoch
 * @param {Options & { currentLeaderEpoch?: number }} options
 */
const endOffset = (name, leaderEpoch, { currentLeaderEpoch = -1, ...options }) =>
  ask(
    'OffsetForLeaderEpoch',
    {
      replicaId: -1,
      topics: [{ topic: name, partitions: [{ partition: 0, currentLeaderEpoch, leaderEpoch }] }],
    },
    options,
  )

/**
 * Waits until a broker gives out records up to an offset.
 * @param {string} name of the topic
 * @param {number} highWatermark
 * @param {number} broker
 */
const reaches = (name, highWatermark, broker) =>
  fetch(name, 0, { broker, until: { responses: { 0: { partitions: { 0: { highWatermark } } } } } })

/**
 * @param {string} name of the topic
 * @param {number} electionType 0: preferred; 1: unclean
 */
const elect = (name, electionType) =>
  ask(
    'ElectLeaders',
    { electionType, topicPartitions: [{ topic: name, partitions: [0] }], timeoutMs: 5000 },
    { client: 'admin', broker: 2 },
  )

/**
 * The eligible leader replicas of partition 0.
 * @param {string} name of the topic
 * @param {number} broker
 */
const eligible = (name, broker) =>
  ask(
    'DescribeTopicPartitions',
    { topics: [{ name }], responsePartitionLimit: 10, cursor: null },
    { client: 'admin', broker },
  )

/** @type {Script[]} */
export const scripts = [
  {
    ...three,
    name: 'replication-acks-all',
    title:
      'With acks=all and all replicas in sync everything survives the end of the leader; the epoch is one more',
    rules: ['KA1', 'KC2', 'KC5', 'KR1', 'KL9'],
    topics: [topic('acks-all', ALL, { 'min.insync.replicas': '2' })],
    steps: [
      produce('acks-all', ['a'], { expect: 'NONE' }),
      produce('acks-all', ['b', 'c'], { expect: 'NONE' }),
      produce('acks-all', ['x'], { broker: 2, expect: 'NOT_LEADER_OR_FOLLOWER' }),
      listOffsets('acks-all', LATEST, { broker: 2, expect: 'NOT_LEADER_OR_FOLLOWER' }),
      killBroker(1),
      awaitState('acks-all', { leaderId: 2, isrNodes: [2, 3] }, 2),
      produce('acks-all', ['d'], { broker: 2, until: 'NONE' }),
      fetch('acks-all', 0, { broker: 2, expect: 'NONE' }),
      fetch('acks-all', 0, { broker: 2, currentLeaderEpoch: 0, expect: 'FENCED_LEADER_EPOCH' }),
      fetch('acks-all', 0, { broker: 2, currentLeaderEpoch: 9, expect: 'UNKNOWN_LEADER_EPOCH' }),
      endOffset('acks-all', 0, { broker: 2 }),
      endOffset('acks-all', 1, { broker: 2 }),
      endOffset('acks-all', 5, { broker: 2 }),
      startBroker(1),
      awaitState('acks-all', { leaderId: 2, isrNodes: [1, 2, 3] }, 2),
      elect('acks-all', 0),
      awaitState('acks-all', { leaderId: 1 }, 2),
      elect('acks-all', 0),
      reaches('acks-all', 4, 1),
      endOffset('acks-all', 1, { broker: 1 }),
      endOffset('acks-all', 2, { broker: 1 }),
    ],
  },
  {
    ...three,
    name: 'replication-acks-1',
    title:
      'With acks=1 a record that no follower has fetched is lost with its leader and cut off when that returns',
    rules: ['KA1', 'KL2', 'KC2', 'KR2', 'KR3'],
    topics: [topic('acks-1', ALL)],
    steps: [
      produce('acks-1', ['a'], { acks: -1, expect: 'NONE' }),
      pauseBroker(2),
      pauseBroker(3),
      // Longer than replica.fetch.wait.max.ms: a fetch that waits at the leader would still carry the record away.
      wait(800),
      produce('acks-1', ['lost', 'lost too'], { acks: 1, expect: 'NONE' }),
      fetch('acks-1', 0, { expect: 'NONE' }),
      fetch('acks-1', 2, { expect: 'NONE' }),
      killBroker(1),
      resumeBroker(2),
      resumeBroker(3),
      awaitState('acks-1', { leaderId: 2, isrNodes: [2, 3] }, 2),
      produce('acks-1', ['b'], { broker: 2, until: 'NONE' }),
      fetch('acks-1', 0, { broker: 2, expect: 'NONE' }),
      startBroker(1),
      awaitState('acks-1', { leaderId: 2, isrNodes: [1, 2, 3] }, 2),
      elect('acks-1', 0),
      awaitState('acks-1', { leaderId: 1 }, 1),
      reaches('acks-1', 2, 1),
      endOffset('acks-1', 0, { broker: 1 }),
      produce('acks-1', ['c'], { until: 'NONE' }),
    ],
  },
  {
    ...three,
    name: 'replication-min-isr',
    title: 'Below min.insync.replicas acks=all is refused; acks=1 is taken, but not shown to consumers',
    rules: ['KA2', 'KL4', 'KC4'],
    topics: [topic('min-isr', ALL, { 'min.insync.replicas': '2' })],
    steps: [
      produce('min-isr', ['a'], { expect: 'NONE' }),
      killBroker(3),
      awaitState('min-isr', { isrNodes: [1, 2] }),
      produce('min-isr', ['b'], { expect: 'NONE' }),
      killBroker(2),
      awaitState('min-isr', { isrNodes: [1] }),
      produce('min-isr', ['c'], { expect: 'NOT_ENOUGH_REPLICAS' }),
      produce('min-isr', ['d'], { acks: 1, expect: 'NONE' }),
      fetch('min-isr', 0, { expect: 'NONE' }),
      fetch('min-isr', 2, { expect: 'NONE' }),
      eligible('min-isr', 1),
      startBroker(2),
      awaitState('min-isr', { isrNodes: [1, 2] }),
      reaches('min-isr', 3, 1),
      produce('min-isr', ['e'], { expect: 'NONE' }),
      eligible('min-isr', 1),
    ],
  },
  {
    ...three,
    name: 'replication-produce-timeout',
    title: 'acks=all that is not replicated within the timeout is REQUEST_TIMED_OUT, and yet written',
    rules: ['KA4', 'KL2'],
    topics: [topic('produce-timeout', ALL)],
    steps: [
      produce('produce-timeout', ['a'], { expect: 'NONE' }),
      pauseBroker(3),
      produce('produce-timeout', ['b'], { timeoutMs: 600, expect: 'REQUEST_TIMED_OUT' }),
      fetch('produce-timeout', 0, { expect: 'NONE' }),
      resumeBroker(3),
      reaches('produce-timeout', 2, 1),
    ],
  },
  {
    ...three,
    name: 'replication-isr-shrinks-meanwhile',
    title: 'acks=all waits while the in-sync replicas shrink: the record counts once the rest have it',
    rules: ['KA1', 'KA3', 'KL3', 'KC6'],
    topics: [topic('shrinks', ALL, { 'min.insync.replicas': '2' })],
    steps: [
      produce('shrinks', ['a'], { expect: 'NONE' }),
      pauseBroker(3),
      produce('shrinks', ['b'], { timeoutMs: 10_000, background: true, expect: 'NONE' }),
      answerOf('a'),
      awaitState('shrinks', { isrNodes: [1, 2] }),
      fetch('shrinks', 0, { expect: 'NONE' }),
      resumeBroker(3),
      awaitState('shrinks', { isrNodes: [1, 2, 3] }),
    ],
  },
  {
    ...three,
    name: 'replication-below-min-isr-meanwhile',
    title:
      'When the in-sync replicas fall below the minimum while acks=all waits, the record stays, unacknowledged',
    rules: ['KA3', 'KA4', 'KL4'],
    topics: [topic('falls', ALL, { 'min.insync.replicas': '2' })],
    steps: [
      produce('falls', ['a'], { expect: 'NONE' }),
      pauseBroker(2),
      pauseBroker(3),
      produce('falls', ['b'], { timeoutMs: 6000, background: true, expect: ANY }),
      awaitState('falls', { isrNodes: [1] }),
      fetch('falls', 0, { expect: 'NONE' }),
      answerOf('a'),
      produce('falls', ['c'], { expect: 'NOT_ENOUGH_REPLICAS' }),
      resumeBroker(2),
      awaitState('falls', { isrNodes: [1, 2] }),
      reaches('falls', 2, 1),
    ],
  },
  {
    ...three,
    name: 'replication-controlled-shutdown',
    title: 'A controlled shutdown moves the leader first; no record is lost, even with acks=1',
    rules: ['KC8', 'KC5', 'KC2'],
    topics: [topic('shutdown', ALL)],
    steps: [
      ...['a', 'b', 'c'].map((value) => produce('shutdown', [value], { acks: 1, expect: 'NONE' })),
      reaches('shutdown', 3, 1),
      stopBroker(1),
      awaitState('shutdown', { leaderId: 2, isrNodes: [2, 3] }, 2),
      produce('shutdown', ['d'], { broker: 2, until: 'NONE' }),
      fetch('shutdown', 0, { broker: 2, expect: 'NONE' }),
      stopBroker(2),
      awaitState('shutdown', { leaderId: 3, isrNodes: [3] }, 3),
      produce('shutdown', ['e'], { broker: 3, until: 'NONE' }),
      endOffset('shutdown', 0, { broker: 3 }),
      endOffset('shutdown', 1, { broker: 3 }),
    ],
  },
  {
    ...three,
    name: 'replication-last-replica',
    title: 'Without unclean election a partition waits for its last in-sync replica, which is still eligible',
    rules: ['KC3', 'KC4', 'KC2'],
    topics: [topic('last-replica', [2, 3])],
    steps: [
      produce('last-replica', ['a'], { broker: 2, expect: 'NONE' }),
      killBroker(3),
      awaitState('last-replica', { isrNodes: [2] }),
      produce('last-replica', ['b'], { broker: 2, expect: 'NONE' }),
      killBroker(2),
      awaitState('last-replica', { leaderId: -1 }),
      startBroker(3),
      awaitState('last-replica', { leaderId: -1, isrNodes: [] }, 3),
      wait(1000),
      awaitState('last-replica', { leaderId: -1, isrNodes: [] }),
      eligible('last-replica', 1),
      produce('last-replica', ['c'], { broker: 3, expect: 'NOT_LEADER_OR_FOLLOWER' }),
      startBroker(2),
      awaitState('last-replica', { leaderId: 2, isrNodes: [2, 3] }),
      reaches('last-replica', 2, 2),
    ],
  },
  {
    ...three,
    name: 'replication-unclean',
    title: 'With unclean election the first live replica leads and what it lacks is lost',
    rules: ['KC2', 'KR3', 'KL6'],
    topics: [topic('unclean', [2, 3], { 'unclean.leader.election.enable': 'true' })],
    steps: [
      produce('unclean', ['a'], { broker: 2, expect: 'NONE' }),
      killBroker(3),
      awaitState('unclean', { isrNodes: [2] }),
      produce('unclean', ['lost', 'lost too'], { broker: 2, expect: 'NONE' }),
      killBroker(2),
      startBroker(3),
      awaitState('unclean', { leaderId: 3 }),
      produce('unclean', ['b'], { broker: 3, until: 'NONE' }),
      startBroker(2),
      awaitState('unclean', { leaderId: 3, isrNodes: [2, 3] }),
      fetch('unclean', 0, { broker: 3, expect: 'NONE' }),
      endOffset('unclean', 0, { broker: 3 }),
    ],
  },
  {
    ...three,
    name: 'replication-idempotence',
    title: 'The new leader knows the last five batches of a producer as the old one did',
    rules: ['KS5', 'KS2'],
    topics: [topic('failover', ALL, { 'min.insync.replicas': '2' })],
    steps: [
      initProducerId(null, { broker: 2, until: 'NONE' }),
      ...[0, 1, 2, 3, 4, 5].map((baseSequence) =>
        produce('failover', [`v${baseSequence}`], {
          producer: { producerId: '$pid1', producerEpoch: 0, baseSequence },
          expect: 'NONE',
        }),
      ),
      killBroker(1),
      awaitState('failover', { leaderId: 2, isrNodes: [2, 3] }, 2),
      ...[1, 5, 0, 7, 6].map((baseSequence, at) =>
        produce('failover', [`v${baseSequence}`], {
          broker: 2,
          producer: { producerId: '$pid1', producerEpoch: 0, baseSequence },
          ...(at === 0 ? { until: 'NONE' } : { expect: ANY }),
        }),
      ),
      fetch('failover', 0, { broker: 2, expect: 'NONE' }),
    ],
  },
  {
    ...three,
    name: 'replication-coordinator',
    title: 'Committed offsets survive the end of the group coordinator; others are not the coordinator',
    rules: ['KG1', 'KO3'],
    topics: [topic('coordinator', ALL)],
    steps: [
      commit('coordinator', 'coordinator', 5, { ...SIMPLE, expect: 'NONE' }),
      commit('coordinator', 'coordinator', 6, { ...SIMPLE, broker: 2, expect: 'NOT_COORDINATOR' }),
      committed('coordinator', 'coordinator', { broker: 3, expect: 'NOT_COORDINATOR' }),
      ask('FindCoordinator', { keyType: 0, coordinatorKeys: ['coordinator'] }, { broker: 3, expect: 'NONE' }),
      killBroker(1),
      committed('coordinator', 'coordinator', { broker: 2, until: 'NONE' }),
      commit('coordinator', 'coordinator', 7, { ...SIMPLE, broker: 2, until: 'NONE' }),
      committed('coordinator', 'coordinator', { broker: 2, expect: 'NONE' }),
    ],
  },
  {
    ...three,
    name: 'replication-transaction',
    title: 'An open transaction survives the end of its coordinator and of the leader of its partition',
    rules: ['KT1', 'KT4', 'KT8', 'KS5'],
    topics: [topic('survives', ALL, { 'min.insync.replicas': '2' })],
    steps: [
      initProducerId('survives', { expect: 'NONE' }),
      ask(
        'AddPartitionsToTxn',
        {
          v3AndBelowTransactionalId: 'survives',
          v3AndBelowProducerId: '$pid1',
          v3AndBelowProducerEpoch: 0,
          v3AndBelowTopics: [{ name: 'survives', partitions: [0] }],
        },
        { expect: 'NONE' },
      ),
      produce('survives', ['a'], {
        producer: { producerId: '$pid1', producerEpoch: 0, baseSequence: 0, isTransactional: true },
        transactionalId: 'survives',
        expect: 'NONE',
      }),
      killBroker(1),
      awaitState('survives', { leaderId: 2, isrNodes: [2, 3] }, 2),
      fetch('survives', 0, { broker: 2, isolationLevel: 1, until: 'NONE' }),
      produce('survives', ['b'], {
        broker: 2,
        producer: { producerId: '$pid1', producerEpoch: 0, baseSequence: 1, isTransactional: true },
        transactionalId: 'survives',
        until: 'NONE',
      }),
      ask(
        'EndTxn',
        { transactionalId: 'survives', producerId: '$pid1', producerEpoch: 0, committed: true },
        { broker: 2, until: 'NONE' },
      ),
      fetch('survives', 0, {
        broker: 2,
        isolationLevel: 1,
        until: { responses: { 0: { partitions: { 0: { lastStableOffset: 3 } } } } },
      }),
    ],
  },
]
