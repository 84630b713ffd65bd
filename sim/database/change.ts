import { Immer } from 'immer'
import { SimError } from '../kernel/error.ts'
import { conflicting } from './constraint.ts'
import type { Entry } from './entry.ts'
import type { LockWaiter } from './row-lock.ts'
import type { Recipe } from './statement.ts'
import type { Row } from './table.ts'
import type { Transaction } from './transaction.ts'

/** Freezing is left to sealing, which visits a new version anyway. */
const immer = new Immer({ autoFreeze: false })

/**
 * Writes the version that a recipe makes of a row that is locked.
 * @returns undefined when it must wait for another transaction with the same value in a unique constraint
 * @throws DatabaseError 23505
 */
export function changed(
  entry: Entry,
  before: Row,
  recipe: Recipe,
  transaction: Transaction,
  waiter: LockWaiter,
): Row | undefined {
  const { table } = entry
  const after = made(entry, before, recipe, transaction)
  const { constraints } = table
  for (let at = 0; at < constraints.length; at++) {
    const constraint = constraints[at] as (typeof constraints)[number]
    if (constraint.valueOf(after) === constraint.valueOf(before)) continue
    if (conflicting(table, constraint, after, entry, transaction, waiter) === 'waits') return undefined
  }
  transaction.write(table, entry, after)
  for (let at = 0; at < constraints.length; at++) constraints[at]?.add(entry, after)
  return after
}

/** A draft of a row without objects in it is a copy: there is nothing else that a recipe could change. */
const DRAFT: ProxyHandler<Record<string, unknown>> = {
  set: (copy, column, value) => {
    copy[column as string] = value
    return true
  },
}

/** What a recipe makes of a row, as immer says, for which rows without objects in them are too much trouble. */
function drafted(before: Row, recipe: (draft: Record<string, unknown>) => unknown, isFlat: boolean): Row {
  if (!isFlat) return immer.produce(before, recipe as (draft: Row) => void)
  const after: Record<string, unknown> = Object.assign({}, before)
  const { proxy, revoke } = Proxy.revocable(after, DRAFT)
  let answer: unknown
  try {
    answer = recipe(proxy)
  } finally {
    revoke()
  }
  const isChanged = !isSame(before, after)
  if (answer === undefined || answer === proxy) return isChanged ? after : before
  // It takes the place of the row, unless the draft is changed as well.
  return immer.produce(before, (draft: Row) => {
    if (isChanged) Object.assign(draft, after)
    return answer as Row
  })
}

/** Whether two rows without objects in them are the same. */
function isSame(left: Row, right: Row): boolean {
  const columns = Object.keys(left)
  for (const name of columns) if (!Object.is(left[name], right[name])) return false
  return columns.length === Object.keys(right).length
}

function made({ table, key }: Entry, before: Row, recipe: Recipe, transaction: Transaction): Row {
  const after =
    typeof recipe === 'function'
      ? drafted(before, recipe, table.sealer.isFlat)
      : // Not a spread: in Node 20 every spread copy that is frozen later gets a hidden class of its own.
        (Object.assign({}, before, transaction.filledIn(recipe)) as Row)
  const { key: column, name } = table.schema
  if (after[column] === key) return after
  const message = `an update of ${name} changes ${column}, its key, of ${String(key)}: delete the row and insert another`
  throw new SimError('definition', message)
}
