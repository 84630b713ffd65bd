import { appended } from '../../kernel/list.ts'
import type { FetchIsolation } from '../log/read.ts'
import type { FetchRequestData } from '../protocol/fetch.ts'
import type { FetchClock, FollowerState } from '../replication/follower.ts'
import type { FetchedPartition, FetchPartition } from '../replication/message.ts'
import type { Replica, Watcher } from './replica.ts'
import type { Replicas } from './replicas.ts'
import type { Respond } from './respond.ts'

/** In place of a broker id: a consumer. */
export const CONSUMER = -1
/** No offset. */
const UNTOLD = -1

/** A fetch that may have to wait for something to be told. */
export interface WaitingFetch {
  /** With which it was handed over. */
  readonly respond: Respond<'Fetch'>
  /** Whether it has been answered, or nobody waits for that any more. */
  readonly isOver: boolean
  /** Becomes the next fetch of its session, being over. */
  renew(request: FetchRequestData, respond: Respond<'Fetch'>): void
  /** Answers it, or has it wait. @returns whether it was answered */
  start(): boolean
  /** Somebody waits behind it: it is answered when the consumer would have asked again. */
  press(): void
  /** Answers it. */
  release(): void
  /** Nobody waits for it any more. */
  drop(): void
  /** Something has happened to a partition of the session. */
  look(changed: WantedPartition): void
  /** When its follower would have asked last, had it not waited. */
  lastRoundMillis(): number
}

/** A partition that is fetched; hears what happens to its replica. */
export class WantedPartition implements Watcher {
  readonly topic: string
  readonly session: FetchSession
  /** As it was asked for last. */
  wanted: FetchPartition
  /** Whether there may be something to tell of it. */
  isCandidate = true
  /** The replica that it was when it was looked up last. */
  replica: Replica | undefined
  /** What its leader knows of who fetches, while there is nothing to tell. */
  idle: FollowerState | undefined
  /** What it was told last of the log; nothing yet, or an error since: UNTOLD. */
  toldHighWatermark = UNTOLD
  toldLogStartOffset = UNTOLD

  constructor(session: FetchSession, topic: string, wanted: FetchPartition) {
    this.session = session
    this.topic = topic
    this.wanted = wanted
    this.replica = undefined
    this.idle = undefined
  }

  look(): void {
    this.session.look(this)
  }

  /** Whether the offsets of its log are as it was told last. Source: CachedPartition.maybeUpdateResponseData. */
  knows({ highWatermark, logStartOffset }: Replica['log']): boolean {
    return highWatermark === this.toldHighWatermark && logStartOffset === this.toldLogStartOffset
  }

  /** It is told something: after an error it is told again what it knew. */
  tell({ errorCode, highWatermark, logStartOffset }: FetchedPartition): void {
    const isRefused = errorCode !== 'NONE'
    this.toldHighWatermark = isRefused ? UNTOLD : highWatermark
    this.toldLogStartOffset = isRefused ? UNTOLD : logStartOffset
  }
}

/**
 * What one client fetches, from fetch to fetch (KIP-227). A partition of which there is nothing to tell is not looked at
 * again until something happens to it, so that a fetch costs what it brings and not what it asks for. Source:
 * FetchSession. Out of scope: eviction from the cache of sessions.
 */
export class FetchSession implements FetchClock {
  readonly id: number
  readonly replicaId: number
  readonly isolation: FetchIsolation
  /** That of the next fetch of it. */
  epoch = 1
  /** When it fetched last. */
  lastFetchMillis = 0
  /** Its last fetch, which need not be made anew for the next one. */
  fetch: WaitingFetch | undefined = undefined
  /** Its fetch that waits here. */
  waiting: WaitingFetch | undefined = undefined
  /** Those of which there may be something to tell, in the order in which that came up. */
  candidates: WantedPartition[]
  private replicaEpoch: number
  private readonly replicas: Replicas
  /** By topic, and then by index: few enough to be looked through. */
  private partitions: WantedPartition[]

  constructor(id: number, replicas: Replicas, request: FetchRequestData) {
    this.id = id
    this.replicas = replicas
    this.replicaId = request.replicaId
    this.replicaEpoch = request.replicaEpoch
    if (this.isFollower) this.isolation = 'log_end'
    else this.isolation = request.isolationLevel === 'read_committed' ? 'txn_committed' : 'high_watermark'
    this.partitions = this.wantedOf(request)
    this.candidates = this.partitions.slice()
  }

  /** How many partitions it has. */
  get size(): number {
    return this.partitions.length
  }

  get isFollower(): boolean {
    return this.replicaId !== CONSUMER
  }

