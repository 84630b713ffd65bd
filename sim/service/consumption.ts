import type { Process } from '../cluster/process.ts'
import { Consumer, type ConsumerApplication, type PolledRecord } from '../kafka/consumer.ts'
import type { PartitionPosition } from '../kafka/fetch.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import type { Actor } from '../kernel/queue.ts'
import { operationNumber, type Phase } from '../kernel/step.ts'
import { Task } from '../kernel/task.ts'
import { backOffMicros, type Deliverer, Delivery, type Subscription } from './delivery.ts'
import type { Envelope } from './envelope.ts'
import type { EventHandler, ServiceRuntime } from './runtime.ts'

const RETRY = 0
const COMMIT_OFFSETS = operationNumber('offsets.commit')

/**
 * The consumer loop of one instance in one life: polls, handles one record after another, commits the offsets of the
 * batch, polls again. A handler that throws is tried again after a back-off, and its partition waits (at least once).
 */
export class Consumption implements ConsumerApplication, Deliverer<PolledRecord>, Actor {
  readonly consumer: Consumer
  private readonly runtime: ServiceRuntime
  private readonly process: Process
  private readonly incarnation: Incarnation
  private busy = false
  /** Records of the present batch that are still to be handled: what one poll returned. */
  private remaining = 0
  /** How often the record at the head of a partition has failed. */
  private readonly attempts = new Map<PartitionPosition, number>()
  /** The task that handled the last record, whose steps the commit belongs to. */
  private last: Task | undefined
  private readonly subscriptions = new Map<string, Subscription>()

  constructor(
    runtime: ServiceRuntime,
    process: Process,
    topics: readonly string[],
    handlers: ReadonlyMap<string, EventHandler>,
  ) {
    this.runtime = runtime
    this.process = process
    this.incarnation = process.incarnation
    for (const [eventType, handler] of handlers)
      this.subscriptions.set(eventType, { handler, site: runtime.site(eventType) })
    this.consumer = new Consumer(runtime.kafka, process, runtime.name, topics, this)
  }

  onRecords(): void {
    if (!this.busy && this.incarnation.alive) this.proceed()
  }

  /** The coordinator has taken a commit: the *after* point of its step. */
  onCommitted(token: unknown): void {
    this.passed(token as Task, 'after', this.process.kernel.cause)
  }

  /** The back-off of a failed handler is over. */
  onEvent(_code: number, subject: unknown): void {
    this.consumer.resume(subject as PartitionPosition)
  }

  diesWith(life: Incarnation): boolean {
    return this.incarnation === life
  }

  private proceed(): void {
    for (;;) {
      if (this.remaining === 0) {
        this.finishBatch()
        if (!this.incarnation.alive || this.busy) return
        this.remaining = this.consumer.available()
        if (this.remaining === 0) return
      }
      this.remaining--
      const polled = this.consumer.rejoinNeeded ? undefined : this.consumer.poll()
      if (polled === undefined) {
        this.remaining = 0
        continue
      }
      const subscription = this.subscriptions.get((polled.record.value as Envelope).eventType)
      if (subscription !== undefined) {
        this.handle(polled, subscription)
        return
      }
    }
  }

  /** Commits what was handled and, if the group is rebalancing, rejoins. */
  private finishBatch(): void {
    const { last } = this
    this.last = undefined
    if (last !== undefined) {
      if (!this.passed(last, 'before', last.cause)) return
      this.consumer.commit(last.entity, last.cause, last)
    }
    if (this.consumer.rejoinNeeded) this.consumer.join(this.process.kernel.cause)
  }

  /** Passes a point of the step that commits offsets; false when a fault killed the process there. */
  private passed(task: Task, phase: Phase, cause: number): boolean {
    const site = task.step(COMMIT_OFFSETS)
    const { kernel } = this.process
    if (kernel.trace !== undefined) task.cause = kernel.recordStep(phase, site, task, cause, undefined)
    const faults = site[phase]
    if (faults !== undefined) kernel.passPoint(faults, task)
    return this.incarnation.alive
  }

  private handle(polled: PolledRecord, subscription: Subscription): void {
    this.busy = true
    const { record, position } = polled
    const { kernel } = this.process
    const event = record.value as Envelope
    let cause = 0
    if (kernel.trace !== undefined) {
      const data = { partition: position.partition.name, offset: record.offset, event }
      cause = kernel.record('deliver', this.process.name, record.entity, record.appended, data)
      kernel.trace.addParent(position.arrival)
      kernel.trace.addParent(position.cause)
    }
    kernel.digest.word(record.hash)
    const task = new Task(kernel, this.incarnation, subscription.site, record.entity, cause)
    const context = new this.runtime.Context(this.runtime, this.process, task, event)
    new Delivery(this, polled, subscription.handler, context, event).begin()
  }

  /** A delivery is done with: handled, or recognised as handled before. */
  handled(task: Task, { position }: PolledRecord): void {
    if (this.attempts.size > 0) this.attempts.delete(position)
    this.runtime.untroubled(position.partition.name)
    this.last = task
    this.busy = false
    this.proceed()
  }

  /** A handler threw: its partition waits for a back-off and begins with this record again; others go on. */
  failed(error: unknown, task: Task, { record, position }: PolledRecord): void {
    if (!this.runtime.handlerFailed(this.process, task, error)) return
    this.runtime.troubled(position.partition.name, task, error)
    const { kernel } = this.process
    const attempts = this.attempts.get(position) ?? 0
    this.attempts.set(position, attempts + 1)
    const delay = backOffMicros(attempts)
    this.consumer.pause(position, record.offset, task.cause)
    kernel.scheduleAt(kernel.nowMicros + delay, task.entity, this, RETRY, position, task.cause)
    this.busy = false
    this.proceed()
  }
}
