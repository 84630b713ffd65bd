import { isServerValue, type ServerValue, type ServerValues } from './server-value.ts'

/** A comparison other than equality; data, not a closure, so that a statement can be evaluated again and analysed. */
export interface Comparison<T> {
  readonly compare: 'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte' | 'in'
  readonly value: T | ServerValue | readonly T[]
}

/**
 * A condition on rows: columns that must equal a value or satisfy a comparison, all of them; null means "is null".
 * `$any`: one of several conditions holds as well; `$all`: all of several.
 */
export type Where<Row> = { readonly [Column in keyof Row]?: Row[Column] | Comparison<Row[Column]> } & {
  readonly $any?: readonly Where<Row>[]
  readonly $all?: readonly Where<Row>[]
}

/** A column to order by, and which way. */
export interface Ordering<Column extends string = string> {
  readonly column: Column
  readonly direction: 'asc' | 'desc'
}

/** Row locks from the weakest to the strongest (PostgreSQL documentation, 13.3.2). */
export type RowLockMode = 'key share' | 'share' | 'no key update' | 'update'

/** What a locking query does where a row is locked: waits, fails with 55P03, or leaves the row out. */
export type LockWait = 'block' | 'nowait' | 'skip locked'

/** A locking clause: `{ for: 'update', wait: 'skip locked' }`. */
export interface Locking {
  readonly for?: RowLockMode
  /** Default: `block`. */
  readonly wait?: LockWait
}

/** A query: condition, order, limit and locking clause. Without an order, rows come in the order of their insertion. */
export interface Query<Row> extends Locking {
  readonly where?: Where<Row>
  /** One column or several, the first counts most; `desc('id')` for a descending one. */
  readonly orderBy?: OrderBy<keyof Row & string> | readonly OrderBy<keyof Row & string>[]
  readonly limit?: number
  /** How many rows to leave out first. */
  readonly offset?: number
}

export type OrderBy<Column extends string = string> = Column | Ordering<Column>

/** Makes a comparison with a value, or with one that the server fills in. */
interface Compare {
  (value: number | ServerValue): Comparison<number>
  <T>(value: T): Comparison<T>
}

const comparing =
  (compare: Comparison<unknown>['compare']): Compare =>
  <T>(value: T): Comparison<never> => ({ compare, value: value as never })

/** Equal: for values that the server fills in. */
export const eq = comparing('eq')
/** Not equal; not null if the value is null. */
export const ne = comparing('ne')
/** Less than. */
export const lt = comparing('lt')
/** Less than or equal. */
export const lte = comparing('lte')
/** Greater than. */
export const gt = comparing('gt')
/** Greater than or equal. */
export const gte = comparing('gte')
/** One of several values. */
export const isIn = <T>(values: readonly T[]): Comparison<T> => ({ compare: 'in', value: values })
/** Ascending: nothing comes last. */
export const asc = <const Column extends string>(column: Column): Ordering<Column> => ({
  column,
  direction: 'asc',
})
/** Descending: nothing comes first, as in PostgreSQL. */
export const desc = <const Column extends string>(column: Column): Ordering<Column> => ({
  column,
  direction: 'desc',
})

type AnyWhere = Readonly<Record<string, unknown>>

function isComparison(condition: unknown): condition is Comparison<unknown> {
  return typeof condition === 'object' && condition !== null && 'compare' in condition
}

/** Whether a condition asks for one of several values. */
export function isMembership(condition: unknown): condition is { readonly value: readonly unknown[] } {
  return isComparison(condition) && condition.compare === 'in'
}

function satisfies(value: unknown, condition: unknown): boolean {
  if (!isComparison(condition)) return value === condition
  const { compare } = condition
  if (compare === 'in') return (condition.value as readonly unknown[]).includes(value)
  if (compare === 'ne' && condition.value === null) return value !== null
  if (compare === 'eq' && condition.value === null) return value === null
  // As in SQL, nothing is neither less nor more than anything, and neither equal nor unequal.
  if (value === null || value === undefined || condition.value === null) return false
  const left = value as number
  const right = condition.value as number
  switch (compare) {
    case 'eq':
      return left === right
    case 'ne':
      return left !== right
    case 'lt':
      return left < right
    case 'lte':
      return left <= right
    case 'gt':
      return left > right
    case 'gte':
      return left >= right
  }
}

/** Whether a row meets a condition. */
export function matches(row: AnyWhere, where: AnyWhere): boolean {
  for (const column in where) {
    const condition = where[column]
    if (condition === undefined) continue
    if (column === '$any') {
      if (!(condition as readonly AnyWhere[]).some((each) => matches(row, each))) return false
    } else if (column === '$all') {
      if (!(condition as readonly AnyWhere[]).every((each) => matches(row, each))) return false
    } else if (!satisfies(row[column], condition)) return false
  }
  return true
}

/** The first column that a condition, or a part of it, speaks of and that is not among the names. */
export function unknownColumn(where: AnyWhere, names: readonly string[]): string | undefined {
  for (const column in where) {
    if (names.includes(column)) continue
    if (column !== '$any' && column !== '$all') return column
    for (const part of (where[column] ?? []) as readonly AnyWhere[]) {
      const unknown = unknownColumn(part, names)
      if (unknown !== undefined) return unknown
    }
  }
  return undefined
}

/** A condition with every server value filled in: the same object when there is none. */
export function resolved(where: AnyWhere, server: ServerValues): AnyWhere {
  let known: Record<string, unknown> | undefined
  for (const column in where) {
    const condition = where[column]
    if (typeof condition !== 'object' || condition === null) continue
    const now = resolvedCondition(condition, server)
    if (now === condition) continue
    known ??= { ...where }
    known[column] = now
  }
  return known ?? where
}

function resolvedCondition(condition: object, server: ServerValues): object {
  if (Array.isArray(condition)) {
    const parts = condition.map((part: AnyWhere) => resolved(part, server))
    return parts.every((part, index) => part === condition[index]) ? condition : parts
  }
  if (!isComparison(condition) || !isServerValue(condition.value)) return condition
  return { compare: condition.compare, value: server.fill(condition.value) }
}

const NO_ORDER: readonly Ordering[] = []

/** What a query orders by, as a list. */
export function orderings(orderBy: Query<Record<string, unknown>>['orderBy']): readonly Ordering[] {
  if (orderBy === undefined) return NO_ORDER
  return Array.isArray(orderBy) ? orderBy.map(orderingOf) : [orderingOf(orderBy as OrderBy)]
}

const orderingOf = (by: OrderBy): Ordering => (typeof by === 'string' ? { column: by, direction: 'asc' } : by)

/** Compares two rows by several columns; nothing counts as more than anything, as in PostgreSQL. */
export function compareRows(left: AnyWhere, right: AnyWhere, by: readonly Ordering[]): number {
  for (const { column, direction } of by) {
    const order = compareValues(left[column], right[column])
    if (order !== 0) return direction === 'asc' ? order : -order
  }
  return 0
}

function compareValues(left: unknown, right: unknown): number {
  if (left === right) return 0
  if (left === null) return 1
  if (right === null) return -1
  if ((left as number) < (right as number)) return -1
  return (left as number) > (right as number) ? 1 : 0
}
