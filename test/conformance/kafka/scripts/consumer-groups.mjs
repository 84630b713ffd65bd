// Consumer groups of KIP-848.

import { commit, committed, join, SIMPLE } from './groups.mjs'
import { ask, given, topic, wait } from './steps.mjs'

/** @typedef {import('../recorder/script.ts').Script} Script */
/** @typedef {import('../history.ts').Fields} Fields */
/** @typedef {import('./steps.mjs').Options} Options */

const one = /** @type {const} */ ({
  brokers: 1,
  config: {
    'group.initial.rebalance.delay.ms': 0,
    'group.consumer.min.session.timeout.ms': 500,
    'group.consumer.session.timeout.ms': 2000,
    'group.consumer.min.heartbeat.interval.ms': 100,
    'group.consumer.heartbeat.interval.ms': 500,
    'group.consumer.assignment.interval.ms': 0,
    'group.consumer.assignor.offload.enable': false,
  },
})

/**
 * A heartbeat; a member's id is its name.
 * @param {string} groupId
 * @param {string} memberId
 * @param {number} memberEpoch
 * @param {Options & { fields?: Fields, owned?: Record<string, number[]> }} [options] owned: partitions by topic
 */
const beat = (groupId, memberId, memberEpoch, options = {}) => {
  const { fields, owned, ...rest } = options
  const topicPartitions = Object.entries(owned ?? {}).map(([topicId, partitions]) => ({
    topicId,
    partitions,
  }))
  return ask(
    'ConsumerGroupHeartbeat',
    { groupId, memberId, memberEpoch, ...(owned === undefined ? {} : { topicPartitions }), ...fields },
    given({ client: memberId, ...rest }),
  )
}

/**
 * The first heartbeat of a member.
 * @param {string} groupId
 * @param {string} memberId
 * @param {readonly string[]} topics
 * @param {Options & { fields?: Fields }} [options]
 */
const enter = (groupId, memberId, topics, { fields, ...options } = {}) =>
  beat(groupId, memberId, 0, {
    owned: {},
    fields: { rebalanceTimeoutMs: 30_000, subscribedTopicNames: topics, ...fields },
    ...options,
  })

/** @param {string} groupId */
const describe = (groupId) => ask('ConsumerGroupDescribe', { groupIds: [groupId] }, { client: 'admin' })

const OK = { expect: 'NONE' }

