import type { Statement } from '../database/statement.ts'
import type { Context } from '../service/context.ts'
import type { Envelope } from '../service/envelope.ts'
import { integer, type RowOf, text } from '../service/schema.ts'
import type { TransactionScope } from '../service/transaction.ts'

/** What every inbox row says. */
export const INBOX_COLUMNS = {
  eventId: text,
  eventType: text,
  correlationId: text,
  handledAt: integer,
} as const

/** The inbox row of an event. @param eventId by what it is recognised */
export function inboxRow(
  context: Context,
  event: Envelope,
  eventId = event.eventId,
): RowOf<typeof INBOX_COLUMNS> {
  const { eventType, correlationId } = event
  return { eventId, eventType, correlationId, handledAt: context.now() }
}

/** Makes a statement part of the first transaction of the handler. */
export function addPrelude(context: Context, statement: Statement): void {
  context.preludes = [...context.preludes, statement]
}

/** Makes work the last thing that the first transaction of the handler does, after what else must be. */
export function addConclusion(
  context: Context,
  work: (transaction: TransactionScope) => Promise<unknown>,
): void {
  const { conclusion } = context
  context.conclusion = conclusion === undefined ? work : (tx) => conclusion(tx).then(() => work(tx))
}

/** Writes what must be part of a transaction, if the handler made none. */
export async function ensureWritten(context: Context): Promise<void> {
  if (context.preludes.length > 0 || context.conclusion !== undefined)
    await context.transaction(async () => {})
}
