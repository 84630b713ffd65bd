import { isIn } from '../database/predicate.ts'
import { refuseIdle } from '../service/option.ts'
import type { Relay } from './relay.ts'
import { type PolledRelayOptions, polledRelay } from './relay-polled.ts'

/** O2: polls, and deletes the rows that were sent: there is nothing to replay or to audit (MassTransit, Wolverine). */
export function deleteRelay(options: Omit<PolledRelayOptions, 'cleanUp'> = {}): Relay {
  const why = 'a row that was sent is deleted at once, and no other may be: leave it out, or take statusRelay'
  refuseIdle<PolledRelayOptions>('outbox relay', options, ['cleanUp'], why)
  return polledRelay(options, (context, ids) => context.table('outbox').delete({ id: isIn(ids) }))
}
