import { Deadline } from '../coordinator/deadlines.ts'
import type { ErrorCode } from '../error-code.ts'
import type { FetchIsolation } from '../log/read.ts'
import type {
  FetchedPartitionData,
  FetchPartitionData,
  FetchRequestData,
  FetchResponseData,
} from '../protocol/fetch.ts'
import { type FetchedPartition, fetchRefused } from '../replication/message.ts'
import type { BrokerContext } from './context.ts'
import type { Replica, Watcher } from './replica.ts'
import type { Replicas } from './replicas.ts'
import type { Respond } from './respond.ts'

/** In place of a broker id: a consumer. */
export const CONSUMER = -1

interface Wanted {
  readonly topic: string
  readonly partition: FetchPartitionData
  readonly replica: Replica | undefined
}

/** What a follower last asked of a replica, and how often that had changed by then. */
interface Known {
  readonly partition: FetchPartitionData
  readonly changes: number
}

/** Handles Fetch (rules F1 to F4, R1). Source: KafkaApis.handleFetchRequest, ReplicaManager.fetchMessages. */
export class Fetches {
  private readonly context: BrokerContext
  private readonly replicas: Replicas
  /** The fetch of each follower that waits here. */
  private readonly parked = new Map<number, DelayedFetch>()
  private readonly known = new Map<number, Map<Replica, Known>>()

  constructor(context: BrokerContext, replicas: Replicas) {
    this.context = context
    this.replicas = replicas
  }

  handle(request: FetchRequestData, respond: Respond<'Fetch'>): void {
    const { replicaId } = request
    // A follower asks for one thing at a time: it has given the other one up.
    this.release(replicaId)
    const fetch = new DelayedFetch(this.context, this.replicas, request, this.knownOf(request), respond)
    if (!fetch.start() && replicaId !== CONSUMER) this.parked.set(replicaId, fetch)
  }

  /** Answers the fetch of a follower that waits here, as it does by itself every replica.fetch.wait.max.ms. */
  release(replicaId: number): void {
    if (replicaId === CONSUMER) return
    this.parked.get(replicaId)?.release()
    this.parked.delete(replicaId)
  }

  /** What a follower was answered before, from its last whole answer on; nothing of consumers. */
  private knownOf({ replicaId, maxWaitMs }: FetchRequestData): Map<Replica, Known> {
    const known = maxWaitMs > 0 ? this.known.get(replicaId) : undefined
    if (known !== undefined) return known
    const fresh = new Map<Replica, Known>()
    if (replicaId !== CONSUMER) this.known.set(replicaId, fresh)
    return fresh
  }

  /** Forgets the fetch of a follower that is gone. */
  drop(replicaId: number): void {
    this.parked.get(replicaId)?.drop()
    this.parked.delete(replicaId)
  }
}

function isWorthALook({ errorCode, divergingEpoch, sizeInBytes }: FetchedPartition): boolean {
  return errorCode !== 'NONE' || divergingEpoch !== undefined || sizeInBytes > 0
}

function isSameFetch(left: FetchPartitionData, right: FetchPartitionData): boolean {
  return (
    left === right ||
    (left.fetchOffset === right.fetchOffset &&
      left.currentLeaderEpoch === right.currentLeaderEpoch &&
      left.lastFetchedEpoch === right.lastFetchedEpoch &&
      left.logStartOffset === right.logStartOffset)
  )
}

/**
 * A fetch that may have to wait for data (rule F4). A follower waits for as long as there is nothing to tell it: what a
 * real one does meanwhile, every replica.fetch.wait.max.ms, shows only in when it was last caught up, and in how soon it
 * hears of the high watermark; both are worked out. Source: DelayedFetch.
 */
class DelayedFetch extends Deadline implements Watcher {
  private readonly context: BrokerContext
  private readonly replicas: Replicas
  private readonly request: FetchRequestData
  private readonly respond: Respond<'Fetch'>
  private readonly known: Map<Replica, Known>
  private readonly wanted: readonly Wanted[]
  private readonly isolation: FetchIsolation
  private readonly watched = new Set<Replica>()
  private sentMillis = 0
  private isDone = false

