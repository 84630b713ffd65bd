import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../../../sim/kafka/error-code.ts'
import { MAX_PRODUCER_EPOCH } from '../../../../sim/kafka/transaction/metadata.ts'
import { CoordinatorBench, transaction } from '../../../fixtures/transactions.ts'

// Facts of TransactionCoordinatorTest of Kafka 4.3. A known transaction has producer id 10.

const EXHAUSTED = MAX_PRODUCER_EPOCH - 1
const given = (producerId: number, producerEpoch: number) => ({
  errorCode: 'NONE',
  producerId,
  producerEpoch,
})
const refused = (errorCode: ErrorCode) => ({ errorCode, producerId: -1, producerEpoch: -1 })

describe('InitProducerId', () => {
  it('[KT2] without a transactional id gives a new producer id each time', () => {
    const bench = new CoordinatorBench()
    bench.nextProducerId = 0
    expect([bench.init(null), bench.init(null)]).toEqual([given(0, 0), given(1, 0)])
    bench.nextProducerId = 'COORDINATOR_LOAD_IN_PROGRESS'
    expect(bench.init(null)).toEqual(refused('COORDINATOR_LOAD_IN_PROGRESS'))
    expect(bench.written).toEqual([])
  })

  it('[KT2] of a new transactional id gives epoch 0, also to who claims to have had one', () => {
    const bench = new CoordinatorBench()
    expect(bench.init('one')).toEqual(given(100, 0))
    expect(bench.init('two', { producerId: 10, producerEpoch: 1 })).toEqual(given(101, 0))
    bench.nextProducerId = 'COORDINATOR_LOAD_IN_PROGRESS'
    expect(bench.init('three')).toEqual(refused('COORDINATOR_LOAD_IN_PROGRESS'))
  })

  it.each([
    ['an empty transactional id', '', undefined, 1_000, 'INVALID_REQUEST'],
    ['half of a producer', 'known', { producerId: 10, producerEpoch: -1 }, 1_000, 'INVALID_REQUEST'],
    ['the other half', 'known', { producerId: -1, producerEpoch: 1 }, 1_000, 'INVALID_REQUEST'],
    ['no time-out', 'known', undefined, 0, 'INVALID_TRANSACTION_TIMEOUT'],
    ['a negative time-out', 'known', undefined, -1, 'INVALID_TRANSACTION_TIMEOUT'],
    ['too long a time-out', 'known', undefined, 900_001, 'INVALID_TRANSACTION_TIMEOUT'],
    ['the longest time-out', 'known', undefined, 900_000, 'NONE'],
  ] as const)('[KT2] with %s', (_what, transactionalId, had, timeout, error) => {
    expect(new CoordinatorBench().init(transactionalId, had, timeout)?.errorCode).toBe(error)
  })

  it.each(['Empty', 'CompleteAbort', 'CompleteCommit'] as const)(
    '[KT2] after %s gives the next epoch and takes over the time-out',
    (state) => {
      const bench = new CoordinatorBench()
      const metadata = bench.put(transaction('known', state))
      bench.nowMillis = 5
      expect(bench.init('known', undefined, 10)).toEqual(given(10, 2))
      expect(metadata).toMatchObject({ txnTimeoutMs: 10, txnLastUpdateTimestamp: 5, producerEpoch: 2 })
      expect(bench.states()).toEqual(['Empty'])
    },
  )

  it.each(['PrepareCommit', 'PrepareAbort'] as const)('[KT2] waits for the end of %s', (state) => {
    const bench = new CoordinatorBench()
    bench.put(transaction('known', state))
    expect(bench.init('known')).toEqual(refused('CONCURRENT_TRANSACTIONS'))
  })

  it('[KT2] waits for a transition that is being written', () => {
    const bench = new CoordinatorBench()
    bench.put(transaction('known', 'Ongoing')).prepareAbortOrCommit('PrepareCommit', 0, -1, 0, false)
    expect(bench.init('known', { producerId: 10, producerEpoch: 10 })).toEqual(
      refused('CONCURRENT_TRANSACTIONS'),
    )
  })

  it('[KT2] tells older clients INVALID_PRODUCER_EPOCH instead of PRODUCER_FENCED', () => {
    const bench = new CoordinatorBench()
    bench.put(transaction('known', 'Empty'))
    const other = { producerId: 9, producerEpoch: 1 }
    expect(bench.init('known', other, 1_000, 3)).toEqual(refused('INVALID_PRODUCER_EPOCH'))
    expect(bench.init('known', other, 1_000, 4)).toEqual(refused('PRODUCER_FENCED'))
  })
})

