import { Deadline } from '../coordinator/deadlines.ts'
import type { ErrorCode } from '../error-code.ts'
import {
  type FetchedPartitionData,
  type FetchRequestData,
  type FetchResponseData,
  NO_SESSION,
} from '../protocol/fetch.ts'
import { type FetchedPartition, fetchRefused } from '../replication/message.ts'
import type { BrokerContext } from './context.ts'
import type { FetchSession, WaitingFetch, WantedPartition } from './fetch-session.ts'
import type { Replica } from './replica.ts'
import type { Respond } from './respond.ts'

/** What is to be told of one partition. */
interface Told {
  readonly partition: WantedPartition
  readonly answer: FetchedPartition
}

interface TopicResponse {
  readonly topic: string
  readonly partitions: FetchedPartitionData[]
}

const NOTHING_TOLD: Told[] = []
const NO_RESPONSES: TopicResponse[] = []

/**
 * A fetch that may have to wait for data (rule F4). A follower waits for as long as there is nothing to tell it: what a
 * real one does meanwhile, every replica.fetch.wait.max.ms, shows only in when it was last caught up, and in how soon it
 * hears of the high watermark; both are worked out. Partitions of which there is nothing to tell are left out, as in a
 * fetch session. Source: DelayedFetch.
 */
export class DelayedFetch extends Deadline implements WaitingFetch {
  private readonly context: BrokerContext
  private readonly session: FetchSession
  private readonly request: FetchRequestData
  readonly respond: Respond<'Fetch'>
  private readonly isFollower: boolean
  /** Whether offsets are told that nobody waits for. */
  private readonly isExact: boolean
  private sentMillis = 0
  private isDone = false

  constructor(
    context: BrokerContext,
    session: FetchSession,
    request: FetchRequestData,
    respond: Respond<'Fetch'>,
  ) {
    super()
    this.context = context
    this.session = session
    this.request = request
    this.respond = respond
    this.isFollower = session.isFollower
    this.isExact = request.maxWaitMs <= 0 || (!this.isFollower && context.host.parksFetches !== true)
  }

  /** Whether it has been answered, or nobody waits for that any more. */
  get isOver(): boolean {
    return this.isDone
  }

  /** @returns whether it was answered */
  start(): boolean {
    const { context, session } = this
    this.sentMillis = context.nowMillis
    session.lastFetchMillis = context.nowMillis
    const told = this.read()
    if (this.isEnough(told)) {
      this.answer(told)
      return true
    }
    session.waiting = this
    if (!this.isFollower) this.waitAsConsumer(told)
    else
      for (const { partition, answer } of told)
        if (this.hasNews(partition, answer.highWatermark, answer.logStartOffset)) this.tellSoon()
    return false
  }

  look(partition: WantedPartition): void {
    if (this.isDone) return
    const { session } = this
    const replica = session.replicaOf(partition)
    if (replica !== undefined && !this.isExact) {
      const { wanted } = partition
      if (replica.partition.isIdleForReader(wanted, session.isolation)) {
        const { highWatermark, logStartOffset } = replica.log
        if (this.isFollower && this.hasNews(partition, highWatermark, logStartOffset)) this.tellSoon()
        return
      }
      if (this.request.minBytes <= 1 && replica.partition.hasRecordsFor(wanted, session.isolation)) {
        this.release()
        return
      }
    }
    const answer = this.peek(partition)
    const isWorthALook =
      answer.errorCode !== 'NONE' || answer.divergingEpoch !== undefined || answer.sizeInBytes > 0
    const peeked = { partition, answer }
    if (isWorthALook && this.isEnough(this.peekAll(peeked))) this.release()
    else if (!this.isFollower) this.waitAsConsumer([peeked])
    else if (this.hasNews(partition, answer.highWatermark, answer.logStartOffset)) this.tellSoon()
  }

  expire(): void {
    this.release()
  }

  release(): void {
    if (this.isDone) return
    this.leave()
    this.session.lastFetchMillis = this.context.nowMillis
    this.answer(this.read(true))
  }

  /** Waits no more; its follower was in touch until now. */
  drop(): void {
    if (this.isDone) return
    this.leave()
    const { session } = this
    session.lastFetchMillis = this.lastRoundMillis()
    for (const partition of session.candidates) this.touch(session.replicaOf(partition))
  }

