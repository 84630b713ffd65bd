import type { PolledRecord } from '../kafka/consumer-client.ts'
import type { Runnable } from '../kernel/task.ts'
import type { Context } from './context.ts'
import type { Deliverer } from './delivery.ts'
import type { Envelope } from './envelope.ts'
import type { EventHandler } from './runtime.ts'

/**
 * Several events of a type on their way through inbox and handler together. Those that the inbox knows are left out; the
 * rows of all others are part of one transaction, so that a batch is handled as a whole or not at all.
 */
export class BatchDelivery implements Runnable {
  private readonly deliverer: Deliverer<readonly PolledRecord[]>
  private readonly records: readonly PolledRecord[]
  private readonly handler: EventHandler
  private readonly context: Context
  private readonly events: Envelope[]
  private lookingUp = 0
  private readonly known = new Set<Envelope>()
  private broken: Error | undefined = undefined

  constructor(
    deliverer: Deliverer<readonly PolledRecord[]>,
    records: readonly PolledRecord[],
    handler: EventHandler,
    context: Context,
  ) {
    this.deliverer = deliverer
    this.records = records
    this.handler = handler
    this.context = context
    this.events = records.map(({ record }) => record.value as Envelope)
  }

  /** Looks all events up in the inbox and runs the handler with those that are not there. */
  begin(): void {
    const { context, events } = this
    const { inbox } = context.runtime
    if (!inbox.lookUp) {
      this.start(events)
      return
    }
    this.lookingUp = events.length
    for (const event of events) {
      context.lookUp(inbox.keyOf?.(event) ?? event.eventId, {
        completed: (row) => {
          if (row !== undefined) this.known.add(event)
          this.lookedUp()
        },
        failed: (error) => {
          this.broken ??= error
          this.lookedUp()
        },
      })
    }
  }

  run(): Promise<unknown> {
    const { context, handler } = this
    const fresh = this.events.filter((event) => !this.known.has(event))
    const handle = (): Promise<void> => {
      context.begun = true
      context.batch = fresh
      return handler(
        fresh.map(({ data }) => data),
        context,
      )
    }
    const { receive } = context.runtime.inbox
    if (receive === undefined) return handle()
    return fresh.reduceRight<() => Promise<void>>(
      (inner, event) => () => receive(context, event, inner),
      handle,
    )()
  }

  ended(error: unknown): void {
    const { context, deliverer, records } = this
    if (error !== undefined) deliverer.failed(error, context.task, records)
    else if (context.preludes.length > 0) context.flush((failure) => this.ended(failure))
    else this.done()
  }

  /** All of them are handled, or were recognised. */
  private done(): void {
    const { context, deliverer, events, records } = this
    const handled = context.batch ?? []
    const { histories } = context.runtime
    histories?.handled(context, handled, 'handled')
    histories?.handled(
      context,
      events.filter((event) => !handled.includes(event)),
      'recognised',
    )
    deliverer.handled(context.task, records)
  }

  private lookedUp(): void {
    if (--this.lookingUp > 0) return
    const { context, deliverer, records, events, known, broken } = this
    if (broken !== undefined) deliverer.failed(broken, context.task, records)
    else if (known.size === events.length) this.done()
    else this.start(events.filter((event) => !known.has(event)))
  }

  private start(events: readonly Envelope[]): void {
    const { context } = this
    const { inbox } = context.runtime
    if (inbox.prelude !== undefined)
      context.preludes = events.map((event) => inbox.prelude?.(context, event) as never)
    context.task.start(this)
  }
}