  /** The next fetch of it. */
  proceed(request: FetchRequestData): void {
    this.epoch += 1
    if (request.replicaEpoch !== this.replicaEpoch) this.lookAtAll()
    this.replicaEpoch = request.replicaEpoch
    this.take(request)
  }

  /** A partition of it; undefined of others. */
  find(topic: string, index: number): WantedPartition | undefined {
    for (const partition of this.partitions)
      if (partition.wanted.partition === index && partition.topic === topic) return partition
    return undefined
  }

  /** Something has happened to the replica of a partition. */
  look(partition: WantedPartition): void {
    this.lookAt(partition)
    this.waiting?.look(partition)
  }

  /** There may be something to tell of every partition. */
  lookAtAll(): void {
    for (const partition of this.partitions) this.lookAt(partition)
  }

  /** Others come before partitions that have had records. Source: FetchSession.PartitionIterator. */
  takeTurns(served: readonly WantedPartition[]): void {
    const others = this.candidates.filter((candidate) => !served.includes(candidate))
    this.candidates = [...others, ...served]
  }

  /** Takes note that there is nothing to tell of a partition, which is to be taken out of the candidates. */
  rest(partition: WantedPartition): void {
    partition.isCandidate = false
    if (!this.isFollower) return
    partition.idle = partition.replica?.partition.follower(this.replicaId)
    partition.idle?.idle(this)
  }

  /** Finds the replica of a partition, and has the partition hear of what happens to it. */
  replicaOf(partition: WantedPartition): Replica | undefined {
    const known = partition.replica
    if (known !== undefined && !known.isRemoved) return known
    this.unwatch(partition)
    const replica = this.replicas.get(partition.topic, partition.wanted.partition)
    partition.replica = replica
    if (replica === undefined) return undefined
    if (this.isFollower) replica.fetchedBy = appended(replica.fetchedBy, partition)
    else replica.watch(partition)
    return replica
  }

  /** It ends. */
  close(): void {
    this.waiting = undefined
    for (const partition of this.partitions) this.leave(partition)
    this.partitions = []
    this.candidates = []
  }

  /** The partitions of a first fetch, which names each once, and those of a topic in order. */
  private wantedOf({ topics }: FetchRequestData): WantedPartition[] {
    let count = 0
    for (const { partitions } of topics) count += partitions.length
    const all = new Array<WantedPartition>(count)
    let at = 0
    for (const { topic, partitions } of topics)
      for (const wanted of partitions) all[at++] = new WantedPartition(this, topic, wanted)
    return all
  }

  private take({ topics, forgottenTopics }: FetchRequestData): void {
    for (const { topic, partitions } of topics)
      for (const wanted of partitions) {
        const known = this.find(topic, wanted.partition)
        if (known === undefined) this.add(new WantedPartition(this, topic, wanted))
        else {
          known.wanted = wanted
          this.lookAt(known)
        }
      }
    if (forgottenTopics === undefined) return
    for (const { topic, partitions } of forgottenTopics)
      for (const index of partitions) this.forget(topic, index)
  }

  /** Its place is after those of its topic with a lower index, or of other topics. */
  private add(added: WantedPartition): void {
    const { partitions } = this
    let at = partitions.length
    for (let other = 0; other < partitions.length; other++) {
      const { topic, wanted } = partitions[other] as WantedPartition
      if (topic !== added.topic) continue
      at = other
      if (wanted.partition > added.wanted.partition) break
      at += 1
    }
    partitions.splice(at, 0, added)
    this.candidates.push(added)
  }

  private forget(topic: string, index: number): void {
    const partition = this.find(topic, index)
    if (partition === undefined) return
    this.leave(partition)
    this.partitions.splice(this.partitions.indexOf(partition), 1)
    this.candidates = this.candidates.filter((other) => other !== partition)
  }

  private leave(partition: WantedPartition): void {
    this.wake(partition)
    this.unwatch(partition)
  }

  private unwatch(partition: WantedPartition): void {
    const { replica } = partition
    partition.replica = undefined
    if (replica === undefined) return
    replica.unwatch(partition)
    if (this.isFollower) replica.fetchedBy = replica.fetchedBy.filter((other) => other !== partition)
  }

  private lookAt(partition: WantedPartition): void {
    if (partition.isCandidate) return
    partition.isCandidate = true
    this.candidates.push(partition)
    this.wake(partition)
  }

  private wake(partition: WantedPartition): void {
    partition.idle?.awake(this.waiting?.lastRoundMillis() ?? this.lastFetchMillis)
    partition.idle = undefined
  }
}
