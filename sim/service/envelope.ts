import type { Plain } from '../kernel/value.ts'

/** An event as it travels: its data and what every event carries. */
export interface Envelope {
  /** Made together with the fact, so that every delivery of one fact carries the same id. */
  readonly eventId: string
  readonly eventType: string
  readonly eventVersion: number
  /** Milliseconds since 1970 by the publisher's clock. */
  readonly occurredAt: number
  readonly aggregateType: string
  readonly aggregateId: string
  /** The order or other business process that it belongs to. */
  readonly correlationId: string
  /** The event or request that it answers; null when a user acted. */
  readonly causationId: string | null
  readonly data: Plain
  readonly [member: string]: Plain
}
