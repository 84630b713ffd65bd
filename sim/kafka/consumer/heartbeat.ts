/**
 * When heartbeats are due, and whether they are answered. Heartbeats that are sent on time and answered before the next
 * are routine: whoever runs the consumer may leave them out. Source: Heartbeat, HeartbeatRequestState of Kafka 4.x.
 */
export class HeartbeatTimer {
  intervalMillis: number
  private readonly sessionMillis: number
  private dueMillis = 0
  private receivedMillis = 0
  private inFlight = 0
  private failures = 0

  /** @param sessionMillis Infinity if the client does not watch its session */
  constructor(intervalMillis: number, sessionMillis: number) {
    this.intervalMillis = intervalMillis
    this.sessionMillis = sessionMillis
  }

  /** Heartbeats begin, an interval from now. */
  start(nowMillis: number): void {
    this.dueMillis = nowMillis + this.intervalMillis
    this.receivedMillis = nowMillis
    this.failures = 0
  }

  get isInFlight(): boolean {
    return this.inFlight > 0
  }

  /** Whether nothing is unusual about the next heartbeat. */
  get isRoutine(): boolean {
    return this.inFlight === 0 && this.failures === 0
  }

  isDue(nowMillis: number): boolean {
    return nowMillis >= this.dueMillis
  }

  nextMillis(): number {
    return this.dueMillis
  }

  /** When the session is over, as far as the client can tell. */
  sessionMillisAt(): number {
    return this.receivedMillis + this.sessionMillis
  }

  sent(nowMillis: number): void {
    this.inFlight += 1
    this.dueMillis = nowMillis + this.intervalMillis
  }

  answered(nowMillis: number): void {
    this.inFlight -= 1
    this.failures = 0
    this.receivedMillis = nowMillis
  }

  /** The next one is due after a back-off. */
  failed(nowMillis: number, backoffMillis: number): void {
    this.inFlight -= 1
    this.failures += 1
    this.dueMillis = nowMillis + backoffMillis
  }

  /** The next one is due now. */
  hurry(nowMillis: number): void {
    this.failures = 0
    this.dueMillis = nowMillis
  }

  /** Those up to this moment were sent and answered. */
  skip(nowMillis: number): void {
    if (this.dueMillis > nowMillis) return
    const skipped = Math.floor((nowMillis - this.dueMillis) / this.intervalMillis) + 1
    this.dueMillis += skipped * this.intervalMillis
    this.receivedMillis = this.dueMillis - this.intervalMillis
  }
}
