import { describe, expect, it } from 'vitest'
import { ProducerBench } from '../../../fixtures/transactional-producer.ts'

// Facts of TransactionManagerTest of Kafka 4.3.

const TP0 = 'test-0'
const TP1 = 'test-1'
const PID = 13_131
const group = { groupId: 'group', generationId: 5, memberId: 'member', groupInstanceId: null }
const offsetsOf = (...partitions: string[]) =>
  new Map(
    partitions.map((name) => [
      name,
      { committedOffset: 39, committedLeaderEpoch: -1, committedMetadata: '' },
    ]),
  )

describe('a transaction of version 1', () => {
  it('[KT16] finds its coordinator, gets a producer id, adds, writes, commits offsets, and ends', () => {
    const bench = ProducerBench.initialized(1)
    const { manager } = bench
    manager.beginTransaction()
    manager.maybeAddPartition(TP0)
    const batch = bench.append(TP0)
    expect([manager.containsPartition(TP0), manager.isSendAllowed(TP0)]).toEqual([false, false])
    expect([manager.hasPartitionsToAdd, manager.isPartitionPendingAdd(TP0)]).toEqual([true, true])
    bench.prepareAdd('NONE', TP0)
    bench.prepareProduce('NONE', 0)
    bench.runUntil(() => manager.containsPartition(TP0))
    expect([manager.isSendAllowed(TP0), manager.hasPartitionsToAdd, batch.outcome]).toEqual([
      true,
      false,
      undefined,
    ])
    bench.runUntil(() => batch.outcome === 'written')
    manager.maybeAddPartition(TP0)
    expect(manager.hasPartitionsToAdd).toBe(false)
    const offsets = manager.sendOffsetsToTransaction(offsetsOf(TP1), group)
    expect(manager.hasPendingOffsetCommits).toBe(false)
    bench.prepare('AddOffsetsToTxn', { errorCode: 'NONE' })
    bench.runUntil(() => manager.hasPendingOffsetCommits)
    expect([offsets.isCompleted, manager.coordinator('GROUP')]).toEqual([false, undefined])
    bench.prepareCoordinator('GROUP')
    bench.prepareOffsets({ [TP1]: 'NONE' })
    bench.runUntil(() => offsets.isCompleted)
    expect([manager.hasPendingOffsetCommits, manager.coordinator('GROUP')]).toEqual([false, 0])
    const commit = manager.beginCommit()
    bench.prepareEnd('NONE')
    bench.runUntil(() => commit.isSuccessful)
    expect([manager.state, manager.containsPartition(TP0), manager.producer.epoch]).toEqual([
      'READY',
      false,
      1,
    ])
    expect(bench.sent).toEqual([
      'FindCoordinator',
      'InitProducerId',
      'AddPartitionsToTxn',
      `${TP0}@0`,
      'AddOffsetsToTxn',
      'FindCoordinator',
      'TxnOffsetCommit',
      'EndTxn',
    ])
    expect(bench.requests.at(-1)).toMatchObject({
      apiVersion: 4,
      data: { producerId: PID, producerEpoch: 1 },
    })
    expect(bench.requests.at(-2)).toMatchObject({
      apiVersion: 4,
      data: { groupId: 'group', generationId: 5 },
    })
  })

  it('[KT16] ends after its batches, and the partitions that wait are added first', () => {
    const bench = ProducerBench.inTransaction(1, TP0)
    const batch = bench.append(TP0)
    bench.manager.maybeAddPartition(TP1)
    const other = bench.append(TP1)
    bench.manager.beginCommit()
    bench.prepareAdd('NONE', TP1)
    bench.prepareProduce('NONE', 0)
    bench.prepareProduce('NONE', 0)
    bench.prepareEnd('NONE')
    bench.runUntil(() => bench.manager.state === 'READY')
    expect([batch.outcome, other.outcome]).toEqual(['written', 'written'])
    expect(bench.sent.slice(-4)).toEqual(['AddPartitionsToTxn', `${TP0}@0`, `${TP1}@0`, 'EndTxn'])
  })

  it('[KT16] commits its offsets before it ends, though it is to end before it is known where', () => {
    const bench = ProducerBench.inTransaction(1, TP0)
    bench.manager.sendOffsetsToTransaction(offsetsOf(TP1), group)
    bench.manager.beginCommit()
    bench.prepare('AddOffsetsToTxn', { errorCode: 'NONE' })
    bench.prepareCoordinator('GROUP')
    bench.prepareOffsets({ [TP1]: 'NONE' })
    bench.prepareEnd('NONE')
    bench.runUntil(() => bench.manager.state === 'READY')
    expect(bench.sent.slice(-4)).toEqual(['AddOffsetsToTxn', 'FindCoordinator', 'TxnOffsetCommit', 'EndTxn'])
  })

  it('[KT16] is not ended at the coordinator if nothing was added to it', () => {
    for (const begin of ['beginCommit', 'beginAbort'] as const) {
      const bench = ProducerBench.initialized(1)
      bench.manager.beginTransaction()
      const result = bench.manager[begin]()
      bench.runUntil(() => result.isSuccessful)
      expect([bench.manager.state, bench.sent.at(-1)]).toEqual(['READY', 'InitProducerId'])
    }
  })

  it('[KT16] that is aborted drops what was not sent, and does not add the partition', () => {
    const bench = ProducerBench.initialized(1)
    bench.manager.beginTransaction()
    bench.manager.maybeAddPartition(TP0)
    const batch = bench.append(TP0)
    const abort = bench.manager.beginAbort()
    bench.runUntil(() => abort.isSuccessful)
    expect([batch.outcome, bench.sent.at(-1)]).toEqual(['dropped', 'InitProducerId'])
  })

  it('[KT16] that is aborted resends what was under way, and then ends', () => {
    const bench = ProducerBench.inTransaction(1, TP0)
    const batch = bench.append(TP0)
    bench.runUntil(() => batch.inFlight)
    const abort = bench.manager.beginAbort()
    bench.prepareProduce('REQUEST_TIMED_OUT')
    bench.prepareProduce('NONE', 0)
    bench.prepareEnd('NONE')
    bench.runUntil(() => abort.isSuccessful)
    expect([batch.outcome, batch.attempts]).toEqual(['written', 2])
    expect(bench.sent.slice(-3)).toEqual([`${TP0}@0`, `${TP0}@0`, 'EndTxn'])
  })

  it.each([
    ['CONCURRENT_TRANSACTIONS', 20],
    ['COORDINATOR_LOAD_IN_PROGRESS', 100],
  ] as const)('[KT16] adds its first partition again after %s in %i ms', (error, delay) => {
    const bench = ProducerBench.initialized(1)
    bench.manager.beginTransaction()
    bench.manager.maybeAddPartition(TP0)
    bench.prepareAdd(error, TP0)
    bench.prepareAdd('NONE', TP0)
    bench.runUntil(() => bench.manager.containsPartition(TP0))
    expect(bench.delays.slice(-2)).toEqual([0, delay])
  })

  it('[KT16] waits longer for its second partition', () => {
    const bench = ProducerBench.inTransaction(1, TP0)
    bench.manager.maybeAddPartition(TP1)
    bench.prepareAdd('CONCURRENT_TRANSACTIONS', TP1)
    bench.prepareAdd('NONE', TP1)
    bench.runUntil(() => bench.manager.containsPartition(TP1))
    expect(bench.delays.at(-1)).toBe(100)
  })
})

