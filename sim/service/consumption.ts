import type { Process } from '../cluster/process.ts'
import { SimError } from '../kernel/error.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import type { Actor } from '../kernel/queue.ts'
import { operationNumber } from '../kernel/step.ts'
import { Task } from '../kernel/task.ts'
import { Consumer, type ConsumerApplication, type PolledRecord } from '../kafka/consumer.ts'
import type { ErrorCode } from '../kafka/protocol.ts'
import { Context } from './context.ts'
import type { Envelope } from './envelope.ts'
import type { EventHandler, ServiceRuntime } from './runtime.ts'

const RETRY = 0
const FIRST_BACKOFF_MICROS = 100_000
const MAX_BACKOFF_MICROS = 10_000_000
const RECEIVE = operationNumber('receive')
const COMMIT_OFFSETS = operationNumber('offsets.commit')

/**
 * The consumer loop of one instance in one life: polls, handles one record after another, commits the offsets of the
 * batch, polls again. A handler that throws is tried again after a back-off, and its partition waits (at least once).
 */
export class Consumption implements ConsumerApplication, Actor {
  readonly consumer: Consumer
  private readonly runtime: ServiceRuntime
  private readonly process: Process
  private readonly incarnation: Incarnation
  private busy = false
  private attempts = 0
  /** The task that handled the last record, whose steps the commit belongs to. */
  private last: Task | undefined
  private readonly handlers: ReadonlyMap<string, EventHandler>

  constructor(runtime: ServiceRuntime, process: Process, topics: readonly string[], handlers: ReadonlyMap<string, EventHandler>) {
    this.runtime = runtime
    this.process = process
    this.incarnation = process.incarnation
    this.handlers = handlers
    this.consumer = new Consumer(runtime.kafka, process, runtime.name, topics, this)
  }

  onRecords(): void {
    if (!this.busy && this.incarnation.alive) this.proceed()
  }

  onCommitted(errorCode: ErrorCode): void {
    const { last } = this
    this.busy = false
    this.last = undefined
    if (errorCode === 'NONE' && last !== undefined && !this.passed(last, 'after')) return
    this.proceed()
  }

  /** The back-off of a failed handler is over. */
  onEvent(_code: number, subject: unknown): void {
    if (this.incarnation.alive) this.handle(subject as PolledRecord)
  }

  private proceed(): void {
    for (;;) {
      if (this.consumer.rejoinNeeded) {
        this.consumer.join(this.process.kernel.cause)
        return
      }
      const polled = this.consumer.poll()
      if (polled === undefined) {
        this.finishBatch()
        return
      }
      if (this.handlers.has((polled.record.value as Envelope).eventType)) {
        this.handle(polled)
        return
      }
    }
  }

  private finishBatch(): void {
    const { last } = this
    if (last === undefined) return
    if (!this.passed(last, 'before')) return
    this.busy = this.consumer.commit(last.entity, last.cause)
    if (!this.busy) this.last = undefined
  }

  /** Passes a point of the step that commits offsets; false when a fault killed the process there. */
  private passed(task: Task, phase: 'before' | 'after'): boolean {
    const site = task.step(COMMIT_OFFSETS)
    const { kernel } = this.process
    if (kernel.trace !== undefined) task.cause = kernel.recordStep(phase, site, task, task.cause, undefined)
    const faults = site[phase]
    if (faults !== undefined) kernel.passPoint(faults, task)
    return this.incarnation.alive
  }

  private handle(polled: PolledRecord): void {
    this.busy = true
    const { record, position } = polled
    const { kernel } = this.process
    const event = record.value as Envelope
    const handler = this.handlers.get(event.eventType) as EventHandler
    let cause = 0
    if (kernel.trace !== undefined) {
      const data = { partition: position.partition.name, offset: record.offset, event }
      cause = kernel.record('deliver', this.process.name, record.entity, record.appended, data)
      kernel.trace.addParent(position.arrival)
      kernel.trace.addParent(position.cause)
    }
    kernel.digest.word(record.hash)
    const task = new Task(kernel, this.incarnation, handler.site, record.entity, cause)
    const site = task.step(RECEIVE)
    if (site.before !== undefined) {
      kernel.passPoint(site.before, task)
      if (!this.incarnation.alive) return
    }
    const context = new this.runtime.Context(this.runtime, this.process, task, event)
    task.start(
      () => this.runtime.inbox.receive(context, event, () => handler.run(event.data, context)),
      (error) => this.handled(error, task, polled),
    )
  }

  private handled(error: unknown, task: Task, polled: PolledRecord): void {
    if (error === undefined) {
      this.attempts = 0
      this.last = task
      this.busy = false
      this.proceed()
      return
    }
    if (error instanceof SimError || !this.runtime.handlerFailed(this.process, task, error)) return
    const { kernel } = this.process
    const delay = Math.min(FIRST_BACKOFF_MICROS * 2 ** this.attempts++, MAX_BACKOFF_MICROS)
    kernel.scheduleAt(kernel.nowMicros + delay, task.entity, this, RETRY, polled, task.cause)
  }
}
