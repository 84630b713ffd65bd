import { isIn, lte } from '../database/predicate.ts'
import type { Row } from '../database/table.ts'
import { SimError } from '../kernel/error.ts'
import { type DurationText, positiveMicros } from '../kernel/time.ts'
import type { Context, HandlerContext } from '../service/context.ts'
import type { Envelope } from '../service/envelope.ts'
import { checkOptionNames, type OptionTable } from '../service/option.ts'
import { integer, oneOf, text } from '../service/schema.ts'
import { ClaimError } from './claim-error.ts'
import { addConclusion, ensureWritten } from './inbox-row.ts'
import { complain, RELAY_OPTIONS, type Relay, RelayError, type RelayOptions, relayKnobs } from './relay.ts'

/**
 * Hears of events in the process that published them; it passes over those that it does not mean. Its context is that of a
 * handler of the service: `Listener<HandlerContext<typeof tables, Clients>>`.
 */
export type Listener<Ctx = HandlerContext<unknown, unknown>> = (event: Envelope, ctx: Ctx) => Promise<unknown>

/** Options of a registry of publications. */
export interface RegistryRelayOptions extends Omit<RelayOptions, 'batch'> {
  /** Who hears of events besides their topic: each has a row of its own, and is tried again by itself. */
  readonly listeners?: Readonly<Record<string, Listener<never>>>
  /** For how long a publication may be incomplete before it counts as left behind by a crash. Default: 10s. */
  readonly staleAfter?: DurationText
  /**
   * What is published again: whatever has failed or is stale is right; `failed` leaves out what a crash has left behind, as
   * Spring Modulith does unless it is told how old is stale (Z21).
   */
  readonly resubmit?: 'incomplete' | 'failed'
  /** Whether who publishes again claims it first: `none` has every relay do it (Z05). */
  readonly claim?: 'conditional' | 'none'
  /**
   * When a publication to a listener counts as completed: in the listener's transaction, by who still has the claim, is
   * right; `after` repeats what it did when it dies between the two.
   */
  readonly completion?: 'same-transaction' | 'after'
}

/** The listener that sends events to their topics. */
const EXTERNALIZER = 'externalizer'

const INCOMPLETE = ['PUBLISHED', 'PROCESSING', 'RESUBMITTED'] as const

const OPTIONS: OptionTable<RegistryRelayOptions> = {
  order: RELAY_OPTIONS.order,
  identity: RELAY_OPTIONS.identity,
  relays: 'any',
  listeners: 'any',
  staleAfter: 'any',
  resubmit: ['incomplete', 'failed'],
  claim: ['conditional', 'none'],
  completion: ['same-transaction', 'after'],
}

/**
 * O7: a registry of publications (Spring Modulith). Every event has a row for each listener, of which one sends it to its
 * topic; they hear of it after the commit, in the process that committed, and what is incomplete is published again. No order
 * is promised.
 */
export function registryRelay(options: RegistryRelayOptions = {}): Relay {
  checkOptionNames('outbox relay', options, OPTIONS)
  const {
    listeners = {},
    resubmit = 'incomplete',
    claim = 'conditional',
    completion = 'same-transaction',
  } = options
  if (Object.hasOwn(listeners, EXTERNALIZER))
    throw new SimError(
      'definition',
      `outbox: a listener is called ${EXTERNALIZER}: that one sends events to their topics`,
    )
  const { relays, send } = relayKnobs(options)
  const staleMillis = positiveMicros(options.staleAfter ?? '10s', 'the stale age of an outbox') / 1_000
  const run = async (context: Context, row: Row): Promise<void> => {
    const listener = listeners[row.listener as string]
    try {
      if (listener === undefined) {
        complain(await send(context, [row]))
        await complete(context, row)
      } else if (completion === 'same-transaction') await listenOnce(listener, context, row)
      else {
        await listener(row.event as Envelope, listenerContext(context, row) as never)
        await complete(context, row)
      }
    } catch (error) {
      if (error instanceof SimError) throw error
      await context.table('outbox').update(claimOf(row), { status: 'FAILED' })
      throw error
    }
  }
  return {
    columns: {
      listener: text,
      status: oneOf(...INCOMPLETE, 'COMPLETED', 'FAILED'),
      touchedAt: integer,
    },
    indexes: ['status'],
    relays,
    input: { status: resubmit === 'failed' ? 'FAILED' : isIn([...INCOMPLETE, 'FAILED']) },
    copies: [EXTERNALIZER, ...Object.keys(listeners)].map((listener) => ({ listener })),
    fresh: ({ context }) => ({ status: 'PUBLISHED', touchedAt: context.now() }),
    inserted: (transaction, row) => {
      const { context } = transaction
      transaction.afterCommit ??= []
      transaction.afterCommit.push(async () => {
        // Nobody waits for it: what fails is published again.
        take(context, row, 'PROCESSING')
          .then((taken) => (taken === undefined ? undefined : run(context, taken)))
          .catch(() => {})
      })
    },
    poll: async (context) => {
      const stale = { status: isIn(INCOMPLETE), touchedAt: lte(context.now() - staleMillis) }
      const where = resubmit === 'failed' ? { status: 'FAILED' } : { $any: [{ status: 'FAILED' }, stale] }
      let failure: unknown
      for (const row of await context.table('outbox').select({ where, orderBy: 'id' })) {
        const taken = claim === 'none' ? row : await take(context, row, 'RESUBMITTED')
        if (taken !== undefined) await run(context, taken).catch((error: unknown) => (failure ??= error))
      }
      if (failure !== undefined) throw failure instanceof Error ? failure : new RelayError(String(failure))
      return false
    },
  }
}

/** A row as it was read: whoever has claimed it since has changed it. */
const claimOf = ({ id, status, touchedAt }: Row) => ({ id, status, touchedAt })

/** Claims a publication. @returns it as it is then; undefined when somebody else was faster */
async function take(context: Context, row: Row, status: string): Promise<Row | undefined> {
  const claimed = { status, touchedAt: context.now() }
  const [taken] = await context.table('outbox').updateReturning(claimOf(row), claimed)
  return taken
}

const complete = (context: Context, row: Row): Promise<number> =>
  context.table('outbox').update({ id: row.id }, { status: 'COMPLETED' })

/** A context like that of a handler of the event. */
function listenerContext({ runtime, process, task }: Context, { event }: Row): Context {
  return new runtime.Context(runtime, process, task, event as Envelope)
}

/** Runs a listener; its first transaction completes the publication. */
async function listenOnce(listener: Listener<never>, context: Context, row: Row): Promise<void> {
  const own = listenerContext(context, row)
  addConclusion(own, async (tx) => {
    if ((await tx.table('outbox').update(claimOf(row), { status: 'COMPLETED' })) === 1) return
    throw new ClaimError(`the publication ${String(row.id)} to ${String(row.listener)} was published again`)
  })
  await listener(row.event as Envelope, own as never)
  await ensureWritten(own)
}
