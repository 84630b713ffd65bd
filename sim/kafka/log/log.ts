import {
  type AppendResult,
  type AppendSource,
  appended,
  CLIENT_APPEND,
  checkProducer,
  type FollowerError,
  inspectReplicated,
  refused,
  upToEpoch,
} from './append.ts'
import { NO_PARTITION_LEADER_EPOCH, NO_TIMESTAMP, type RecordBatch } from './batch.ts'
import type { LogConfig } from './config.ts'
import type { Disk } from './disk.ts'
import { DiskMarks } from './disk-marks.ts'
import { type EpochEndOffset, LeaderEpochCache } from './epoch-cache.ts'
import type { LoadedLog, LoadedMarks, LogOptions } from './options.ts'
import { ProducerState } from './producer-state.ts'
import {
  type FetchIsolation,
  NOTHING,
  OUT_OF_RANGE,
  type ReadResult,
  readBatches,
  UNREADABLE,
} from './read.ts'
import { applyBatch, rebuildProducerState } from './rebuild.ts'
import { LogSegment } from './segment.ts'
import { LogSegments } from './segments.ts'
import { validateBatch } from './validation.ts'

/**
 * The log of one replica of one partition: logStartOffset <= lastStableOffset <= highWatermark <= logEndOffset (rule L1).
 * After a crash it must not be used again: see `recovery.ts`. Source: UnifiedLog, LocalLog. Out of scope: tiered
 * storage, compression, message formats before magic 2, segment.jitter.ms.
 */
export class Log {
  private currentConfig: LogConfig
  readonly options: LogOptions
  readonly epochs: LeaderEpochCache
  /** First offset that the cleaner has not been at, undefined if it never ran. */
  firstDirtyOffset: number | undefined
  /** When its content or its bounds last changed. */
  changedMillis: number
  private readonly disk: Disk
  private end: number
  private start: number
  private high: number
  private unstable = -1
  /** What it was opened with. */
  private readonly loaded: LoadedMarks
  private readonly openedMillis: number
  private knownSegments: LogSegments | undefined
  private knownMarks: DiskMarks | undefined = undefined
  private knownProducers: ProducerState | undefined

  constructor(options: LogOptions, { segments, epochs, producers, marks }: LoadedLog, nowMillis: number) {
    this.options = options
    this.currentConfig = options.config
    this.changedMillis = options.startMillis
    this.loaded = marks
    this.disk = options.disk
    this.openedMillis = nowMillis
    this.knownSegments = segments && new LogSegments(segments)
    this.epochs = epochs ?? new LeaderEpochCache()
    this.knownProducers = producers
    this.firstDirtyOffset = marks.firstDirtyOffset
    this.end = this.knownSegments?.active.nextOffset ?? marks.logStartOffset
    this.start = marks.logStartOffset
    this.high = Math.min(Math.max(marks.highWatermark, this.start), this.end)
    this.settleTransactions()
  }

  /** What it holds; made when somebody looks or writes, since many logs stay empty. */
  get segments(): LogSegments {
    this.knownSegments ??= new LogSegments([new LogSegment(this.loaded.logStartOffset, this.openedMillis)])
    return this.knownSegments
  }

  /** Nobody has written to it or looked into it. */
  get isUntouched(): boolean {
    return this.knownSegments === undefined
  }

  /** What the disk knows of its bounds; made before one of them changes, since many logs stay empty. */
  get marks(): DiskMarks {
    this.knownMarks ??= new DiskMarks(this.options, this.loaded, this.high, this.start)
    return this.knownMarks
  }

  /** What the log implies of its producers; made when somebody asks, since many logs never have one. */
  get producers(): ProducerState {
    if (this.knownProducers === undefined) {
      this.knownProducers = new ProducerState(this.options)
      this.knownProducers.raiseLogStart(this.start)
      this.knownProducers.advanceTo(this.end)
    }
    return this.knownProducers
  }

  get config(): LogConfig {
    return this.currentConfig
  }

  /** The topic's configuration was altered. */
  reconfigure(config: LogConfig, nowMillis: number): void {
    this.currentConfig = config
    this.changedMillis = nowMillis
  }

  /** Offset of the next record to be written. */
  get logEndOffset(): number {
    return this.end
  }

  /** Records below it are visible. */
  get highWatermark(): number {
    return this.high
  }

