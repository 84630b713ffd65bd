import { describe, expect, it } from 'vitest'
import { CoordinatorBench, transaction } from '../../../fixtures/transactions.ts'

const WEEK = 604_800_000
const HOUR = 3_600_000

describe('the scan for time-outs', () => {
  it.each([
    { began: 0, timeout: 1_000, scan: 10_000 },
    { began: 0, timeout: 9_999, scan: 10_000 },
    { began: 0, timeout: 10_000, scan: 20_000 },
    { began: 5, timeout: 60_000, scan: 70_000 },
  ])('[KT6] finds what began at $began with $timeout ms at $scan', ({ began, timeout, scan }) => {
    const bench = new CoordinatorBench({ 'transaction.version': 1 })
    bench.nowMillis = began
    bench.init('known', undefined, timeout)
    bench.add(100, 0, ['a-0'])
    expect(bench.coordinator.nextDeadlineMillis()).toBe(scan)
    bench.advance(scan - 1)
    expect(bench.owned().metadata.state).toBe('Ongoing')
    bench.advance(scan)
    expect(bench.owned().metadata).toMatchObject({ state: 'PrepareAbort', producerEpoch: 1 })
    expect(bench.written.at(-1)?.value?.transactionLastUpdateTimestampMs).toBe(scan)
    bench.answerMarkers('NONE')
    expect(bench.owned().metadata.state).toBe('CompleteAbort')
    expect(bench.add(100, 0, ['a-0'])).toBe('PRODUCER_FENCED')
    expect(bench.end(100, 0, true, 4)?.errorCode).toBe('PRODUCER_FENCED')
  })

  it.each([
    { timeoutBumpsEpoch: true, added: 'PRODUCER_FENCED', ended: 'PRODUCER_FENCED' },
    { timeoutBumpsEpoch: false, added: 'NONE', ended: 'NONE' },
  ])(
    '[KT6] KAFKA-6119: with the epoch bumped $timeoutBumpsEpoch, the producer goes on with $added and commits the rest with $ended',
    ({ timeoutBumpsEpoch, added, ended }) => {
      const bench = new CoordinatorBench({ 'transaction.version': 1 }, { timeoutBumpsEpoch })
      bench.init('known', undefined, 1_000)
      bench.add(100, 0, ['a-0'])
      bench.advance(10_000)
      bench.answerMarkers('NONE')
      expect(bench.owned().metadata.state).toBe('CompleteAbort')
      expect(bench.add(100, 0, ['a-1'])).toBe(added)
      expect(bench.end(100, 0, true, 4)?.errorCode).toBe(ended)
    },
  )

  it('[KT6] in version 2 leaves the abort of the producer to be taken for a retry, but not its commit', () => {
    const bench = new CoordinatorBench()
    bench.init('known')
    bench.batch(100, 0, ['a-0'], false)
    bench.advance(10_000)
    bench.answerMarkers('NONE')
    expect(bench.end(100, 0, true, 5)?.errorCode).toBe('INVALID_TXN_STATE')
    expect(bench.end(100, 0, false, 5)).toEqual({ errorCode: 'NONE', producerId: 100, producerEpoch: 1 })
  })

  it.each(['Empty', 'PrepareCommit', 'PrepareAbort', 'CompleteCommit', 'CompleteAbort'] as const)(
    '[KT6] leaves %s alone',
    (state) => {
      const bench = new CoordinatorBench()
      bench.put(transaction('known', state))
      bench.put(transaction('long', 'Ongoing', { txnTimeoutMs: 50_000 }))
      bench.advance(40_000)
      expect(bench.written).toEqual([])
    },
  )

  it('[KT6] leaves to the next one what is no older than its time-out', () => {
    const bench = new CoordinatorBench()
    bench.put(transaction('older', 'Ongoing', { txnTimeoutMs: 9_999 }))
    bench.put(transaction('known', 'Ongoing', { txnTimeoutMs: 10_000 }))
    bench.advance(10_000)
    expect([bench.states('older'), bench.states()]).toEqual([['PrepareAbort', 'CompleteAbort'], []])
    bench.advance(20_000)
    expect(bench.states()).toEqual(['PrepareAbort', 'CompleteAbort'])
  })

  it('[KT6] leaves alone what is being written, and finds it later', () => {
    const bench = new CoordinatorBench()
    const metadata = bench.put(transaction('known', 'Ongoing', { topicPartitions: new Set(['a-0']) }))
    bench.appendsEndWith = undefined
    expect(bench.add(10, 1, ['a-1'])).toBeUndefined()
    bench.advance(10_000)
    expect(bench.appends).toHaveLength(1)
    bench.appendsEndWith = 'NONE'
    bench.endAppend('NONE')
    bench.advance(20_000)
    expect(metadata.state).toBe('PrepareAbort')
  })

  it.each([
    { version: 1, epoch: 2, failed: true },
    { version: 2, epoch: 1, failed: false },
  ] as const)('[KT6] tries again when it could not write, version $version', ({ version, epoch, failed }) => {
    const bench = new CoordinatorBench({ 'transaction.version': version })
    const metadata = bench.put(transaction('known', 'Ongoing', { topicPartitions: new Set(['a-0']) }))
    bench.appendsEndWith = 'NOT_ENOUGH_REPLICAS'
    bench.advance(20_000)
    expect(metadata).toMatchObject({ state: 'Ongoing', producerEpoch: epoch, hasFailedEpochFence: failed })
    expect(bench.coordinator.nextDeadlineMillis()).toBe(30_000)
    bench.appendsEndWith = 'NONE'
    bench.advance(30_000)
    expect(metadata).toMatchObject({ state: 'PrepareAbort', producerEpoch: 2 })
  })

  it('[KT6] costs nothing while there is nothing to find', () => {
    const bench = new CoordinatorBench()
    expect(bench.coordinator.nextDeadlineMillis()).toBe(Number.POSITIVE_INFINITY)
    bench.init('known')
    expect(bench.coordinator.nextDeadlineMillis()).toBe(WEEK)
  })
})

