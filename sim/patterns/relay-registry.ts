import { isIn, lte } from '../database/predicate.ts'
import type { Row } from '../database/table.ts'
import { SimError } from '../kernel/error.ts'
import { type DurationText, positiveMicros } from '../kernel/time.ts'
import type { Listener } from '../service/component.ts'
import type { Context } from '../service/context.ts'
import type { Envelope } from '../service/envelope.ts'
import { checkOptionNames, expectFunction, type OptionTable, refuseIdle } from '../service/option.ts'
import { RejectError } from '../service/reject-error.ts'
import { integer, oneOf, text } from '../service/schema.ts'
import { ClaimError } from './claim-error.ts'
import { addConclusion, ensureWritten } from './inbox-row.ts'
import { type Poison, SET_ASIDE, UNORDERED_POISON_POLICIES } from './poison.ts'
import {
  complain,
  RELAY_OPTIONS,
  type Relay,
  RelayError,
  redriveTo,
  relayKnobs,
  type UnorderedRelayOptions,
} from './relay.ts'

/** Options of a registry of publications. */
export interface RegistryRelayOptions<Ctx = unknown> extends Omit<UnorderedRelayOptions, 'batch'> {
  /** Who hears of events besides their topic: each has a row of its own, and is tried again by itself. */
  readonly listeners?: Readonly<Record<string, Listener<Ctx>>>
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

const OPTIONS: OptionTable<RegistryRelayOptions<never>> = {
  order: RELAY_OPTIONS.order,
  identity: RELAY_OPTIONS.identity,
  poison: UNORDERED_POISON_POLICIES,
  relays: 'any',
  listeners: 'any',
  staleAfter: 'any',
  resubmit: ['incomplete', 'failed'],
  claim: ['conditional', 'none'],
  completion: ['same-transaction', 'after'],
}

/**
 * O7: a registry of publications (Spring Modulith). Every event has a row for each listener, of which one sends it to its
 * topic; they hear of it after the commit, in the process that committed, and what is incomplete is published again. What its
 * listener rejects (`RejectError`) is set aside like what no broker takes. No order is promised.
 */
export function registryRelay<Ctx = unknown>(options: RegistryRelayOptions<Ctx> = {}): Relay<Ctx> {
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
  if (Object.keys(listeners).length === 0)
    refuseIdle('outbox relay', options, ['completion'], 'there are no listeners: leave it out, or name some')
  for (const [name, listener] of Object.entries(listeners))
    expectFunction(`outbox relay: listener ${name}`, listener)
  const { relays, send, poison, redrive } = relayKnobs({ poison: 'park-row', ...options })
  const staleMillis = positiveMicros(options.staleAfter ?? '10s', 'the stale age of an outbox') / 1_000
  const run = async (context: Context, row: Row): Promise<void> => {
    const listener = listeners[row.listener as string]
    try {
      if (listener === undefined) {
        const sent = await send(context, [row])
        complain(sent)
        if (sent.setAside.length === 0) await complete(context, row)
      } else if (completion === 'same-transaction') await listenOnce(listener, context, row)
      else {
        await listener(row.event as Envelope, listenerContext(context, row) as Ctx)
        await complete(context, row)
      }
    } catch (error) {
      if (error instanceof SimError) throw error
      if (error instanceof RejectError && (await isSetAside(poison, context, row, error))) return
      await context.table('outbox').update(claimOf(row), { status: 'FAILED' })
      throw error
    }
  }
  return {
    columns: {
      listener: text,
      status: oneOf(...INCOMPLETE, 'COMPLETED', 'FAILED', ...SET_ASIDE),
      touchedAt: integer,
    },
    indexes: ['status'],
    relays,
    redrive: redrive && redriveTo('FAILED'),
    listeners,
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

/** Sets aside a publication that its listener will never take, unless it is tried for ever. */
async function isSetAside(poison: Poison, context: Context, row: Row, error: Error): Promise<boolean> {
  const failures = [{ row, error, transient: false }]
  const { setAside } = await poison.setAside(context, { acknowledged: [], failures, held: [] })
  return setAside.length > 0
}

/** A context like that of a handler of the event. */
function listenerContext({ runtime, process, task }: Context, { event }: Row): Context {
  return new runtime.Context(runtime, process, task, event as Envelope)
}

/** Runs a listener; its first transaction completes the publication. */
async function listenOnce<Ctx>(listener: Listener<Ctx>, context: Context, row: Row): Promise<void> {
  const own = listenerContext(context, row)
  addConclusion(own, async (tx) => {
    if ((await tx.table('outbox').update(claimOf(row), { status: 'COMPLETED' })) === 1) return
    throw new ClaimError(`the publication ${String(row.id)} to ${String(row.listener)} was published again`)
  })
  await listener(row.event as Envelope, own as Ctx)
  await ensureWritten(own)
}
