import type { LogBrokerConfig, LogConfig, LogSwitches } from './config.ts'
import type { Disk } from './disk.ts'
import type { LeaderEpochCache } from './epoch-cache.ts'
import type { ProducerState } from './producer-state.ts'
import type { LogSegment } from './segment.ts'

/** What a log is made of besides its content. */
export interface LogOptions {
  readonly config: LogConfig
  readonly broker: LogBrokerConfig
  readonly switches: LogSwitches
  readonly disk: Disk
  /** When the broker was started: its periodic tasks count from there. */
  readonly startMillis: number
}

/** The content of a log when it is opened. */
export interface LoadedLog {
  /** The log's own from then on; undefined if nobody has written to it. */
  readonly segments: LogSegment[] | undefined
  /** undefined if nobody has led it. */
  readonly epochs: LeaderEpochCache | undefined
  /** undefined if nobody has written to it. */
  readonly producers: ProducerState | undefined
  readonly marks: LoadedMarks
}

/** The bounds of a log when it is opened. */
export interface LoadedMarks {
  readonly highWatermark: number
  readonly logStartOffset: number
  readonly recoveryPoint: number
  /** Below it everything is on disk, whatever the recovery point says. */
  readonly durableOffset: number
  /** First offset that the cleaner has not been at, undefined if it never ran. */
  readonly firstDirtyOffset: number | undefined
}
