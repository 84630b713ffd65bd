import { DatabaseError } from '../database/error.ts'
import { ReplicationStream } from '../database/replication-stream.ts'
import type { Row } from '../database/table.ts'
import type { Lsn, WalTransaction } from '../database/wal.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import type { Context } from '../service/context.ts'
import { checkOptionNames, type OptionTable } from '../service/option.ts'
import { byName, flag, integer, named, table, text } from '../service/schema.ts'
import { type RowOrder, stayingStates, unsentOf } from './poison.ts'
import {
  complain,
  LONE_RELAY_OPTIONS,
  type Relay,
  type RelayKnobs,
  type RelayOptions,
  relayKnobs,
} from './relay.ts'

/** Options of change data capture. */
export interface CdcRelayOptions extends Omit<RelayOptions, 'relays'> {
  /**
   * When the position in the log is confirmed: after the broker's acknowledgement is right; before it, what was being sent
   * when the relay died is never read again; after the first event of several that have one position, the others are not
   * (Z30).
   */
  readonly confirm?: (typeof CONFIRMATIONS)[number]
  /** What to do when the slot is gone. Default: `snapshot`. */
  readonly missingSlot?: MissingSlot
}

/** When a position may be confirmed, the right one first. */
const CONFIRMATIONS = ['after-ack', 'before-send', 'after-first'] as const

/** What a relay does whose replication slot is gone, the right one first. */
export const MISSING_SLOTS = ['snapshot', 'recreate', 'fail'] as const

/**
 * `snapshot`: makes a new slot, and sends all rows of the outbox again before it goes on: by id, which is not the order of
 * their commits, as nothing in a table tells that. Who needs the order of a key must have its writers wait for one another,
 * or go by a version in the event. A real connector does so too: Debezium's initial snapshot scans the table, in an order
 * that only its `snapshot.select.statement.overrides` can say, and an incremental one goes by primary key in chunks (Debezium,
 * PostgreSQL connector, "How Debezium PostgreSQL connectors perform database snapshots"). `recreate`: makes a new slot and
 * goes on, so that nobody hears of what was committed in between (Z29). `fail`: tries the old one for ever.
 */
export type MissingSlot = (typeof MISSING_SLOTS)[number]

const SLOT = 'outbox'
/** A new row does not know yet when it will be committed. */
const WRITTEN = { status: 'WRITTEN', lsn: 0 } as const

/**
 * A parked row has behind it what was committed later, though its id may be lower; what a snapshot holds goes by ids, and comes
 * behind all of its key that waits already and before all that is read from the log then.
 */
const BY_COMMIT: RowOrder = {
  columns: ['lsn', 'id'],
  isBehind: (row, aside) =>
    row.lsn === 0 || row.lsn === aside.lsn
      ? (row.id as number) >= (aside.id as number)
      : (row.lsn as number) > (aside.lsn as number),
  placeOf: ({ lsn }, before) => ({ lsn: lsn === 0 ? 1 + Number(before.at(-1)?.lsn ?? -1) : lsn }),
}

/** What one life of a relay reads: its stream, and what it has read and not sent yet. */
interface Reading {
  readonly stream: ReplicationStream
  unsent: readonly Row[]
  lsn: Lsn
  /** What was read last was as much as is read at a time: there may be more. */
  hasMore: boolean
  /** What is unsent is a snapshot, which counts as sent when all of it is. */
  isSnapshot: boolean
  /** All that was read is sent, and not yet what an operator has sent again. */
  isAtDue: boolean
}

/** Whether the outbox was sent as a whole since its slot was made: what a crash in between must not hide. */
const SNAPSHOTS = named('snapshots', table({ slot: text, isDone: flag }, { key: 'slot' }))

const OPTIONS: OptionTable<CdcRelayOptions> = {
  ...LONE_RELAY_OPTIONS,
  confirm: CONFIRMATIONS,
  missingSlot: MISSING_SLOTS,
}

/**
 * O6: change data capture. Tails the log through a replication slot and sends the rows that transactions inserted, in the
 * order of their commits; the position is saved when the broker has acknowledged them, so that a restart sends some again
 * (Debezium's outbox event router). Rows stay.
 */
