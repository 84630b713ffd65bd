/** How long the application has been away from poll (max.poll.interval.ms). Source: Heartbeat, AbstractHeartbeatRequestManager. */
export class PollClock {
  private readonly intervalMillis: number
  private awayMillis = Number.POSITIVE_INFINITY

  constructor(intervalMillis: number) {
    this.intervalMillis = intervalMillis
  }

  /** It is in poll, and alive as long as it stays there. */
  stop(): void {
    this.awayMillis = Number.POSITIVE_INFINITY
  }

  /** It goes away, or into a callback. */
  start(nowMillis: number): void {
    this.awayMillis = nowMillis
  }

  /** When it has been away for too long. */
  deadlineMillis(): number {
    return this.awayMillis + this.intervalMillis
  }
}
