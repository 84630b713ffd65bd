import { describe, expect, it } from 'vitest'
import {
  canRetry,
  failBatch,
  mustWait,
  requeue,
  resolveSequences,
  settleBatch,
} from '../../../../sim/kafka/transaction/batch-recovery.ts'
import { ProducerError } from '../../../../sim/kafka/transaction/client-error.ts'
import type { SequencedBatch } from '../../../../sim/kafka/transaction/sequence.ts'
import { ProducerBench } from '../../../fixtures/transactional-producer.ts'

// Facts of TransactionManagerTest of Kafka 4.3.

const TP0 = 'test-0'
const TP1 = 'test-1'
const MAX_EPOCH = 32_767
const timeout = new ProducerError('REQUEST_TIMED_OUT', 'delivery.timeout.ms passed')
const sequencesOf = (batches: readonly SequencedBatch[]) => batches.map(({ baseSequence }) => baseSequence)

describe('KIP-360: an idempotent producer', () => {
  it('[KT20] bumps its epoch and numbers from 0 what is in flight, when the broker forgot it', () => {
    const bench = ProducerBench.idempotent()
    const [b1, b2, ...rest] = [1, 2, 3, 4, 5].map(() => bench.write(TP0))
    if (b1 === undefined || b2 === undefined) throw new Error('unreachable')
    bench.settle(b1, 'NONE', 500)
    expect(bench.settle(b2, 'UNKNOWN_PRODUCER_ID', -1, 500)).toBe('retry')
    bench.runUntil(() => bench.manager.producer.epoch === 2)
    expect(sequencesOf([b2, ...rest])).toEqual([0, 1, 2, 3])
    expect([b2, ...rest].map(({ producerEpoch }) => producerEpoch)).toEqual([2, 2, 2, 2])
    expect(bench.sent).not.toContain('AddPartitionsToTxn')
  })

  it('[KT20] gets a new producer id when the epochs are exhausted, other partitions go on with the old one', () => {
    const bench = ProducerBench.idempotent(MAX_EPOCH)
    const { manager } = bench
    const b1 = bench.write(TP0)
    bench.write(TP1)
    const b2 = bench.write(TP0)
    manager.requestEpochBump(TP1)
    manager.bumpEpochAndResetIdIfNeeded()
    expect([manager.state, manager.hasProducerId]).toEqual(['INITIALIZING', false])
    bench.prepareInit('NONE', 13_132, 0)
    bench.runUntil(() => manager.hasProducerId)
    bench.settle(b1, 'NONE', 500)
    expect(manager.sequences.sequenceNumber(TP0)).toBe(2)
    expect(manager.sequences.lastAckedSequence(TP0)).toBe(0)
    expect(manager.sequences.nextBatchBySequence(TP0)).toBe(b2)
    expect(b2.producerEpoch).toBe(MAX_EPOCH)
    bench.settle(b2, 'NONE', 501)
    manager.maybeUpdateProducer(TP0)
    expect([manager.sequences.sequenceNumber(TP0), manager.sequences.lastAckedSequence(TP0)]).toEqual([0, -1])
    expect(manager.sequences.nextBatchBySequence(TP0)).toBeUndefined()
  })

  it('[KT20] resets only the partition that asked', () => {
    const bench = ProducerBench.idempotent(MAX_EPOCH, 15)
    const { manager } = bench
    bench.write(TP0, 3).outcome = 'written'
    bench.write(TP1, 3)
    for (const batch of bench.batches) bench.settle(batch, 'NONE', 0)
    manager.requestEpochBump(TP0)
    manager.bumpEpochAndResetIdIfNeeded()
    expect([manager.sequences.sequenceNumber(TP0), manager.sequences.sequenceNumber(TP1)]).toEqual([0, 3])
  })

  it('[KT20] lets a healthy partition finish in the old epoch before it begins the new one', () => {
    const bench = ProducerBench.idempotent()
    const { manager } = bench
    const [a1, a2] = [bench.write(TP0), bench.write(TP0), bench.write(TP0)]
    const [b1, b2] = [bench.write(TP1), bench.write(TP1)]
    bench.settle(a1, 'NONE', 500)
    bench.settle(b1, 'NONE', 500)
    expect(bench.settle(a2, 'UNKNOWN_PRODUCER_ID', -1, 500)).toBe('retry')
    bench.queues.clear()
    bench.runUntil(() => manager.producer.epoch === 2)
    expect([a2.baseSequence, a2.sequenceHasBeenReset, a2.producerEpoch]).toEqual([0, true, 2])
    expect([b2.baseSequence, b2.sequenceHasBeenReset, b2.producerEpoch]).toEqual([1, false, 1])
    const b3 = bench.append(TP1)
    expect(mustWait(manager, b3, TP1)).toBe(true)
    expect(bench.settle(b2, 'NOT_LEADER_OR_FOLLOWER', -1, 600)).toBe('retry')
    expect(bench.queues.get(TP1)).toEqual([b2, b3])
    expect([mustWait(manager, b2, TP1), mustWait(manager, b3, TP1)]).toEqual([false, true])
    bench.queues.get(TP1)?.shift()
    bench.settle(b2, 'NONE', 501)
    bench.runUntil(() => b3.inFlight)
    expect([b3.baseSequence, b3.producerEpoch]).toEqual([0, 2])
  })

  it('[KT20] has its error when a batch is refused: a new epoch, and none after a fatal error', () => {
    const bench = ProducerBench.idempotent(5, 15)
    const { manager } = bench
    const refusal = new ProducerError('OUT_OF_ORDER_SEQUENCE_NUMBER', 'out of order')
    failBatch(manager, bench.write(TP0), refusal, false)
    manager.bumpEpochAndResetIdIfNeeded()
    expect(manager.producer).toEqual({ producerId: 15, epoch: 6 })
    manager.transitionToFatalError(timeout)
    failBatch(manager, bench.write(TP0), timeout, true)
    manager.bumpEpochAndResetIdIfNeeded()
    expect(manager.producer).toEqual({ producerId: 15, epoch: 6 })
  })
})

