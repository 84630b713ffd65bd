import type { Network } from '../cluster/network.ts'
import type { Process } from '../cluster/process.ts'
import type { Entity } from '../kernel/choice.ts'
import { appended } from '../kernel/list.ts'
import { clockMillis } from '../kernel/time.ts'
import { Call, Connection, type Server } from './connection.ts'
import type { Answered, ApiName, ApiRequest, Channel } from './protocol/api.ts'

/** A broker as clients and other brokers find it. */
export interface Node extends Server {
  readonly process: Process
  /** Up to where it has heard the metadata of the cluster; -1: not at all. */
  readonly metadataOffset: number
}

/** Requests of members to their group's coordinator have a connection of their own, lest they wait behind a long poll. */
const COORDINATOR_APIS: ReadonlySet<ApiName> = new Set<ApiName>([
  'JoinGroup',
  'SyncGroup',
  'Heartbeat',
  'LeaveGroup',
  'ConsumerGroupHeartbeat',
  'OffsetCommit',
  'OffsetFetch',
])

const NO_CONNECTIONS: readonly Connection[] = []

/** Whoever has a channel. */
export interface ChannelOwner {
  /** Has been told of topics, by a broker that had heard of metadata up to there when it was asked. */
  heardMetadata?(metadataOffset: number): void
  /** Called after each answer has been taken. */
  settle(): void
}

/** A request on a channel, whose owner hears of the answer. */
class ChannelCall extends Call {
  private readonly channel: ClientChannel
  private readonly told: Answered<ApiName>
  /** The metadata that the broker had when it was asked. */
  private readonly metadataOffset: number

  constructor(channel: ClientChannel, request: ApiRequest, told: Answered<ApiName>, metadataOffset: number) {
    super(request, channel.entity)
    this.channel = channel
    this.told = told
    this.metadataOffset = metadataOffset
  }

  answered(response: unknown): void {
    const { network, owner } = this.channel
    this.told(response as never, clockMillis(network.kernel.nowMicros))
    if (this.message.api === 'Metadata') owner.heardMetadata?.(this.metadataOffset)
    owner.settle()
  }
}

/** How one life of a process reaches brokers: a connection to each, opened when it is needed. */
export class ClientChannel implements Channel {
  /** The order or process that what is sent now concerns: keys its latency. */
  entity: Entity
  /** The broker that was asked last as a coordinator; -1: none. */
  coordinatorId = -1
  readonly network: Network
  readonly owner: ChannelOwner
  private readonly process: Process
  private readonly nodes: ReadonlyMap<number, Node>
  // One to each process, which are few.
  private toBrokers = NO_CONNECTIONS
  private toCoordinators = NO_CONNECTIONS
  private readonly isPipelined: boolean

  /** @param isPipelined whether the server may handle a request before it has answered the one before */
  constructor(
    network: Network,
    process: Process,
    nodes: ReadonlyMap<number, Node>,
    owner: ChannelOwner,
    isPipelined = false,
  ) {
    this.isPipelined = isPipelined
    this.network = network
    this.owner = owner
    this.process = process
    this.nodes = nodes
    this.entity = process.entity
  }

  send<Api extends ApiName>(nodeId: number, request: ApiRequest<Api>, answered: Answered<Api>): void {
    const node = this.nodes.get(nodeId) as Node
    const connection = COORDINATOR_APIS.has(request.api) ? this.reachCoordinator(nodeId) : this.reach(node)
    connection.sendCall(
      new ChannelCall(this, request as ApiRequest, answered as Answered<ApiName>, node.metadataOffset),
    )
  }

  /** The connection to a coordinator. */
  reachCoordinator(nodeId: number): Connection {
    this.coordinatorId = nodeId
    const node = this.nodes.get(nodeId) as Node
    const known = connectionTo(this.toCoordinators, node)
    if (known !== undefined) return known
    const connection = this.connect(node)
    this.toCoordinators = appended(this.toCoordinators, connection)
    return connection
  }

  /** A fetch that is parked at a broker is to be answered in its time. */
  pressFetch(nodeId: number): void {
    connectionTo(this.toBrokers, this.nodes.get(nodeId) as Node)?.press()
  }

  private reach(node: Node): Connection {
    const known = connectionTo(this.toBrokers, node)
    if (known !== undefined) return known
    const connection = this.connect(node)
    this.toBrokers = appended(this.toBrokers, connection)
    return connection
  }

  private connect(node: Node): Connection {
    const closed = (): void => {
      const isOther = (other: Connection): boolean => other !== connection
      this.toBrokers = this.toBrokers.filter(isOther)
      this.toCoordinators = this.toCoordinators.filter(isOther)
    }
    const { network, process, isPipelined } = this
    const connection = new Connection(network, process, node.process, node, isPipelined, closed)
    return connection
  }
}

function connectionTo(connections: readonly Connection[], { process }: Node): Connection | undefined {
  for (const connection of connections) if (connection.to === process) return connection
  return undefined
}
