import { describe, expect, it } from 'vitest'
import { TRANSACTION_DEFAULTS } from '../../../../sim/kafka/transaction/config.ts'
import { TransactionCoordinator } from '../../../../sim/kafka/transaction/coordinator.ts'
import type { TransactionLogEntry } from '../../../../sim/kafka/transaction/log.ts'
import { CoordinatorBench, transaction } from '../../../fixtures/transactions.ts'

const ask = (bench: CoordinatorBench, transactionalId = 'known') => [
  bench.init(transactionalId)?.errorCode,
  bench.add(100, 0, ['a-0'], transactionalId),
  bench.batch(100, 0, ['a-0'], true, transactionalId)['a-0'],
  bench.end(100, 0, true, 5, transactionalId)?.errorCode,
  bench.coordinator.describe(transactionalId).errorCode,
]
const all = (error: string) => [error, error, error, error, error]

describe('a coordinator', () => {
  it('[KT1] answers for the partitions that it has loaded', () => {
    const bench = new CoordinatorBench()
    expect(ask(bench)[0]).toBe('NONE')
    bench.coordinator.onResignation(0, 0)
    expect(ask(bench)).toEqual(all('NOT_COORDINATOR'))
    bench.coordinator.onElection(0, 2)
    expect(ask(bench)).toEqual(all('COORDINATOR_LOAD_IN_PROGRESS'))
    bench.coordinator.onLoaded(0, 2, bench.written, 0)
    expect(ask(bench)).toEqual([
      'CONCURRENT_TRANSACTIONS',
      'CONCURRENT_TRANSACTIONS',
      'PRODUCER_FENCED',
      'CONCURRENT_TRANSACTIONS',
      'NONE',
    ])
  })

  it('[KT1] does not take what it began to load before it resigned', () => {
    const bench = new CoordinatorBench()
    bench.coordinator.onElection(0, 3)
    bench.coordinator.onResignation(0, 4)
    bench.coordinator.onLoaded(0, 3, [], 0)
    expect(ask(bench)).toEqual(all('NOT_COORDINATOR'))
  })

  it('[KT1] that resigns a term which it has left behind goes on loading the next', () => {
    const bench = new CoordinatorBench()
    bench.coordinator.onElection(0, 3)
    bench.coordinator.onResignation(0, 3)
    expect(ask(bench)).toEqual(all('COORDINATOR_LOAD_IN_PROGRESS'))
    bench.coordinator.onResignation(0)
    expect(ask(bench)).toEqual(all('NOT_COORDINATOR'))
  })

  it('[KT1] loads a partition anew without having resigned', () => {
    const bench = new CoordinatorBench()
    bench.init('known')
    bench.coordinator.onElection(0, 1)
    bench.coordinator.onLoaded(0, 1, bench.written, 0)
    expect(bench.owned()).toMatchObject({ coordinatorEpoch: 1, metadata: { producerEpoch: 0 } })
  })

  it('[KT1] divides transactional ids by partition', () => {
    const written: TransactionLogEntry[] = []
    const coordinator = new TransactionCoordinator(TRANSACTION_DEFAULTS, {
      log: {
        append(partition, entries, _timeout, done) {
          expect(partition).toBe(22)
          written.push(...entries)
          done('NONE', 0)
        },
      },
      markers: { leaderOf: () => 0, writeTxnMarkers: () => expect.unreachable() },
      nextProducerId: () => 1,
    })
    coordinator.onElection(22, 0)
    coordinator.onLoaded(22, 0, [], 0)
    const answers: string[] = []
    for (const transactionalId of ['hello', 'a'])
      coordinator.handleInitProducerId(
        { transactionalId, transactionTimeoutMs: 1, producerId: -1, producerEpoch: -1 },
        5,
        0,
        ({ errorCode }) => answers.push(errorCode),
      )
    expect(answers).toEqual(['NONE', 'NOT_COORDINATOR'])
    expect(written.map(({ transactionalId }) => transactionalId)).toEqual(['hello'])
  })

  it('[KT1] that lost a partition while it wrote refuses, and leaves the state to the next one', () => {
    for (const next of [undefined, 1]) {
      const bench = new CoordinatorBench()
      bench.appendsEndWith = undefined
      const answers: string[] = []
      const request = { transactionalId: 'known', transactionTimeoutMs: 1, producerId: -1, producerEpoch: -1 }
      bench.coordinator.handleInitProducerId(request, 5, 0, ({ errorCode }) => answers.push(errorCode))
      bench.coordinator.onResignation(0, 0)
      if (next !== undefined) {
        bench.coordinator.onElection(0, next)
        bench.coordinator.onLoaded(0, next, [], 0)
        bench.put(transaction('known', 'Empty', { producerEpoch: 7 }))
      }
      bench.endAppend('NONE')
      expect(answers).toEqual(['NOT_COORDINATOR'])
      if (next !== undefined) expect(bench.owned().metadata.producerEpoch).toBe(7)
    }
  })
})

