import { Checkpoint } from './checkpoint.ts'
import { FlushPoint } from './flush.ts'
import type { LoadedMarks, LogOptions } from './options.ts'

/**
 * What the disk knows of the bounds of a log (rule L15): up to where it is flushed, and the checkpoints of its high
 * watermark and its start. Each is made when its bound first changes or somebody asks: in most logs few ever do.
 */
export class DiskMarks {
  private readonly options: LogOptions
  private readonly loaded: LoadedMarks
  /** As they were when the log was opened. */
  private readonly openedHigh: number
  private readonly openedStart: number
  private knownFlushes: FlushPoint | undefined = undefined
  private knownHighWatermark: Checkpoint | undefined = undefined
  private knownLogStart: Checkpoint | undefined = undefined

  /** @param loaded what the log was opened with */
  constructor(options: LogOptions, loaded: LoadedMarks, highWatermark: number, logStartOffset: number) {
    this.options = options
    this.loaded = loaded
    this.openedHigh = highWatermark
    this.openedStart = logStartOffset
  }

  get flushes(): FlushPoint {
    if (this.knownFlushes !== undefined) return this.knownFlushes
    const { broker, startMillis } = this.options
    const { recoveryPoint, durableOffset } = this.loaded
    const flushed = Math.max(recoveryPoint, this.openedStart)
    const intervalMs = broker['log.flush.offset.checkpoint.interval.ms']
    this.knownFlushes = new FlushPoint(flushed, durableOffset, intervalMs, startMillis)
    return this.knownFlushes
  }

  get highWatermark(): Checkpoint {
    if (this.knownHighWatermark !== undefined) return this.knownHighWatermark
    const { broker, startMillis } = this.options
    const intervalMs = broker['replica.high.watermark.checkpoint.interval.ms']
    this.knownHighWatermark = new Checkpoint(intervalMs, startMillis, this.openedHigh)
    return this.knownHighWatermark
  }

  get logStart(): Checkpoint {
    if (this.knownLogStart !== undefined) return this.knownLogStart
    const { broker, startMillis } = this.options
    const intervalMs = broker['log.flush.start.offset.checkpoint.interval.ms']
    this.knownLogStart = new Checkpoint(intervalMs, startMillis, this.openedStart)
    return this.knownLogStart
  }
}
