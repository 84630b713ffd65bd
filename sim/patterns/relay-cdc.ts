import { DatabaseError } from '../database/error.ts'
import { ReplicationStream } from '../database/replication-stream.ts'
import type { Row } from '../database/table.ts'
import type { Lsn, WalTransaction } from '../database/wal.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import type { Context } from '../service/context.ts'
import type { Dispatched } from './dispatch.ts'
import { complain, type Relay, type RelayOptions, relayKnobs } from './relay.ts'

/** Options of change data capture. */
export interface CdcRelayOptions extends Omit<RelayOptions, 'relays'> {
  /**
   * When the position in the log is confirmed: after the broker's acknowledgement is right; before it, what was being sent
   * when the relay died is never read again.
   */
  readonly confirm?: 'after-ack' | 'before-send'
}

const SLOT = 'outbox'

/** What one life of a relay reads: its stream, and what it has read and not sent yet. */
interface Reading {
  readonly stream: ReplicationStream
  unsent: readonly Row[]
  lsn: Lsn
}

/**
 * O6: change data capture. Tails the log through a replication slot and sends the rows that transactions inserted, in the
 * order of their commits; the position is saved when the broker has acknowledged them, so that a restart sends some again
 * (Debezium's outbox event router). Rows stay.
 */
export function cdcRelay(options: CdcRelayOptions = {}): Relay {
  const { confirm = 'after-ack' } = options
  const { batch, send } = relayKnobs(options)
  const readings = new WeakMap<Incarnation, Reading>()
  return {
    slot: SLOT,
    relays: 1,
    input: {},
    inputStays: true,
    poll: (context) =>
      relay(context, readings, batch, send, confirm).catch((error: unknown) => {
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
  confirm: NonNullable<CdcRelayOptions['confirm']>,
): Promise<boolean> {
  const { task } = context
  const reading = await begin(context, readings)
  const { stream } = reading
  if (reading.unsent.length === 0) {
    const transactions = await stream.next(task, batch)
    reading.unsent = insertedBy(transactions)
    reading.lsn = transactions.at(-1)?.lsn ?? reading.lsn
    if (confirm === 'before-send') await stream.confirm(task, reading.lsn)
  }
  const sent = await send(context, reading.unsent)
  const done = new Set(sent.acknowledged)
  reading.unsent = reading.unsent.filter((row) => !done.has(row))
  complain(sent)
  if (confirm === 'after-ack') await stream.confirm(task, reading.lsn)
  return false
}

/** The stream of this life of the relay, begun where the last one has confirmed. */
async function begin(context: Context, readings: WeakMap<Incarnation, Reading>): Promise<Reading> {
  const { process, runtime, task } = context
  const known = readings.get(process.incarnation)
  if (known !== undefined) return known
  const stream = new ReplicationStream(runtime.database, process, SLOT)
  await stream.start(task)
  const reading: Reading = { stream, unsent: [], lsn: 0 }
  readings.set(process.incarnation, reading)
  return reading
}

/** The outbox rows that transactions inserted. */
function insertedBy(transactions: readonly WalTransaction[]): readonly Row[] {
  return transactions.flatMap(({ changes }) =>
    changes.flatMap(({ table, before, after }) =>
      table === 'outbox' && before === undefined && after !== undefined ? [after] : [],
    ),
  )
}
