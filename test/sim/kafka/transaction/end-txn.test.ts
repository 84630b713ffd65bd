import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../../../sim/kafka/error-code.ts'
import { MAX_PRODUCER_EPOCH } from '../../../../sim/kafka/transaction/metadata.ts'
import type { TransactionState } from '../../../../sim/kafka/transaction/state.ts'
import { CoordinatorBench, transaction } from '../../../fixtures/transactions.ts'

// Facts of TransactionCoordinatorTest of Kafka 4.3. The transaction has producer id 10 and epoch 1; version 4 of EndTxn
// is transaction version 0, version 5 is 2.

const EXHAUSTED = MAX_PRODUCER_EPOCH - 1
const COMMIT = true
const ABORT = false

describe.each([4, 5])('EndTxn of version %i', (apiVersion) => {
  it.each([
    ['an unknown transactional id', 'unknown', 10, 1, 'INVALID_PRODUCER_ID_MAPPING'],
    ['no transactional id', '', 10, 1, 'INVALID_REQUEST'],
    ['another producer id', 'known', 11, 1, 'INVALID_PRODUCER_ID_MAPPING'],
    ['an older epoch', 'known', 10, 0, 'PRODUCER_FENCED'],
    ['a newer epoch', 'known', 10, 2, 'PRODUCER_FENCED'],
  ] as const)('[KT4] with %s is refused', (_what, transactionalId, producerId, epoch, error) => {
    const bench = new CoordinatorBench()
    bench.put(transaction('known', 'Ongoing'))
    expect(bench.end(producerId, epoch, COMMIT, apiVersion, transactionalId)).toEqual({
      errorCode: error,
      producerId: -1,
      producerEpoch: -1,
    })
    expect(bench.written).toEqual([])
  })

  it('[KT4] while another transition is written has to be repeated', () => {
    const bench = new CoordinatorBench()
    bench.put(transaction('known', 'Ongoing')).prepareAddPartitions(['a-0'], 0, 0)
    expect(bench.end(10, 1, COMMIT, apiVersion)?.errorCode).toBe('CONCURRENT_TRANSACTIONS')
  })

  it.each([COMMIT, ABORT])(
    '[KT4] is answered when the outcome is written, before the markers: %s',
    (committed) => {
      const bench = new CoordinatorBench()
      const metadata = bench.put(transaction('known', 'Ongoing', { topicPartitions: new Set(['a-0']) }))
      bench.appendsEndWith = undefined
      expect(bench.end(10, 1, committed, apiVersion)).toBeUndefined()
      bench.appendsEndWith = 'NONE'
      bench.endAppend('NONE')
      expect(bench.states()).toEqual([committed ? 'PrepareCommit' : 'PrepareAbort'])
      expect(metadata.state).toBe(committed ? 'PrepareCommit' : 'PrepareAbort')
      expect(bench.sent[0]?.request.markers).toEqual([
        {
          producerId: 10,
          producerEpoch: apiVersion === 5 ? 2 : 1,
          transactionResult: committed,
          topics: [{ name: 'a', partitionIndexes: [0] }],
          coordinatorEpoch: 0,
          transactionVersion: apiVersion === 5 ? 2 : 0,
        },
      ])
      bench.answerMarkers('NONE')
      expect(metadata.state).toBe(committed ? 'CompleteCommit' : 'CompleteAbort')
      expect(bench.states()).toHaveLength(2)
    },
  )

  it.each([
    ['NOT_ENOUGH_REPLICAS', 'COORDINATOR_NOT_AVAILABLE'],
    ['NOT_LEADER_OR_FOLLOWER', 'NOT_COORDINATOR'],
  ] as const)('[KT4] whose outcome cannot be written leaves the transaction ongoing: %s', (append, told) => {
    const bench = new CoordinatorBench()
    const metadata = bench.put(transaction('known', 'Ongoing'))
    bench.appendsEndWith = append
    expect(bench.end(10, 1, COMMIT, apiVersion)?.errorCode).toBe(told)
    expect(metadata).toMatchObject({ state: 'Ongoing', pendingState: undefined, producerEpoch: 1 })
    expect(bench.sent).toEqual([])
  })
})

