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

function made({ table, key }: Entry, before: Row, recipe: Recipe, transaction: Transaction): Row {
  const after =
    typeof recipe === 'function'
      ? immer.produce(before, recipe as (draft: Row) => void)
      : // Not a spread: in Node 20 every spread copy that is frozen later gets a hidden class of its own.
        (Object.assign({}, before, transaction.filledIn(recipe)) as Row)
  const { key: column, name } = table.schema
  if (after[column] === key) return after
  const message = `an update of ${name} changes ${column}, its key, of ${String(key)}: delete the row and insert another`
  throw new SimError('definition', message)
}
