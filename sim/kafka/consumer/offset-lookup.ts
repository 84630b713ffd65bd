import type { TopicPartition } from '../assignor/subscription.ts'
import type { ListOffsetsResponseData } from '../protocol/fetch.ts'
import type { ListedOffset } from '../replication/message.ts'
import { partitionName } from '../transaction/topic-partition.ts'
import type { ConsumerClient } from './client.ts'
import { ConsumerError } from './error.ts'
import type { Done } from './hooks.ts'
import type { ConsumerMetadata } from './metadata.ts'
import { byLeader, byPartition, byTopicName, isRetriable, type Question } from './question.ts'

export interface TimeQuestion extends TopicPartition {
  readonly timestamp: number
}

/** One of the answers that a lookup waits for. */
class Item implements TimeQuestion {
  readonly topic: string
  readonly partition: number
  readonly timestamp: number
  answer: ListedOffset | undefined = undefined
  isAsking = false
  retryMillis = 0

  constructor({ topic, partition, timestamp }: TimeQuestion) {
    this.topic = topic
    this.partition = partition
    this.timestamp = timestamp
  }
}

interface Lookup {
  readonly items: readonly Item[]
  readonly deadlineMillis: number
  readonly done: Done<readonly ListedOffset[]>
}

interface Asked extends Question {
  readonly item: Item
  readonly currentLeaderEpoch: number
}

/** Looks offsets up by time until all partitions are answered (ListOffsets). Source: OffsetFetcher.fetchOffsetsByTimes. */
export class OffsetLookups {
  private readonly client: ConsumerClient
  private readonly metadata: ConsumerMetadata
  private lookups: Lookup[] = []

  constructor(client: ConsumerClient, metadata: ConsumerMetadata) {
    this.client = client
    this.metadata = metadata
  }

  /** Topics that are looked up, of which metadata are needed. */
  topics(): string[] {
    return this.lookups.flatMap(({ items }) => items.map(({ topic }) => topic))
  }

  begin(questions: readonly TimeQuestion[], nowMillis: number, done: Done<readonly ListedOffset[]>): void {
    const deadlineMillis = nowMillis + this.client.config['default.api.timeout.ms']
    this.lookups.push({ items: questions.map((question) => new Item(question)), deadlineMillis, done })
    if (questions.some((question) => this.metadata.leaderOf(question).leader < 0))
      this.metadata.requestUpdateForNewTopics()
  }

  /** Sends what is due, and ends what is answered or too late. */
  maintain(nowMillis: number): void {
    for (const lookup of this.lookups) {
      const isAnswered = lookup.items.every(({ answer }) => answer !== undefined)
      if (!isAnswered && nowMillis < lookup.deadlineMillis) this.ask(lookup, nowMillis)
      else {
        this.lookups = this.lookups.filter((other) => other !== lookup)
        const error = isAnswered
          ? undefined
          : new ConsumerError('TIMEOUT', 'Failed to get offsets by times before the timeout')
        lookup.done(error, isAnswered ? lookup.items.flatMap(({ answer }) => answer ?? []) : [], nowMillis)
      }
    }
  }

  nextDeadlineMillis(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { items, deadlineMillis } of this.lookups) {
      next = Math.min(next, deadlineMillis)
      for (const item of items)
        if (item.answer === undefined && !item.isAsking && item.retryMillis > 0)
          next = Math.min(next, item.retryMillis)
    }
    return next
  }

  private ask(lookup: Lookup, nowMillis: number): void {
    const asked: Asked[] = []
    for (const item of lookup.items) {
      if (item.answer !== undefined || item.isAsking || nowMillis < item.retryMillis) continue
      const { leader, epoch } = this.metadata.leaderOf(item)
      item.retryMillis = 0
      if (leader < 0) {
        if (this.metadata.isFresh) this.metadata.requestUpdate()
      } else if (this.client.isAvailable(leader, nowMillis)) {
        const { topic, partition } = item
        asked.push({ topic, partition, leader, item, currentLeaderEpoch: epoch })
      } else item.retryMillis = this.client.availableMillis(leader)
    }
    for (const [node, ofNode] of byLeader(asked)) this.send(lookup, node, ofNode)
  }

  private send(lookup: Lookup, node: number, asked: readonly Asked[]): void {
    for (const { item } of asked) item.isAsking = true
    const topics = byTopicName(asked, ({ partition, item, currentLeaderEpoch }) => ({
      partitionIndex: partition,
      timestamp: item.timestamp,
      currentLeaderEpoch,
    })).map(({ topic, partitions }) => ({ name: topic, partitions }))
    const body = { replicaId: -1, isolationLevel: this.client.config['isolation.level'], topics }
    this.client.send(node, 'ListOffsets', body, (response, nowMillis) =>
      this.answered(lookup, asked, response, nowMillis),
    )
  }

  private answered(
    lookup: Lookup,
    asked: readonly Asked[],
    response: ListOffsetsResponseData | undefined,
    nowMillis: number,
  ): void {
    const topics = response?.topics.map(({ name, partitions }) => ({ topic: name, partitions }))
    const parts = byPartition(topics, ({ partitionIndex }) => partitionIndex)
    for (const { item } of asked) {
      item.isAsking = false
      const listed = parts.get(partitionName(item.topic, item.partition))
      if (listed?.errorCode === 'NONE') item.answer = listed
      else if (listed === undefined || isRetriable(listed.errorCode)) {
        item.retryMillis = nowMillis + this.client.config['retry.backoff.ms']
        this.metadata.requestUpdate()
      } else if (this.lookups.includes(lookup)) {
        this.lookups = this.lookups.filter((other) => other !== lookup)
        lookup.done(
          new ConsumerError(listed.errorCode, `ListOffsets failed with ${listed.errorCode}`),
          [],
          nowMillis,
        )
      }
    }
  }
}