  get logStartOffset(): number {
    return this.start
  }

  /** First offset of a transaction that holds back readers of committed data; -1 if there is none. */
  get firstUnstableOffset(): number {
    return this.unstable
  }

  /** Records below it are visible to readers of committed data (rule T8). */
  get lastStableOffset(): number {
    return this.unstable >= 0 && this.unstable < this.high ? this.unstable : this.high
  }

  /** The offset below which everything is flushed. */
  recoveryPoint(nowMillis: number): number {
    return this.marks.flushes.offset(this.end, nowMillis)
  }

  /** Where an epoch ends in this log (rule L9). */
  endOffsetForEpoch(epoch: number): EpochEndOffset {
    return this.epochs.endOffsetFor(epoch, this.end)
  }

  /** A replica that becomes leader starts its epoch, before it writes anything (rule L8). */
  startEpoch(leaderEpoch: number): void {
    this.epochs.assign(leaderEpoch, this.end)
  }

  /** Whether the disk has failed. */
  get isOffline(): boolean {
    return this.disk.offline
  }

  /** Gives a batch its offsets and appends it (rules L8, L14, S2 to S7). @param batch see `producedBatch` */
  appendAsLeader(
    batch: RecordBatch,
    leaderEpoch: number,
    nowMillis: number,
    source: AppendSource = CLIENT_APPEND,
  ): AppendResult {
    const { config } = this
    if (this.disk.offline) return refused('KAFKA_STORAGE_ERROR', this.start)
    const batchError = validateBatch(batch, config, source.origin, nowMillis)
    if (batchError !== 'NONE') return refused(batchError, this.start)
    const logAppendMillis = config['message.timestamp.type'] === 'LogAppendTime' ? nowMillis : NO_TIMESTAMP
    const assigned = batch.assigned(this.end, leaderEpoch, logAppendMillis)
    this.epochs.assign(leaderEpoch, this.end)
    if (assigned.sizeInBytes > config['segment.bytes']) return refused('RECORD_LIST_TOO_LARGE', this.start)
    const { sizeInBytes, maxTimestamp, lastOffset, baseOffset } = assigned
    if (this.segments.active.shouldRoll(config, sizeInBytes, maxTimestamp, lastOffset, nowMillis))
      this.roll(nowMillis, baseOffset)
    if (assigned.hasProducerId && source.origin !== 'replication') {
      const known = checkProducer(this.producers, assigned, source, this.start, nowMillis)
      if (known !== undefined) return known
    }
    if (!this.disk.write(assigned.sizeInBytes, nowMillis)) return refused('KAFKA_STORAGE_ERROR', this.start)
    this.write(assigned, nowMillis)
    this.afterWrite(nowMillis)
    return appended(assigned, logAppendMillis, this.start)
  }

  /**
   * Appends batches as the leader has them. Those of a later epoch than the one that they were asked for in are left
   * out (KAFKA-18723). An empty log goes back to the start of a batch that holds its start offset.
   */
  appendAsFollower(
    replicated: readonly RecordBatch[],
    leaderEpoch: number,
    nowMillis: number,
  ): FollowerError {
    const { config } = this
    if (this.disk.offline) return 'KAFKA_STORAGE_ERROR'
    const batches = upToEpoch(replicated, leaderEpoch)
    const first = batches[0]
    if (first === undefined) return 'NONE'
    const { error, bytes, lastOffset, maxTimestamp } = inspectReplicated(batches)
    if (error !== 'NONE') return error
    if (first.baseOffset < this.end) {
      if (this.end !== this.start || lastOffset < this.end) return 'UNEXPECTED_APPEND_OFFSET'
      this.truncateFullyAndStartAt(first.baseOffset, nowMillis)
    }
    for (const { partitionLeaderEpoch: epoch, baseOffset } of batches) {
      if (epoch !== NO_PARTITION_LEADER_EPOCH) this.epochs.assign(epoch, baseOffset)
    }
    if (bytes > config['segment.bytes']) return 'RECORD_LIST_TOO_LARGE'
    if (this.segments.active.shouldRoll(config, bytes, maxTimestamp, lastOffset, nowMillis))
      this.roll(nowMillis, first.baseOffset)
    if (!this.disk.write(bytes, nowMillis)) return 'KAFKA_STORAGE_ERROR'
    for (const batch of batches) this.write(batch, nowMillis)
    this.afterWrite(nowMillis)
    return 'NONE'
  }

