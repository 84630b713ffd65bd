import type { MetadataBatch, MetadataRecord, TopicConfigs } from './record.ts'
import { type BrokerRegistration, changed, type PartitionRegistration } from './registration.ts'

export interface TopicMetadata {
  readonly topic: string
  /** Offset at which it was created: another topic of the same name has another id. */
  readonly topicId: number
  configs: TopicConfigs
  readonly partitions: PartitionRegistration[]
}

/** What the metadata log says up to an offset. */
interface MetadataImage {
  offset: number
  nextProducerId: number
  readonly brokers: Map<number, BrokerRegistration>
  readonly topics: Map<string, TopicMetadata>
  readonly registrationOffsets: Map<number, number>
}

/** Of an empty log: nobody writes to it. */
const NOTHING: MetadataImage = {
  offset: -1,
  nextProducerId: 0,
  brokers: new Map(),
  topics: new Map(),
  registrationOffsets: new Map(),
}

/**
 * What somebody who has replayed the metadata log to an offset knows: the controller all of it, each broker as much as it
 * has heard (rule C10). Source: MetadataImage.
 */
export class Metadata {
  private image = NOTHING
  /** Nobody else has the same image: it may be written to. */
  private isOwn = false

  /** Offset of the last record that was replayed. */
  get offset(): number {
    return this.image.offset
  }

  get brokers(): ReadonlyMap<number, BrokerRegistration> {
    return this.image.brokers
  }

  get topics(): ReadonlyMap<string, TopicMetadata> {
    return this.image.topics
  }

  /** Producer ids below have been given to brokers. */
  get nextProducerId(): number {
    return this.image.nextProducerId
  }

  /** Knows what somebody else knows, as if it had replayed the same: they share it until one of them replays more. */
  share(other: Metadata): void {
    this.image = other.image
    this.isOwn = false
    other.isOwn = false
  }

  /** Replays a batch. Batches come in order, and each once; others are ignored. @returns whether it was the next one */
  replay({ baseOffset, records }: MetadataBatch): boolean {
    if (baseOffset !== this.offset + 1) return false
    if (!this.isOwn) this.image = copyOf(this.image)
    this.isOwn = true
    for (const record of records) {
      this.image.offset += 1
      this.apply(record)
    }
    return true
  }

  partition(topic: string, partition: number): PartitionRegistration | undefined {
    return this.topics.get(topic)?.partitions[partition]
  }

  /** Whether a broker is registered, and neither fenced nor shutting down. */
  isActive(brokerId: number): boolean {
    const registration = this.brokers.get(brokerId)
    return registration !== undefined && !registration.fenced && !registration.inControlledShutdown
  }

  /** Broker epoch of a broker that may join an ISR. */
  eligibleBrokerEpoch(brokerId: number): number | undefined {
    return this.isActive(brokerId) ? this.brokers.get(brokerId)?.brokerEpoch : undefined
  }

  /** Where a broker was last registered; -1 if it never was. */
  registrationOffset(brokerId: number): number {
    return this.image.registrationOffsets.get(brokerId) ?? -1
  }

  private apply(record: MetadataRecord): void {
    const { image } = this
    switch (record.type) {
      case 'RegisterBroker':
        image.brokers.set(record.registration.brokerId, record.registration)
        image.registrationOffsets.set(record.registration.brokerId, image.offset)
        return
      case 'BrokerRegistrationChange':
        this.applyToBroker(record)
        return
      case 'UnregisterBroker':
        image.brokers.delete(record.brokerId)
        return
      case 'Topic':
        image.topics.set(record.topic, {
          topic: record.topic,
          topicId: image.offset,
          configs: {},
          partitions: [],
        })
        return
      case 'RemoveTopic':
        image.topics.delete(record.topic)
        return
      case 'Config':
        this.topic(record.topic).configs = record.configs
        return
      case 'Partition':
        this.topic(record.topic).partitions[record.partition] = record.registration
        return
      case 'PartitionChange':
        this.applyToPartition(record)
        return
      case 'ProducerIds':
        image.nextProducerId = record.nextProducerId
        return
      case 'ClearElr':
        this.clearElr(this.topic(record.topic).partitions)
    }
  }

  private topic(name: string): TopicMetadata {
    return this.topics.get(name) as TopicMetadata
  }

  private applyToBroker({
    brokerId,
    fenced,
    inControlledShutdown,
  }: Extract<MetadataRecord, { type: 'BrokerRegistrationChange' }>): void {
    const registration = this.brokers.get(brokerId) as BrokerRegistration
    const { brokerEpoch, incarnationId, rack } = registration
    this.image.brokers.set(brokerId, {
      brokerId,
      brokerEpoch,
      incarnationId,
      rack,
      fenced: fenced ?? registration.fenced,
      inControlledShutdown: inControlledShutdown ?? registration.inControlledShutdown,
    })
  }

  private applyToPartition({
    topic,
    partition,
    change,
  }: Extract<MetadataRecord, { type: 'PartitionChange' }>): void {
    const { partitions } = this.topic(topic)
    partitions[partition] = changed(partitions[partition] as PartitionRegistration, change)
  }

  private clearElr(partitions: PartitionRegistration[]): void {
    for (const [index, partition] of partitions.entries()) {
      if (partition.elr.length > 0 || partition.lastKnownElr.length > 0)
        partitions[index] = changed(partition, { elr: [], lastKnownElr: [] })
    }
  }
}

/** One that may be written to; what says of a partition or a broker how it is never changes. */
function copyOf({
  offset,
  nextProducerId,
  brokers,
  topics,
  registrationOffsets,
}: MetadataImage): MetadataImage {
  const ownTopics = new Map<string, TopicMetadata>()
  for (const [name, { topic, topicId, configs, partitions }] of topics)
    ownTopics.set(name, { topic, topicId, configs, partitions: partitions.slice() })
  return {
    offset,
    nextProducerId,
    brokers: new Map(brokers),
    topics: ownTopics,
    registrationOffsets: new Map(registrationOffsets),
  }
}
