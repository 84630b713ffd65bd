import type { Row } from '../database/table.ts'
import { type DurationText, positiveMicros } from '../kernel/time.ts'
import type { Outbox } from '../service/component.ts'
import type { Envelope } from '../service/envelope.ts'
import { checkOptionNames, expectFunction, type OptionTable, refuseIdle } from '../service/option.ts'
import type { TransactionScope } from '../service/transaction.ts'
import { outboxTable, type Relay, type RelayOptions } from './relay.ts'
import { statusRelay } from './relay-status.ts'

/**
 * How an event leaves the transaction that publishes it (Z13, Z14, Z15, Z17): `relay` writes a row that a
 * relay sends and is right; `dual-write` sends after the commit and loses the event in a crash between the two;
 * `publish-before-commit` sends first and tells of facts that a rollback or crash undoes.
 */
export type OutboxMode = 'relay' | 'dual-write' | 'publish-before-commit'

/** The modes, the right one first. */
export const OUTBOX_MODES = [
  'relay',
  'dual-write',
  'publish-before-commit',
] as const satisfies readonly OutboxMode[]

/** Options of the outbox. */
export interface OutboxOptions<Ctx = unknown> {
  /** Default: `relay`. */
  readonly mode?: OutboxMode
  /** How rows leave it. Default: by status. */
  readonly relay?: Relay<Ctx>
  /** Period of the polling relay. Default: 50ms. */
  readonly every?: DurationText
  /** How many rows one poll takes, of a relay that is not given. Default: 100. */
  readonly batch?: RelayOptions['batch']
}

const OPTIONS: OptionTable<OutboxOptions> = { mode: OUTBOX_MODES, relay: 'any', every: 'any', batch: 'any' }

/**
 * The outbox of a service.
 * @throws SimError 'definition' when there is no such option or mode, one that has no effect, and when the relay would never send anything, or poll
 * all the time
 */
export function outbox<Ctx = unknown>(options: OutboxOptions<Ctx> = {}): Outbox<Ctx> {
  checkOptionNames('outbox', options, OPTIONS)
  const { mode = 'relay' } = options
  if (mode !== 'relay') {
    const why = `mode '${mode}' has no relay: leave it out, or choose mode 'relay'`
    refuseIdle('outbox', options, ['relay', 'every', 'batch'], why)
  }
  if (options.relay !== undefined)
    refuseIdle('outbox', options, ['batch'], 'the relay that is given has its own: say it there')
  if (mode === 'dual-write') return { tables: {}, publish: publishAfterCommit }
  if (mode === 'publish-before-commit') {
    return { tables: {}, publish: (transaction, topic, event) => transaction.context.produce(topic, event) }
  }
  const { batch, every = '50ms', relay = statusRelay({ ...(batch !== undefined && { batch }) }) } = options
  expectFunction('outbox: relay: poll', relay?.poll)
  return {
    tables: { outbox: outboxTable(relay), ...relay.tables },
    initially: relay.initially ?? {},
    slots: relay.slot === undefined ? [] : [relay.slot],
    ...(relay.listeners && { listeners: relay.listeners }),
    redrive: relay.redrive,
    publish: (transaction, topic, event) =>
      relay.copies === undefined
        ? insertRow(transaction, topic, event, relay)
        : insertCopies(transaction, topic, event, relay, relay.copies),
    relay: {
      name: 'relay',
      everyMicros: positiveMicros(every, 'the period of an outbox'),
      processes: relay.relays,
      input: { table: 'outbox', where: relay.input, stays: relay.inputStays === true },
      run: (context) => relay.poll(context),
    },
  }
}

function insertRow(
  transaction: TransactionScope,
  topic: string,
  event: Envelope,
  relay: Relay<never>,
  copy?: Row,
): Promise<unknown> {
  const { correlationId } = event
  // Not spreads: in Node 20 every spread copy that is frozen later gets a hidden class of its own.
  const row = Object.assign({ topic, correlationId, event }, relay.fresh?.(transaction, topic, event), copy)
  const outbox = transaction.table('outbox')
  const inserting =
    relay.beforeInsert === undefined
      ? outbox.insert(row)
      : relay.beforeInsert(transaction, row).then(() => outbox.insert(row))
  return relay.inserted === undefined
    ? inserting
    : inserting.then((inserted) => relay.inserted?.(transaction, inserted))
}

async function insertCopies(
  transaction: TransactionScope,
  topic: string,
  event: Envelope,
  relay: Relay<never>,
  copies: readonly Row[],
): Promise<void> {
  for (const copy of copies) await insertRow(transaction, topic, event, relay, copy)
}

async function publishAfterCommit(
  transaction: TransactionScope,
  topic: string,
  event: Envelope,
): Promise<void> {
  transaction.afterCommit ??= []
  transaction.afterCommit.push(() => transaction.context.produce(topic, event))
}
