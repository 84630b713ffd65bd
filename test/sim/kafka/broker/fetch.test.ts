import { describe, expect, it } from 'vitest'
import type { RequestOf } from '../../../../sim/kafka/protocol/api.ts'
import { ask, produce } from '../../../fixtures/broker-client.ts'
import { BrokerCluster } from '../../../fixtures/broker-cluster.ts'

/** A fetch of the first partition of topics. */
function fetchOf(topics: readonly string[], minBytes: number, maxWaitMs: number): RequestOf<'Fetch'> {
  const partition = {
    partition: 0,
    fetchOffset: 0,
    currentLeaderEpoch: -1,
    lastFetchedEpoch: -1,
    logStartOffset: -1,
    partitionMaxBytes: 1e6,
  }
  return {
    replicaId: -1,
    replicaEpoch: -1,
    maxWaitMs,
    minBytes,
    maxBytes: 1e6,
    isolationLevel: 'read_uncommitted',
    topics: topics.map((topic) => ({ topic, partitions: [partition] })),
  }
}

function one(): BrokerCluster {
  const cluster = new BrokerCluster({ brokers: 1 })
  const topic = { numPartitions: 1, replicationFactor: 1 }
  cluster.createTopics(['a', 'b'].map((name) => ({ name, ...topic })))
  return cluster
}

describe('a fetch of a consumer', () => {
  it('[KB9] waits until all its partitions together have enough', () => {
    const cluster = one()
    const waiting = ask(cluster, 1, 'Fetch', fetchOf(['a', 'b'], 100, 60_000))
    produce(cluster, 1, 'a', ['x'])
    expect(waiting.isAnswered).toBe(false)
    produce(cluster, 1, 'b', ['y'])
    expect(waiting.response?.responses.map(({ partitions }) => partitions[0]?.batches.length)).toEqual([1, 1])
    expect(cluster.broker(1).nextDeadlineMillis()).toBeGreaterThan(cluster.nowMillis + 10_000)
  })

  it('[KB9] is answered with what there is when it has waited long enough', () => {
    const cluster = one()
    const waiting = ask(cluster, 1, 'Fetch', fetchOf(['a'], 1_000, 500))
    produce(cluster, 1, 'a', ['x'])
    cluster.advanceTo(cluster.nowMillis + 499)
    expect(waiting.isAnswered).toBe(false)
    cluster.advanceTo(cluster.nowMillis + 1)
    expect(waiting.response?.responses[0]?.partitions[0]?.batches).toHaveLength(1)
  })

  it('[KB9] hears at once that its topic is gone', () => {
    const cluster = one()
    const waiting = ask(cluster, 1, 'Fetch', fetchOf(['a'], 1, 60_000))
    ask(cluster, 1, 'DeleteTopics', { topicNames: ['a'] })
    expect(waiting.response?.responses[0]?.partitions[0]?.errorCode).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  })
})
