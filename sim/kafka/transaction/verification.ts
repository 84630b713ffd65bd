/** What a log knows of a producer (rule S1), as far as verification asks. */
export interface ProducerView {
  readonly producerEpoch: number
  readonly hasOpenTransaction: boolean
}

/** A transactional batch that is to be appended. */
export interface TransactionalBatch {
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
}

/** Names one verification of one log; equal only to itself. `NO_GUARD` verifies nothing. */
export type VerificationGuard = number

export const NO_GUARD: VerificationGuard = 0

interface Entry {
  readonly guard: VerificationGuard
  readonly startedMillis: number
  readonly supportsEpochBump: boolean
  lowestSequence: number
  producerEpoch: number
}

/**
 * Verifications of one partition's log that are under way (rule S7, KIP-890 part 1): the first write of a transaction is
 * appended only with the guard that was made before the transaction coordinator was asked, and that no marker has
 * cleared since. Without it a write that comes after its transaction was aborted opens one that nobody ends
 * (KAFKA-14402). Source: VerificationGuard, VerificationStateEntry, UnifiedLog of Kafka 4.x.
 */
export class PartitionVerification {
  private readonly entries = new Map<number, Entry>()
  private guards = NO_GUARD

  /**
   * Before the coordinator is asked: the guard to append with, NO_GUARD if the log already has the transaction open, or
   * INVALID_PRODUCER_EPOCH if the log has seen a newer producer.
   */
  start(
    { producerId, producerEpoch, baseSequence }: TransactionalBatch,
    supportsEpochBump: boolean,
    producer: ProducerView | undefined,
    nowMillis: number,
  ): VerificationGuard | 'INVALID_PRODUCER_EPOCH' {
    if (producer !== undefined && producerEpoch < producer.producerEpoch) return 'INVALID_PRODUCER_EPOCH'
    if (isOngoing(producer, producerEpoch)) return NO_GUARD
    const known = this.entries.get(producerId)
    if (known === undefined) {
      const guard = ++this.guards
      const startedMillis = nowMillis
      this.entries.set(producerId, {
        guard,
        startedMillis,
        supportsEpochBump,
        lowestSequence: baseSequence,
        producerEpoch,
      })
      return guard
    }
    if (producerEpoch > known.producerEpoch || baseSequence < known.lowestSequence) {
      if (producerEpoch >= known.producerEpoch) known.lowestSequence = baseSequence
      known.producerEpoch = Math.max(known.producerEpoch, producerEpoch)
    }
    return known.guard
  }

  /**
   * Whether a batch may be appended: INVALID_TXN_STATE without the guard, OUT_OF_ORDER_SEQUENCE_NUMBER if a batch with a
   * lower sequence failed before (it would find the gap closed), or if version 2 begins with another than 0 while the
   * log knows nothing of the producer. `producer` is undefined if the log knows nothing of it.
   */
  check(
    { producerId, producerEpoch, baseSequence }: TransactionalBatch,
    guard: VerificationGuard,
    producer: ProducerView | undefined,
  ): 'NONE' | 'INVALID_TXN_STATE' | 'OUT_OF_ORDER_SEQUENCE_NUMBER' {
    const entry = this.entries.get(producerId)
    if (!isOngoing(producer, producerEpoch) && (guard === NO_GUARD || guard !== entry?.guard))
      return 'INVALID_TXN_STATE'
    if (entry === undefined) return 'NONE'
    const startsLate = entry.supportsEpochBump && baseSequence !== 0 && producer === undefined
    return startsLate || baseSequence > entry.lowestSequence ? 'OUT_OF_ORDER_SEQUENCE_NUMBER' : 'NONE'
  }

  /** A transactional batch was appended: from here on the open transaction speaks for the next ones. */
  appended(producerId: number): void {
    this.entries.delete(producerId)
  }

  /**
   * A marker was appended: whoever is being verified now has to begin again, but for a producer of version 2 that has
   * begun its next transaction, which has the epoch of the marker.
   */
  markerAppended(producerId: number, producerEpoch: number): void {
    const entry = this.entries.get(producerId)
    if (entry?.supportsEpochBump === true && entry.producerEpoch === producerEpoch) return
    this.entries.delete(producerId)
  }

  /** Forgets verifications that never came to an end (producer.id.expiration.ms). */
  expire(nowMillis: number, producerIdExpirationMillis: number): void {
    for (const [producerId, { startedMillis }] of this.entries)
      if (nowMillis - startedMillis >= producerIdExpirationMillis) this.entries.delete(producerId)
  }
}

function isOngoing(producer: ProducerView | undefined, producerEpoch: number): boolean {
  return producer?.hasOpenTransaction === true && producer.producerEpoch === producerEpoch
}