describe('whether a batch is sent again', () => {
  const unknown = (logStartOffset: number) =>
    ({ errorCode: 'UNKNOWN_PRODUCER_ID', baseOffset: -1, logStartOffset }) as const
  const outOfOrder = {
    errorCode: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
    baseOffset: -1,
    logStartOffset: -1,
  } as const

  it('[KT20] UNKNOWN_PRODUCER_ID, transactional: only if retention deleted what was acknowledged, or it is not known', () => {
    const bench = ProducerBench.inTransaction(1, TP0)
    const [b1, b2, b3] = [bench.write(TP0), bench.write(TP0), bench.write(TP0)]
    bench.settle(b1, 'NONE', 500)
    expect(canRetry(bench.manager, unknown(-1), b2)).toBe(true)
    expect(canRetry(bench.manager, unknown(500), b2)).toBe(false)
    expect(canRetry(bench.manager, unknown(501), b2)).toBe(true)
    expect(sequencesOf([b2, b3])).toEqual([0, 1])
    // Numbered anew: their answers are from before.
    expect(canRetry(bench.manager, unknown(500), b3)).toBe(true)
  })

  it('[KT20] UNKNOWN_PRODUCER_ID, idempotent: always', () => {
    const bench = ProducerBench.idempotent()
    const [b1, b2] = [bench.write(TP0), bench.write(TP0)]
    bench.settle(b1, 'NONE', 500)
    expect(canRetry(bench.manager, unknown(0), b2)).toBe(true)
    bench.manager.bumpEpochAndResetIdIfNeeded()
    expect([bench.manager.producer.epoch, b2.baseSequence]).toEqual([2, 0])
  })

  it.each([
    ['transactional', () => ProducerBench.inTransaction(1, TP0), false],
    ['idempotent', () => ProducerBench.idempotent(), true],
  ] as const)(
    '[KT20] out of order, %s: after a batch that is missing; at the front it depends',
    (_kind, make, front) => {
      const bench = make()
      const [b1, b2] = [bench.write(TP0), bench.write(TP0)]
      expect(canRetry(bench.manager, outOfOrder, b2)).toBe(true)
      bench.manager.bumpEpochAndResetIdIfNeeded()
      expect(bench.manager.producer.epoch).toBe(1)
      expect(canRetry(bench.manager, outOfOrder, b1)).toBe(front)
      bench.manager.bumpEpochAndResetIdIfNeeded()
      expect(bench.manager.producer.epoch).toBe(front ? 2 : 1)
    },
  )

  it('[KT20] out of order behind a batch that expired: an idempotent producer waits to see, and bumps if it is next', () => {
    const bench = ProducerBench.idempotent()
    const { manager } = bench
    const [b1, b2, b3] = [bench.write(TP0), bench.write(TP0), bench.write(TP0)]
    failBatch(manager, b1, timeout, false)
    manager.sequences.markUnresolved(b1)
    expect(canRetry(manager, outOfOrder, b3)).toBe(true)
    manager.bumpEpochAndResetIdIfNeeded()
    expect(manager.producer.epoch).toBe(1)
    expect(canRetry(manager, outOfOrder, b2)).toBe(true)
    manager.bumpEpochAndResetIdIfNeeded()
    expect(manager.producer.epoch).toBe(2)
  })

  it.each([
    ['NOT_LEADER_OR_FOLLOWER', true],
    ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', true],
    ['CONCURRENT_TRANSACTIONS', true],
    ['INVALID_PRODUCER_EPOCH', false],
    ['TRANSACTION_ABORTABLE', false],
    ['MESSAGE_TOO_LARGE', false],
  ] as const)('[KT15] %s: %s', (errorCode, again) => {
    const bench = ProducerBench.inTransaction(1, TP0)
    expect(canRetry(bench.manager, { ...outOfOrder, errorCode }, bench.write(TP0))).toBe(again)
  })

  it('[KT15] not when its retries or its time are used up: then the transaction has to be aborted', () => {
    for (const mayRetry of [
      { attempts: false, time: true },
      { attempts: true, time: false },
    ]) {
      const bench = ProducerBench.inTransaction(2, TP0)
      const response = { ...outOfOrder, errorCode: 'NOT_LEADER_OR_FOLLOWER' } as const
      expect(settleBatch(bench.manager, bench.write(TP0), response, mayRetry)).toBe('failed')
      expect(bench.manager.lastError).toMatchObject({
        code: 'TRANSACTION_ABORTABLE',
        cause: { code: 'NOT_LEADER_OR_FOLLOWER' },
      })
    }
  })

  it('[KT15] in parts when it is too large', () => {
    const bench = ProducerBench.idempotent()
    expect(bench.settle(bench.write(TP0, 2), 'MESSAGE_TOO_LARGE')).toBe('split')
    expect(bench.manager.sequences.hasInFlightBatches(TP0)).toBe(false)
    expect(bench.settle(bench.write(TP0, 1), 'MESSAGE_TOO_LARGE')).toBe('failed')
  })

  it('[KT15] not when it was written long ago', () => {
    const bench = ProducerBench.idempotent()
    expect(bench.settle(bench.write(TP0), 'DUPLICATE_SEQUENCE_NUMBER')).toBe('written')
  })
})

