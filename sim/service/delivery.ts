import { DatabaseError } from '../database/error.ts'
import type { Handling } from '../kernel/history.ts'
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
  /** Whether the failure policy has let it through to the inbox. */
  private isReceived = false

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
    else this.done('recognised')
  }

  failed(error: Error): void {
    this.deliverer.failed(error, this.context.task, this.received)
  }

  run(): Promise<unknown> {
    const { context, event } = this
    const { failurePolicy } = context.runtime
    if (failurePolicy.receive === undefined) return this.receive()
    return failurePolicy.receive(context, event, () => this.receive())
  }

  /** Hands the event to the inbox, and by way of it to the handler. */
  private receive(): Promise<unknown> {
    const { context, event, inbox } = this
    this.isReceived = true
    if (inbox.receive === undefined) return this.handle()
    return inbox.receive(context, event, () => this.handle())
  }

  ended(error: unknown): void {
    const { context, deliverer, received } = this
    if (error === undefined && context.preludes.length > 0) context.flush((failure) => this.ended(failure))
    else if (error === undefined) this.done(this.outcome)
    else if (lostTheRace(error)) this.done('recognised')
    else deliverer.failed(error, context.task, received)
  }

  private handle(): Promise<void> {
    const { context, event, handler } = this
    context.begun = true
    return handler(event.data, context)
  }

  private get outcome(): Handling['outcome'] {
    if (this.context.begun) return 'handled'
    return this.isReceived ? 'recognised' : 'put away'
  }

  private done(outcome: Handling['outcome']): void {
    const { context, deliverer, event, received } = this
    context.runtime.histories?.handled(context, [event], outcome)
    deliverer.handled(context.task, received)
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
