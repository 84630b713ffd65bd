import type { BrokerRegistration, PartitionChange, PartitionRegistration } from './registration.ts'

/** Configuration of a topic, under Kafka's names; the controller reads min.insync.replicas and unclean.leader.election.enable. */
export type TopicConfigs = Readonly<Record<string, string | number | boolean>>

/** One entry of the metadata log. Source: the records of org.apache.kafka.common.metadata. */
export type MetadataRecord =
  | { readonly type: 'RegisterBroker'; readonly registration: BrokerRegistration }
  | {
      readonly type: 'BrokerRegistrationChange'
      readonly brokerId: number
      readonly fenced?: boolean
      readonly inControlledShutdown?: true
    }
  | { readonly type: 'UnregisterBroker'; readonly brokerId: number }
  | { readonly type: 'Topic'; readonly topic: string }
  | { readonly type: 'RemoveTopic'; readonly topic: string }
  /** Replaces all configuration of the topic. */
  | { readonly type: 'Config'; readonly topic: string; readonly configs: TopicConfigs }
  | {
      readonly type: 'Partition'
      readonly topic: string
      readonly partition: number
      readonly registration: PartitionRegistration
    }
  | {
      readonly type: 'PartitionChange'
      readonly topic: string
      readonly partition: number
      readonly change: PartitionChange
    }
  /** A block of producer ids went to a broker: everything below is given out. */
  | {
      readonly type: 'ProducerIds'
      readonly brokerId: number
      readonly brokerEpoch: number
      readonly nextProducerId: number
    }
  /** The topic's min.insync.replicas changed: who was eligible by the old one may not have what is committed by the new. */
  | { readonly type: 'ClearElr'; readonly topic: string }

/** Records that take effect together; the first has the base offset, and each following the next. */
export interface MetadataBatch {
  readonly baseOffset: number
  readonly records: readonly MetadataRecord[]
}

/** The metadata log, once it is committed: append-only, and the same for everybody (rule C10). Out of scope: snapshots. */
export class MetadataLog {
  private readonly batches: MetadataBatch[] = []
  private end = 0

  /** Offset of the next record. */
  get nextOffset(): number {
    return this.end
  }

  append(records: readonly MetadataRecord[]): MetadataBatch {
    const batch = { baseOffset: this.end, records }
    this.batches.push(batch)
    this.end += records.length
    return batch
  }

  /** The batches that hold an offset and what follows. */
  since(offset: number): readonly MetadataBatch[] {
    let low = 0
    let high = this.batches.length
    while (low < high) {
      const middle = (low + high) >> 1
      const { baseOffset, records } = this.batches[middle] as MetadataBatch
      if (baseOffset + records.length <= offset) low = middle + 1
      else high = middle
    }
    return this.batches.slice(low)
  }
}
