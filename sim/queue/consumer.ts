import type { Process, ProcessResource } from '../cluster/process.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import type { Actor } from '../kernel/queue.ts'
import type { ReceivedMessage, Settlement } from './protocol.ts'
import type { ServedQueue } from './served-queue.ts'
import type { QueueServer } from './server.ts'

const SUBSCRIBE_ARRIVES = 0
const DELIVERY_ARRIVES = 1
const SETTLEMENT_ARRIVES = 2
const CONNECTION_CLOSED = 3

/** What the application does with a consumer. */
export interface QueueApplication {
  /** A message was delivered; it must be settled. */
  onMessage(received: ReceivedMessage): void
  /** The server has taken a settlement that counts. @param token what the application gave with it */
  onSettled(token: unknown): void
}

interface SettleCall {
  readonly received: ReceivedMessage
  readonly settlement: Settlement
  readonly token: unknown
}

/**
 * A consumer of one queue, for one life of its process: a connection by which messages come and settlements go. When the
 * process dies, what it had sent still arrives; then the server notices the closed connection. What is delivered until
 * then reaches nobody.
 */
export class QueueConsumer implements Actor, ProcessResource {
  resourceIndex = -1
  /** `payment-2#1`. */
  readonly id: string
  private readonly server: QueueServer
  private readonly process: Process
  private readonly incarnation: Incarnation
  private readonly queue: ServedQueue
  private readonly application: QueueApplication

  constructor(server: QueueServer, process: Process, queue: ServedQueue, application: QueueApplication) {
    this.server = server
    this.process = process
    this.incarnation = process.incarnation
    this.id = `${process.name}#${process.incarnation.number}`
    this.queue = queue
    this.application = application
    process.attach(this)
  }

  /** Whether a message can be given back for later, as SQS can; else its consumer keeps it until then. */
  get releasesLater(): boolean {
    return this.queue.config.protocol === 'sqs'
  }

  /** Asks for messages. @param immediately the server has known it since before the run began */
  subscribe(immediately: boolean, cause: number): void {
    if (immediately) this.queue.subscribe(this)
    else this.post(SUBSCRIBE_ARRIVES, undefined, cause)
  }

  /** Settles a delivery, without waiting for the answer. @param token given back when the server has taken it */
  settle(received: ReceivedMessage, settlement: Settlement, cause: number, token: unknown): void {
    const call: SettleCall = { received, settlement, token }
    const { network, process: server } = this.server
    const link = network.link(this.process, server)
    network.send(link, received.published.entity, this, SETTLEMENT_ARRIVES, call, cause)
  }

  /** At the server: sends a message. */
  deliver(received: ReceivedMessage): void {
    const { network, process: server } = this.server
    const link = network.link(server, this.process)
    network.send(link, received.published.entity, this, DELIVERY_ARRIVES, received, received.cause)
  }

  processEnded(cause: number): void {
    this.post(CONNECTION_CLOSED, undefined, cause)
  }

  livesIn(code: number): Incarnation | undefined {
    return code === DELIVERY_ARRIVES ? this.incarnation : undefined
  }

  onEvent(code: number, subject: unknown): void {
    switch (code) {
      case SUBSCRIBE_ARRIVES:
        this.queue.subscribe(this)
        return
      case DELIVERY_ARRIVES:
        if (this.incarnation.alive) this.application.onMessage(subject as ReceivedMessage)
        return
      case SETTLEMENT_ARRIVES:
        this.takeSettlement(subject as SettleCall)
        return
      case CONNECTION_CLOSED:
        this.queue.disconnect(this)
    }
  }

  /** At the server. */
  private takeSettlement({ received, settlement, token }: SettleCall): void {
    const record = this.queue.settle(this, received, settlement)
    if (record === undefined || token === undefined || !this.incarnation.alive) return
    this.server.kernel.cause = record
    this.application.onSettled(token)
  }

  private post(code: number, subject: unknown, cause: number): void {
    const { network, process: server } = this.server
    network.send(network.link(this.process, server), this.process.entity, this, code, subject, cause)
  }
}
