import { inOrder } from '../../kernel/list.ts'
import { assignRange } from './range.ts'
import { assignRoundRobin, assignRoundRobinOfKafkajs } from './round-robin.ts'
import {
  assignCooperativeSticky,
  assignSticky,
  cooperativeStickyUserData,
  type LastAssignment,
  stickyUserData,
} from './sticky.ts'
import {
  type ConsumerProtocolSubscription,
  compareText,
  type GroupAssignment,
  type GroupMember,
  type SubscriptionUserData,
  type TopicPartition,
} from './subscription.ts'

/**
 * How a client takes part in a rebalance (KIP-429): EAGER revokes everything before it joins, COOPERATIVE only what it
 * has to, once it is told.
 */
export type RebalanceProtocol = 'EAGER' | 'COOPERATIVE'

/** An assignor of the classic protocol, which the leader of a group runs (ConsumerPartitionAssignor). */
export interface ClientAssignor {
  /** Of the protocol in JoinGroup. */
  readonly name: string
  readonly supportedProtocols: readonly RebalanceProtocol[]
  /** What to send along with the next subscription. */
  subscriptionUserData(last: LastAssignment | undefined): SubscriptionUserData | null
  /**
   * @param partitionCounts topics that the leader has metadata of; others are assigned to nobody
   * @param members as JoinGroup told the leader, in that order
   */
  assign(
    partitionCounts: ReadonlyMap<string, number>,
    members: readonly GroupMember[],
    leaderId: string,
  ): GroupAssignment
}

const noUserData = (): null => null

const EAGER: readonly RebalanceProtocol[] = ['EAGER']

/** The assignors of the Java client and of kafkajs, by the names under which members vote for them. */
export const CLIENT_ASSIGNORS: ReadonlyMap<string, ClientAssignor> = new Map(
  (
    [
      { name: 'range', supportedProtocols: EAGER, subscriptionUserData: noUserData, assign: assignRange },
      {
        name: 'roundrobin',
        supportedProtocols: EAGER,
        subscriptionUserData: noUserData,
        assign: assignRoundRobin,
      },
      {
        name: 'sticky',
        supportedProtocols: EAGER,
        subscriptionUserData: stickyUserData,
        assign: assignSticky,
      },
      {
        name: 'cooperative-sticky',
        supportedProtocols: ['COOPERATIVE', 'EAGER'],
        subscriptionUserData: cooperativeStickyUserData,
        assign: assignCooperativeSticky,
      },
      {
        name: 'RoundRobinAssigner',
        supportedProtocols: EAGER,
        subscriptionUserData: noUserData,
        assign: assignRoundRobinOfKafkajs,
      },
    ] satisfies ClientAssignor[]
  ).map((assignor) => [assignor.name, assignor]),
)

/**
 * The rebalance protocol of a consumer: the most advanced that all assignors of its `partition.assignment.strategy`
 * support (ConsumerCoordinator). The default list, range and cooperative-sticky, is therefore EAGER.
 * @throws if they have none in common
 */
export function rebalanceProtocol(assignors: readonly ClientAssignor[]): RebalanceProtocol {
  const common = (['COOPERATIVE', 'EAGER'] as const).find((protocol) =>
    assignors.every(({ supportedProtocols }) => supportedProtocols.includes(protocol)),
  )
  if (common !== undefined) return common
  const names = assignors.map(({ name }) => name).join(', ')
  throw new Error(`Specified assignors [${names}] do not have commonly supported rebalance protocol`)
}

/** The assignors that a consumer is configured with, and how it takes part in a rebalance with them. */
interface Strategy {
  readonly assignors: readonly ClientAssignor[]
  readonly protocol: RebalanceProtocol
}

/** By the list of their names in a configuration, which does not change: nothing else goes into them. */
const strategies = new WeakMap<readonly string[], Strategy>()

/** Those of a `partition.assignment.strategy`. @throws if they have no rebalance protocol in common */
export function strategyOf(names: readonly string[]): Strategy {
  let strategy = strategies.get(names)
  if (strategy === undefined) {
    const assignors = names.flatMap((name) => CLIENT_ASSIGNORS.get(name) ?? [])
    strategy = { assignors, protocol: rebalanceProtocol(assignors) }
    strategies.set(names, strategy)
  }
  return strategy
}

function comparePartitions(left: TopicPartition, right: TopicPartition): number {
  return compareText(left.topic, right.topic) || left.partition - right.partition
}

/**
 * The metadata that a Java client sends for one assignor in JoinGroup, topics and partitions in order
 * (ConsumerCoordinator.metadata, ConsumerProtocol.serializeSubscription; version 2 and above).
 * @param owned what the client owns at this moment
 * @param generationId its generation, -1 if it has none
 * @param last what the assignor was last told of an assignment
 */
export function subscriptionMetadata(
  assignor: ClientAssignor,
  topics: readonly string[],
  owned: readonly TopicPartition[],
  generationId: number,
  last: LastAssignment | undefined,
): ConsumerProtocolSubscription {
  return {
    topics: inOrder(topics, compareText),
    userData: assignor.subscriptionUserData(last),
    ownedPartitions: inOrder(owned, comparePartitions),
    generationId,
  }
}