describe('a batch that fails for good', () => {
  it.each([
    ['PRODUCER_FENCED', 'FATAL_ERROR'],
    ['INVALID_PRODUCER_ID_MAPPING', 'FATAL_ERROR'],
    ['UNSUPPORTED_VERSION', 'FATAL_ERROR'],
    ['INVALID_PRODUCER_EPOCH', 'ABORTABLE_ERROR'],
    ['INVALID_TXN_STATE', 'ABORTABLE_ERROR'],
    ['TRANSACTION_ABORTABLE', 'ABORTABLE_ERROR'],
    ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'ABORTABLE_ERROR'],
  ] as const)('[KT15] with %s: %s', (errorCode, state) => {
    const bench = ProducerBench.inTransaction(1, TP0)
    expect(bench.settle(bench.write(TP0), errorCode)).toBe('failed')
    expect(bench.manager.state).toBe(state)
  })

  it('[KT20] gives its sequences to those behind it in a transaction', () => {
    const bench = ProducerBench.inTransaction(1, TP0)
    const [b1, b2, b3] = [bench.write(TP0, 2), bench.write(TP0, 3), bench.write(TP0, 1)]
    bench.settle(b2, 'INVALID_RECORD')
    expect(sequencesOf([b1, b3])).toEqual([0, 2])
    expect(bench.manager.sequences.sequenceNumber(TP0)).toBe(3)
  })

  it('[KT20] with UNKNOWN_PRODUCER_ID leaves its partition to begin at 0', () => {
    const bench = ProducerBench.inTransaction(1, TP0, 1)
    bench.settle(bench.write(TP0), 'NONE', 5)
    bench.settle(bench.write(TP0), 'UNKNOWN_PRODUCER_ID', -1, 0)
    expect(bench.manager.state).toBe('ABORTABLE_ERROR')
    expect(bench.manager.sequences.sequenceNumber(TP0)).toBe(0)
  })
})

