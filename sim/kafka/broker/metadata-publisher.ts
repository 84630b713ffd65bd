import type { Metadata } from '../controller/metadata.ts'
import type { MetadataBatch } from '../controller/record.ts'
import type { BrokerContext } from './context.ts'
import type { Replicas } from './replicas.ts'

/** Hears which topics have changed, and which are gone. */
type Published = (topics: ReadonlySet<string>, deleted: ReadonlySet<string>) => void

/**
 * Makes a broker follow the metadata: first as a whole, when it has caught up, then batch by batch (rule C10). Source:
 * MetadataLoader, BrokerMetadataPublisher.
 */
export class MetadataPublisher {
  /** Whether the broker acts on the metadata. */
  isPublishing = false
  private readonly context: BrokerContext
  private readonly replicas: Replicas
  private readonly published: Published

  constructor(context: BrokerContext, replicas: Replicas, published: Published) {
    this.context = context
    this.replicas = replicas
    this.published = published
  }

  /** Takes in a batch. Batches come in order, and each once; others are ignored. */
  apply(batch: MetadataBatch): void {
    const { metadata } = this.context
    const deleted = new Set<string>()
    const topics = new Set<string>()
    const partitions = new Map<string, Set<number>>()
    if (!metadata.replay(batch) || !this.isPublishing) return
    for (const record of batch.records) {
      switch (record.type) {
        case 'Topic':
        case 'Config':
          topics.add(record.topic)
          break
        case 'RemoveTopic':
          deleted.add(record.topic)
          topics.add(record.topic)
          break
        case 'Partition':
        case 'PartitionChange': {
          const ofTopic = partitions.get(record.topic)
          if (ofTopic === undefined) partitions.set(record.topic, new Set([record.partition]))
          else ofTopic.add(record.partition)
          if (record.type === 'Partition') topics.add(record.topic)
          break
        }
        case 'ClearElr':
        case 'RegisterBroker':
        case 'BrokerRegistrationChange':
        case 'UnregisterBroker':
      }
    }
    this.publish(topics, deleted, partitions)
  }

  /** Acts on everything that the metadata hold. */
  start(): void {
    this.isPublishing = true
    const { topics } = this.context.metadata
    const partitions = new Map([...topics.values()].map((topic) => [topic.topic, topic.partitions.keys()]))
    this.publish(new Set(topics.keys()), new Set(), partitions)
  }

  /** The broker has acted on everything that the metadata hold, as somebody else knows them. */
  resume(metadata: Metadata): void {
    this.context.metadata.share(metadata)
    this.isPublishing = true
  }

  private publish(
    topics: ReadonlySet<string>,
    deleted: ReadonlySet<string>,
    partitions: ReadonlyMap<string, Iterable<number>>,
  ): void {
    const { metadata, nowMillis } = this.context
    for (const topic of deleted) this.replicas.removeTopic(topic, nowMillis)
    for (const [name, indexes] of partitions) {
      const topic = metadata.topics.get(name)
      for (const index of topic === undefined ? [] : indexes) {
        const registration = topic?.partitions[index]
        if (topic !== undefined && registration !== undefined)
          this.replicas.update(topic, index, registration, nowMillis)
      }
    }
    for (const name of topics) {
      const topic = metadata.topics.get(name)
      if (topic !== undefined) this.replicas.reconfigure(topic, nowMillis)
    }
    this.published(topics, deleted)
  }
}
