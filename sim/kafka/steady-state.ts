import { invariant } from '../kernel/error.ts'
import { lastOf } from '../kernel/list.ts'
import { clockMillis } from '../kernel/time.ts'
import type { StandingBroker } from './broker/host.ts'
import { groupMetadataTopic } from './broker/metadata-answer.ts'
import { GROUP_METADATA_TOPIC } from './broker/topic.ts'
import type { BrokerNode } from './broker-node.ts'
import type { KafkaCluster } from './cluster.ts'
import type { JoinOffer, StableMember } from './consumer/stable-member.ts'
import type { ConsumerClient } from './consumer-client.ts'
import type { Controller } from './controller/controller.ts'
import type { Choose } from './controller/placement.ts'
import type { CreatableTopic } from './controller/topics.ts'
import type { ClassicGroup } from './coordinator/classic-group.ts'
import { coordinatorPartition } from './coordinator/coordinator-partition.ts'
import { formationOf, type Gathering, groupOf } from './group-formation.ts'
import { NO_TIMESTAMP, type RecordBatch } from './log/batch.ts'
import type { MetadataResponseData, MetadataTopic } from './protocol/metadata.ts'
import { type PartitionName, partitionName } from './transaction/topic-partition.ts'

/** The version of Metadata that consumers ask in. */
const METADATA_VERSION = 13

/** A consumer with what it offers its group. */
interface Candidate {
  readonly client: ConsumerClient
  readonly offer: JoinOffer
}

/** A consumer with what it is to be. */
interface Seat {
  readonly client: ConsumerClient
  /** There are no brokers that tell of topics before all groups are formed. */
  readonly member: StableMember
}

/**
 * The state in which a healthy cluster rests, built as it is and not by way of the protocols that lead to it: brokers are
 * registered, replicas have everything, groups of the classic protocol are stable with their first assignment, and all
 * fetches wait. What a broker, a group and a consumer are like then, each says itself (`resume`). Consumers of which that is
 * not known come to the brokers once these are at rest, and join by what they tell each other.
 */
export class SteadyState {
  /**
   * Consumers of which it is not known what they are at rest, with all others of their groups: those that use another
   * protocol than the classic one, and those that the brokers would refuse. They have yet to join.
   */
  readonly newcomers: readonly ConsumerClient[]
  private readonly cluster: KafkaCluster
  private readonly topics: readonly CreatableTopic[]
  private readonly groups: ReadonlyMap<string, readonly Candidate[]>
  private nowMillis = 0
  private readonly partitionCounts: ReadonlyMap<string, number>
  /** Contents of the partitions of __consumer_offsets. */
  private readonly contents = new Map<PartitionName, RecordBatch[]>()
  private readonly formed: ClassicGroup[] = []
  /** What the brokers tell of all topics, and of those that a consumer asks for. */
  private told: MetadataResponseData | undefined = undefined
  private readonly answers: MetadataResponseData[] = []

  private constructor(
    cluster: KafkaCluster,
    topics: readonly CreatableTopic[],
    groups: ReadonlyMap<string, readonly Candidate[]>,
    newcomers: readonly ConsumerClient[],
  ) {
    this.cluster = cluster
    this.topics = topics
    this.groups = groups
    this.newcomers = newcomers
    this.partitionCounts = new Map(topics.map(({ name, numPartitions }) => [name, numPartitions]))
  }

  /** That of a cluster that has not been started. */
  static of(
    cluster: KafkaCluster,
    topics: readonly CreatableTopic[],
    consumers: readonly ConsumerClient[],
  ): SteadyState {
    const names = new Set(topics.map(({ name }) => name))
    const groups = new Map<string, Candidate[]>()
    const unknown = new Set<string>()
    for (const client of consumers) {
      const offer = client.consumer.offer()
      if (offer === undefined || !client.consumer.subscription().every((topic) => names.has(topic))) {
        unknown.add(client.groupId)
        continue
      }
      const candidates = groups.get(client.groupId)
      if (candidates === undefined) groups.set(client.groupId, [{ client, offer }])
      else candidates.push({ client, offer })
    }
    for (const [groupId, candidates] of groups) if (!isWelcome(cluster, candidates)) unknown.add(groupId)
    for (const groupId of unknown) groups.delete(groupId)
    const newcomers = unknown.size === 0 ? [] : consumers.filter(({ groupId }) => unknown.has(groupId))
    return new SteadyState(cluster, topics, groups, newcomers)
  }

  /** Puts brokers, controller and consumers into it. */
  resume(): void {
    const { kernel, controller, nodes } = this.cluster
    this.nowMillis = clockMillis(kernel.nowMicros)
    const epochs = controller.operate((active, choose) => this.found(active, choose))
    const seats = [...this.groups].flatMap(([groupId, candidates]) => this.form(groupId, candidates))
    const { metadata } = controller.controller
    for (const [id, node] of nodes) {
      const standing: StandingBroker = {
        brokerEpoch: epochs.get(id) ?? -1,
        metadata,
        contents: this.contents,
        groups: this.formed,
      }
      node.resume(standing)
    }
    controller.heardOfAll()
    for (const { client, member } of seats) client.resumeAs(member)
  }

