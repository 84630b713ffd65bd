import { Deadline } from '../coordinator/deadlines.ts'
import type { ErrorCode } from '../error-code.ts'
import type { FetchIsolation } from '../log/read.ts'
import type { FetchedPartitionData, FetchPartitionData, FetchRequestData } from '../protocol/fetch.ts'
import { type FetchedPartition, fetchRefused } from '../replication/message.ts'
import type { BrokerContext } from './context.ts'
import type { Replica, Watcher } from './replica.ts'
import type { Replicas } from './replicas.ts'
import type { Respond } from './respond.ts'

/** In place of a broker id: a consumer. */
export const CONSUMER = -1

/** Handles Fetch (rules F1 to F4, R1). Source: KafkaApis.handleFetchRequest, ReplicaManager.fetchMessages. */
export class Fetches {
  private readonly context: BrokerContext
  private readonly replicas: Replicas
  /** The fetch of each follower that waits here. */
  private readonly parked = new Map<number, DelayedFetch>()
  /** Those of consumers, by how they are answered. */
  private readonly waiting = new Map<Respond<'Fetch'>, DelayedFetch>()

  constructor(context: BrokerContext, replicas: Replicas) {
    this.context = context
    this.replicas = replicas
  }

  handle(request: FetchRequestData, respond: Respond<'Fetch'>): void {
    const { replicaId } = request
    // A follower asks for one thing at a time: it has given the other one up.
    this.release(replicaId)
    if (replicaId !== CONSUMER) {
      const fetch = new DelayedFetch(this.context, this.replicas, request, respond)
      if (!fetch.start()) this.parked.set(replicaId, fetch)
      return
    }
    const forget: Respond<'Fetch'> = (response) => {
      this.waiting.delete(respond)
      respond(response)
    }
    const fetch = new DelayedFetch(this.context, this.replicas, request, forget)
    if (!fetch.start()) this.waiting.set(respond, fetch)
  }

  /** The next request of a consumer waits behind its fetch, if it has one. @param respond that of the fetch */
  press(respond: Respond<'Fetch'>): void {
    this.waiting.get(respond)?.press()
  }

  /** Answers the fetch of a follower that waits here, as it does by itself every replica.fetch.wait.max.ms. */
  release(replicaId: number): void {
    if (replicaId === CONSUMER) return
    this.parked.get(replicaId)?.release()
    this.parked.delete(replicaId)
  }

  /** Something has happened to a replica, for which fetches of followers may wait. */
  changed(replica: Replica, nowMillis: number): void {
    for (const fetch of this.parked.values()) fetch.look(nowMillis, replica)
  }

  /** Forgets the fetch of a follower that is gone. */
  drop(replicaId: number): void {
    this.parked.get(replicaId)?.drop()
    this.parked.delete(replicaId)
  }
}

/** What is to be told of one partition. */
interface Told {
  readonly topic: string
  readonly partition: FetchPartitionData
  readonly answer: FetchedPartition
}

/**
 * A fetch that may have to wait for data (rule F4). A follower waits for as long as there is nothing to tell it: what a
 * real one does meanwhile, every replica.fetch.wait.max.ms, shows only in when it was last caught up, and in how soon it
 * hears of the high watermark; both are worked out. Partitions of which there is nothing to tell are left out, as in a
 * fetch session. Source: DelayedFetch.
 */
class DelayedFetch extends Deadline implements Watcher {
  private readonly context: BrokerContext
  private readonly replicas: Replicas
  private readonly request: FetchRequestData
  private readonly respond: Respond<'Fetch'>
  private readonly isFollower: boolean
  private readonly isolation: FetchIsolation
  /** Whether all partitions are answered, whatever there is to tell of them. */
  private readonly isWhole: boolean
  private readonly watched: Replica[] = []
  private sentMillis = 0
  private isDone = false

