import { isIn } from '../database/predicate.ts'
import type { Inbox, Outbox } from '../service/component.ts'
import type { Context } from '../service/context.ts'
import type { Envelope } from '../service/envelope.ts'
import { checkOptionNames } from '../service/option.ts'
import { flag, oneOf, optional, table, text } from '../service/schema.ts'
import { addPrelude, ensureWritten, INBOX_COLUMNS, inboxRow } from './inbox-row.ts'
import { outbox } from './outbox.ts'
import { SENDABLE, SET_ASIDE } from './poison.ts'
import { complain, idsOf, RELAY_OPTIONS, type Relay, type RelayOptions, relayKnobs } from './relay.ts'
import { statusRelay } from './relay-status.ts'

/** Options of a consumer-driven outbox. */
export interface ConsumerDrivenOptions extends Pick<RelayOptions, 'batch' | 'order' | 'poison'> {
  /**
   * When an event counts as handled: when what it gave rise to was dispatched is right; when it was stored, a crash
   * before the dispatch loses it, because its redelivery is taken for a duplicate.
   */
  readonly handledWhen?: 'dispatched' | 'stored'
}

/** Instances park rows as well as the relay. */
const SEVERAL = 2

const PENDING = { status: 'PENDING' } as const

/**
 * O8: an outbox whose motor is the redelivery of what came in (NServiceBus, MassTransit's consumer outbox). The
 * transaction of a handler stores its events with the id of the one that it handles; they are dispatched before that one
 * is acknowledged; when it comes again because a crash came between, its handler does not run, only the dispatch.
 * What routes publish has no incoming event: a relay by status sends it.
 */
export function consumerDriven(options: ConsumerDrivenOptions = {}): {
  readonly inbox: Inbox
  readonly outbox: Outbox
} {
  checkOptionNames('consumer-driven outbox', options, {
    batch: 'any',
    order: RELAY_OPTIONS.order,
    poison: RELAY_OPTIONS.poison,
    handledWhen: ['dispatched', 'stored'],
  })
  const { handledWhen = 'dispatched', ...knobs } = options
  // What waits is for the relay to send: nothing that comes in would have an instance send it.
  const { send } = relayKnobs({ relays: SEVERAL, ...knobs }, { handsOver: true })
  const relay: Relay = {
    ...statusRelay(
      { ...knobs, relays: SEVERAL },
      { ...SENDABLE, $any: [{ incomingId: null }, { status: 'DUE' }] },
    ),
    relays: 1,
    columns: { status: oneOf('PENDING', 'SENT', 'DUE', ...SET_ASIDE), incomingId: optional(text) },
    indexes: ['status', 'incomingId'],
    fresh: ({ context }) => ({ ...PENDING, incomingId: context.event?.eventId ?? null }),
  }
  const dispatchOutputs = async (context: Context, { eventId }: Envelope): Promise<void> => {
    const where = { incomingId: eventId, ...PENDING }
    for (let held = true; held; ) {
      const sent = await send(context, await context.table('outbox').select({ where, orderBy: 'id' }))
      const ids = idsOf(sent.acknowledged)
      if (ids.length > 0) await context.table('outbox').update({ id: isIn(ids) }, { status: 'SENT' })
      complain(sent)
      held = sent.held.length > 0
    }
    await context.table('inbox').update({ eventId }, { dispatched: true })
  }
  return {
    outbox: outbox({ mode: 'relay', relay }),
    inbox: {
      tables: {
        inbox: table({ ...INBOX_COLUMNS, dispatched: flag }, { key: 'eventId' }),
      },
      lookUp: false,
      receive: async (context, event, handle) => {
        const row = await context.table('inbox').get(event.eventId)
        if (row === undefined) {
          addPrelude(context, {
            kind: 'insert',
            table: context.runtime.database.table('inbox'),
            row: { ...inboxRow(context, event), dispatched: false },
          })
          await handle()
          await ensureWritten(context)
        }
        if (row === undefined || (row.dispatched === false && handledWhen === 'dispatched'))
          await dispatchOutputs(context, event)
      },
    },
  }
}
