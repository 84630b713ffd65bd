import type { Process } from '../cluster/process.ts'
import type { ConsumerClient, PolledRecord } from '../kafka/consumer-client.ts'
import type { ProducerClient } from '../kafka/producer-client.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import { operationNumber } from '../kernel/step.ts'
import { Task } from '../kernel/task.ts'
import { type Micros, momentOf } from '../kernel/time.ts'
import type { Context } from './context.ts'
import type { Subscription } from './delivery.ts'
import type { Envelope } from './envelope.ts'
import type { ServiceRuntime } from './runtime.ts'
import type { Effort, Setbacks, Verdict } from './setbacks.ts'

/** The step that commits offsets. */
export const COMMIT_OFFSETS = operationNumber('offsets.commit')

/** What every consumer loop of an instance does with polled records, in one life of its process. */
export class Intake {
  readonly runtime: ServiceRuntime
  readonly process: Process
  readonly incarnation: Incarnation
  private readonly subscriptions = new Map<string, Subscription>()

  constructor(runtime: ServiceRuntime, process: Process) {
    this.runtime = runtime
    this.process = process
    this.incarnation = process.incarnation
  }

  /** Handles events of a type. */
  subscribe(eventType: string, { handler, batchSize }: Omit<Subscription, 'site'>): void {
    this.subscriptions.set(eventType, { handler, batchSize, site: this.runtime.site(eventType) })
  }

  /** What the service does with a record; undefined when it passes over it: no handler of its own, or sent to another again. */
  subscriptionOf({ record }: PolledRecord): Subscription | undefined {
    const { eventType, redriveFor } = record.value as Envelope
    if (redriveFor !== undefined && redriveFor !== this.runtime.name) return undefined
    return this.subscriptions.get(eventType)
  }

  /** The context of a handler that is about to get records: a task of the first one's order, caused by all. */
  begin(consumer: ConsumerClient, records: readonly PolledRecord[], { site }: Subscription): Context {
    const { kernel } = this.process
    const [first] = records as [PolledRecord]
    let cause = 0
    if (kernel.trace !== undefined) {
      for (const { place, offset, record } of records) {
        const data = { partition: place, offset, event: record.value }
        const delivered = kernel.record('deliver', this.process.name, record.entity, record.appended, data)
        for (const parent of consumer.causesOf(place)) kernel.trace.addParent(parent)
        if (cause !== 0) kernel.trace.addParent(cause)
        cause = delivered
      }
    }
    for (const { record } of records) kernel.digest.word(record.hash)
    const task = new Task(kernel, this.incarnation, site, first.record.entity, cause)
    return new this.runtime.Context(this.runtime, this.process, task, first.record.value as Envelope)
  }

  /** What to do after a failure. */
  judge(setbacks: Setbacks, name: string, error: unknown, of: Effort): Verdict {
    const { kernel, entity } = this.process
    const site = this.runtime.choiceSite('jitter of retries')
    const random = (bound: number): number => kernel.choose(site, entity, bound)
    return of === 'handling'
      ? setbacks.failed(name, error, kernel.nowMicros, random)
      : setbacks.notPutAway(name, random)
  }

  /** Puts events away that are not tried again. @param producer whose transaction that is part of, if there is one */
  putAway(
    error: unknown,
    task: Task,
    records: readonly PolledRecord[],
    producer: ProducerClient | undefined,
    ended: (failure: unknown) => void,
  ): void {
    const { runtime, process } = this
    const run = async (): Promise<void> => {
      for (const { record } of records) {
        const event = record.value as Envelope
        const context = new runtime.Context(runtime, process, task, event)
        context.producer = producer
        await runtime.failurePolicy.recover?.(context, event, error)
        runtime.histories?.handled(context, [event], 'put away')
      }
    }
    task.start({ run, ended })
  }

  /** From when on a record may be handled; a moment that has passed if that is so now. */
  dueMicros({ record }: PolledRecord, setbacks: Setbacks): Micros {
    const { dueAt, breaker } = this.runtime.failurePolicy
    if (dueAt === undefined && breaker === undefined) return 0
    const dueAtMillis = dueAt?.(record.value as Envelope)
    const dueMicros = dueAtMillis === undefined ? 0 : momentOf(dueAtMillis)
    const isPaused = setbacks.isPaused(this.process.kernel.nowMicros)
    return isPaused ? Math.max(dueMicros, setbacks.openUntilMicros) : dueMicros
  }

  /** The task of a commit that comes before any handler has begun: of the handler and order of its first record. */
  beforehand({ record }: PolledRecord, { site }: Subscription): Task {
    return new Task(this.process.kernel, this.incarnation, site, record.entity, record.appended)
  }
}
