import { lastOf } from '../../kernel/list.ts'
import { inSequence, markerOf, NO_PRODUCER_EPOCH, type RecordBatch } from './batch.ts'
import type { LogBrokerConfig, LogSwitches } from './config.ts'
import { NO_OFFSET, ProducerStateEntry, type StoredProducer } from './producer-entry.ts'
import { type CompletedTxn, OpenTransactions } from './transactions.ts'
import { SENTINEL_GUARD, type VerificationGuard, Verifications } from './verification.ts'

/** Who appends: decides what is checked. Source: org.apache.kafka.storage.internals.log.AppendOrigin. */
export type AppendOrigin = 'client' | 'coordinator' | 'replication'

export type ProducerError =
  | 'NONE'
  | 'INVALID_PRODUCER_EPOCH'
  | 'OUT_OF_ORDER_SEQUENCE_NUMBER'
  | 'INVALID_TXN_STATE'
  | 'TRANSACTION_COORDINATOR_FENCED'

/** The producers as they were when everything below an offset had been appended: one file. */
export interface ProducerSnapshot {
  readonly offset: number
  readonly producers: readonly StoredProducer[]
  /** False for a torn file: it is skipped and deleted. */
  readonly isValid: boolean
}

/** Broker-wide and log-wide values that the state depends on. */
export interface ProducerStateOptions {
  readonly broker: LogBrokerConfig
  readonly switches: LogSwitches
  /** When the broker was started: the scans for expired producers count from there. */
  readonly startMillis: number
}

/** Milliseconds that a transaction may last beyond its longest timeout before it counts as hanging. */
const LATE_TRANSACTION_BUFFER_MS = 5 * 60 * 1000

/**
 * What a partition's log implies of the producers that wrote to it (rules S1 to S7, T7, T8). Validation changes nothing;
 * appends are applied once they are in the log. Source: ProducerStateManager, ProducerAppendInfo.
 */
export class ProducerState {
  readonly verifications = new Verifications()
  readonly transactions = new OpenTransactions()
  private readonly options: ProducerStateOptions
  private readonly producers = new Map<number, ProducerStateEntry>()
  private readonly list: ProducerSnapshot[]
  private end = 0
  private lastSnapshotOffset = 0
  private lastScan = 0

  /** @param snapshots by offset; nothing is loaded from them before `truncateAndReload` */
  constructor(options: ProducerStateOptions, snapshots: readonly ProducerSnapshot[] = []) {
    this.options = options
    this.list = [...snapshots]
  }

  get snapshots(): readonly ProducerSnapshot[] {
    return this.list
  }

  /** Everything below this offset is taken into account. */
  get mapEndOffset(): number {
    return this.end
  }

  get isEmpty(): boolean {
    return this.producers.size === 0 && this.transactions.unreplicatedCount === 0
  }

  /** The producers that have not expired, in the order in which they first wrote. */
  active(nowMillis: number): ReadonlyMap<number, ProducerStateEntry> {
    this.scan(nowMillis)
    return this.producers
  }

  entry(producerId: number, nowMillis: number): ProducerStateEntry | undefined {
    this.scan(nowMillis)
    return this.producers.get(producerId)
  }

  /** Whether a producer has an open transaction in an epoch. */
  hasOngoingTransaction(producerId: number, producerEpoch: number, nowMillis: number): boolean {
    const entry = this.entry(producerId, nowMillis)
    return (
      entry !== undefined &&
      entry.currentTxnFirstOffset !== NO_OFFSET &&
      entry.producerEpoch === producerEpoch
    )
  }

  /** Whether the oldest open transaction has been silent for so long that its coordinator must have lost it. */
  hasLateTransaction(nowMillis: number): boolean {
    const oldest = this.transactions.firstOngoing
    const silentSince =
      oldest === undefined ? -1 : (this.producers.get(oldest.producerId)?.lastTimestamp ?? -1)
    const limitMillis = this.options.broker['transaction.max.timeout.ms'] + LATE_TRANSACTION_BUFFER_MS
    return silentSince > 0 && nowMillis - silentSince > limitMillis
  }

  /**
   * Whether a batch may follow what its producer wrote before (rules S3 to S7, T7). Replicated batches are not to be
   * asked about: their leader has.
   * @param transactionVersion for markers: from 2 on each transaction has an epoch of its own (KIP-890, KIP-1228)
   */
  validate(
    batch: RecordBatch,
    origin: AppendOrigin,
    guard: VerificationGuard,
    transactionVersion: number,
    nowMillis: number,
  ): ProducerError {
    const entry = this.entry(batch.producerId, nowMillis)
    if (batch.isControl) return validateMarker(batch, entry, transactionVersion)
    const epoch = entry?.producerEpoch ?? NO_PRODUCER_EPOCH
    if (batch.producerEpoch < epoch) return 'INVALID_PRODUCER_EPOCH'
    if (batch.isTransactional && this.lacksVerification(batch, entry, guard)) return 'INVALID_TXN_STATE'
    if (origin === 'client' && !this.isInSequence(batch, entry)) return 'OUT_OF_ORDER_SEQUENCE_NUMBER'
    const inTransaction = entry !== undefined && entry.currentTxnFirstOffset !== NO_OFFSET
    return inTransaction && !batch.isTransactional ? 'INVALID_TXN_STATE' : 'NONE'
  }

