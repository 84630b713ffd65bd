import { type Chooser, exponentialBackoff } from '../producer/backoff.ts'
import type { Answered, ApiName, Channel, RequestOf } from '../protocol/api.ts'
import type { ConsumerConfig } from './config.ts'

/** The versions that a consumer of Kafka 4.x asks for. */
const VERSIONS = {
  Fetch: 17,
  ListOffsets: 10,
  OffsetForLeaderEpoch: 4,
  Metadata: 13,
  FindCoordinator: 6,
  JoinGroup: 9,
  SyncGroup: 5,
  Heartbeat: 4,
  LeaveGroup: 5,
  ConsumerGroupHeartbeat: 1,
  OffsetCommit: 9,
  OffsetFetch: 9,
} satisfies Partial<Record<ApiName, number>>

export type ConsumerApi = keyof typeof VERSIONS

interface Connection {
  failures: number
  /** Before which nobody connects to it again (reconnect.backoff.ms). */
  availableMillis: number
}

/** What follows from an answer. */
export interface ClientOwner {
  disconnected(): void
  /** An answer has been handled. */
  settled(nowMillis: number): void
}

/** Requests to brokers, and which of those can be reached. Source: ConsumerNetworkClient, NetworkClient of Kafka 4.x. */
export class ConsumerClient {
  readonly config: ConsumerConfig
  private readonly channel: Channel
  private readonly owner: ClientOwner
  private readonly chooser: Chooser
  /** What is known of nodes that have failed, as few ever do. */
  private connections: Map<number, Connection> | undefined = undefined
  private isClosed = false

  constructor(config: ConsumerConfig, channel: Channel, owner: ClientOwner, chooser: Chooser) {
    this.config = config
    this.channel = channel
    this.owner = owner
    this.chooser = chooser
  }

  /** How long to wait after a number of failed attempts, the first being 0. */
  retryBackoffMillis(attempts: number): number {
    const { config, chooser } = this
    return exponentialBackoff(config['retry.backoff.ms'], config['retry.backoff.max.ms'], attempts, chooser)
  }

  /** When requests to a node make sense again; 0 for now. */
  availableMillis(nodeId: number): number {
    return this.connections?.get(nodeId)?.availableMillis ?? 0
  }

  isAvailable(nodeId: number, nowMillis: number): boolean {
    return this.availableMillis(nodeId) <= nowMillis
  }

  send<Api extends ConsumerApi>(
    nodeId: number,
    api: Api,
    body: RequestOf<Api>,
    answered: Answered<Api>,
    timeoutMillis: number = this.config['request.timeout.ms'],
  ): void {
    const heard: Answered<Api> = (response, nowMillis) => {
      if (!this.hear(nodeId, response, nowMillis)) return
      answered(response, nowMillis)
      this.settled(nowMillis)
    }
    this.ask(nodeId, api, body, heard, timeoutMillis)
  }

  /** Sends a request to whose answer somebody listens who does what `send` does: `hear` it first, and then have it `settled`. */
  ask<Api extends ConsumerApi>(
    nodeId: number,
    api: Api,
    body: RequestOf<Api>,
    heard: Answered<Api>,
    timeoutMillis: number = this.config['request.timeout.ms'],
  ): void {
    const request = {
      api,
      apiVersion: VERSIONS[api],
      clientId: this.config['client.id'],
      body,
      timeoutMillis,
    }
    this.channel.send(nodeId, request, heard)
  }

  /** Takes note that a node has answered, or of a broken connection. @returns false: the answer is of no interest any more */
  hear(nodeId: number, response: object | undefined, nowMillis: number): boolean {
    if (this.isClosed) return false
    if (response === undefined) this.fail(nodeId, nowMillis)
    else this.connections?.delete(nodeId)
    return true
  }

  /** An answer has been handled. */
  settled(nowMillis: number): void {
    this.owner.settled(nowMillis)
  }

  /** Answers are of no interest any more. */
  close(): void {
    this.isClosed = true
  }

  private fail(nodeId: number, nowMillis: number): void {
    this.connections ??= new Map()
    const { config, chooser } = this
    const initialMillis = config['reconnect.backoff.ms']
    const failures = this.connections.get(nodeId)?.failures ?? 0
    const availableMillis =
      nowMillis + exponentialBackoff(initialMillis, config['reconnect.backoff.max.ms'], failures, chooser)
    this.connections.set(nodeId, { failures: failures + 1, availableMillis })
    this.owner.disconnected()
  }
}
