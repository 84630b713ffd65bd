import type { Process } from '../cluster/process.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import type { Actor } from '../kernel/queue.ts'
import { operationNumber, type Phase } from '../kernel/step.ts'
import { Task } from '../kernel/task.ts'
import { type QueueApplication, QueueConsumer } from '../queue/consumer.ts'
import type { ReceivedMessage, Settlement } from '../queue/protocol.ts'
import type { QueueServer } from '../queue/server.ts'
import { backOffMicros, type Deliverer, Delivery, type Subscription } from './delivery.ts'
import type { Drainable } from './drain.ts'
import type { Envelope } from './envelope.ts'
import { RejectError } from './reject-error.ts'
import type { EventHandler, ServiceRuntime } from './runtime.ts'

const RELEASE = 0
const ACKNOWLEDGE = operationNumber('message.acknowledge')
const ACKNOWLEDGED: Settlement = { kind: 'acknowledge' }
const REJECTED: Settlement = { kind: 'reject' }

interface Failed {
  readonly received: ReceivedMessage
  readonly task: Task
}

/**
 * The consumer of one queue in one life of an instance: handles what is delivered, as many messages at a time as the
 * queue's prefetch allows. A handler that ends acknowledges its message; one that throws gives it back after a back-off:
 * SQS keeps it invisible meanwhile, with RabbitMQ the consumer keeps it and its place in the prefetch.
 */
export class QueueConsumption implements QueueApplication, Deliverer<ReceivedMessage>, Actor, Drainable {
  readonly consumer: QueueConsumer
  private readonly runtime: ServiceRuntime
  private readonly process: Process
  private readonly incarnation: Incarnation
  private readonly subscriptions = new Map<string, Subscription>()
  private running = 0
  private drained: (() => void) | undefined

  constructor(
    runtime: ServiceRuntime,
    process: Process,
    queues: QueueServer,
    topic: string,
    handlers: ReadonlyMap<string, EventHandler>,
  ) {
    this.runtime = runtime
    this.process = process
    this.incarnation = process.incarnation
    for (const [eventType, handler] of handlers)
      this.subscriptions.set(eventType, { handler, site: runtime.site(eventType), batchSize: undefined })
    this.consumer = new QueueConsumer(queues, process, queues.subscription(topic, runtime.name), this)
  }

  /** Ends what runs: what is delivered meanwhile comes again to others when the connection is closed. */
  drain(done: () => void): void {
    this.drained = done
    if (this.running === 0) done()
  }

  /** Handles a message, or passes over it: one of a type that the service does not handle is acknowledged at once. */
  onMessage(received: ReceivedMessage): void {
    if (this.drained !== undefined) return
    const { kernel } = this.process
    const { value, entity } = received.published
    const event = value as Envelope
    const subscription = this.subscriptions.get(event.eventType)
    if (subscription === undefined) {
      this.consumer.settle(received, ACKNOWLEDGED, kernel.cause, undefined)
      return
    }
    const { queue, number, deliveries } = received
    const data = kernel.trace && { queue, number, deliveries, event }
    const cause = kernel.record('deliver', this.process.name, entity, kernel.cause, data)
    const task = new Task(kernel, this.incarnation, subscription.site, entity, cause)
    const context = new this.runtime.Context(this.runtime, this.process, task, event)
    this.running++
    new Delivery(this, received, subscription.handler, context, event).begin()
  }

  /** The server has taken an acknowledgement: the *after* point of its step. */
  onSettled(token: unknown): void {
    this.passed(token as Task, 'after', this.process.kernel.cause)
  }

  /** The back-off of a failed handler is over. */
  onEvent(_code: number, subject: unknown): void {
    const { received, task } = subject as Failed
    this.consumer.settle(received, { kind: 'release', delayMicros: 0 }, task.cause, undefined)
  }

  livesIn(): Incarnation {
    return this.incarnation
  }

  diesWith(life: Incarnation): boolean {
    return this.incarnation === life
  }

  handled(task: Task, received: ReceivedMessage): void {
    this.runtime.untroubled(nameOf(received))
    if (!this.passed(task, 'before', task.cause)) return
    this.consumer.settle(received, ACKNOWLEDGED, task.cause, task)
    this.ended()
  }

  failed(error: unknown, task: Task, received: ReceivedMessage): void {
    if (!this.runtime.handlerFailed(this.process, task, error)) return
    this.ended()
    if (error instanceof RejectError) {
      this.runtime.untroubled(nameOf(received))
      this.consumer.settle(received, REJECTED, task.cause, undefined)
      return
    }
    if (received.last) this.runtime.untroubled(nameOf(received))
    else this.runtime.troubled(nameOf(received), task, error)
    const delayMicros = backOffMicros(received.deliveries - 1)
    if (this.consumer.releasesLater) {
      this.consumer.settle(received, { kind: 'release', delayMicros }, task.cause, undefined)
      return
    }
    const { kernel } = this.process
    const subject: Failed = { received, task }
    kernel.scheduleAt(kernel.nowMicros + delayMicros, task.entity, this, RELEASE, subject, task.cause)
  }

  private ended(): void {
    this.running--
    if (this.running === 0) this.drained?.()
  }

  /** Passes a point of the step that acknowledges; false when a fault killed the process there. */
  private passed(task: Task, phase: Phase, cause: number): boolean {
    const site = task.step(ACKNOWLEDGE)
    const { kernel } = this.process
    if (kernel.trace !== undefined) task.cause = kernel.recordStep(phase, site, task, cause, undefined)
    const faults = site[phase]
    if (faults !== undefined) kernel.passPoint(faults, task)
    return this.incarnation.alive
  }
}

/** A message as a list of what keeps failing names it. */
function nameOf({ queue, number }: ReceivedMessage): string {
  return `${queue} ${number}`
}
