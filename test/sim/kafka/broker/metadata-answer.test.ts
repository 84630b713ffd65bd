import { describe, expect, it } from 'vitest'
import { ask, consumed, leaderOf, produce } from '../../../fixtures/broker-client.ts'
import { BrokerCluster } from '../../../fixtures/broker-cluster.ts'
import { coordinator, three } from '../../../fixtures/broker-trio.ts'

const SECOND = 1_000

describe('topics that do not exist', () => {
  it('[KB7] are created when their metadata are asked for, unless that is switched off', () => {
    const cluster = three()
    const wanted = { topics: [{ name: 'new' }], allowAutoCreateTopics: true }
    const unknown = ask(cluster, 1, 'Metadata', { ...wanted, allowAutoCreateTopics: false }).response
    expect(unknown?.topics[0]?.errorCode).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect(ask(cluster, 1, 'Metadata', wanted).response?.topics[0]?.errorCode).toBe(
      'UNKNOWN_TOPIC_OR_PARTITION',
    )
    expect(ask(cluster, 1, 'Metadata', wanted).response?.topics[0]).toMatchObject({
      errorCode: 'NONE',
      isInternal: false,
    })
    const off = new BrokerCluster({ brokers: 1, config: { 'auto.create.topics.enable': false } })
    for (let round = 0; round < 2; round++)
      expect(ask(off, 1, 'Metadata', wanted).response?.topics[0]?.errorCode).toBe(
        'UNKNOWN_TOPIC_OR_PARTITION',
      )
    const bad = { topics: [{ name: 'a b' }], allowAutoCreateTopics: true }
    expect(ask(off, 1, 'Metadata', bad).response?.topics[0]?.errorCode).toBe('INVALID_TOPIC_EXCEPTION')
  })

  it('[KB7] are created by FindCoordinator, with their own configuration', () => {
    const cluster = three()
    const first = ask(cluster, 1, 'FindCoordinator', { keyType: 'TRANSACTION', key: 'x' })
    expect(first.response).toEqual({ errorCode: 'COORDINATOR_NOT_AVAILABLE', nodeId: -1 })
    coordinator(cluster, 'TRANSACTION', 'x')
    coordinator(cluster, 'GROUP', 'g')
    const { topics } = cluster.controller.controller.metadata
    expect(topics.get('__transaction_state')?.configs).toMatchObject({
      'cleanup.policy': 'compact',
      'min.insync.replicas': 2,
    })
    expect(topics.get('__consumer_offsets')?.partitions[0]?.replicas).toHaveLength(3)
    const internal = produce(cluster, leaderOf(cluster, '__consumer_offsets'), '__consumer_offsets', ['no'])
    expect(internal.response?.responses[0]?.partitionResponses[0]?.errorCode).toBe('INVALID_TOPIC_EXCEPTION')
  })

  it('[KB7] go, with their replicas, when they are deleted, and come back empty', () => {
    const cluster = three()
    produce(cluster, 1, 't', ['a'])
    ask(cluster, 2, 'DeleteTopics', { topicNames: ['t'] })
    expect(cluster.broker(1).replicas.all).toEqual([])
    const assignments = [{ partitionIndex: 0, brokerIds: [1, 2, 3] }]
    const topic = { name: 't', numPartitions: -1, replicationFactor: -1, assignments, configs: [] }
    expect(ask(cluster, 2, 'CreateTopics', { topics: [topic] }).response?.topics[0]?.errorCode).toBe('NONE')
    expect(consumed(cluster, 1, 't')).toEqual([])
    cluster.kill(3)
    cluster.start(3)
    cluster.advanceTo(cluster.nowMillis + 20 * SECOND)
    expect(cluster.broker(3).replicas.get('t', 0)?.log.logEndOffset).toBe(0)
  })
})
