import { blockers } from './row-lock.ts'
import type { Transaction } from './transaction.ts'

/** Whether a transaction waits, by way of others, for itself. */
export function isCircle(start: Transaction): boolean {
  const seen = new Set<Transaction>()
  const open = dependencies(start)
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === start) return true
    if (seen.has(next)) continue
    seen.add(next)
    open.push(...dependencies(next))
  }
  return false
}

/** The transactions that must end, or stop waiting, before the statement of this one goes on. */
function dependencies({ waitsFor, database }: Transaction): Transaction[] {
  switch (waitsFor?.kind) {
    case undefined:
      return []
    case 'row':
      return blockers(waitsFor.entry, waitsFor.request)
    case 'transaction':
      return [waitsFor.transaction]
    case 'advisory':
      return database.advisory.blockers(waitsFor.request, (connection) => database.openOn(connection))
  }
}