describe('EndTxn and what it finds', () => {
  // The epoch of the request: 0 is a retry of one that bumped it to 1.
  type Row = readonly [version: 4 | 5, TransactionState, epoch: 0 | 1, committed: boolean, answer: ErrorCode]
  const rows: readonly Row[] = [
    [4, 'CompleteCommit', 1, COMMIT, 'NONE'],
    [4, 'CompleteCommit', 0, COMMIT, 'PRODUCER_FENCED'],
    [4, 'CompleteCommit', 1, ABORT, 'INVALID_TXN_STATE'],
    [4, 'CompleteCommit', 0, ABORT, 'PRODUCER_FENCED'],
    [4, 'CompleteAbort', 1, ABORT, 'NONE'],
    [4, 'CompleteAbort', 0, ABORT, 'PRODUCER_FENCED'],
    [4, 'CompleteAbort', 1, COMMIT, 'INVALID_TXN_STATE'],
    [4, 'PrepareCommit', 1, COMMIT, 'CONCURRENT_TRANSACTIONS'],
    [4, 'PrepareCommit', 1, ABORT, 'INVALID_TXN_STATE'],
    [4, 'PrepareAbort', 1, ABORT, 'CONCURRENT_TRANSACTIONS'],
    [4, 'PrepareAbort', 1, COMMIT, 'INVALID_TXN_STATE'],
    [4, 'Empty', 1, ABORT, 'INVALID_TXN_STATE'],
    [4, 'Empty', 1, COMMIT, 'INVALID_TXN_STATE'],
    [5, 'CompleteCommit', 0, COMMIT, 'NONE'],
    [5, 'CompleteCommit', 1, COMMIT, 'INVALID_TXN_STATE'],
    [5, 'CompleteCommit', 0, ABORT, 'INVALID_TXN_STATE'],
    [5, 'CompleteAbort', 0, ABORT, 'NONE'],
    [5, 'CompleteAbort', 0, COMMIT, 'INVALID_TXN_STATE'],
    [5, 'CompleteAbort', 1, COMMIT, 'INVALID_TXN_STATE'],
    [5, 'PrepareCommit', 0, COMMIT, 'CONCURRENT_TRANSACTIONS'],
    [5, 'PrepareCommit', 0, ABORT, 'INVALID_TXN_STATE'],
    [5, 'PrepareCommit', 1, COMMIT, 'PRODUCER_FENCED'],
    [5, 'PrepareAbort', 0, ABORT, 'CONCURRENT_TRANSACTIONS'],
    [5, 'PrepareAbort', 0, COMMIT, 'INVALID_TXN_STATE'],
    [5, 'Empty', 0, ABORT, 'PRODUCER_FENCED'],
    [5, 'Empty', 0, COMMIT, 'PRODUCER_FENCED'],
    [5, 'Empty', 1, COMMIT, 'INVALID_TXN_STATE'],
  ]
  it.each(rows)(
    '[KT4] [KT5] version %i, %s, epoch %i, commit %s: %s',
    (version, state, epoch, committed, answer) => {
      const bench = new CoordinatorBench()
      bench.put(transaction('known', state, { clientTransactionVersion: version === 5 ? 2 : 0 }))
      const response = bench.end(10, epoch, committed, version)
      const next = answer === 'NONE' && version === 5 ? { producerId: 10, producerEpoch: 1 } : undefined
      expect(response).toEqual({ errorCode: answer, producerId: -1, producerEpoch: -1, ...next })
      expect(bench.written).toEqual([])
    },
  )

  it.each(['Empty', 'CompleteAbort', 'CompleteCommit'] as const)(
    '[KT5] an abort of version 2 after %s bumps the epoch and begins and ends now',
    (state) => {
      const bench = new CoordinatorBench()
      bench.put(transaction('known', state, { clientTransactionVersion: 2 }))
      bench.nowMillis = 77
      expect(bench.end(10, 1, ABORT, 5)).toEqual({ errorCode: 'NONE', producerId: 10, producerEpoch: 2 })
      expect(bench.states()).toEqual(['PrepareAbort', 'CompleteAbort'])
      expect(bench.written[0]?.value).toMatchObject({ producerEpoch: 2, transactionStartTimestampMs: 77 })
    },
  )

  it('[KT4] older clients hear INVALID_PRODUCER_EPOCH instead of PRODUCER_FENCED', () => {
    const bench = new CoordinatorBench()
    bench.put(transaction('known', 'Ongoing'))
    expect(bench.end(10, 0, COMMIT, 1)?.errorCode).toBe('INVALID_PRODUCER_EPOCH')
    expect(bench.end(10, 0, COMMIT, 2)?.errorCode).toBe('PRODUCER_FENCED')
  })
})

