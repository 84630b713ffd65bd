import type { RecordBatch } from '../log/batch.ts'
import { batchesOf, firstDifference, indexOf, type ReplicaAnomaly, type ReplicaView } from './replica-view.ts'

/**
 * What was ever committed in a partition: everything that was below the high watermark of a leader at some moment. To be
 * shown every replica after every step; it only grows. Out of scope: compacted logs.
 */
export class CommittedLog {
  private readonly list: RecordBatch[] = []
  private readonly leaders = new Map<number, number>()
  private end = 0
  private latestEpoch = -1

  /** The batches, in order. */
  get batches(): readonly RecordBatch[] {
    return this.list
  }

  /** Below it everything is committed. */
  get endOffset(): number {
    return this.end
  }

  /** The latest epoch in which anybody has led: leaders of older ones are stale. */
  get latestLeaderEpoch(): number {
    return this.latestEpoch
  }

  /**
   * Takes in what leaders have committed since the last step.
   * @returns leaders that share an epoch, and what is committed at an offset at which something else was
   */
  observe(views: readonly ReplicaView[]): ReplicaAnomaly[] {
    const anomalies: ReplicaAnomaly[] = []
    for (const view of views) {
      if (!view.isLeader) continue
      const known = this.leaders.get(view.leaderEpoch) ?? view.brokerId
      this.leaders.set(view.leaderEpoch, known)
      this.latestEpoch = Math.max(this.latestEpoch, view.leaderEpoch)
      if (known !== view.brokerId) {
        const brokers = [known, view.brokerId]
        anomalies.push({ invariant: 'NeverTwoLeadersInSameEpoch', brokers, offset: view.log.logEndOffset })
      }
      const offset = this.differenceFrom(view, Math.min(this.end, view.log.highWatermark))
      if (offset !== undefined)
        anomalies.push({ invariant: 'CommittedOnce', brokers: [view.brokerId], offset })
      this.extend(view)
    }
    return anomalies
  }

  /** The first committed offset below a bound at which a replica has nothing, or something else. */
  differenceFrom({ log }: ReplicaView, to = this.end): number | undefined {
    return firstDifference(this.list, batchesOf(log), Math.min(log.logStartOffset, to), to)
  }

  private extend({ log }: ReplicaView): void {
    const { highWatermark } = log
    if (highWatermark <= this.end) return
    const batches = batchesOf(log)
    for (let index = indexOf(batches, this.end); index < batches.length; index += 1) {
      const batch = batches[index] as RecordBatch
      if (batch.nextOffset > highWatermark) break
      this.list.push(batch)
      this.end = batch.nextOffset
    }
  }
}
