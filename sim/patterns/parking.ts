import { lte } from '../database/predicate.ts'
import { databaseClock } from '../database/server-value.ts'
import { type DurationText, positiveMicros } from '../kernel/time.ts'
import type { Context } from '../service/context.ts'
import type { Envelope } from '../service/envelope.ts'
import { checkOptionNames, refuseIdle } from '../service/option.ts'
import type { RetryPolicy } from '../service/retry.ts'
import { byName, integer, named, oneOf, plain, table, text } from '../service/schema.ts'
import type { FailurePolicy } from '../service/setbacks.ts'
import { type FailureOptions, failurePlan } from './failure.ts'
import { addPrelude } from './inbox-row.ts'

/** What waits behind an event that was put away, the right one first (Z51). */
export const PARKING_SCOPES = ['key', 'event'] as const

/** How what was put away comes back, the right one first. */
export const REDRIVES = ['in-order', 'overtaking', 'delete-first', 'endless'] as const

/** Options of parking. */
export interface ParkingOptions extends FailureOptions {
  readonly retry: RetryPolicy
  /**
   * `key`: later events of its key wait behind it, in their order. `event`: they are handled, and the state of the key has
   * passed it by when it comes back (Z51). Default: `key`.
   */
  readonly scope?: (typeof PARKING_SCOPES)[number]
  /**
   * `in-order`: copies go to the topic that they came from while their key still waits; each is handled when it is the first of
   * its key, and leaves in the transaction of its effect. `overtaking`: the key goes on as soon as its events are to be sent.
   * `delete-first`: what is to be sent is forgotten first, and lost in a crash. `endless`: what fails again is sent again at
   * once, for ever. Default: `in-order`.
   */
  readonly redrive?: (typeof REDRIVES)[number]
  /** Whether copies are for this service alone, or for every subscriber of the topic, as plain ones are (Z86). Default: `own`. */
  readonly copiesFor?: 'own' | 'every-subscriber'
  /** When a copy of which nothing was heard is sent again. Default: 30s. */
  readonly again?: DurationText
}

const PARKED = named(
  'parked',
  table(
    {
      parkedId: integer,
      eventId: text,
      key: text,
      event: plain<Envelope>(),
      error: text,
      /** `DUE`: to be delivered again. */
      status: oneOf('PARKED', 'DUE'),
      /** When a copy is to be sent, while it is due. */
      sendAt: integer,
      correlationId: text,
    },
    { key: 'parkedId', sequence: true, indexes: ['key', 'status'], unique: [['eventId']] },
  ),
)

type Parked = NonNullable<(typeof PARKED)['row']>

/** What one redrive sends at a time. */
const BATCH = 100

/**
 * An event that fails as often as the policy says is parked in the service's database, and so are the later ones of its
 * key, in their order: the only dead letters that keep it. An operator has them delivered again (fault `redrive`). For
 * consumers that keep the order of a key, and for events of Kafka one at a time.
 */
export function parking(options: ParkingOptions): FailurePolicy {
  checkOptionNames('parking', options, {
    retry: 'any',
    breaker: 'any',
    scope: PARKING_SCOPES,
    redrive: REDRIVES,
    copiesFor: ['own', 'every-subscriber'],
    again: 'any',
  })
  if (options.redrive === 'delete-first') {
    const why = "with redrive 'delete-first' what is sent is no copy, and sent once: leave it out"
    refuseIdle('parking', options, ['copiesFor', 'again'], why)
  }
  const { scope = 'key', redrive = 'in-order', copiesFor = 'own', again = '30s' } = options
  const againMillis = Math.ceil(positiveMicros(again, 'parking: again') / 1_000)
  return {
    ...failurePlan('parking', options),
    tables: byName(PARKED),
    receive: (context, event, handle) => receive(context, event, handle, { scope, redrive }),
    recover: (context, event, error) => park(context, event, error, redrive === 'endless'),
    redrive: (context) =>
      context.table(PARKED).update({ status: 'PARKED' }, { status: 'DUE', sendAt: databaseClock() }),
    job: {
      options: {
        every: '500ms',
        input: { table: PARKED.name, where: { status: 'DUE' }, due: 'sendAt' } as never,
      },
      run: (context) => send(context, { redrive, copiesFor, againMillis }),
    },
  }
}