  constructor(
    context: BrokerContext,
    replicas: Replicas,
    request: FetchRequestData,
    respond: Respond<'Fetch'>,
  ) {
    super()
    this.context = context
    this.replicas = replicas
    this.request = request
    this.respond = respond
    this.isFollower = request.replicaId !== CONSUMER
    this.isWhole = request.maxWaitMs <= 0 || (!this.isFollower && context.host.parksFetches !== true)
    if (this.isFollower) this.isolation = 'log_end'
    else this.isolation = request.isolationLevel === 'read_committed' ? 'txn_committed' : 'high_watermark'
  }

  /** @returns whether it was answered */
  start(): boolean {
    const { context } = this
    this.sentMillis = context.nowMillis
    const told = this.read()
    if (this.isEnough(told)) {
      this.answer(told)
      return true
    }
    if (this.isFollower) {
      if (told.some((one) => this.hasNews(one.topic, one.partition, one.answer))) this.tellSoon()
    } else {
      this.watch()
      this.waitAsConsumer(told)
    }
    return false
  }

  look(_: number, changed: Replica): void {
    if (this.isDone) return
    const { topic } = changed
    const partition = this.wantedOf(changed)
    if (partition === undefined) return
    if (this.isNothingFor(changed, partition)) return
    const answer = this.peek(topic, partition)
    const isWorthALook =
      answer.errorCode !== 'NONE' || answer.divergingEpoch !== undefined || answer.sizeInBytes > 0
    const peeked = { topic, partition, answer }
    if (isWorthALook && this.isEnough(this.peekAll(peeked))) this.release()
    else if (!this.isFollower) this.waitAsConsumer([peeked])
    else if (this.hasNews(topic, partition, answer)) this.tellSoon()
  }

  private wantedOf({ topic, index }: Replica): FetchPartitionData | undefined {
    for (const wanted of this.request.topics) {
      if (wanted.topic !== topic) continue
      for (const partition of wanted.partitions) if (partition.partition === index) return partition
      return undefined
    }
    return undefined
  }

  /** Whether a change of a replica brings a consumer nothing that it would be told of. */
  private isNothingFor(changed: Replica, wanted: FetchPartitionData): boolean {
    return (
      !this.isFollower &&
      !this.isWhole &&
      this.replicaOf(changed.topic, wanted) === changed &&
      changed.partition.isIdleForReader(wanted, this.isolation)
    )
  }

  expire(): void {
    this.release()
  }

  release(): void {
    if (this.isDone) return
    this.leave()
    this.answer(this.read(true))
  }

  /** Waits no more; its follower was in touch until now. */
  drop(): void {
    if (this.isDone) return
    this.leave()
    for (const { topic, partitions } of this.request.topics)
      for (const { partition } of partitions) this.touch(this.replicas.get(topic, partition))
  }

  private leave(): void {
    this.isDone = true
    this.context.timers.cancel(this)
    for (const replica of this.watched) replica.unwatch(this)
  }

  private watch(): void {
    for (const { topic, partitions } of this.request.topics)
      for (const { partition } of partitions) {
        const replica = this.replicas.get(topic, partition)
        if (replica === undefined) continue
        replica.watch(this)
        this.watched.push(replica)
      }
  }

  /** The follower's last fetch, had it not waited for more than one wait. */
  private touch(replica: Replica | undefined): void {
    const follower = replica?.partition.follower(this.request.replicaId)
    if (follower === undefined) return
    follower.lastCaughtUpMillis = Math.max(follower.lastCaughtUpMillis, this.lastRoundMillis())
  }

