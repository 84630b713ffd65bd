import { describe, expect, it } from 'vitest'
import type { RequestOf } from '../../../../sim/kafka/protocol/api.ts'
import { ask, produce } from '../../../fixtures/broker-client.ts'
import { BrokerCluster } from '../../../fixtures/broker-cluster.ts'

const WANTED = {
  partition: 0,
  fetchOffset: 0,
  currentLeaderEpoch: -1,
  lastFetchedEpoch: -1,
  logStartOffset: -1,
  partitionMaxBytes: 1e6,
}

/** A fetch of the first partition of topics. */
function fetchOf(topics: readonly string[], minBytes: number, maxWaitMs: number): RequestOf<'Fetch'> {
  return {
    replicaId: -1,
    replicaEpoch: -1,
    maxWaitMs,
    minBytes,
    maxBytes: 1e6,
    isolationLevel: 'read_uncommitted',
    topics: topics.map((topic) => ({ topic, partitions: [WANTED] })),
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

/** One fetch: session id (`s`: that of the first answer) and epoch, what is named and forgotten; and what is answered. */
interface SessionStep {
  /** Records that are written before it, each to a topic. */
  readonly written?: readonly string[]
  readonly id: number | 's'
  readonly epoch: number
  /** Topics that it names, at offset 0 unless they say otherwise: `a@1`. */
  readonly names?: readonly string[]
  readonly forgets?: readonly string[]
  readonly error?: string
  /** The session of the answer: that of the first answer, another one, or none. */
  readonly session: 's' | 'other' | 'none'
  /** The topics that it tells of. */
  readonly told: readonly string[]
}

describe('a fetch session of a broker (FetchSessionTest, FetchManager.newContext)', () => {
  it.each<{ readonly title: string; readonly steps: readonly SessionStep[] }>([
    {
      title: 'tells of everything at first, and then of what has changed',
      steps: [
        { id: 0, epoch: 0, names: ['a', 'b'], session: 's', told: ['a', 'b'] },
        { id: 's', epoch: 1, session: 's', told: [] },
        { written: ['b'], id: 's', epoch: 2, session: 's', told: ['b'] },
        { id: 's', epoch: 3, names: ['b@1'], session: 's', told: [] },
      ],
    },
    {
      title: 'tells of what was not fetched on again',
      steps: [
        { written: ['a'], id: 0, epoch: 0, names: ['a', 'b'], session: 's', told: ['a', 'b'] },
        { id: 's', epoch: 1, session: 's', told: ['a'] },
        { id: 's', epoch: 2, names: ['a@1'], session: 's', told: [] },
      ],
    },
    {
      title: 'tells of an error each time',
      steps: [
        { id: 0, epoch: 0, names: ['a', 'b@9'], session: 's', told: ['a', 'b'] },
        { id: 's', epoch: 1, session: 's', told: ['b'] },
        { id: 's', epoch: 2, session: 's', told: ['b'] },
        { id: 's', epoch: 3, names: ['b@0'], session: 's', told: ['b'] },
        { id: 's', epoch: 4, session: 's', told: [] },
      ],
    },
    {
      title: 'tells of a partition that is named for the first time',
      steps: [
        { id: 0, epoch: 0, names: ['a'], session: 's', told: ['a'] },
        { id: 's', epoch: 1, names: ['b'], session: 's', told: ['b'] },
        { id: 's', epoch: 2, session: 's', told: [] },
      ],
    },
    {
      title: 'forgets, and knows again',
      steps: [
        { id: 0, epoch: 0, names: ['a', 'b'], session: 's', told: ['a', 'b'] },
        { written: ['b'], id: 's', epoch: 1, forgets: ['b'], session: 's', told: [] },
        { id: 's', epoch: 2, names: ['b'], session: 's', told: ['b'] },
      ],
    },
    {
      title: 'ends when there is nothing left in it',
      steps: [
        { id: 0, epoch: 0, names: ['a'], session: 's', told: ['a'] },
        { id: 's', epoch: 1, forgets: ['a'], session: 'none', told: [] },
        { id: 's', epoch: 2, error: 'FETCH_SESSION_ID_NOT_FOUND', session: 'none', told: [] },
      ],
    },
    {
      title: 'is not found under another id',
      steps: [
        { id: 0, epoch: 0, names: ['a'], session: 's', told: ['a'] },
        { id: 4711, epoch: 1, error: 'FETCH_SESSION_ID_NOT_FOUND', session: 'none', told: [] },
        { id: 0, epoch: 1, error: 'FETCH_SESSION_ID_NOT_FOUND', session: 'none', told: [] },
      ],
    },
    {
      title: 'takes one fetch after another, and stays as it is where another one comes',
      steps: [
        { id: 0, epoch: 0, names: ['a'], session: 's', told: ['a'] },
        { id: 's', epoch: 2, error: 'INVALID_FETCH_SESSION_EPOCH', session: 'none', told: [] },
        { id: 's', epoch: 1, names: ['b'], session: 's', told: ['b'] },
        { id: 's', epoch: 1, error: 'INVALID_FETCH_SESSION_EPOCH', session: 'none', told: [] },
        { written: ['a'], id: 's', epoch: 2, session: 's', told: ['a'] },
      ],
    },
    {
      title: 'ends when its client begins anew',
      steps: [
        { id: 0, epoch: 0, names: ['a'], session: 's', told: ['a'] },
        { id: 's', epoch: 0, names: ['a', 'b'], session: 'other', told: ['a', 'b'] },
        { id: 's', epoch: 1, error: 'FETCH_SESSION_ID_NOT_FOUND', session: 'none', told: [] },
      ],
    },
    {
      title: 'ends with its last fetch, which is one without a session',
      steps: [
        { id: 0, epoch: 0, names: ['a', 'b'], session: 's', told: ['a', 'b'] },
        { id: 's', epoch: -1, names: ['a'], session: 'none', told: ['a'] },
        { id: 's', epoch: 1, error: 'FETCH_SESSION_ID_NOT_FOUND', session: 'none', told: [] },
      ],
    },
    {
      title: 'goes on beside that of another client',
      steps: [
        { id: 0, epoch: 0, names: ['a'], session: 's', told: ['a'] },
        { id: 0, epoch: 0, names: ['b'], session: 'other', told: ['b'] },
        { written: ['a', 'b'], id: 's', epoch: 1, session: 's', told: ['a'] },
      ],
    },
    {
      title: 'is none where nobody asks for one',
      steps: [
        { id: 0, epoch: -1, names: ['a', 'b'], session: 'none', told: ['a', 'b'] },
        { id: 0, epoch: -1, names: ['a', 'b'], session: 'none', told: ['a', 'b'] },
      ],
    },
  ])('[KB10] $title', ({ steps }) => {
    const cluster = one()
    let first: number | undefined
    for (const [number, step] of steps.entries()) {
      const { written = [], names = [], forgets = [], error = 'NONE' } = step
      for (const topic of written) produce(cluster, 1, topic, ['x'])
      const { response } = ask(cluster, 1, 'Fetch', {
        ...fetchOf([], 1, 0),
        sessionId: step.id === 's' ? (first ?? 0) : step.id,
        sessionEpoch: step.epoch,
        topics: names.map((name) => {
          const [topic = '', offset = '0'] = name.split('@')
          return { topic, partitions: [{ ...WANTED, fetchOffset: Number(offset) }] }
        }),
        forgottenTopics: forgets.map((topic) => ({ topic, partitions: [0] })),
      })
      const { sessionId = 0, errorCode, responses = [] } = response ?? {}
      if (step.session === 's') first ??= sessionId
      const session = sessionId === 0 ? 'none' : sessionId === first ? 's' : 'other'
      const told = responses.map(({ topic }) => topic).sort()
      expect({ number, errorCode, session, told }).toEqual({
        number,
        errorCode: error,
        session: step.session,
        told: step.told,
      })
    }
  })
})

it('[KB10] a session in which bytes are short comes to all of its partitions in turn', () => {
  const cluster = one()
  for (const topic of ['a', 'b']) for (const value of ['x', 'y']) produce(cluster, 1, topic, [value])
  const fetch = (sessionId: number, sessionEpoch: number, names: readonly (readonly [string, number])[]) =>
    ask(cluster, 1, 'Fetch', {
      ...fetchOf([], 1, 0),
      maxBytes: 1,
      sessionId,
      sessionEpoch,
      topics: names.map(([topic, fetchOffset]) => ({ topic, partitions: [{ ...WANTED, fetchOffset }] })),
    }).response
  const withRecords = (response: ReturnType<typeof fetch>) =>
    response?.responses.flatMap(({ topic, partitions }) =>
      partitions.some(({ batches }) => batches.length > 0) ? [topic] : [],
    )
  const first = fetch(0, 0, [
    ['a', 0],
    ['b', 0],
  ])
  const id = first?.sessionId ?? 0
  expect(withRecords(first)).toEqual(['a'])
  expect(withRecords(fetch(id, 1, [['a', 1]]))).toEqual(['b'])
  expect(withRecords(fetch(id, 2, [['b', 1]]))).toEqual(['a'])
})
