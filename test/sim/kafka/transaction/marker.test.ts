import { describe, expect, it } from 'vitest'
import { CoordinatorBench, transaction } from '../../../fixtures/transactions.ts'

// Facts of TransactionMarkerChannelManagerTest and TransactionMarkerRequestCompletionHandlerTest of Kafka 4.3.

/** A committed transaction with a partition at each of two brokers. */
const committed = (...partitions: string[]): CoordinatorBench => {
  const bench = new CoordinatorBench()
  bench.leaders.set('b-0', 2)
  bench.put(transaction('known', 'Ongoing', { topicPartitions: new Set(partitions) }))
  expect(bench.end(10, 1, true, 5)?.errorCode).toBe('NONE')
  return bench
}
const state = (bench: CoordinatorBench) => bench.owned().metadata.state

describe('markers', () => {
  it('[KT7] go to each leader, and the completion is written when all are', () => {
    const bench = committed('a-0', 'a-1', 'b-0')
    expect(bench.sent.map(({ brokerId, request }) => [brokerId, request.markers[0]?.topics])).toEqual([
      [1, [{ name: 'a', partitionIndexes: [0, 1] }]],
      [2, [{ name: 'b', partitionIndexes: [0] }]],
    ])
    bench.answerMarkers('NONE')
    expect(state(bench)).toBe('PrepareCommit')
    bench.answerMarkers('NONE')
    expect(state(bench)).toBe('CompleteCommit')
    expect(bench.states()).toEqual(['PrepareCommit', 'CompleteCommit'])
    expect(bench.coordinator.markers.pendingTransactions).toBe(0)
  })

  it('[KT7] of several transactions gather while a broker has not answered', () => {
    const bench = committed('a-0')
    for (const id of ['two', 'three']) {
      bench.put(transaction(id, 'Ongoing', { producerId: id.length, topicPartitions: new Set(['a-1']) }))
      bench.end(id.length, 1, false, 5, id)
    }
    expect(bench.sent).toHaveLength(1)
    bench.answerMarkers('NONE')
    expect(bench.sent[0]?.request.markers.map(({ producerId }) => producerId)).toEqual([3, 5])
    bench.answerMarkers('NONE')
    expect(bench.states('two')).toEqual(['PrepareAbort', 'CompleteAbort'])
    expect(bench.states('three')).toEqual(['PrepareAbort', 'CompleteAbort'])
  })

  it('[KT7] are not needed for a transaction without partitions, nor for partitions that are gone', () => {
    for (const bench of [committed(), committed('gone-0')]) {
      expect(bench.sent).toEqual([])
      expect(state(bench)).toBe('CompleteCommit')
    }
  })

  it('[KT7] wait for a partition that has no leader', () => {
    const bench = new CoordinatorBench()
    bench.leaders.set('a-0', -1)
    bench.put(transaction('known', 'Ongoing', { topicPartitions: new Set(['a-0']) }))
    bench.end(10, 1, true, 5)
    bench.coordinator.onMetadataChanged(0)
    expect(bench.sent).toEqual([])
    bench.leaders.set('a-0', 7)
    bench.coordinator.onMetadataChanged(0)
    expect(bench.sent.map(({ brokerId }) => brokerId)).toEqual([7])
  })

  it.each([
    'UNKNOWN_TOPIC_OR_PARTITION',
    'NOT_LEADER_OR_FOLLOWER',
    'NOT_ENOUGH_REPLICAS',
    'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
    'REQUEST_TIMED_OUT',
    'KAFKA_STORAGE_ERROR',
  ] as const)('[KT7] are sent again after %s, to the leader of the day', (error) => {
    const bench = committed('a-0')
    bench.leaders.set('a-0', 3)
    bench.answerMarkers(error)
    expect(bench.sent.map(({ brokerId }) => brokerId)).toEqual([3])
    expect(state(bench)).toBe('PrepareCommit')
    bench.answerMarkers('NONE')
    expect(state(bench)).toBe('CompleteCommit')
  })

  it('[KT7] are sent again for the partitions that failed only', () => {
    const bench = committed('a-0', 'a-1')
    const [sent] = bench.sent.splice(0)
    const partitions = [
      { partitionIndex: 0, errorCode: 'NONE' } as const,
      { partitionIndex: 1, errorCode: 'NOT_LEADER_OR_FOLLOWER' } as const,
    ]
    sent?.respond({ markers: [{ producerId: 10, topics: [{ name: 'a', partitions }] }] }, 0)
    expect(bench.sent[0]?.request.markers[0]?.topics).toEqual([{ name: 'a', partitionIndexes: [1] }])
  })

  it.each(['INVALID_PRODUCER_EPOCH', 'TRANSACTION_COORDINATOR_FENCED'] as const)(
    '[KT7] are given up after %s: the next coordinator completes the transaction',
    (error) => {
      const bench = committed('a-0')
      bench.answerMarkers(error)
      expect([bench.sent.length, state(bench)]).toEqual([0, 'PrepareCommit'])
      expect(bench.coordinator.markers.pendingTransactions).toBe(0)
      bench.coordinator.onElection(0, 1)
      bench.coordinator.onLoaded(0, 1, bench.written, 0)
      bench.answerMarkers('NONE')
      expect(state(bench)).toBe('CompleteCommit')
    },
  )

  it.each([
    'UNKNOWN_SERVER_ERROR',
    'CORRUPT_MESSAGE',
    'MESSAGE_TOO_LARGE',
    'RECORD_LIST_TOO_LARGE',
    'INVALID_REQUIRED_ACKS',
  ] as const)('[KT7] cannot fail with %s', (error) => {
    expect(() => committed('a-0').answerMarkers(error)).toThrow(error)
  })

  it('[KT7] are not wanted by a leader that does not know them: nothing was written there', () => {
    const bench = committed('a-0')
    bench.answerMarkers('UNSUPPORTED_VERSION')
    expect(state(bench)).toBe('CompleteCommit')
  })

  it('[KT7] are answered for every producer', () => {
    const bench = committed('a-0')
    expect(() => bench.sent[0]?.respond({ markers: [] }, 0)).toThrow('producer id 10')
  })
})

