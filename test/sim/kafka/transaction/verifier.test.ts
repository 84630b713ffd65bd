import { describe, expect, it } from 'vitest'
import { coordinatorPartition } from '../../../../sim/kafka/coordinator/coordinator-partition.ts'
import type { ErrorCode } from '../../../../sim/kafka/error-code.ts'
import { TRANSACTION_DEFAULTS } from '../../../../sim/kafka/transaction/config.ts'
import type {
  AddPartitionsToTxnBatchRequest,
  AddPartitionsToTxnBatchResponse,
} from '../../../../sim/kafka/transaction/message.ts'
import {
  produceSupport,
  TransactionVerifier,
  txnOffsetCommitSupport,
  type Verification,
} from '../../../../sim/kafka/transaction/verifier.ts'

// Facts of AddPartitionsToTxnManagerTest of Kafka 4.x.

type Sent = [
  number,
  AddPartitionsToTxnBatchRequest,
  (response: AddPartitionsToTxnBatchResponse | undefined) => void,
]

class Bench {
  readonly sent: Sent[] = []
  readonly heard: Record<string, ErrorCode>[] = []
  readonly verifier: TransactionVerifier
  coordinator: number | undefined = 7
  nowMillis = 0

  constructor(config: Partial<typeof TRANSACTION_DEFAULTS> = {}) {
    this.verifier = new TransactionVerifier(
      { ...TRANSACTION_DEFAULTS, ...config },
      {
        coordinatorOf: (partition) =>
          partition === coordinatorPartition('foobar', 50) ? this.coordinator : 8,
        addPartitionsToTxn: (brokerId, request, respond) =>
          this.sent.push([brokerId, request, (response) => respond(response, this.nowMillis)]),
      },
    )
  }

  ask(changed: Partial<Verification> = {}, forProduce = false): void {
    const verification: Verification = {
      transactionalId: 'foobar',
      producerId: 1,
      producerEpoch: 5,
      partitions: ['a-0', 'a-1'],
      support: 'generic',
      ...changed,
    }
    const done = (errors: ReadonlyMap<string, ErrorCode>) => this.heard.push(Object.fromEntries(errors))
    if (forProduce) this.verifier.verifyForProduce(verification, this.nowMillis, done)
    else this.verifier.verify(verification, this.nowMillis, done)
  }

  /** Answers the oldest request, the same error for all partitions; undefined breaks the connection. */
  answer(error: ErrorCode | undefined): void {
    const [, request, respond] = this.sent.shift() ?? expect.unreachable()
    const resultsByTransaction = request.transactions.map(({ transactionalId, topics }) => ({
      transactionalId,
      topicResults: topics.map(({ name, partitions }) => ({
        name,
        resultsByPartition: partitions.map((partitionIndex) => ({
          partitionIndex,
          partitionErrorCode: error as ErrorCode,
        })),
      })),
    }))
    respond(error && { errorCode: 'NONE', resultsByTransaction })
  }
}

describe('the version of a request', () => {
  it.each([
    [10, 'default'],
    [11, 'generic'],
    [12, 'add-partition'],
  ] as const)('[KS7] Produce %i: %s', (version, support) => expect(produceSupport(version)).toBe(support))

  it.each([
    [3, 'default'],
    [4, 'generic'],
    [5, 'add-partition'],
  ] as const)('[KS7] TxnOffsetCommit %i: %s', (version, support) =>
    expect(txnOffsetCommitSupport(version)).toBe(support),
  )

  it('[KT19] verification can be switched off, but not for version 2', () => {
    const needed = (enabled: boolean) => {
      const { verifier } = new Bench({ 'transaction.partition.verification.enable': enabled })
      return [verifier.isNeeded('default'), verifier.isNeeded('generic'), verifier.isNeeded('add-partition')]
    }
    expect(needed(true)).toEqual([true, true, true])
    expect(needed(false)).toEqual([false, false, true])
  })
})

