import { DatabaseError } from '../database/error.ts'
import type { Inbox } from '../service/component.ts'
import type { Context } from '../service/context.ts'
import type { Envelope } from '../service/envelope.ts'
import { integer, table, text } from '../service/schema.ts'

/**
 * When the inbox row is written (PATTERNS.md §1.2): `same-transaction` (I1) is right; `before` (I2) loses an event in a
 * crash between claim and effect, `after` (I3) repeats the effect in a crash between effect and mark, `none` (I9)
 * recognises nothing.
 */
export type InboxMode = 'same-transaction' | 'before' | 'after' | 'none'

/** The modes, the right one first. */
export const INBOX_MODES = ['same-transaction', 'before', 'after', 'none'] as const satisfies readonly InboxMode[]

const inboxTable = table({ eventId: text, eventType: text, correlationId: text, handledAt: integer }, { key: 'eventId' })

/** Recognises redelivered events by their id. */
export function inbox(mode: InboxMode): Inbox {
  if (mode === 'none') return { tables: {}, receive: (_context, _event, handle) => handle().then(() => true) }
  const receive = { 'same-transaction': sameTransaction, before: claimFirst, after: markAfterwards }[mode]
  return { tables: { inbox: inboxTable }, receive }
}

function inboxRow(context: Context, event: Envelope): Readonly<Record<string, unknown>> {
  const { eventId, eventType, correlationId } = event
  return { eventId, eventType, correlationId, handledAt: context.now() }
}

async function known(context: Context, event: Envelope): Promise<boolean> {
  return (await context.get('inbox', event.eventId)) !== undefined
}

/** A second delivery that was handled at the same time made its row first. */
function lostTheRace(error: unknown): boolean {
  return error instanceof DatabaseError && error.sqlState === '23505' && error.table === 'inbox'
}

async function sameTransaction(context: Context, event: Envelope, handle: () => Promise<void>): Promise<boolean> {
  if (await known(context, event)) return false
  const inboxTableOfService = context.runtime.database.table('inbox')
  context.prelude = [{ kind: 'insert', table: inboxTableOfService, row: inboxRow(context, event) }]
  try {
    await handle()
    if (context.prelude.length > 0) await context.transaction(async () => {})
    return true
  } catch (error) {
    if (lostTheRace(error)) return false
    throw error
  }
}

async function claimFirst(context: Context, event: Envelope, handle: () => Promise<void>): Promise<boolean> {
  if (await known(context, event)) return false
  try {
    await mark(context, event)
  } catch (error) {
    if (lostTheRace(error)) return false
    throw error
  }
  await handle()
  return true
}

async function markAfterwards(context: Context, event: Envelope, handle: () => Promise<void>): Promise<boolean> {
  if (await known(context, event)) return false
  await handle()
  await mark(context, event)
  return true
}

function mark(context: Context, event: Envelope): Promise<unknown> {
  return context.transaction(async (tx: { table(name: string): { insert(row: unknown): Promise<unknown> } }) => {
    await tx.table('inbox').insert(inboxRow(context, event))
  })
}
