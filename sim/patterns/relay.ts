import { isIn } from '../database/predicate.ts'
import type { Row } from '../database/table.ts'
import type { Listener } from '../service/component.ts'
import type { Context } from '../service/context.ts'
import type { Envelope } from '../service/envelope.ts'
import { expectCount, type OptionTable } from '../service/option.ts'
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
import {
  POISON_POLICIES,
  Poison,
  type PoisonOptions,
  type PoisonPolicy,
  type Relayed,
  UNORDERED_POISON_POLICIES,
  type UnorderedPoisonPolicy,
} from './poison.ts'

/** What every relay may be told. */
export interface RelayOptions extends Partial<DispatchOptions> {
  /** How many rows one poll takes. Default: 100. */
  readonly batch?: number
  /** How many processes relay. Default: 1. */
  readonly relays?: number
  /** What becomes of an event that no broker will ever take. Default: `park-key`, or `park-row` where no order is promised. */
  readonly poison?: PoisonPolicy
}

/** What a relay that promises no order may be told. */
export interface UnorderedRelayOptions extends Omit<RelayOptions, 'poison'> {
  readonly poison?: UnorderedPoisonPolicy
}

/** What a relay that must be alone may be told. */
export const LONE_RELAY_OPTIONS: OptionTable<Omit<RelayOptions, 'relays'>> = {
  batch: 'any',
  order: ['per-key', 'one-by-one', 'all-at-once'],
  identity: ['with-the-fact', 'at-send'],
  poison: POISON_POLICIES,
}
/** What every other relay may be told. */
export const RELAY_OPTIONS: OptionTable<RelayOptions> = { ...LONE_RELAY_OPTIONS, relays: 'any' }
/** What a relay that promises no order may be told. */
export const UNORDERED_RELAY_OPTIONS: OptionTable<UnorderedRelayOptions> = {
  ...RELAY_OPTIONS,
  poison: UNORDERED_POISON_POLICIES,
}

/**
 * How rows leave an outbox: one of the variants O1 to O9.
 * @typeParam Ctx what its listeners need of the service that it belongs to
 */
export interface Relay<Ctx = unknown> {
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
  /** Who hears of events in the process that published them, by name. */
  readonly listeners?: Readonly<Record<string, Listener<Ctx>>>
  /** What tells the rows of one event apart, where it has several: one for each listener. Default: it has one. */
  readonly copies?: readonly Row[]
  /** Something that a transaction does before it inserts a row: a lock. */
  beforeInsert?(transaction: TransactionScope, row: Row): Promise<unknown>
  /** Hears of a row that a transaction has inserted and not committed yet. */
  inserted?(transaction: TransactionScope, row: Row): void
  /** One poll. @returns true when it must poll again although nothing new has come */
  poll(context: Context): Promise<boolean>
  /** An operator has it send what is parked. Undefined: nothing ever is. */
  readonly redrive?: Redrive | undefined
}

/** Has what was parked sent again: the state from which the relay sends it is all that is changed. */
export type Redrive = (context: Context) => Promise<unknown>

/** A batch could not be sent as a whole; the relay polls again after a back-off. */
export class RelayError extends Error {
  override readonly name = 'RelayError'
}

/** Where the rows of an outbox are: a transaction, or the context of statements of their own. */
type Scope = Pick<TransactionScope, 'table'>

/** What every relay does, however it knows which rows to send. */
export interface RelayKnobs {
  readonly batch: number
  readonly relays: number
  readonly poison: Poison
  /** Sends rows and tells what became of them. */
  attempt(context: Context, rows: readonly Row[]): Promise<Dispatched>
  /** The same but for rows behind parked ones; what no broker takes is set aside. */
  send(context: Context, rows: readonly Row[], scope?: Scope): Promise<Relayed>
  /** The same for a relay whose rows stay, after those that an operator has sent again. */
  sendAfterDue(context: Context, rows: readonly Row[]): Promise<Relayed>
  /** What an operator does about rows that are parked, unless the policy parks none. */
  readonly redrive: Redrive | undefined
}

/**
 * What a relay does besides what makes it a variant.
 * @param place in which order it sends the rows of a key, what it takes for a key, and whether others send what was set aside
 * @throws SimError 'definition' when it would never send anything
 */
export function relayKnobs(
  {
    batch = 100,
    relays = 1,
    order = 'per-key',
    identity = 'with-the-fact',
    poison: policy = 'park-key',
  }: RelayOptions,
  place: Pick<PoisonOptions, 'order' | 'keyOf' | 'handsOver'> = {},
): RelayKnobs {
  for (const [knob, value] of Object.entries({ batch, relays })) expectCount(`outbox: ${knob}`, value, 1)
  const poison = new Poison(policy, { alone: relays === 1, ...place })
  const sending = { order, identity }
  const attempt: RelayKnobs['attempt'] = (context, rows) => dispatch(context, rows, sending)
  const send: RelayKnobs['send'] = async (context, rows, scope) => {
    const sent = await attempt(context, await poison.unparked(context, rows, scope))
    return poison.setAside(context, sent, scope)
  }
  return {
    batch,
    relays,
    poison,
    attempt,
    send,
    sendAfterDue: async (context, rows) => {
      const due = await poison.due(context)
      const known = new Set(idsOf(rows))
      const sent = await send(context, [...due.filter(({ id }) => !known.has(id as number)), ...rows])
      const done = new Set(idsOf(sent.acknowledged))
      const settled = idsOf(due).filter((id) => done.has(id))
      if (settled.length > 0) await context.table('outbox').update({ id: isIn(settled) }, { status: 'SENT' })
      return sent
    },
    redrive: poison.parks ? redriveTo('DUE') : undefined,
  }
}

/** Gives rows that are parked the state from which they are sent. */
export const redriveTo =
  (status: string): Redrive =>
  (context) =>
    context.table('outbox').update({ status: 'PARKED' }, { status })

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
