import type { Commits } from './commits.ts'
import type { ConsumerConfig } from './config.ts'
import type { Done, PartitionOffset } from './hooks.ts'
import type { SubscriptionState } from './subscription-state.ts'

/**
 * Commits positions by itself, inside poll every auto.commit.interval.ms, before partitions are given up and at close
 * (rule O1). Positions that have not changed since are not committed again, where Kafka repeats them every interval.
 */
export class AutoCommit {
  readonly isEnabled: boolean
  private readonly intervalMillis: number
  private readonly backoffMillis: number
  private readonly subscriptions: SubscriptionState
  private readonly commits: Commits
  private dueMillis: number | undefined = undefined
  private committedChanges = 0

  constructor(config: ConsumerConfig, subscriptions: SubscriptionState, commits: Commits) {
    this.isEnabled = config['enable.auto.commit'] === true
    this.intervalMillis = config['auto.commit.interval.ms']
    this.backoffMillis = config['retry.backoff.ms']
    this.subscriptions = subscriptions
    this.commits = commits
  }

  /** The next commit is an interval away. */
  restart(nowMillis: number): void {
    this.dueMillis = nowMillis + this.intervalMillis
  }

  /** In poll, before it returns anything: commits the positions behind what earlier polls returned. */
  work(nowMillis: number): void {
    if (!this.isEnabled) return
    if (this.dueMillis === undefined) this.restart(nowMillis)
    if (nowMillis < (this.dueMillis as number)) return
    this.restart(nowMillis)
    const { changes } = this.subscriptions
    if (changes === this.committedChanges) return
    const offsets = this.subscriptions.allConsumed()
    this.committedChanges = changes
    if (offsets.length === 0) return
    this.commits.commitOnce(offsets, nowMillis, (error, _, atMillis) => {
      if (error === undefined) return
      this.committedChanges = -1
      if (error.code === 'RETRIABLE_COMMIT_FAILED') this.dueMillis = atMillis + this.backoffMillis
    })
  }

  /** Commits all positions now, again and again until a deadline. */
  commitNow(deadlineMillis: number, nowMillis: number, done: Done): void {
    const offsets: readonly PartitionOffset[] = this.isEnabled ? this.subscriptions.allConsumed() : []
    if (offsets.length === 0) done(undefined, undefined, nowMillis)
    else this.commits.commitUntil(offsets, deadlineMillis, nowMillis, done)
  }

  /** When poll has something to commit. */
  nextDeadlineMillis(): number {
    if (!this.isEnabled || this.dueMillis === undefined) return Number.POSITIVE_INFINITY
    return this.subscriptions.changes === this.committedChanges ? Number.POSITIVE_INFINITY : this.dueMillis
  }
}