  /** Offset below which a reader may see records (rule F2). */
  readBound(isolation: FetchIsolation): number {
    if (isolation === 'log_end') return this.end
    return isolation === 'high_watermark' ? this.high : this.lastStableOffset
  }

  /**
   * Whole batches from the one that holds an offset on, all of one segment; records below the offset are for the client
   * to drop, as are those of aborted transactions (rules F2, F3, T8).
   * @param minOneBatch the first batch comes even if it is larger than `maxBytes`
   */
  read(startOffset: number, maxBytes: number, isolation: FetchIsolation, minOneBatch = true): ReadResult {
    if (this.disk.offline) return UNREADABLE
    if (startOffset < this.start || startOffset > this.end) return OUT_OF_RANGE
    const maxOffset = this.readBound(isolation)
    if (startOffset >= maxOffset) return NOTHING
    return readBatches(this.segments, startOffset, maxBytes, maxOffset, isolation, minOneBatch)
  }

  /** Sets the high watermark, as far as the log reaches (rules L3, L5, L6). @returns what it is now */
  updateHighWatermark(offset: number, nowMillis: number): number {
    const high = offset < this.start ? this.start : Math.min(offset, this.end)
    if (high !== this.high) this.setHighWatermark(high, nowMillis)
    return high
  }

  /**
   * Raises the high watermark, as leaders do (rule L3).
   * @returns whether it was lower
   * @throws RangeError above the end of the log
   */
  maybeIncrementHighWatermark(offset: number, nowMillis: number): boolean {
    if (offset > this.end) throw new RangeError(`high watermark ${offset} above log end offset ${this.end}`)
    if (offset <= this.high) return false
    this.setHighWatermark(offset, nowMillis)
    return true
  }

  /** Raises the start of the log, and with it whatever lay below (rule L6). */
  maybeIncrementLogStartOffset(offset: number, nowMillis: number): 'NONE' | 'OFFSET_OUT_OF_RANGE' {
    if (offset > this.high) return 'OFFSET_OUT_OF_RANGE'
    if (offset <= this.start) return 'NONE'
    this.setLogStart(offset, nowMillis)
    this.marks.flushes.raiseTo(offset, nowMillis)
    this.epochs.truncateFromStart(offset)
    this.producers.raiseLogStart(offset)
    this.updateFirstUnstable()
    return 'NONE'
  }

  /**
   * Drops everything from an offset on, with the whole batch that holds it (rule L6).
   * @returns whether anything was dropped
   * @throws RangeError below 0
   */
  truncateTo(offset: number, nowMillis: number): boolean {
    if (offset < 0) throw new RangeError(`truncation to ${offset}`)
    if (offset >= this.end) {
      // A leader that never wrote has left an entry at the end, which may contradict the new leader's.
      this.epochs.truncateFromEnd(this.end)
      return false
    }
    if (this.segments.first.baseOffset > offset) {
      this.truncateFullyAndStartAt(offset, nowMillis)
      return true
    }
    while (this.segments.active.baseOffset > offset) this.forget([this.segments.pop()], nowMillis)
    this.disk.free(this.segments.active.truncateTo(offset, nowMillis))
    // A batch is dropped as a whole, but what was asked for is the end: an offset within one leaves a gap (as in Kafka).
    this.end = offset
    this.marks.flushes.lowerTo(offset, nowMillis)
    this.epochs.truncateFromEnd(offset)
    this.setLogStart(Math.min(offset, this.start), nowMillis)
    this.lowerFirstDirty(offset)
    rebuildProducerState(this.producers, this.segments, this.start, offset, nowMillis)
    if (this.high >= offset) this.setHighWatermark(offset, nowMillis)
    else this.settleTransactions()
    return true
  }

  /** Drops everything, to go on at an offset (rule R4). @param logStartOffset defaults to that offset */
  truncateFullyAndStartAt(offset: number, nowMillis: number, logStartOffset = offset): void {
    while (this.segments.count > 0) this.forget([this.segments.pop()], nowMillis)
    this.segments.push(new LogSegment(offset, nowMillis))
    this.end = offset
    this.marks.flushes.lowerTo(offset, nowMillis)
    this.epochs.clear()
    this.producers.truncateFully(offset)
    this.setLogStart(logStartOffset, nowMillis)
    this.lowerFirstDirty(offset)
    this.setHighWatermark(offset, nowMillis)
  }

