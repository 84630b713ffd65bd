import type { Network } from '../cluster/network.ts'
import type { Process } from '../cluster/process.ts'
import type { ChoiceSite } from '../kernel/choice.ts'
import { invariant } from '../kernel/error.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Micros } from '../kernel/time.ts'
import type { BrokerConfig } from './broker/config.ts'
import { BrokerNode } from './broker-node.ts'
import type { ClientObserver } from './client-observer.ts'
import {
  type ClusterConfig,
  clientConfig,
  clusterConfig,
  KAFKA_SWITCHES,
  type KafkaSettings,
  type KafkaSwitches,
  producerClientConfig,
} from './config.ts'
import type { ConsumerConfig, ConsumerSettings } from './consumer/config.ts'
import type { ConsumerClient, PolledRecord } from './consumer-client.ts'
import type { CreatableTopic } from './controller/topics.ts'
import { ControllerNode } from './controller-node.ts'
import type { ProducerConfig, ProducerSettings } from './producer/config.ts'
import type { SentRecord } from './sent-record.ts'
import { SteadyState } from './steady-state.ts'

/** A topic as it is created. */
export interface TopicConfig {
  readonly name: string
  readonly partitions: number
  /** Default: `default.replication.factor` if it is set, else three, or as many as there are brokers. */
  readonly replicationFactor?: number
}

/** Watches what brokers and controller do; changes nothing. */
export interface ClusterObserver {
  /** A broker has done something, or its life has begun or ended. */
  brokerActed(node: BrokerNode): void
  /** The controller has done something. */
  controllerActed(): void
  /** A consumer was given records. */
  polled?(records: readonly PolledRecord[]): void
}

/** An offset that a group has committed. */
interface CommittedOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** Is told what clients have brought about; changes nothing. */
export interface ClusterWitness {
  /** A leader has taken a record. @param place `order-events/3` */
  appended(topic: string, place: string, offset: number, record: SentRecord): void
  /** A group has committed offsets: of the next records to read. */
  committed(groupId: string, offsets: readonly CommittedOffset[]): void
}

/** For how long the cluster has been up when a run begins. */
const WARM_UP_MICROS = 10_000_000
/** With so many heartbeats of each member partitions go from one to the next, until the members of a group have theirs. */
const FORMING_HEARTBEATS = 6
const NO_SETTINGS: ConsumerSettings = {}
const NO_PRODUCER_SETTINGS: ProducerSettings = {}

/** The brokers and the controller of one cluster, and the clients that it has. */
export class KafkaCluster {
  readonly kernel: Kernel
  readonly network: Network
  readonly config: ClusterConfig
  readonly switches: KafkaSwitches
  readonly nodes = new Map<number, BrokerNode>()
  readonly controller: ControllerNode
  /** Who asks; undefined when nobody does. */
  witness: ClusterWitness | undefined = undefined
  /** Who watches the clients that are made from now on; undefined when nobody does. */
  clientObserver: ClientObserver | undefined = undefined
  /** How often each group has shared its partitions out. */
  readonly rebalances = new Map<string, number>()
  private readonly observers: ClusterObserver[] = []
  private readonly topics: TopicConfig[] = []
  /** Of the choices that clients make, by how many there are to choose from. */
  private readonly clientSites = new Map<number, ChoiceSite>()
  private readonly members = new Map<string, ConsumerClient[]>()

  constructor(
    network: Network,
    settings: KafkaSettings,
    brokerCount: number,
    switches: Partial<KafkaSwitches> = {},
  ) {
    this.kernel = network.kernel
    this.network = network
    this.config = clusterConfig(settings, brokerCount)
    this.switches = { ...KAFKA_SWITCHES, ...switches }
    this.controller = new ControllerNode(network, this.config.controller, {
      topologyChanged: () => {
        for (const clients of this.members.values()) for (const client of clients) client.topologyChanged()
      },
      shuttingDown: () => {
        for (const node of this.nodes.values()) node.interrupt()
      },
      acted: () => {
        for (const observer of this.observers) observer.controllerActed()
      },
    })
    for (let id = 1; id <= brokerCount; id++) this.nodes.set(id, new BrokerNode(this, id))
  }

  /** The brokers that a name means: one of them (`broker-2`), or all (`broker`). */
  named(name: string): BrokerNode[] {
    return [...this.nodes.values()].filter(({ process }) => process.name === name || process.role === name)
  }

  get brokerConfig(): BrokerConfig {
    return this.config.broker
  }

  /** Tells somebody whatever brokers and controller do from now on. */
  observe(observer: ClusterObserver): void {
    this.observers.push(observer)
  }

  /** A broker has done something. */
  brokerActed(node: BrokerNode): void {
    for (const observer of this.observers) observer.brokerActed(node)
  }

