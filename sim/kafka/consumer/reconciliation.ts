import type { TopicPartition } from '../assignor/subscription.ts'
import { partitionName } from '../transaction/topic-partition.ts'
import type { AutoCommit } from './auto-commit.ts'
import type { MembershipParts } from './classic-membership.ts'
import type { LocalAssignment } from './heartbeat-fields.ts'

const NONE: LocalAssignment = { partitions: [] }

/** Who is told how a reconciliation has ended. */
export interface ReconciliationOwner {
  /** The member has what it was assigned, and is to acknowledge it. */
  reconciled(): void
  /** A callback of the application has thrown this. */
  reconciliationFailed(error: unknown): void
}

/**
 * The way of a member of KIP-848 from the assignment that it has to the one that it was told: it commits, revokes and
 * takes over what differs (rule N2). Source: AbstractMembershipManager.maybeReconcile of Kafka 4.x.
 */
export class Reconciliation {
  /** The assignment that it has acknowledged, or is about to. */
  current = NONE
  private target = NONE
  private readonly parts: MembershipParts
  private readonly owner: ReconciliationOwner
  /** Counts up, so that a run that is overtaken by a fence or a departure notices. */
  private number = 0
  private isRunning = false

  constructor(parts: MembershipParts, owner: ReconciliationOwner) {
    this.parts = parts
    this.owner = owner
  }

  /** Whether it has what it was told last. */
  get isDone(): boolean {
    return this.target === this.current
  }

  /** The coordinator says what is assigned; the same again changes nothing. */
  take(partitions: readonly TopicPartition[]): void {
    if (this.target === NONE || !samePartitions(this.target.partitions, partitions))
      this.target = { partitions }
  }

  forgetCurrent(): void {
    this.current = NONE
  }

  forgetTarget(): void {
    this.target = NONE
  }

  /** It has nothing, and was told nothing. */
  clear(): void {
    this.current = NONE
    this.target = NONE
  }

  /** What is under way has no effect any more. */
  abandon(): void {
    this.number += 1
    this.isRunning = false
  }

  /**
   * Begins, unless it is under way or done.
   * @param autoCommit if enabled, positions are committed first
   * @param isInPoll so that positions are those of records that were processed
   */
  run(autoCommit: AutoCommit | undefined, isInPoll: boolean, nowMillis: number): void {
    if (this.isRunning || this.isDone || (autoCommit?.isEnabled === true && !isInPoll)) return
    const { subscriptions, client } = this.parts
    const { target } = this
    const names = new Set(target.partitions.map(({ topic, partition }) => partitionName(topic, partition)))
    const isAssigned = ({ topic, partition }: TopicPartition): boolean =>
      names.has(partitionName(topic, partition))
    const revoked = subscriptions.partitions().filter((partition) => !isAssigned(partition))
    const number = ++this.number
    this.isRunning = true
    for (const partition of revoked) subscriptions.get(partition).isPendingRevocation = true
    const committed = (_error: unknown, _: unknown, atMillis: number): void => {
      if (number === this.number) this.revoke(target, revoked, number, atMillis)
    }
    if (autoCommit === undefined) committed(undefined, undefined, nowMillis)
    else autoCommit.commitNow(nowMillis + client.config['max.poll.interval.ms'], nowMillis, committed)
  }

  private revoke(
    target: LocalAssignment,
    revoked: readonly TopicPartition[],
    number: number,
    nowMillis: number,
  ): void {
    const after = (error: unknown, atMillis: number): void => {
      if (number !== this.number) return
      if (error === undefined) this.assign(target, number, atMillis)
      else this.failed(error)
    }
    if (revoked.length === 0) after(undefined, nowMillis)
    else this.parts.callbacks.invoke('onPartitionsRevoked', revoked, nowMillis, after)
  }

  private assign(target: LocalAssignment, number: number, nowMillis: number): void {
    const { subscriptions, callbacks } = this.parts
    const added = target.partitions.filter((partition) => subscriptions.find(partition) === undefined)
    subscriptions.assignFromSubscribed(target.partitions)
    for (const partition of added) subscriptions.get(partition).isPendingAssignedCallback = true
    callbacks.invoke('onPartitionsAssigned', added, nowMillis, (error) => {
      if (number !== this.number) return
      if (error !== undefined) {
        this.failed(error)
        return
      }
      this.isRunning = false
      for (const state of subscriptions.states()) state.isPendingAssignedCallback = false
      this.current = target
      this.owner.reconciled()
    })
  }

  private failed(error: unknown): void {
    this.isRunning = false
    this.owner.reconciliationFailed(error)
  }
}

function samePartitions(left: readonly TopicPartition[], right: readonly TopicPartition[]): boolean {
  if (left.length !== right.length) return false
  const names = new Set(left.map(({ topic, partition }) => partitionName(topic, partition)))
  return right.every(({ topic, partition }) => names.has(partitionName(topic, partition)))
}
