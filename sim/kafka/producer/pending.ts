import { Deadline } from '../coordinator/deadlines.ts'
import { ProducerError, refusalOf } from '../transaction/client-error.ts'
import type { TransactionalResult } from '../transaction/result.ts'
import type { ProducerRecord, SendListener } from './record.ts'

/** Hears once how an operation ended: undefined if well. It may run before the call that began it has returned. */
export type Completed = (error: ProducerError | undefined, nowMillis: number) => void

/** Who is told that a record has waited for max.block.ms. */
export interface PendingOwner {
  gaveUp(send: PendingSend, nowMillis: number): void
}

/** A send that Kafka's would block: it waits for its topic, or then for memory. */
export class PendingSend extends Deadline {
  readonly record: ProducerRecord
  readonly listener: SendListener
  /** Counts up in the order of the calls. */
  readonly number: number
  /** Chosen already, since a partitioner is asked once; undefined while the topic is not known. */
  partition: number | undefined = undefined
  /** Of memory that it waits for; 0 while it waits for its topic. */
  bytes = 0
  private readonly owner: PendingOwner

  constructor(record: ProducerRecord, listener: SendListener, number: number, owner: PendingOwner) {
    super()
    this.record = record
    this.listener = listener
    this.number = number
    this.owner = owner
  }

  override expire(nowMillis: number): void {
    this.owner.gaveUp(this, nowMillis)
  }
}

/** An operation of a transaction that Kafka's would block: it ends with its result, or with max.block.ms. */
export class PendingOperation extends Deadline {
  /** Nobody waits for it any more. */
  isOver = false
  private readonly result: TransactionalResult
  private readonly done: Completed

  constructor(result: TransactionalResult, done: Completed) {
    super()
    this.result = result
    this.done = done
  }

  /** If the result is there the application hears it. */
  maybeComplete(nowMillis: number): void {
    if (this.isOver || !this.result.isCompleted) return
    this.isOver = true
    this.done(
      refusalOf(() => this.result.acknowledge()),
      nowMillis,
    )
  }

  /** The result may still come: until then the application may only call the same operation again. */
  override expire(nowMillis: number): void {
    const { operation } = this.result
    this.isOver = true
    this.done(
      new ProducerError('REQUEST_TIMED_OUT', `Timeout expired while awaiting ${operation}`),
      nowMillis,
    )
  }
}

/** The time that a close is given. */
export class CloseDeadline extends Deadline {
  private readonly force: (nowMillis: number) => void

  constructor(force: (nowMillis: number) => void) {
    super()
    this.force = force
  }

  override expire(nowMillis: number): void {
    this.force(nowMillis)
  }
}
