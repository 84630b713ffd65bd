/** What a log knows of a producer (rule S1), as far as verification asks. */
export interface ProducerView {
  readonly producerEpoch: number
  readonly hasOpenTransaction: boolean
  /** Whether it remembers batches; a marker with a new epoch makes it forget them. */
  readonly hasBatches: boolean
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
    if (producerEpoch > known.producerEpoch) {
      known.producerEpoch = producerEpoch
      known.lowestSequence = baseSequence
    } else if (producerEpoch === known.producerEpoch)
      known.lowestSequence = Math.min(known.lowestSequence, baseSequence)
    return known.guard
  }

  /** Whether a batch may be appended; if not, the answer is INVALID_TXN_STATE. */
  isVerified(
    { producerId, producerEpoch }: TransactionalBatch,
    guard: VerificationGuard,
    producer: ProducerView | undefined,
  ): boolean {
    if (isOngoing(producer, producerEpoch)) return true
    return guard !== NO_GUARD && guard === this.entries.get(producerId)?.guard
  }

  /**
   * Whether the sequence of a batch that is being verified is in order; if not, the answer is
   * OUT_OF_ORDER_SEQUENCE_NUMBER: a batch before it failed and is going to be retried, or version 2 begins with another
   * sequence than 0.
   */
  isInOrder({ producerId, baseSequence }: TransactionalBatch, producer: ProducerView | undefined): boolean {
    const entry = this.entries.get(producerId)
    if (entry === undefined) return true
    if (entry.supportsEpochBump && baseSequence !== 0 && producer?.hasBatches !== true) return false
    return baseSequence <= entry.lowestSequence
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
