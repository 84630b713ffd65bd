import type { TopicPartition } from '../assignor/subscription.ts'
import type { ErrorCode } from '../error-code.ts'
import { type PartitionName, partitionName } from '../transaction/topic-partition.ts'

/** What is asked about one partition. */
export interface Question extends TopicPartition {
  readonly leader: number
}

/** Questions by the node that leads the partition, in the order in which they come. */
export function byLeader<Q extends Question>(questions: readonly Q[]): Map<number, Q[]> {
  const nodes = new Map<number, Q[]>()
  for (const question of questions) {
    const list = nodes.get(question.leader)
    if (list === undefined) nodes.set(question.leader, [question])
    else list.push(question)
  }
  return nodes
}

/** Questions by topic, as requests list them. */
export function byTopicName<Q extends Question, P>(
  questions: readonly Q[],
  toPartition: (question: Q) => P,
): { readonly topic: string; readonly partitions: readonly P[] }[] {
  const topics = new Map<string, P[]>()
  for (const question of questions) {
    const list = topics.get(question.topic)
    if (list === undefined) topics.set(question.topic, [toPartition(question)])
    else list.push(toPartition(question))
  }
  return Array.from(topics, ([topic, partitions]) => ({ topic, partitions }))
}

/** The parts of an answer by partition, undefined if there was none. */
export function byPartition<P>(
  topics: readonly { readonly topic: string; readonly partitions: readonly P[] }[] | undefined,
  indexOf: (part: P) => number,
): ReadonlyMap<PartitionName, P> {
  const parts = new Map<PartitionName, P>()
  for (const { topic, partitions } of topics ?? [])
    for (const part of partitions) parts.set(partitionName(topic, indexOf(part)), part)
  return parts
}

/** Whether ListOffsets and OffsetForLeaderEpoch are tried again, after new metadata (OffsetFetcherUtils). */
export function isRetriable(errorCode: ErrorCode): boolean {
  switch (errorCode) {
    case 'NOT_LEADER_OR_FOLLOWER':
    case 'REPLICA_NOT_AVAILABLE':
    case 'KAFKA_STORAGE_ERROR':
    case 'OFFSET_NOT_AVAILABLE':
    case 'LEADER_NOT_AVAILABLE':
    case 'FENCED_LEADER_EPOCH':
    case 'UNKNOWN_LEADER_EPOCH':
    case 'UNKNOWN_TOPIC_OR_PARTITION':
      return true
    default:
      return false
  }
}
