// Pure functions of Kafka: the partitioner and the assignors of the client.

/** @typedef {import('../recorder/script.ts').TableScript} TableScript */
/** @typedef {import('../history.ts').Fields} Fields */
/** @typedef {{ topics: string[], owned?: Record<string, number[]>, generation?: number, groupInstanceId?: string }} Member */
/** @typedef {{ note: string, input: { topics: Record<string, number>, members: Record<string, Member> } }} Case */

const KEYS = [
  '',
  'a',
  'ab',
  'abc',
  'abcd',
  '21',
  'foobar',
  'a-little-bit-long-string',
  'order-1',
  'order-42',
  'customer-7',
  'Zürich',
  'ключ',
  '鍵',
  '🔑',
  '1',
  '4',
  '128',
  '2097152',
  '279936',
]

/**
 * Members of the same topics.
 * @param {readonly string[]} names
 * @param {string[]} topics
 * @returns {Record<string, Member>}
 */
const same = (names, topics) => Object.fromEntries(names.map((name) => [name, { topics }]))

/** @type {Case[]} */
const WITHOUT_OWNERS = [
  { note: 'one member, no partition', input: { topics: { t: 0 }, members: same(['m1'], ['t']) } },
  { note: 'one member, one topic', input: { topics: { t: 3 }, members: same(['m1'], ['t']) } },
  {
    note: 'a topic that is not there',
    input: { topics: { t: 2 }, members: same(['m1', 'm2'], ['t', 'gone']) },
  },
  {
    note: 'more members than partitions',
    input: { topics: { t: 2 }, members: same(['m1', 'm2', 'm3'], ['t']) },
  },
  {
    note: 'two topics, equal',
    input: { topics: { t1: 3, t2: 3 }, members: same(['m1', 'm2'], ['t1', 't2']) },
  },
  {
    note: 'three topics of unequal size',
    input: { topics: { t1: 6, t2: 7, t3: 2 }, members: same(['m1', 'm2', 'm3'], ['t1', 't2', 't3']) },
  },
  {
    note: 'mixed subscriptions',
    input: {
      topics: { t1: 3, t2: 2 },
      members: { m1: { topics: ['t1'] }, m2: { topics: ['t1', 't2'] }, m3: { topics: ['t1'] } },
    },
  },
  {
    note: 'each member of one topic more',
    input: {
      topics: { t0: 1, t1: 2, t2: 3 },
      members: { m1: { topics: ['t0'] }, m2: { topics: ['t0', 't1'] }, m3: { topics: ['t0', 't1', 't2'] } },
    },
  },
  {
    note: 'no member of one of the topics',
    input: { topics: { t1: 2, t2: 2 }, members: { m1: { topics: ['t1'] }, m2: { topics: ['t1'] } } },
  },
  {
    note: 'ids whose order is not that of a hash table',
    input: {
      topics: { t1: 5, t2: 4 },
      members: same(['consumer4', 'consumer10', 'consumer2', 'consumer1', 'a-zzz'], ['t1', 't2']),
    },
  },
  {
    note: 'static members by instance id, before dynamic ones',
    input: {
      topics: { t1: 5, t2: 5 },
      members: {
        m1: { topics: ['t1', 't2'], groupInstanceId: 'z' },
        m2: { topics: ['t1', 't2'], groupInstanceId: 'a' },
        m0: { topics: ['t1', 't2'] },
      },
    },
  },
]