  constructor(
    context: BrokerContext,
    replicas: Replicas,
    request: FetchRequestData,
    known: Map<Replica, Known>,
    respond: Respond<'Fetch'>,
  ) {
    super()
    this.known = known
    this.context = context
    this.replicas = replicas
    this.request = request
    this.respond = respond
    const wanted: Wanted[] = []
    for (const { topic, partitions } of request.topics)
      for (const partition of partitions)
        wanted.push({ topic, partition, replica: replicas.get(topic, partition.partition) })
    this.wanted = wanted
    if (this.isFollower) this.isolation = 'log_end'
    else this.isolation = request.isolationLevel === 'read_committed' ? 'txn_committed' : 'high_watermark'
  }

  /** @returns whether it was answered */
  start(): boolean {
    const { context, request } = this
    this.sentMillis = context.nowMillis
    const answers = this.read()
    if (this.isEnough(answers)) {
      this.answer(answers)
      return true
    }
    for (const { replica } of this.wanted) if (replica !== undefined) this.watched.add(replica)
    for (const replica of this.watched) replica.watch(this)
    if (!this.isFollower) context.timers.set(this, context.nowMillis + request.maxWaitMs)
    else if (this.wanted.some((one, at) => this.hasNews(answers[at], one))) this.tellSoon()
    return false
  }

  look(_: number, changed: Replica): void {
    if (this.isDone) return
    for (const one of this.wanted) {
      if (one.partition.partition !== changed.index || one.topic !== changed.topic) continue
      const peeked = this.peek(one)
      if (isWorthALook(peeked) && this.isEnough(this.peekAll(peeked))) {
        this.release()
        return
      }
      if (this.isFollower && this.hasNews(peeked, one)) this.tellSoon()
    }
  }

  expire(): void {
    this.release()
  }

  release(): void {
    if (this.isDone) return
    this.drop()
    this.answer(this.read())
  }

  /** Waits no more; its follower was in touch until now. */
  drop(): void {
    if (this.isDone) return
    this.isDone = true
    this.context.timers.cancel(this)
    for (const replica of this.watched) {
      replica.unwatch(this)
      if (this.isFollower) this.touch(replica)
    }
  }

  private get isFollower(): boolean {
    return this.request.replicaId !== CONSUMER
  }

  /** The follower's last fetch, had it not waited for more than one wait. */
  private touch({ partition }: Replica): void {
    const follower = partition.follower(this.request.replicaId)
    if (follower === undefined) return
    follower.lastCaughtUpMillis = Math.max(follower.lastCaughtUpMillis, this.lastRoundMillis())
  }

