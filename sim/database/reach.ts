import type { Entry } from './entry.ts'
import { DatabaseError } from './error.ts'
import { type LockWait, matches } from './predicate.ts'
import { isFree, type LockWaiter } from './row-lock.ts'
import type { Row } from './table.ts'
import type { Transaction } from './transaction.ts'

/** What becomes of a statement at one row: it has the lock, leaves the row out, or waits. */
export type Reached = 'locked' | 'left out' | 'waits'

/**
 * Takes the lock of a row that a statement found, as it is now: after a wait at READ COMMITTED the statement goes on
 * with the version that was committed meanwhile, if that still meets its condition; above it fails.
 * @param snapshot number of the last commit that the statement sees
 * @throws DatabaseError 40001, 55P03
 */
export function reach(
  entry: Entry,
  mode: number,
  wait: LockWait,
  snapshot: number,
  where: Readonly<Record<string, unknown>>,
  transaction: Transaction,
  waiter: LockWaiter,
): Reached {
  const concurrent = entry.commit > snapshot && entry.writer !== transaction
  if (concurrent && !transaction.readCommitted) throw concurrentChange(entry)
  if (concurrent && (entry.committed === undefined || entry.born > snapshot)) return 'left out'
  if (!isFree(entry, mode, transaction)) {
    if (wait === 'skip locked') return 'left out'
    const { name } = entry.table.schema
    if (wait === 'nowait')
      throw new DatabaseError('55P03', name, `could not obtain lock on row in relation "${name}"`)
    transaction.waitForRow(entry, mode, waiter)
    return 'waits'
  }
  transaction.lock(entry, mode)
  return concurrent && !matches(entry.committed as Row, where) ? 'left out' : 'locked'
}

/** What a transaction above READ COMMITTED fails with that would change a row which was changed since its snapshot. */
export function concurrentChange(entry: Entry): DatabaseError {
  const what = entry.committed === undefined ? 'delete' : 'update'
  const message = `could not serialize access due to concurrent ${what}`
  return new DatabaseError('40001', entry.table.schema.name, message)
}

/** The version that a transaction goes on with once it has the lock. */
export const versionOf = (entry: Entry, transaction: Transaction): Row =>
  (entry.writer === transaction ? entry.pending : entry.committed) as Row
