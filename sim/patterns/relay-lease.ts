import { isIn, lt, lte } from '../database/predicate.ts'
import { databaseClock } from '../database/server-value.ts'
import type { Row } from '../database/table.ts'
import { type DurationText, positiveMicros } from '../kernel/time.ts'
import type { Context } from '../service/context.ts'
import { checkOptionNames, type OptionTable } from '../service/option.ts'
import { byName, integer, named, table, text } from '../service/schema.ts'
import type { TransactionScope } from '../service/transaction.ts'
import { SENDABLE, sendingStates } from './poison.ts'
import {
  complain,
  idsOf,
  RELAY_OPTIONS,
  type Relay,
  RelayError,
  type RelayOptions,
  relayKnobs,
} from './relay.ts'

/** Options of relays of which one at a time leads. */
export interface LeaseRelayOptions extends RelayOptions {
  /** How long the leader leads unless it renews its lease, which every poll does. Default: 10s. */
  readonly lease?: DurationText
  /** Whose clock says when a lease ends: the database's is right, a relay's own may be wrong (Z23, Z90). */
  readonly clock?: 'database' | 'relay'
  /**
   * When the leader gives its lease up: `never`, it lets it run out; `after-send` gives it up when rows are handed to the
   * producer, before they are acknowledged and marked, so that the next leader sends them again (Z24).
   */
  readonly release?: 'never' | 'after-send'
  /** Whether rows are marked only by who still leads. */
  readonly fenced?: boolean
  /** Who takes over from a dead leader: whoever comes when the lease has run out, or nobody but itself (Z25). */
  readonly takeOver?: 'expired' | 'same-owner'
}

const LEASE = named(
  'outboxLease',
  table({ name: text, owner: text, until: integer, epoch: integer }, { key: 'name' }),
)
const PENDING = { status: 'PENDING' } as const

const OPTIONS: OptionTable<LeaseRelayOptions> = {
  ...RELAY_OPTIONS,
  lease: 'any',
  clock: ['database', 'relay'],
  release: ['never', 'after-send'],
  fenced: [true, false],
  takeOver: ['expired', 'same-owner'],
}

/**
 * O5: one relay at a time leads, by a lease in a row with owner, end and epoch. A leader that was paused beyond its lease
 * goes on sending until it marks: what is sent twice has the same event id, and the order of a key holds only while no
 * leader outlives its lease.
 */
export function leaseRelay(options: LeaseRelayOptions = {}): Relay {
  checkOptionNames('outbox relay', options, OPTIONS)
  const { clock = 'database', release = 'never', fenced = true, takeOver = 'expired' } = options
  const { batch, relays, attempt, poison, redrive } = relayKnobs({ relays: 2, ...options })
  const leaseMillis = positiveMicros(options.lease ?? '10s', 'the lease of an outbox') / 1_000
  const lease = { clock, takeOver, leaseMillis }
  return {
    columns: { status: sendingStates() },
    indexes: ['status'],
    tables: byName(LEASE),
    initially: { [LEASE.name]: [{ name: 'relay', owner: '', until: 0, epoch: 0 }] },
    relays,
    redrive,
    input: SENDABLE,
    fresh: () => PENDING,
    poll: async (context) => {
      const epoch = await lead(context, lease)
      if (epoch === undefined) return false
      const rows = await context.table('outbox').select({ where: SENDABLE, orderBy: 'id', limit: batch })
      const sending = attempt(context, await poison.unparked(context, rows))
      if (release === 'after-send') await context.table(LEASE).update({ name: 'relay', epoch }, { until: 0 })
      const sent = await sending
      await mark(context, sent.acknowledged, fenced ? epoch : undefined)
      complain(await poison.setAside(context, sent))
      return false
    },
  }
}

/** Takes or renews the lease. @returns its epoch; undefined while somebody else leads */
async function lead(
  context: Context,
  {
    clock,
    takeOver,
    leaseMillis,
  }: { readonly clock: 'database' | 'relay'; readonly takeOver: string; readonly leaseMillis: number },
): Promise<number | undefined> {
  const owner = context.process.name
  const now = (plusMillis: number) =>
    clock === 'database' ? databaseClock(plusMillis) : context.now() + plusMillis
  const until = now(leaseMillis)
  const leases = context.table(LEASE)
  const [renewed] = await leases.updateReturning({ name: 'relay', owner }, { until })
  if (renewed !== undefined) return renewed.epoch
  const free = takeOver === 'expired' ? { until: lte(now(0)) } : { owner: '' }
  const current = await leases.get('relay')
  const epoch = (current?.epoch ?? 0) + 1
  const where = { name: 'relay', epoch: lt(epoch), ...free }
  const [taken] = await leases.updateReturning(where, { owner, until, epoch })
  return taken === undefined ? undefined : epoch
}

/** Marks rows as sent. @throws RelayError when somebody else leads by now and the mark is fenced */
async function mark(context: Context, rows: readonly Row[], epoch: number | undefined): Promise<void> {
  if (rows.length === 0) return
  const where = { id: isIn(idsOf(rows)) }
  if (epoch === undefined) {
    await context.table('outbox').update(where, { status: 'SENT' })
    return
  }
  await context.transaction(async (tx: TransactionScope) => {
    const current = await tx.table(LEASE).get('relay', { for: 'share' })
    if (current?.epoch !== epoch)
      throw new RelayError(
        `another relay leads since epoch ${String(current?.epoch)}: this one led in ${epoch}`,
      )
    await tx.table('outbox').update(where, { status: 'SENT' })
  })
}