  private lastRoundMillis(): number {
    const waitMs = this.context.config['replica.fetch.wait.max.ms']
    const { nowMillis } = this.context
    return nowMillis - ((nowMillis - this.sentMillis) % waitMs)
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
  private hasNews(answer: FetchedPartition | undefined, { partition, replica }: Wanted): boolean {
    if (answer === undefined) return false
    const { highWatermark, logStartOffset } = answer
    const { replicaId } = this.request
    const leader = replica?.partition
    const follower = leader?.follower(replicaId)
    if (leader === undefined || follower === undefined) return false
    if (!leader.isr.committed.includes(replicaId)) return true
    return highWatermark > follower.toldHighWatermark || logStartOffset > partition.logStartOffset
  }

  private isEnough(answers: readonly (FetchedPartition | undefined)[]): boolean {
    if (answers.length === 0 || this.request.maxWaitMs <= 0) return true
    let bytes = 0
    for (const answer of answers) {
      if (answer === undefined) continue
      const { errorCode, divergingEpoch, sizeInBytes } = answer
      if (errorCode !== 'NONE' || divergingEpoch !== undefined) return true
      bytes += sizeInBytes
    }
    return bytes >= Math.max(this.request.minBytes, this.isFollower ? 1 : 0)
  }

  /** What it gets; undefined for what has not changed since the follower asked for the same the last time. */
  private read(): (FetchedPartition | undefined)[] {
    let rest = Math.min(this.request.maxBytes, this.context.config['fetch.max.bytes'])
    let isFirst = true
    return this.wanted.map((wanted) => {
      if (this.isKnown(wanted)) return undefined
      const answer = this.readOne(wanted, rest, isFirst)
      rest = Math.max(0, rest - answer.sizeInBytes)
      if (answer.sizeInBytes > 0) isFirst = false
      return answer
    })
  }

  private isKnown({ partition, replica }: Wanted): boolean {
    const known = replica === undefined ? undefined : this.known.get(replica)
    if (replica === undefined || known?.changes !== replica.changes) return false
    const isInSync = replica.partition.isr.committed.includes(this.request.replicaId)
    return isInSync && isSameFetch(known.partition, partition)
  }

  private readOne(wanted: Wanted, maxBytes: number, minOneBatch: boolean): FetchedPartition {
    const { replicaId, replicaEpoch } = this.request
    const replica = this.replicaOf(wanted)
    if (typeof replica === 'string') return fetchRefused(replica)
    const { partition } = replica
    if (!this.isFollower)
      return partition.fetchAsConsumer(wanted.partition, this.isolation, maxBytes, minOneBatch)
    const { nowMillis } = this.context
    const { changes } = replica
    const follower = partition.follower(replicaId)
    const before = follower?.logStartOffset
    const fetched = partition.fetchAsFollower(
      wanted.partition,
      replicaId,
      replicaEpoch,
      maxBytes,
      minOneBatch,
      nowMillis,
    )
    // A deletion of records may wait for it.
    if (follower?.logStartOffset !== before) this.context.touch(replica)
    // What it is to be told later has to be read again then.
    if (isWorthALook(fetched) || this.hasNews(fetched, wanted)) this.known.delete(replica)
    else this.known.set(replica, { partition: wanted.partition, changes })
    return fetched
  }

  /** What it would get now, without anybody noticing. */
  private peek(wanted: Wanted): FetchedPartition {
    const replica = this.replicaOf(wanted)
    if (typeof replica === 'string') return fetchRefused(replica)
    return replica.partition.fetchAsConsumer(wanted.partition, this.isolation, this.request.maxBytes, true)
  }

  /** What it would get of everything; of one partition where that is enough. */
  private peekAll(peeked: FetchedPartition): readonly FetchedPartition[] {
    return this.request.minBytes <= 1 ? [peeked] : this.wanted.map((one) => this.peek(one))
  }

  private replicaOf({ topic, partition }: Wanted): Replica | ErrorCode {
    if (!this.isFollower && this.context.metadata.partition(topic, partition.partition) === undefined)
      return 'UNKNOWN_TOPIC_OR_PARTITION'
    return this.replicas.lookUp(topic, partition.partition)
  }

  private answer(answers: readonly (FetchedPartition | undefined)[]): void {
    this.isDone = true
    const isWhole = !this.isFollower || this.request.maxWaitMs <= 0
    let at = 0
    const responses: FetchResponseData['responses'][number][] = []
    for (const { topic, partitions } of this.request.topics) {
      const told: FetchedPartitionData[] = []
      for (const { partition: partitionIndex } of partitions) {
        const wanted = this.wanted[at] as Wanted
        const answer = answers[at++]
        if (answer === undefined) continue
        if (!isWhole && !isWorthALook(answer) && !this.hasNews(answer, wanted)) continue
        if (this.isFollower) this.noteTold(wanted, answer)
        told.push({ partitionIndex, ...answer })
      }
      if (isWhole || told.length > 0) responses.push({ topic, partitions: told })
    }
    this.respond({ errorCode: 'NONE', responses })
  }

  private noteTold({ replica }: Wanted, { errorCode, highWatermark }: FetchedPartition): void {
    const follower = replica?.partition.follower(this.request.replicaId)
    if (errorCode === 'NONE' && follower !== undefined) follower.toldHighWatermark = highWatermark
  }
}
