import { lte } from '../database/predicate.ts'
import { databaseClock } from '../database/server-value.ts'
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

/** Whose clock says whether a lease has ended, the right one first (Z23, Z90). */
export const LEASE_CLOCKS = ['database', 'instance'] as const

/** `database`: one clock for all. `instance`: that of whoever asks, which takes a lease too early if it is ahead. */
export type LeaseClock = (typeof LEASE_CLOCKS)[number]

/**
 * Takes or renews a lease, as ShedLock does: a row of the service's database says who has it until when. Nothing stops an
 * owner that goes on after its lease has ended (Z23).
 * @returns whether the process that asks has it now
 */
export async function holdLease(
  context: Context,
  name: string,
  millis: number,
  clock: LeaseClock,
): Promise<boolean> {
  const { name: process, incarnation } = context.process
  const owner = `${process}#${incarnation.number}`
  const taken = await context.transaction(async (tx: TransactionScope) => {
    const now = (plus: number) =>
      (clock === 'database' ? databaseClock(plus) : context.now() + plus) as number
    const leases = tx.table(LEASES)
    const renewed = await leases.update({ name, owner }, { untilMillis: now(millis) })
    if (renewed > 0) return renewed
    return leases.update({ name, untilMillis: lte(now(0)) }, { owner, untilMillis: now(millis) })
  })
  return (taken as number) > 0
}
