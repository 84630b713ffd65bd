import type { ErrorCode } from '../error-code.ts'
import type {
  MetadataPartition,
  MetadataRequestData,
  MetadataResponseData,
  MetadataTopic,
} from '../protocol/metadata.ts'
import type { LeaderIdAndEpoch } from '../protocol/produce.ts'
import { ExponentialBackoff, type RandomBelow } from './backoff.ts'
import type { ProducerConfig } from './config.ts'
import type { TopicView } from './partitioner.ts'

const NO_LEADER = -1
const NO_EPOCH = -1

/** Errors that say that what the client knows of leaders is wrong. Source: InvalidMetadataException of Kafka 4.x. */
const STALE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'REPLICA_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'KAFKA_STORAGE_ERROR',
  'FENCED_LEADER_EPOCH',
  'PREFERRED_LEADER_NOT_AVAILABLE',
  'ELIGIBLE_LEADERS_NOT_AVAILABLE',
  'INCONSISTENT_TOPIC_ID',
])

/** Whether an error asks for new metadata. */
export function isStaleMetadata(error: ErrorCode): boolean {
  return STALE.has(error)
}

/** A topic as the client knows it. */
export class KnownTopic implements TopicView {
  readonly name: string
  readonly topicId: string | undefined
  /** Its place among all partitions of the client, from which brokers are served in turn. */
  readonly rank: number
  available: number[] = []
  readonly leaderIds: number[] = []
  readonly leaderEpochs: number[] = []

  constructor(name: string, topicId: string | undefined, rank: number) {
    this.name = name
    this.topicId = topicId
    this.rank = rank
  }

  get partitionCount(): number {
    return this.leaderIds.length
  }

  setLeader(partition: number, leaderId: number, leaderEpoch: number): void {
    this.leaderIds[partition] = leaderId
    this.leaderEpochs[partition] = leaderEpoch
  }

  /** Leaders have been set. */
  listAvailable(): void {
    this.available = []
    for (let index = 0; index < this.leaderIds.length; index++)
      if (this.leaderIds[index] !== NO_LEADER) this.available.push(index)
  }
}

/** A Metadata request that is to be sent. */
export interface MetadataQuery {
  readonly body: MetadataRequestData
  /** Of new topics only. */
  readonly isPartial: boolean
  readonly version: number
}

/**
 * What a producer knows of topics and leaders, and when it asks again: for a new topic at once; when what it knows
 * proves wrong after a back-off, which grows as long as answers bring nothing new; and every metadata.max.age.ms while
 * it writes to any topic. Source: ProducerMetadata, Metadata and NetworkClient.DefaultMetadataUpdater of Kafka 4.x.
 * Bootstrapping again when no broker can be reached (KIP-899) is out of scope.
 */
export class ProducerMetadata {
  /** Brokers that may be asked. */
  nodes: readonly number[]
  private readonly maxAgeMillis: number
  private readonly maxIdleMillis: number
  private readonly backoff: ExponentialBackoff
  private readonly known = new Map<string, KnownTopic>()
  /** Also of topics that the last answer did not have, whose epochs still tell old news from new. */
  private readonly lastKnown = new Map<string, KnownTopic>()
  private readonly expiryMillis = new Map<string, number>()
  private readonly newTopics = new Set<string>()
  private readonly errors = new Map<string, ErrorCode>()
  private needsFull = true
  private needsPartial = false
  private version = 0
  private isInFlight = false
  private lastRefreshMillis = Number.NEGATIVE_INFINITY
  private lastSuccessMillis = Number.NEGATIVE_INFINITY
  private failures = 0
  private equivalentResponses = 0
  private allowedMillis: number | undefined = undefined

  constructor(config: ProducerConfig, bootstrapNodes: readonly number[], randomBelow: RandomBelow) {
    this.nodes = bootstrapNodes
    this.maxAgeMillis = config['metadata.max.age.ms']
    this.maxIdleMillis = config['metadata.max.idle.ms']
    this.backoff = new ExponentialBackoff(
      config['retry.backoff.ms'],
      config['retry.backoff.max.ms'],
      randomBelow,
    )
  }

  topic(name: string): KnownTopic | undefined {
    return this.known.get(name)
  }

  /** The error of a topic in the last answer that named it. */
  errorOf(topic: string): ErrorCode | undefined {
    return this.errors.get(topic)
  }

  /** A record goes to a topic: it is kept for metadata.max.idle.ms. */
  use(name: string, nowMillis: number): KnownTopic | undefined {
    if (!this.expiryMillis.has(name)) {
      this.newTopics.add(name)
      this.requestForNewTopics()
    }
    this.expiryMillis.set(name, nowMillis + this.maxIdleMillis)
    return this.known.get(name)
  }

  /** Somebody waits for a topic, or a partition of it, that the last answer did not have. */
  requestForTopic(name: string): void {
    if (this.newTopics.has(name)) this.requestForNewTopics()
    else this.needsFull = true
  }

  /** What is known has proved wrong. */
  requestUpdate(): void {
    this.needsFull = true
  }

  /** Whether somebody waits for other metadata than there are. */
  get isWanted(): boolean {
    return this.needsFull || this.needsPartial
  }

  /** When to ask next; Infinity while it is being asked, and if nothing is asked for. */
  nextUpdateMillis(): number {
    if (this.isInFlight) return Number.POSITIVE_INFINITY
    if (this.needsFull || this.needsPartial) {
      // Before its first topic a producer has nothing to ask for.
      return this.expiryMillis.size === 0 ? Number.POSITIVE_INFINITY : this.allowed()
    }
    return this.expiryMillis.size === 0
      ? Number.POSITIVE_INFINITY
      : Math.max(this.lastSuccessMillis + this.maxAgeMillis, this.lastRefreshMillis)
  }

