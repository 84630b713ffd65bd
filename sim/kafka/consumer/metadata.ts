import type { TopicPartition } from '../assignor/subscription.ts'
import type { MetadataPartition, MetadataResponseData, MetadataTopic } from '../protocol/metadata.ts'
import { NO_LEADER_EPOCH } from '../replication/message.ts'
import type { ConsumerClient } from './client.ts'
import { ConsumerError } from './error.ts'
import { type LeaderAndEpoch, leaderAndEpoch, NO_LEADER } from './fetch-position.ts'
import type { ConsumerHooks } from './hooks.ts'

interface KnownTopic {
  readonly name: string
  readonly topicId: string | undefined
  readonly leaders: readonly LeaderAndEpoch[]
}

/** Whoever wants metadata. */
export interface MetadataOwner {
  /** Topics of which they are needed; null for all. */
  metadataTopics(): readonly string[] | null
}

/** Topics of the brokers themselves, which patterns leave out (exclude.internal.topics). */
const INTERNAL_TOPICS: ReadonlySet<string> = new Set(['__consumer_offsets', '__transaction_state'])

/**
 * What the client knows of brokers and topics. It asks again when somebody has noticed that it is out of date, when a
 * topic or a leader is missing, and by age (metadata.max.age.ms). Source: Metadata, ConsumerMetadata of Kafka 4.x.
 */
export class ConsumerMetadata {
  /** Raised with every answer. */
  version = 0
  /** A topic whose name no broker takes. */
  fatalError: ConsumerError | undefined = undefined
  private readonly client: ConsumerClient
  private readonly hooks: Pick<ConsumerHooks, 'bootstrapNodes' | 'randomBelow'>
  private readonly owner: MetadataOwner
  private brokers: MetadataResponseData['brokers'] = []
  /** Few: a map would be larger, and no faster. */
  private topics: readonly KnownTopic[] = []
  private needsUpdate = false
  /** More topics were wanted after the request had left. */
  private needsMore = false
  /** The last answer brought nothing new and still lacks something: so may the next ones. */
  private isRoutine = false
  private isAsking = false
  private attempts = 0
  private retryMillis = 0
  private updatedMillis = Number.POSITIVE_INFINITY

  constructor(
    client: ConsumerClient,
    hooks: Pick<ConsumerHooks, 'bootstrapNodes' | 'randomBelow'>,
    owner: MetadataOwner,
  ) {
    this.client = client
    this.hooks = hooks
    this.owner = owner
  }

  /** Whether no update is asked for or under way. */
  get isFresh(): boolean {
    return !this.needsUpdate && !this.isAsking
  }

  /** Whether something is missing in the last answers, each like the one before. */
  get isSearching(): boolean {
    return this.needsUpdate && this.isRoutine
  }

  /**
   * Waits for the answer to an update that is wanted, whatever it still lacks. Source: ensureFreshMetadata.
   * @returns the version that it will be; the present one if no update is wanted
   */
  awaitUpdate(): number {
    if (this.isFresh) return this.version
    this.requestUpdate()
    return this.version + (this.isAsking && this.needsMore ? 2 : 1)
  }

  requestUpdate(): void {
    this.needsUpdate = true
    this.isRoutine = false
  }

  /** Asks at once, whatever the back-off. */
  requestUpdateForNewTopics(): void {
    this.requestUpdate()
    this.attempts = 0
    this.retryMillis = 0
    if (this.isAsking) this.needsMore = true
  }

  leaderOf({ topic, partition }: TopicPartition): LeaderAndEpoch {
    return this.find(topic)?.leaders[partition] ?? NO_LEADER
  }

  /** An epoch that somebody has mentioned: if the metadata are older, they are out of date. */
  sawEpoch(partition: TopicPartition, epoch: number): void {
    if (epoch > this.leaderOf(partition).epoch) this.requestUpdate()
  }

  /** Topics with their numbers of partitions. */
  partitionCounts(): Map<string, number> {
    const counts = new Map<string, number>()
    for (const { name, leaders } of this.topics) counts.set(name, leaders.length)
    return counts
  }

  /** Topics whose names match, without internal ones if those are excluded. */
  matching(pattern: RegExp): string[] {
    const excludes = this.client.config['exclude.internal.topics']
    return this.topics
      .map(({ name }) => name)
      .filter((topic) => pattern.test(topic) && !(excludes && INTERNAL_TOPICS.has(topic)))
  }

  /** A broker that can be reached, by chance; undefined if there is none now. Source: NetworkClient.leastLoadedNode. */
  anyNode(nowMillis: number): number | undefined {
    const { nodes } = this
    const first = this.hooks.randomBelow(nodes.length)
    for (let index = 0; index < nodes.length; index++) {
      const node = nodes[(first + index) % nodes.length] as number
      if (this.client.isAvailable(node, nowMillis)) return node
    }
    return undefined
  }

  /** When `anyNode` finds one again. */
  anyNodeMillis(): number {
    return Math.min(...this.nodes.map((node) => this.client.availableMillis(node)))
  }

