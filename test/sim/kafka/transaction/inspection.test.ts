import { describe, expect, it } from 'vitest'
import { TRANSACTION_DEFAULTS } from '../../../../sim/kafka/transaction/config.ts'
import { TransactionCoordinator } from '../../../../sim/kafka/transaction/coordinator.ts'
import type { ListTransactionsRequest } from '../../../../sim/kafka/transaction/message.ts'
import type { TransactionState } from '../../../../sim/kafka/transaction/state.ts'
import { CoordinatorBench, transaction } from '../../../fixtures/transactions.ts'

const EVERYTHING = {
  stateFilters: [],
  producerIdFilters: [],
  durationFilter: -1,
  transactionalIdPattern: null,
}

describe('DescribeTransactions', () => {
  it('[KT13] tells what there is to know', () => {
    const bench = new CoordinatorBench()
    const topicPartitions = new Set(['a-0', 'a-2', 'b-1'])
    bench.put(transaction('known', 'Ongoing', { topicPartitions, txnStartTimestamp: 7 }))
    expect(bench.coordinator.describe('known')).toEqual({
      errorCode: 'NONE',
      transactionalId: 'known',
      transactionState: 'Ongoing',
      transactionTimeoutMs: 1_000,
      transactionStartTimeMs: 7,
      producerId: 10,
      producerEpoch: 1,
      topics: [
        { topic: 'a', partitions: [0, 2] },
        { topic: 'b', partitions: [1] },
      ],
    })
  })

  it('[KT13] refuses what it cannot know', () => {
    const bench = new CoordinatorBench()
    bench.put(transaction('dead', 'Dead'))
    const told = (transactionalId: string) => bench.coordinator.describe(transactionalId).errorCode
    expect([told(''), told('unknown'), told('dead')]).toEqual([
      'INVALID_REQUEST',
      'TRANSACTIONAL_ID_NOT_FOUND',
      'TRANSACTIONAL_ID_NOT_FOUND',
    ])
    bench.coordinator.onElection(0, 1)
    expect(told('dead')).toBe('COORDINATOR_LOAD_IN_PROGRESS')
    expect(bench.coordinator.list(EVERYTHING, 0).errorCode).toBe('COORDINATOR_LOAD_IN_PROGRESS')
  })

  it('[KT13] refuses before the broker is up', () => {
    const unused = { append: () => {}, leaderOf: () => 0, writeTxnMarkers: () => {} }
    const ports = { log: unused, markers: unused, nextProducerId: () => 0 }
    const coordinator = new TransactionCoordinator(TRANSACTION_DEFAULTS, ports)
    expect(coordinator.describe('known').errorCode).toBe('COORDINATOR_NOT_AVAILABLE')
    expect(coordinator.list(EVERYTHING, 0).errorCode).toBe('COORDINATOR_NOT_AVAILABLE')
    expect(coordinator.nextDeadlineMillis()).toBe(Number.POSITIVE_INFINITY)
  })
})

// Facts of TransactionStateManagerTest.testListTransactionsFiltering of Kafka 4.3.
describe('ListTransactions', () => {
  const bench = new CoordinatorBench()
  const rows: readonly (readonly [id: string, producerId: number, TransactionState, began: number])[] = [
    ['t0', 0, 'Ongoing', 0],
    ['t1', 1, 'Ongoing', 0],
    ['my-special-0', 0, 'Ongoing', 0],
    ['t2', 2, 'PrepareCommit', 1_000],
    ['t3', 3, 'PrepareAbort', 1_000],
    ['your-special-1', 0, 'PrepareAbort', 1_000],
    ['t4', 4, 'CompleteCommit', 2_000],
    ['t5', 5, 'CompleteAbort', 2_000],
    ['t6', 6, 'CompleteAbort', 2_000],
    ['t7', 7, 'PrepareEpochFence', 2_000],
    ['their-special-2', 7, 'CompleteAbort', 2_000],
    ['t8', 8, 'Dead', 3_000],
  ]
  for (const [id, producerId, state, txnStartTimestamp] of rows)
    bench.put(transaction(id, state, { producerId, txnStartTimestamp }))
  const alive = rows.slice(0, -1).map(([id]) => id)
  const special = ['my-special-0', 'your-special-1', 'their-special-2']

  const cases: readonly (readonly [Partial<ListTransactionsRequest>, readonly string[]])[] = [
    [{}, alive],
    [{ durationFilter: 0 }, alive],
    [{ durationFilter: 1_000 }, alive.slice(0, 6)],
    [{ durationFilter: 2_000 }, alive.slice(0, 3)],
    [{ durationFilter: 3_000 }, []],
    [{ stateFilters: ['Ongoing'] }, alive.slice(0, 3)],
    [{ stateFilters: ['Ongoing', 'UnknownState'] }, alive.slice(0, 3)],
    [{ stateFilters: ['PrepareCommit', 'CompleteCommit'] }, ['t2', 't4']],
    [{ stateFilters: ['UnknownState'] }, []],
    [{ stateFilters: ['Dead'] }, []],
    [{ producerIdFilters: [5] }, ['t5']],
    [{ producerIdFilters: [5, 6, 8, 9] }, ['t5', 't6']],
    [{ producerIdFilters: [4, 5], stateFilters: ['CompleteCommit'] }, ['t4']],
    [{ producerIdFilters: [10], stateFilters: ['CompleteCommit'] }, []],
    [{ transactionalIdPattern: '.*special-.*' }, special],
    [{ transactionalIdPattern: 'special' }, []],
    [{ transactionalIdPattern: '' }, alive],
    [{ durationFilter: 1_000, transactionalIdPattern: '.*special-.*' }, special.slice(0, 2)],
  ]
  it.each(cases)('[KT13] with %o', (request, ids) => {
    const response = bench.coordinator.list({ ...EVERYTHING, ...request }, 3_000)
    expect(response.errorCode).toBe('NONE')
    expect(response.transactionStates.map(({ transactionalId }) => transactionalId)).toEqual(ids)
    expect(response.unknownStateFilters).toEqual(
      request.stateFilters?.filter((name) => name === 'UnknownState') ?? [],
    )
  })

  it('[KT13] refuses what is no regular expression', () => {
    const request = { ...EVERYTHING, transactionalIdPattern: '(ab(cd' }
    expect(() => bench.coordinator.list(request, 0)).toThrow(SyntaxError)
  })
})
