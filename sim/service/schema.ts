import type { Readable } from '../kernel/ledger.ts'
import { operationNumber } from '../kernel/step.ts'

/** A column of a table or a field of an event, with the type of its values. */
export interface Column<Value> {
  readonly type: 'text' | 'integer' | 'money' | 'flag' | 'list' | 'oneOf' | 'plain'
  readonly values?: readonly string[]
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
/** A value that may be missing. */
export const optional = <Value>(column: Column<Value>): Column<Value | null> => column as Column<Value | null>
/** Any plain data of a given type. */
export const plain = <Value>(): Column<Value> => ({ type: 'plain' })

/** Named columns. */
export type Columns = Readonly<Record<string, Column<unknown>>>

/** The row that columns describe. */
export type RowOf<Fields extends Columns> = {
  readonly [Name in keyof Fields]: Fields[Name] extends Column<infer Value> ? Value : never
}

/** A table as a system declares it. */
export interface TableSpec<Row = Record<string, unknown>> extends Readable<Row> {
  readonly columns: Columns
  readonly key: string
  readonly indexes: readonly string[]
  readonly sequence: boolean
}

/** Options of a table. */
export interface TableOptions<Fields extends Columns> {
  /** The primary key. */
  readonly key: keyof Fields & string
  /** Columns that queries compare for equality often. */
  readonly indexes?: readonly (keyof Fields & string)[]
  /** The key is allocated by the database at insert. */
  readonly sequence?: boolean
}

/** Declares a table: `table({ orderId: text, amount: money }, { key: 'orderId' })`. It gets its name from the service. */
export function table<const Fields extends Columns>(
  columns: Fields,
  options: TableOptions<Fields>,
): TableSpec<RowOf<Fields>> {
  return {
    name: '',
    columns,
    key: options.key,
    indexes: options.indexes ?? [],
    sequence: options.sequence === true,
  }
}

/** An event type: what is published, where, and which field is its key. */
export interface EventType<Data> {
  readonly name: string
  readonly topic: TopicSpec
  /** Carries the type of the data; never set. */
  readonly data?: Data
}

/** A topic as a system declares it. */
export interface TopicSpec {
  readonly name: string
  readonly partitions: number
  /** The field of every event of this topic that is the record's key. */
  readonly key: string
  /** Declares an event type of this topic. */
  event<const Fields extends Columns>(name: string, fields: Fields): EventType<RowOf<Fields>>
}

/** Declares a topic: `topic('order-events', { partitions: 6, key: 'orderId' })`. */
export function topic(
  name: string,
  options: { readonly partitions: number; readonly key: string },
): TopicSpec {
  const spec: TopicSpec = { name, ...options, event: (eventName) => ({ name: eventName, topic: spec }) }
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