describe('a transaction of version 2', () => {
  it('[KT17] adds no partition itself, and gets its next epoch with the end', () => {
    const bench = ProducerBench.inTransaction(2, TP0)
    const { manager } = bench
    expect([manager.hasPartitionsToAdd, manager.containsPartition(TP0), manager.isSendAllowed(TP0)]).toEqual([
      false,
      true,
      true,
    ])
    const batch = bench.append(TP0, 3)
    bench.prepareProduce('NONE', 0)
    bench.runUntil(() => batch.outcome === 'written')
    const offsets = manager.sendOffsetsToTransaction(offsetsOf(TP1), group)
    expect(manager.hasPendingOffsetCommits).toBe(true)
    bench.prepareCoordinator('GROUP')
    bench.prepareOffsets({ [TP1]: 'NONE' })
    bench.runUntil(() => offsets.isSuccessful)
    const commit = manager.beginCommit()
    bench.prepareEnd('NONE', PID, 2)
    bench.runUntil(() => commit.isSuccessful)
    expect(manager.producer).toEqual({ producerId: PID, epoch: 2 })
    expect(manager.sequences.sequenceNumber(TP0)).toBe(0)
    expect(bench.sent.slice(2)).toEqual([`${TP0}@0`, 'FindCoordinator', 'TxnOffsetCommit', 'EndTxn'])
    expect(bench.requests.slice(-2).map(({ apiVersion }) => apiVersion)).toEqual([5, 5])
  })

  it('[KT17] may get a new producer id with the end', () => {
    const bench = ProducerBench.inTransaction(2, TP0)
    const abort = bench.manager.beginAbort()
    bench.prepareEnd('NONE', PID + 1, 0)
    bench.runUntil(() => abort.isSuccessful)
    expect(bench.manager.producer).toEqual({ producerId: PID + 1, epoch: 0 })
  })

  it('[KT17] that never sent anything is not ended at the coordinator', () => {
    const bench = ProducerBench.initialized(2)
    bench.manager.beginTransaction()
    const commit = bench.manager.beginCommit()
    bench.runUntil(() => commit.isSuccessful)
    expect(bench.sent).not.toContain('EndTxn')
  })

  it('[KT17] begins with the next transaction after an upgrade, and a new epoch comes between', () => {
    const bench = ProducerBench.initialized(1)
    const { manager } = bench
    manager.beginTransaction()
    manager.updateFeatures(1, 2)
    expect(manager.isVersion2).toBe(false)
    bench.add(TP1)
    const commit = manager.beginCommit()
    expect([manager.isVersion2, manager.hasOngoingTransaction]).toEqual([true, true])
    bench.prepareEnd('NONE')
    bench.prepareInit('NONE', PID, 2)
    bench.runUntil(() => commit.isSuccessful)
    commit.acknowledge()
    expect(bench.sent.slice(-2)).toEqual(['EndTxn', 'InitProducerId'])
    expect(bench.requests.at(-2)).toMatchObject({ apiVersion: 4 })
    expect(bench.requests.at(-1)?.data).toMatchObject({ producerId: PID, producerEpoch: 1 })
    manager.beginTransaction()
    expect([manager.isVersion2, manager.producer.epoch]).toEqual([true, 2])
  })

  it('[KT17] is not spoken with a cluster of version 1', () => {
    expect(ProducerBench.initialized(1).manager.isVersion2).toBe(false)
    expect(ProducerBench.initialized(2).manager.isVersion2).toBe(true)
  })
})

