// Classic consumer groups: who is let in, and when.

import { admit, describe, heartbeat, join, leave, sync, two } from './groups.mjs'
import { answerOf, topic, wait } from './steps.mjs'

/** @typedef {import('../recorder/script.ts').Script} Script */

const one = /** @type {const} */ ({
  brokers: 1,
  config: { 'group.initial.rebalance.delay.ms': 300, 'group.min.session.timeout.ms': 100 },
  topics: [],
})

/** @type {Script[]} */
export const scripts = [
  {
    ...one,
    name: 'group-join-member-id',
    title: 'A dynamic member is first given an id; before v4 it is admitted at once',
    rules: ['KG2', 'KG3'],
    steps: [
      join('join-member-id', { client: 'a', expect: 'MEMBER_ID_REQUIRED' }),
      join('join-member-id', { client: 'a', memberId: 'made-up', expect: 'UNKNOWN_MEMBER_ID' }),
      join('join-member-id', { client: 'a', memberId: '$member:a', expect: 'NONE' }),
      join('join-member-id-v3', { client: 'b', version: 3, expect: 'NONE' }),
      describe('join-member-id'),
    ],
  },
  {
    ...one,
    name: 'group-join-invalid',
    title: 'Session timeouts out of bounds, no group id and no protocols are refused',
    rules: ['KG2', 'KG5'],
    steps: [
      join('join-invalid', { client: 'a', sessionTimeoutMs: 50, expect: 'INVALID_SESSION_TIMEOUT' }),
      join('join-invalid', { client: 'a', sessionTimeoutMs: 2_000_000, expect: 'INVALID_SESSION_TIMEOUT' }),
      join('', { client: 'a', expect: 'INVALID_GROUP_ID' }),
      join('join-invalid', { client: 'a', protocols: [], expect: 'INCONSISTENT_GROUP_PROTOCOL' }),
      join('join-invalid', { client: 'a', protocolType: '', expect: 'INCONSISTENT_GROUP_PROTOCOL' }),
      heartbeat('no-such-group', { client: 'a', memberId: 'made-up' }),
      sync('no-such-group', {}, { client: 'a', memberId: 'made-up' }),
      leave('no-such-group', [{ memberId: 'made-up' }], { client: 'a' }),
      describe('no-such-group'),
    ],
  },
  {
    ...one,
    name: 'group-initial-delay',
    title: 'An empty group waits for more members, longer for each that comes, and then starts with all',
    rules: ['KG3', 'KG5'],
    steps: [
      ...admit('initial-delay', { client: 'a', background: true, expect: 'NONE' }),
      wait(200),
      ...admit('initial-delay', { client: 'b', background: true, expect: 'NONE' }),
      wait(200),
      ...admit('initial-delay', { client: 'c', background: true, expect: 'NONE' }),
      answerOf('a'),
      answerOf('b'),
      answerOf('c'),
    ],
  },
  {
    ...one,
    name: 'group-initial-delay-bound',
    title: 'The delay of an empty group is never longer than the rebalance timeout',
    rules: ['KG3'],
    steps: [
      ...admit('delay-bound', { client: 'a', rebalanceTimeoutMs: 500, background: true, expect: 'NONE' }),
      wait(200),
      ...admit('delay-bound', { client: 'b', rebalanceTimeoutMs: 500, background: true, expect: 'NONE' }),
      wait(150),
      ...admit('delay-bound', { client: 'c', rebalanceTimeoutMs: 500, background: true, expect: 'NONE' }),
      answerOf('a'),
    ],
  },
  {
    ...one,
    name: 'group-pending-member',
    title: 'A rebalance waits for a member that was given an id but has not come back with it',
    rules: ['KG2', 'KG4'],
    steps: [
      ...admit('pending-member', { client: 'a', expect: 'NONE' }),
      sync('pending-member', { '$member:a': 'all' }, { client: 'a', expect: 'NONE' }),
      join('pending-member', { client: 'b', sessionTimeoutMs: 700, expect: 'MEMBER_ID_REQUIRED' }),
      join('pending-member', { client: 'a', memberId: '$member:a', background: true, expect: 'NONE' }),
      wait(200),
      heartbeat('pending-member', { client: 'c', memberId: '$member:a' }),
      answerOf('a'),
      join('pending-member', { client: 'b', memberId: '$member:b' }),
    ],
  },
  {
    ...one,
    name: 'group-protocol-votes',
    title: 'Each member votes for its first protocol that all support',
    rules: ['KG5'],
    steps: [
      ...admit('protocol-votes', {
        client: 'a',
        protocols: [
          ['sticky', { topics: ['a1'] }],
          ['range', { topics: ['a2'] }],
          ['roundrobin', { topics: ['a3'] }],
        ],
        background: true,
        expect: 'NONE',
      }),
      ...admit('protocol-votes', {
        client: 'b',
        protocols: [
          ['roundrobin', { topics: ['b1'] }],
          ['range', { topics: ['b2'] }],
        ],
        background: true,
        expect: 'NONE',
      }),
      ...admit('protocol-votes', {
        client: 'c',
        protocols: [
          ['roundrobin', { topics: ['c1'] }],
          ['range', { topics: ['c2'] }],
        ],
        background: true,
        expect: 'NONE',
      }),
      answerOf('a'),
      answerOf('b'),
      answerOf('c'),
      join('protocol-votes', {
        client: 'd',
        protocols: [['sticky', { topics: ['d1'] }]],
        expect: 'INCONSISTENT_GROUP_PROTOCOL',
      }),
      join('protocol-votes', { client: 'd', protocolType: 'connect', expect: 'INCONSISTENT_GROUP_PROTOCOL' }),
    ],
  },
  {
    ...one,
    name: 'group-rejoin-stable',
    title:
      'In a stable group a join of the leader or with other metadata starts a rebalance; another does not',
    rules: ['KG6'],
    steps: [
      ...two('rejoin-stable'),
      join('rejoin-stable', { client: 'b', memberId: '$member:b', expect: 'NONE' }),
      heartbeat('rejoin-stable', { client: 'a', generation: 2, expect: 'NONE' }),
      join('rejoin-stable', { client: 'a', memberId: '$member:a', background: true, expect: 'NONE' }),
      heartbeat('rejoin-stable', { client: 'b', generation: 2, expect: 'REBALANCE_IN_PROGRESS' }),
      join('rejoin-stable', { client: 'b', memberId: '$member:b', expect: 'NONE' }),
      answerOf('a'),
      join('rejoin-stable', { client: 'b', memberId: '$member:b', expect: 'NONE' }),
      join('rejoin-stable', { client: 'a', memberId: '$member:a', expect: 'NONE' }),
      sync(
        'rejoin-stable',
        { '$member:a': 'a3', '$member:b': 'b3' },
        { client: 'a', generation: 3, expect: 'NONE' },
      ),
      join('rejoin-stable', {
        client: 'b',
        memberId: '$member:b',
        protocols: [['range', { topics: ['changed'] }]],
        background: true,
        expect: 'NONE',
      }),
      heartbeat('rejoin-stable', { client: 'a', generation: 3, expect: 'REBALANCE_IN_PROGRESS' }),
      join('rejoin-stable', { client: 'a', memberId: '$member:a', expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'group-join-completing',
    title: 'While the assignment is awaited, a join with other metadata starts a rebalance anew',
    rules: ['KG6', 'KG7'],
    steps: [
      ...admit('join-completing', { client: 'a', background: true, expect: 'NONE' }),
      ...admit('join-completing', { client: 'b', background: true, expect: 'NONE' }),
      answerOf('a'),
      answerOf('b'),
      sync('join-completing', {}, { client: 'b', background: true, expect: 'REBALANCE_IN_PROGRESS' }),
      join('join-completing', {
        client: 'a',
        memberId: '$member:a',
        protocols: [['range', { topics: ['changed'] }]],
        background: true,
        expect: 'NONE',
      }),
      answerOf('b'),
      join('join-completing', { client: 'b', memberId: '$member:b', expect: 'NONE' }),
      answerOf('a'),
    ],
  },
  {
    ...one,
    name: 'group-subscriptions',
    title: 'The leader is told the subscriptions of all, which the coordinator does not look into',
    rules: ['KG5', 'KG7'],
    topics: [topic('subscriptions', 3)],
    steps: [
      ...admit('subscriptions', {
        client: 'a',
        protocols: [['range', { topics: ['subscriptions'] }]],
        background: true,
        expect: 'NONE',
      }),
      ...admit('subscriptions', {
        client: 'b',
        protocols: [['range', { topics: ['subscriptions'], owned: { subscriptions: [2] }, generation: 4 }]],
        background: true,
        expect: 'NONE',
      }),
      answerOf('a'),
      answerOf('b'),
      sync(
        'subscriptions',
        {
          '$member:a': { assigned: { subscriptions: [0, 1] } },
          '$member:b': { assigned: { subscriptions: [2] } },
        },
        { client: 'a', expect: 'NONE' },
      ),
      sync('subscriptions', {}, { client: 'b', expect: 'NONE' }),
    ],
  },
  {
    ...one,
    name: 'group-max-size',
    title: 'A group of group.max.size members takes no more',
    rules: ['KG2'],
    config: { 'group.initial.rebalance.delay.ms': 0, 'group.max.size': 1 },
    steps: [
      ...admit('max-size', { client: 'a', expect: 'NONE' }),
      sync('max-size', { '$member:a': 'all' }, { client: 'a', expect: 'NONE' }),
      join('max-size', { client: 'b', expect: 'GROUP_MAX_SIZE_REACHED' }),
      join('max-size', { client: 'b', version: 3, expect: 'GROUP_MAX_SIZE_REACHED' }),
      join('max-size', { client: 'a', memberId: '$member:a', expect: 'NONE' }),
    ],
  },
]
