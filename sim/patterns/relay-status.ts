import { isIn } from '../database/predicate.ts'
import type { Relay } from './relay.ts'
import { type PolledRelayOptions, polledRelay } from './relay-polled.ts'

/** O1: polls by status and marks rows as sent (Eventuate's polling publisher). */
export function statusRelay(options: PolledRelayOptions = {}): Relay {
  return polledRelay(options, (context, ids) =>
    context.table('outbox').update({ id: isIn(ids) }, { status: 'SENT' }),
  )
}
