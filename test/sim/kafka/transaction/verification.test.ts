import { describe, expect, it } from 'vitest'
import { NO_GUARD, PartitionVerification } from '../../../../sim/kafka/transaction/verification.ts'

// Facts of VerificationGuardTest, VerificationStateEntryTest and UnifiedLogTest of Kafka 4.x.

const batch = (producerEpoch: number, baseSequence = 0) => ({ producerId: 23, producerEpoch, baseSequence })
const open = { producerEpoch: 5, hasOpenTransaction: true, hasBatches: true }
const closed = { producerEpoch: 5, hasOpenTransaction: false, hasBatches: true }

describe('the first write of a transaction', () => {
  it('[KS7] needs the guard that was made before the coordinator was asked', () => {
    const verification = new PartitionVerification()
    const guard = verification.start(batch(5), false, undefined, 0) as number
    expect(guard).not.toBe(NO_GUARD)
    expect(verification.isVerified(batch(5), guard, undefined)).toBe(true)
    expect(verification.isVerified(batch(5), NO_GUARD, undefined)).toBe(false)
    expect(verification.isVerified(batch(5), guard + 1, undefined)).toBe(false)
    expect(verification.isVerified({ ...batch(5), producerId: 24 }, guard, undefined)).toBe(false)
  })

  it('[KS7] shares the guard with the others that are being verified', () => {
    const verification = new PartitionVerification()
    const guard = verification.start(batch(5), false, undefined, 0)
    expect(verification.start(batch(5, 3), false, closed, 1)).toBe(guard)
  })

  it('[KS7] is refused when a marker came between, and gets another guard (KAFKA-14402)', () => {
    const verification = new PartitionVerification()
    const guard = verification.start(batch(5), false, undefined, 0) as number
    verification.markerAppended(23, 5)
    expect(verification.isVerified(batch(5), guard, closed)).toBe(false)
    const next = verification.start(batch(5), false, closed, 0)
    expect(next).not.toBe(guard)
    expect(verification.isVerified(batch(5), guard, closed)).toBe(false)
  })

  it('[KS7] of version 2 survives the marker of the transaction before, but not its own', () => {
    const verification = new PartitionVerification()
    const guard = verification.start(batch(6), true, closed, 0) as number
    verification.markerAppended(23, 6)
    expect(verification.isVerified(batch(6), guard, closed)).toBe(true)
    verification.markerAppended(23, 7)
    expect(verification.isVerified(batch(6), guard, closed)).toBe(false)
  })

  it('[KS7] of an old epoch is refused at once', () => {
    const verification = new PartitionVerification()
    expect(verification.start(batch(4), false, closed, 0)).toBe('INVALID_PRODUCER_EPOCH')
    expect(verification.start(batch(5), false, closed, 0)).not.toBe(NO_GUARD)
  })
})

describe('later writes', () => {
  it('[KS7] need no guard while the log has the transaction open in that epoch', () => {
    const verification = new PartitionVerification()
    expect(verification.start(batch(5), false, open, 0)).toBe(NO_GUARD)
    expect(verification.isVerified(batch(5), NO_GUARD, open)).toBe(true)
    expect(verification.isVerified(batch(6), NO_GUARD, open)).toBe(false)
    expect(verification.start(batch(6), false, open, 0)).not.toBe(NO_GUARD)
  })

  it('[KS7] end the verification: its guard is good once', () => {
    const verification = new PartitionVerification()
    const guard = verification.start(batch(5), false, undefined, 0) as number
    verification.appended(23)
    expect(verification.isVerified(batch(5), guard, closed)).toBe(false)
  })
})

describe('a sequence that is being verified', () => {
  const started = (...batches: readonly (readonly [epoch: number, sequence: number])[]) => {
    const verification = new PartitionVerification()
    for (const [epoch, sequence] of batches) verification.start(batch(epoch, sequence), false, undefined, 0)
    return (epoch: number, sequence: number) => verification.isInOrder(batch(epoch, sequence), undefined)
  }

  it('[KS7] may not be higher than one that failed before', () => {
    const inOrder = started([5, 2], [5, 3])
    expect([inOrder(5, 3), inOrder(5, 2), inOrder(5, 0)]).toEqual([false, true, true])
  })

  it('[KS7] may be lower than those before, and then binds them', () => {
    const inOrder = started([5, 2], [5, 0])
    expect([inOrder(5, 2), inOrder(5, 0)]).toEqual([false, true])
  })

  it('[KS7] of a newer epoch counts alone, of an older one not at all', () => {
    const newer = started([5, 0], [6, 4])
    expect([newer(6, 4), newer(6, 5)]).toEqual([true, false])
    const older = started([6, 4], [5, 0])
    expect(older(6, 4)).toBe(true)
  })

  it('[KS7] of version 2 begins at 0 where the log remembers no batch', () => {
    const verification = new PartitionVerification()
    verification.start(batch(5, 7), true, undefined, 0)
    const forgotten = { ...closed, hasBatches: false }
    expect(verification.isInOrder(batch(5, 7), undefined)).toBe(false)
    expect(verification.isInOrder(batch(5, 7), forgotten)).toBe(false)
    expect(verification.isInOrder(batch(5, 7), closed)).toBe(true)
    expect(verification.isInOrder({ ...batch(5, 7), producerId: 24 }, undefined)).toBe(true)
  })
})

it('[KS7] verifications that never end expire', () => {
  const verification = new PartitionVerification()
  const guard = verification.start(batch(5), false, undefined, 10) as number
  verification.expire(1_009, 1_000)
  expect(verification.isVerified(batch(5), guard, undefined)).toBe(true)
  verification.expire(1_010, 1_000)
  expect(verification.isVerified(batch(5), guard, undefined)).toBe(false)
})