  lastRoundMillis(): number {
    const waitMs = this.context.config['replica.fetch.wait.max.ms']
    const { nowMillis } = this.context
    return nowMillis - ((nowMillis - this.sentMillis) % waitMs)
  }

  private leave(): void {
    this.isDone = true
    this.session.waiting = undefined
    this.context.timers.cancel(this)
  }

  /** The follower's last fetch, had it not waited for more than one wait. */
  private touch(replica: Replica | undefined): void {
    replica?.partition.follower(this.request.replicaId)?.caughtUp(this.lastRoundMillis())
  }

  /** Somebody waits behind it: it is answered when the consumer would have asked again. */
  press(): void {
    if (this.isDone || this.atMillis !== Number.POSITIVE_INFINITY) return
    const { maxWaitMs } = this.request
    const waitedMs = this.context.nowMillis - this.sentMillis
    this.context.timers.set(this, this.sentMillis + (Math.floor(waitedMs / maxWaitMs) + 1) * maxWaitMs)
  }

  /** A consumer asks again after each wait; where nobody is interested in empty answers that is left out. */
  private waitAsConsumer(told: readonly Told[]): void {
    const isEmpty = told.every(({ answer }) => answer.sizeInBytes === 0)
    if (this.context.host.parksFetches !== true || !isEmpty) this.press()
  }

  /** Answers when the follower would have asked again. */
  private tellSoon(): void {
    if (this.atMillis !== Number.POSITIVE_INFINITY) return
    const { context } = this
    context.timers.set(this, this.lastRoundMillis() + context.config['replica.fetch.wait.max.ms'])
  }

  /**
   * Whether another round of it would change something: it does not know how far it may show its log, or it is not in
   * the ISR, which it may join with any fetch.
   */
  private hasNews(partition: WantedPartition, highWatermark: number, logStartOffset: number): boolean {
    const { replicaId } = this.request
    const leader = this.session.replicaOf(partition)?.partition
    const follower = leader?.follower(replicaId)
    if (leader === undefined || follower === undefined) return false
    if (!leader.isr.committed.includes(replicaId)) return true
    return highWatermark > follower.toldHighWatermark || logStartOffset > partition.wanted.logStartOffset
  }

  private isEnough(told: readonly Told[]): boolean {
    if (this.session.size === 0 || this.request.maxWaitMs <= 0) return true
    let bytes = 0
    for (const { answer } of told) {
      if (answer.errorCode !== 'NONE' || answer.divergingEpoch !== undefined) return true
      bytes += answer.sizeInBytes
    }
    return bytes >= Math.max(this.request.minBytes, this.isFollower ? 1 : 0)
  }

  /** @param again whether it has waited: a follower was in touch meanwhile */
  private read(again = false): Told[] {
    const { session, context } = this
    let rest = Math.min(this.request.maxBytes, context.config['fetch.max.bytes'])
    let isFirst = true
    let told: Told[] = NOTHING_TOLD
    const { candidates } = session
    let kept = 0
    for (const partition of candidates) {
      const replica = session.replicaOf(partition)
      const isIdle = replica !== undefined && this.isIdle(replica, partition)
      if (isIdle && session.id !== NO_SESSION) {
        session.rest(partition)
        continue
      }
      candidates[kept++] = partition
      if (isIdle) continue
      if (again && this.isFollower) this.touch(replica)
      const answer = this.readOne(partition, rest, isFirst)
      rest = Math.max(0, rest - answer.sizeInBytes)
      if (answer.sizeInBytes > 0) isFirst = false
      // Mostly there is one: a list that grows would be made for seventeen.
      if (told.length === 0) told = [{ partition, answer }]
      else told.push({ partition, answer })
    }
    while (candidates.length > kept) candidates.pop()
    if (rest === 0)
      session.takeTurns(told.flatMap(({ partition, answer }) => (answer.sizeInBytes > 0 ? [partition] : [])))
    return told
  }

