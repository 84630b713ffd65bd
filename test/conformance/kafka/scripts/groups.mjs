// The words of classic consumer groups.

import { answerOf, ask, given } from './steps.mjs'

/** @typedef {import('../history.ts').Fields} Fields */
/** @typedef {import('./steps.mjs').Options} Options */
/** @typedef {Options & { memberId?: string, instance?: string, generation?: number }} MemberOptions */

/**
 * Takes what says who is asked and what is expected from the rest.
 * @param {Options} all
 * @returns {Options}
 */
const rest = ({ client, version, broker, background, expect, until }) =>
  given({ client, version, broker, background, expect, until })

/**
 * @param {string} groupId
 * @param {MemberOptions & { protocols?: [string, Fields[string]][], sessionTimeoutMs?: number, rebalanceTimeoutMs?: number, protocolType?: string }} options
 */
export const join = (groupId, options) =>
  ask(
    'JoinGroup',
    {
      groupId,
      sessionTimeoutMs: options.sessionTimeoutMs ?? 20_000,
      ...(options.version === 0 ? {} : { rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? 20_000 }),
      memberId: options.memberId ?? '',
      ...(options.instance === undefined ? {} : { groupInstanceId: options.instance }),
      protocolType: options.protocolType ?? 'consumer',
      protocols: (options.protocols ?? [['range', { topics: ['orders'] }]]).map(([name, metadata]) => ({
        name,
        metadata,
      })),
    },
    rest(options),
  )

/**
 * The two requests with which a dynamic member joins.
 * @param {string} groupId
 * @param {Parameters<typeof join>[1] & { client: string }} options
 */
export const admit = (groupId, options) => [
  join(groupId, { ...options, background: false, expect: 'MEMBER_ID_REQUIRED' }),
  join(groupId, { memberId: `$member:${options.client}`, ...options }),
]

/**
 * @param {string} groupId
 * @param {Record<string, Fields[string]>} assignments by member id; none for a follower
 * @param {MemberOptions} options
 */
export const sync = (groupId, assignments, options) =>
  ask(
    'SyncGroup',
    {
      groupId,
      generationId: options.generation ?? 1,
      memberId: options.memberId ?? `$member:${options.client}`,
      groupInstanceId: options.instance ?? null,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: Object.entries(assignments).map(([memberId, assignment]) => ({ memberId, assignment })),
    },
    rest(options),
  )

/**
 * @param {string} groupId
 * @param {MemberOptions} options
 */
export const heartbeat = (groupId, options) =>
  ask(
    'Heartbeat',
    {
      groupId,
      generationId: options.generation ?? 1,
      memberId: options.memberId ?? `$member:${options.client}`,
      groupInstanceId: options.instance ?? null,
    },
    rest(options),
  )

/**
 * @param {string} groupId
 * @param {readonly Fields[]} members
 * @param {Options} options
 */
export const leave = (groupId, members, options) => ask('LeaveGroup', { groupId, members }, rest(options))

/**
 * Commits an offset for partition 0.
 * @param {string} groupId
 * @param {string} name of the topic
 * @param {number} committedOffset
 * @param {MemberOptions & { metadata?: string, partition?: number }} options
 */
export const commit = (groupId, name, committedOffset, options) =>
  ask(
    'OffsetCommit',
    {
      groupId,
      generationIdOrMemberEpoch: options.generation ?? 1,
      memberId: options.memberId ?? `$member:${options.client}`,
      groupInstanceId: options.instance ?? null,
      topics: [
        {
          name,
          partitions: [
            {
              partitionIndex: options.partition ?? 0,
              committedOffset,
              committedMetadata: options.metadata ?? '',
            },
          ],
        },
      ],
    },
    rest(options),
  )

/** A commit of a client that is no member. */
export const SIMPLE = { generation: -1, memberId: '' }

/**
 * Asks for the committed offset of partition 0.
 * @param {string} groupId
 * @param {string} name of the topic
 * @param {Options & { requireStable?: boolean, member?: Fields }} [options]
 */
export const committed = (groupId, name, options = {}) =>
  ask(
    'OffsetFetch',
    {
      groups: [{ groupId, ...options.member, topics: [{ name, partitionIndexes: [0] }] }],
      requireStable: options.requireStable ?? false,
    },
    rest(options),
  )

/** @param {string} groupId */
export const describe = (groupId) => ask('DescribeGroups', { groups: [groupId] }, { client: 'admin' })

/**
 * A group of two, both in generation 2: a leads.
 * @param {string} group
 * @param {Omit<Parameters<typeof join>[1], 'client'>} [options] of both
 * @param {Omit<Parameters<typeof join>[1], 'client'>} [second] of b
 */
export const two = (group, options = {}, second = {}) => [
  ...admit(group, { ...options, client: 'a', expect: 'NONE' }),
  sync(group, { '$member:a': 'all' }, { client: 'a', expect: 'NONE' }),
  ...admit(group, { ...options, ...second, client: 'b', background: true, expect: 'NONE' }),
  join(group, { ...options, client: 'a', memberId: '$member:a', expect: 'NONE' }),
  answerOf('b'),
  sync(group, {}, { client: 'b', generation: 2, background: true, expect: 'NONE' }),
  sync(
    group,
    { '$member:a': 'half', '$member:b': 'other half' },
    { client: 'a', generation: 2, expect: 'NONE' },
  ),
  answerOf('b'),
]
