import { lte } from '../database/predicate.ts'
import type { Context } from './context.ts'
import { integer, named, table, text } from './schema.ts'
import type { TransactionScope } from './transaction.ts'

/** Who may do something at the moment, by name of what it is. */
export const LEASES = named(
  'leases',
  table({ name: text, owner: text, untilMillis: integer }, { key: 'name' }),
)

/** A lease that nobody has. */
export const freeLease = (name: string) => ({ name, owner: '', untilMillis: 0 })

/**
 * Takes or renews a lease, as ShedLock does: a row of the service's database says who has it until when, by the clock of
 * whoever asks. Nothing stops an owner that goes on after its lease has ended (PATTERNS.md §2 Z23).
 * @returns whether the process that asks has it now
 */
export async function holdLease(context: Context, name: string, millis: number): Promise<boolean> {
  const { name: process, incarnation } = context.process
  const owner = `${process}#${incarnation.number}`
  const taken = await context.transaction(async (tx: TransactionScope) => {
    const now = context.now()
    const leases = tx.table(LEASES)
    const renewed = await leases.update({ name, owner }, { untilMillis: now + millis })
    if (renewed > 0) return renewed
    return leases.update({ name, untilMillis: lte(now) }, { owner, untilMillis: now + millis })
  })
  return (taken as number) > 0
}
