import { isIn, lte } from '../database/predicate.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import { type DurationText, positiveMicros } from '../kernel/time.ts'
import type { Inbox } from '../service/component.ts'
import type { Context } from '../service/context.ts'
import type { Envelope } from '../service/envelope.ts'
import { checkOptionNames, expectFunction, expectOneOf } from '../service/option.ts'
import { table } from '../service/schema.ts'
import type { TransactionScope } from '../service/transaction.ts'
import { leaseInbox } from './inbox-lease.ts'
import { addPrelude, INBOX_COLUMNS, inboxRow } from './inbox-row.ts'

/**
 * When the inbox row is written: `same-transaction` (I1) is right, and so are `pessimistic` (I1p), where
 * a second delivery waits before its handler runs, and `lease` (I4); `window` (I5) forgets after seven days; `before` (I2)
 * loses an event in a crash between claim and effect, `after` (I3) repeats the effect in a crash between effect and mark,
 * `in-memory` (I8) forgets in a crash and knows nothing of other instances, `none` (I9) recognises nothing.
 */
export type InboxMode =
  | 'same-transaction'
  | 'pessimistic'
  | 'lease'
  | 'window'
  | 'before'
  | 'after'
  | 'in-memory'
  | 'none'

/** The modes, the right ones first. */
export const INBOX_MODES = [
  'same-transaction',
  'pessimistic',
  'lease',
  'window',
  'before',
  'after',
  'in-memory',
  'none',
] as const satisfies readonly InboxMode[]

const tables = { inbox: table(INBOX_COLUMNS, { key: 'eventId' }) }

/** Recognises redelivered events by their id. @throws SimError 'definition' when there is no such mode */
export function inbox(mode: InboxMode = 'same-transaction'): Inbox {
  expectOneOf('inbox', mode, INBOX_MODES)
  switch (mode) {
    case 'none':
      return { tables: {}, lookUp: false }
    case 'same-transaction':
      return sameTransaction(({ eventId }) => eventId)
    case 'pessimistic':
      return { tables, lookUp: true, receive: insertFirst }
    case 'lease':
      return leaseInbox()
    case 'window':
      return windowInbox({ keeps: '7d' })
    case 'before':
      return {
        tables,
        lookUp: true,
        receive: (context, event, handle) => mark(context, event).then(handle),
      }
    case 'after':
      return {
        tables,
        lookUp: true,
        receive: (context, event, handle) => handle().then(() => mark(context, event)),
      }
    case 'in-memory':
      return inMemory()
  }
}

/**
 * I7: recognises events by a key of the business (order and step) instead of their id, so that a fact told twice under two
 * ids counts once; a repeated operation that is meant (a second refund of the same amount) is taken for a duplicate unless
 * the key tells it apart.
 */
export function naturalKeyInbox(keyOf: (event: Envelope) => string): Inbox {
  expectFunction('inbox with natural keys: its key', keyOf)
  return sameTransaction(keyOf)
}

/** I5: forgets rows after a while: what comes again later is handled again (Z40). */
export function windowInbox(options: { readonly keeps: DurationText }): Inbox {
  checkOptionNames('inbox with a window', options, { keeps: 'any' })
  const { keeps } = options
  const keepsMillis = positiveMicros(keeps, 'the window of an inbox') / 1_000
  return {
    tables,
    lookUp: false,
    receive: async (context, event, handle) => {
      const oldest = context.now() - keepsMillis
      const row = await context.table('inbox').get(event.eventId)
      if (row !== undefined && (row.handledAt as number) > oldest) return
      if (row !== undefined) {
        const where = { eventId: isIn([event.eventId]), handledAt: lte(oldest) }
        const inboxTable = context.runtime.database.table('inbox')
        addPrelude(context, { kind: 'delete', table: inboxTable, query: { where } })
      }
      addPrelude(context, insertion(context, event, event.eventId))
      await handle()
    },
  }
}

/** I1: the row is part of the first transaction of the handler. */
function sameTransaction(keyOf: (event: Envelope) => string): Inbox {
  return {
    tables,
    lookUp: true,
    keyOf,
    prelude: (context, event) => insertion(context, event, keyOf(event)),
  }
}

const insertion = (context: Context, event: Envelope, eventId: string) => ({
  kind: 'insert' as const,
  table: context.runtime.database.table('inbox'),
  row: inboxRow(context, event, eventId),
})

/** I1p: one transaction around the handler, which inserts the row first and waits for whoever has inserted it. */
async function insertFirst(context: Context, event: Envelope, handle: () => Promise<void>): Promise<void> {
  const { ambient } = context
  const insert = async (tx: TransactionScope): Promise<void> => {
    await tx.table('inbox').insert(inboxRow(context, event))
    context.ambient = tx
    await handle()
  }
  try {
    await (ambient === undefined ? context.transaction(insert) : insert(ambient))
  } finally {
    context.ambient = ambient
  }
}

/** I8: what one life of one process remembers. */
function inMemory(): Inbox {
  const memories = new WeakMap<Incarnation, Set<string>>()
  return {
    tables: {},
    lookUp: false,
    receive: async ({ task: { incarnation } }, { eventId }, handle) => {
      const memory = memories.get(incarnation) ?? new Set<string>()
      memories.set(incarnation, memory)
      if (memory.has(eventId)) return
      await handle()
      memory.add(eventId)
    },
  }
}

async function mark(context: Context, event: Envelope): Promise<void> {
  await context.transaction((tx: TransactionScope) => tx.table('inbox').insert(inboxRow(context, event)))
}