describe('a batch that expired in flight', () => {
  const expire = (bench: ProducerBench, batch: SequencedBatch): void => {
    bench.manager.sequences.markUnresolved(batch)
    failBatch(bench.manager, batch, timeout, false)
  }

  it('[KT20] was written if the last one in flight is', () => {
    const bench = ProducerBench.idempotent(5, 15)
    const [b1, b2, b3] = [bench.write(TP0), bench.write(TP0), bench.write(TP0)]
    expire(bench, b1)
    failBatch(bench.manager, b2, timeout, false)
    resolveSequences(bench.manager)
    expect(bench.manager.sequences.hasUnresolved(TP0)).toBe(true)
    expect(mustWait(bench.manager, bench.append(TP0), TP0)).toBe(true)
    bench.settle(b3, 'NONE', 500)
    resolveSequences(bench.manager)
    bench.manager.bumpEpochAndResetIdIfNeeded()
    expect(bench.manager.sequences.hasUnresolved(TP0)).toBe(false)
    expect([bench.manager.producer.epoch, bench.manager.sequences.sequenceNumber(TP0)]).toEqual([5, 3])
  })

  it('[KT20] may be missing if the last one in flight expired too: a new epoch', () => {
    const bench = ProducerBench.idempotent()
    const [b1, b2, b3] = [bench.write(TP0), bench.write(TP0), bench.write(TP0)]
    expire(bench, b1)
    bench.settle(b2, 'NONE', 500)
    expect(bench.manager.sequences.hasUnresolved(TP0)).toBe(true)
    failBatch(bench.manager, b3, timeout, false)
    bench.runUntil(() => bench.manager.producer.epoch === 2)
    expect(bench.manager.sequences.hasUnresolved(TP0)).toBe(false)
    expect(bench.manager.sequences.sequenceNumber(TP0)).toBe(0)
  })

  it.each([
    ['version 2', 2, 5, 'ABORTABLE_ERROR'],
    ['a coordinator that bumps epochs', 1, 5, 'ABORTABLE_ERROR'],
    ['neither', 1, 1, 'FATAL_ERROR'],
  ] as const)('[KT20] in a transaction: with %s', (_with, version, initProducerIdVersion, state) => {
    const bench = ProducerBench.inTransaction(version, TP0, initProducerIdVersion)
    expire(bench, bench.write(TP0))
    resolveSequences(bench.manager)
    expect(bench.manager.state).toBe(state)
  })
})

describe('the order of what is sent again', () => {
  it('[KT21] is that of sequences, before what was never sent', () => {
    const bench = ProducerBench.idempotent()
    const flying = [1, 2, 3].map(() => bench.write(TP0))
    const fresh = bench.append(TP0)
    const queue = bench.queues.get(TP0) ?? []
    for (const at of [2, 0, 1]) requeue(queue, flying[at] as (typeof queue)[number])
    expect(queue).toEqual([...flying, fresh])
    expect(queue.map((batch) => mustWait(bench.manager, batch, TP0))).toEqual([false, true, true, false])
  })

  it('[KT21] is one at a time, until the first is answered', () => {
    const bench = ProducerBench.idempotent()
    const batches = [1, 2, 3].map(() => bench.append(TP0))
    bench.runUntil(() => batches.every(({ inFlight }) => inFlight))
    for (const batch of [...batches].reverse()) bench.settle(batch, 'NOT_LEADER_OR_FOLLOWER')
    bench.runOnce()
    bench.runOnce()
    expect(batches.map(({ inFlight }) => inFlight)).toEqual([true, false, false])
    bench.prepareProduce('NONE', 0)
    bench.runUntil(() => batches[1]?.inFlight === true)
    expect(batches[0]?.outcome).toBe('written')
    expect(bench.sent.slice(-2)).toEqual([`${TP0}@0`, `${TP0}@1`])
  })

  it('[KT21] waits for the partition and the producer id', () => {
    const bench = ProducerBench.initialized(1)
    bench.manager.beginTransaction()
    const batch = bench.append(TP0)
    expect(mustWait(bench.manager, batch, TP0)).toBe(true)
    bench.add(TP0)
    expect(mustWait(bench.manager, batch, TP0)).toBe(false)
    bench.manager.transitionToAbortableError(timeout)
    expect(mustWait(bench.manager, batch, TP0)).toBe(false)
    bench.manager.transitionToFatalError(timeout)
    expect(mustWait(bench.manager, batch, TP0)).toBe(true)
    expect(mustWait(new ProducerBench(null, 2).manager, batch, TP0)).toBe(true)
  })
})
