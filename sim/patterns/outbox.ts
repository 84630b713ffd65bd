import { isIn } from '../database/predicate.ts'
import { SimError } from '../kernel/error.ts'
import { operationNumber } from '../kernel/step.ts'
import { type DurationText, positiveMicros } from '../kernel/time.ts'
import type { Outbox } from '../service/component.ts'
import type { Context } from '../service/context.ts'
import type { Envelope } from '../service/envelope.ts'
import { integer, oneOf, plain, table, text } from '../service/schema.ts'
import type { TransactionScope } from '../service/transaction.ts'

/**
 * How an event leaves the transaction that publishes it (PATTERNS.md §1.1, §2 Z13, Z14): `relay` writes a row that a
 * relay sends and is right; `dual-write` sends after the commit and loses the event in a crash between the two;
 * `publish-before-commit` sends first and tells of facts that a rollback or crash undoes.
 */
export type OutboxMode = 'relay' | 'dual-write' | 'publish-before-commit'

/** The modes, the right one first. */
export const OUTBOX_MODES = [
  'relay',
  'dual-write',
  'publish-before-commit',
] as const satisfies readonly OutboxMode[]

/** Options of the outbox. */
export interface OutboxOptions {
  readonly mode: OutboxMode
  /** Period of the polling relay. Default: 50ms. */
  readonly every?: DurationText
  /** How many rows one poll takes. Default: 100. */
  readonly batch?: number
}

const outboxTable = table(
  {
    id: integer,
    topic: text,
    correlationId: text,
    event: plain<Envelope>(),
    status: oneOf('PENDING', 'SENT'),
  },
  { key: 'id', sequence: true, indexes: ['status'] },
)

const SEND = operationNumber('outbox.send')

/**
 * The outbox of a service, with a relay that polls by status and marks after the acknowledgement (O1).
 * @throws SimError 'definition' when the relay would never send anything, or poll all the time
 */
export function outbox(options: OutboxOptions): Outbox {
  if (options.mode === 'dual-write') return { tables: {}, publish: publishAfterCommit }
  if (options.mode === 'publish-before-commit') {
    return { tables: {}, publish: (transaction, topic, event) => transaction.context.produce(topic, event) }
  }
  const { batch = 100, every = '50ms' } = options
  if (!Number.isSafeInteger(batch) || batch < 1)
    throw new SimError('definition', `outbox: batch: expected a whole number from 1, got ${batch}`)
  return {
    tables: { outbox: outboxTable },
    publish: insertRow,
    relay: {
      name: 'relay',
      everyMicros: positiveMicros(every, 'the period of an outbox'),
      input: { table: 'outbox', where: { status: 'PENDING' } },
      run: (context) => relayBatch(context, batch),
    },
  }
}

function insertRow(transaction: TransactionScope, topic: string, event: Envelope): Promise<unknown> {
  return transaction
    .table('outbox')
    .insert({ topic, correlationId: event.correlationId, event, status: 'PENDING' })
}

async function publishAfterCommit(
  transaction: TransactionScope,
  topic: string,
  event: Envelope,
): Promise<void> {
  transaction.afterCommit ??= []
  transaction.afterCommit.push(() => transaction.context.produce(topic, event))
}

/** Sends in the order of ids (one connection per leader keeps it), waits for every acknowledgement, then marks. */
async function relayBatch(context: Context, batch: number): Promise<void> {
  const rows = await context
    .table('outbox')
    .select({ where: { status: 'PENDING' }, orderBy: 'id', limit: batch })
  if (rows.length === 0) return
  await Promise.all(rows.map((row) => context.produce(row.topic as string, row.event as Envelope, SEND)))
  const ids = rows.map((row) => row.id as number)
  await context.table('outbox').update({ id: isIn(ids) }, { status: 'SENT' })
}