/** @type {Script[]} */
export const scripts = [
  {
    ...one,
    name: 'consumer-group-first-member',
    title: 'The first member gets everything with its first heartbeat, in epoch 2',
    rules: ['KN1', 'KN2'],
    topics: [topic('cg-first', 3)],
    steps: [
      enter('cg-first', 'm1', ['cg-first'], OK),
      beat('cg-first', 'm1', 2, OK),
      beat('cg-first', 'm1', 2, { owned: { 'cg-first': [0, 1, 2] }, ...OK }),
      describe('cg-first'),
      beat('cg-first', 'm1', -1, OK),
      beat('cg-first', 'm1', 2),
      describe('cg-first'),
    ],
  },
  {
    ...one,
    name: 'consumer-group-second-member',
    title: 'A newcomer gets partitions only when their owner has given them up',
    rules: ['KN1', 'KN2'],
    topics: [topic('cg-second', 4)],
    steps: [
      enter('cg-second', 'm1', ['cg-second'], OK),
      beat('cg-second', 'm1', 2, { owned: { 'cg-second': [0, 1, 2, 3] }, ...OK }),
      enter('cg-second', 'm2', ['cg-second'], OK),
      describe('cg-second'),
      beat('cg-second', 'm2', 3, OK),
      beat('cg-second', 'm1', 2, OK),
      beat('cg-second', 'm1', 2, OK),
      beat('cg-second', 'm2', 3, OK),
      beat('cg-second', 'm1', 2, { owned: { 'cg-second': [0, 1] } }),
      beat('cg-second', 'm1', 3, OK),
      beat('cg-second', 'm2', 3, OK),
      beat('cg-second', 'm2', 3, { owned: { 'cg-second': [2, 3] }, ...OK }),
      describe('cg-second'),
      beat('cg-second', 'm1', -1, OK),
      beat('cg-second', 'm2', 3, OK),
    ],
  },
  ...['uniform', 'range'].map((assignor) => ({
    ...one,
    name: `consumer-group-${assignor}`,
    title: `Three members and two topics with the ${assignor} assignor of the broker`,
    rules: ['KN5', 'KN2'],
    topics: [topic(`cg-${assignor}-a`, 5), topic(`cg-${assignor}-b`, 2)],
    steps: [
      ...['m1', 'm2', 'm3'].map((member) =>
        enter(`cg-${assignor}`, member, [`cg-${assignor}-a`, `cg-${assignor}-b`], {
          fields: { serverAssignor: assignor },
          ...OK,
        }),
      ),
      describe(`cg-${assignor}`),
    ],
  })),
  {
    ...one,
    name: 'consumer-group-uniform-unequal',
    title: 'Members of unequal subscriptions with the uniform assignor',
    rules: ['KN5'],
    topics: [topic('cg-unequal-a', 4), topic('cg-unequal-b', 3), topic('cg-unequal-c', 2)],
    steps: [
      enter('cg-unequal', 'm1', ['cg-unequal-a'], OK),
      enter('cg-unequal', 'm2', ['cg-unequal-a', 'cg-unequal-b'], OK),
      enter('cg-unequal', 'm3', ['cg-unequal-a', 'cg-unequal-b', 'cg-unequal-c'], OK),
      describe('cg-unequal'),
      beat('cg-unequal', 'm3', -1, OK),
      describe('cg-unequal'),
    ],
  },
  {
    ...one,
    name: 'consumer-group-epochs',
    title: 'An epoch that is too large is fenced; the previous one is taken for a lost answer',
    rules: ['KN3'],
    topics: [topic('cg-epochs', 2)],
    steps: [
      beat('cg-epochs', 'm1', 6),
      enter('cg-epochs', 'm1', ['cg-epochs'], OK),
      beat('cg-epochs', 'm1', 3, { expect: 'FENCED_MEMBER_EPOCH' }),
      beat('cg-epochs', 'm9', 2, { expect: 'UNKNOWN_MEMBER_ID' }),
      beat('cg-epochs', 'm1', 2, { owned: { 'cg-epochs': [0, 1] }, ...OK }),
      enter('cg-epochs', 'm2', ['cg-epochs'], OK),
      beat('cg-epochs', 'm1', 2, OK),
      beat('cg-epochs', 'm1', 2, { owned: { 'cg-epochs': [0] }, ...OK }),
      beat('cg-epochs', 'm1', 2, { owned: { 'cg-epochs': [0] } }),
      beat('cg-epochs', 'm1', 2, { owned: { 'cg-epochs': [0, 1] } }),
      beat('cg-epochs', 'm1', 3),
      enter('cg-epochs', 'm1', ['cg-epochs']),
    ],
  },
  {
    ...one,
    name: 'consumer-group-invalid',
    title: 'First heartbeats that lack something, and an assignor that the broker does not have',
    rules: ['KN3', 'KN5'],
    topics: [topic('cg-invalid')],
    steps: [
      beat('cg-invalid', 'm1', 0, { fields: { rebalanceTimeoutMs: 1000 }, owned: {} }),
      beat('cg-invalid', 'm1', 0, { fields: { subscribedTopicNames: ['cg-invalid'] }, owned: {} }),
      beat('cg-invalid', 'm1', 0, {
        fields: { subscribedTopicNames: ['cg-invalid'], rebalanceTimeoutMs: 1000 },
      }),
      beat('', 'm1', 0),
      beat('cg-invalid', '', 2, { client: 'nobody' }),
      enter('cg-invalid', 'm1', ['cg-invalid'], { fields: { serverAssignor: 'sticky' } }),
      enter('cg-invalid', 'm1', ['cg-invalid'], { fields: { rackId: '' } }),
      enter('cg-invalid', 'm1', ['no-such-topic'], OK),
      describe('cg-invalid'),
      beat('cg-invalid', 'm1', -2),
    ],
  },
  {
    ...one,
    name: 'consumer-group-static',
    title: 'A static member that leaves for a while gets its partitions back; two at a time are not let in',
    rules: ['KN3'],
    topics: [topic('cg-static', 4)],
    steps: [
      enter('cg-static', 'm1', ['cg-static'], { fields: { instanceId: 'one' }, ...OK }),
      enter('cg-static', 'm2', ['cg-static'], { fields: { instanceId: 'two' }, ...OK }),
      beat('cg-static', 'm1', 2, { fields: { instanceId: 'one' }, owned: { 'cg-static': [0, 1] } }),
      beat('cg-static', 'm2', 3, { fields: { instanceId: 'two' } }),
      enter('cg-static', 'm3', ['cg-static'], {
        fields: { instanceId: 'two' },
        expect: 'UNRELEASED_INSTANCE_ID',
      }),
      beat('cg-static', 'm2', -2, { fields: { instanceId: 'two' } }),
      describe('cg-static'),
      enter('cg-static', 'm3', ['cg-static'], { fields: { instanceId: 'two' }, ...OK }),
      beat('cg-static', 'm2', 3, { fields: { instanceId: 'two' } }),
      beat('cg-static', 'm1', 3, { fields: { instanceId: 'one' } }),
      beat('cg-static', 'm3', -1, { fields: { instanceId: 'two' } }),
      describe('cg-static'),
    ],
  },
  {
    ...one,
    name: 'consumer-group-rebalance-timeout',
    title: 'A member that does not give up partitions within its rebalance timeout is fenced',
    rules: ['KN4'],
    topics: [topic('cg-timeout', 2)],
    steps: [
      enter('cg-timeout', 'm1', ['cg-timeout'], { fields: { rebalanceTimeoutMs: 800 }, ...OK }),
      beat('cg-timeout', 'm1', 2, { owned: { 'cg-timeout': [0, 1] }, ...OK }),
      enter('cg-timeout', 'm2', ['cg-timeout'], { fields: { rebalanceTimeoutMs: 800 }, ...OK }),
      beat('cg-timeout', 'm1', 2, OK),
      wait(400),
      beat('cg-timeout', 'm1', 2, { owned: { 'cg-timeout': [0, 1] }, ...OK }),
      wait(800),
      beat('cg-timeout', 'm1', 2, { owned: { 'cg-timeout': [0, 1] } }),
      beat('cg-timeout', 'm2', 3, OK),
    ],
  },
  {
    ...one,
    name: 'consumer-group-session-expiry',
    title: 'A member without a heartbeat for a session timeout is fenced and its partitions are given away',
    rules: ['KN4', 'KN1'],
    topics: [topic('cg-session', 2)],
    steps: [
      enter('cg-session', 'm1', ['cg-session'], OK),
      enter('cg-session', 'm2', ['cg-session'], OK),
      wait(1200),
      beat('cg-session', 'm2', 3, OK),
      wait(1200),
      beat('cg-session', 'm2', 3, OK),
      beat('cg-session', 'm1', 2),
      describe('cg-session'),
    ],
  },
  {
    ...one,
    name: 'consumer-group-subscription',
    title: 'Another subscription, and more partitions, make another target assignment',
    rules: ['KN1', 'KN2'],
    topics: [topic('cg-sub-a', 1), topic('cg-sub-b', 1)],
    steps: [
      enter('cg-sub', 'm1', ['cg-sub-a'], OK),
      beat('cg-sub', 'm1', 2, { fields: { subscribedTopicNames: ['cg-sub-a', 'cg-sub-b'] }, ...OK }),
      beat('cg-sub', 'm1', 3, { owned: { 'cg-sub-a': [0], 'cg-sub-b': [0] }, ...OK }),
      ask(
        'CreatePartitions',
        { topics: [{ name: 'cg-sub-a', count: 2, assignments: [{ brokerIds: [1] }] }], timeoutMs: 5000 },
        { client: 'admin', expect: 'NONE' },
      ),
      beat('cg-sub', 'm1', 3, { until: { memberEpoch: 4 } }),
      beat('cg-sub', 'm1', 4, { fields: { subscribedTopicNames: ['cg-sub-b'] }, ...OK }),
      beat('cg-sub', 'm1', 4, { owned: { 'cg-sub-b': [0] }, ...OK }),
      describe('cg-sub'),
    ],
  },
  {
    ...one,
    name: 'consumer-group-commit',
    title: 'A commit with another epoch is stale',
    rules: ['KO5', 'KO3'],
    topics: [topic('cg-commit', 2)],
    steps: [
      enter('cg-commit', 'm1', ['cg-commit'], OK),
      commit('cg-commit', 'cg-commit', 1, { memberId: 'm1', generation: 2, version: 9, expect: 'NONE' }),
      commit('cg-commit', 'cg-commit', 2, { memberId: 'm1', generation: 1, version: 9 }),
      commit('cg-commit', 'cg-commit', 2, { memberId: 'm1', generation: 3, version: 9 }),
      commit('cg-commit', 'cg-commit', 2, { memberId: 'm9', generation: 2, version: 9 }),
      commit('cg-commit', 'cg-commit', 2, { memberId: 'm1', generation: 1, version: 8 }),
      commit('cg-commit', 'cg-commit', 2, { ...SIMPLE, version: 9 }),
      committed('cg-commit', 'cg-commit', { version: 9, member: { memberId: 'm1', memberEpoch: 2 } }),
      committed('cg-commit', 'cg-commit', { version: 9, member: { memberId: 'm1', memberEpoch: 8 } }),
      committed('cg-commit', 'cg-commit', { version: 9, member: { memberId: 'm9', memberEpoch: 2 } }),
      committed('cg-commit', 'cg-commit', { version: 9 }),
    ],
  },
  {
    ...one,
    name: 'consumer-group-and-classic',
    title:
      'A classic member may join a consumer group if it speaks of topics; a classic group may become one',
    rules: ['KN1', 'KG2'],
    topics: [topic('cg-classic', 2)],
    steps: [
      enter('cg-classic', 'm1', ['cg-classic'], OK),
      join('cg-classic', { client: 'b', protocolType: 'connect' }),
      join('cg-classic', { client: 'b' }),
      ask('Heartbeat', { groupId: 'cg-classic', generationId: 2, memberId: 'm1' }, { client: 'm1' }),
      ask('DeleteGroups', { groupsNames: ['cg-classic'] }, { client: 'admin' }),
    ],
  },
]
