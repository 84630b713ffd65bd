/** A deadline of a member that has passed. */
export interface DueTimer {
  readonly memberId: string
  readonly atMillis: number
  /** The member epoch that the member had to leave in time; null when its session ran out. */
  readonly rebalanceEpoch: number | null
}

/**
 * The session and rebalance timeouts of a group's members. Infinity and undefined mean that there is none. Simultaneous
 * ones are due in the order in which they were set, sessions first.
 */
export class MemberTimers {
  private readonly sessions = new Map<string, number>()
  private readonly suspended = new Set<string>()
  private readonly rebalances = new Map<string, { readonly atMillis: number; readonly epoch: number }>()
  /** The earliest deadline, or undefined when a change may have moved it. */
  private earliestMillis: number | undefined = Number.POSITIVE_INFINITY

  /** The session of a member cannot run out, until `resumeSession`. */
  suspendSession(memberId: string): void {
    this.suspended.add(memberId)
    this.earliestMillis = undefined
    this.sessions.delete(memberId)
  }

  resumeSession(memberId: string, atMillis: number): void {
    if (this.suspended.delete(memberId)) this.setSession(memberId, atMillis)
  }

  setSession(memberId: string, atMillis: number): void {
    if (this.suspended.has(memberId)) return
    this.earliestMillis = undefined
    this.sessions.delete(memberId)
    this.sessions.set(memberId, atMillis)
  }

  setRebalance(memberId: string, atMillis: number, epoch: number): void {
    this.earliestMillis = undefined
    this.rebalances.delete(memberId)
    this.rebalances.set(memberId, { atMillis, epoch })
  }

  cancelRebalance(memberId: string): void {
    if (this.rebalances.delete(memberId)) this.earliestMillis = undefined
  }

  cancel(memberId: string): void {
    this.earliestMillis = undefined
    this.suspended.delete(memberId)
    this.sessions.delete(memberId)
    this.rebalances.delete(memberId)
  }

  sessionMillis(memberId: string): number {
    return this.sessions.get(memberId) ?? Number.POSITIVE_INFINITY
  }

  rebalanceMillis(memberId: string): number {
    return this.rebalances.get(memberId)?.atMillis ?? Number.POSITIVE_INFINITY
  }

  nextMillis(): number {
    if (this.earliestMillis !== undefined) return this.earliestMillis
    let earliest = Number.POSITIVE_INFINITY
    for (const atMillis of this.sessions.values()) earliest = Math.min(earliest, atMillis)
    for (const { atMillis } of this.rebalances.values()) earliest = Math.min(earliest, atMillis)
    this.earliestMillis = earliest
    return earliest
  }

  /** Takes out the earliest deadline, if there is any. */
  take(): DueTimer | undefined {
    const next = this.nextMillis()
    for (const [memberId, atMillis] of this.sessions) {
      if (atMillis !== next) continue
      this.earliestMillis = undefined
      this.sessions.delete(memberId)
      return { memberId, atMillis, rebalanceEpoch: null }
    }
    for (const [memberId, { atMillis, epoch }] of this.rebalances) {
      if (atMillis !== next) continue
      this.cancelRebalance(memberId)
      return { memberId, atMillis, rebalanceEpoch: epoch }
    }
    return undefined
  }
}
