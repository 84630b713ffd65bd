/** A comparison other than equality; data, not a closure, so that a statement can be evaluated again and analysed. */
export interface Comparison<T> {
  readonly compare: 'lt' | 'lte' | 'gt' | 'gte' | 'in'
  readonly value: T | readonly T[]
}

/** A condition on rows: columns that must equal a value or satisfy a comparison, all of them. */
export type Where<Row> = { readonly [Column in keyof Row]?: Row[Column] | Comparison<Row[Column]> }

/** A query: condition, order and limit. Without an order, rows come in the order of their insertion. */
export interface Query<Row> {
  readonly where?: Where<Row>
  readonly orderBy?: keyof Row & string
  readonly limit?: number
}

/** Less than. */
export const lt = <T>(value: T): Comparison<T> => ({ compare: 'lt', value })
/** Less than or equal. */
export const lte = <T>(value: T): Comparison<T> => ({ compare: 'lte', value })
/** Greater than. */
export const gt = <T>(value: T): Comparison<T> => ({ compare: 'gt', value })
/** Greater than or equal. */
export const gte = <T>(value: T): Comparison<T> => ({ compare: 'gte', value })
/** One of several values. */
export const isIn = <T>(values: readonly T[]): Comparison<T> => ({ compare: 'in', value: values })

function isComparison(condition: unknown): condition is Comparison<unknown> {
  return typeof condition === 'object' && condition !== null && 'compare' in condition
}

/** Whether a condition asks for one of several values. */
export function isMembership(condition: unknown): condition is { readonly value: readonly unknown[] } {
  return isComparison(condition) && condition.compare === 'in'
}

function satisfies(value: unknown, condition: unknown): boolean {
  if (!isComparison(condition)) return value === condition
  if (condition.compare === 'in') return (condition.value as readonly unknown[]).includes(value)
  // As in SQL, nothing is neither less nor more than anything.
  if (value === null || value === undefined || condition.value === null) return false
  const left = value as number
  const right = condition.value as number
  switch (condition.compare) {
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
export function matches(
  row: Readonly<Record<string, unknown>>,
  where: Readonly<Record<string, unknown>>,
): boolean {
  for (const column in where) {
    const condition = where[column]
    if (condition !== undefined && !satisfies(row[column], condition)) return false
  }
  return true
}
