import { describe, expect, it } from 'vitest'
import { ask, produce } from '../../../fixtures/broker-client.ts'
import { BrokerCluster } from '../../../fixtures/broker-cluster.ts'

const SECOND = 1_000

/** Three brokers, topic t of one partition on all of them, internal topics of one partition each. */
function three(config: Record<string, number> = {}): BrokerCluster {
  const cluster = new BrokerCluster({
    brokers: 3,
    config: {
      'offsets.topic.num.partitions': 1,
      'transaction.state.log.num.partitions': 1,
      'group.consumer.assignment.interval.ms': 0,
      ...config,
    },
    controller: { 'auto.leader.rebalance.enable': false },
  })
  cluster.createTopics([
    { name: 't', numPartitions: -1, replicationFactor: -1, assignments: [[1, 2, 3]], configs: {} },
  ])
  return cluster
}

describe('DeleteRecords', () => {
  it('[KB8] waits for followers that are alive', () => {
    const cluster = three()
    produce(cluster, 1, 't', ['a', 'b', 'c'])
    const topics = [{ name: 't', partitions: [{ partitionIndex: 0, offset: 2 }] }]
    cluster.pause(3)
    const deleted = ask(cluster, 1, 'DeleteRecords', { timeoutMs: 60 * SECOND, topics })
    cluster.advanceTo(cluster.nowMillis + SECOND)
    expect(deleted.isAnswered).toBe(false)
    cluster.resume(3)
    cluster.advanceTo(cluster.nowMillis + SECOND)
    expect(deleted.response?.topics[0]?.partitions[0]).toEqual({
      partitionIndex: 0,
      lowWatermark: 2,
      errorCode: 'NONE',
    })
    expect(cluster.broker(3).replicas.get('t', 0)?.log.logStartOffset).toBe(2)
  })

  it('[KB8] does not wait for followers that are dead', () => {
    const cluster = three()
    produce(cluster, 1, 't', ['a', 'b', 'c'])
    cluster.kill(3)
    cluster.advanceTo(cluster.nowMillis + 20 * SECOND)
    const topics = [{ name: 't', partitions: [{ partitionIndex: 0, offset: 2 }] }]
    const deleted = ask(cluster, 1, 'DeleteRecords', { timeoutMs: 60 * SECOND, topics })
    cluster.advanceTo(cluster.nowMillis + SECOND)
    expect(deleted.response?.topics[0]?.partitions[0]).toMatchObject({ lowWatermark: 2, errorCode: 'NONE' })
  })

  it('[KB8] says in time that they have not', () => {
    const cluster = three()
    produce(cluster, 1, 't', ['a', 'b', 'c'])
    cluster.pause(3)
    const topics = [{ name: 't', partitions: [{ partitionIndex: 0, offset: -1 }] }]
    const deleted = ask(cluster, 1, 'DeleteRecords', { timeoutMs: 2 * SECOND, topics })
    cluster.advanceTo(cluster.nowMillis + 2 * SECOND)
    expect(deleted.response?.topics[0]?.partitions[0]?.errorCode).toBe('REQUEST_TIMED_OUT')
    const refused = ask(cluster, 1, 'DeleteRecords', {
      timeoutMs: SECOND,
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, offset: 9 }] }],
    })
    expect(refused.response?.topics[0]?.partitions[0]?.errorCode).toBe('OFFSET_OUT_OF_RANGE')
  })
})
