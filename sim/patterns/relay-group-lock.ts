import { isIn } from '../database/predicate.ts'
import type { Row } from '../database/table.ts'
import type { Context } from '../service/context.ts'
import type { Envelope } from '../service/envelope.ts'
import { checkOptionNames, type OptionTable } from '../service/option.ts'
import { byName, integer, named, table, text } from '../service/schema.ts'
import type { TransactionScope } from '../service/transaction.ts'
import { keyOf } from './dispatch.ts'
import { type Relayed, stayingStates, unsentOf } from './poison.ts'
import {
  complain,
  idsOf,
  RELAY_OPTIONS,
  type Relay,
  type RelayKnobs,
  type RelayOptions,
  relayKnobs,
} from './relay.ts'

/**
 * What a lock covers: all rows of an aggregate keep their order; those of one transaction keep it among themselves only
 * (MassTransit's outbox state), so that a later transaction of the same aggregate may be sent first.
 */
export type GroupOf = 'aggregate' | 'transaction'

/** Options of relays that lock groups of rows. */
export interface GroupLockRelayOptions extends RelayOptions {
  readonly group?: GroupOf
}

const WRITTEN = { status: 'WRITTEN' } as const
const SENDABLE = { status: isIn(['WRITTEN', 'DUE']) } as const
const GROUPS = named('outboxGroups', table({ groupId: text, since: integer }, { key: 'groupId' }))

const OPTIONS: OptionTable<GroupLockRelayOptions> = { ...RELAY_OPTIONS, group: ['aggregate', 'transaction'] }

/**
 * O4a: competing relays, each of which locks the row of a group with SKIP LOCKED and sends the rows of the group in the
 * order of their ids. Publishing locks the group's row as well, so that a group never grows behind a relay's back.
 */
export function groupLockRelay(options: GroupLockRelayOptions = {}): Relay {
  checkOptionNames('outbox relay', options, OPTIONS)
  const { group = 'aggregate' } = options
  const { batch, relays, send, redrive } = relayKnobs({ relays: 2, ...options }, { keyOf: keyInGroup })
  return {
    columns: { groupId: text, status: stayingStates() },
    indexes: ['groupId', 'status'],
    tables: byName(GROUPS),
    relays,
    redrive: redrive && redriveGroups,
    input: SENDABLE,
    fresh: (transaction, topic, event) => ({
      ...WRITTEN,
      groupId: group === 'aggregate' ? `${topic}/${event.aggregateId}` : unitOfWork(transaction, event),
    }),
    beforeInsert: (transaction, row) => {
      const groupId = row.groupId as string
      return transaction.table(GROUPS).upsert({ groupId, since: transaction.context.now() }, { groupId })
    },
    poll: async (context) => {
      for (;;) {
        const sent = await relayGroup(context, batch, send)
        if (sent === undefined) return false
        complain(sent)
      }
    },
  }
}

/** Nobody may touch the rows of a group without its lock, and only its own have an order. */
const keyInGroup = (row: Row): string => `${row.groupId as string} ${keyOf(row)}`

/** Has what is parked sent again: the groups to which it belongs are there again for relays to lock. */
const redriveGroups = (context: Context): Promise<unknown> =>
  context.transaction(async (tx: TransactionScope) => {
    const parked = await tx.table('outbox').select({ where: { status: 'PARKED' }, orderBy: 'id' })
    for (const groupId of new Set(parked.map((row) => row.groupId as string)))
      await tx.table(GROUPS).upsert({ groupId, since: context.now() }, { groupId })
    await tx.table('outbox').update({ id: isIn(idsOf(parked)), status: 'PARKED' }, { status: 'DUE' })
  })

const unitsOfWork = new WeakMap<TransactionScope, string>()

/** The id of a transaction: of the first event that it published. */
function unitOfWork(transaction: TransactionScope, event: Envelope): string {
  const known = unitsOfWork.get(transaction)
  if (known === undefined) unitsOfWork.set(transaction, event.eventId)
  return known ?? event.eventId
}

/** Sends a group that nobody else has locked. @returns undefined when there is none */
async function relayGroup(
  context: Context,
  batch: number,
  send: RelayKnobs['send'],
): Promise<Relayed | undefined> {
  const sent = await context.transaction(async (tx: TransactionScope) => {
    const [locked] = await tx
      .table(GROUPS)
      .select({ orderBy: ['since', 'groupId'], limit: 1, for: 'update', wait: 'skip locked' })
    if (locked === undefined) return undefined
    const { groupId } = locked
    const rows = await tx
      .table('outbox')
      .select({ where: { groupId, ...SENDABLE }, orderBy: 'id', limit: batch })
    const dispatched = await send(context, rows, tx)
    const done = idsOf(dispatched.acknowledged)
    if (done.length > 0) await tx.table('outbox').delete({ id: isIn(done) })
    const isDone = unsentOf(rows, dispatched).length === 0
    if (isDone && rows.length < batch) await tx.table(GROUPS).delete({ groupId })
    // A group that cannot be sent goes behind the others: at the head it would keep them waiting (Z19).
    if (dispatched.failures.length > 0) await tx.table(GROUPS).update({ groupId }, { since: context.now() })
    return dispatched
  })
  return sent as Relayed | undefined
}
