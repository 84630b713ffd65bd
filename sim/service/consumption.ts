import type { Process } from '../cluster/process.ts'
import type { PartitionOffset } from '../kafka/consumer/hooks.ts'
import { type ConsumerApplication, ConsumerClient, type PolledRecord } from '../kafka/consumer-client.ts'
import type { Entity } from '../kernel/choice.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import { hashText } from '../kernel/mix.ts'
import type { Actor } from '../kernel/queue.ts'
import { Operation, Task } from '../kernel/task.ts'
import type { Micros } from '../kernel/time.ts'
import { BatchDelivery } from './batch-delivery.ts'
import { type CommitMode, consumerSettings } from './consumer-options.ts'
import type { Context } from './context.ts'
import { type Deliverer, Delivery, type Subscription } from './delivery.ts'
import type { Drainable } from './drain.ts'
import type { Envelope } from './envelope.ts'
import { COMMIT_OFFSETS, Intake } from './intake.ts'
import type { ServiceRuntime } from './runtime.ts'
import { type Effort, Setbacks } from './setbacks.ts'
import { isFenced, TransactionalProducer } from './transactional-producer.ts'

const RETRY = 0
const START_UP = 1
/** From the start of a process to its first request: what strikes at the start strikes before. */
const START_UP_MICROS = 1_000
/** How long an instance is down that has ended itself. */
const RESTART_MICROS = 1_000_000

const NO_RECORDS: readonly PolledRecord[] = []

/** The records behind which a commit is to be; undefined: all that was polled. */
type CommitScope = readonly PolledRecord[] | undefined

/**
 * The consumer loop of one instance in one life: polls, handles one record after another, commits, polls again. A handler
 * that throws is tried again after a back-off, and its partition waits (at least once); or it ends the instance. With
 * transactions of Kafka each delivery is one, which holds what the handler published and how far it has read.
 */
