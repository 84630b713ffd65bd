import type { BrokerContext } from './context.ts'
import type { Replica } from './replica.ts'

/**
 * Looks every half replica.lag.time.max.ms for followers that lag too far (rule R7). Only partitions that were written
 * to since the last look can have one, or had one then. Source: ReplicaManager.maybeShrinkIsr.
 */
export class IsrChecks {
  private readonly context: BrokerContext
  private readonly suspects = new Set<Replica>()
  private dueMillis = Number.POSITIVE_INFINITY

  constructor(context: BrokerContext) {
    this.context = context
  }

  /** A partition that this broker leads has followers that do not have everything. */
  suspect(replica: Replica): void {
    if (this.suspects.size === 0) this.dueMillis = this.tickAfter(this.context.nowMillis)
    this.suspects.add(replica)
  }

  nextDeadlineMillis(): number {
    return this.dueMillis
  }

  advance(nowMillis: number): void {
    if (this.dueMillis > nowMillis) return
    for (const replica of [...this.suspects]) {
      const { partition, log } = replica
      partition.maybeShrinkIsr(nowMillis)
      const lags = partition.isr.committed.some((id) => {
        const follower = partition.follower(id)
        return follower !== undefined && follower.logEndOffset !== log.logEndOffset
      })
      if (!partition.isLeader || !lags) this.suspects.delete(replica)
    }
    this.dueMillis = this.suspects.size === 0 ? Number.POSITIVE_INFINITY : this.tickAfter(nowMillis)
  }

  private tickAfter(nowMillis: number): number {
    const { startMillis, config } = this.context
    const periodMillis = config['replica.lag.time.max.ms'] / 2
    return startMillis + (Math.floor((nowMillis - startMillis) / periodMillis) + 1) * periodMillis
  }
}
