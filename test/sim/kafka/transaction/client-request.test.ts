import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../../../sim/kafka/error-code.ts'
import { ProducerError, type ProducerErrorCode } from '../../../../sim/kafka/transaction/client-error.ts'
import { ProducerBench } from '../../../fixtures/transactional-producer.ts'

// Facts of TransactionManagerTest of Kafka 4.3.

const TP0 = 'test-0'
const TP1 = 'test-1'
const PID = 13_131
const group = { groupId: 'group', generationId: 5, memberId: 'member', groupInstanceId: 'instance' }
const offsets = new Map([[TP1, { committedOffset: 39, committedLeaderEpoch: -1, committedMetadata: '' }]])

type Api =
  | 'FindCoordinator'
  | 'InitProducerId'
  | 'AddPartitionsToTxn'
  | 'AddOffsetsToTxn'
  | 'TxnOffsetCommit'
  | 'EndTxn'

/** A producer whose next answer is of an API, and carries an error. */
function answered(api: Api, error: ErrorCode, initProducerIdVersion = 5): ProducerBench {
  if (api === 'FindCoordinator' || api === 'InitProducerId') {
    const bench = new ProducerBench('foobar', 1, initProducerIdVersion)
    bench.manager.initializeTransactions()
    bench.prepareCoordinator('TRANSACTION', api === 'FindCoordinator' ? error : 'NONE')
    bench.prepareInit(error)
    return bench
  }
  const bench = ProducerBench.inTransaction(1, TP0, initProducerIdVersion)
  const { manager } = bench
  if (api === 'AddPartitionsToTxn') {
    manager.maybeAddPartition(TP1)
    bench.prepareAdd(error, TP1)
  } else if (api === 'EndTxn') {
    manager.beginCommit()
    bench.prepareEnd(error)
  } else {
    manager.sendOffsetsToTransaction(offsets, group)
    bench.prepare('AddOffsetsToTxn', { errorCode: api === 'AddOffsetsToTxn' ? error : 'NONE' })
    if (api === 'AddOffsetsToTxn') return bench
    bench.prepareCoordinator('GROUP')
    bench.prepareOffsets({ [TP1]: error })
  }
  return bench
}

