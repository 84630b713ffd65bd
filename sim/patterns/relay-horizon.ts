import { gt, lt } from '../database/predicate.ts'
import { horizon, transactionId } from '../database/server-value.ts'
import type { Row } from '../database/table.ts'
import type { Context } from '../service/context.ts'
import { checkOptionNames, type OptionTable } from '../service/option.ts'
import { byName, integer, named, table, text } from '../service/schema.ts'
import { type Relayed, type RowOrder, stayingStates, unsentOf } from './poison.ts'
import { complain, LONE_RELAY_OPTIONS, type Relay, type RelayOptions, relayKnobs } from './relay.ts'

/**
 * Up to which transaction rows are sent: the lowest id of a transaction that is still open, so that nothing can become
 * visible behind the cursor, is right; without it what commits late is lost (Z01 in another dress).
 */
export type Bound = 'horizon' | 'none'

/** Options of a relay with a cursor over transaction ids. */
export interface HorizonRelayOptions extends Omit<RelayOptions, 'relays'> {
  readonly bound?: Bound
  /**
   * What the cursor remembers of rows that are sorted by transaction: both is right; the `id` alone jumps over what a later
   * transaction had inserted before (Z28).
   */
  readonly cursor?: 'transaction-and-id' | 'id'
}

const START = { name: 'relay', xid: 0, id: 0 }
const CURSOR = named('outboxCursor', table({ name: text, xid: integer, id: integer }, { key: 'name' }))

const OPTIONS: OptionTable<HorizonRelayOptions> = {
  ...LONE_RELAY_OPTIONS,
  bound: ['horizon', 'none'],
  cursor: ['transaction-and-id', 'id'],
}

/** A parked row has behind it what the cursor comes to later, though its id may be lower. */
const BY_TRANSACTION: RowOrder = {
  columns: ['xid', 'id'],
  isBehind: (row, aside) =>
    row.xid === aside.xid
      ? (row.id as number) >= (aside.id as number)
      : (row.xid as number) > (aside.xid as number),
}

/**
 * O3b: a cursor over (transaction id, id) below the horizon (Watermill's PostgreSQL outbox). Nothing is lost; one long
 * transaction anywhere in the database delays everything (Z04), and the order is that in which transactions began.
 */
export function horizonRelay(options: HorizonRelayOptions = {}): Relay {
  checkOptionNames('outbox relay', options, OPTIONS)
  const { bound = 'horizon', cursor: kept = 'transaction-and-id' } = options
  const { batch, sendAfterDue, redrive } = relayKnobs(options, { order: BY_TRANSACTION })
  return {
    columns: { xid: integer, status: stayingStates() },
    indexes: ['status'],
    tables: byName(CURSOR),
    initially: { [CURSOR.name]: [START] },
    relays: 1,
    redrive,
    input: {},
    inputStays: true,
    fresh: () => ({ xid: transactionId(), status: 'WRITTEN' }),
    poll: async (context) => {
      const cursor = (await context.table(CURSOR).get('relay')) ?? START
      const { xid, id } = cursor
      const beyond = kept === 'id' ? { id: gt(id) } : { $any: [{ xid: gt(xid) }, { xid, id: gt(id) }] }
      const where = bound === 'none' ? beyond : { ...beyond, $all: [{ xid: lt(horizon()) }] }
      const rows = await context.table('outbox').select({ where, orderBy: ['xid', 'id'], limit: batch })
      const sent = await sendAfterDue(context, rows)
      await advance(context, rows, sent)
      complain(sent)
      return rows.length === batch || sent.held.length > 0 || (await behind(context, rows.at(-1) ?? cursor))
    },
  }
}

/** Moves the cursor up to the first row that is to be sent still. */
async function advance(context: Context, rows: readonly Row[], sent: Relayed): Promise<void> {
  const [next] = unsentOf(rows, sent)
  const stop = next === undefined ? -1 : rows.indexOf(next)
  const last = stop === -1 ? rows.at(-1) : rows[stop - 1]
  if (last === undefined) return
  await context.table(CURSOR).update({ name: 'relay' }, { xid: last.xid as number, id: last.id as number })
}

/** Whether committed rows wait for the horizon to pass them. */
async function behind(context: Context, { xid, id }: Row): Promise<boolean> {
  const where = { $any: [{ xid: gt(xid) }, { xid, id: gt(id) }] }
  const [row] = await context.table('outbox').select({ where, limit: 1 })
  return row !== undefined
}