  /** Starts a new segment at the end of the log, or above; the old one is flushed in the background (rule L15). */
  roll(nowMillis: number, expectedNextOffset = 0): void {
    const base = Math.max(expectedNextOffset, this.end)
    const { active } = this.segments
    if (active.baseOffset === base && active.sizeInBytes === 0) this.segments.pop()
    this.segments.push(new LogSegment(base, nowMillis))
    this.producers.advanceTo(base)
    this.producers.takeSnapshot(nowMillis)
    this.marks.flushes.flushLater(base, nowMillis + this.disk.flushMillis)
  }

  /** Flushes everything (fsync). */
  flush(nowMillis: number): void {
    this.marks.flushes.flushTo(this.end, nowMillis)
  }

  /** Removes the oldest segments, starting a new one if none would be left; the log starts after them (rule D2). */
  deleteOldest(count: number, nowMillis: number): void {
    if (count === this.segments.count) this.roll(nowMillis)
    const next = this.segments.all[count] as LogSegment
    this.maybeIncrementLogStartOffset(next.baseOffset, nowMillis)
    this.forget(this.segments.splice(0, count, []), nowMillis)
  }

  /** Puts cleaned segments in the place of neighbours (rule D4). @returns false if the disk is full */
  replaceSegments(old: readonly LogSegment[], cleaned: readonly LogSegment[], nowMillis: number): boolean {
    let bytes = 0
    for (const { sizeInBytes } of cleaned) bytes += sizeInBytes
    if (!this.disk.write(bytes, nowMillis)) return false
    const index = this.segments.indexOf(old[0] as LogSegment)
    this.forget(this.segments.splice(index, old.length, cleaned), nowMillis, cleaned)
    return true
  }

  private write(batch: RecordBatch, nowMillis: number): void {
    const flushMs = this.config['flush.ms']
    if (flushMs !== Number.POSITIVE_INFINITY) this.marks.flushes.writing(this.end, flushMs, nowMillis)
    this.segments.active.append(batch, this.config['index.interval.bytes'], nowMillis)
    this.end = batch.nextOffset
    if (batch.hasProducerId) applyBatch(this.producers, batch, this.segments.active.abortedIndex, nowMillis)
  }

  private afterWrite(nowMillis: number): void {
    this.changedMillis = nowMillis
    this.knownProducers?.advanceTo(this.end)
    this.updateFirstUnstable()
    const flushMessages = this.config['flush.messages']
    if (flushMessages === Number.POSITIVE_INFINITY) return
    if (this.end - this.recoveryPoint(nowMillis) >= flushMessages) this.flush(nowMillis)
  }

  private setHighWatermark(offset: number, nowMillis: number): void {
    this.marks.highWatermark.set(offset, nowMillis)
    this.high = offset
    this.changedMillis = nowMillis
    this.settleTransactions()
  }

  private settleTransactions(): void {
    this.knownProducers?.transactions.settle(this.high)
    this.updateFirstUnstable()
  }

  private setLogStart(offset: number, nowMillis: number): void {
    if (offset === this.start) return
    this.marks.logStart.set(offset, nowMillis)
    this.start = offset
    this.changedMillis = nowMillis
  }

  private updateFirstUnstable(): void {
    const offset = this.knownProducers?.transactions.firstUnstableOffset ?? -1
    this.unstable = offset < 0 ? -1 : Math.max(offset, this.start)
  }

  private lowerFirstDirty(offset: number): void {
    if (this.firstDirtyOffset !== undefined) this.firstDirtyOffset = Math.min(this.firstDirtyOffset, offset)
  }

  /** Segments were deleted or replaced: their files go later, their snapshots unless another segment starts there. */
  private forget(old: readonly LogSegment[], nowMillis: number, cleaned: readonly LogSegment[] = []): void {
    let bytes = 0
    for (const { baseOffset, sizeInBytes } of old) {
      bytes += sizeInBytes
      if (!cleaned.some((segment) => segment.baseOffset === baseOffset))
        this.producers.removeSnapshot(baseOffset)
    }
    this.disk.freeLater(bytes, nowMillis + this.config['file.delete.delay.ms'])
  }
}