describe('an error of a coordinator', () => {
  type Row = readonly [Api, ErrorCode, 'ABORTABLE_ERROR' | 'FATAL_ERROR', ProducerErrorCode]
  const rows: readonly Row[] = [
    ['FindCoordinator', 'TRANSACTION_ABORTABLE', 'ABORTABLE_ERROR', 'TRANSACTION_ABORTABLE'],
    ['FindCoordinator', 'INVALID_REQUEST', 'FATAL_ERROR', 'KAFKA_EXCEPTION'],
    ['InitProducerId', 'TRANSACTION_ABORTABLE', 'ABORTABLE_ERROR', 'TRANSACTION_ABORTABLE'],
    ['InitProducerId', 'PRODUCER_FENCED', 'FATAL_ERROR', 'PRODUCER_FENCED'],
    ['InitProducerId', 'INVALID_PRODUCER_EPOCH', 'FATAL_ERROR', 'PRODUCER_FENCED'],
    ['InitProducerId', 'INVALID_TRANSACTION_TIMEOUT', 'FATAL_ERROR', 'KAFKA_EXCEPTION'],
    ['InitProducerId', 'INVALID_TXN_STATE', 'FATAL_ERROR', 'KAFKA_EXCEPTION'],
    ['AddPartitionsToTxn', 'TRANSACTION_ABORTABLE', 'ABORTABLE_ERROR', 'TRANSACTION_ABORTABLE'],
    ['AddPartitionsToTxn', 'OPERATION_NOT_ATTEMPTED', 'ABORTABLE_ERROR', 'KAFKA_EXCEPTION'],
    ['AddPartitionsToTxn', 'UNKNOWN_PRODUCER_ID', 'ABORTABLE_ERROR', 'UNKNOWN_PRODUCER_ID'],
    ['AddPartitionsToTxn', 'PRODUCER_FENCED', 'FATAL_ERROR', 'PRODUCER_FENCED'],
    ['AddPartitionsToTxn', 'INVALID_PRODUCER_EPOCH', 'FATAL_ERROR', 'PRODUCER_FENCED'],
    ['AddPartitionsToTxn', 'INVALID_TXN_STATE', 'FATAL_ERROR', 'INVALID_TXN_STATE'],
    ['AddPartitionsToTxn', 'INVALID_PRODUCER_ID_MAPPING', 'FATAL_ERROR', 'INVALID_PRODUCER_ID_MAPPING'],
    ['AddOffsetsToTxn', 'TRANSACTION_ABORTABLE', 'ABORTABLE_ERROR', 'TRANSACTION_ABORTABLE'],
    ['AddOffsetsToTxn', 'UNKNOWN_PRODUCER_ID', 'ABORTABLE_ERROR', 'UNKNOWN_PRODUCER_ID'],
    ['AddOffsetsToTxn', 'PRODUCER_FENCED', 'FATAL_ERROR', 'PRODUCER_FENCED'],
    ['AddOffsetsToTxn', 'INVALID_PRODUCER_EPOCH', 'FATAL_ERROR', 'PRODUCER_FENCED'],
    ['AddOffsetsToTxn', 'INVALID_TXN_STATE', 'FATAL_ERROR', 'INVALID_TXN_STATE'],
    ['AddOffsetsToTxn', 'UNKNOWN_SERVER_ERROR', 'FATAL_ERROR', 'KAFKA_EXCEPTION'],
    ['TxnOffsetCommit', 'TRANSACTION_ABORTABLE', 'ABORTABLE_ERROR', 'TRANSACTION_ABORTABLE'],
    ['TxnOffsetCommit', 'FENCED_INSTANCE_ID', 'ABORTABLE_ERROR', 'FENCED_INSTANCE_ID'],
    ['TxnOffsetCommit', 'UNKNOWN_MEMBER_ID', 'ABORTABLE_ERROR', 'COMMIT_FAILED'],
    ['TxnOffsetCommit', 'ILLEGAL_GENERATION', 'ABORTABLE_ERROR', 'COMMIT_FAILED'],
    ['TxnOffsetCommit', 'PRODUCER_FENCED', 'FATAL_ERROR', 'PRODUCER_FENCED'],
    ['TxnOffsetCommit', 'INVALID_PRODUCER_EPOCH', 'FATAL_ERROR', 'PRODUCER_FENCED'],
    ['TxnOffsetCommit', 'UNKNOWN_SERVER_ERROR', 'FATAL_ERROR', 'KAFKA_EXCEPTION'],
    ['EndTxn', 'TRANSACTION_ABORTABLE', 'ABORTABLE_ERROR', 'TRANSACTION_ABORTABLE'],
    ['EndTxn', 'UNKNOWN_PRODUCER_ID', 'ABORTABLE_ERROR', 'UNKNOWN_PRODUCER_ID'],
    ['EndTxn', 'PRODUCER_FENCED', 'FATAL_ERROR', 'PRODUCER_FENCED'],
    ['EndTxn', 'INVALID_PRODUCER_EPOCH', 'FATAL_ERROR', 'PRODUCER_FENCED'],
    ['EndTxn', 'INVALID_TXN_STATE', 'FATAL_ERROR', 'INVALID_TXN_STATE'],
    ['EndTxn', 'INVALID_PRODUCER_ID_MAPPING', 'FATAL_ERROR', 'INVALID_PRODUCER_ID_MAPPING'],
    ['EndTxn', 'UNKNOWN_SERVER_ERROR', 'FATAL_ERROR', 'KAFKA_EXCEPTION'],
  ]
  it.each(rows)('[KT15] %s, %s: %s, told as %s', (api, error, state, code) => {
    const bench = answered(api, error)
    bench.runUntil(() => bench.manager.hasError)
    expect(bench.manager.state).toBe(state)
    expect(bench.manager.lastError?.code).toBe(code)
    const request = bench.requests.at(-1)
    expect([request?.api, request?.result.isCompleted, request?.result.error]).toEqual([
      api,
      true,
      bench.manager.lastError,
    ])
  })

  it.each(['AddPartitionsToTxn', 'AddOffsetsToTxn', 'EndTxn'] as const)(
    '[KT15] %s, UNKNOWN_PRODUCER_ID: fatal where no new epoch can be had',
    (api) => {
      const bench = answered(api, 'UNKNOWN_PRODUCER_ID', 1)
      bench.runUntil(() => bench.manager.hasError)
      expect(bench.manager.state).toBe('FATAL_ERROR')
    },
  )

  const retriable: readonly (readonly [Api, ErrorCode])[] = [
    ['FindCoordinator', 'COORDINATOR_NOT_AVAILABLE'],
    ['InitProducerId', 'CONCURRENT_TRANSACTIONS'],
    ['InitProducerId', 'COORDINATOR_LOAD_IN_PROGRESS'],
    ['AddPartitionsToTxn', 'UNKNOWN_TOPIC_OR_PARTITION'],
    ['AddPartitionsToTxn', 'CONCURRENT_TRANSACTIONS'],
    ['AddPartitionsToTxn', 'NOT_COORDINATOR'],
    ['AddOffsetsToTxn', 'COORDINATOR_LOAD_IN_PROGRESS'],
    ['AddOffsetsToTxn', 'NOT_COORDINATOR'],
    ['TxnOffsetCommit', 'UNKNOWN_TOPIC_OR_PARTITION'],
    ['TxnOffsetCommit', 'COORDINATOR_LOAD_IN_PROGRESS'],
    ['TxnOffsetCommit', 'NETWORK_EXCEPTION'],
    ['TxnOffsetCommit', 'NOT_COORDINATOR'],
    ['TxnOffsetCommit', 'REQUEST_TIMED_OUT'],
    ['EndTxn', 'CONCURRENT_TRANSACTIONS'],
    ['EndTxn', 'COORDINATOR_NOT_AVAILABLE'],
  ]
  it.each(retriable)('[KT15] %s, %s: sent again', (api, error) => {
    const bench = answered(api, error)
    bench.runUntil(
      () => bench.requests.filter((request) => request.api === api && request.isRetry).length > 0,
    )
    expect([bench.manager.hasError, bench.requests.at(-1)?.result.isCompleted]).toEqual([false, false])
  })

  it.each([
    ['InitProducerId', 'NOT_COORDINATOR', 'TRANSACTION'],
    ['AddPartitionsToTxn', 'NOT_COORDINATOR', 'TRANSACTION'],
    ['AddOffsetsToTxn', 'COORDINATOR_NOT_AVAILABLE', 'TRANSACTION'],
    ['TxnOffsetCommit', 'NOT_COORDINATOR', 'GROUP'],
    ['EndTxn', 'NOT_COORDINATOR', 'TRANSACTION'],
  ] as const)('[KT15] %s, %s: the coordinator is looked for before it is sent again', (api, error, type) => {
    const bench = answered(api, error)
    bench.runUntil(() => bench.requests.some((request) => request.api === api && request.isRetry))
    const sentBefore = bench.sent.length
    bench.prepareCoordinator(type)
    bench.runUntil(() => bench.sent.length === sentBefore + 2)
    expect(bench.sent.slice(-3)).toEqual([api, 'FindCoordinator', api])
  })

  it('[KT15] that asks to abort is fatal for an abort', () => {
    const bench = ProducerBench.inTransaction(1, TP0)
    const abort = bench.manager.beginAbort()
    bench.prepareEnd('TRANSACTION_ABORTABLE')
    bench.runUntil(() => abort.isCompleted)
    expect([bench.manager.state, bench.manager.lastError?.code]).toEqual(['FATAL_ERROR', 'KAFKA_EXCEPTION'])
    expect(bench.manager.lastError?.cause).toMatchObject({ code: 'TRANSACTION_ABORTABLE' })
  })

  it('[KT15] is fatal when the coordinator does not know the request', () => {
    const bench = answered('InitProducerId', 'NONE')
    bench.runUntil(() => bench.manager.hasInFlightRequest || bench.requests.length > 0)
    for (const request of bench.requests.slice(0, 1)) bench.manager.unsupported(request)
    expect([bench.manager.state, bench.manager.lastError?.code]).toEqual([
      'FATAL_ERROR',
      'UNSUPPORTED_VERSION',
    ])
  })

  it('[KT15] is fatal when an answer comes that nobody waits for', () => {
    const bench = ProducerBench.inTransaction(1, TP0)
    const [old] = bench.requests
    if (old !== undefined) bench.manager.answered(old, { errorCode: 'NONE', nodeId: 0 })
    expect(bench.manager.state).toBe('FATAL_ERROR')
  })
})