/** The events of a key are those of one topic with one key. */
const keyOf = ({ aggregateType, aggregateId }: Envelope): string => `${aggregateType}/${aggregateId}`

/** The id of the row of which an event is the copy. */
const copyOf = ({ redriveOf }: Envelope): number | undefined =>
  typeof redriveOf === 'number' ? redriveOf : undefined

/** Handles an event whose key has nothing parked, and a copy whose turn it is; parks others behind those that are. */
async function receive(
  context: Context,
  event: Envelope,
  handle: () => Promise<unknown>,
  { scope, redrive }: Required<Pick<ParkingOptions, 'scope' | 'redrive'>>,
): Promise<void> {
  const { preludes } = context
  const key = keyOf(event)
  const copy = copyOf(event)
  // What is not handled leaves no row in the inbox either.
  context.preludes = []
  const parked = context.table(PARKED)
  if (copy === undefined) {
    const where = redrive === 'overtaking' ? ({ key, status: 'PARKED' } as const) : { key }
    const [first] = scope === 'key' ? await parked.select({ where, orderBy: 'parkedId', limit: 1 }) : []
    if (first !== undefined) {
      await parked.insertIfAbsent(rowOf(event, 'an earlier event of its key is parked', first))
      return
    }
    context.preludes = preludes
  } else {
    const where = scope === 'event' || redrive === 'overtaking' ? { parkedId: copy } : { key }
    const [first] = await parked.select({ where, orderBy: 'parkedId', limit: 1 })
    // It is done with, or comes again when it is its turn.
    if (first?.parkedId !== copy) return
    const table = context.runtime.database.table(PARKED.name)
    context.preludes = preludes
    addPrelude(context, { kind: 'delete', table, query: { where: { parkedId: copy } }, strict: true })
  }
  await handle()
}

/** The row of an event: in the state of whatever it waits for. */
function rowOf(event: Envelope, error: string, { status, sendAt }: Pick<Parked, 'status' | 'sendAt'>) {
  const { eventId, correlationId } = event
  return { eventId, key: keyOf(event), event, error, status, sendAt, correlationId }
}

/** Parks an event that has failed, or its key anew when it is a copy that has failed again. */
async function park(context: Context, event: Envelope, error: unknown, endless: boolean): Promise<void> {
  const parked = context.table(PARKED)
  const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  if (copyOf(event) === undefined) {
    await parked.insertIfAbsent(rowOf(event, why, { status: 'PARKED', sendAt: 0 }))
    return
  }
  const state = endless ? { status: 'DUE', sendAt: databaseClock() } : { status: 'PARKED' }
  await parked.update({ key: keyOf(event) }, state as never)
}

/** Sends what is due to where it came from, the events of a key one after another. */
async function send(
  context: Context,
  {
    redrive,
    copiesFor,
    againMillis,
  }: Required<Pick<ParkingOptions, 'redrive' | 'copiesFor'>> & { readonly againMillis: number },
): Promise<void> {
  const parked = context.table(PARKED)
  const where = { status: 'DUE', sendAt: lte(databaseClock()) } as const
  const due = await parked.select({ where, orderBy: 'parkedId', limit: BATCH })
  const chains = new Map<string, Parked[]>()
  for (const row of due) chains.set(row.key, [...(chains.get(row.key) ?? []), row])
  const sendAll = async (rows: readonly Parked[]): Promise<void> => {
    for (const { parkedId, event } of rows) {
      const { aggregateType: topic } = event
      if (redrive === 'delete-first') {
        await parked.delete({ parkedId })
        await context.produce(topic, event)
        continue
      }
      const copy = { ...event, redriveOf: parkedId }
      await context.produce(topic, copiesFor === 'own' ? { ...copy, redriveFor: context.runtime.name } : copy)
      await parked.update({ parkedId, status: 'DUE' }, { sendAt: databaseClock(againMillis) })
    }
  }
  await Promise.all([...chains.values()].map(sendAll))
}
