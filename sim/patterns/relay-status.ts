import { isIn } from '../database/predicate.ts'
import type { Context } from '../service/context.ts'
import type { Relay } from './relay.ts'
import { type PolledRelayOptions, polledRelay } from './relay-polled.ts'

/**
 * O1: polls by status and marks rows as sent (Eventuate's polling publisher).
 * @param input which rows it sends. Default: all that are pending
 */
export function statusRelay(
  options: PolledRelayOptions = {},
  input?: Readonly<Record<string, unknown>>,
): Relay {
  const mark = (context: Context, ids: readonly number[]): Promise<number> =>
    context.table('outbox').update({ id: isIn(ids) }, { status: 'SENT' })
  return polledRelay(options, mark, input)
}
