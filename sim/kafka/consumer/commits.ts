import type { TopicPartition } from '../assignor/subscription.ts'
import type {
  OffsetCommitPartition,
  OffsetCommitResponse,
  OffsetCommitTopic,
  OffsetFetchResponse,
} from '../coordinator/offset-message.ts'
import type { ErrorCode } from '../error-code.ts'
import { partitionName } from '../transaction/topic-partition.ts'
import type { ConsumerClient } from './client.ts'
import type { CoordinatorLookup } from './coordinator-lookup.ts'
import { ConsumerError } from './error.ts'
import type { Done, OffsetAndMetadata, PartitionOffset } from './hooks.ts'
import type { CommitIdentity, Membership } from './membership.ts'
import { byPartition, byTopicName } from './question.ts'

/** What the coordinator is to do, once it is known and as often as it takes. */
abstract class OffsetCall {
  /** At which it fails; Infinity for those that are not tried again. */
  readonly deadlineMillis: number
  retryMillis = 0
  attempts = 0
  isSent = false
  /** How many searches for the coordinator had failed when it began. */
  readonly lookupFailures: number

  constructor(lookupFailures: number, deadlineMillis: number) {
    this.lookupFailures = lookupFailures
    this.deadlineMillis = deadlineMillis
  }

  abstract send(commits: Commits, node: number, nowMillis: number): void
  abstract fail(error: ConsumerError, nowMillis: number): void
}

/** Nobody writes to it. */
const NO_CALLS: OffsetCall[] = []

type Values = readonly (OffsetAndMetadata | undefined)[]

/** OffsetCommit. */
class CommitCall extends OffsetCall {
  readonly offsets: readonly PartitionOffset[]
  /** Sent once only (commitAsync). */
  readonly isOnce: boolean
  private readonly done: Done

  constructor(
    lookupFailures: number,
    offsets: readonly PartitionOffset[],
    isOnce: boolean,
    deadlineMillis: number,
    done: Done,
  ) {
    super(lookupFailures, deadlineMillis)
    this.offsets = offsets
    this.isOnce = isOnce
    this.done = done
  }

  override send(commits: Commits, node: number, nowMillis: number): void {
    commits.sendCommit(this, node, nowMillis)
  }

  succeed(nowMillis: number): void {
    this.done(undefined, undefined, nowMillis)
  }

  override fail(error: ConsumerError, nowMillis: number): void {
    this.done(error, undefined, nowMillis)
  }
}

/** OffsetFetch. */
class FetchCall extends OffsetCall {
  readonly partitions: readonly TopicPartition[]
  private readonly done: Done<Values>

  constructor(
    lookupFailures: number,
    partitions: readonly TopicPartition[],
    deadlineMillis: number,
    done: Done<Values>,
  ) {
    super(lookupFailures, deadlineMillis)
    this.partitions = partitions
    this.done = done
  }

  override send(commits: Commits, node: number): void {
    commits.sendFetch(this, node)
  }

  succeed(values: Values, nowMillis: number): void {
    this.done(undefined, values, nowMillis)
  }

  override fail(error: ConsumerError, nowMillis: number): void {
    this.done(error, [], nowMillis)
  }
}

/** Commits and reads the offsets of the group (rules F5, O2). Source: ConsumerCoordinator, CommitRequestManager. */
export class Commits {
  private readonly client: ConsumerClient
  private readonly coordinator: CoordinatorLookup
  private readonly groupId: string
  private readonly membership: Membership
  private calls = NO_CALLS
  private deadlineMillis = Number.POSITIVE_INFINITY

  constructor(
    client: ConsumerClient,
    coordinator: CoordinatorLookup,
    groupId: string,
    membership: Membership,
  ) {
    this.client = client
    this.coordinator = coordinator
    this.groupId = groupId
    this.membership = membership
  }

  /** Whether no commit is under way. */
  get isIdle(): boolean {
    return !this.calls.some((call) => call instanceof CommitCall)
  }

  /** Commits once: what may be tried again is told as RETRIABLE_COMMIT_FAILED. */
  commitOnce(offsets: readonly PartitionOffset[], nowMillis: number, done: Done): void {
    this.begin(
      new CommitCall(this.coordinator.failures, offsets, true, Number.POSITIVE_INFINITY, done),
      nowMillis,
    )
  }

  /** Commits, again after every error that may pass, until a deadline. */
  commitUntil(
    offsets: readonly PartitionOffset[],
    deadlineMillis: number,
    nowMillis: number,
    done: Done,
  ): void {
    this.begin(new CommitCall(this.coordinator.failures, offsets, false, deadlineMillis, done), nowMillis)
  }

  /** Reads committed offsets, again after every error that may pass, until a deadline. */
  fetchUntil(
    partitions: readonly TopicPartition[],
    deadlineMillis: number,
    nowMillis: number,
    done: Done<Values>,
  ): void {
    this.begin(new FetchCall(this.coordinator.failures, partitions, deadlineMillis, done), nowMillis)
  }

