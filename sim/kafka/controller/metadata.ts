import type { MetadataBatch, MetadataRecord, TopicConfigs } from './record.ts'
import { type BrokerRegistration, changed, type PartitionRegistration } from './registration.ts'

export interface TopicMetadata {
  readonly topic: string
  /** Offset at which it was created: another topic of the same name has another id. */
  readonly topicId: number
  configs: TopicConfigs
  readonly partitions: PartitionRegistration[]
}

/**
 * What somebody who has replayed the metadata log to an offset knows: the controller all of it, each broker as much as it
 * has heard (rule C10). Source: MetadataImage.
 */
export class Metadata {
  /** Offset of the last record that was replayed. */
  offset = -1
  readonly brokers = new Map<number, BrokerRegistration>()
  readonly topics = new Map<string, TopicMetadata>()
  /** Producer ids below have been given to brokers. */
  nextProducerId = 0
  private readonly registrationOffsets = new Map<number, number>()

  /** Replays a batch. Batches come in order, and each once; others are ignored. @returns whether it was the next one */
  replay({ baseOffset, records }: MetadataBatch): boolean {
    if (baseOffset !== this.offset + 1) return false
    for (const record of records) {
      this.offset += 1
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
    return this.registrationOffsets.get(brokerId) ?? -1
  }

  private apply(record: MetadataRecord): void {
    switch (record.type) {
      case 'RegisterBroker':
        this.brokers.set(record.registration.brokerId, record.registration)
        this.registrationOffsets.set(record.registration.brokerId, this.offset)
        return
      case 'BrokerRegistrationChange':
        this.applyToBroker(record)
        return
      case 'UnregisterBroker':
        this.brokers.delete(record.brokerId)
        return
      case 'Topic':
        this.topics.set(record.topic, {
          topic: record.topic,
          topicId: this.offset,
          configs: {},
          partitions: [],
        })
        return
      case 'RemoveTopic':
        this.topics.delete(record.topic)
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
        this.nextProducerId = record.nextProducerId
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
    this.brokers.set(brokerId, {
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
