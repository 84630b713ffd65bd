import type { Row } from '../database/table.ts'
import { SimError } from '../kernel/error.ts'
import type { Context } from '../service/context.ts'
import type { Envelope } from '../service/envelope.ts'
import type { OptionTable } from '../service/option.ts'
import {
  type Column,
  integer,
  plain,
  type TableSpec,
  type TablesByName,
  table,
  text,
} from '../service/schema.ts'
import type { TransactionScope } from '../service/transaction.ts'
import { type Dispatched, type DispatchOptions, dispatch } from './dispatch.ts'

/** What every relay may be told. */
export interface RelayOptions extends Partial<DispatchOptions> {
  /** How many rows one poll takes. Default: 100. */
  readonly batch?: number
  /** How many processes relay. Default: 1. */
  readonly relays?: number
}

/** What a relay that must be alone may be told. */
export const LONE_RELAY_OPTIONS: OptionTable<Omit<RelayOptions, 'relays'>> = {
  batch: 'any',
  order: ['per-key', 'one-by-one', 'all-at-once'],
  identity: ['with-the-fact', 'at-send'],
}
/** What every other relay may be told. */
export const RELAY_OPTIONS: OptionTable<RelayOptions> = { ...LONE_RELAY_OPTIONS, relays: 'any' }

/** How rows leave an outbox: one of the variants O1 to O9. */
export interface Relay {
  /** Columns of the outbox that it needs besides id, topic, correlationId and event. */
  readonly columns?: Readonly<Record<string, Column<unknown>>>
  /** Columns that it looks up by equality. */
  readonly indexes?: readonly string[]
  /** Tables of its own: cursors, locks. */
  readonly tables?: TablesByName
  /** Rows that these tables hold from the start. */
  readonly initially?: Readonly<Record<string, readonly Row[]>>
  /** A replication slot of the database that it reads. */
  readonly slot?: string
  /** How many processes relay. */
  readonly relays: number
  /** The rows that give it work. */
  readonly input: Readonly<Record<string, unknown>>
  /** Whether rows that were sent stay in the input: then only a new row, or its own word, makes it poll again. */
  readonly inputStays?: boolean
  /** What its columns hold in a new row. */
  fresh?(transaction: TransactionScope, topic: string, event: Envelope): Row
  /** What tells the rows of one event apart, where it has several: one for each listener. Default: it has one. */
  readonly copies?: readonly Row[]
  /** Something that a transaction does before it inserts a row: a lock. */
  beforeInsert?(transaction: TransactionScope, row: Row): Promise<unknown>
  /** Hears of a row that a transaction has inserted and not committed yet. */
  inserted?(transaction: TransactionScope, row: Row): void
  /** One poll. @returns true when it must poll again although nothing new has come */
  poll(context: Context): Promise<boolean>
}

/** A batch could not be sent as a whole; the relay polls again after a back-off. */
export class RelayError extends Error {
  override readonly name = 'RelayError'
}

/** What a relay does besides what makes it a variant. @throws SimError 'definition' when it would never send anything */
export function relayKnobs({
  batch = 100,
  relays = 1,
  order = 'per-key',
  identity = 'with-the-fact',
}: RelayOptions): {
  readonly batch: number
  readonly relays: number
  send(context: Context, rows: readonly Row[]): Promise<Dispatched>
} {
  for (const [knob, value] of Object.entries({ batch, relays }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new SimError('definition', `outbox: ${knob}: expected a whole number from 1, got ${value}`)
  return { batch, relays, send: (context, rows) => dispatch(context, rows, { order, identity }) }
}

/** The ids of rows. */
export const idsOf = (rows: readonly Row[]): number[] => rows.map(({ id }) => id as number)

/** Says that rows were not sent, unless all were: the relay is left alone for a while. @throws RelayError */
export function complain({ failures }: Dispatched): void {
  const [first] = failures
  if (first === undefined) return
  throw new RelayError(`outbox row ${String(first.row.id)} was not sent: ${first.error.message}`)
}

/** The table of an outbox. */
export function outboxTable({
  columns,
  indexes = [],
}: Pick<Relay, 'columns' | 'indexes'>): TableSpec<unknown> {
  return table(
    { id: integer, topic: text, correlationId: text, event: plain<Envelope>(), ...columns },
    { key: 'id', sequence: true, indexes: indexes as readonly 'id'[] },
  )
}