export class Consumption
  implements ConsumerApplication, Deliverer<readonly PolledRecord[]>, Actor, Drainable
{
  readonly consumer: ConsumerClient
  readonly intake: Intake
  private readonly runtime: ServiceRuntime
  private readonly process: Process
  private readonly incarnation: Incarnation
  private readonly mode: CommitMode | 'in-transaction'
  private readonly producer: TransactionalProducer | undefined
  private readonly isClosedByFailure: boolean
  private busy = false
  /** What the last poll returned, and how much of it is handled. */
  private batch = NO_RECORDS
  private handledCount = 0
  /** Partitions of the batch that wait for a back-off: what follows in them is polled again. */
  private waiting: Set<string> | undefined = undefined
  /** What has failed at the head of a partition. */
  private readonly setbacks: Setbacks
  /** The task that handled the last record, whose steps the commit belongs to. */
  private last: Task | undefined = undefined
  /** The task whose commit is under way: one at a time, so that one function hears of them all. */
  private committing: Task | undefined = undefined
  private readonly answered = (error: Error | undefined): void => this.committed(error)
  /** Called when the group is left. */
  private drained: (() => void) | undefined

  constructor(runtime: ServiceRuntime, process: Process, topics: readonly string[]) {
    const { consumerPlan: plan } = runtime
    this.runtime = runtime
    this.process = process
    this.incarnation = process.incarnation
    this.isClosedByFailure = runtime.failurePolicy.closes === true
    this.setbacks = new Setbacks(runtime.failurePolicy)
    this.intake = new Intake(runtime, process)
    const settings = consumerSettings(plan, process.name)
    this.consumer = new ConsumerClient(runtime.kafka, process, runtime.name, topics, this, settings)
    const { kafkaTransactions } = runtime
    this.mode = plan.commit
    if (kafkaTransactions === undefined) return
    this.mode = kafkaTransactions.offsets === 'in-transaction' ? 'in-transaction' : 'after-each'
    this.producer = new TransactionalProducer(runtime, process, kafkaTransactions, this.consumer)
    this.busy = true
    const { kernel, entity } = process
    kernel.schedule(START_UP_MICROS, entity, this, START_UP, undefined)
  }

  onRecords(): void {
    if (!this.busy && this.incarnation.alive) this.proceed()
  }

  /** The back-off of a failed handler is over, or its life begins. */
  onEvent(code: number, subject: unknown): void {
    if (code === START_UP) this.startUp(this.producer as TransactionalProducer)
    else for (const polled of subject as readonly PolledRecord[]) this.consumer.resume(polled)
  }

  livesIn(): Incarnation {
    return this.incarnation
  }

  /** Handles and commits what was polled, and leaves the group. */
  drain(done: () => void): void {
    this.drained = done
    if (!this.busy) this.proceed()
  }

  diesWith(life: Incarnation): boolean {
    return this.incarnation === life
  }

  /** Makes its producer ready, before it polls: the group's offsets may hang on what its last life has left open. */
  private startUp(producer: TransactionalProducer): void {
    const { process, runtime } = this
    const { kernel, entity } = process
    const task = new Task(kernel, this.incarnation, runtime.site('startup'), entity, kernel.cause)
    const ended = (error: unknown): void => {
      if (error === undefined) {
        this.busy = false
        this.proceed()
      } else if (runtime.handlerFailed(process, task, error)) this.giveUp(task, error)
    }
    task.start({ run: () => producer.initialize(task), ended })
  }

  private proceed(): void {
    for (;;) {
      const polled = this.batch[this.handledCount]
      if (polled === undefined) {
        if (this.mode === 'after-batch' && this.commitsLast(undefined)) return
        if (!this.incarnation.alive) return
        if (this.drained !== undefined) {
          this.busy = true
          this.consumer.close(this.drained)
          return
        }
        this.batch = this.consumer.poll()
        this.handledCount = 0
        this.waiting = undefined
        if (this.batch.length === 0) return
        if (this.mode === 'before-handling' && this.commitsBeforehand()) return
        continue
      }
      this.handledCount++
      if (this.waiting?.has(polled.place) === true) continue
      const subscription = this.intake.subscriptionOf(polled)
      if (subscription !== undefined && !this.waits(polled)) {
        this.handle(polled, subscription)
        return
      }
    }
  }

  /** Commits in the name of the last task, and goes on when that is answered. @returns whether there is something to wait for */
  private commitsLast(scope: CommitScope): boolean {
    const { last } = this
    if (last === undefined) return false
    this.last = undefined
    this.committing = last
    // Before the point: who is shut down there has begun to commit, and leaves the group after that.
    this.busy = true
    if (!last.pass(COMMIT_OFFSETS, 'before', last.cause)) return true
    if (scope === undefined) this.consumer.commit(last.entity, last.cause, this.answered)
    else this.consumer.commitOffsets(offsetsBehind(scope), last.entity, last.cause, this.answered)
    return true
  }

  private committed(error: Error | undefined): void {
    if (!this.incarnation.alive) return
    // A group that has moved on takes no commit: what was handled comes again, to whoever has the partition now.
    const { cause } = this.process.kernel
    if (error === undefined && this.committing?.pass(COMMIT_OFFSETS, 'after', cause) === false) return
    this.busy = false
    this.proceed()
  }

  /** Commits what was polled before any of it is handled. @returns whether there is something to wait for */
  private commitsBeforehand(): boolean {
    for (const polled of this.batch) {
      const subscription = this.intake.subscriptionOf(polled)
      if (subscription === undefined) continue
      this.last = this.intake.beforehand(polled, subscription)
      return this.commitsLast(undefined)
    }
    return false
  }

  private handle(polled: PolledRecord, subscription: Subscription): void {
    this.busy = true
    const { batchSize } = subscription
    const records = batchSize === undefined ? [polled] : this.collect(polled, subscription, batchSize)
    const context = this.intake.begin(this.consumer, records, subscription)
    if (this.mode === 'manual') context.acknowledgement = () => this.acknowledge(context, records)
    context.producer = this.producer?.client
    if (this.producer?.begin(context.task) === false) return
    const delivery =
      batchSize === undefined
        ? new Delivery(this, records, subscription.handler, context, context.event as Envelope)
        : new BatchDelivery(this, records, subscription.handler, context)
    delivery.begin()
  }

  /** The records of a batch handler: those of its type that follow one another, of whatever partition. */
  private collect(first: PolledRecord, subscription: Subscription, most: number): PolledRecord[] {
    const records = [first]
    while (records.length < most) {
      const next = this.batch[this.handledCount]
      if (next === undefined || this.waiting?.has(next.place) === true) break
      if (this.intake.subscriptionOf(next) !== subscription) break
      records.push(next)
      this.handledCount++
    }
    return records
  }

  /** `ctx.commit()`: commits the record that is being handled and what went before it in its partition. */
  private acknowledge({ task }: Context, records: readonly PolledRecord[]): Promise<unknown> {
    const pending = task.begin<void>(COMMIT_OFFSETS)
    if (pending === undefined) return Operation.never()
    this.consumer.commitOffsets(offsetsBehind(records), task.entity, task.cause, (error) => {
      if (error === undefined) pending.complete(undefined, 0, this.process.kernel.cause)
      else pending.fail(error, hashText(error.code, 5), this.process.kernel.cause)
    })
    return pending.promise
  }

  /** A delivery is done with: handled, or recognised as handled before. */
  handled(task: Task, records: readonly PolledRecord[]): void {
    const { producer } = this
    if (producer === undefined) {
      this.finish(task, records)
      return
    }
    const ended = (error: unknown): void => {
      if (error === undefined) this.finish(task, records)
      else this.failed(error, task, records)
    }
    task.start({ run: () => producer.commit(task, offsetsBehind(records)), ended })
  }

  private finish(task: Task, records: readonly PolledRecord[]): void {
    for (const { place } of records) {
      this.setbacks.succeeded(place)
      this.runtime.untroubled(place)
    }
    this.busy = false
    if (this.mode === 'after-batch') this.last = task
    else if (this.mode === 'after-each') {
      this.last = task
      this.commitsLast(records)
      return
    }
    this.proceed()
  }

  /** A handler threw, or its transaction cannot be committed. */
  failed(error: unknown, task: Task, records: readonly PolledRecord[], of: Effort = 'handling'): void {
    const { producer, runtime, process } = this
    if (!runtime.handlerFailed(process, task, error)) return
    if (producer === undefined) {
      this.recover(error, task, records, of)
      return
    }
    const ended = (failure: unknown): void => {
      if (failure === undefined) this.recover(error, task, records, of)
      else if (runtime.handlerFailed(process, task, failure)) this.giveUp(task, failure)
    }
    task.start({ run: () => producer.abort(task), ended })
  }

  /** Its partition waits for a back-off and begins with this record again; others go on. */
  private recover(error: unknown, task: Task, records: readonly PolledRecord[], of: Effort): void {
    if (this.isClosedByFailure) {
      this.close(task, RESTART_MICROS)
      return
    }
    if (this.runtime.kafkaTransactions?.afterAbort === 'read-on') {
      this.busy = false
      this.proceed()
      return
    }
    const [first] = records as [PolledRecord]
    const verdict = this.intake.judge(this.setbacks, first.place, error, of)
    if (verdict === 'put away') {
      this.putAway(error, task, records)
      return
    }
    for (const { place } of records) this.runtime.troubled(place, task, error)
    this.postpone(
      headsOf(records),
      this.process.kernel.nowMicros + verdict.pauseMicros,
      task.entity,
      task.cause,
    )
    this.busy = false
    this.proceed()
  }

  /** Its producer cannot go on, and what the last transaction has come to is not known: only a new life can tell. */
  private giveUp(task: Task, error: unknown): void {
    const isOver = isFenced(error) && this.runtime.kafkaTransactions?.onFenced === 'end'
    this.close(task, isOver ? undefined : RESTART_MICROS)
  }

  /**
   * The loop is left, the consumer closed, and the process ends.
   * @param restartMicros how long it stays down; undefined: for ever
   */
  private close({ cause }: Task, restartMicros: Micros | undefined): void {
    const { process } = this
    process.kernel.cause = cause
    this.consumer.close(() => process.stop(cause, restartMicros))
  }

  /** Reads records again at a moment, and leaves their partitions alone until then. */
  private postpone(heads: readonly PolledRecord[], atMicros: Micros, entity: Entity, cause: number): void {
    for (const polled of heads) {
      this.waiting ??= new Set()
      this.waiting.add(polled.place)
      this.consumer.rewind(polled, cause)
    }
    this.process.kernel.scheduleAt(atMicros, entity, this, RETRY, heads, cause)
  }

  /** What is not tried again goes where the service puts such events; until that has succeeded its partition waits. */
  private putAway(error: unknown, task: Task, records: readonly PolledRecord[]): void {
    const { producer } = this
    if (producer?.begin(task) === false) return
    this.intake.putAway(error, task, records, producer?.client, (failure) => {
      if (failure === undefined) this.handled(task, records)
      else this.failed(failure, task, records, 'putting away')
    })
  }

  /** Leaves alone what must not be handled yet. @returns whether that is so */
  private waits(polled: PolledRecord): boolean {
    const { kernel } = this.process
    const dueMicros = this.intake.dueMicros(polled, this.setbacks)
    if (dueMicros <= kernel.nowMicros) return false
    // Rewinding calls back at once, in the middle of a turn.
    this.busy = true
    this.postpone([polled], dueMicros, polled.record.entity, polled.record.appended)
    this.busy = false
    return true
  }
}

/** The offsets of the next records to read behind some. */
export function offsetsBehind(records: readonly PolledRecord[]): PartitionOffset[] {
  const offsets = new Map<string, PartitionOffset>()
  for (const { topic, partition, offset, place } of records)
    offsets.set(place, { topic, partition, offset: offset + 1, leaderEpoch: -1, metadata: '' })
  return [...offsets.values()]
}

/** The first record of each partition. */
function headsOf(records: readonly PolledRecord[]): readonly PolledRecord[] {
  if (records.length === 1) return records
  const heads = new Map<string, PolledRecord>()
  for (const polled of records) if (!heads.has(polled.place)) heads.set(polled.place, polled)
  return [...heads.values()]
}
