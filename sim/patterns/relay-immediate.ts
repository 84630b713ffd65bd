import { isIn, lt } from '../database/predicate.ts'
import type { Row } from '../database/table.ts'
import { type DurationText, positiveMicros } from '../kernel/time.ts'
import type { Context } from '../service/context.ts'
import { checkOptionNames, expectCount, type OptionTable } from '../service/option.ts'
import { integer } from '../service/schema.ts'
import type { Failure } from './dispatch.ts'
import { SENDABLE, sendingStates } from './poison.ts'
import {
  complain,
  idsOf,
  type Relay,
  relayKnobs,
  UNORDERED_RELAY_OPTIONS,
  type UnorderedRelayOptions,
} from './relay.ts'

/** Options of immediate dispatch with a fallback. */
export interface ImmediateRelayOptions extends UnorderedRelayOptions {
  /** How old a row must be before the fallback sends it. Default: 4m, as in CAP. */
  readonly lookBack?: DurationText
  /** How often the fallback tries a row before it is never polled again (Z21, CAP: 50). Default: without end. */
  readonly maxAttempts?: number
}

const PENDING = { status: 'PENDING' } as const

const OPTIONS: OptionTable<ImmediateRelayOptions> = {
  ...UNORDERED_RELAY_OPTIONS,
  lookBack: 'any',
  maxAttempts: 'any',
}

/**
 * O9: the process that committed sends at once, from memory; a poller sends what is still pending after a while: because
 * that process died, or could not reach a broker. No order is promised.
 */
export function immediateRelay(options: ImmediateRelayOptions = {}): Relay {
  checkOptionNames('outbox relay', options, OPTIONS)
  const { maxAttempts = Number.MAX_SAFE_INTEGER } = options
  expectCount('outbox relay: maxAttempts', maxAttempts, 1)
  const { batch, relays, send, redrive } = relayKnobs({ poison: 'park-row', ...options })
  const lookBackMillis = positiveMicros(options.lookBack ?? '4m', 'the look-back of an outbox') / 1_000
  const sendAtOnce = async (context: Context, row: Row): Promise<void> => {
    const { acknowledged } = await send(context, [row])
    await mark(context, acknowledged)
  }
  return {
    columns: {
      status: sendingStates(),
      createdAt: integer,
      attempts: integer,
    },
    indexes: ['status'],
    relays,
    redrive,
    input: { ...SENDABLE, attempts: lt(maxAttempts) },
    fresh: ({ context }) => ({ ...PENDING, createdAt: context.now(), attempts: 0 }),
    inserted: (transaction, row) => {
      const { context } = transaction
      transaction.afterCommit ??= []
      transaction.afterCommit.push(async () => {
        // Nobody waits for it: what fails is left to the fallback.
        sendAtOnce(context, row).catch(() => {})
      })
    },
    poll: async (context) => {
      const old = { ...PENDING, createdAt: lt(context.now() - lookBackMillis) }
      const where = { ...SENDABLE, attempts: lt(maxAttempts), $any: [{ status: 'DUE' }, old] }
      const rows = await context.table('outbox').select({ where, orderBy: 'id', limit: batch })
      const sent = await send(context, rows)
      await mark(context, sent.acknowledged)
      await count(context, sent.failures)
      complain(sent)
      return false
    },
  }
}

async function mark(context: Context, rows: readonly Row[]): Promise<void> {
  if (rows.length > 0) await context.table('outbox').update({ id: isIn(idsOf(rows)) }, { status: 'SENT' })
}

async function count(context: Context, failures: readonly Failure[]): Promise<void> {
  const ids = idsOf(failures.map(({ row }) => row))
  if (ids.length === 0) return
  await context.table('outbox').update({ id: isIn(ids) }, (row) => {
    row.attempts = (row.attempts as number) + 1
  })
}