describe('the scan for expired transactional ids', () => {
  it.each(['Empty', 'CompleteCommit', 'CompleteAbort'] as const)('[KT10] forgets one that is %s', (state) => {
    const bench = new CoordinatorBench()
    bench.put(transaction('known', state, { txnLastUpdateTimestamp: 1 }))
    bench.put(transaction('later', state, { txnLastUpdateTimestamp: HOUR + 1 }))
    expect(bench.coordinator.nextDeadlineMillis()).toBe(WEEK + HOUR)
    bench.advance(WEEK + HOUR)
    expect(bench.states()).toEqual(['tombstone'])
    expect(bench.coordinator.describe('known').errorCode).toBe('TRANSACTIONAL_ID_NOT_FOUND')
    expect(bench.coordinator.describe('later').errorCode).toBe('NONE')
    expect(bench.add(10, 1, ['a-0'])).toBe('INVALID_PRODUCER_ID_MAPPING')
    expect(bench.init('known')).toMatchObject({ producerId: 100, producerEpoch: 0 })
  })

  it('[KT10] forgets one whose first InitProducerId was never written', () => {
    const bench = new CoordinatorBench()
    bench.appendsEndWith = 'NOT_ENOUGH_REPLICAS'
    bench.init('known')
    bench.appendsEndWith = 'NONE'
    bench.advance(WEEK)
    expect(bench.states()).toEqual(['tombstone'])
  })

  it.each(['Ongoing', 'PrepareAbort', 'PrepareCommit'] as const)('[KT10] keeps one that is %s', (state) => {
    const bench = new CoordinatorBench({ 'transaction.max.timeout.ms': 2 * WEEK })
    bench.put(transaction('known', state, { txnTimeoutMs: 2 * WEEK }))
    bench.advance(WEEK + HOUR)
    expect(bench.written).toEqual([])
    expect(bench.owned().metadata.state).toBe(state)
  })

  it('[KT10] keeps one that is Ongoing while it forgets another', () => {
    const bench = new CoordinatorBench({ 'transaction.max.timeout.ms': 2 * WEEK })
    bench.put(transaction('known', 'Ongoing', { txnTimeoutMs: 2 * WEEK }))
    bench.put(transaction('idle', 'Empty'))
    bench.advance(WEEK)
    expect([bench.states('idle'), bench.states()]).toEqual([['tombstone'], []])
  })

  it('[KT10] keeps one whose tombstone could not be written, and tries again', () => {
    const bench = new CoordinatorBench()
    const metadata = bench.put(transaction('known', 'Empty'))
    bench.appendsEndWith = 'NOT_ENOUGH_REPLICAS'
    bench.advance(WEEK)
    expect(metadata).toMatchObject({ state: 'Empty', pendingState: undefined })
    expect(bench.coordinator.nextDeadlineMillis()).toBe(WEEK + HOUR)
    bench.appendsEndWith = 'NONE'
    bench.advance(WEEK + HOUR)
    expect(bench.states()).toEqual(['tombstone'])
  })

  it('[KT10] refuses requests while the tombstone is being written', () => {
    const bench = new CoordinatorBench()
    bench.put(transaction('known', 'Empty'))
    bench.appendsEndWith = undefined
    bench.advance(WEEK)
    expect(bench.init('known')?.errorCode).toBe('CONCURRENT_TRANSACTIONS')
    bench.coordinator.onElection(0, 1)
    bench.coordinator.onLoaded(0, 1, [], WEEK)
    bench.put(transaction('known', 'Empty'))
    bench.endAppend('NONE')
    expect(bench.owned().metadata.state).toBe('Empty')
  })
})