describe('exhausted epochs', () => {
  const exhausted = (bench: CoordinatorBench) =>
    bench.put(
      transaction('known', 'Ongoing', {
        producerEpoch: EXHAUSTED,
        topicPartitions: new Set(['a-0']),
        clientTransactionVersion: 2,
      }),
    )

  it('[KT5] give the next producer id, which the retry hears too', () => {
    const bench = new CoordinatorBench()
    const metadata = exhausted(bench)
    bench.nextProducerId = 11
    const next = { errorCode: 'NONE', producerId: 11, producerEpoch: 0 }
    expect(bench.end(10, EXHAUSTED, COMMIT, 5)).toEqual(next)
    expect(metadata).toMatchObject({ producerId: 10, producerEpoch: MAX_PRODUCER_EPOCH })
    expect(bench.end(10, EXHAUSTED, COMMIT, 5)?.errorCode).toBe('CONCURRENT_TRANSACTIONS')
    expect(bench.add(11, 0, ['a-0'])).toBe('CONCURRENT_TRANSACTIONS')
    bench.answerMarkers('NONE')
    expect(metadata).toMatchObject({ producerId: 11, producerEpoch: 0, state: 'CompleteCommit' })
    expect(bench.end(10, EXHAUSTED, COMMIT, 5)).toEqual(next)
    expect(bench.batch(11, 0, ['a-0'], false)).toEqual({ 'a-0': 'NONE' })
  })

  it('[KT5] wait for a producer id', () => {
    const bench = new CoordinatorBench()
    const metadata = exhausted(bench)
    bench.nextProducerId = 'COORDINATOR_LOAD_IN_PROGRESS'
    expect(bench.end(10, EXHAUSTED, COMMIT, 5)?.errorCode).toBe('COORDINATOR_LOAD_IN_PROGRESS')
    expect(metadata).toMatchObject({ state: 'Ongoing', pendingState: undefined })
  })

  it.each([
    ['the time is up', (bench: CoordinatorBench) => bench.advance(10_000)],
    ['another producer comes', (bench: CoordinatorBench) => void bench.init('known')],
  ])(
    '[KT5] give it also when %s, and the late abort of the producer is taken for a retry',
    (_what, fence) => {
      const bench = new CoordinatorBench({ 'transaction.version': 2 })
      const metadata = exhausted(bench)
      bench.nextProducerId = 11
      fence(bench)
      expect(bench.written[0]?.value).toMatchObject({
        transactionStatus: 'PrepareAbort',
        producerId: 10,
        producerEpoch: MAX_PRODUCER_EPOCH,
        nextProducerId: 11,
      })
      bench.answerMarkers('NONE')
      expect(metadata).toMatchObject({ state: 'CompleteAbort', producerId: 11, producerEpoch: 0 })
      expect(bench.end(10, EXHAUSTED, ABORT, 5)).toEqual({
        errorCode: 'NONE',
        producerId: 11,
        producerEpoch: 0,
      })
      expect(bench.init('known', { producerId: 10, producerEpoch: EXHAUSTED })).toEqual({
        errorCode: 'NONE',
        producerId: 11,
        producerEpoch: 0,
      })
      expect(bench.nextProducerId).toBe(12)
    },
  )
})

describe('a delayed EndTxn', () => {
  const lateCommit = (apiVersion: 4 | 5): string => {
    const bench = new CoordinatorBench({ 'transaction.version': apiVersion === 5 ? 2 : 1 })
    const { producerId = -1, producerEpoch = -1 } = bench.init('known') ?? {}
    bench.batch(producerId, producerEpoch, ['a-0'], false)
    // Sent twice: the first one is still on its way when the second one has been answered.
    const next = bench.end(producerId, producerEpoch, COMMIT, apiVersion)
    bench.answerMarkers('NONE')
    const epoch = apiVersion === 5 ? (next?.producerEpoch ?? -1) : producerEpoch
    bench.batch(producerId, epoch, ['a-0'], false)
    const { errorCode } = bench.end(producerId, producerEpoch, COMMIT, apiVersion) ?? {}
    return `${errorCode}, ${bench.owned().metadata.state}`
  }

  it('[KT19] commits half of the next transaction below version 2 (KAFKA-17754), but not in version 2', () => {
    expect(lateCommit(4)).toBe('NONE, PrepareCommit')
    expect(lateCommit(5)).toBe('PRODUCER_FENCED, Ongoing')
  })
})