  private lastRoundMillis(): number {
    const waitMs = this.context.config['replica.fetch.wait.max.ms']
    const { nowMillis } = this.context
    return nowMillis - ((nowMillis - this.sentMillis) % waitMs)
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
  private hasNews(
    topic: string,
    partition: FetchPartitionData,
    { highWatermark, logStartOffset }: FetchedPartition,
  ): boolean {
    const { replicaId } = this.request
    const leader = this.replicas.get(topic, partition.partition)?.partition
    const follower = leader?.follower(replicaId)
    if (leader === undefined || follower === undefined) return false
    if (!leader.isr.committed.includes(replicaId)) return true
    return highWatermark > follower.toldHighWatermark || logStartOffset > partition.logStartOffset
  }

  private isEnough(told: readonly Told[]): boolean {
    if (this.request.topics.length === 0 || this.request.maxWaitMs <= 0) return true
    let bytes = 0
    for (const { answer } of told) {
      if (answer.errorCode !== 'NONE' || answer.divergingEpoch !== undefined) return true
      bytes += answer.sizeInBytes
    }
    return bytes >= Math.max(this.request.minBytes, this.isFollower ? 1 : 0)
  }

  /** @param again whether it has waited: a follower was in touch meanwhile */
  private read(again = false): Told[] {
    let rest = Math.min(this.request.maxBytes, this.context.config['fetch.max.bytes'])
    let isFirst = true
    const told: Told[] = []
    for (const { topic, partitions } of this.request.topics) {
      const replicas = this.replicas.ofTopic(topic)
      for (const partition of partitions) {
        const replica = replicas[partition.partition]
        if (!this.isWhole && replica !== undefined && this.isIdle(replica, partition)) continue
        if (again && this.isFollower) this.touch(replica)
        const answer = this.readOne(topic, partition, rest, isFirst)
        rest = Math.max(0, rest - answer.sizeInBytes)
        if (answer.sizeInBytes > 0) isFirst = false
        told.push({ topic, partition, answer })
      }
    }
    return told
  }

  /** Whether there is nothing to tell of a partition; notes that its follower has fetched. */
  private isIdle({ partition }: Replica, wanted: FetchPartitionData): boolean {
    if (!this.isFollower) return partition.isIdleForReader(wanted, this.isolation)
    const { replicaId, replicaEpoch } = this.request
    return partition.isIdleForFollower(wanted, replicaId, replicaEpoch, this.context.nowMillis)
  }

  private readOne(
    topic: string,
    wanted: FetchPartitionData,
    maxBytes: number,
    minOneBatch: boolean,
  ): FetchedPartition {
    const { replicaId, replicaEpoch } = this.request
    const replica = this.replicaOf(topic, wanted)
    if (typeof replica === 'string') return fetchRefused(replica)
    const { partition } = replica
    if (!this.isFollower) return partition.fetchAsConsumer(wanted, this.isolation, maxBytes, minOneBatch)
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
  private peek(topic: string, wanted: FetchPartitionData): FetchedPartition {
    const replica = this.replicaOf(topic, wanted)
    if (typeof replica === 'string') return fetchRefused(replica)
    return replica.partition.fetchAsConsumer(wanted, this.isolation, this.request.maxBytes, true)
  }

  /** What it would get of everything; of one partition where that is enough. */
  private peekAll(peeked: Told): readonly Told[] {
    if (this.request.minBytes <= 1) return [peeked]
    return this.request.topics.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition, answer: this.peek(topic, partition) })),
    )
  }

  private replicaOf(topic: string, { partition }: FetchPartitionData): Replica | ErrorCode {
    if (!this.isFollower && this.context.metadata.partition(topic, partition) === undefined)
      return 'UNKNOWN_TOPIC_OR_PARTITION'
    return this.replicas.lookUp(topic, partition)
  }

  private answer(told: readonly Told[]): void {
    this.isDone = true
    const responses: { topic: string; partitions: FetchedPartitionData[] }[] = []
    for (const { topic, partition, answer } of told) {
      if (this.isFollower) this.noteTold(topic, partition.partition, answer)
      let last = responses[responses.length - 1]
      if (last?.topic !== topic) {
        last = { topic, partitions: [] }
        responses.push(last)
      }
      last.partitions.push(withIndex(partition.partition, answer))
    }
    this.respond({ errorCode: 'NONE', responses })
  }

  private noteTold(topic: string, index: number, { errorCode, highWatermark }: FetchedPartition): void {
    const follower = this.replicas.get(topic, index)?.partition.follower(this.request.replicaId)
    if (errorCode === 'NONE' && follower !== undefined) follower.toldHighWatermark = highWatermark
  }
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
