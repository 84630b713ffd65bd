import { Deadline, type Deadlines } from './deadlines.ts'

/**
 * The scan for what has expired, every offsets.retention.check.interval.ms (rule O6). Scans that cannot find anything
 * are left out: whoever makes something that will expire says when.
 */
export class ExpiryScan extends Deadline {
  private readonly deadlines: Deadlines
  private readonly intervalMs: number
  private readonly startMillis: number
  private readonly scan: (nowMillis: number) => void
  private lastTick = 0

  /** @param startMillis when the coordinator took over, from which the intervals count */
  constructor(
    deadlines: Deadlines,
    intervalMs: number,
    startMillis: number,
    scan: (nowMillis: number) => void,
  ) {
    super()
    this.deadlines = deadlines
    this.intervalMs = intervalMs
    this.startMillis = startMillis
    this.scan = scan
  }

  /** Something may expire at this moment: the next scan from then on is not left out. */
  noLaterThan(millis: number): void {
    if (millis === Number.POSITIVE_INFINITY) return
    const tick = Math.max(this.lastTick + 1, Math.ceil((millis - this.startMillis) / this.intervalMs))
    const atMillis = this.startMillis + tick * this.intervalMs
    if (atMillis < this.atMillis) this.deadlines.set(this, atMillis)
  }

  expire(nowMillis: number): void {
    this.lastTick = Math.round((nowMillis - this.startMillis) / this.intervalMs)
    this.scan(nowMillis)
  }
}