  /** Brokers are registered and unfenced, and topics created. @returns the epoch of each broker */
  private found(controller: Controller, choose: Choose): Map<number, number> {
    const { cluster, nowMillis, topics, groups, newcomers } = this
    const epochs = new Map<number, number>()
    for (const [brokerId, { life: incarnationId }] of cluster.nodes) {
      const request = { brokerId, incarnationId, previousBrokerEpoch: -1 }
      epochs.set(brokerId, controller.registerBroker(request, nowMillis).brokerEpoch)
    }
    const currentMetadataOffset = controller.metadata.offset
    for (const [brokerId, brokerEpoch] of epochs) {
      const request = { brokerId, brokerEpoch, currentMetadataOffset, wantFence: false, wantShutDown: false }
      controller.brokerHeartbeat(request, nowMillis)
    }
    const hasGroups = groups.size > 0 || newcomers.length > 0
    const internal = hasGroups ? [groupMetadataTopic(cluster.brokerConfig)] : []
    for (const batch of [topics, internal])
      for (const { name, errorCode } of controller.createTopics(batch, choose))
        invariant(errorCode === 'NONE', `topic ${name} cannot be created: ${errorCode}`)
    return epochs
  }

  /** A group is formed, and written down where it is coordinated. */
  private form(groupId: string, candidates: readonly Candidate[]): Seat[] {
    const { cluster, nowMillis } = this
    const partition = coordinatorPartition(groupId, cluster.partitionCount(GROUP_METADATA_TOPIC))
    const coordinator = this.leaderOf(GROUP_METADATA_TOPIC, partition)
    const joiners = candidates.map(({ client: { process }, offer }) => ({
      memberId: `${offer.groupInstanceId ?? process.name}-${coordinator.newMemberId()}`,
      clientId: process.name,
      offer,
    }))
    const gathering: Gathering = { groupId, joiners, partitionCounts: this.partitionCounts, nowMillis }
    const formation = formationOf(gathering)
    const { batches, topics, assignments } = formation
    const group = groupOf(gathering, formation)
    this.formed.push(group)
    this.write(partitionName(GROUP_METADATA_TOPIC, partition), batches)
    const { generationId, protocolName, leaderId } = group
    const coordinatorId = coordinator.id
    const metadataOf = (asked: readonly string[]) => this.answer(coordinatorId, asked)
    return candidates.map(({ client }, index): Seat => {
      const memberId = joiners[index]?.memberId ?? ''
      const member = {
        generation: { generationId, memberId, protocolName },
        coordinatorId,
        assignment: assignments.get(memberId) ?? [],
        groupTopics: leaderId === memberId ? topics : undefined,
        metadataOf,
      }
      return { client, member }
    })
  }

  private write(name: PartitionName, batches: readonly RecordBatch[]): void {
    let written = this.contents.get(name)
    if (written === undefined) {
      written = []
      this.contents.set(name, written)
    }
    for (const batch of batches)
      written.push(batch.assigned(lastOf(written)?.nextOffset ?? 0, 0, NO_TIMESTAMP))
  }

  private leaderOf(topic: string, partition: number): BrokerNode {
    const leader = this.cluster.controller.controller.metadata.partition(topic, partition)?.leader
    const node = leader === undefined ? undefined : this.cluster.nodes.get(leader)
    invariant(node !== undefined, `nobody leads partition ${partition} of ${topic}`)
    return node
  }

  /** What a broker tells of topics, which all brokers do in the same words: the first who is asked tells of all. */
  private answer(nodeId: number, topics: readonly string[]): MetadataResponseData {
    for (const known of this.answers) if (isAbout(known, topics)) return known
    this.told ??= this.askOfAll(nodeId)
    const { brokers, controllerId, topics: all } = this.told
    const answer = { brokers, controllerId, topics: topics.map((name) => topicOf(all, name)) }
    this.answers.push(answer)
    return answer
  }

  private askOfAll(nodeId: number): MetadataResponseData {
    const request = {
      api: 'Metadata',
      apiVersion: METADATA_VERSION,
      clientId: '',
      timeoutMillis: Number.POSITIVE_INFINITY,
      body: { topics: this.topics, allowAutoCreateTopics: false },
    } as const
    let told: MetadataResponseData | undefined
    this.cluster.nodes.get(nodeId)?.broker?.handle(request, this.nowMillis, (response) => {
      told = response
    })
    invariant(told !== undefined, `broker ${nodeId} does not tell of topics`)
    return told
  }
}

function isAbout({ topics }: MetadataResponseData, names: readonly string[]): boolean {
  if (topics.length !== names.length) return false
  for (let at = 0; at < names.length; at++) if (topics[at]?.name !== names[at]) return false
  return true
}

function topicOf(topics: readonly MetadataTopic[], name: string): MetadataTopic {
  const topic = topics.find((one) => one.name === name)
  invariant(topic !== undefined, `there is no topic ${name}`)
  return topic
}

/** Whether the brokers would take them as members of one group. */
function isWelcome({ brokerConfig }: KafkaCluster, candidates: readonly Candidate[]): boolean {
  const leastMs = brokerConfig['group.min.session.timeout.ms']
  const mostMs = brokerConfig['group.max.session.timeout.ms']
  const instanceIds = candidates.flatMap(({ offer }) => offer.groupInstanceId ?? [])
  return (
    candidates.length <= brokerConfig['group.max.size'] &&
    new Set(instanceIds).size === instanceIds.length &&
    candidates.every(({ offer }) => offer.sessionTimeoutMs >= leastMs && offer.sessionTimeoutMs <= mostMs)
  )
}
