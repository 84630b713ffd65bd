import type { Metadata } from '../controller/metadata.ts'
import type { OffsetCommitTopic, TopicErrors } from '../coordinator/offset-message.ts'
import type { ErrorCode } from '../error-code.ts'

/** What an offset request names: partitions that exist, which mostly are all of them, and those that do not. */
interface SplitTopics {
  /** The very list that was given if all of them exist. */
  readonly known: readonly OffsetCommitTopic[]
  /** What is answered for the others. */
  readonly unknown: readonly TopicErrors[]
}

/** Tells partitions that exist from those that do not. Source: KafkaApis.handleOffsetCommitRequest. */
export function splitTopics(topics: readonly OffsetCommitTopic[], metadata: Metadata): SplitTopics {
  if (areKnown(topics, metadata)) return { known: topics, unknown: [] }
  const known: OffsetCommitTopic[] = []
  const unknown: TopicErrors[] = []
  for (const { name, partitions } of topics) {
    const isKnown = (index: number) => metadata.partition(name, index) !== undefined
    const found = partitions.filter(({ partitionIndex }) => isKnown(partitionIndex))
    const missing = partitions.filter(({ partitionIndex }) => !isKnown(partitionIndex))
    if (found.length > 0) known.push({ name, partitions: found })
    if (missing.length > 0)
      unknown.push(...errorsOf([{ name, partitions: missing }], 'UNKNOWN_TOPIC_OR_PARTITION'))
  }
  return { known, unknown }
}

/** Whether all partitions that are named exist. */
export function areKnown(topics: readonly OffsetCommitTopic[], metadata: Metadata): boolean {
  for (const { name, partitions } of topics) {
    if (partitions.length === 0) return false
    const existing = metadata.topics.get(name)?.partitions
    if (existing === undefined) return false
    for (const { partitionIndex } of partitions) if (existing[partitionIndex] === undefined) return false
  }
  return true
}

/** The same error for all partitions. */
export function errorsOf(topics: readonly OffsetCommitTopic[], errorCode: ErrorCode): TopicErrors[] {
  return topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
  }))
}

/** The answers of a topic in one place, in the order of the request. */
export function merged(
  asked: readonly { readonly name: string }[],
  ...answers: (readonly TopicErrors[])[]
): TopicErrors[] {
  return asked.map(({ name }) => ({
    name,
    partitions: answers.flat().flatMap((topic) => (topic.name === name ? topic.partitions : [])),
  }))
}