describe('a broken connection', () => {
  it('[KT7] is tried again after 50 ms, another broker at once', () => {
    const bench = committed('a-0')
    bench.answerMarkers(undefined)
    expect(bench.sent).toEqual([])
    expect(bench.coordinator.nextDeadlineMillis()).toBe(50)
    bench.advance(49)
    expect(bench.sent).toEqual([])
    bench.advance(50)
    expect(bench.sent.map(({ brokerId }) => brokerId)).toEqual([1])
    bench.leaders.set('a-0', 2)
    bench.answerMarkers(undefined)
    expect(bench.sent.map(({ brokerId }) => brokerId)).toEqual([2])
  })
})

describe('an answer to a coordinator that has changed', () => {
  const answers = ['NONE', undefined] as const
  it.each(answers)('[KT7] counts for nothing when it resigned: %s', (answer) => {
    const bench = committed('a-0')
    bench.coordinator.onResignation(0, 1)
    bench.answerMarkers(answer)
    expect(bench.states()).toEqual(['PrepareCommit'])
    expect(bench.sent).toEqual([])
  })

  it.each(answers)('[KT7] counts for nothing when it is loading: %s', (answer) => {
    const bench = committed('a-0')
    bench.coordinator.onElection(0, 1)
    bench.answerMarkers(answer)
    expect(bench.states()).toEqual(['PrepareCommit'])
    bench.coordinator.onLoaded(0, 1, bench.written, 50)
    bench.advance(50)
    expect(bench.sent[0]?.request.markers[0]?.coordinatorEpoch).toBe(1)
  })
})

describe('a completion that cannot be written', () => {
  it.each(['UNKNOWN_TOPIC_OR_PARTITION', 'NOT_ENOUGH_REPLICAS', 'REQUEST_TIMED_OUT'] as const)(
    '[KT7] is written again later after %s; nothing else happens meanwhile',
    (error) => {
      const bench = committed('a-0')
      bench.appendsEndWith = error
      bench.answerMarkers('NONE')
      expect(state(bench)).toBe('PrepareCommit')
      expect(bench.init('known')?.errorCode).toBe('CONCURRENT_TRANSACTIONS')
      expect(bench.coordinator.nextDeadlineMillis()).toBe(30_000)
      bench.advance(30_000)
      expect(bench.coordinator.nextDeadlineMillis()).toBe(60_000)
      bench.appendsEndWith = 'NONE'
      bench.advance(60_000)
      expect(bench.states()).toEqual(['PrepareCommit', 'CompleteCommit'])
    },
  )

  it('[KT7] is left to the next coordinator after NOT_LEADER_OR_FOLLOWER', () => {
    const bench = committed('a-0')
    bench.appendsEndWith = 'NOT_LEADER_OR_FOLLOWER'
    bench.answerMarkers('NONE')
    expect(bench.states()).toEqual(['PrepareCommit'])
    expect(bench.coordinator.nextDeadlineMillis()).toBe(Number.POSITIVE_INFINITY)
  })

  it('[KT7] for a reason that cannot be is an error', () => {
    const bench = committed('a-0')
    bench.appendsEndWith = 'INVALID_TXN_STATE'
    expect(() => bench.answerMarkers('NONE')).toThrow('INVALID_TXN_STATE')
  })
})
