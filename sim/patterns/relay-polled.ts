import { lt } from '../database/predicate.ts'
import { type DurationText, positiveMicros } from '../kernel/time.ts'
import type { Context } from '../service/context.ts'
import { checkOptionNames, expectOneOf, type OptionTable, refuseIdle } from '../service/option.ts'
import { integer } from '../service/schema.ts'
import { SENDABLE, sendingStates } from './poison.ts'
import { complain, idsOf, RELAY_OPTIONS, type Relay, type RelayOptions, relayKnobs } from './relay.ts'

/** When a row counts as sent: after the acknowledgement is right; before it, a crash or an error loses the event (Z09). */
export type MarkTiming = 'after-ack' | 'after-send' | 'before-send'

/** Options of relays that poll by status. */
export interface PolledRelayOptions extends RelayOptions {
  readonly mark?: MarkTiming
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
  input: Readonly<Record<string, unknown>> = SENDABLE,
): Relay {
  checkOptionNames('outbox relay', options, OPTIONS)
  const { mark = 'after-ack', cleanUp } = options
  if (mark !== 'after-ack')
    refuseIdle(
      'outbox relay',
      options,
      ['poison'],
      `with mark '${mark}' rows count as sent, whatever becomes of them: leave it out`,
    )
  const { batch, relays, attempt, poison, redrive } = relayKnobs(options)
  const cleaning = cleanUp && cleanUpPlan(cleanUp)
  return {
    columns: {
      status: sendingStates(),
      ...(cleanUp && { createdAt: integer }),
    },
    indexes: ['status'],
    relays,
    redrive: mark === 'after-ack' ? redrive : undefined,
    input,
    fresh: cleanUp ? ({ context }) => ({ ...PENDING, createdAt: context.now() }) : () => PENDING,
    poll: async (context) => {
      if (cleaning !== undefined) await sweep(context, cleaning)
      const rows = await context.table('outbox').select({ where: input, orderBy: 'id', limit: batch })
      const sendable = poison.passes(context) ? rows : await poison.unparked(context, rows)
      if (sendable.length === 0) return false
      if (mark === 'before-send') await settle(context, idsOf(sendable))
      const sending = attempt(context, sendable)
      if (mark === 'after-send') {
        // Nobody waits for the answer: what fails has failed unseen.
        await settle(context, idsOf(sendable))
        return false
      }
      const sent = await sending
      if (mark === 'after-ack' && sent.acknowledged.length > 0)
        await settle(context, idsOf(sent.acknowledged))
      if (sent.failures.length > 0) complain(await poison.setAside(context, sent))
      return false
    },
  }
}

/** Which rows are deleted. */
interface CleanUpPlan {
  readonly ageMillis: number
  readonly onlySent: boolean
}

/** @throws SimError 'definition' for what cannot be meant */
function cleanUpPlan(cleanUp: NonNullable<PolledRelayOptions['cleanUp']>): CleanUpPlan {
  checkOptionNames('outbox relay: cleanUp', cleanUp, { after: 'any', what: 'any' })
  expectOneOf('outbox relay: cleanUp: what', cleanUp.what, ['sent', 'any'])
  const ageMillis = positiveMicros(cleanUp.after, 'the age of outbox rows that are deleted') / 1_000
  return { ageMillis, onlySent: cleanUp.what === 'sent' }
}

async function sweep(context: Context, { ageMillis, onlySent }: CleanUpPlan): Promise<void> {
  const oldest = context.now() - ageMillis
  const where = { createdAt: lt(oldest), ...(onlySent && { status: 'SENT' }) }
  await context.table('outbox').delete(where)
}