  /** Sends what is due. */
  maintain(nowMillis: number): void {
    if (this.isAsking) return
    const isDue = this.needsUpdate
      ? nowMillis >= this.retryMillis
      : nowMillis >= this.updatedMillis + this.client.config['metadata.max.age.ms']
    if (!isDue) return
    const node = this.anyNode(nowMillis)
    if (node === undefined) {
      this.needsUpdate = true
      this.isRoutine = false
      this.retryMillis = this.anyNodeMillis()
      return
    }
    this.isAsking = true
    this.needsMore = false
    const topics = this.owner.metadataTopics()?.map((name) => ({ name })) ?? null
    const allowAutoCreateTopics = this.client.config['allow.auto.create.topics']
    this.client.send(node, 'Metadata', { topics, allowAutoCreateTopics }, (response, atMillis) =>
      this.answered(response, atMillis),
    )
  }

  /** Knows what a broker has told. @param answerTo what it tells of topics; null: of all */
  resume(answerTo: (topics: readonly string[]) => MetadataResponseData, nowMillis: number): void {
    this.answered(answerTo(this.owner.metadataTopics() ?? []), nowMillis)
  }

  nextDeadlineMillis(): number {
    return this.needsUpdate && !this.isAsking && !this.isRoutine ? this.retryMillis : Number.POSITIVE_INFINITY
  }

  /** When the next refresh is due that only looks whether something has changed. */
  routineDeadlineMillis(): number {
    if (this.isAsking) return Number.POSITIVE_INFINITY
    if (this.needsUpdate) return this.isRoutine ? this.retryMillis : Number.POSITIVE_INFINITY
    return this.updatedMillis + this.client.config['metadata.max.age.ms']
  }

  /** Those up to this moment are as if they had been answered with nothing new. */
  skipRefreshes(nowMillis: number): void {
    const interval = this.needsUpdate
      ? this.client.config['retry.backoff.max.ms']
      : this.client.config['metadata.max.age.ms']
    const deadline = this.routineDeadlineMillis()
    if (deadline > nowMillis || deadline === Number.POSITIVE_INFINITY) return
    const skipped = Math.floor((nowMillis - deadline) / interval) + 1
    if (this.needsUpdate) this.retryMillis += skipped * interval
    this.updatedMillis += skipped * interval
  }

  /** Those that may be asked. */
  private get nodes(): readonly number[] {
    return this.brokers.length > 0 ? this.brokers.map(({ nodeId }) => nodeId) : this.hooks.bootstrapNodes
  }

  private find(topic: string): KnownTopic | undefined {
    for (const known of this.topics) if (known.name === topic) return known
    return undefined
  }

  private answered(response: MetadataResponseData | undefined, nowMillis: number): void {
    this.isAsking = false
    if (response === undefined || response.brokers.length === 0) {
      this.needsUpdate = true
      this.isRoutine = false
      this.retryMillis = nowMillis + this.client.retryBackoffMillis(this.attempts++)
      return
    }
    this.brokers = response.brokers
    const isMissingSomething = this.take(response.topics)
    this.version += 1
    this.updatedMillis = nowMillis
    this.needsUpdate = isMissingSomething || this.needsMore
    this.isRoutine = isMissingSomething && !this.needsMore && this.attempts > 0
    if (this.needsMore) this.retryMillis = nowMillis
    else this.retryMillis = nowMillis + this.client.retryBackoffMillis(this.attempts)
    this.attempts = isMissingSomething ? this.attempts + 1 : 0
  }

  /** @returns whether a topic or a leader is missing */
  private take(topics: readonly MetadataTopic[]): boolean {
    const known = new Array<KnownTopic>(topics.length)
    let count = 0
    let isMissing = false
    for (const topic of topics) {
      if (topic.errorCode === 'INVALID_TOPIC_EXCEPTION')
        this.fatalError = new ConsumerError(topic.errorCode, `Invalid topics: [${topic.name}]`)
      else if (topic.errorCode !== 'NONE') isMissing = true
      else {
        known[count++] = this.known(topic)
        if (topic.partitions.some(({ errorCode }) => errorCode !== 'NONE')) isMissing = true
      }
    }
    if (count < known.length) known.length = count
    if (this.hasChanged(known)) this.attempts = 0
    this.topics = known
    return isMissing
  }

  private known({ name, topicId, partitions }: MetadataTopic): KnownTopic {
    const before = this.find(name)
    const isSame = before !== undefined && before.topicId === topicId
    const leaders = new Array<LeaderAndEpoch>(partitions.length)
    for (const partition of partitions)
      leaders[partition.partitionIndex] = newer(
        isSame ? before.leaders[partition.partitionIndex] : undefined,
        partition,
      )
    return { name, topicId, leaders }
  }

  private hasChanged(next: readonly KnownTopic[]): boolean {
    if (next.length !== this.topics.length) return true
    for (const { name, leaders, topicId } of next) {
      const before = this.find(name)
      if (before === undefined || before.topicId !== topicId || before.leaders.length !== leaders.length)
        return true
      for (const [index, { leader, epoch }] of leaders.entries()) {
        const old = before.leaders[index] as LeaderAndEpoch
        if (old.leader !== leader || old.epoch !== epoch) return true
      }
    }
    return false
  }
}

/** A broker that lags tells nothing: an older epoch than the one known is left out (KIP-320). */
function newer(before: LeaderAndEpoch | undefined, partition: MetadataPartition): LeaderAndEpoch {
  const { errorCode, leaderId, leaderEpoch } = partition
  if (before !== undefined && leaderEpoch !== NO_LEADER_EPOCH && leaderEpoch < before.epoch) return before
  return leaderAndEpoch(errorCode === 'NONE' ? leaderId : -1, leaderEpoch)
}
