import { isIn } from '../database/predicate.ts'
import type { Context } from '../service/context.ts'
import { checkOptionNames, type OptionTable } from '../service/option.ts'
import type { TransactionScope } from '../service/transaction.ts'
import { type Relayed, SENDABLE, sendingStates } from './poison.ts'
import { complain, idsOf, RELAY_OPTIONS, type Relay, type RelayOptions, relayKnobs } from './relay.ts'

/** Options of relays of which one at a time has an advisory lock. */
export interface AdvisoryLockRelayOptions extends RelayOptions {
  /**
   * How long the lock is held: until the batch is sent and marked, is right; one that ends with a transaction of its own is
   * gone before anything is sent (Z06).
   */
  readonly held?: 'while-sending' | 'own-transaction'
}

const PENDING = { status: 'PENDING' } as const

const OPTIONS: OptionTable<AdvisoryLockRelayOptions> = {
  ...RELAY_OPTIONS,
  held: ['while-sending', 'own-transaction'],
}

/**
 * O5 without a clock: of several relays one at a time sends, which has an advisory lock of the database
 * (`pg_try_advisory_xact_lock`). It goes with the connection: when that relay dies another one takes over, and while it only
 * stands still nobody overtakes it, so that the order of a key holds; a transaction is open while it sends.
 */
export function advisoryLockRelay(options: AdvisoryLockRelayOptions = {}): Relay {
  checkOptionNames('outbox relay', options, OPTIONS)
  const { held = 'while-sending' } = options
  const { batch, relays, send, redrive } = relayKnobs({ relays: 2, ...options })
  const relay = async (scope: Context | TransactionScope, context: Context): Promise<Relayed> => {
    const outbox = scope.table('outbox')
    const sent = await send(
      context,
      await outbox.select({ where: SENDABLE, orderBy: 'id', limit: batch }),
      scope,
    )
    const done = idsOf(sent.acknowledged)
    if (done.length > 0) await outbox.update({ id: isIn(done) }, { status: 'SENT' })
    return sent
  }
  return {
    columns: { status: sendingStates() },
    indexes: ['status'],
    relays,
    redrive,
    input: SENDABLE,
    fresh: () => PENDING,
    poll: async (context) => {
      const sent = (await context.transaction(async (tx: TransactionScope) => {
        const isLocked = await tx.tryLock('outbox')
        return isLocked && held === 'while-sending' ? relay(tx, context) : isLocked
      })) as Relayed | boolean
      if (sent !== false) complain(sent === true ? await relay(context, context) : sent)
      return false
    },
  }
}