  /** Whether there is nothing to tell of a partition; notes that its follower has fetched. */
  private isIdle({ partition, log }: Replica, asked: WantedPartition): boolean {
    if (this.isExact && (this.isFollower || !asked.knows(log))) return false
    const { wanted } = asked
    if (!this.isFollower) return partition.isIdleForReader(wanted, this.session.isolation)
    const { replicaId, replicaEpoch } = this.request
    return partition.isIdleForFollower(wanted, replicaId, replicaEpoch, this.context.nowMillis)
  }

  private readOne(asked: WantedPartition, maxBytes: number, minOneBatch: boolean): FetchedPartition {
    const { replicaId, replicaEpoch } = this.request
    const replica = this.readable(asked)
    if (typeof replica === 'string') return fetchRefused(replica)
    const { partition } = replica
    const { wanted } = asked
    if (!this.isFollower)
      return partition.fetchAsConsumer(wanted, this.session.isolation, maxBytes, minOneBatch)
    const { nowMillis } = this.context
    const follower = partition.follower(replicaId)
    const before = follower?.logStartOffset
    const fetched = partition.fetchAsFollower(
      wanted,
      replicaId,
      replicaEpoch,
      maxBytes,
      minOneBatch,
      nowMillis,
    )
    // A deletion of records may wait for it.
    if (follower?.logStartOffset !== before) this.context.touch(replica)
    return fetched
  }

  /** What it would get now, without anybody noticing. */
  private peek(partition: WantedPartition): FetchedPartition {
    const replica = this.readable(partition)
    if (typeof replica === 'string') return fetchRefused(replica)
    const { isolation } = this.session
    return replica.partition.fetchAsConsumer(partition.wanted, isolation, this.request.maxBytes, true)
  }

  /** What it would get of everything; of one partition where that is enough. */
  private peekAll(peeked: Told): readonly Told[] {
    if (this.request.minBytes <= 1) return [peeked]
    return this.session.candidates.map((partition) => ({ partition, answer: this.peek(partition) }))
  }

  /** The replica of a partition, or why it cannot be read here. */
  private readable(partition: WantedPartition): Replica | ErrorCode {
    const { topic, wanted } = partition
    const replica = this.session.replicaOf(partition)
    if (replica !== undefined) return replica
    const isKnown = this.context.metadata.partition(topic, wanted.partition) !== undefined
    return isKnown ? 'NOT_LEADER_OR_FOLLOWER' : 'UNKNOWN_TOPIC_OR_PARTITION'
  }

  private answer(told: readonly Told[]): void {
    this.isDone = true
    const { session } = this
    for (const { partition, answer } of told) {
      if (this.isFollower) this.noteTold(partition, answer)
      else if (this.isExact) partition.tell(answer)
    }
    const responses = byTopic(told)
    if (session.id === NO_SESSION) session.close()
    this.respond({ errorCode: 'NONE', sessionId: session.id, responses })
  }

  private noteTold(partition: WantedPartition, { errorCode, highWatermark }: FetchedPartition): void {
    const follower = this.session.replicaOf(partition)?.partition.follower(this.request.replicaId)
    if (errorCode === 'NONE' && follower !== undefined) follower.toldHighWatermark = highWatermark
  }
}

/** What is told of neighbours of one topic goes together. */
function byTopic(told: readonly Told[]): FetchResponseData['responses'] {
  if (told.length === 0) return NO_RESPONSES
  let last = responseOf(told[0] as Told)
  const responses = [last]
  for (let at = 1; at < told.length; at++) {
    const one = told[at] as Told
    if (last.topic === one.partition.topic)
      last.partitions.push(withIndex(one.partition.wanted.partition, one.answer))
    else {
      last = responseOf(one)
      responses.push(last)
    }
  }
  return responses
}

function responseOf({ partition: { topic, wanted }, answer }: Told): TopicResponse {
  return { topic, partitions: [withIndex(wanted.partition, answer)] }
}

function withIndex(partitionIndex: number, answer: FetchedPartition): FetchedPartitionData {
  const { errorCode, highWatermark, lastStableOffset, logStartOffset } = answer
  const { divergingEpoch, abortedTransactions, batches, sizeInBytes } = answer
  return {
    partitionIndex,
    errorCode,
    highWatermark,
    lastStableOffset,
    logStartOffset,
    divergingEpoch,
    abortedTransactions,
    batches,
    sizeInBytes,
  }
}
