import { gt, isIn } from '../database/predicate.ts'
import type { Row } from '../database/table.ts'
import { type DurationText, positiveMicros } from '../kernel/time.ts'
import type { Context } from '../service/context.ts'
import { checkOptionNames, expectOneOf, type OptionTable } from '../service/option.ts'
import { byName, integer, named, table, text } from '../service/schema.ts'
import type { TransactionScope } from '../service/transaction.ts'
import { type Relayed, stayingStates, unsentOf } from './poison.ts'
import { complain, idsOf, LONE_RELAY_OPTIONS, type Relay, type RelayOptions, relayKnobs } from './relay.ts'

/**
 * What a cursor does about ids that are missing below the highest one it sees, because they are allocated at insert and
 * become visible at commit: `ignored` loses what commits late (Z01); a time-out looks for them that long, and loses only
 * what takes longer (Axon's gap-aware token, Marten's stale sequence threshold). There are none to speak of where
 * transactions that publish are `serialised` by a lock from their first id to their commit.
 */
export type Gaps = 'ignored' | 'serialised' | { readonly timeOut: DurationText }

/** Options of a relay with a cursor over ids. */
export interface CursorRelayOptions extends Omit<RelayOptions, 'relays'> {
  readonly gaps?: Gaps
}

const CURSOR = named('outboxCursor', table({ name: text, position: integer }, { key: 'name' }))
const GAPS = named('outboxGaps', table({ id: integer, seenAt: integer }, { key: 'id' }))

const OPTIONS: OptionTable<CursorRelayOptions> = { ...LONE_RELAY_OPTIONS, gaps: 'any' }

/** O3, O3a and O3c: sends rows with an id above the last one it sent, and rows whose ids were missing. Rows stay. */
export function cursorRelay(options: CursorRelayOptions = {}): Relay {
  checkOptionNames('outbox relay', options, OPTIONS)
  const { gaps = { timeOut: '10s' } } = options
  if (typeof gaps === 'string') expectOneOf('outbox relay: gaps', gaps, ['ignored', 'serialised'])
  else checkOptionNames('outbox relay: gaps', gaps, { timeOut: 'any' })
  const { batch, sendAfterDue, redrive } = relayKnobs(options)
  const patienceMillis =
    typeof gaps === 'string'
      ? undefined
      : positiveMicros(gaps.timeOut, 'the time-out of gaps of an outbox') / 1_000
  return {
    columns: { status: stayingStates() },
    indexes: ['status'],
    tables: byName(CURSOR, GAPS),
    initially: { [CURSOR.name]: [{ name: 'relay', position: 0 }] },
    relays: 1,
    redrive,
    input: {},
    inputStays: true,
    fresh: () => ({ status: 'WRITTEN' }),
    ...(gaps === 'serialised' && {
      beforeInsert: (transaction: TransactionScope) => transaction.lock('outbox'),
    }),
    poll: async (context) => {
      const missing = patienceMillis === undefined ? [] : await openGaps(context, patienceMillis)
      const late = await lateRows(context, missing)
      const position = (await context.table(CURSOR).get('relay'))?.position ?? 0
      const fresh = await context
        .table('outbox')
        .select({ where: { id: gt(position) }, orderBy: 'id', limit: batch })
      const sent = await sendAfterDue(context, [...late, ...fresh])
      await advance(context, position, late, fresh, sent, patienceMillis !== undefined)
      complain(sent)
      if (fresh.length === batch || sent.held.length > 0) return true
      return patienceMillis !== undefined && (await context.table(GAPS).select({ limit: 1 })).length > 0
    },
  }
}

/** The ids that are missing still; those that have been for too long are given up. */
async function openGaps(context: Context, patienceMillis: number): Promise<readonly number[]> {
  const gaps = await context.table(GAPS).select()
  const oldest = context.now() - patienceMillis
  const given = gaps.filter(({ seenAt }) => seenAt < oldest)
  if (given.length > 0) await context.table(GAPS).delete({ id: isIn(idsOf(given)) })
  return idsOf(gaps.filter((gap) => !given.includes(gap)))
}

async function lateRows(context: Context, missing: readonly number[]): Promise<readonly Row[]> {
  return missing.length === 0
    ? []
    : context.table('outbox').select({ where: { id: isIn(missing) }, orderBy: 'id' })
}

/** Moves the cursor up to the first row that is to be sent still, and writes down the ids between them. */
async function advance(
  context: Context,
  position: number,
  late: readonly Row[],
  fresh: readonly Row[],
  sent: Relayed,
  keepsGaps: boolean,
): Promise<void> {
  const unsent = new Set(unsentOf([...late, ...fresh], sent))
  const stop = fresh.findIndex((row) => unsent.has(row))
  const passed = idsOf(stop === -1 ? fresh : fresh.slice(0, stop))
  const filled = idsOf(late.filter((row) => !unsent.has(row)))
  const last = passed.at(-1)
  if (last === undefined && filled.length === 0) return
  await context.transaction(async (tx: TransactionScope) => {
    if (filled.length > 0) await tx.table(GAPS).delete({ id: isIn(filled) })
    if (last === undefined) return
    await tx.table(CURSOR).update({ name: 'relay' }, { position: last })
    const present = new Set(passed)
    for (let id = position + 1; keepsGaps && id < last; id++)
      if (!present.has(id)) await tx.table(GAPS).insert({ id, seenAt: context.now() })
  })
}