/** @type {Case[]} */
const WITH_OWNERS = [
  {
    note: 'a newcomer',
    input: {
      topics: { t: 3 },
      members: {
        consumer1: { topics: ['t'], owned: { t: [0, 1, 2] }, generation: 1 },
        consumer2: { topics: ['t'] },
      },
    },
  },
  {
    note: 'two newcomers among two',
    input: {
      topics: { t1: 3, t2: 4 },
      members: {
        consumer1: { topics: ['t1', 't2'], owned: { t1: [0, 2], t2: [1, 3] }, generation: 1 },
        consumer2: { topics: ['t1', 't2'], owned: { t1: [1], t2: [0, 2] }, generation: 1 },
        consumer3: { topics: ['t1', 't2'] },
        consumer4: { topics: ['t1', 't2'] },
      },
    },
  },
  {
    note: 'one has left',
    input: {
      topics: { t: 6 },
      members: {
        consumer1: { topics: ['t'], owned: { t: [0, 3] }, generation: 2 },
        consumer3: { topics: ['t'], owned: { t: [2, 5] }, generation: 2 },
      },
    },
  },
  {
    note: 'two claim a partition in the same generation',
    input: {
      topics: { t: 3 },
      members: {
        consumer1: { topics: ['t'], owned: { t: [0, 1] }, generation: 1 },
        consumer2: { topics: ['t'], owned: { t: [0, 2] }, generation: 1 },
        consumer3: { topics: ['t'] },
      },
    },
  },
  {
    note: 'two claim a partition, one in a later generation',
    input: {
      topics: { t: 4 },
      members: {
        consumer1: { topics: ['t'], owned: { t: [0, 1] }, generation: 1 },
        consumer2: { topics: ['t'], owned: { t: [0, 2] }, generation: 2 },
        consumer3: { topics: ['t'] },
      },
    },
  },
  {
    note: 'the order of a hash table decides who keeps more',
    input: {
      topics: { t1: 2, t2: 2 },
      members: {
        consumer1: { topics: ['t1', 't2'], owned: { t1: [0], t2: [0] }, generation: 1 },
        consumer2: { topics: ['t1', 't2'], owned: { t1: [1], t2: [1] }, generation: 1 },
        consumer3: { topics: ['t1', 't2'] },
      },
    },
  },
  {
    note: 'more partitions than before',
    input: {
      topics: { t1: 3, t2: 3 },
      members: {
        consumer1: { topics: ['t1', 't2'], owned: { t1: [0], t2: [1] }, generation: 1 },
        consumer2: { topics: ['t1', 't2'], owned: { t1: [1], t2: [2] }, generation: 1 },
      },
    },
  },
  {
    note: 'an owner that no longer subscribes',
    input: {
      topics: { t1: 2, t2: 3 },
      members: {
        consumer1: { topics: ['t1'], owned: { t2: [0, 1], t1: [0] }, generation: 1 },
        consumer2: { topics: ['t1', 't2'], owned: { t1: [1], t2: [2] }, generation: 1 },
      },
    },
  },
  {
    note: 'unequal subscriptions, from nothing',
    input: {
      topics: { t1: 2, t2: 1, t3: 2, t4: 1, t5: 2 },
      members: {
        consumer1: { topics: ['t1', 't2', 't3', 't4', 't5'] },
        consumer2: { topics: ['t1', 't3', 't5'] },
        consumer3: { topics: ['t1', 't3', 't5'] },
        consumer4: { topics: ['t1', 't2', 't3', 't4', 't5'] },
      },
    },
  },
  {
    note: 'unequal subscriptions, with owners to move from',
    input: {
      topics: { t1: 3, t2: 2, t3: 1 },
      members: {
        consumer1: { topics: ['t1', 't2', 't3'], owned: { t1: [0, 1, 2], t2: [0, 1] }, generation: 3 },
        consumer2: { topics: ['t1'] },
        consumer3: { topics: ['t2', 't3'], owned: { t3: [0] }, generation: 3 },
      },
    },
  },
]

/** @type {TableScript[]} */
export const tables = [
  {
    name: 'table-murmur2',
    title: 'The hash of a key, as a signed number',
    rules: ['KP1'],
    function: 'murmur2',
    rows: KEYS.map((key) => ({ input: { key } })),
  },
  {
    name: 'table-partition-for-key',
    title: 'The partition of a key',
    rules: ['KP1'],
    function: 'partitionForKey',
    rows: [1, 2, 3, 6, 12, 50].flatMap((partitions) => KEYS.map((key) => ({ input: { key, partitions } }))),
  },
  {
    name: 'table-coordinator-partition',
    title: 'The partition of __consumer_offsets or __transaction_state of an id',
    rules: ['KG1', 'KT1'],
    function: 'coordinatorPartition',
    rows: [1, 3, 50].flatMap((partitions) =>
      [...KEYS, 'polygenelubricants'].map((id) => ({ input: { id, partitions } })),
    ),
  },
  ...['range', 'roundrobin'].map((name) => ({
    name: `table-assignor-${name}`,
    title: `What the ${name} assignor of the client gives to each member`,
    rules: ['KX1'],
    function: name,
    rows: WITHOUT_OWNERS,
  })),
  ...['sticky', 'cooperative-sticky'].map((name) => ({
    name: `table-assignor-${name}`,
    title: `What the ${name} assignor of the client gives to each member`,
    rules: ['KX1'],
    function: name,
    rows: [...WITHOUT_OWNERS, ...WITH_OWNERS],
  })),
]