  /** Takes a batch into account that is in the log. @returns the transaction that it has ended, still to be completed */
  apply(batch: RecordBatch, nowMillis: number): CompletedTxn | undefined {
    this.scan(nowMillis)
    const { producerId } = batch
    let entry = this.producers.get(producerId)
    if (entry === undefined) {
      entry = new ProducerStateEntry(producerId, this.options.switches.producerStateWindow)
      this.producers.set(producerId, entry)
    }
    if (batch.isTransactional) this.endVerification(batch)
    if (batch.isControl) return applyMarker(batch, entry, this.options.switches.markersKeepProducerState)
    entry.addBatch(batch)
    if (batch.isTransactional && entry.currentTxnFirstOffset === NO_OFFSET) {
      entry.currentTxnFirstOffset = batch.baseOffset
      this.transactions.begin(producerId, batch.baseOffset)
    }
    return undefined
  }

  /** Everything below an offset has been applied. */
  advanceTo(offset: number): void {
    this.end = offset
  }

  /** Begins or joins the verification of a transaction with its coordinator (rule S7). */
  beginVerification(
    producerId: number,
    sequence: number,
    producerEpoch: number,
    supportsEpochBump: boolean,
    nowMillis: number,
  ): VerificationGuard | 'INVALID_PRODUCER_EPOCH' {
    const epoch = this.entry(producerId, nowMillis)?.producerEpoch ?? NO_PRODUCER_EPOCH
    if (producerEpoch < epoch) return 'INVALID_PRODUCER_EPOCH'
    if (this.hasOngoingTransaction(producerId, producerEpoch, nowMillis)) return SENTINEL_GUARD
    return this.verifications.begin(producerId, sequence, producerEpoch, supportsEpochBump, nowMillis).guard
  }

  /** Forgets producers without an open transaction that have not written for too long (rule S5). */
  removeExpired(nowMillis: number): void {
    const expirationMillis = this.options.broker['producer.id.expiration.ms']
    for (const [producerId, entry] of this.producers) {
      if (isExpired(entry, nowMillis, expirationMillis)) this.producers.delete(producerId)
    }
    this.verifications.expire(nowMillis, expirationMillis)
  }

  /** Writes a snapshot at the end, unless there is one. */
  takeSnapshot(nowMillis: number): void {
    if (this.end <= this.lastSnapshotOffset) return
    this.scan(nowMillis)
    const producers = [...this.producers.values()].map((entry) => entry.stored())
    this.removeSnapshot(this.end)
    this.list.push({ offset: this.end, producers, isValid: true })
    this.lastSnapshotOffset = this.end
  }

  /** Deletes the snapshot at an offset, if there is one. */
  removeSnapshot(offset: number): void {
    const index = this.list.findIndex((snapshot) => snapshot.offset === offset)
    if (index >= 0) this.list.splice(index, 1)
  }

  /** Deletes the snapshots that belong to no segment, but not the last one above all segments (a clean shutdown's). */
  removeStraySnapshots(segmentBaseOffsets: readonly number[]): void {
    const bases = new Set(segmentBaseOffsets)
    const stray = this.list.filter(({ offset }) => !bases.has(offset))
    const last = lastOf(stray)
    const kept = last !== undefined && last.offset > Math.max(...bases) ? last : undefined
    for (const snapshot of stray) if (snapshot !== kept) this.removeSnapshot(snapshot.offset)
  }

  /**
   * Goes back to the last snapshot between two offsets, unless the state ends at the upper one already; what lies above
   * the snapshot is to be applied again.
   */
  truncateAndReload(logStartOffset: number, logEndOffset: number, nowMillis: number): void {
    const kept = this.list.filter(({ offset }) => offset <= logEndOffset && offset > logStartOffset)
    this.list.splice(0, this.list.length, ...kept)
    if (logEndOffset === this.end) {
      this.raiseLogStart(logStartOffset)
      return
    }
    this.producers.clear()
    this.transactions.clear()
    this.loadSnapshot(logStartOffset, nowMillis)
  }

  /** The log begins at an offset now: what was replicated below it is settled. */
  raiseLogStart(logStartOffset: number): void {
    this.transactions.settle(logStartOffset)
    if (!this.options.switches.producerStateOutlivesRecords) this.removeWithoutRecords(logStartOffset)
    if (this.end < logStartOffset) this.end = logStartOffset
    this.lastSnapshotOffset = lastOf(this.list)?.offset ?? logStartOffset
  }

  /** Forgets everything; the log is empty and goes on at an offset. */
  truncateFully(offset: number): void {
    this.producers.clear()
    this.transactions.clear()
    this.list.length = 0
    this.lastSnapshotOffset = 0
    this.end = offset
  }

