import type { Row } from '../database/table.ts'
import { isRetriable, ProducerError } from '../kafka/transaction/client-error.ts'
import { SimError } from '../kernel/error.ts'
import { operationNumber } from '../kernel/step.ts'
import type { Context } from '../service/context.ts'
import type { Envelope } from '../service/envelope.ts'

const SEND = operationNumber('outbox.send')

/**
 * What waits for what when a batch of outbox rows is sent ("stop on first failure"): with
 * `per-key` a row is sent when the one before it of the same key is acknowledged, and is held when that failed; with
 * `one-by-one` every row waits for the one before it, and the first failure holds all the others; `all-at-once` sends
 * everything and holds nothing, so that a row overtakes one of its key that failed (Z08).
 */
export type SendOrder = 'per-key' | 'one-by-one' | 'all-at-once'

/**
 * Who makes the id of an event: `with-the-fact`, in the transaction that published it, is right; `at-send` makes another
 * for every attempt, so that consumers cannot recognise a repeated one (Z12).
 */
export type EventIdentity = 'with-the-fact' | 'at-send'

/** How rows are sent. */
export interface DispatchOptions {
  readonly order: SendOrder
  readonly identity: EventIdentity
}

/** A row that was not acknowledged. */
export interface Failure {
  readonly row: Row
  readonly error: Error
  /** Whether it may succeed later: an outage ends, an event that is too large stays too large. */
  readonly transient: boolean
}

/** What became of a batch. */
export interface Dispatched {
  /** Rows whose events the broker acknowledged, in the order of the batch. */
  readonly acknowledged: readonly Row[]
  readonly failures: readonly Failure[]
  /** Rows that were not sent, because one before them failed. */
  readonly held: readonly Row[]
}

/** The key whose order a row belongs to. */
export function keyOf({ topic, event }: Row): string {
  return `${topic as string}/${(event as Envelope).aggregateId}`
}

/**
 * Sends the events of outbox rows, in the order given, and waits until each is acknowledged or given up.
 * Errors of brokers and queue servers are answers, not exceptions.
 */
export async function dispatch(
  context: Context,
  rows: readonly Row[],
  { order, identity }: DispatchOptions,
): Promise<Dispatched> {
  const setbacks: Setbacks = { failures: [], left: [] }
  const { failures } = setbacks
  const chains = order === 'all-at-once' ? rows.map((row) => [row]) : chainsOf(rows, order)
  const [first] = chains
  // One alone settles as all of one would, in the same microtask.
  if (chains.length === 1 && first !== undefined)
    await sendChain(context, first, identity, setbacks).then(nothing)
  else await Promise.all(chains.map((chain) => sendChain(context, chain, identity, setbacks)))
  if (failures.length === 0) return { acknowledged: rows, failures, held: [] }
  const unsent = new Set(setbacks.left)
  const failed = new Set(failures.map(({ row }) => row))
  return {
    acknowledged: rows.filter((row) => !unsent.has(row)),
    failures,
    held: rows.filter((row) => unsent.has(row) && !failed.has(row)),
  }
}

/** What failed of a batch, and the rows that were not sent: those, and what was to come after them. */
interface Setbacks {
  readonly failures: Failure[]
  readonly left: Row[]
}

/** Sends rows one after another, up to the first that fails. */
async function sendChain(
  context: Context,
  chain: readonly Row[],
  identity: EventIdentity,
  { failures, left }: Setbacks,
): Promise<void> {
  for (let index = 0; index < chain.length; index++) {
    const row = chain[index] as Row
    const event = row.event as Envelope
    const sent = identity === 'with-the-fact' ? event : { ...event, eventId: context.id(event.eventType) }
    try {
      await context.produce(row.topic as string, sent, SEND)
    } catch (error) {
      failures.push(failureOf(row, error))
      left.push(...chain.slice(index))
      return
    }
  }
}

/** @throws what is no error of a broker or queue server */
function failureOf(row: Row, error: unknown): Failure {
  if (error instanceof SimError || !(error instanceof Error)) throw error
  return { row, error, transient: !(error instanceof ProducerError) || isRetriable(error.code) }
}

const nothing = (): void => {}

function chainsOf(rows: readonly Row[], order: SendOrder): readonly (readonly Row[])[] {
  if (order === 'one-by-one' || rows.length === 1) return [rows]
  const chains = new Map<string, Row[]>()
  for (const row of rows) {
    const key = keyOf(row)
    const chain = chains.get(key)
    if (chain === undefined) chains.set(key, [row])
    else chain.push(row)
  }
  return [...chains.values()]
}
