import type { Readable } from './ledger.ts'

/** What the simulator itself can tell of a run, kept only where a property reads it. */
export type HistoryKind =
  | 'facts'
  | 'effects'
  | 'handlings'
  | 'offsets'
  | 'lag'
  | 'failures'
  | 'answers'
  | 'records'
  | 'changes'
  | 'inbox'
  | 'outbox'

/**
 * Names a history: something that really happened, told by the simulator and not by the code under test, so that a
 * property can compare what services believe with what is so.
 */
export interface History<Row> extends Readable<Row> {
  readonly history: HistoryKind
  /** The service or topic that it is of. */
  readonly of: string
  /** The table or route of the service. */
  readonly part?: string
}

/** An event whose transaction has committed. */
export interface Fact {
  readonly eventId: string
  readonly eventType: string
  readonly topic: string
  /** The aggregate that it is about. */
  readonly key: string
  readonly correlationId: string
  /** Which fact of its key in its topic it is, in the order of commits, from 1. */
  readonly number: number
  readonly atMicros: number
}

/** A transaction that committed while an event was being handled. */
export interface Effect {
  readonly eventId: string
  readonly eventType: string
  readonly key: string
  readonly correlationId: string
  readonly process: string
  /** How many rows of the service's own tables and events it wrote: 0 when it only took note of the event. */
  readonly writes: number
  readonly atMicros: number
}

/** An event that a consumer is done with. */
export interface Handling {
  readonly eventId: string
  readonly eventType: string
  readonly key: string
  readonly correlationId: string
  readonly process: string
  /** `handled`: its handler has returned. `recognised`: it was handled before. `put away`: it is not tried again. */
  readonly outcome: 'handled' | 'recognised' | 'put away'
  readonly atMicros: number
}

/** An offset that a consumer group has committed. */
export interface OffsetCommit {
  /** `order-events/3`. */
  readonly place: string
  /** What was committed before; 0 at first. */
  readonly from: number
  /** Of the next record to read. */
  readonly to: number
  readonly atMicros: number
}

/** How far a consumer group is behind in a partition. */
export interface Lag {
  readonly group: string
  /** `order-events/3`. */
  readonly place: string
  /** Offset behind the last record that consumers may see. */
  readonly end: number
  /** Committed offset: of the next record to read; -1 while there is none. */
  readonly committed: number
  /** Offsets between the two; markers of transactions count, as they do for Kafka. */
  readonly lag: number
  readonly atMicros: number
}

/** A handler that threw. */
export interface HandlerFailure {
  /** The handler and whom it failed for: `payment.OrderCreated order-1`. */
  readonly what: string
  readonly handler: string
  readonly correlationId: string
  readonly process: string
  readonly error: string
  readonly atMicros: number
}

/** An answer of a route. */
export interface RouteAnswer {
  /** Empty where the request had none. */
  readonly idempotencyKey: string
  readonly correlationId: string
  /** The request and the body of the answer, as JSON. */
  readonly request: string
  readonly status: number
  readonly body: string
  readonly atMicros: number
}

/** A record that a broker or queue server has accepted. */
export interface TopicRecord {
  readonly eventId: string
  readonly eventType: string
  readonly key: string
  readonly correlationId: string
  /** `order-events/3`; of a queue, its topic. */
  readonly place: string
  /** `order-events/3@17`: where in it. */
  readonly at: string
  readonly atMicros: number
}

/** A committed change of a row. */
export interface RowChange<Row> {
  /** The primary key, as text. */
  readonly row: string
  /** Undefined where it was inserted. */
  readonly before: Row | undefined
  /** Undefined where it was deleted. */
  readonly after: Row | undefined
  /** The business process whose handler changed it. */
  readonly correlationId: string
  readonly atMicros: number
}

/** Tells a history from a table and from a ledger. */
export function isHistory(readable: Readable<unknown>): readable is History<unknown> {
  return 'history' in readable
}