  /** A consumer was given records. */
  polled(records: readonly PolledRecord[]): void {
    for (const observer of this.observers) observer.polled?.(records)
  }

  /** @param settings of this producer alone @throws ProducerConfigError */
  producerConfig(clientId: string, settings = NO_PRODUCER_SETTINGS): ProducerConfig {
    return producerClientConfig(this.config, clientId, settings)
  }

  /** @param settings of this consumer alone @throws ConsumerConfigError */
  consumerConfig(clientId: string, groupId: string, settings = NO_SETTINGS): ConsumerConfig {
    return clientConfig(this.config, groupId, clientId, settings)
  }

  /** A choice that a client makes: jitter, which broker to ask, where to begin. */
  chooseBelow(bound: number, process: Process): number {
    let site = this.clientSites.get(bound)
    if (site === undefined) {
      site = this.kernel.choices.site(`choice of a client below ${bound}`)
      this.clientSites.set(bound, site)
    }
    return this.kernel.choose(site, process.entity, bound)
  }

  /** Declares a topic, which exists when the run begins. */
  createTopic(topic: TopicConfig): void {
    this.topics.push(topic)
  }

  /** Whether a topic is declared. */
  hasTopic(name: string): boolean {
    return this.topics.some((topic) => topic.name === name)
  }

  /** How many partitions a topic has. */
  partitionCount(topic: string): number {
    const known = this.controller.controller.metadata.topics.get(topic)
    invariant(known !== undefined, `there is no topic ${topic}`)
    return known.partitions.length
  }

  /** A consumer that begins its life. */
  join(client: ConsumerClient): void {
    const members = this.members.get(client.groupId)
    if (members === undefined) this.members.set(client.groupId, [client])
    else members.push(client)
  }

  /** A consumer whose life has ended. */
  leave(client: ConsumerClient): void {
    const members = this.members.get(client.groupId) ?? []
    this.members.set(
      client.groupId,
      members.filter((member) => member !== client),
    )
  }

  /** Whether a group has, or has had, consumers. */
  hasGroup(groupId: string): boolean {
    return this.members.has(groupId)
  }

  /** The consumers of a group that are alive, in the order in which they began. */
  consumers(groupId: string): readonly ConsumerClient[] {
    return this.members.get(groupId) ?? []
  }

  /**
   * Brings the cluster up before the run: brokers are registered, topics have their leaders, groups are stable.
   * @param consumers those that belong to a stable group when the run begins
   * @param how at rest already, as far as that state is known, or cold: by what brokers and consumers tell each other
   */
  start(consumers: readonly ConsumerClient[], how: 'at rest' | 'cold' = 'at rest'): void {
    const { kernel } = this
    const state = SteadyState.of(this, this.creatableTopics(), consumers)
    kernel.warmUp(state.newcomers.length === 0 ? WARM_UP_MICROS : this.formingMicros, () => {
      if (how === 'cold') this.startCold(consumers)
      else this.startAtRest(state)
    })
  }

  /** For how long the cluster has been up when a run begins for which groups have to form by the protocol of KIP-848. */
  private get formingMicros(): Micros {
    const intervalMs = this.brokerConfig['group.consumer.heartbeat.interval.ms']
    return Math.max(WARM_UP_MICROS, FORMING_HEARTBEATS * intervalMs * 1_000)
  }

  /** Whoever watches sees the state when it is complete, and not as it is built broker by broker. */
  private startAtRest(state: SteadyState): void {
    const observers = this.observers.splice(0)
    state.resume()
    this.observers.push(...observers)
    for (const observer of observers) {
      observer.controllerActed()
      for (const node of this.nodes.values()) observer.brokerActed(node)
    }
    for (const consumer of state.newcomers) consumer.start()
  }

  private startCold(consumers: readonly ConsumerClient[]): void {
    const { kernel, nodes, controller } = this
    const at = (micros: number, act: () => void): void =>
      void kernel.schedule(micros, controller.process.entity, { onEvent: act }, 0, undefined)
    for (const node of nodes.values()) at(0, () => node.process.start())
    at(1_000_000, () => this.createTopics())
    at(2_000_000, () => {
      for (const consumer of consumers) consumer.start()
    })
  }

  private createTopics(): void {
    const results = this.controller.operate((controller, choose) =>
      controller.createTopics(this.creatableTopics(), choose),
    )
    for (const { name, errorCode } of results)
      invariant(errorCode === 'NONE', `topic ${name} cannot be created: ${errorCode}`)
  }

  private creatableTopics(): CreatableTopic[] {
    const { topicReplicas } = this.config
    return this.topics.map(({ name, partitions: numPartitions, replicationFactor = topicReplicas }) => ({
      name,
      numPartitions,
      replicationFactor,
    }))
  }
}
