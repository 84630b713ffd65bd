import { describe, expect, it } from 'vitest'
import { CLIENT_APPEND } from '../../../../sim/kafka/log/append.ts'
import type { RecordBatch } from '../../../../sim/kafka/log/batch.ts'
import type { Log } from '../../../../sim/kafka/log/log.ts'
import { ProducerState } from '../../../../sim/kafka/log/producer-state.ts'
import { SENTINEL_GUARD } from '../../../../sim/kafka/log/verification.ts'
import { at, emptyLog, endTransaction, logOptions, producerBatch } from '../../../fixtures/log.ts'
import { DAY, EPOCH, PID } from '../../../fixtures/producers.ts'

// Facts of Kafka's UnifiedLogTest, by the names that they have there.

describe('verifications', () => {
  const verified = (broker = {}) => {
    const options = logOptions({
      broker: { 'transaction.partition.verification.enable': true, ...broker },
    })
    return new ProducerState(options)
  }
  const begin = (state: ProducerState, sequence: number, epoch: number, bumps = true) =>
    state.beginVerification(PID, sequence, epoch, bumps, 0) as number

  it('[KS7] testEntryForVerification', () => {
    const state = verified()
    const guard = begin(state, 0, EPOCH)
    expect([begin(state, 0, EPOCH), state.verifications.guard(PID)]).toEqual([guard, guard])
    state.apply(at(0, producerBatch(PID, EPOCH, 0, 1, true)), 0)
    expect(state.verifications.entry(PID)).toBeUndefined()
  })

  it('[KS7] testSequenceAndEpochInVerificationEntry', () => {
    const state = verified()
    const steps = (
      [
        [1, 0],
        [0, 0],
        [2, 1],
        [0, 0],
      ] as const
    ).map(([sequence, epoch]) => {
      const guard = begin(state, sequence, epoch)
      const { lowestSequence, producerEpoch } = state.verifications.entry(PID) ?? {}
      return [guard, lowestSequence, producerEpoch]
    })
    expect(steps).toEqual([
      [1, 1, 0],
      [1, 0, 0],
      [1, 2, 1],
      [1, 2, 1],
    ])
  })

  it('[KS7] testThrowOutOfOrderSequenceWithVerificationSequenceCheck', () => {
    for (const enabled of [true, false]) {
      const state = verified({ 'transaction.partition.verification.enable': enabled })
      const guard = begin(state, 0, EPOCH)
      const batch = at(0, producerBatch(PID, EPOCH, 4, 1, true))
      expect(state.validate(batch, 'client', guard, 0, 0)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
      expect(state.verifications.guard(PID)).toBe(guard)
    }
  })

  it('[KS7] nothing above the lowest sequence that asked may come first, whatever the version', () => {
    const state = verified()
    const guard = begin(state, 3, EPOCH, false)
    const check = (sequence: number) =>
      state.validate(at(0, producerBatch(PID, EPOCH, sequence, 1, true)), 'client', guard, 0, 0)
    expect([check(4), check(3)]).toEqual(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'NONE'])
  })

  it('[KS7] testVerificationStateEntryExpiration', () => {
    const state = verified()
    const guard = begin(state, 0, EPOCH)
    state.removeExpired(DAY / 2)
    expect(state.verifications.guard(PID)).toBe(guard)
    state.removeExpired(DAY + 1)
    expect(state.verifications.guard(PID)).toBe(SENTINEL_GUARD)
  })

  it('[KS4] [KS7] testRejectNonZeroSequenceForTransactionsV2WithEmptyState, testAllow... V1', () => {
    const state = verified()
    const check = (guard: number, sequence: number) =>
      state.validate(at(0, producerBatch(PID, EPOCH, sequence, 1, true)), 'client', guard, 0, 0)
    const second = begin(state, 5, EPOCH, true)
    expect(check(second, 5)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(check(second, 0)).toBe('NONE')
    state.verifications.clear(PID)
    expect(check(begin(state, 5, EPOCH, false), 5)).toBe('NONE')
  })
})

describe('verification of appends', () => {
  const verifying = { broker: { 'transaction.partition.verification.enable': true } }
  const begin = (log: Log, sequence: number, epoch: number, bumps: boolean) =>
    log.producers.beginVerification(23, sequence, epoch, bumps, 0) as number
  const append = (log: Log, batch: RecordBatch, verificationGuard: number) =>
    log.appendAsLeader(batch, 0, 0, { ...CLIENT_APPEND, verificationGuard }).errorCode

  it.each([true, false])('[KS7] testTransactionIsOngoingAndVerificationGuard, epochs bumped: %s', (bumps) => {
    const log = emptyLog(verifying)
    const guard = begin(log, 0, 1, bumps)
    expect(append(log, producerBatch(23, 1, 0, 2, true), 0)).toBe('INVALID_TXN_STATE')
    expect(append(log, producerBatch(23, 1, 0, 2, true), guard)).toBe('NONE')
    expect(log.producers.hasOngoingTransaction(23, 1, 0)).toBe(true)
    expect([log.producers.verifications.guard(23), begin(log, 2, 1, bumps)]).toEqual([0, 0])
    expect(append(log, producerBatch(23, 1, 2, 1, true), 0)).toBe('NONE')
    endTransaction(log, 23, bumps ? 2 : 1, 'COMMIT', { transactionVersion: bumps ? 2 : 1 })
    expect(log.producers.hasOngoingTransaction(23, 1, 0)).toBe(false)
    const next = begin(log, 3, bumps ? 2 : 1, bumps)
    expect(next).not.toBe(guard)
    // The late produce of a transaction that was aborted meanwhile (KAFKA-14402).
    expect(append(log, producerBatch(23, bumps ? 2 : 1, bumps ? 0 : 3, 1, true), guard)).toBe(
      'INVALID_TXN_STATE',
    )
  })

  it('[KS7] a producer of an older epoch is told so instead', () => {
    const log = emptyLog(verifying)
    endTransaction(log, 23, 4, 'ABORT')
    expect(log.producers.beginVerification(23, 0, 3, true, 0)).toBe('INVALID_PRODUCER_EPOCH')
    expect(append(log, producerBatch(23, 3, 0, 1, true), 9)).toBe('INVALID_PRODUCER_EPOCH')
  })

  it('[KS7] testEmptyTransactionStillClearsVerificationGuard, testNextTransactionVerificationGuardNotCleared', () => {
    const guardAfter = (bumps: boolean, markerEpoch: number, transactionVersion: number) => {
      const log = emptyLog(verifying)
      begin(log, 0, 1, bumps)
      endTransaction(log, 23, markerEpoch, 'COMMIT', { transactionVersion })
      return log.producers.verifications.guard(23)
    }
    expect([guardAfter(true, 2, 2), guardAfter(false, 1, 1), guardAfter(true, 1, 0)]).toEqual([0, 0, 1])
  })

  it('[KS7] without verification a late produce opens a transaction that nobody ends', () => {
    const log = emptyLog()
    endTransaction(log, 23, 1, 'ABORT')
    expect(append(log, producerBatch(23, 1, 0, 1, true), 0)).toBe('NONE')
    log.updateHighWatermark(2, 0)
    expect(log.lastStableOffset).toBe(1)
  })
})
