import type { TopicMetadata } from '../controller/metadata.ts'
import { NO_LEADER, type PartitionRegistration } from '../controller/registration.ts'
import type { CreatableTopic } from '../controller/topics.ts'
import type { ErrorCode } from '../error-code.ts'
import type { ApiRequest, ResponseOf } from '../protocol/api.ts'
import type { MetadataPartition, MetadataTopic } from '../protocol/metadata.ts'
import type { BrokerConfig } from './config.ts'
import type { BrokerContext } from './context.ts'
import type { Respond } from './respond.ts'
import { GROUP_METADATA_TOPIC, isInternal, partitionFor, TRANSACTION_STATE_TOPIC } from './topic.ts'

const TOPIC_NAME = /^[a-zA-Z0-9._-]{1,249}$/

const NO_BROKERS: readonly number[] = []
const NO_TOPICS: readonly string[] = []

/** What clients ask of the cluster as this broker knows it. Source: KRaftMetadataCache, AutoTopicCreationManager. */
export class MetadataAnswers {
  private readonly context: BrokerContext
  /** Topics that the controller has been asked to create. */
  private creating = NO_TOPICS

  constructor(context: BrokerContext) {
    this.context = context
  }

  metadata({ body }: ApiRequest<'Metadata'>, respond: Respond<'Metadata'>): void {
    const { metadata, config } = this.context
    const names = body.topics?.map(({ name }) => name) ?? [...metadata.topics.keys()]
    const mayCreate = body.allowAutoCreateTopics && config['auto.create.topics.enable']
    const topics = names.map((name): MetadataTopic => {
      const topic = metadata.topics.get(name)
      if (topic !== undefined) return this.topic(topic)
      if (mayCreate && isValidName(name)) this.create(name)
      const errorCode = isValidName(name) ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'INVALID_TOPIC_EXCEPTION'
      return { errorCode, name, isInternal: isInternal(name), partitions: [] }
    })
    const brokers = this.aliveBrokers().map(({ brokerId: nodeId, rack }) => ({ nodeId, rack: rack ?? null }))
    respond({ brokers, controllerId: brokers[0]?.nodeId ?? -1, topics })
  }

  describeTopicPartitions(
    { body }: ApiRequest<'DescribeTopicPartitions'>,
    respond: Respond<'DescribeTopicPartitions'>,
  ): void {
    type Described = ResponseOf<'DescribeTopicPartitions'>['topics'][number]
    respond({
      topics: body.topics.map(({ name }): Described => {
        const topic = this.context.metadata.topics.get(name)
        if (topic === undefined)
          return {
            errorCode: 'UNKNOWN_TOPIC_OR_PARTITION',
            name,
            isInternal: isInternal(name),
            partitions: [],
          }
        const partitions = topic.partitions.map((partition, index) => ({
          ...this.partition(partition, index),
          errorCode: 'NONE' as const,
          eligibleLeaderReplicas: partition.elr,
          lastKnownElr: partition.lastKnownElr,
        }))
        return { errorCode: 'NONE', name, isInternal: isInternal(name), partitions }
      }),
    })
  }

  /** FindCoordinator of one key; creates the internal topic if there is none (rules G1, T1). */
  findCoordinator({ body }: ApiRequest<'FindCoordinator'>, respond: Respond<'FindCoordinator'>): void {
    const { metadata } = this.context
    const name = body.keyType === 'GROUP' ? GROUP_METADATA_TOPIC : TRANSACTION_STATE_TOPIC
    const topic = metadata.topics.get(name)
    if (topic === undefined) this.create(name)
    const leader = topic?.partitions[partitionFor(this.context, name, body.key)]?.leader ?? NO_LEADER
    const isAlive = metadata.brokers.get(leader)?.fenced === false
    respond(
      isAlive
        ? { errorCode: 'NONE', nodeId: leader }
        : { errorCode: 'COORDINATOR_NOT_AVAILABLE', nodeId: -1 },
    )
  }

  /** Has a topic created, once at a time (AutoTopicCreationManager). */
  private create(name: string): void {
    const { context } = this
    if (this.creating.includes(name)) return
    this.creating = [...this.creating, name]
    context.host.controller.send({ api: 'CreateTopics', body: [this.creatable(name)] }, (_, nowMillis) => {
      context.nowMillis = nowMillis
      this.creating = this.creating.filter((other) => other !== name)
    })
  }

  private creatable(name: string): CreatableTopic {
    const { config } = this.context
    if (name === GROUP_METADATA_TOPIC) return groupMetadataTopic(config)
    if (name === TRANSACTION_STATE_TOPIC)
      return {
        name,
        numPartitions: config['transaction.state.log.num.partitions'],
        replicationFactor: config['transaction.state.log.replication.factor'],
        configs: {
          'cleanup.policy': 'compact',
          'segment.bytes': config['transaction.state.log.segment.bytes'],
          'min.insync.replicas': config['transaction.state.log.min.isr'],
        },
      }
    return { name, numPartitions: -1, replicationFactor: -1 }
  }

  private topic({ topic: name, topicId, partitions }: TopicMetadata): MetadataTopic {
    return {
      errorCode: 'NONE',
      name,
      topicId: String(topicId),
      isInternal: isInternal(name),
      partitions: partitions.map((partition, index) => this.partition(partition, index)),
    }
  }

  private partition(partition: PartitionRegistration, partitionIndex: number): MetadataPartition {
    const { leader: leaderId, leaderEpoch, replicas, isr } = partition
    const errorCode: ErrorCode = this.isAlive(leaderId) ? 'NONE' : 'LEADER_NOT_AVAILABLE'
    return {
      errorCode,
      partitionIndex,
      leaderId: errorCode === 'NONE' ? leaderId : NO_LEADER,
      leaderEpoch,
      replicaNodes: replicas,
      isrNodes: isr,
      offlineReplicas: this.areAlive(replicas) ? NO_BROKERS : replicas.filter((id) => !this.isAlive(id)),
    }
  }

  private isAlive(brokerId: number): boolean {
    return this.context.metadata.brokers.get(brokerId)?.fenced === false
  }

  private areAlive(brokerIds: readonly number[]): boolean {
    for (const id of brokerIds) if (!this.isAlive(id)) return false
    return true
  }

  private aliveBrokers() {
    return [...this.context.metadata.brokers.values()].filter(({ fenced }) => !fenced)
  }
}

/** The topic of the offsets and groups of consumers, as the first broker that needs it has it created. */
export function groupMetadataTopic(config: BrokerConfig): CreatableTopic {
  let topic = groupTopics.get(config)
  if (topic === undefined) {
    topic = {
      name: GROUP_METADATA_TOPIC,
      numPartitions: config['offsets.topic.num.partitions'],
      replicationFactor: config['offsets.topic.replication.factor'],
      configs: { 'cleanup.policy': 'compact', 'segment.bytes': config['offsets.topic.segment.bytes'] },
    }
    groupTopics.set(config, topic)
  }
  return topic
}

/** By the configuration from which they follow: the very same is looked up at once by whoever reads it. */
const groupTopics = new WeakMap<BrokerConfig, CreatableTopic>()

function isValidName(name: string): boolean {
  return TOPIC_NAME.test(name) && name !== '.' && name !== '..'
}