describe('what an error does to other requests', () => {
  it('[KT16] in an abortable error coordinators are looked for, and the rest fails', () => {
    const bench = ProducerBench.inTransaction(1, TP0)
    const { manager } = bench
    const result = manager.sendOffsetsToTransaction(offsets, group)
    bench.prepare('AddOffsetsToTxn', { errorCode: 'NONE' })
    bench.runUntil(() => bench.sent.at(-1) === 'FindCoordinator')
    manager.batchFailed(new ProducerError('KAFKA_EXCEPTION', 'a failure'))
    bench.prepareCoordinator('GROUP')
    bench.runUntil(() => result.isCompleted)
    expect([manager.state, manager.coordinator('GROUP')]).toEqual(['ABORTABLE_ERROR', 0])
    expect([result.error, bench.sent.at(-1)]).toEqual([manager.lastError, 'FindCoordinator'])
  })

  it('[KT16] a commit that waits fails, and an abort goes on', () => {
    const bench = ProducerBench.inTransaction(1, TP0)
    const { manager } = bench
    const batch = bench.append(TP0)
    bench.runUntil(() => batch.inFlight)
    const commit = manager.beginCommit()
    bench.prepareProduce('INVALID_RECORD')
    bench.runUntil(() => commit.isCompleted)
    expect([manager.state, commit.error?.code]).toEqual(['ABORTABLE_ERROR', 'INVALID_RECORD'])
    expect(() => commit.acknowledge()).toThrow('INVALID_RECORD')
    const abort = manager.beginAbort()
    bench.prepareEnd('NONE')
    bench.runUntil(() => abort.isSuccessful)
    expect(manager.state).toBe('READY')
  })

  it('[KT16] an error during an abort does not disturb it', () => {
    const bench = ProducerBench.inTransaction(1, TP0)
    const batch = bench.append(TP0)
    bench.runUntil(() => batch.inFlight)
    const abort = bench.manager.beginAbort()
    bench.prepareProduce('INVALID_RECORD')
    bench.prepareEnd('NONE')
    bench.runUntil(() => abort.isSuccessful)
    expect([batch.outcome, bench.manager.state]).toEqual(['failed', 'READY'])
  })
})