describe('the coordinator', () => {
  const retry = (answer: (bench: ProducerBench) => void): ProducerBench => {
    const bench = new ProducerBench('foobar', 1)
    const result = bench.manager.initializeTransactions()
    bench.prepareCoordinator('TRANSACTION')
    bench.runUntil(() => bench.manager.coordinator('TRANSACTION') === 0)
    answer(bench)
    bench.runUntil(() => bench.manager.coordinator('TRANSACTION') === undefined)
    expect([result.isCompleted, bench.manager.hasProducerId]).toEqual([false, false])
    bench.prepareCoordinator('TRANSACTION')
    bench.prepareInit('NONE', PID, 1)
    bench.runUntil(() => result.isCompleted)
    expect(bench.manager.producer).toEqual({ producerId: PID, epoch: 1 })
    return bench
  }

  it.each(['NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE'] as const)(
    '[KT16] is looked for after %s',
    (error) => {
      const { sent } = retry((bench) => bench.prepareInit(error))
      expect(sent).toEqual(['FindCoordinator', 'InitProducerId', 'FindCoordinator', 'InitProducerId'])
    },
  )

  it('[KT16] is looked for after a broken connection', () => {
    const { delays } = retry((bench) => bench.prepare('InitProducerId', undefined))
    // A request that had to wait for its coordinator to be found backs off too, as in Kafka.
    expect(delays).toEqual([0, 100, 0, 100])
  })

  it('[KT16] is looked for again when the search was in vain', () => {
    const bench = new ProducerBench('foobar', 1)
    bench.manager.initializeTransactions()
    bench.prepare('FindCoordinator', undefined)
    bench.prepareCoordinator('TRANSACTION', 'COORDINATOR_NOT_AVAILABLE')
    bench.prepareCoordinator('TRANSACTION')
    bench.runUntil(() => bench.manager.coordinator('TRANSACTION') === 0)
    expect(bench.sent).toEqual(['FindCoordinator', 'FindCoordinator', 'FindCoordinator'])
  })
})
