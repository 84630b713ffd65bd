/** Names one verification of a producer's transaction with its coordinator; unique within a log (KIP-890). */
export type VerificationGuard = number

/** The guard of whoever has not verified anything: fits no verification. */
export const SENTINEL_GUARD: VerificationGuard = 0

/** A verification under way, or done and waiting for the first append. Source: VerificationStateEntry. */
export interface VerificationEntry {
  readonly guard: VerificationGuard
  readonly startedMillis: number
  /** Lowest sequence that asked to be verified in the epoch: nothing above may be appended first. */
  readonly lowestSequence: number
  readonly producerEpoch: number
  /** Whether the producer's epoch is bumped by each transaction (transaction.version 2). */
  readonly supportsEpochBump: boolean
}

/** The verifications of the producers that have no open transaction on a partition (rule S7). */
export class Verifications {
  /** Made for the first: most logs have none. */
  private entries: Map<number, VerificationEntry> | undefined = undefined
  private lastGuard: VerificationGuard = SENTINEL_GUARD

  entry(producerId: number): VerificationEntry | undefined {
    return this.entries?.get(producerId)
  }

  /** The guard of a producer's verification, SENTINEL_GUARD if there is none. */
  guard(producerId: number): VerificationGuard {
    return this.entry(producerId)?.guard ?? SENTINEL_GUARD
  }

  /** Whether an append with a guard belongs to the verification of its producer. */
  verifies(producerId: number, guard: VerificationGuard): boolean {
    return guard !== SENTINEL_GUARD && guard === this.guard(producerId)
  }

  /** Begins a verification, or takes part in the one that is under way. */
  begin(
    producerId: number,
    sequence: number,
    producerEpoch: number,
    supportsEpochBump: boolean,
    nowMillis: number,
  ): VerificationEntry {
    this.entries ??= new Map()
    const known = this.entries.get(producerId)
    const entry =
      known === undefined
        ? this.created(sequence, producerEpoch, supportsEpochBump, nowMillis)
        : joined(known, sequence, producerEpoch)
    this.entries.set(producerId, entry)
    return entry
  }

  clear(producerId: number): void {
    this.entries?.delete(producerId)
  }

  /** Forgets those that began too long ago. */
  expire(nowMillis: number, expirationMillis: number): void {
    if (this.entries === undefined) return
    for (const [producerId, { startedMillis }] of this.entries) {
      if (nowMillis - startedMillis >= expirationMillis) this.entries.delete(producerId)
    }
  }

  private created(
    lowestSequence: number,
    producerEpoch: number,
    supportsEpochBump: boolean,
    startedMillis: number,
  ): VerificationEntry {
    this.lastGuard += 1
    return { guard: this.lastGuard, startedMillis, lowestSequence, producerEpoch, supportsEpochBump }
  }
}

function joined(known: VerificationEntry, sequence: number, producerEpoch: number): VerificationEntry {
  const newer = producerEpoch > known.producerEpoch
  const lower = producerEpoch === known.producerEpoch && sequence < known.lowestSequence
  return newer || lower ? { ...known, lowestSequence: sequence, producerEpoch } : known
}