  /** Forgets producers without an open transaction of which all batches are deleted. */
  private removeWithoutRecords(logStartOffset: number): void {
    for (const [producerId, { lastDataOffset, currentTxnFirstOffset }] of this.producers)
      if (lastDataOffset < logStartOffset && currentTxnFirstOffset === NO_OFFSET)
        this.producers.delete(producerId)
  }

  private loadSnapshot(logStartOffset: number, nowMillis: number): void {
    while (this.list.length > 0 && !(this.list[this.list.length - 1] as ProducerSnapshot).isValid)
      this.list.pop()
    const snapshot = lastOf(this.list)
    this.end = snapshot?.offset ?? logStartOffset
    this.lastSnapshotOffset = this.end
    const expirationMillis = this.options.broker['producer.id.expiration.ms']
    for (const stored of snapshot?.producers ?? []) {
      if (isExpired(stored, nowMillis, expirationMillis)) continue
      const entry = ProducerStateEntry.restored(stored, this.options.switches.producerStateWindow)
      this.producers.set(stored.producerId, entry)
      if (stored.currentTxnFirstOffset !== NO_OFFSET) {
        this.transactions.begin(stored.producerId, stored.currentTxnFirstOffset)
      }
    }
  }

  /**
   * Does what the scans since the last call would have done (producer.id.expiration.check.interval.ms). Nothing has
   * changed meanwhile, so that the last of them stands for all.
   */
  private scan(nowMillis: number): void {
    const { broker, startMillis } = this.options
    const intervalMillis = broker['producer.id.expiration.check.interval.ms']
    const tick = Math.floor((nowMillis - startMillis) / intervalMillis)
    if (tick <= this.lastScan) return
    this.lastScan = tick
    this.removeExpired(startMillis + tick * intervalMillis)
  }

  private lacksVerification(
    batch: RecordBatch,
    entry: ProducerStateEntry | undefined,
    guard: VerificationGuard,
  ): boolean {
    if (!this.options.broker['transaction.partition.verification.enable']) return false
    const ongoing = entry !== undefined && entry.currentTxnFirstOffset !== NO_OFFSET
    if (ongoing && entry.producerEpoch === batch.producerEpoch) return false
    return !this.verifications.verifies(batch.producerId, guard)
  }

  /** ProducerAppendInfo.checkSequence. */
  private isInSequence(batch: RecordBatch, entry: ProducerStateEntry | undefined): boolean {
    const { baseSequence } = batch
    const verification = this.verifications.entry(batch.producerId)
    if (verification !== undefined) {
      const unknown = entry === undefined || entry.isEmpty
      if (verification.supportsEpochBump && baseSequence !== 0 && unknown) return false
      if (baseSequence > verification.lowestSequence) return false
    }
    if (entry === undefined || entry.producerEpoch === NO_PRODUCER_EPOCH) return true
    return batch.producerEpoch === entry.producerEpoch
      ? inSequence(entry.lastSequence, baseSequence)
      : baseSequence === 0
  }

  /** A verification of the next transaction must outlive the marker of the last one: its epoch tells them apart. */
  private endVerification(batch: RecordBatch): void {
    const verification = this.verifications.entry(batch.producerId)
    const isNext =
      verification?.supportsEpochBump && batch.isControl && batch.producerEpoch === verification.producerEpoch
    if (!isNext) this.verifications.clear(batch.producerId)
  }
}

function isExpired(
  producer: { readonly lastTimestamp: number; readonly currentTxnFirstOffset: number },
  nowMillis: number,
  expirationMillis: number,
): boolean {
  return (
    producer.currentTxnFirstOffset === NO_OFFSET && nowMillis - producer.lastTimestamp >= expirationMillis
  )
}

function validateMarker(
  batch: RecordBatch,
  entry: ProducerStateEntry | undefined,
  transactionVersion: number,
): ProducerError {
  const marker = markerOf(batch)
  if (marker === undefined || entry === undefined) return 'NONE'
  const epoch = entry.producerEpoch
  const isRetry = batch.producerEpoch === epoch && entry.currentTxnFirstOffset === NO_OFFSET
  const isOld =
    transactionVersion >= 2 ? batch.producerEpoch <= epoch && !isRetry : batch.producerEpoch < epoch
  if (isOld) return 'INVALID_PRODUCER_EPOCH'
  return entry.coordinatorEpoch > marker.coordinatorEpoch ? 'TRANSACTION_COORDINATOR_FENCED' : 'NONE'
}

function applyMarker(
  batch: RecordBatch,
  entry: ProducerStateEntry,
  keepsState: boolean,
): CompletedTxn | undefined {
  const marker = markerOf(batch)
  if (marker === undefined) return undefined
  const firstOffset = entry.currentTxnFirstOffset
  const timestamp = keepsState ? batch.maxTimestamp : entry.lastTimestamp
  entry.endTransaction(batch.producerEpoch, marker.coordinatorEpoch, timestamp)
  if (firstOffset === NO_OFFSET) return undefined
  const isAborted = marker.controlType === 'ABORT'
  return { producerId: batch.producerId, firstOffset, lastOffset: batch.baseOffset, isAborted }
}
