import { describe, expect, it } from 'vitest'
import { newPartition } from '../../../../sim/kafka/controller/registration.ts'
import { ControllerBench } from '../../../fixtures/controller.ts'

/** Facts of Kafka's ReplicationControlManagerTest. */
const DEFAULTS = { 'default.replication.factor': 3 }

function started(...brokerIds: readonly number[]): ControllerBench {
  const bench = new ControllerBench(DEFAULTS)
  bench.start(...brokerIds)
  return bench
}

const create = (bench: ControllerBench, name: string, numPartitions = -1, replicationFactor = -1) =>
  bench.controller.createTopics([{ name, numPartitions, replicationFactor }], bench.choose)[0]?.errorCode

describe('creating topics', () => {
  it('[KC12] needs brokers that are unfenced, and a name that is free', () => {
    const bench = new ControllerBench(DEFAULTS)
    expect(create(bench, 'foo')).toBe('INVALID_REPLICATION_FACTOR')
    bench.register(0, 1, 2)
    expect(create(bench, 'foo')).toBe('INVALID_REPLICATION_FACTOR')
    bench.unfence(0, 1, 2)
    expect(create(bench, 'foo')).toBe('NONE')
    expect(bench.partition()).toEqual(newPartition([1, 2, 0], [1, 2, 0]))
    expect(create(bench, 'foo')).toBe('TOPIC_ALREADY_EXISTS')
  })

  it('[KC12] leaves brokers that are fenced or shutting down out of the ISR', () => {
    const bench = started(0, 1)
    bench.register(2)
    bench.shutDown(1)
    expect(create(bench, 'foo', 1, 3)).toBe('INVALID_REPLICATION_FACTOR')
    // Another controller does not remember that broker 1 is shutting down, but the metadata do.
    bench.controller.failover(0)
    expect(create(bench, 'foo', 3, 3)).toBe('NONE')
    for (const index of [0, 1, 2])
      expect(bench.partition('foo', index)).toMatchObject({ isr: [0], leader: 0 })
  })

  it.each([
    { fields: { replicationFactor: -2 }, error: 'INVALID_REPLICATION_FACTOR' },
    { fields: { replicationFactor: 0 }, error: 'INVALID_REPLICATION_FACTOR' },
    { fields: { replicationFactor: 4 }, error: 'INVALID_REPLICATION_FACTOR' },
    { fields: { numPartitions: 0 }, error: 'INVALID_PARTITIONS' },
    { fields: { numPartitions: -2 }, error: 'INVALID_PARTITIONS' },
    { fields: { assignments: [[0, 1]], replicationFactor: 2 }, error: 'INVALID_REQUEST' },
    { fields: { assignments: [[0, 1]], numPartitions: 1 }, error: 'INVALID_REQUEST' },
    { fields: { assignments: [[]] }, error: 'INVALID_REPLICA_ASSIGNMENT' },
    { fields: { assignments: [[0, 1, 3]] }, error: 'INVALID_REPLICA_ASSIGNMENT' },
    { fields: { assignments: [[0, 1, 1]] }, error: 'INVALID_REPLICA_ASSIGNMENT' },
    {
      fields: {
        assignments: [
          [0, 1, 2],
          [0, 1],
        ],
      },
      error: 'INVALID_REPLICA_ASSIGNMENT',
    },
    { fields: { name: '' }, error: 'INVALID_TOPIC_EXCEPTION' },
    { fields: { name: '.' }, error: 'INVALID_TOPIC_EXCEPTION' },
    { fields: { name: 'two words' }, error: 'INVALID_TOPIC_EXCEPTION' },
    { fields: { name: 'woo_bar' }, error: 'INVALID_TOPIC_EXCEPTION' },
    { fields: { configs: { 'min.insync.replicas': 0 } }, error: 'INVALID_CONFIG' },
    { fields: { configs: { 'unclean.leader.election.enable': 'perhaps' } }, error: 'INVALID_CONFIG' },
    { fields: {}, error: 'NONE' },
  ])('[KC12] $fields: $error', ({ fields, error }) => {
    const bench = started(0, 1, 2)
    create(bench, 'woo.bar')
    const topic = { name: 'foo', numPartitions: -1, replicationFactor: -1, ...fields }
    const before = bench.controller.metadata.offset
    expect(bench.controller.createTopics([topic], bench.choose)[0]?.errorCode).toBe(error)
    expect(bench.controller.metadata.offset > before).toBe(error === 'NONE')
  })

  it('[KC12] refuses a name that comes twice', () => {
    const bench = started(0, 1, 2)
    const topic = { name: 'foo', numPartitions: 1, replicationFactor: 1 }
    const results = bench.controller.createTopics([topic, { ...topic, name: 'bar' }, topic], bench.choose)
    expect(results.map(({ errorCode }) => errorCode)).toEqual(['INVALID_REQUEST', 'NONE', 'INVALID_REQUEST'])
  })

  it('[KC12] by hand needs a live broker for each partition', () => {
    const bench = new ControllerBench()
    bench.register(0, 1, 2, 3)
    expect(bench.create('foo', [[0, 1, 2]])).toBe('INVALID_REPLICA_ASSIGNMENT')
  })

  it('[KC12] keeps their configuration', () => {
    const bench = started(0, 1, 2)
    bench.create('foo', [[0]], { 'cleanup.policy': 'compact' })
    expect(bench.controller.metadata.topics.get('foo')?.configs).toEqual({ 'cleanup.policy': 'compact' })
  })
})

