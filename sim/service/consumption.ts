import type { Process } from '../cluster/process.ts'
import { type ConsumerApplication, ConsumerClient, type PolledRecord } from '../kafka/consumer-client.ts'
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
  readonly consumer: ConsumerClient
  private readonly runtime: ServiceRuntime
  private readonly process: Process
  private readonly incarnation: Incarnation
  private busy = false
  /** What the last poll returned, and how much of it is handled. */
  private batch: readonly PolledRecord[] = []
  private handledCount = 0
  /** Partitions of the batch that wait for a back-off: what follows in them is polled again. */
  private readonly waiting = new Set<string>()
  /** How often the record at the head of a partition has failed. */
  private readonly attempts = new Map<string, number>()
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
    this.consumer = new ConsumerClient(runtime.kafka, process, runtime.name, topics, this)
  }

  onRecords(): void {
    if (!this.busy && this.incarnation.alive) this.proceed()
  }

  /** The back-off of a failed handler is over. */
  onEvent(_code: number, subject: unknown): void {
    this.consumer.resume(subject as PolledRecord)
  }

  livesIn(): Incarnation {
    return this.incarnation
  }

  diesWith(life: Incarnation): boolean {
    return this.incarnation === life
  }

  private proceed(): void {
    for (;;) {
      const polled = this.batch[this.handledCount]
      if (polled === undefined) {
        if (this.commits() || !this.incarnation.alive) return
        this.batch = this.consumer.poll()
        this.handledCount = 0
        this.waiting.clear()
        if (this.batch.length === 0) return
        continue
      }
      this.handledCount++
      if (this.waiting.size > 0 && this.waiting.has(polled.place)) continue
      const subscription = this.subscriptions.get((polled.record.value as Envelope).eventType)
      if (subscription !== undefined) {
        this.handle(polled, subscription)
        return
      }
    }
  }

  /** Commits what was handled, and goes on when that is answered. @returns whether there is something to wait for */
  private commits(): boolean {
    const { last } = this
    if (last === undefined) return false
    this.last = undefined
    if (!this.passed(last, 'before', last.cause)) return true
    this.busy = true
    this.consumer.commit(last.entity, last.cause, (error) => {
      this.busy = false
      if (!this.incarnation.alive) return
      // A group that has moved on takes no commit: what was handled comes again, to whoever has the partition now.
      if (error === undefined && !this.passed(last, 'after', this.process.kernel.cause)) return
      this.proceed()
    })
    return true
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
    const { record, place } = polled
    const { kernel } = this.process
    const event = record.value as Envelope
    let cause = 0
    if (kernel.trace !== undefined) {
      const data = { partition: place, offset: polled.offset, event }
      cause = kernel.record('deliver', this.process.name, record.entity, record.appended, data)
      for (const parent of this.consumer.causesOf(place)) kernel.trace.addParent(parent)
    }
    kernel.digest.word(record.hash)
    const task = new Task(kernel, this.incarnation, subscription.site, record.entity, cause)
    const context = new this.runtime.Context(this.runtime, this.process, task, event)
    new Delivery(this, polled, subscription.handler, context, event).begin()
  }

  /** A delivery is done with: handled, or recognised as handled before. */
  handled(task: Task, { place }: PolledRecord): void {
    if (this.attempts.size > 0) this.attempts.delete(place)
    this.runtime.untroubled(place)
    this.last = task
    this.busy = false
    this.proceed()
  }

  /** A handler threw: its partition waits for a back-off and begins with this record again; others go on. */
  failed(error: unknown, task: Task, polled: PolledRecord): void {
    if (!this.runtime.handlerFailed(this.process, task, error)) return
    const { place } = polled
    this.runtime.troubled(place, task, error)
    const { kernel } = this.process
    const attempts = this.attempts.get(place) ?? 0
    this.attempts.set(place, attempts + 1)
    this.waiting.add(place)
    this.consumer.rewind(polled, task.cause)
    const delay = backOffMicros(attempts)
    kernel.scheduleAt(kernel.nowMicros + delay, task.entity, this, RETRY, polled, task.cause)
    this.busy = false
    this.proceed()
  }
}
