import { Deadline } from '../coordinator/deadlines.ts'
import type { ErrorCode } from '../error-code.ts'
import type { BrokerContext } from './context.ts'
import type { Replica, Watcher } from './replica.ts'

/** Waits until everything below an offset is replicated. After a time-out it may still be. */
export interface Commit {
  committed(nowMillis: number): void
  failed(errorCode: ErrorCode, nowMillis: number): void
}

/** What a coordinator wrote to the partition that it leads and waits for, in the order of the log. */
export class Commits implements Watcher {
  private readonly context: BrokerContext
  private readonly replica: Replica
  private readonly needsMinIsr: boolean
  private waiting: CommitDeadline[] = []

  /**
   * @param needsMinIsr fails what is replicated, but to fewer than min.insync.replicas, as acks=all does; the coordinators
   * of groups look at nothing but the high watermark
   */
  constructor(context: BrokerContext, replica: Replica, needsMinIsr: boolean) {
    this.context = context
    this.replica = replica
    this.needsMinIsr = needsMinIsr
  }

  /** Waits for everything that the log holds; at once if all of it is replicated and nobody waits already. */
  wait(commit: Commit, timeoutMillis: number): void {
    const { context, replica } = this
    const requiredOffset = replica.log.logEndOffset
    if (this.waiting.length === 0) {
      const { done, errorCode } = replica.partition.progress(requiredOffset)
      if (done && errorCode === 'NONE') {
        commit.committed(context.nowMillis)
        return
      }
      replica.watch(this)
    }
    const deadline = new CommitDeadline(commit, requiredOffset)
    this.waiting.push(deadline)
    context.timers.set(deadline, context.nowMillis + timeoutMillis)
    // It may have failed already, and nothing will happen any more.
    context.touch(replica)
  }

  look(nowMillis: number): void {
    for (let first = this.waiting[0]; first !== undefined; first = this.waiting[0]) {
      const { done, errorCode } = this.replica.partition.progress(first.requiredOffset)
      if (!done) return
      this.waiting.shift()
      this.context.timers.cancel(first)
      const counts = errorCode === 'NOT_ENOUGH_REPLICAS_AFTER_APPEND' && !this.needsMinIsr
      if (errorCode !== 'NONE' && !counts) first.commit.failed(errorCode, nowMillis)
      else first.commit.committed(nowMillis)
    }
    this.replica.unwatch(this)
  }

  /** The broker leads the partition no more. */
  fail(errorCode: ErrorCode, nowMillis: number): void {
    const { waiting } = this
    this.waiting = []
    this.replica.unwatch(this)
    for (const one of waiting) {
      this.context.timers.cancel(one)
      one.commit.failed(errorCode, nowMillis)
    }
  }
}

class CommitDeadline extends Deadline {
  readonly commit: Commit
  readonly requiredOffset: number

  constructor(commit: Commit, requiredOffset: number) {
    super()
    this.commit = commit
    this.requiredOffset = requiredOffset
  }

  /** It stays in the queue: it may be replicated all the same. */
  expire(nowMillis: number): void {
    this.commit.failed('REQUEST_TIMED_OUT', nowMillis)
  }
}