describe('a verification', () => {
  it('[KS7] asks the coordinator, or adds in version 2', () => {
    const bench = new Bench()
    bench.ask()
    expect(bench.sent[0]?.slice(0, 2)).toEqual([
      7,
      {
        transactions: [
          {
            transactionalId: 'foobar',
            producerId: 1,
            producerEpoch: 5,
            verifyOnly: true,
            topics: [{ name: 'a', partitions: [0, 1] }],
          },
        ],
      },
    ])
    bench.answer('NONE')
    bench.ask({ support: 'add-partition' })
    expect(bench.sent[0]?.[1].transactions[0]?.verifyOnly).toBe(false)
    expect(bench.heard).toEqual([{}])
  })

  it('[KS7] fails when there is no coordinator', () => {
    const bench = new Bench()
    bench.coordinator = undefined
    bench.ask()
    expect(bench.heard).toEqual([{ 'a-0': 'COORDINATOR_NOT_AVAILABLE', 'a-1': 'COORDINATOR_NOT_AVAILABLE' }])
  })

  it.each([
    ['PRODUCER_FENCED', 'generic', 'INVALID_PRODUCER_EPOCH'],
    ['TRANSACTION_ABORTABLE', 'generic', 'TRANSACTION_ABORTABLE'],
    ['TRANSACTION_ABORTABLE', 'default', 'INVALID_TXN_STATE'],
    ['INVALID_PRODUCER_ID_MAPPING', 'default', 'INVALID_PRODUCER_ID_MAPPING'],
    ['CONCURRENT_TRANSACTIONS', 'generic', 'CONCURRENT_TRANSACTIONS'],
    [undefined, 'generic', 'NETWORK_EXCEPTION'],
  ] as const)('[KS7] answered with %s, client %s, fails with %s', (answer, support, error) => {
    const bench = new Bench()
    bench.ask({ support })
    bench.answer(answer)
    expect(bench.heard).toEqual([{ 'a-0': error, 'a-1': error }])
  })

  it('[KS7] fails as a whole when the request does', () => {
    const bench = new Bench()
    bench.ask({ partitions: ['a-0'] })
    bench.sent[0]?.[2]({ errorCode: 'UNKNOWN_SERVER_ERROR', resultsByTransaction: [] })
    expect(bench.heard).toEqual([{ 'a-0': 'UNKNOWN_SERVER_ERROR' }])
  })

  it('[KS7] waits while the coordinator has not answered, one for each transactional id', () => {
    const bench = new Bench()
    const partitions = ['a-0']
    bench.ask({ partitions })
    bench.ask({ partitions, producerEpoch: 5 })
    bench.ask({ partitions, producerEpoch: 5 })
    expect(bench.heard).toEqual([{ 'a-0': 'NETWORK_EXCEPTION' }])
    bench.ask({ partitions, producerEpoch: 6 })
    bench.ask({ partitions, producerEpoch: 4 })
    expect(bench.heard.slice(1)).toEqual([
      { 'a-0': 'INVALID_PRODUCER_EPOCH' },
      { 'a-0': 'INVALID_PRODUCER_EPOCH' },
    ])
    bench.ask({ transactionalId: 'other' })
    expect(bench.sent.map(([brokerId]) => brokerId)).toEqual([7, 8])
    bench.answer('NONE')
    expect(bench.sent[1]?.[1].transactions.map(({ producerEpoch }) => producerEpoch)).toEqual([6])
  })
})

describe('a verification for Produce', () => {
  it.each([
    ['NOT_COORDINATOR', 'generic', 'NOT_ENOUGH_REPLICAS'],
    ['COORDINATOR_LOAD_IN_PROGRESS', 'add-partition', 'NOT_ENOUGH_REPLICAS'],
    ['COORDINATOR_NOT_AVAILABLE', 'default', 'NOT_ENOUGH_REPLICAS'],
    [undefined, 'generic', 'NOT_ENOUGH_REPLICAS'],
    ['CONCURRENT_TRANSACTIONS', 'generic', 'NOT_ENOUGH_REPLICAS'],
    ['INVALID_PRODUCER_ID_MAPPING', 'generic', 'INVALID_PRODUCER_ID_MAPPING'],
  ] as const)('[KS7] answered with %s, client %s, is heard as %s', (answer, support, error) => {
    const bench = new Bench()
    bench.ask({ support, partitions: ['a-0'] }, true)
    bench.answer(answer)
    expect(bench.heard).toEqual([{ 'a-0': error }])
  })

  it('[KS7] is tried again for 100 ms in version 2 while the transaction before completes', () => {
    const bench = new Bench()
    bench.ask({ support: 'add-partition', partitions: ['a-0'] }, true)
    for (const nowMillis of [10, 40, 70]) {
      bench.nowMillis = nowMillis
      bench.answer('CONCURRENT_TRANSACTIONS')
      expect(bench.verifier.nextDeadlineMillis()).toBe(nowMillis + 20)
      bench.verifier.advance(nowMillis + 19)
      expect(bench.sent).toEqual([])
      bench.verifier.advance(nowMillis + 20)
    }
    bench.nowMillis = 100
    bench.answer('CONCURRENT_TRANSACTIONS')
    expect(bench.heard).toEqual([{ 'a-0': 'CONCURRENT_TRANSACTIONS' }])
    expect(bench.verifier.nextDeadlineMillis()).toBe(Number.POSITIVE_INFINITY)
  })
})