describe('deleting topics', () => {
  it('[KC12] makes room for others of the same name', () => {
    const bench = started(0, 1)
    create(bench, 'foo.bar', 2, 2)
    const first = bench.controller.metadata.topics.get('foo.bar')?.topicId
    expect(bench.controller.deleteTopics(['foo.bar', 'none'])).toEqual([
      { name: 'foo.bar', errorCode: 'NONE' },
      { name: 'none', errorCode: 'UNKNOWN_TOPIC_OR_PARTITION' },
    ])
    expect(bench.controller.metadata.topics.has('foo.bar')).toBe(false)
    expect(create(bench, 'foo.bar', 4, 2)).toBe('NONE')
    const second = bench.controller.metadata.topics.get('foo.bar')
    expect(second?.partitions).toHaveLength(4)
    expect(second?.topicId).not.toBe(first)
  })
})

describe('creating partitions', () => {
  it('[KC12] only ever adds', () => {
    const bench = started(0, 1, 3)
    for (const [name, count] of [
      ['foo', 3],
      ['bar', 4],
      ['quux', 2],
      ['foo2', 2],
    ] as const)
      create(bench, name, count, 2)
    const results = bench.controller.createPartitions(
      [
        { name: 'foo', count: 5 },
        { name: 'bar', count: 3 },
        { name: 'baz', count: 3 },
        { name: 'quux', count: 2 },
      ],
      bench.choose,
    )
    expect(results.map(({ errorCode }) => errorCode)).toEqual([
      'NONE',
      'INVALID_PARTITIONS',
      'UNKNOWN_TOPIC_OR_PARTITION',
      'INVALID_PARTITIONS',
    ])
    expect(bench.partition('foo', 4).replicas).toHaveLength(2)
    const byHand = bench.controller.createPartitions(
      [
        { name: 'foo', count: 6, assignments: [[1, 3]] },
        { name: 'bar', count: 5, assignments: [[1]] },
        { name: 'quux', count: 4, assignments: [[1, 0]] },
        { name: 'foo2', count: 3, assignments: [[2, 0]] },
      ],
      bench.choose,
    )
    expect(byHand.map(({ errorCode }) => errorCode)).toEqual([
      'NONE',
      'INVALID_REPLICA_ASSIGNMENT',
      'INVALID_REPLICA_ASSIGNMENT',
      'INVALID_REPLICA_ASSIGNMENT',
    ])
    expect(bench.partition('foo', 5)).toEqual(newPartition([1, 3], [1, 3]))
  })

  it('[KC12] needs somebody to lead them', () => {
    const bench = new ControllerBench()
    bench.register(0, 1, 2, 3, 4, 5)
    bench.unfence(0, 1, 2)
    bench.create('foo', [[0, 1, 2]])
    const add = (replicas: readonly number[]) =>
      bench.controller.createPartitions([{ name: 'foo', count: 2, assignments: [replicas] }], bench.choose)[0]
        ?.errorCode
    expect(add([3, 4, 5])).toBe('INVALID_REPLICA_ASSIGNMENT')
    expect(add([2, 4, 5])).toBe('NONE')
    expect(bench.partition('foo', 1)).toEqual(newPartition([2, 4, 5], [2]))
    bench.fence(0, 1, 2)
    const placed = bench.controller.createPartitions([{ name: 'foo', count: 3 }], bench.choose)
    expect(placed[0]?.errorCode).toBe('INVALID_REPLICATION_FACTOR')
  })
})
