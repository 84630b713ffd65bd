import type { Answered, ApiName, Channel, RequestOf } from '../protocol/api.ts'
import { ExponentialBackoff, type RandomBelow } from './backoff.ts'
import type { ProducerConfig } from './config.ts'

/** The connection to one broker. */
class Connection {
  readonly nodeId: number
  inFlight = 0
  /** It broke, and is not opened again before. */
  retryAtMillis = Number.NEGATIVE_INFINITY
  failures = 0

  constructor(nodeId: number) {
    this.nodeId = nodeId
  }
}

/**
 * The connections of a client: how many requests are under way on each (rule P4), and how long one that broke is left
 * alone. Source: NetworkClient, InFlightRequests and ClusterConnectionStates of Kafka 4.x.
 */
export class Connections {
  /** Requests under way on all of them. */
  inFlightCount = 0
  private readonly channel: Channel
  private readonly clientId: string
  private readonly timeoutMillis: number
  private readonly maxInFlight: number
  private readonly backoff: ExponentialBackoff
  private readonly randomBelow: RandomBelow
  private readonly connections = new Map<number, Connection>()

  constructor(config: ProducerConfig, channel: Channel, randomBelow: RandomBelow) {
    this.channel = channel
    this.clientId = config['client.id']
    this.timeoutMillis = config['request.timeout.ms']
    this.maxInFlight = config['max.in.flight.requests.per.connection']
    this.randomBelow = randomBelow
    this.backoff = new ExponentialBackoff(
      config['reconnect.backoff.ms'],
      config['reconnect.backoff.max.ms'],
      randomBelow,
    )
  }

  canSend(nodeId: number, nowMillis: number): boolean {
    const connection = this.connections.get(nodeId)
    return (
      connection === undefined ||
      (connection.inFlight < this.maxInFlight && connection.retryAtMillis <= nowMillis)
    )
  }

  /** When a broken connection may be opened again; Infinity if that is not what a request would have to wait for. */
  retryAtMillis(nodeId: number, nowMillis: number): number {
    const retryAtMillis = this.connections.get(nodeId)?.retryAtMillis ?? Number.NEGATIVE_INFINITY
    return retryAtMillis > nowMillis ? retryAtMillis : Number.POSITIVE_INFINITY
  }

  /** The broker with the fewest requests under way, from a random one on; undefined if none can be reached. */
  leastLoaded(nodes: readonly number[], nowMillis: number): number | undefined {
    const start = nodes.length > 1 ? this.randomBelow(nodes.length) : 0
    let best: number | undefined
    let fewest = Number.POSITIVE_INFINITY
    for (let step = 0; step < nodes.length && fewest > 0; step++) {
      const nodeId = nodes[(start + step) % nodes.length] as number
      const inFlight = this.connections.get(nodeId)?.inFlight ?? 0
      if (inFlight >= fewest || !this.canSend(nodeId, nowMillis)) continue
      best = nodeId
      fewest = inFlight
    }
    return best
  }

  /** Sends a request. When it fails its connection has broken, which `answered` finds noted. */
  send<Api extends ApiName>(
    nodeId: number,
    api: Api,
    apiVersion: number,
    body: RequestOf<Api>,
    answered: Answered<Api>,
  ): void {
    const connection = this.connectionTo(nodeId)
    connection.inFlight += 1
    this.inFlightCount += 1
    const { clientId, timeoutMillis } = this
    this.channel.send(nodeId, { api, apiVersion, clientId, body, timeoutMillis }, (response, nowMillis) => {
      connection.inFlight -= 1
      this.inFlightCount -= 1
      if (response === undefined) this.broke(connection, nowMillis)
      else connection.failures = 0
      answered(response, nowMillis)
    })
  }

  /** Sends what nobody answers: it has been sent when it has been written. */
  sendUnanswered<Api extends ApiName>(
    nodeId: number,
    api: Api,
    apiVersion: number,
    body: RequestOf<Api>,
  ): void {
    const connection = this.connectionTo(nodeId)
    const { clientId, timeoutMillis } = this
    this.channel.send(nodeId, { api, apiVersion, clientId, body, timeoutMillis }, (response, nowMillis) => {
      if (response === undefined) this.broke(connection, nowMillis)
    })
  }

  private connectionTo(nodeId: number): Connection {
    let connection = this.connections.get(nodeId)
    if (connection === undefined) {
      connection = new Connection(nodeId)
      this.connections.set(nodeId, connection)
    }
    return connection
  }

  /** All requests of a connection fail as it breaks, and only the first of them counts. */
  private broke(connection: Connection, nowMillis: number): void {
    if (connection.retryAtMillis > nowMillis) return
    connection.retryAtMillis = nowMillis + this.backoff.backoffMillis(connection.failures)
    connection.failures += 1
  }
}