describe('KIP-360: a producer that had an epoch', () => {
  it('[KT2] goes on with the next one, and a retry hears the same', () => {
    const bench = new CoordinatorBench()
    bench.put(transaction('known', 'Empty', { producerEpoch: 10, lastProducerEpoch: 9 }))
    const had = { producerId: 10, producerEpoch: 10 }
    expect([bench.init('known', had), bench.init('known', had)]).toEqual([given(10, 11), given(10, 11)])
  })

  it('[KT2] is fenced once a new producer has come', () => {
    const bench = new CoordinatorBench()
    bench.put(transaction('known', 'Empty', { producerEpoch: 10, lastProducerEpoch: 9 }))
    expect(bench.init('known')).toEqual(given(10, 11))
    expect(bench.init('known', { producerId: 10, producerEpoch: 10 })).toEqual(refused('PRODUCER_FENCED'))
  })

  it('[KT2] is fenced if the last epoch is not known, or the producer id is another', () => {
    const bench = new CoordinatorBench()
    bench.put(transaction('known', 'Empty', { producerEpoch: 2 }))
    expect(bench.init('known', { producerId: 10, producerEpoch: 1 })).toEqual(refused('PRODUCER_FENCED'))
    expect(bench.init('known', { producerId: 9, producerEpoch: 2 })).toEqual(refused('PRODUCER_FENCED'))
  })

  it('[KT11] is fenced in a retry that comes after a failover, which forgets the last epoch', () => {
    const bench = new CoordinatorBench()
    bench.init('known')
    const had = { producerId: 100, producerEpoch: 0 }
    expect(bench.init('known', had)).toEqual(given(100, 1))
    bench.coordinator.onElection(0, 1)
    bench.coordinator.onLoaded(0, 1, bench.written, 0)
    expect(bench.init('known', had)).toEqual(refused('PRODUCER_FENCED'))
  })

  it('[KT2] gets a new producer id when the epochs are exhausted, also in a retry', () => {
    const bench = new CoordinatorBench()
    bench.put(transaction('known', 'Empty', { producerEpoch: EXHAUSTED }))
    const had = { producerId: 10, producerEpoch: EXHAUSTED }
    expect([bench.init('known', had), bench.init('known', had)]).toEqual([given(100, 0), given(100, 0)])
    expect(bench.init('known', { producerId: 10, producerEpoch: EXHAUSTED - 1 })).toEqual(
      refused('PRODUCER_FENCED'),
    )
  })

  it('[KT2] a new one too, when there is one to give', () => {
    const bench = new CoordinatorBench()
    const metadata = bench.put(transaction('known', 'Empty', { producerEpoch: EXHAUSTED }))
    bench.nextProducerId = 'COORDINATOR_LOAD_IN_PROGRESS'
    expect(bench.init('known')).toEqual(refused('COORDINATOR_LOAD_IN_PROGRESS'))
    expect(metadata.pendingState).toBeUndefined()
    bench.nextProducerId = 11
    expect(bench.init('known')).toEqual(given(11, 0))
  })

  it('[KT2] with an epoch that is not the current one gets nothing from exhausted epochs', () => {
    const bench = new CoordinatorBench()
    bench.put(transaction('known', 'Empty', { producerEpoch: MAX_PRODUCER_EPOCH }))
    const had = { producerId: 10, producerEpoch: EXHAUSTED }
    expect(bench.init('known', had)).toEqual(refused('UNKNOWN_SERVER_ERROR'))
  })
})

describe.each([1, 2] as const)('a new producer while a transaction is ongoing, version %i', (version) => {
  const fenced = (): CoordinatorBench => {
    const bench = new CoordinatorBench({ 'transaction.version': version })
    bench.put(transaction('known', 'Ongoing', { topicPartitions: new Set(['a-0']) }))
    return bench
  }

  it('[KT2] has it aborted with an epoch that nobody gets, and gets the one after', () => {
    const bench = fenced()
    expect(bench.init('known')).toEqual(refused('CONCURRENT_TRANSACTIONS'))
    expect(bench.states()).toEqual(['PrepareAbort'])
    expect(bench.sent[0]?.request.markers[0]).toMatchObject({ producerEpoch: 2, transactionResult: false })
    expect(bench.init('known')).toEqual(refused('CONCURRENT_TRANSACTIONS'))
    bench.answerMarkers('NONE')
    expect(bench.init('known')).toEqual(given(10, 3))
    expect(bench.add(10, 1, ['a-0'])).toBe('PRODUCER_FENCED')
    expect(bench.end(10, 1, true, version === 2 ? 5 : 4)?.errorCode).toBe('PRODUCER_FENCED')
  })

  it('[KT2] tries again after the abort could not be written, and the epoch is bumped once', () => {
    const bench = fenced()
    const { metadata } = bench.owned()
    for (let attempt = 0; attempt < 2; attempt++) {
      bench.appendsEndWith = 'NOT_ENOUGH_REPLICAS'
      expect(bench.init('known')).toEqual(refused('COORDINATOR_NOT_AVAILABLE'))
      expect(metadata).toMatchObject({
        state: 'Ongoing',
        pendingState: undefined,
        producerEpoch: version === 2 ? 1 : 2,
        hasFailedEpochFence: version === 1,
      })
    }
    bench.appendsEndWith = 'NONE'
    expect(bench.init('known')).toEqual(refused('CONCURRENT_TRANSACTIONS'))
    bench.answerMarkers('NONE')
    expect(metadata).toMatchObject({ state: 'CompleteAbort', producerEpoch: 2, hasFailedEpochFence: false })
    expect(bench.init('known')).toEqual(given(10, 3))
  })

  it('[KT2] uses the last epoch to fence when they are exhausted, and then gets another producer id', () => {
    const bench = new CoordinatorBench({ 'transaction.version': version })
    bench.put(
      transaction('known', 'Ongoing', { producerEpoch: EXHAUSTED, topicPartitions: new Set(['a-0']) }),
    )
    expect(bench.init('known')).toEqual(refused('CONCURRENT_TRANSACTIONS'))
    expect(bench.written[0]?.value).toMatchObject({ producerId: 10, producerEpoch: MAX_PRODUCER_EPOCH })
    bench.answerMarkers('NONE')
    expect(bench.init('known')).toEqual(version === 2 ? given(100, 1) : given(100, 0))
  })
})
