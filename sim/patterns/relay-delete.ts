import { isIn } from '../database/predicate.ts'
import type { Relay } from './relay.ts'
import { type PolledRelayOptions, polledRelay } from './relay-polled.ts'

/** O2: polls, and deletes the rows that were sent: there is nothing to replay or to audit (MassTransit, Wolverine). */
export function deleteRelay(options: Omit<PolledRelayOptions, 'cleanUp'> = {}): Relay {
  return polledRelay(options, (context, ids) => context.table('outbox').delete({ id: isIn(ids) }))
}
