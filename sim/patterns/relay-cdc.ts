import { DatabaseError } from '../database/error.ts'
import { ReplicationStream } from '../database/replication-stream.ts'
import type { Row } from '../database/table.ts'
import type { Lsn, WalTransaction } from '../database/wal.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import type { Context } from '../service/context.ts'
import { checkOptionNames, type OptionTable } from '../service/option.ts'
import { byName, flag, named, table, text } from '../service/schema.ts'
import type { Dispatched } from './dispatch.ts'
import { complain, LONE_RELAY_OPTIONS, type Relay, type RelayOptions, relayKnobs } from './relay.ts'

/** Options of change data capture. */
export interface CdcRelayOptions extends Omit<RelayOptions, 'relays'> {
  /**
   * When the position in the log is confirmed: after the broker's acknowledgement is right; before it, what was being sent
   * when the relay died is never read again.
   */
  readonly confirm?: 'after-ack' | 'before-send'
  /** What to do when the slot is gone. Default: `snapshot`. */
  readonly missingSlot?: MissingSlot
}

/** What a relay does whose replication slot is gone, the right one first. */
export const MISSING_SLOTS = ['snapshot', 'recreate', 'fail'] as const

/**
 * `snapshot`: makes a new slot, and sends all rows of the outbox again before it goes on. `recreate`: makes a new slot and
 * goes on, so that nobody hears of what was committed in between (Z29). `fail`: tries the old one for ever.
 */
export type MissingSlot = (typeof MISSING_SLOTS)[number]

const SLOT = 'outbox'

/** What one life of a relay reads: its stream, and what it has read and not sent yet. */
interface Reading {
  readonly stream: ReplicationStream
  unsent: readonly Row[]
  lsn: Lsn
  /** What is unsent is a snapshot, which counts as sent when all of it is. */
  isSnapshot: boolean
}

/** Whether the outbox was sent as a whole since its slot was made: what a crash in between must not hide. */
const SNAPSHOTS = named('snapshots', table({ slot: text, isDone: flag }, { key: 'slot' }))

const OPTIONS: OptionTable<CdcRelayOptions> = {
  ...LONE_RELAY_OPTIONS,
  confirm: ['after-ack', 'before-send'],
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
  const { batch, send } = relayKnobs(options)
  const readings = new WeakMap<Incarnation, Reading>()
  return {
    slot: SLOT,
    tables: byName(SNAPSHOTS),
    initially: { [SNAPSHOTS.name]: [{ slot: SLOT, isDone: true }] },
    relays: 1,
    input: {},
    inputStays: true,
    poll: (context) =>
      relay(context, readings, batch, send, { confirm, missingSlot }).catch((error: unknown) => {
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
  send: (context: Context, rows: readonly Row[]) => Promise<Dispatched>,
  { confirm, missingSlot }: Required<Pick<CdcRelayOptions, 'confirm' | 'missingSlot'>>,
): Promise<boolean> {
  const { task } = context
  const reading = await begin(context, readings, missingSlot)
  const { stream } = reading
  if (reading.unsent.length === 0 && !reading.isSnapshot) {
    const transactions = await stream.next(task, batch)
    reading.unsent = insertedBy(transactions)
    reading.lsn = transactions.at(-1)?.lsn ?? reading.lsn
    if (confirm === 'before-send') await stream.confirm(task, reading.lsn)
  }
  const sent = await send(context, reading.unsent)
  const done = new Set(sent.acknowledged)
  reading.unsent = reading.unsent.filter((row) => !done.has(row))
  complain(sent)
  if (reading.isSnapshot) await context.table(SNAPSHOTS).update({ slot: SLOT }, { isDone: true })
  reading.isSnapshot = false
  if (confirm === 'after-ack') await stream.confirm(task, reading.lsn)
  return false
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
  const unsent = isSnapshot ? await context.table('outbox').select({ orderBy: 'id' }) : []
  const reading: Reading = { stream, unsent, lsn: 0, isSnapshot }
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

/** The outbox rows that transactions inserted. */
function insertedBy(transactions: readonly WalTransaction[]): readonly Row[] {
  return transactions.flatMap(({ changes }) =>
    changes.flatMap(({ table, before, after }) =>
      table === 'outbox' && before === undefined && after !== undefined ? [after] : [],
    ),
  )
}
