import { isAtRest } from './state.ts'
import type { TransactionStateManager } from './state-manager.ts'

const NEVER = Number.POSITIVE_INFINITY

/**
 * When the coordinator's periodic scans find something: Kafka scans every 10 s for transactions that timed out and every
 * hour for transactional ids that expired; here only the scans that find something are events.
 */
export class Scans {
  private readonly manager: TransactionStateManager
  private startMillis = NEVER
  private lastMillis = Number.NEGATIVE_INFINITY
  private timeOutMillis = NEVER
  private expiryMillis = NEVER
  private seenChanges = -1

  constructor(manager: TransactionStateManager) {
    this.manager = manager
  }

  /** Scans happen at multiples of their periods from here. */
  start(nowMillis: number): void {
    this.startMillis = nowMillis
    this.lastMillis = nowMillis
    this.seenChanges = -1
  }

  /** The scan of a moment has happened: what it could not end is found by the next one. */
  passed(atMillis: number): void {
    this.lastMillis = atMillis
    this.seenChanges = -1
  }

  /** The next scan that finds something; Infinity if nothing is under way. */
  nextDeadlineMillis(): number {
    return Math.min(this.nextTimeOutMillis(), this.nextExpiryMillis())
  }

  /** The next scan that finds a transaction that took too long. */
  nextTimeOutMillis(): number {
    this.refresh()
    return this.timeOutMillis
  }

  /** The next scan that finds a transactional id that has expired, for which nobody waits. */
  nextExpiryMillis(): number {
    this.refresh()
    return this.expiryMillis
  }

  private refresh(): void {
    if (this.startMillis === NEVER || this.seenChanges === this.manager.changes) return
    this.seenChanges = this.manager.changes
    const { config } = this.manager
    const abortPeriod = config['transaction.abort.timed.out.transaction.cleanup.interval.ms']
    const removePeriod = config['transaction.remove.expired.transaction.cleanup.interval.ms']
    const expiration = config['transactional.id.expiration.ms']
    let timeOut = NEVER
    let expiry = NEVER
    for (const { metadata } of this.manager.transactions()) {
      if (metadata.pendingState !== undefined) continue
      if (metadata.state === 'Ongoing')
        timeOut = Math.min(timeOut, metadata.txnStartTimestamp + metadata.txnTimeoutMs)
      else if (isAtRest(metadata.state))
        expiry = Math.min(expiry, metadata.txnLastUpdateTimestamp + expiration)
    }
    this.timeOutMillis = this.scanAfter(timeOut, abortPeriod, true)
    this.expiryMillis = this.scanAfter(expiry, removePeriod, false)
  }

  /** The first scan to come at a moment or after it; strictly after it for time-outs. */
  private scanAfter(millis: number, period: number, strictly: boolean): number {
    if (millis === NEVER) return NEVER
    const wanted = (millis - this.startMillis) / period
    const count = strictly ? Math.floor(wanted) + 1 : Math.ceil(wanted)
    const next = Math.floor((this.lastMillis - this.startMillis) / period) + 1
    return this.startMillis + Math.max(count, next, 1) * period
  }
}
