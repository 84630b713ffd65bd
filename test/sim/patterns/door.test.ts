import {
  answerOnce,
  DONE,
  EventStore,
  type HandlerContext,
  IdempotencyKeys,
  integer,
  type KeyValueStoreSpec,
  Lock,
  type Orchestrator,
  outbox,
  Projection,
  Reservations,
  registryRelay,
  requestTable,
  route,
  sagaTable,
  service,
  table,
  text,
  undoOnce,
} from 'faultline'
import { describe, expect, it } from 'vitest'
import { account } from '../../fixtures/bank.ts'
import { PLAIN_MESSAGING } from '../../fixtures/stage.ts'

const reservations = new Reservations()
const lock = new Lock()
const store = new EventStore(account)
const balances = new Projection(store, {
  key: 'streamId',
  keyOf: ({ streamId }) => streamId,
  apply: (view: { readonly cents: number } | undefined, { data }) => ({
    cents: (view?.cents ?? 0) + data.cents,
  }),
})
const keys = new IdempotencyKeys({ callerOf: ({ who }: { readonly who: string }) => who })
const own = { things: table({ id: text, count: integer }, { key: 'id' }) }
const all = {
  ...own,
  ...reservations.tables,
  ...lock.tables,
  ...store.tables,
  ...balances.tables,
  ...keys.tables,
  requests: requestTable(),
  sagas: sagaTable(),
}
type Clients = { readonly cache: KeyValueStoreSpec }
type NoClients = Readonly<Record<never, never>>
type Ctx<Tables> = HandlerContext<Tables, Clients>
type Tx<Tables> = Parameters<Parameters<Ctx<Tables>['transaction']>[0]>[0]

const buy = route<{ readonly who: string; readonly item: string }, null>('shop', 'buy')
const list = route<{ readonly item: string }, null>('shop', 'list')
const order = { reservationId: 'a', sku: 'b', quantity: 1 }
const place = { xid: 1, id: 1 }
const command = { streamId: 'a', commandId: 'b' }
const ids = { requestId: 'a', actionId: 'b' }
const done = async () => DONE
const nothing = async () => {}

const outboxWith = <Need>(hear: (ctx: Need) => Promise<unknown>) =>
  outbox({ relay: registryRelay({ listeners: { hear: (_event, ctx: Need) => hear(ctx) } }) })
/** An outbox with a listener of a service that has keys. */
const listening = outboxWith((ctx: HandlerContext<typeof all, NoClients>) => ctx.db.idempotencyKeys.get('a'))
const modest = outboxWith(nothing)

/** What each pattern takes, and of which nothing is called. */
function taken(ctx: Ctx<typeof all>, tx: Tx<typeof all>, sagas: Orchestrator<null>): unknown[] {
  return [
    () => service('shop', { tables: all, ...PLAIN_MESSAGING, outbox: listening }, () => {}),
    () => service('shop', { tables: own, ...PLAIN_MESSAGING, outbox: modest }, () => {}),
    () => reservations.reserve(tx, order),
    () => reservations.extend(tx, 'a'),
    () => reservations.confirm(tx, 'a'),
    () => reservations.release(tx, 'a'),
    () => reservations.expire(ctx),
    () => lock.hold(ctx, ctx.cache, 'a', (guard) => guard(tx)),
    () => store.load(tx, 'a'),
    () => store.load(ctx, 'a'),
    () => store.loadAt(ctx, 'a', 1),
    () => store.handle(ctx, command, () => []),
    () => balances.follow(ctx),
    () => balances.build(ctx),
    () => balances.read(ctx, 'a'),
    () => balances.shows(tx, place),
    () => balances.rebuild(tx),
    () => keys.guard(buy, async (_request, _ctx: Ctx<typeof all>) => null),
    () => keys.complete(ctx),
    () => answerOnce(ctx, 'a', done, nothing),
    () => undoOnce(ctx, ids, nothing, nothing),
    () => sagas.start(ctx, 'a', null),
  ]
}

/** What none takes: contexts and transactions of a service without its tables, and what is neither. */
function refused(
  ctx: Ctx<typeof own>,
  tx: Tx<typeof own>,
  full: Ctx<typeof all>,
  sagas: Orchestrator<null>,
): unknown[] {
  return [
    // @ts-expect-error a service without stock
    () => reservations.reserve(tx, order),
    // @ts-expect-error no transaction at all
    () => reservations.reserve(order, order),
    // @ts-expect-error a context is no transaction
    () => reservations.extend(full, 'a'),
    // @ts-expect-error a service without reservations
    () => reservations.confirm(tx, 'a'),
    // @ts-expect-error nothing
    () => reservations.release(undefined, 'a'),
    // @ts-expect-error a service without reservations
    () => reservations.expire(ctx),
    // @ts-expect-error a service without fences
    () => lock.hold(ctx, ctx.cache, 'a', nothing),
    // @ts-expect-error a transaction of a service without fences
    () => lock.hold(full, full.cache, 'a', (guard) => guard(tx)),
    // @ts-expect-error a transaction of a service without events
    () => store.load(tx, 'a'),
    // @ts-expect-error a context of a service without events
    () => store.loadAt(ctx, 'a', 1),
    // @ts-expect-error a service without events
    () => store.handle(ctx, command, () => []),
    // @ts-expect-error an event of another aggregate
    () => store.handle(full, command, () => [{ type: 'Closed', data: { cents: 1 } }]),
    // @ts-expect-error a service without views
    () => balances.follow(ctx),
    // @ts-expect-error a service without positions
    () => balances.build(ctx),
    // @ts-expect-error a service without views
    () => balances.read(ctx, 'a'),
    // @ts-expect-error a service without positions
    () => balances.shows(ctx, place),
    // @ts-expect-error a transaction of a service without positions
    () => balances.rebuild(tx),
    // @ts-expect-error a context is no transaction
    () => balances.rebuild(full),
    // @ts-expect-error a service without keys
    () => keys.guard(buy, async (_request, _ctx: Ctx<typeof own>) => null),
    // @ts-expect-error requests that do not say who asks
    () => keys.guard(list, async (_request, _ctx: Ctx<typeof all>) => null),
    // @ts-expect-error a service without keys
    () => keys.complete(ctx),
    // @ts-expect-error a service without requests
    () => answerOnce(ctx, 'a', done, nothing),
    // @ts-expect-error a service without requests
    () => undoOnce(ctx, ids, nothing, nothing),
    // @ts-expect-error a listener of another service
    () => service('shop', { tables: own, ...PLAIN_MESSAGING, outbox: listening }, () => {}),
    // @ts-expect-error a service without sagas
    () => sagas.start(ctx, 'a', null),
  ]
}

describe('the doors of patterns', () => {
  it('[PT4] take contexts and transactions of services that have their tables, and no others, say the types', () => {
    expect([taken, refused]).toHaveLength(2)
  })
})
