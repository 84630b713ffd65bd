import { isIn, lt } from '../database/predicate.ts'
import type { Row } from '../database/table.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import { type DurationText, positiveMicros } from '../kernel/time.ts'
import type { Context } from '../service/context.ts'
import { states } from '../service/lifecycle.ts'
import { checkOptionNames, type OptionTable } from '../service/option.ts'
import { integer } from '../service/schema.ts'
import { type Failure, keyOf } from './dispatch.ts'
import { complain, idsOf, RELAY_OPTIONS, type Relay, type RelayOptions, relayKnobs } from './relay.ts'

/** When a row counts as sent: after the acknowledgement is right; before it, a crash or an error loses the event (Z09). */
export type MarkTiming = 'after-ack' | 'after-send' | 'before-send'

/**
 * What becomes of an event that no broker will ever take ("poison policy"): `park-key` sets it and all
 * later ones of its key aside, in sight, and goes on with the others, which is right; `park-row` lets later ones of the key
 * go on (Z51); `block` tries for ever (Z19); `drop` loses it.
 */
export type PoisonPolicy = 'park-key' | 'park-row' | 'block' | 'drop'

/** Options of relays that poll by status. */
export interface PolledRelayOptions extends RelayOptions {
  readonly mark?: MarkTiming
  readonly poison?: PoisonPolicy
  /**
   * Deletes old rows at every poll: `sent` ones is right; `any` loses what an outage kept from being sent (Z31).
   * Default: nothing is deleted.
   */
  readonly cleanUp?: { readonly after: DurationText; readonly what: 'sent' | 'any' }
}

const PENDING = { status: 'PENDING' } as const

const OPTIONS: OptionTable<PolledRelayOptions> = {
  ...RELAY_OPTIONS,
  mark: ['after-ack', 'after-send', 'before-send'],
  poison: ['park-key', 'park-row', 'block', 'drop'],
  cleanUp: 'any',
}

/**
 * Polls by status in the order of ids. Late committers are sent late, never lost. Two relays without a claim send
 * everything twice (Z05).
 * @param settle makes rows that were sent leave the input
 * @param input the rows to send
 */
export function polledRelay(
  options: PolledRelayOptions,
  settle: (context: Context, ids: readonly number[]) => Promise<unknown>,
  input: Readonly<Record<string, unknown>> = PENDING,
): Relay {
  checkOptionNames('outbox relay', options, OPTIONS)
  const { mark = 'after-ack', poison = 'park-key', cleanUp } = options
  const { batch, relays, send } = relayKnobs(options)
  const cleaning = cleanUp && cleanUpPlan(cleanUp)
  const parking = new Parking(relays === 1)
  const settled = async (context: Context, rows: readonly Row[]): Promise<void> => {
    if (rows.length > 0) await settle(context, idsOf(rows))
  }
  return {
    columns: {
      status: states({
        PENDING: { next: ['SENT', 'PARKED', 'DROPPED'], by: ['relay'] },
        SENT: { end: true },
        PARKED: { end: true },
        DROPPED: { end: true },
      }),
      ...(cleanUp && { createdAt: integer }),
    },
    indexes: ['status'],
    relays,
    input,
    fresh: cleanUp ? ({ context }) => ({ ...PENDING, createdAt: context.now() }) : () => PENDING,
    poll: async (context) => {
      if (cleaning !== undefined) await sweep(context, cleaning)
      const rows = await context.table('outbox').select({ where: input, orderBy: 'id', limit: batch })
      const sendable = poison === 'park-key' ? await parking.behind(context, rows) : rows
      if (sendable.length === 0) return false
      if (mark === 'before-send') await settled(context, sendable)
      const sending = send(context, sendable)
      if (mark === 'after-send') {
        // Nobody waits for the answer: what fails has failed unseen.
        await settled(context, sendable)
        return false
      }
      const sent = await sending
      if (mark === 'after-ack') await settled(context, sent.acknowledged)
      if (poison !== 'block' && sent.failures.length > 0) {
        await parking.setAside(context, sent.failures.filter(isPoison), poison)
      }
      complain({ ...sent, failures: poison === 'block' ? sent.failures : sent.failures.filter(isTransient) })
      return false
    },
  }
}

const isTransient = ({ transient }: Failure): boolean => transient
const isPoison = ({ transient }: Failure): boolean => !transient

/** Which rows are deleted. */
interface CleanUpPlan {
  readonly ageMillis: number
  readonly onlySent: boolean
}

/** @throws SimError 'definition' for what cannot be meant */
function cleanUpPlan(cleanUp: NonNullable<PolledRelayOptions['cleanUp']>): CleanUpPlan {
  checkOptionNames('outbox relay: cleanUp', cleanUp, { after: 'any', what: ['sent', 'any'] })
  const ageMillis = positiveMicros(cleanUp.after, 'the age of outbox rows that are deleted') / 1_000
  return { ageMillis, onlySent: cleanUp.what === 'sent' }
}

async function sweep(context: Context, { ageMillis, onlySent }: CleanUpPlan): Promise<void> {
  const oldest = context.now() - ageMillis
  const where = { createdAt: lt(oldest), ...(onlySent && { status: 'SENT' }) }
  await context.table('outbox').delete(where)
}

/** Rows set aside. A relay that is alone need not look for them before it has parked one in this life. */
class Parking {
  private readonly alone: boolean
  private readonly empty = new WeakSet<Incarnation>()

  constructor(alone: boolean) {
    this.alone = alone
  }

  /** Sets rows aside whose key has a parked row already. @returns the others */
  async behind(context: Context, rows: readonly Row[]): Promise<readonly Row[]> {
    const { incarnation } = context.task
    if (rows.length === 0 || this.empty.has(incarnation)) return rows
    const parked = await context.table('outbox').select({ where: { status: 'PARKED' } })
    if (parked.length === 0) {
      if (this.alone) this.empty.add(incarnation)
      return rows
    }
    const keys = new Set(parked.map(keyOf))
    const behind = rows.filter((row) => keys.has(keyOf(row)))
    await statusOf(context, behind, 'PARKED')
    return rows.filter((row) => !keys.has(keyOf(row)))
  }

  /** Parks or drops rows that cannot be sent. */
  async setAside(context: Context, failures: readonly Failure[], poison: PoisonPolicy): Promise<void> {
    const status = poison === 'drop' ? 'DROPPED' : 'PARKED'
    for (const { row, error } of failures)
      context.log(`outbox row ${status.toLowerCase()}`, { id: row.id, error: error.message })
    this.empty.delete(context.task.incarnation)
    await statusOf(
      context,
      failures.map(({ row }) => row),
      status,
    )
  }
}

async function statusOf(context: Context, rows: readonly Row[], status: string): Promise<void> {
  if (rows.length > 0) await context.table('outbox').update({ id: isIn(idsOf(rows)) }, { status })
}
