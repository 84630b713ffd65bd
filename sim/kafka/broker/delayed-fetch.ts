import { lastOf } from '../../kernel/list.ts'
import { Deadline } from '../coordinator/deadlines.ts'
import type { ErrorCode } from '../error-code.ts'
import { type FetchRequestData, NO_SESSION } from '../protocol/fetch.ts'
import { type FetchedPartition, fetchRefused } from '../replication/message.ts'
import type { BrokerContext } from './context.ts'
import type { FetchSession, WaitingFetch, WantedPartition } from './fetch-session.ts'
import type { Replica } from './replica.ts'
import type { Respond } from './respond.ts'

/** What is to be told of neighbours of one topic. */
interface TopicResponse {
  readonly topic: string
  readonly partitions: FetchedPartition[]
}

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
  private readonly isFollower: boolean
  private request: FetchRequestData
  respond: Respond<'Fetch'>
  /** Whether offsets are told that nobody waits for. */
  private isExact = false
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
    this.isFollower = session.isFollower
    this.request = request
    this.respond = respond
  }

  get isOver(): boolean {
    return this.isDone
  }

  renew(request: FetchRequestData, respond: Respond<'Fetch'>): void {
    this.request = request
    this.respond = respond
  }

  start(): boolean {
    const { context, session } = this
    this.isDone = false
    this.isExact = this.request.maxWaitMs <= 0 || (!this.isFollower && context.host.parksFetches !== true)
    this.sentMillis = context.nowMillis
    session.lastFetchMillis = context.nowMillis
    this.restIdle()
    if (this.hasOnlyNews()) {
      session.waiting = this
      this.noteNews()
      return false
    }
    const responses = this.read()
    if (this.isEnough(responses)) {
      this.answer(responses)
      return true
    }
    session.waiting = this
    if (this.isFollower) this.tellNewsSoon(responses)
    else this.waitAsConsumer(responses.every(({ partitions }) => partitions.every(isEmpty)))
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
    if (isWorthALook && this.isEnough(this.peekAll(partition, answer))) this.release()
    else if (!this.isFollower) this.waitAsConsumer(isEmpty(answer))
    else if (this.hasNews(partition, answer.highWatermark, answer.logStartOffset)) this.tellSoon()
  }

  expire(): void {
    this.release()
  }

  release(): void {
    if (this.isDone) return
    this.leave()
    this.session.lastFetchMillis = this.context.nowMillis
    this.restIdle()
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

  press(): void {
    if (this.isDone || this.atMillis !== Number.POSITIVE_INFINITY) return
    const { maxWaitMs } = this.request
    const waitedMs = this.context.nowMillis - this.sentMillis
    this.context.timers.set(this, this.sentMillis + (Math.floor(waitedMs / maxWaitMs) + 1) * maxWaitMs)
  }

  /** A consumer asks again after each wait; where nobody is interested in empty answers that is left out. */
  private waitAsConsumer(hasNothing: boolean): void {
    if (this.context.host.parksFetches !== true || !hasNothing) this.press()
  }

  /** Whether all that there is to tell a follower is offsets, for which it may wait: mostly that what it has is committed. */
  private hasOnlyNews(): boolean {
    const { session, request } = this
    if (!this.isFollower || this.isExact || session.size === 0) return false
    for (const partition of session.candidates) {
      const replica = session.replicaOf(partition)
      const { replicaId, replicaEpoch } = request
      if (replica?.partition.hasOnlyOffsetsFor(partition.wanted, replicaId, replicaEpoch) !== true)
        return false
    }
    return true
  }

  /** Takes note of a fetch that gets nothing yet, as reading for it does. */
  private noteNews(): void {
    const { session, context, request } = this
    const { replicaId, replicaEpoch } = request
    for (const partition of session.candidates) {
      const replica = session.replicaOf(partition)
      const follower = replica?.partition.follower(replicaId)
      if (replica === undefined || follower === undefined) continue
      const { highWatermark, logStartOffset } = replica.log
      const before = follower.logStartOffset
      replica.partition.noteFetch(partition.wanted, follower, replicaEpoch, context.nowMillis)
      // A deletion of records may wait for it.
      if (follower.logStartOffset !== before) context.touch(replica)
      if (this.hasNews(partition, highWatermark, logStartOffset)) this.tellSoon()
    }
  }

  private tellNewsSoon(responses: readonly TopicResponse[]): void {
    for (const { topic, partitions } of responses)
      for (const { partitionIndex, highWatermark, logStartOffset } of partitions) {
        const partition = this.session.find(topic, partitionIndex)
        if (partition !== undefined && this.hasNews(partition, highWatermark, logStartOffset)) this.tellSoon()
      }
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

  private isEnough(responses: readonly TopicResponse[]): boolean {
    if (this.session.size === 0 || this.request.maxWaitMs <= 0) return true
    let bytes = 0
    for (const { partitions } of responses)
      for (const { errorCode, divergingEpoch, sizeInBytes } of partitions) {
        if (errorCode !== 'NONE' || divergingEpoch !== undefined) return true
        bytes += sizeInBytes
      }
    return bytes >= Math.max(this.request.minBytes, this.isFollower ? 1 : 0)
  }

  /** Those of which there is nothing to tell are candidates no more, if they are in a session. */
  private restIdle(): void {
    const { session } = this
    if (session.id === NO_SESSION) return
    const { candidates } = session
    let kept = 0
    for (const partition of candidates) {
      const replica = session.replicaOf(partition)
      if (replica !== undefined && this.isIdle(replica, partition)) session.rest(partition)
      else candidates[kept++] = partition
    }
    while (candidates.length > kept) candidates.pop()
  }

  /** Reads the candidates. @param again whether it has waited: a follower was in touch meanwhile */
  private read(again = false): TopicResponse[] {
    const { session, context } = this
    let rest = Math.min(this.request.maxBytes, context.config['fetch.max.bytes'])
    let isFirst = true
    let responses = NO_RESPONSES
    for (const partition of session.candidates) {
      const replica = session.replicaOf(partition)
      if (session.id === NO_SESSION && replica !== undefined && this.isIdle(replica, partition)) continue
      if (again && this.isFollower) this.touch(replica)
      const answer = this.readOne(partition, rest, isFirst)
      rest = Math.max(0, rest - answer.sizeInBytes)
      if (answer.sizeInBytes > 0) isFirst = false
      responses = withAnswer(responses, partition.topic, answer)
    }
    if (rest === 0) session.takeTurns(this.served(responses))
    return responses
  }

  /** Those of which there are records. */
  private served(responses: readonly TopicResponse[]): WantedPartition[] {
    const served: WantedPartition[] = []
    for (const { topic, partitions } of responses)
      for (const answer of partitions) {
        const partition = this.session.find(topic, answer.partitionIndex)
        if (partition !== undefined && !isEmpty(answer)) served.push(partition)
      }
    return served
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
    const { wanted } = asked
    const replica = this.readable(asked)
    if (typeof replica === 'string') return fetchRefused(wanted.partition, replica)
    const { partition } = replica
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
    if (typeof replica === 'string') return fetchRefused(partition.wanted.partition, replica)
    const { isolation } = this.session
    return replica.partition.fetchAsConsumer(partition.wanted, isolation, this.request.maxBytes, true)
  }

  /** What it would get of everything; of one partition where that is enough. */
  private peekAll({ topic }: WantedPartition, peeked: FetchedPartition): TopicResponse[] {
    if (this.request.minBytes <= 1) return [{ topic, partitions: [peeked] }]
    return this.session.candidates.map((one) => ({ topic: one.topic, partitions: [this.peek(one)] }))
  }

  /** The replica of a partition, or why it cannot be read here. */
  private readable(partition: WantedPartition): Replica | ErrorCode {
    const { topic, wanted } = partition
    const replica = this.session.replicaOf(partition)
    if (replica !== undefined) return replica
    const isKnown = this.context.metadata.partition(topic, wanted.partition) !== undefined
    return isKnown ? 'NOT_LEADER_OR_FOLLOWER' : 'UNKNOWN_TOPIC_OR_PARTITION'
  }

  private answer(responses: readonly TopicResponse[]): void {
    this.isDone = true
    const { session } = this
    if (this.isFollower || this.isExact)
      for (const { topic, partitions } of responses)
        for (const answer of partitions) this.noteTold(session.find(topic, answer.partitionIndex), answer)
    if (session.id === NO_SESSION) session.close()
    this.respond({ errorCode: 'NONE', sessionId: session.id, responses })
  }

  private noteTold(partition: WantedPartition | undefined, answer: FetchedPartition): void {
    if (partition === undefined) return
    if (!this.isFollower) {
      partition.tell(answer)
      return
    }
    const follower = this.session.replicaOf(partition)?.partition.follower(this.request.replicaId)
    if (answer.errorCode === 'NONE' && follower !== undefined)
      follower.toldHighWatermark = answer.highWatermark
  }
}

const isEmpty = ({ sizeInBytes }: FetchedPartition): boolean => sizeInBytes === 0

/** Adds what is told of one more partition. Mostly there is only one: lists that grow would be made for seventeen. */
function withAnswer(responses: TopicResponse[], topic: string, answer: FetchedPartition): TopicResponse[] {
  const last = lastOf(responses)
  if (last === undefined) return [{ topic, partitions: [answer] }]
  if (last.topic === topic) last.partitions.push(answer)
  else responses.push({ topic, partitions: [answer] })
  return responses
}
