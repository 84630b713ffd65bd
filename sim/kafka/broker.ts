import type { Network } from '../cluster/network.ts'
import { Process } from '../cluster/process.ts'
import { invariant } from '../kernel/error.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { hashText } from '../kernel/mix.ts'
import type { KafkaConfig } from './config.ts'
import { GroupCoordinator } from './group.ts'
import { partitionOf } from './murmur2.ts'
import { Partition } from './partition.ts'
import type { LogRecord, ProduceRequest } from './protocol.ts'

/** A topic as it is created: key-hashed partitions, spread over the brokers in order. */
export interface TopicConfig {
  readonly name: string
  readonly partitions: number
}

/** A broker: leader of some partitions. */
export class Broker {
  readonly process: Process
  private readonly kernel: Kernel

  constructor(network: Network, name: string) {
    this.kernel = network.kernel
    this.process = network.add(new Process(network.kernel, name, 'broker', undefined))
  }

  /** Produce: appends to the log and wakes the fetches that wait for it. */
  produce(partition: Partition, request: ProduceRequest, cause: number): LogRecord {
    const record = partition.append(this.kernel, request.record, cause)
    for (const session of partition.readers) session.wake(record.appended)
    return record
  }
}

/** The brokers, the topics and the group coordinators of one cluster. */
export class KafkaCluster {
  readonly kernel: Kernel
  readonly network: Network
  readonly config: KafkaConfig
  readonly brokers: readonly Broker[]
  private readonly topics = new Map<string, readonly Partition[]>()
  private readonly groups = new Map<string, GroupCoordinator>()

  constructor(network: Network, config: KafkaConfig, brokerCount: number) {
    this.kernel = network.kernel
    this.network = network
    this.config = config
    this.brokers = Array.from(
      { length: brokerCount },
      (_, index) => new Broker(network, `broker-${index + 1}`),
    )
  }

  /** Creates a topic; its partitions are led by the brokers in turn. */
  createTopic(topic: TopicConfig): void {
    const offset = this.topics.size
    this.topics.set(
      topic.name,
      Array.from({ length: topic.partitions }, (_, index) => {
        const leader = this.brokers[(index + offset) % this.brokers.length] as Broker
        return new Partition(topic.name, index, leader)
      }),
    )
  }

  /** The partitions of a topic. */
  partitions(topic: string): readonly Partition[] {
    const partitions = this.topics.get(topic)
    invariant(partitions !== undefined, `there is no topic ${topic}`)
    return partitions
  }

  /** All partitions of all topics, topics in the order of their creation. */
  *allPartitions(): IterableIterator<Partition> {
    for (const partitions of this.topics.values()) yield* partitions
  }

  /** The partition of a key. */
  partitionFor(topic: string, key: string): Partition {
    const partitions = this.partitions(topic)
    return partitions[partitionOf(key, partitions.length)] as Partition
  }

  /** The coordinator of a group, at the broker that a hash of the group's id selects. */
  group(groupId: string): GroupCoordinator {
    let group = this.groups.get(groupId)
    if (group === undefined) {
      const broker = this.brokers[(hashText(groupId, 0) >>> 1) % this.brokers.length] as Broker
      group = new GroupCoordinator(this, groupId, broker.process)
      this.groups.set(groupId, group)
    }
    return group
  }

  /** The groups that exist, in the order of their creation. */
  allGroups(): IterableIterator<GroupCoordinator> {
    return this.groups.values()
  }
}
