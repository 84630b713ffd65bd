// Committed offsets of classic groups, and static members.

import { admit, commit, committed, describe, heartbeat, join, leave, SIMPLE, sync } from './groups.mjs'
import { answerOf, ask, topic, wait } from './steps.mjs'

/** @typedef {import('../recorder/script.ts').Script} Script */

const one = /** @type {const} */ ({
  brokers: 1,
  config: { 'group.initial.rebalance.delay.ms': 300, 'group.min.session.timeout.ms': 100 },
})

/**
 * @param {string} groupId
 * @param {string} name of the topic
 * @param {import('../history.ts').Value} expect
 */
const deleteOffset = (groupId, name, expect) =>
  ask(
    'OffsetDelete',
    { groupId, topics: [{ name, partitions: [{ partitionIndex: 0 }] }] },
    { client: 'admin', expect },
  )

/** @type {Script[]} */
export const scripts = [
  {
    ...one,
    name: 'commit-order',
    title: 'The last commit wins, also one that goes back; what was never committed is -1',
    rules: ['KO3', 'KF5'],
    topics: [topic('commit-order')],
    steps: [
      committed('commit-order', 'commit-order', { expect: 'NONE' }),
      commit('commit-order', 'commit-order', 10, { ...SIMPLE, metadata: 'ten', expect: 'NONE' }),
      committed('commit-order', 'commit-order', { expect: 'NONE' }),
      commit('commit-order', 'commit-order', 4, { ...SIMPLE, expect: 'NONE' }),
      committed('commit-order', 'commit-order', { expect: 'NONE' }),
      commit('commit-order', 'commit-order', 7, { ...SIMPLE, metadata: 'x'.repeat(4097) }),
      commit('commit-order', 'no-such-topic', 7, SIMPLE),
      commit('commit-order', 'commit-order', 7, { ...SIMPLE, partition: 9 }),
      committed('commit-order', 'commit-order', { expect: 'NONE' }),
      ask('OffsetFetch', { groups: [{ groupId: 'commit-order', topics: null }], requireStable: false }),
    ],
  },
  {
    ...one,
    name: 'commit-errors',
    title: 'Who may commit in each state of a group',
    rules: ['KO4'],
    topics: [topic('commit-errors')],
    steps: [
      commit('commit-errors', 'commit-errors', 1, { client: 'a', memberId: 'made-up' }),
      ...admit('commit-errors', { client: 'a', expect: 'NONE' }),
      commit('commit-errors', 'commit-errors', 1, { client: 'a', expect: 'REBALANCE_IN_PROGRESS' }),
      sync('commit-errors', { '$member:a': 'all' }, { client: 'a', expect: 'NONE' }),
      commit('commit-errors', 'commit-errors', 2, { client: 'a', expect: 'NONE' }),
      commit('commit-errors', 'commit-errors', 3, {
        client: 'a',
        generation: 0,
        expect: 'ILLEGAL_GENERATION',
      }),
      commit('commit-errors', 'commit-errors', 3, {
        client: 'a',
        generation: 2,
        expect: 'ILLEGAL_GENERATION',
      }),
      commit('commit-errors', 'commit-errors', 3, {
        client: 'a',
        memberId: 'made-up',
        expect: 'UNKNOWN_MEMBER_ID',
      }),
      commit('commit-errors', 'commit-errors', 3, { ...SIMPLE, client: 'a', expect: 'UNKNOWN_MEMBER_ID' }),
      commit('commit-errors', 'commit-errors', 3, { client: 'a', generation: -1 }),
      ...admit('commit-errors', { client: 'b', background: true, expect: 'NONE' }),
      commit('commit-errors', 'commit-errors', 5, { client: 'a', expect: 'NONE' }),
      committed('commit-errors', 'commit-errors', { expect: 'NONE' }),
      join('commit-errors', { client: 'a', memberId: '$member:a', expect: 'NONE' }),
      answerOf('b'),
      commit('commit-errors', 'commit-errors', 6, { client: 'a', expect: 'ILLEGAL_GENERATION' }),
      commit('commit-errors', 'commit-errors', 6, {
        client: 'a',
        generation: 2,
        expect: 'REBALANCE_IN_PROGRESS',
      }),
      leave('commit-errors', [{ memberId: '$member:a' }, { memberId: '$member:b' }], { client: 'a' }),
      commit('commit-errors', 'commit-errors', 8, { client: 'a', generation: 2 }),
      commit('commit-errors', 'commit-errors', 9, { ...SIMPLE, client: 'a', expect: 'NONE' }),
      committed('commit-errors', 'commit-errors', { expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'commit-keeps-session',
    title: 'A commit refreshes the session as a heartbeat does',
    rules: ['KO4', 'KG9'],
    topics: [topic('keeps-session')],
    steps: [
      ...admit('keeps-session', { client: 'a', sessionTimeoutMs: 1000, expect: 'NONE' }),
      sync('keeps-session', { '$member:a': 'all' }, { client: 'a', expect: 'NONE' }),
      wait(700),
      commit('keeps-session', 'keeps-session', 1, { client: 'a', expect: 'NONE' }),
      wait(700),
      commit('keeps-session', 'keeps-session', 2, { client: 'a', expect: 'NONE' }),
      wait(1400),
      commit('keeps-session', 'keeps-session', 3, { client: 'a', expect: 'UNKNOWN_MEMBER_ID' }),
    ],
  },
  {
    ...one,
    name: 'group-delete',
    title: 'A group with members cannot be deleted, one without is gone with its offsets',
    rules: ['KO6'],
    topics: [topic('group-delete')],
    steps: [
      ...admit('group-delete', {
        client: 'a',
        protocols: [['range', { topics: ['group-delete'] }]],
        expect: 'NONE',
      }),
      sync('group-delete', { '$member:a': 'all' }, { client: 'a', expect: 'NONE' }),
      commit('group-delete', 'group-delete', 1, { client: 'a', expect: 'NONE' }),
      ask('DeleteGroups', { groupsNames: ['group-delete'] }, { client: 'admin', expect: 'NON_EMPTY_GROUP' }),
      deleteOffset('group-delete', 'group-delete', 'GROUP_SUBSCRIBED_TO_TOPIC'),
      leave('group-delete', [{ memberId: '$member:a' }], { client: 'a', expect: 'NONE' }),
      committed('group-delete', 'group-delete', { expect: 'NONE' }),
      deleteOffset('group-delete', 'group-delete', 'NONE'),
      committed('group-delete', 'group-delete', { expect: 'NONE' }),
      commit('group-delete', 'group-delete', 2, { ...SIMPLE, expect: 'NONE' }),
      ask('DeleteGroups', { groupsNames: ['group-delete'] }, { client: 'admin', expect: 'NONE' }),
      ask(
        'DeleteGroups',
        { groupsNames: ['group-delete'] },
        { client: 'admin', expect: 'GROUP_ID_NOT_FOUND' },
      ),
      committed('group-delete', 'group-delete', { expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'static-rejoin',
    title:
      'A static member that comes back gets a new id and its old assignment without a rebalance; the old id is fenced',
    rules: ['KG10', 'KG8', 'KO4'],
    topics: [topic('static-rejoin')],
    steps: [
      join('static-rejoin', { client: 'a', instance: 'one', background: true, expect: 'NONE' }),
      join('static-rejoin', { client: 'b', instance: 'two', background: true, expect: 'NONE' }),
      answerOf('a'),
      answerOf('b'),
      sync('static-rejoin', {}, { client: 'b', memberId: '$member:two', instance: 'two', background: true }),
      sync(
        'static-rejoin',
        { '$member:one': 'half', '$member:two': 'other half' },
        { client: 'a', memberId: '$member:one', instance: 'one', expect: 'NONE' },
      ),
      answerOf('b'),
      join('static-rejoin', { client: 'c', instance: 'two', expect: 'NONE' }),
      sync('static-rejoin', {}, { client: 'c', memberId: '$member:two:2', instance: 'two', expect: 'NONE' }),
      heartbeat('static-rejoin', { client: 'a', memberId: '$member:one', instance: 'one', expect: 'NONE' }),
      heartbeat('static-rejoin', {
        client: 'b',
        memberId: '$member:two',
        instance: 'two',
        expect: 'FENCED_INSTANCE_ID',
      }),
      heartbeat('static-rejoin', { client: 'b', memberId: '$member:two', expect: 'UNKNOWN_MEMBER_ID' }),
      sync(
        'static-rejoin',
        {},
        { client: 'b', memberId: '$member:two', instance: 'two', expect: 'FENCED_INSTANCE_ID' },
      ),
      commit('static-rejoin', 'static-rejoin', 1, {
        client: 'b',
        memberId: '$member:two',
        instance: 'two',
        expect: 'FENCED_INSTANCE_ID',
      }),
      join('static-rejoin', {
        client: 'b',
        memberId: '$member:two',
        instance: 'two',
        expect: 'FENCED_INSTANCE_ID',
      }),
      leave('static-rejoin', [{ memberId: '$member:two', groupInstanceId: 'two' }], { client: 'b' }),
      heartbeat('static-rejoin', { client: 'c', memberId: '$member:two:2', instance: 'two', expect: 'NONE' }),
      describe('static-rejoin'),
    ],
  },
  {
    ...one,
    name: 'static-leader-rejoin',
    title: 'A static leader that comes back leads on without a rebalance',
    rules: ['KG10', 'KG5'],
    topics: [],
    steps: [
      join('static-leader', { client: 'a', instance: 'one', background: true, expect: 'NONE' }),
      join('static-leader', { client: 'b', instance: 'two', background: true, expect: 'NONE' }),
      answerOf('a'),
      answerOf('b'),
      sync(
        'static-leader',
        { '$member:one': 'half', '$member:two': 'other half' },
        { client: 'a', memberId: '$member:one', instance: 'one', expect: 'NONE' },
      ),
      join('static-leader', { client: 'c', instance: 'one', expect: 'NONE' }),
      heartbeat('static-leader', { client: 'b', memberId: '$member:two', instance: 'two' }),
      join('static-leader', {
        client: 'd',
        instance: 'one',
        protocols: [['range', { topics: ['changed'] }]],
        background: true,
      }),
      heartbeat('static-leader', { client: 'b', memberId: '$member:two', instance: 'two' }),
      join('static-leader', { client: 'b', memberId: '$member:two', instance: 'two', expect: 'NONE' }),
      answerOf('d'),
    ],
  },
  {
    ...one,
    name: 'static-rebalance-timeout',
    title: 'A static member that does not join again in time stays; only the end of its session removes it',
    rules: ['KG4', 'KG10', 'KG9'],
    topics: [],
    steps: [
      join('static-timeout', {
        client: 'a',
        instance: 'one',
        rebalanceTimeoutMs: 500,
        background: true,
        expect: 'NONE',
      }),
      join('static-timeout', {
        client: 'b',
        instance: 'two',
        rebalanceTimeoutMs: 500,
        sessionTimeoutMs: 2500,
        background: true,
        expect: 'NONE',
      }),
      answerOf('a'),
      answerOf('b'),
      sync(
        'static-timeout',
        { '$member:one': 'half', '$member:two': 'other half' },
        { client: 'a', memberId: '$member:one', instance: 'one', expect: 'NONE' },
      ),
      sync('static-timeout', {}, { client: 'b', memberId: '$member:two', instance: 'two', expect: 'NONE' }),
      join('static-timeout', {
        client: 'a',
        instance: 'one',
        memberId: '$member:one',
        rebalanceTimeoutMs: 500,
        expect: 'NONE',
      }),
      sync(
        'static-timeout',
        { '$member:one': 'half' },
        { client: 'a', memberId: '$member:one', instance: 'one', generation: 2, expect: 'NONE' },
      ),
      wait(2500),
      heartbeat('static-timeout', { client: 'a', memberId: '$member:one', instance: 'one', generation: 2 }),
      heartbeat('static-timeout', { client: 'b', memberId: '$member:two', instance: 'two', generation: 2 }),
    ],
  },
  {
    ...one,
    name: 'static-leave',
    title: 'An administrator removes a static member by its instance id alone',
    rules: ['KG10', 'KG9'],
    topics: [],
    steps: [
      join('static-leave', { client: 'a', instance: 'one', expect: 'NONE' }),
      sync(
        'static-leave',
        { '$member:one': 'all' },
        { client: 'a', memberId: '$member:one', instance: 'one' },
      ),
      leave('static-leave', [{ groupInstanceId: 'other', memberId: '' }], { client: 'admin' }),
      leave('static-leave', [{ groupInstanceId: 'one', memberId: 'made-up' }], { client: 'admin' }),
      leave('static-leave', [{ groupInstanceId: 'one', memberId: '' }], { client: 'admin' }),
      heartbeat('static-leave', { client: 'a', memberId: '$member:one', instance: 'one' }),
      describe('static-leave'),
    ],
  },
]
