import type { Statement } from '../database/statement.ts'
import type { Row } from '../database/table.ts'
import type { Inbox } from '../service/component.ts'
import type { Context } from '../service/context.ts'
import type { Envelope } from '../service/envelope.ts'
import { integer, table, text } from '../service/schema.ts'
import type { TransactionScope } from '../service/transaction.ts'

/**
 * When the inbox row is written (PATTERNS.md §1.2): `same-transaction` (I1) is right; `before` (I2) loses an event in a
 * crash between claim and effect, `after` (I3) repeats the effect in a crash between effect and mark, `none` (I9)
 * recognises nothing.
 */
export type InboxMode = 'same-transaction' | 'before' | 'after' | 'none'

/** The modes, the right one first. */
export const INBOX_MODES = [
  'same-transaction',
  'before',
  'after',
  'none',
] as const satisfies readonly InboxMode[]

const inboxTable = table(
  { eventId: text, eventType: text, correlationId: text, handledAt: integer },
  { key: 'eventId' },
)

/** Recognises redelivered events by their id. */
export function inbox(mode: InboxMode): Inbox {
  switch (mode) {
    case 'none':
      return { tables: {}, lookUp: false }
    case 'same-transaction':
      return { tables: { inbox: inboxTable }, lookUp: true, prelude: insertRow }
    case 'before':
      return {
        tables: { inbox: inboxTable },
        lookUp: true,
        receive: (context, event, handle) => mark(context, event).then(handle),
      }
    case 'after':
      return {
        tables: { inbox: inboxTable },
        lookUp: true,
        receive: (context, event, handle) => handle().then(() => mark(context, event)),
      }
  }
}

function insertRow(context: Context, event: Envelope): Statement {
  return { kind: 'insert', table: context.runtime.database.table('inbox'), row: inboxRow(context, event) }
}

function inboxRow(context: Context, { eventId, eventType, correlationId }: Envelope): Row {
  return { eventId, eventType, correlationId, handledAt: context.now() }
}

async function mark(context: Context, event: Envelope): Promise<void> {
  await context.transaction((tx: TransactionScope) => tx.table('inbox').insert(inboxRow(context, event)))
}