export function cdcRelay(options: CdcRelayOptions = {}): Relay {
  checkOptionNames('outbox relay', options, OPTIONS)
  const { confirm = 'after-ack', missingSlot = 'snapshot' } = options
  const { batch, redrive, ...knobs } = relayKnobs(options, { order: BY_COMMIT })
  const readings = new WeakMap<Incarnation, Reading>()
  return {
    slot: SLOT,
    columns: { status: stayingStates(), lsn: integer },
    indexes: ['status'],
    tables: byName(SNAPSHOTS),
    initially: { [SNAPSHOTS.name]: [{ slot: SLOT, isDone: true }] },
    relays: 1,
    redrive,
    input: {},
    inputStays: true,
    fresh: () => WRITTEN,
    poll: (context) =>
      relay(context, readings, batch, knobs, { confirm, missingSlot }).catch((error: unknown) => {
        // Another connection begins where the last one has confirmed.
        if (error instanceof DatabaseError) readings.delete(context.process.incarnation)
        throw error
      }),
  }
}

async function relay(
  context: Context,
  readings: WeakMap<Incarnation, Reading>,
  batch: number,
  { send, sendAfterDue }: Pick<RelayKnobs, 'send' | 'sendAfterDue'>,
  { confirm, missingSlot }: Required<Pick<CdcRelayOptions, 'confirm' | 'missingSlot'>>,
): Promise<boolean> {
  const { task } = context
  const reading = await begin(context, readings, missingSlot)
  const { stream } = reading
  if (reading.unsent.length === 0 && !reading.isSnapshot && !reading.isAtDue) {
    const transactions = await stream.next(task, batch)
    reading.unsent = insertedBy(transactions)
    reading.lsn = transactions.at(-1)?.lsn ?? reading.lsn
    reading.hasMore = transactions.length === batch
    if (confirm === 'before-send') await stream.confirm(task, reading.lsn)
  }
  if (confirm === 'after-first' && reading.unsent.length > 1) {
    complain(await send(context, reading.unsent.slice(0, 1)))
    await stream.confirm(task, reading.lsn)
    reading.unsent = reading.unsent.slice(1)
  }
  const sent = await send(context, reading.unsent)
  reading.unsent = unsentOf(reading.unsent, sent)
  complain(sent)
  if (reading.unsent.length > 0) return true
  // Only now: what is read from the log once more is what was written, and not what was mended since.
  reading.isAtDue = true
  const again = await sendAfterDue(context, [])
  complain(again)
  if (again.held.length > 0) return true
  reading.isAtDue = false
  // Not before: nothing but the log tells another life that there is something due.
  if (reading.isSnapshot) await context.table(SNAPSHOTS).update({ slot: SLOT }, { isDone: true })
  reading.isSnapshot = false
  if (confirm !== 'before-send') await stream.confirm(task, reading.lsn)
  return reading.hasMore
}

/** The stream of this life of the relay, begun where the last one has confirmed. */
async function begin(
  context: Context,
  readings: WeakMap<Incarnation, Reading>,
  missingSlot: MissingSlot,
): Promise<Reading> {
  const { process, runtime } = context
  const known = readings.get(process.incarnation)
  if (known !== undefined) return known
  const stream = new ReplicationStream(runtime.database, process, SLOT)
  const isSnapshot = await start(context, stream, missingSlot)
  const unsent = isSnapshot
    ? await context.table('outbox').select({ where: { status: 'WRITTEN' }, orderBy: 'id' })
    : []
  const reading: Reading = { stream, unsent, lsn: 0, hasMore: false, isSnapshot, isAtDue: false }
  readings.set(process.incarnation, reading)
  return reading
}

/** Begins to read. @returns whether the outbox must be sent as a whole before whatever is read */
async function start(
  context: Context,
  stream: ReplicationStream,
  missingSlot: MissingSlot,
): Promise<boolean> {
  const { task } = context
  const snapshots = context.table(SNAPSHOTS)
  try {
    await stream.start(task)
    return (await snapshots.get(SLOT))?.isDone === false
  } catch (error) {
    if (!(error instanceof DatabaseError && error.sqlState === '42704') || missingSlot === 'fail') throw error
  }
  // Before there is a slot: who finds one must know that what was committed before it may be unsent.
  if (missingSlot === 'snapshot') await snapshots.update({ slot: SLOT }, { isDone: false })
  await stream.create(task)
  await stream.start(task)
  return missingSlot === 'snapshot'
}

/** The outbox rows that transactions inserted, with the place of their commit. */
function insertedBy(transactions: readonly WalTransaction[]): readonly Row[] {
  return transactions.flatMap(({ lsn, changes }) =>
    changes.flatMap(({ table, before, after }) =>
      table === 'outbox' && before === undefined && after !== undefined ? [{ ...after, lsn }] : [],
    ),
  )
}