describe('a failover', () => {
  it.each([true, false])(
    '[KT11] sends the markers of a decided transaction again: commit %s',
    (committed) => {
      const bench = new CoordinatorBench()
      bench.init('known')
      bench.batch(100, 0, ['a-0', 'b-0'], false)
      bench.end(100, 0, committed, 5)
      const [first] = bench.sent
      bench.coordinator.onElection(0, 1)
      bench.coordinator.onLoaded(0, 1, bench.written, 0)
      // The old markers are still under way; the new ones go when that connection is free.
      bench.answerMarkers('NONE')
      expect(bench.owned().metadata).toMatchObject({ state: committed ? 'PrepareCommit' : 'PrepareAbort' })
      const [second] = bench.sent
      expect(second?.request.markers).toEqual(
        first?.request.markers.map((marker) => ({ ...marker, coordinatorEpoch: 1 })),
      )
      bench.answerMarkers('NONE')
      expect(bench.states().slice(-2)).toEqual(
        committed ? ['PrepareCommit', 'CompleteCommit'] : ['PrepareAbort', 'CompleteAbort'],
      )
      expect(bench.owned().metadata.state).toBe(committed ? 'CompleteCommit' : 'CompleteAbort')
    },
  )

  it('[KT11] keeps an ongoing transaction, with the time at which it began', () => {
    const bench = new CoordinatorBench()
    bench.nowMillis = 5
    bench.init('known')
    bench.add(100, 0, ['a-0'])
    bench.coordinator.onElection(0, 1)
    bench.coordinator.onLoaded(0, 1, bench.written, 900)
    expect(bench.owned().metadata).toMatchObject({ state: 'Ongoing', txnStartTimestamp: 5 })
    expect(bench.sent).toEqual([])
    expect(bench.coordinator.nextDeadlineMillis()).toBe(10_000)
  })

  it('[KT11] while loading has no transactions pending', () => {
    const bench = new CoordinatorBench()
    bench.put(transaction('known', 'Ongoing', { topicPartitions: new Set(['a-0', 'b-0']) }))
    bench.leaders.set('b-0', 2)
    bench.end(10, 1, true, 5)
    bench.put(transaction('other', 'Ongoing', { producerId: 11, topicPartitions: new Set(['a-0']) }))
    bench.end(11, 1, true, 5, 'other')
    expect(bench.coordinator.markers.pendingTransactions).toBe(2)
    bench.coordinator.onResignation(0, 1)
    // What waited for the connection is dropped, what is under way is dropped when it is answered.
    expect(bench.coordinator.markers.pendingTransactions).toBe(1)
    bench.answerMarkers('NONE')
    bench.answerMarkers('NONE')
    expect(bench.coordinator.markers.pendingTransactions).toBe(0)
    expect(bench.sent).toEqual([])
  })
})