  /** The request that is due; it counts as sent. */
  query(nowMillis: number): MetadataQuery {
    const isExpired = this.lastSuccessMillis + this.maxAgeMillis <= nowMillis
    if (isExpired) this.setEquivalentResponses(0)
    const isPartial = !this.needsFull && !isExpired
    const names = isPartial ? this.newTopics : this.expiryMillis.keys()
    this.isInFlight = true
    const topics = [...names].map((name) => ({ name }))
    return { body: { topics, allowAutoCreateTopics: true }, isPartial, version: this.version }
  }

  /** The broker did not answer. */
  failed(nowMillis: number): void {
    this.isInFlight = false
    this.lastRefreshMillis = nowMillis
    this.failures += 1
    this.setEquivalentResponses(0)
  }

  /** Takes an answer. Of leaders only newer ones are believed, since a broker may be behind (KIP-320). */
  update(query: MetadataQuery, response: MetadataResponseData, nowMillis: number): void {
    this.isInFlight = false
    this.needsPartial = query.version < this.version
    this.lastRefreshMillis = nowMillis
    this.failures = 0
    if (!query.isPartial) {
      this.needsFull = false
      this.lastSuccessMillis = nowMillis
    }
    this.setEquivalentResponses(this.equivalentResponses + 1)
    if (response.brokers.length > 0) this.nodes = response.brokers.map(({ nodeId }) => nodeId)
    for (const { name } of query.body.topics ?? []) this.newTopics.delete(name)
    this.forgetIdle(nowMillis)
    if (!query.isPartial) this.forgetUnanswered(response)
    for (const topic of response.topics) if (this.expiryMillis.has(topic.name)) this.learn(topic)
  }

  /**
   * A broker that refused a batch named the leader (KIP-951).
   * @returns false if that is no news, or the leader no known broker
   */
  updateLeader(
    name: string,
    partition: number,
    { leaderId, leaderEpoch }: LeaderIdAndEpoch,
    endpoints: readonly { readonly nodeId: number }[],
  ): boolean {
    const topic = this.known.get(name)
    const epoch = topic?.leaderEpochs[partition]
    if (topic === undefined || epoch === undefined) return false
    if (leaderId < 0 || leaderEpoch < 0 || leaderEpoch <= epoch) return false
    if (!this.nodes.includes(leaderId)) {
      if (!endpoints.some(({ nodeId }) => nodeId === leaderId)) return false
      this.nodes = [...this.nodes, leaderId]
    }
    topic.setLeader(partition, leaderId, leaderEpoch)
    topic.listAvailable()
    return true
  }

  private requestForNewTopics(): void {
    this.lastRefreshMillis = Number.NEGATIVE_INFINITY
    this.needsPartial = true
    this.version += 1
    this.setEquivalentResponses(0)
  }

  private setEquivalentResponses(count: number): void {
    this.equivalentResponses = count
    this.allowedMillis = undefined
  }

  /** Never two requests without a pause, and longer ones after failures and after answers without news. */
  private allowed(): number {
    if (this.lastRefreshMillis === Number.NEGATIVE_INFINITY) return this.lastRefreshMillis
    if (this.allowedMillis === undefined) {
      const attempts = Math.max(this.failures, this.equivalentResponses, 1) - 1
      this.allowedMillis = this.lastRefreshMillis + this.backoff.backoffMillis(attempts)
    }
    return this.allowedMillis
  }

  private forgetIdle(nowMillis: number): void {
    for (const [name, expiryMillis] of this.expiryMillis) {
      if (expiryMillis > nowMillis || this.newTopics.has(name)) continue
      this.expiryMillis.delete(name)
      this.errors.delete(name)
      this.known.delete(name)
      this.lastKnown.delete(name)
    }
  }

  private forgetUnanswered({ topics }: MetadataResponseData): void {
    for (const name of this.known.keys())
      if (!topics.some((topic) => topic.name === name)) this.known.delete(name)
  }

  private learn({ name, topicId, errorCode, partitions }: MetadataTopic): void {
    if (errorCode !== 'NONE') {
      this.errors.set(name, errorCode)
      this.known.delete(name)
      if (isStaleMetadata(errorCode)) this.needsFull = true
      return
    }
    this.errors.delete(name)
    const before = this.lastKnown.get(name)
    // A topic of the same name that was deleted and created again begins with small epochs.
    const isSame = before !== undefined && (topicId === undefined || before.topicId === topicId)
    const topic = new KnownTopic(name, topicId, before?.rank ?? this.nextRank())
    for (const partition of partitions) this.learnPartition(topic, partition, isSame ? before : undefined)
    topic.listAvailable()
    this.known.set(name, topic)
    this.lastKnown.set(name, topic)
  }

  private learnPartition(
    topic: KnownTopic,
    partition: MetadataPartition,
    before: KnownTopic | undefined,
  ): void {
    const { partitionIndex: index, leaderId, leaderEpoch, errorCode } = partition
    if (isStaleMetadata(errorCode)) this.needsFull = true
    const epoch = before?.leaderEpochs[index] ?? NO_EPOCH
    if (before !== undefined && leaderEpoch !== NO_EPOCH && leaderEpoch < epoch) {
      topic.setLeader(index, before.leaderIds[index] ?? NO_LEADER, epoch)
      return
    }
    if (leaderEpoch > epoch) this.setEquivalentResponses(0)
    topic.setLeader(index, this.nodes.includes(leaderId) ? leaderId : NO_LEADER, leaderEpoch)
  }

  private nextRank(): number {
    let rank = 0
    for (const topic of this.lastKnown.values()) rank = Math.max(rank, topic.rank + topic.partitionCount)
    return rank
  }
}