describe('after an abortable error', () => {
  it('[KT17] a producer of version 1 bumps its epoch when the transaction is aborted', () => {
    const bench = ProducerBench.inTransaction(1, TP0)
    for (const error of ['NONE', 'NONE', 'INVALID_RECORD'] as const) {
      const batch = bench.append(TP0)
      bench.prepareProduce(error, 0)
      bench.runUntil(() => batch.outcome !== undefined)
    }
    const abort = bench.manager.beginAbort()
    bench.prepareEnd('NONE')
    bench.prepareInit('NONE', PID, 2)
    bench.runUntil(() => abort.isSuccessful)
    expect(bench.sent.slice(-2)).toEqual(['EndTxn', 'InitProducerId'])
    expect(bench.manager.producer.epoch).toBe(2)
    expect(bench.manager.sequences.sequenceNumber(TP0)).toBe(0)
  })

  it('[KT17] a producer of version 1 whose coordinator cannot bump goes on in its epoch and sequence', () => {
    const bench = ProducerBench.inTransaction(1, TP0, 1)
    for (const error of ['NONE', 'NONE', 'INVALID_RECORD'] as const) {
      const batch = bench.append(TP0)
      bench.prepareProduce(error, 0)
      bench.runUntil(() => batch.outcome !== undefined)
    }
    const abort = bench.manager.beginAbort()
    bench.prepareEnd('NONE')
    bench.runUntil(() => abort.isSuccessful)
    expect(bench.manager.producer.epoch).toBe(1)
    expect(bench.manager.sequences.sequenceNumber(TP0)).toBe(2)
  })

  it('[KT17] a producer of version 2 leaves it to EndTxn', () => {
    const bench = ProducerBench.inTransaction(2, TP0)
    const batch = bench.append(TP0)
    bench.prepareProduce('INVALID_RECORD')
    bench.runUntil(() => batch.outcome === 'failed')
    const abort = bench.manager.beginAbort()
    bench.prepareEnd('NONE', PID, 2)
    bench.runUntil(() => abort.isSuccessful)
    expect([bench.sent.at(-1), bench.manager.producer.epoch]).toEqual(['EndTxn', 2])
  })

  it.each(['AddPartitionsToTxn', 'AddOffsetsToTxn'] as const)(
    '[KT17] of %s a new epoch follows the abort, with EndTxn only if something was added',
    (api) => {
      const bench = answered(api, 'UNKNOWN_PRODUCER_ID')
      bench.runUntil(() => bench.manager.state === 'ABORTABLE_ERROR')
      const abort = bench.manager.beginAbort()
      bench.prepareEnd('NONE')
      bench.prepareInit('NONE', PID, 2)
      bench.runUntil(() => abort.isSuccessful)
      expect([bench.manager.state, bench.manager.producer.epoch]).toEqual(['READY', 2])
    },
  )

  it('[KT17] of its very first request there is nothing to end but the epoch', () => {
    const bench = ProducerBench.initialized(1)
    bench.manager.beginTransaction()
    bench.manager.maybeAddPartition(TP0)
    bench.prepareAdd('UNKNOWN_PRODUCER_ID', TP0)
    bench.runUntil(() => bench.manager.state === 'ABORTABLE_ERROR')
    const abort = bench.manager.beginAbort()
    bench.prepareInit('NONE', PID, 2)
    bench.runUntil(() => abort.isSuccessful)
    expect(bench.sent.slice(-2)).toEqual(['AddPartitionsToTxn', 'InitProducerId'])
    expect([bench.manager.state, bench.manager.producer.epoch]).toEqual(['READY', 2])
  })
})
