import { SimError } from '../kernel/error.ts'
import type { Readable } from '../kernel/ledger.ts'
import { operationNumber } from '../kernel/step.ts'
import type { ColumnType } from '../kernel/value.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { QueueSpec } from './transport.ts'

/** A column of a table or a field of an event, with the type of its values. */
export interface Column<Value> extends Omit<ColumnType, 'name'> {
  /** What becomes of a row in each state, where that is declared. */
  readonly life?: Lifecycle
  /** Carries the type; never set. */
  readonly value?: Value
}

/** Text. */
export const text: Column<string> = { type: 'text' }
/** A whole number. */
export const integer: Column<number> = { type: 'integer' }
/** An amount in the smallest unit of its currency (cents): whole, because money is never a float. */
export const money: Column<number> = { type: 'money' }
/** True or false. */
export const flag: Column<boolean> = { type: 'flag' }
/** One of some words. */
export const oneOf = <const Words extends readonly string[]>(...words: Words): Column<Words[number]> => ({
  type: 'oneOf',
  values: words,
})
/** A value that may be missing: null then. */
export const optional = <Value>(column: Column<Value>): Column<Value | null> => ({
  ...(column as Column<Value | null>),
  optional: true,
})
/** Any plain data of a given type. */
export const plain = <Value>(): Column<Value> => ({ type: 'plain' })

/** Named columns. */
export type Columns = Readonly<Record<string, Column<unknown>>>

/** The row that columns describe. */
export type RowOf<Fields extends Columns> = {
  readonly [Name in keyof Fields]: Fields[Name] extends Column<infer Value> ? Value : never
}

/** What an insert takes: the whole row, but for a key that the database allocates. */
export type NewRow<Row, Allocated extends PropertyKey> = Omit<Row, Allocated> & {
  readonly [Name in keyof Row & Allocated]?: Row[Name]
}

/** A table as a system declares it. */
export interface TableSpec<Row = Record<string, unknown>, New = Row> extends Readable<Row> {
  readonly columns: Columns
  readonly key: string
  readonly indexes: readonly string[]
  readonly unique: readonly (readonly string[])[]
  readonly sequence: boolean
  /** Carries the type of what an insert takes; never set. */
  readonly inserted?: New
}

/** Options of a table. */
export interface TableOptions<
  Fields extends Columns,
  Key extends keyof Fields & string,
  Sequence extends boolean,
> {
  /** The primary key. */
  readonly key: Key
  /** Columns that queries compare for equality often. */
  readonly indexes?: readonly (keyof Fields & string)[]
  /** Unique constraints besides the key, each over one column or several. */
  readonly unique?: readonly (readonly (keyof Fields & string)[])[]
  /** The key is a number that the database allocates at insert, where the row does not have one. */
  readonly sequence?: Sequence
}

/**
 * Declares a table: `table({ orderId: text, amount: money }, { key: 'orderId' })`. It gets its name from the service.
 * @throws SimError 'definition' when its key or an index is no column of it
 */
export function table<
  const Fields extends Columns,
  const Key extends keyof Fields & string,
  const Sequence extends boolean = false,
>(
  columns: Fields,
  options: TableOptions<Fields, Key, Sequence>,
): TableSpec<RowOf<Fields>, Sequence extends true ? NewRow<RowOf<Fields>, Key> : RowOf<Fields>> {
  const constraints = (options.unique ?? []).flat()
  for (const column of [options.key, ...(options.indexes ?? []), ...constraints]) {
    if (Object.hasOwn(columns, column)) continue
    const what = column === options.key ? 'key' : constraints.includes(column) ? 'unique constraint' : 'index'
    const has = Object.keys(columns).join(', ')
    throw new SimError('definition', `a table has no column '${column}', which is its ${what}: it has ${has}`)
  }
  return {
    name: '',
    columns,
    key: options.key,
    indexes: options.indexes ?? [],
    unique: options.unique ?? [],
    sequence: options.sequence === true,
  }
}

/** Tables as a service takes them, by name. */
export type TablesByName = Readonly<Record<string, TableSpec<unknown>>>

