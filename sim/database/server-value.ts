import { SimError } from '../kernel/error.ts'
import { hasObjects } from '../kernel/value.ts'

/**
 * A value that only the server knows, filled in when it evaluates the statement: `now` is the moment at which the
 * transaction began by the database's clock, `clock` the moment of the statement, both in milliseconds since 1970;
 * `xid` the id of the transaction, given to it then if it has none; `horizon` the lowest id of a transaction that is
 * still open (`pg_snapshot_xmin(pg_current_snapshot())`): whatever has a lower one is committed or gone.
 */
export interface ServerValue {
  readonly server: 'now' | 'clock' | 'xid' | 'horizon'
  /** Added to it. */
  readonly plus: number
}

/** When the transaction began, by the database's clock. @param plusMillis added to it, negative for the past */
export const databaseNow = (plusMillis = 0): ServerValue => ({ server: 'now', plus: plusMillis })
/** When the statement is evaluated, by the database's clock. @param plusMillis added to it, negative for the past */
export const databaseClock = (plusMillis = 0): ServerValue => ({ server: 'clock', plus: plusMillis })
/** The id of the transaction (`pg_current_xact_id()`). */
export const transactionId = (): ServerValue => ({ server: 'xid', plus: 0 })
/** The lowest id of a transaction that is still open (`pg_snapshot_xmin`). */
export const horizon = (): ServerValue => ({ server: 'horizon', plus: 0 })

/** A column's value in an insert or update: its own, or one that the server fills in where the column is a number. */
export type Assignable<Value> = Value | (number extends Value ? ServerValue : never)

/** Columns with the values to assign to them. */
export type Values<Row> = { readonly [Column in keyof Row]: Assignable<Row[Column]> }

/** Whether the server must fill in a value. */
export function isServerValue(value: unknown): value is ServerValue {
  return typeof value === 'object' && value !== null && 'server' in value && 'plus' in value
}

/** Fills in what a statement leaves to the server. */
export interface ServerValues {
  /** @throws SimError 'definition' for one that the server does not know */
  fill(value: ServerValue): number
}

/** Columns with every server value filled in: the same object when there is none. */
export function filledIn<Row extends Readonly<Record<string, unknown>>>(
  values: Row,
  server: ServerValues,
): Row {
  if (!hasObjects(values)) return values
  let filled: Record<string, unknown> | undefined
  for (const column of Object.keys(values)) {
    const value = values[column]
    if (!isServerValue(value)) continue
    if (!Number.isSafeInteger(value.plus))
      throw new SimError('definition', `column ${column}: ${value.plus} is added to a value of the server`)
    // Not a spread: in Node 20 every spread copy that is frozen later gets a hidden class of its own.
    filled ??= Object.assign({}, values) as Record<string, unknown>
    filled[column] = server.fill(value)
  }
  return (filled as Row | undefined) ?? values
}
