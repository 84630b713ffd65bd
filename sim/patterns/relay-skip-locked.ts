import { isIn } from '../database/predicate.ts'
import type { Row } from '../database/table.ts'
import { checkOptionNames, type OptionTable } from '../service/option.ts'
import type { TransactionScope } from '../service/transaction.ts'
import { SENDABLE, sendingStates } from './poison.ts'
import {
  complain,
  idsOf,
  type Relay,
  relayKnobs,
  UNORDERED_RELAY_OPTIONS,
  type UnorderedRelayOptions,
} from './relay.ts'

/**
 * How long the locks of a claimed batch are held: until it is sent and marked, in one transaction, is right; those of a
 * statement of its own are gone before anything is sent, so that every relay claims the same rows (Z06).
 */
export type LockLife = 'transaction' | 'statement'

/** Options of competing relays. */
export interface SkipLockedRelayOptions extends UnorderedRelayOptions {
  readonly locks?: LockLife
}

const PENDING = { status: 'PENDING' } as const

const OPTIONS: OptionTable<SkipLockedRelayOptions> = {
  ...UNORDERED_RELAY_OPTIONS,
  locks: ['transaction', 'statement'],
}

/**
 * O4: competing relays, each of which locks a batch with FOR UPDATE SKIP LOCKED, sends it and marks it. No order is
 * promised, even of one key: one relay may send its batch before another has sent an earlier one (Z07).
 */
export function skipLockedRelay(options: SkipLockedRelayOptions = {}): Relay {
  checkOptionNames('outbox relay', options, OPTIONS)
  const { locks = 'transaction' } = options
  const { batch, relays, send, redrive } = relayKnobs({ relays: 2, poison: 'park-row', ...options })
  const claim = { where: SENDABLE, orderBy: 'id', limit: batch, for: 'update', wait: 'skip locked' } as const
  const mark = (scope: Pick<TransactionScope, 'table'>, rows: readonly Row[]): Promise<unknown> =>
    rows.length === 0
      ? Promise.resolve()
      : scope.table('outbox').update({ id: isIn(idsOf(rows)) }, { status: 'SENT' })
  return {
    columns: { status: sendingStates() },
    indexes: ['status'],
    relays,
    redrive,
    input: SENDABLE,
    fresh: () => PENDING,
    poll: async (context) => {
      if (locks === 'statement') {
        const sent = await send(context, await context.table('outbox').select(claim))
        await mark(context, sent.acknowledged)
        complain(sent)
        return false
      }
      const sent = await context.transaction(async (tx: TransactionScope) => {
        const claimed = await send(context, await tx.table('outbox').select(claim), tx)
        await mark(tx, claimed.acknowledged)
        return claimed
      })
      complain(sent as Awaited<ReturnType<typeof send>>)
      return false
    },
  }
}