  /** Sends what is due, and gives up what is too late. */
  maintain(nowMillis: number): void {
    if (this.calls.length === 0) return
    for (const call of this.calls.slice()) {
      if (nowMillis >= call.deadlineMillis) {
        this.end(call)
        call.fail(new ConsumerError('TIMEOUT', 'Timeout expired before the offsets were handled'), nowMillis)
      } else if (!call.isSent && nowMillis >= call.retryMillis) this.trySend(call, nowMillis)
    }
    this.reschedule(nowMillis)
  }

  nextDeadlineMillis(): number {
    return this.deadlineMillis
  }

  sendCommit(call: CommitCall, node: number, nowMillis: number): void {
    const identity = this.membership.commitIdentity()
    if (identity instanceof ConsumerError) {
      this.end(call)
      call.fail(identity, nowMillis)
      return
    }
    call.isSent = true
    const { generationIdOrMemberEpoch, memberId, groupInstanceId } = identity
    const body = {
      groupId: this.groupId,
      generationIdOrMemberEpoch,
      memberId,
      groupInstanceId,
      retentionTimeMs: -1,
      topics: commitTopics(call.offsets),
    }
    // As `send` does, without a closure more for what is sent most.
    this.client.ask(node, 'OffsetCommit', body, (response, atMillis) => {
      if (!this.client.hear(node, response, atMillis)) return
      this.commitAnswered(call, identity, response, atMillis)
      this.client.settled(atMillis)
    })
  }

  sendFetch(call: FetchCall, node: number): void {
    call.isSent = true
    const topics = byTopicName(
      call.partitions.map(({ topic, partition }) => ({ topic, partition, leader: node })),
      ({ partition }) => partition,
    ).map(({ topic, partitions }) => ({ name: topic, partitionIndexes: partitions }))
    const identity = this.membership.commitIdentity()
    const isMember =
      this.client.config['group.protocol'] === 'consumer' &&
      !(identity instanceof ConsumerError) &&
      identity.generationIdOrMemberEpoch > 0
    const body = {
      groupId: this.groupId,
      memberId: isMember ? identity.memberId : null,
      memberEpoch: isMember ? identity.generationIdOrMemberEpoch : -1,
      topics,
      requireStable: true,
    }
    this.client.send(node, 'OffsetFetch', body, (response, nowMillis) =>
      this.fetchAnswered(call, response, nowMillis),
    )
  }

  private begin(call: OffsetCall, nowMillis: number): void {
    if (this.calls.length === 0) this.calls = [call]
    else this.calls.push(call)
    this.reschedule(nowMillis)
    if (nowMillis >= call.deadlineMillis) this.deadlineMillis = nowMillis
  }

  private trySend(call: OffsetCall, nowMillis: number): void {
    const node = this.coordinator.node(nowMillis)
    if (node !== undefined) call.send(this, node, nowMillis)
    else if (this.coordinator.fatalError !== undefined) {
      this.end(call)
      call.fail(this.coordinator.fatalError, nowMillis)
    } else if (call instanceof CommitCall && call.isOnce && this.coordinator.failures > call.lookupFailures) {
      const message = 'The coordinator is not available'
      this.refused(call, new ConsumerError('COORDINATOR_NOT_AVAILABLE', message), true, nowMillis)
    }
    // Whatever ends the search has it tried again.
    else call.retryMillis = 0
  }

  private end(call: OffsetCall): void {
    if (this.calls.length === 1 && this.calls[0] === call) this.calls = NO_CALLS
    else this.calls = this.calls.filter((other) => other !== call)
  }

  /** What is due and not sent waits for the coordinator, whose answer gets it on. */
  private reschedule(nowMillis: number): void {
    let next = Number.POSITIVE_INFINITY
    for (const call of this.calls) {
      next = Math.min(next, call.deadlineMillis)
      if (!call.isSent && call.retryMillis > nowMillis) next = Math.min(next, call.retryMillis)
    }
    this.deadlineMillis = next
  }

  private retry(call: OffsetCall, nowMillis: number): void {
    call.isSent = false
    call.retryMillis = nowMillis + this.client.retryBackoffMillis(call.attempts++)
    this.reschedule(nowMillis)
  }

  /** Ends a call, or has it sent again. */
  private refused(call: OffsetCall, error: ConsumerError, isRetriable: boolean, nowMillis: number): void {
    if (!this.calls.includes(call)) return
    if (isRetriable && !(call instanceof CommitCall && call.isOnce)) {
      this.retry(call, nowMillis)
      return
    }
    this.end(call)
    this.reschedule(nowMillis)
    const told = isRetriable ? new ConsumerError('RETRIABLE_COMMIT_FAILED', error.message) : error
    call.fail(told, nowMillis)
  }

