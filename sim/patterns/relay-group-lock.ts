import { isIn } from '../database/predicate.ts'
import type { Row } from '../database/table.ts'
import type { Context } from '../service/context.ts'
import type { Envelope } from '../service/envelope.ts'
import { checkOptionNames, type OptionTable } from '../service/option.ts'
import { byName, integer, named, table, text } from '../service/schema.ts'
import type { TransactionScope } from '../service/transaction.ts'
import type { Dispatched } from './dispatch.ts'
import { complain, idsOf, RELAY_OPTIONS, type Relay, type RelayOptions, relayKnobs } from './relay.ts'

/**
 * What a lock covers: all rows of an aggregate keep their order; those of one transaction keep it among themselves only
 * (MassTransit's outbox state), so that a later transaction of the same aggregate may be sent first.
 */
export type GroupOf = 'aggregate' | 'transaction'

/** Options of relays that lock groups of rows. */
export interface GroupLockRelayOptions extends RelayOptions {
  readonly group?: GroupOf
}

const GROUPS = named('outboxGroups', table({ groupId: text, since: integer }, { key: 'groupId' }))

const OPTIONS: OptionTable<GroupLockRelayOptions> = { ...RELAY_OPTIONS, group: ['aggregate', 'transaction'] }

/**
 * O4a: competing relays, each of which locks the row of a group with SKIP LOCKED and sends the rows of the group in the
 * order of their ids. Publishing locks the group's row as well, so that a group never grows behind a relay's back.
 */
export function groupLockRelay(options: GroupLockRelayOptions = {}): Relay {
  checkOptionNames('outbox relay', options, OPTIONS)
  const { group = 'aggregate' } = options
  const { batch, relays, send } = relayKnobs({ relays: 2, ...options })
  return {
    columns: { groupId: text },
    indexes: ['groupId'],
    tables: byName(GROUPS),
    relays,
    input: {},
    fresh: (transaction, topic, event) => ({
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
  send: (context: Context, rows: readonly Row[]) => Promise<Dispatched>,
): Promise<Dispatched | undefined> {
  const sent = await context.transaction(async (tx: TransactionScope) => {
    const [locked] = await tx
      .table(GROUPS)
      .select({ orderBy: ['since', 'groupId'], limit: 1, for: 'update', wait: 'skip locked' })
    if (locked === undefined) return undefined
    const { groupId } = locked
    const rows = await tx.table('outbox').select({ where: { groupId }, orderBy: 'id', limit: batch })
    const dispatched = await send(context, rows)
    const done = idsOf(dispatched.acknowledged)
    if (done.length > 0) await tx.table('outbox').delete({ id: isIn(done) })
    if (done.length === rows.length && rows.length < batch) await tx.table(GROUPS).delete({ groupId })
    // A group that cannot be sent goes behind the others: at the head it would keep them waiting (Z19).
    if (dispatched.failures.length > 0) await tx.table(GROUPS).update({ groupId }, { since: context.now() })
    return dispatched
  })
  return sent as Dispatched | undefined
}
