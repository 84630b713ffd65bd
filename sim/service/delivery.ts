import { DatabaseError } from '../database/error.ts'
import type { Continuation, HandlerSite, Runnable, Task } from '../kernel/task.ts'
import type { Micros } from '../kernel/time.ts'
import type { Inbox } from './component.ts'
import type { Context } from './context.ts'
import type { Envelope } from './envelope.ts'
import type { EventHandler } from './runtime.ts'

const FIRST_BACKOFF_MICROS = 100_000
const MAX_BACKOFF_MICROS = 10_000_000

/** How long a handler is left alone after it has thrown. @param failures that went before */
export function backOffMicros(failures: number): Micros {
  return Math.min(FIRST_BACKOFF_MICROS * 2 ** failures, MAX_BACKOFF_MICROS)
}

/** What a service does with the events of one type. */
export interface Subscription {
  /** Gets the data of one event, or, with a batch size, of several. */
  readonly handler: EventHandler
  readonly site: HandlerSite
  /** How many events the handler takes at most at a time; undefined: one, as itself. */
  readonly batchSize: number | undefined
}

/** Who brought an event and hears what became of it. */
export interface Deliverer<Received> {
  /** It is done with: handled, or recognised as handled before. */
  handled(task: Task, received: Received): void
  /** Its handler threw. */
  failed(error: unknown, task: Task, received: Received): void
}

/** One event on its way through inbox and handler, whatever brought it. */
export class Delivery<Received> implements Runnable, Continuation<unknown> {
  private readonly deliverer: Deliverer<Received>
  private readonly received: Received
  private readonly inbox: Inbox
  private readonly handler: EventHandler
  private readonly context: Context
  private readonly event: Envelope

  constructor(
    deliverer: Deliverer<Received>,
    received: Received,
    handler: EventHandler,
    context: Context,
    event: Envelope,
  ) {
    this.deliverer = deliverer
    this.received = received
    this.inbox = context.runtime.inbox
    this.handler = handler
    this.context = context
    this.event = event
  }

  /** Looks the event up in the inbox and, unless it is there, runs the handler. */
  begin(): void {
    const { inbox, event } = this
    if (inbox.lookUp) this.context.lookUp(inbox.keyOf?.(event) ?? event.eventId, this)
    else this.start()
  }

  /** The inbox row of the event, if there is one. */
  completed(row: unknown): void {
    if (row === undefined) this.start()
    else this.deliverer.handled(this.context.task, this.received)
  }

  failed(error: Error): void {
    this.deliverer.failed(error, this.context.task, this.received)
  }

  run(): Promise<unknown> {
    const { context, event } = this
    const { failurePolicy } = context.runtime
    if (failurePolicy.receive === undefined) return this.handle()
    return failurePolicy.receive(context, event, () => this.handle())
  }

  private handle(): Promise<unknown> {
    const { context, event, inbox, handler } = this
    if (inbox.receive === undefined) return handler(event.data, context)
    return inbox.receive(context, event, () => handler(event.data, context))
  }

  ended(error: unknown): void {
    const { context, deliverer, received } = this
    const { task } = context
    if (error === undefined && context.preludes.length > 0) context.flush((failure) => this.ended(failure))
    else if (error === undefined || lostTheRace(error)) deliverer.handled(task, received)
    else deliverer.failed(error, task, received)
  }

  private start(): void {
    const { context, event, inbox } = this
    if (inbox.prelude !== undefined) context.preludes = [inbox.prelude(context, event)]
    context.task.start(this)
  }
}

/** Another delivery of the same event, handled at the same time, wrote its inbox row first. */
function lostTheRace(error: unknown): boolean {
  return error instanceof DatabaseError && error.sqlState === '23505' && error.table === 'inbox'
}
