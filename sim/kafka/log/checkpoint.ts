/**
 * A value that a background task writes to disk at fixed intervals: what a crash leaves of it is the value at the last
 * tick. Ticks are worked out when the value is changed or read, so that an idle log costs nothing (rule L15).
 */
export class Checkpoint {
  private readonly intervalMillis: number
  private readonly startMillis: number
  private current: number
  private written: number
  private changedMillis: number

  /** @param startMillis when the task was started: its first tick is one interval later */
  constructor(intervalMillis: number, startMillis: number, value: number) {
    this.intervalMillis = intervalMillis
    this.startMillis = startMillis
    this.current = value
    this.written = value
    this.changedMillis = startMillis
  }

  /** The value changes. */
  set(value: number, nowMillis: number): void {
    this.settle(nowMillis)
    this.current = value
    this.changedMillis = nowMillis
  }

  /** The value as the disk has it. */
  stored(nowMillis: number): number {
    this.settle(nowMillis)
    return this.written
  }

  private settle(nowMillis: number): void {
    if (this.tick(nowMillis) > this.tick(this.changedMillis)) this.written = this.current
  }

  private tick(atMillis: number): number {
    return Math.floor((atMillis - this.startMillis) / this.intervalMillis)
  }
}