  private commitAnswered(
    call: CommitCall,
    sent: CommitIdentity,
    response: OffsetCommitResponse | undefined,
    nowMillis: number,
  ): void {
    const errorCode = response === undefined ? 'NETWORK_EXCEPTION' : firstError(response)
    if (errorCode === 'NONE') {
      if (!this.calls.includes(call)) return
      this.end(call)
      this.reschedule(nowMillis)
      call.succeed(nowMillis)
      return
    }
    const error = new ConsumerError(errorCode, `Offset commit failed with ${errorCode}`)
    switch (errorCode) {
      case 'NETWORK_EXCEPTION':
      case 'COORDINATOR_NOT_AVAILABLE':
      case 'NOT_COORDINATOR':
      case 'REQUEST_TIMED_OUT':
        this.coordinator.markUnknown()
        this.refused(call, error, true, nowMillis)
        return
      case 'COORDINATOR_LOAD_IN_PROGRESS':
      case 'UNKNOWN_TOPIC_OR_PARTITION':
        this.refused(call, error, true, nowMillis)
        return
      case 'REBALANCE_IN_PROGRESS':
      case 'UNKNOWN_MEMBER_ID':
      case 'ILLEGAL_GENERATION':
      case 'STALE_MEMBER_EPOCH':
      case 'FENCED_INSTANCE_ID': {
        const again = !call.isOnce && this.membership.maySendAgain(errorCode, sent)
        this.refused(call, this.membership.commitRefused(errorCode, sent), again, nowMillis)
        return
      }
      default:
        this.refused(call, error, false, nowMillis)
    }
  }

  private fetchAnswered(call: FetchCall, response: OffsetFetchResponse | undefined, nowMillis: number): void {
    const errorCode = response?.errorCode ?? 'NETWORK_EXCEPTION'
    if (response === undefined || errorCode !== 'NONE') {
      const isLost =
        response === undefined || errorCode === 'NOT_COORDINATOR' || errorCode === 'COORDINATOR_NOT_AVAILABLE'
      if (isLost) this.coordinator.markUnknown()
      const isStale = errorCode === 'STALE_MEMBER_EPOCH' || errorCode === 'UNKNOWN_MEMBER_ID'
      const isRetriable = isLost || isStale || errorCode === 'COORDINATOR_LOAD_IN_PROGRESS'
      const error = new ConsumerError(errorCode, `Fetching committed offsets failed with ${errorCode}`)
      this.refused(call, error, isRetriable, nowMillis)
      return
    }
    this.take(call, response, nowMillis)
  }

  private take(call: FetchCall, response: OffsetFetchResponse, nowMillis: number): void {
    const topics = response.topics.map(({ name, partitions }) => ({ topic: name, partitions }))
    const parts = byPartition(topics, ({ partitionIndex }) => partitionIndex)
    const values: (OffsetAndMetadata | undefined)[] = []
    for (const { topic, partition } of call.partitions) {
      const part = parts.get(partitionName(topic, partition))
      if (part !== undefined && part.errorCode !== 'NONE') {
        const error = new ConsumerError(
          part.errorCode,
          `Fetching the committed offset of ${topic}-${partition} failed with ${part.errorCode}`,
          [{ topic, partition }],
        )
        this.refused(call, error, part.errorCode === 'UNSTABLE_OFFSET_COMMIT', nowMillis)
        return
      }
      values.push(
        part === undefined || part.committedOffset < 0
          ? undefined
          : { offset: part.committedOffset, leaderEpoch: part.committedLeaderEpoch, metadata: part.metadata },
      )
    }
    if (!this.calls.includes(call)) return
    this.end(call)
    this.reschedule(nowMillis)
    call.succeed(values, nowMillis)
  }
}

/** Offsets by topic, as a request lists them. */
function commitTopics(offsets: readonly PartitionOffset[]): OffsetCommitTopic[] {
  let listed: { readonly name: string; readonly partitions: OffsetCommitPartition[] }[] | undefined
  for (const { topic, partition, offset, leaderEpoch, metadata } of offsets) {
    const committed = {
      partitionIndex: partition,
      committedOffset: offset,
      committedLeaderEpoch: leaderEpoch,
      committedMetadata: metadata,
    }
    // Mostly it is the only one: a list that grows would be made for seventeen.
    if (listed === undefined) {
      listed = [{ name: topic, partitions: [committed] }]
      continue
    }
    const known = listed.find(({ name }) => name === topic)
    if (known === undefined) listed.push({ name: topic, partitions: [committed] })
    else known.partitions.push(committed)
  }
  return listed ?? []
}

function firstError({ topics }: OffsetCommitResponse): ErrorCode {
  for (const { partitions } of topics)
    for (const { errorCode } of partitions) if (errorCode !== 'NONE') return errorCode
  return 'NONE'
}