/**
 * Declares a table that a component brings along, under a name of its own: contexts and transactions give access to its rows
 * by this specification (`tx.table(CURSOR)`).
 */
export function named<const Name extends string, Row, New>(
  name: Name,
  spec: TableSpec<Row, New>,
): TableSpec<Row, New> & { readonly name: Name } {
  return { ...spec, name }
}

/** Tables of a component, by their names. */
export const byName = (...tables: readonly TableSpec<unknown>[]): TablesByName =>
  Object.fromEntries(tables.map((spec) => [spec.name, spec]))

/** An event type: what is published, where, and which field is its key. */
export interface EventType<Data> {
  readonly name: string
  readonly topic: TopicSpec
  /** What its data must have when it is published. */
  readonly fields: Columns
  /** Carries the type of the data; never set. */
  readonly data?: Data
}

/** A topic as a system declares it. */
export interface TopicSpec<Key extends string = string> {
  readonly name: string
  /** Of its log in Kafka; 0 on a queue, which has none. */
  readonly partitions: number
  /** How its queues behave; undefined on Kafka. */
  readonly queue: QueueSpec | undefined
  /** The field of every event of this topic that is the record's key; on FIFO queues the message group id. */
  readonly key: Key
  /**
   * Declares an event type of this topic.
   * @throws SimError 'definition' when the topic's key is no field of it
   */
  event<const Fields extends Columns & { readonly [Name in Key]: Column<string> }>(
    name: string,
    fields: Fields,
  ): EventType<RowOf<Fields>>
}

/** Options of a topic: of a log in Kafka, or of queues. */
export type TopicOptions<Key extends string> = { readonly key: Key } & (
  | { readonly partitions: number; readonly queue?: never }
  | { readonly queue: QueueSpec; readonly partitions?: never }
)

/**
 * Declares a topic: `topic('order-events', { partitions: 6, key: 'orderId' })` is a log in Kafka,
 * `topic('order-events', { queue: sqs(), key: 'orderId' })` a queue for each service that subscribes to it.
 * @throws SimError 'definition' when it has no name or, in Kafka, no whole number of partitions
 */
export function topic<const Key extends string>(name: string, options: TopicOptions<Key>): TopicSpec<Key> {
  const { key, partitions = 0, queue } = options
  if (!/^[\w.-]+$/.test(name))
    throw new SimError(
      'definition',
      `a topic is called '${name}': expected letters, digits, '.', '_' and '-'`,
    )
  if (queue === undefined && (!Number.isSafeInteger(partitions) || partitions < 1))
    throw new SimError(
      'definition',
      `topic ${name}: partitions: expected a whole number from 1, got ${partitions}`,
    )
  const spec: TopicSpec<Key> = {
    name,
    partitions,
    queue,
    key,
    event: (eventName, fields) => {
      if (Object.hasOwn(fields, key)) return { name: eventName, topic: spec as unknown as TopicSpec, fields }
      const has = Object.keys(fields).join(', ')
      throw new SimError(
        'definition',
        `event ${eventName} has no field ${key}, which is the key of topic ${name}: it has ${has}`,
      )
    },
  }
  return spec
}

/** A request that a service answers. */
export interface Route<Request, Response> {
  readonly service: string
  readonly name: string
  readonly operation: number
  /** Carry the types; never set. */
  readonly request?: Request
  readonly response?: Response
}

/** Declares a route: `route<{ orderId: string }, { status: string }>('order', 'POST /orders')`. */
export function route<Request, Response>(service: string, name: string): Route<Request, Response> {
  return { service, name, operation: operationNumber(name) }
}

/** A kind of timer, and what one carries. */
export interface TimerType<Payload> {
  readonly name: string
  /** Carries the type; never set. */
  readonly payload?: Payload
}

/** Declares a kind of timer: `timer<{ attempt: number }>('PaymentTimeout')`. A timer is known by its kind and a key. */
export function timer<Payload>(name: string): TimerType<Payload> {
  return { name }
}
