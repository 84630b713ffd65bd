import type { TopicPartition } from '../assignor/subscription.ts'
import type { ConsumerGroupHeartbeatRequest } from '../coordinator/consumer-group-heartbeat.ts'
import type { ConsumerConfig } from './config.ts'
import { byTopicName } from './question.ts'
import type { SubscriptionState } from './subscription-state.ts'

/** An assignment as the coordinator said it; a later one is another, even with the same partitions. */
export interface LocalAssignment {
  readonly partitions: readonly TopicPartition[]
}

/** What the coordinator has been told; undefined is to be told again. */
interface SentFields {
  readonly rebalanceTimeoutMs: number | undefined
  readonly topics: string | undefined
  readonly serverAssignor: string | null | undefined
  readonly assignment: LocalAssignment | undefined
}

const NOTHING_SENT: SentFields = {
  rebalanceTimeoutMs: undefined,
  topics: undefined,
  serverAssignor: undefined,
  assignment: undefined,
}

/** Says in each heartbeat what has changed. Source: ConsumerHeartbeatRequestManager.HeartbeatState of Kafka 4.x. */
export class HeartbeatFields {
  private readonly config: ConsumerConfig
  private readonly subscriptions: SubscriptionState
  private readonly groupId: string
  private readonly memberId: string
  private sent = NOTHING_SENT
  /** The topics of the last key that was made. */
  private keyedTopics: readonly string[] | undefined = undefined
  private key = ''

  constructor(config: ConsumerConfig, subscriptions: SubscriptionState, groupId: string, memberId: string) {
    this.config = config
    this.subscriptions = subscriptions
    this.groupId = groupId
    this.memberId = memberId
  }

  /** Whether the subscription has changed since the coordinator heard of it. */
  get hasNewTopics(): boolean {
    return this.sent.topics !== undefined && this.sent.topics !== this.topicsKey()
  }

  /** Everything is said again, since nobody knows what was heard. */
  reset(): void {
    this.sent = NOTHING_SENT
  }

  request(
    memberEpoch: number,
    assignment: LocalAssignment,
    isJoining: boolean,
  ): ConsumerGroupHeartbeatRequest {
    const before = isJoining ? NOTHING_SENT : this.sent
    const rebalanceTimeoutMs = this.config['max.poll.interval.ms']
    const serverAssignor = this.config['group.remote.assignor']
    const topics = this.topicsKey()
    this.sent = { rebalanceTimeoutMs, topics, serverAssignor, assignment }
    return {
      groupId: this.groupId,
      memberId: this.memberId,
      memberEpoch,
      instanceId: this.config['group.instance.id'],
      rackId: null,
      rebalanceTimeoutMs: before.rebalanceTimeoutMs === rebalanceTimeoutMs ? -1 : rebalanceTimeoutMs,
      subscribedTopicNames: before.topics === topics ? null : this.subscriptions.topics,
      subscribedTopicRegex: null,
      serverAssignor: before.serverAssignor === serverAssignor ? null : serverAssignor,
      topicPartitions: before.assignment === assignment ? null : ownedTopics(assignment),
    }
  }

  private topicsKey(): string {
    const { topics } = this.subscriptions
    // A subscription that changes is another list.
    if (topics !== this.keyedTopics) {
      this.keyedTopics = topics
      this.key = [...topics].sort().join()
    }
    return this.key
  }
}

function ownedTopics({
  partitions,
}: LocalAssignment): { readonly topicName: string; readonly partitions: readonly number[] }[] {
  const owned = partitions.map(({ topic, partition }) => ({ topic, partition, leader: 0 }))
  return byTopicName(owned, ({ partition }) => partition).map(({ topic, partitions: indexes }) => ({
    topicName: topic,
    partitions: indexes,
  }))
}
