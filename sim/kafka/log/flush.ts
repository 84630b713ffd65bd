import { Checkpoint } from './checkpoint.ts'

/** A flush under way. */
interface PendingFlush {
  readonly offset: number
  readonly dueMillis: number
}

/**
 * Up to where a log has been flushed: its recovery point, with the checkpoint of it (rule L15). Flushes end in the
 * background; whether one has ended is worked out when somebody asks. Source: LocalLog.flush, LogManager.
 */
export class FlushPoint {
  private readonly checkpoint: Checkpoint
  private flushed: number
  /** Survives a machine crash, though nobody has flushed it since the log was opened. */
  private safe: number
  private pending: PendingFlush[] = []
  /** When everything written so far is flushed because of flush.ms. */
  private intervalDueMillis = Number.POSITIVE_INFINITY
  private lastFlushMillis: number

  /** @param safeOffset everything below is on disk, known to be or not */
  constructor(offset: number, safeOffset: number, checkpointIntervalMillis: number, startMillis: number) {
    this.flushed = offset
    this.safe = safeOffset
    this.checkpoint = new Checkpoint(checkpointIntervalMillis, startMillis, offset)
    this.lastFlushMillis = startMillis
  }

  /** The offset below which everything is on disk. */
  offset(logEndOffset: number, nowMillis: number): number {
    this.settle(logEndOffset, nowMillis)
    return this.flushed
  }

  /** The offset below which a machine crash can take nothing away. */
  durableOffset(logEndOffset: number, nowMillis: number): number {
    return Math.max(this.safe, this.offset(logEndOffset, nowMillis))
  }

  /** The recovery point as the disk has it: a crash makes the broker check everything above. */
  stored(logEndOffset: number, nowMillis: number): number {
    this.settle(logEndOffset, nowMillis)
    return this.checkpoint.stored(nowMillis)
  }

  /** Everything below an offset is flushed now. */
  flushTo(offset: number, nowMillis: number): void {
    if (offset <= this.flushed) return
    this.set(offset, nowMillis)
    this.lastFlushMillis = nowMillis
    this.intervalDueMillis = Number.POSITIVE_INFINITY
  }

  /** Everything below an offset will be flushed at a time. */
  flushLater(offset: number, dueMillis: number): void {
    this.pending.push({ offset, dueMillis })
  }

  /** A record is about to be written, and to be flushed at the latest after a time (flush.ms). */
  writing(logEndOffset: number, flushMs: number, nowMillis: number): void {
    this.settle(logEndOffset, nowMillis)
    if (this.intervalDueMillis === Number.POSITIVE_INFINITY) {
      this.intervalDueMillis = Math.max(this.lastFlushMillis + flushMs, nowMillis)
    }
  }

  /** Nothing is left of what lay above an offset. */
  lowerTo(offset: number, nowMillis: number): void {
    this.settle(offset, nowMillis)
    this.pending = this.pending.map((one) => ({ ...one, offset: Math.min(one.offset, offset) }))
    this.safe = Math.min(this.safe, offset)
    if (offset < this.flushed) this.set(offset, nowMillis)
  }

  /** The log begins at an offset now. */
  raiseTo(offset: number, nowMillis: number): void {
    if (offset > this.flushed) this.set(offset, nowMillis)
  }

  private settle(logEndOffset: number, nowMillis: number): void {
    while (this.pending.length > 0 && (this.pending[0] as PendingFlush).dueMillis <= nowMillis) {
      const { offset, dueMillis } = this.pending.shift() as PendingFlush
      this.flushTo(offset, dueMillis)
    }
    if (this.intervalDueMillis <= nowMillis) this.flushTo(logEndOffset, this.intervalDueMillis)
  }

  private set(offset: number, nowMillis: number): void {
    this.flushed = offset
    this.checkpoint.set(offset, nowMillis)
  }
}
