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

describe('a fetch session', () => {
  const session = (sessionId: number, sessionEpoch: number, topics: readonly string[]) => ({
    ...fetchOf(topics, 0, 1),
    sessionId,
    sessionEpoch,
  })

  it('[KB10] is told only of what has changed, without naming it again', () => {
    const cluster = one()
    const first = ask(cluster, 1, 'Fetch', session(0, 0, ['a', 'b'])).response
    const sessionId = first?.sessionId ?? 0
    expect(sessionId).toBeGreaterThan(0)
    produce(cluster, 1, 'b', ['x'])
    const second = ask(cluster, 1, 'Fetch', session(sessionId, 1, [])).response
    expect(second?.sessionId).toBe(sessionId)
    const told = second?.responses.flatMap(({ topic, partitions }) =>
      partitions.flatMap(({ batches }) => batches.map(({ records }) => [topic, records[0]?.value])),
    )
    expect(told).toEqual([['b', 'x']])
  })

  it('[KB10] is not told of what it has forgotten', () => {
    const cluster = one()
    const sessionId = ask(cluster, 1, 'Fetch', session(0, 0, ['a', 'b'])).response?.sessionId ?? 0
    produce(cluster, 1, 'b', ['x'])
    const forgetting = { forgottenTopics: [{ topic: 'b', partitions: [0] }] }
    const next = ask(cluster, 1, 'Fetch', { ...session(sessionId, 1, []), ...forgetting }).response
    expect(next?.responses.map(({ topic }) => topic)).not.toContain('b')
  })

  // Sessions used to be counted from one in each life: a fetch of the last life was answered from somebody else's session.
  it.each(['stop', 'kill', 'crash'] as const)(
    '[KB10] is refused after the broker was gone (%s), whatever sessions it has had since',
    (end) => {
      const cluster = one()
      const open = () => ask(cluster, 1, 'Fetch', session(0, 0, ['a'])).response?.sessionId ?? 0
      const before = [open(), open()]
      cluster[end](1)
      while (cluster.isUp(1)) cluster.advanceTo(cluster.nextDeadlineMillis())
      cluster.start(1)
      while (cluster.broker(1).state !== 'RUNNING') cluster.advanceTo(cluster.nextDeadlineMillis())
      const since = [open(), open(), open()]
      expect(new Set([...before, ...since]).size).toBe(5)
      for (const id of before)
        expect(ask(cluster, 1, 'Fetch', session(id, 1, [])).response).toEqual({
          errorCode: 'FETCH_SESSION_ID_NOT_FOUND',
          sessionId: 0,
          responses: [],
        })
      for (const id of since)
        expect(ask(cluster, 1, 'Fetch', session(id, 1, [])).response?.errorCode).toBe('NONE')
    },
  )

  it('[KB10] is refused when the broker does not know it, or is at another fetch of it', () => {
    const cluster = one()
    const sessionId = ask(cluster, 1, 'Fetch', session(0, 0, ['a'])).response?.sessionId ?? 0
    const errorOf = (id: number, epoch: number) =>
      ask(cluster, 1, 'Fetch', session(id, epoch, [])).response?.errorCode
    expect(errorOf(sessionId + 1, 1)).toBe('FETCH_SESSION_ID_NOT_FOUND')
    expect(errorOf(sessionId, 2)).toBe('INVALID_FETCH_SESSION_EPOCH')
    expect(errorOf(sessionId, 1)).toBe('NONE')
  })
})
