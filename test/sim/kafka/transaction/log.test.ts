import { describe, expect, it } from 'vitest'
import { coordinatorError, replay, toLogValue } from '../../../../sim/kafka/transaction/log.ts'
import type { TransactionMetadata, TxnTransitMetadata } from '../../../../sim/kafka/transaction/metadata.ts'
import { transaction } from '../../../fixtures/transactions.ts'

const transitOf = ({ state, ...fields }: TransactionMetadata): TxnTransitMetadata => ({
  ...fields,
  txnState: state,
})

describe('a record of __transaction_state', () => {
  const metadata = transaction('one', 'Ongoing', {
    producerId: 7,
    prevProducerId: 6,
    nextProducerId: 8,
    producerEpoch: 3,
    lastProducerEpoch: 2,
    topicPartitions: new Set(['a-0', 'b-1', 'a-2']),
    txnStartTimestamp: 11,
    txnLastUpdateTimestamp: 12,
    clientTransactionVersion: 2,
  })

  it('[KT11] gives back the state but for the last epoch', () => {
    const value = toLogValue(transitOf(metadata), 2)
    expect(value).toMatchObject({ transactionStatus: 'Ongoing', clientTransactionVersion: 2 })
    const { lastProducerEpoch, ...rest } = { ...metadata }
    expect(replay([{ transactionalId: 'one', value }]).get('one')).toMatchObject({
      ...rest,
      topicPartitions: new Set(['a-0', 'a-2', 'b-1']),
      lastProducerEpoch: -1,
    })
    expect(lastProducerEpoch).toBe(2)
  })

  it('[KT11] of transaction version 0 has no room for other producer ids and for the version', () => {
    expect(toLogValue(transitOf(metadata), 0)).toMatchObject({
      producerId: 7,
      previousProducerId: -1,
      nextProducerId: -1,
      clientTransactionVersion: 0,
    })
    expect(toLogValue(transitOf(metadata), 1)).toMatchObject({ previousProducerId: 6, nextProducerId: 8 })
  })

  it('[KT11] does not change when the transaction does', () => {
    const prepared = transaction('one', 'PrepareCommit', { topicPartitions: new Set(['a-0']) })
    const value = toLogValue(transitOf(prepared), 2)
    prepared.removePartition('a-0')
    expect(value.transactionPartitions).toEqual([{ name: 'a', partitions: [0] }])
  })

  it('[KT11] has no partitions while Empty; the latest one of an id counts, none after a tombstone', () => {
    const empty = transaction('one', 'Empty', { producerEpoch: 4 })
    const entry = (one: TransactionMetadata) => ({
      transactionalId: one.transactionalId,
      value: toLogValue(transitOf(one), 2),
    })
    expect(entry(empty).value.transactionPartitions).toBeNull()
    const gone = { transactionalId: 'two', value: null }
    const states = replay([entry(metadata), entry(transaction('two', 'Empty')), entry(empty), gone])
    expect([...states].map(([id, { state, producerEpoch }]) => [id, state, producerEpoch])).toEqual([
      ['one', 'Empty', 4],
    ])
  })
})

describe('an append that fails', () => {
  it.each([
    ['NONE', 'NONE'],
    ['UNKNOWN_TOPIC_OR_PARTITION', 'COORDINATOR_NOT_AVAILABLE'],
    ['NOT_ENOUGH_REPLICAS', 'COORDINATOR_NOT_AVAILABLE'],
    ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'COORDINATOR_NOT_AVAILABLE'],
    ['REQUEST_TIMED_OUT', 'COORDINATOR_NOT_AVAILABLE'],
    ['NOT_LEADER_OR_FOLLOWER', 'NOT_COORDINATOR'],
    ['KAFKA_STORAGE_ERROR', 'NOT_COORDINATOR'],
    ['MESSAGE_TOO_LARGE', 'UNKNOWN_SERVER_ERROR'],
    ['RECORD_LIST_TOO_LARGE', 'UNKNOWN_SERVER_ERROR'],
    ['INVALID_PRODUCER_EPOCH', 'INVALID_PRODUCER_EPOCH'],
  ] as const)('[KT1] with %s is told to clients as %s', (append, told) => {
    expect(coordinatorError(append)).toBe(told)
  })
})
