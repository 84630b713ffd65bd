import {
  advisoryLockRelay,
  blocking,
  CacheAside,
  cdcRelay,
  command,
  consumerDriven,
  cursorRelay,
  deadLettering,
  deleteRelay,
  EventStore,
  groupLockRelay,
  horizonRelay,
  IdempotencyKeys,
  immediateRelay,
  keyValueStore,
  Lock,
  leaseInbox,
  leaseRelay,
  mailer,
  naturalKeyInbox,
  Orchestrator,
  outbox,
  Projection,
  parking,
  paymentProvider,
  Reconciliation,
  Reservations,
  rabbitmq,
  registryRelay,
  retryTopics,
  route,
  SchemaSerde,
  schemaRegistry,
  sequenceInbox,
  skipLockedRelay,
  skipping,
  sqs,
  statusRelay,
  table,
  text,
  topic,
  windowInbox,
} from 'faultline'
import { describe, expect, it } from 'vitest'

const dead = topic('dead', { key: 'id', partitions: 1 })
const Asked = dead.event('Asked', { id: text })
const ask = { name: 'ask', state: 'ASKED', action: command(Asked, () => ({ id: 'a' })) } as const
const saga = { timeout: '1s', steps: [ask] } as const
const tables = { orders: table({ id: text, since: text }, { key: 'id' }) }
const reconciled = { table: 'orders', where: {}, since: 'since', ask: async () => 0, repair: async () => 0 }
const aggregate = { initial: 0, apply: (state: number) => state }
const store = new EventStore(aggregate)
const view = { key: 'streamId', keyOf: () => 'a', apply: () => 0 } as const
const retry = { attempts: 3 }

/** Makes each of what has options; they are not checked by types here, as in a system that is loaded and not compiled. */
const MAKERS: Readonly<Record<string, (options: never) => unknown>> = {
  statusRelay,
  deleteRelay,
  cursorRelay,
  horizonRelay,
  skipLockedRelay,
  groupLockRelay,
  leaseRelay,
  advisoryLockRelay,
  cdcRelay,
  immediateRelay,
  registryRelay,
  consumerDriven,
  leaseInbox,
  sequenceInbox,
  blocking,
  skipping,
  parking,
  deadLettering: (options) => deadLettering(dead, options),
  retryTopics,
  idempotencyKeys: (options) => new IdempotencyKeys(options),
  orchestrator: (options) => new Orchestrator(saga, options),
  reservations: (options) => new Reservations(options),
  eventStore: (options) => new EventStore(aggregate, options),
  projection: (options) => new Projection(store, view, options),
  reconciliation: (options) => new Reconciliation(tables, reconciled as never, options),
  lock: (options) => new Lock(options),
  cacheAside: (options) => new CacheAside('prices', options),
  schemaRegistry,
  paymentProvider,
  keyValueStore: (options) => keyValueStore('cache', options),
  sqs,
  rabbitmq,
  schemaSerde: (options) => new SchemaSerde(options),
  webhooks: (options) => paymentProvider({ webhooks: options }),
  saga: (options) => new Orchestrator(Object.assign({}, saga, options)),
  sagaStep: (options) => new Orchestrator({ ...saga, steps: [Object.assign({}, ask, options)] }),
  view: (options) => new Projection(store, Object.assign({}, view, options)),
}

const needed = {
  registry: schemaRegistry(),
  subject: 'orders',
  schema: 'string',
  to: route<never, null>('shop', 'POST /webhooks'),
  sequenceOf: () => 1,
  topics: [{ topic: dead, delay: '1s' }],
  deadLetters: dead,
  retry,
}
const NEEDED: Readonly<Record<string, readonly (keyof typeof needed)[]>> = {
  sequenceInbox: ['sequenceOf'],
  retryTopics: ['topics', 'deadLetters'],
  schemaSerde: ['registry', 'subject', 'schema'],
  webhooks: ['to'],
  skipping: ['retry'],
  parking: ['retry'],
  deadLettering: ['retry'],
}
const neededBy = (what: string): object =>
  Object.fromEntries((NEEDED[what] ?? []).map((name) => [name, needed[name]]))

const make = (what: string, options: object | string): unknown =>
  (
    (
      ({
        ...MAKERS,
        mailer,
        outbox,
        aggregate: (options: object) => new EventStore({ ...aggregate, ...options }),
      }) as Readonly<Record<string, unknown>>
    )[what] as (options: unknown) => unknown
  )(typeof options === 'string' || what === 'mailer' ? options : { ...neededBy(what), ...options })

/** What no types would let pass, and would be taken for something else or fail when the first event comes. */
const UNTYPED: readonly (readonly [
  what: string,
  make: (...options: never[]) => unknown,
  options: unknown,
  message: string,
])[] = [
  ['options that are none', statusRelay, null, 'outbox relay: expected options, got null'],
  [
    'a clean-up that does not say of what',
    statusRelay,
    { cleanUp: { after: '1s' } },
    'outbox relay: cleanUp: what: expected one of sent, any, got undefined',
  ],
  [
    'gaps with a second option',
    cursorRelay,
    { gaps: { timeOut: '1s', tiemOut: '2s' } },
    "outbox relay: gaps: there is no option 'tiemOut'",
  ],
  [
    'a listener that is none',
    registryRelay,
    { listeners: { indexing: 1 } },
    'outbox relay: listener indexing: expected a function, got number',
  ],
  [
    'a relay by its name',
    outbox,
    { relay: 'status' },
    'outbox: relay: poll: expected a function, got undefined',
  ],
  [
    'a window without its length',
    windowInbox,
    { keep: '1h' },
    "inbox with a window: there is no option 'keep'",
  ],
  [
    'a sequence of a word',
    sequenceInbox,
    { sequenceOf: 'number' },
    'inbox with sequences: sequenceOf: expected a function, got string',
  ],
  [
    'a natural key of a word',
    naturalKeyInbox,
    'letterId',
    'inbox with natural keys: its key: expected a function, got string',
  ],
  ['retry topics without any', retryTopics, {}, 'retry topics: topics: expected one at least'],
  [
    'retry topics without dead letters',
    retryTopics,
    { topics: [{ topic: dead, delay: '1s' }] },
    'retry topics: deadLetters: expected a topic, got undefined',
  ],
  ['dead letters without a topic', deadLettering, undefined, 'dead letters: expected a topic, got undefined'],
]

describe('the options of a pattern', () => {
  it.each(UNTYPED)('[S18] are refused where types are not checked: %s', (_what, make, options, message) => {
    expect(() => make(options as never)).toThrow(message)
  })

  it.each(Object.keys(MAKERS))('[S18] of %s are refused when there is none of that name', (what) => {
    expect(() => make(what, {})).not.toThrow()
    expect(() => make(what, { mistyped: 1 })).toThrow("there is no option 'mistyped': expected one of ")
  })

  it.each([
    [
      'outbox',
      { mode: 'dual-write', relay: statusRelay() },
      "relay would have no effect: mode 'dual-write' has no relay",
    ],
    ['outbox', { mode: 'publish-before-commit', every: '1s' }, 'outbox: every would have no effect'],
    ['outbox', { mode: 'dual-write', batch: 10 }, 'outbox: batch would have no effect'],
    [
      'outbox',
      { relay: statusRelay(), batch: 10 },
      'batch would have no effect: the relay that is given has its own',
    ],
    ['deleteRelay', { cleanUp: { after: '1h', what: 'any' } }, 'outbox relay: cleanUp would have no effect'],
    [
      'statusRelay',
      { mark: 'before-send', poison: 'drop' },
      "poison would have no effect: with mark 'before-send'",
    ],
    [
      'deleteRelay',
      { mark: 'after-send', poison: 'block' },
      "poison would have no effect: with mark 'after-send'",
    ],
    ['registryRelay', { completion: 'after' }, 'completion would have no effect: there are no listeners'],
    [
      'idempotencyKeys',
      { scope: 'global', callerOf: () => '' },
      'idempotency keys: callerOf would have no effect',
    ],
    ['parking', { redrive: 'delete-first', copiesFor: 'own' }, 'parking: copiesFor would have no effect'],
    ['parking', { redrive: 'delete-first', again: '1s' }, 'parking: again would have no effect'],
    ['eventStore', { snapshotOf: 'as-loaded' }, 'snapshotOf would have no effect: no snapshots are taken'],
    [
      'eventStore',
      { expectedVersion: 'unchecked', onConflict: 'append-anyway' },
      'event store: onConflict would have no effect',
    ],
    ['projection', { reactions: 'repeated' }, 'reactions would have no effect: it has no reaction'],
    [
      'blocking',
      { breaker: { failures: 1, open: '1s', whileOpen: 'put-away' } },
      "whileOpen: expected 'pause': nothing puts an event away",
    ],
  ])('[S18] of %s are refused where they would have no effect: %o', (what, options, message) => {
    expect(() => make(what, options)).toThrow(message)
  })

  it.each([
    [
      'statusRelay',
      { mark: 'before' },
      "mark: expected one of after-ack, after-send, before-send, got 'before'",
    ],
    [
      'statusRelay',
      { poison: 'parc' },
      "poison: expected one of park-key, park-row, block, drop, got 'parc'",
    ],
    ['statusRelay', { cleanUp: { after: '1h', what: 'old' } }, "what: expected one of sent, any, got 'old'"],
    ['statusRelay', { cleanUp: { after: 'soon', what: 'any' } }, "'soon' is not a duration"],
    [
      'deleteRelay',
      { order: 'by-key' },
      "order: expected one of per-key, one-by-one, all-at-once, got 'by-key'",
    ],
    ['cursorRelay', { gaps: 'ignore' }, "gaps: expected one of ignored, serialised, got 'ignore'"],
    ['cursorRelay', { relays: 2 }, "there is no option 'relays'"],
    ['horizonRelay', { bound: 'no' }, "bound: expected one of horizon, none, got 'no'"],
    ['leaseRelay', { clock: 'node' }, "clock: expected one of database, relay, got 'node'"],
    ['immediateRelay', { maxAttempts: 0 }, 'maxAttempts: expected a whole number from 1, got 0'],
    ['leaseRelay', { poison: 'park' }, "poison: expected one of park-key, park-row, block, drop, got 'park'"],
    [
      'skipLockedRelay',
      { poison: 'park-key' },
      "poison: expected one of park-row, block, drop, got 'park-key'",
    ],
    ['mailer', '', 'mailer: expected its name, got no text'],
    ['mailer', { name: 'post' }, 'mailer: expected its name, got object'],
    ['schemaSerde', { stamp: 'newest' }, "stamp: expected one of own, latest, got 'newest'"],
    ['schemaSerde', { subject: '' }, 'schema serde: subject: expected one, got none'],
    ['paymentProvider', { errorsOneIn: 0.5 }, 'errorsOneIn: expected a whole number from 0, got 0.5'],
    ['webhooks', { to: undefined }, 'webhooks: to: expected the route that it calls'],
    [
      'webhooks',
      { duplicatesOneIn: -1 },
      'webhooks: duplicatesOneIn: expected a whole number from 0, got -1',
    ],
    ['webhooks', { spread: '0ms' }, "webhooks: spread is '0ms': expected more than nothing"],
    ['webhooks', { secret: '' }, 'webhooks: secret: expected some text, got none'],
    ['saga', { timeout: '0s' }, "the time-out of a saga is '0s': expected more than nothing"],
    ['saga', { attempts: 0 }, 'saga: attempts: expected a whole number from 1, got 0'],
    [
      'saga',
      { compensationAttempts: 0 },
      'saga: compensationAttempts: expected a whole number from 1, got 0',
    ],
    [
      'sagaStep',
      { kind: 'pivotal' },
      "saga: step ask: kind: expected one of compensatable, pivot, retriable, got 'pivotal'",
    ],
    [
      'saga',
      {
        steps: [
          { ...ask, kind: 'pivot' },
          { ...ask, name: 'beg' },
        ],
      },
      'saga: step beg is compensatable and follows the pivot ask',
    ],
    [
      'eventStore',
      { upcasting: 'all' },
      "upcasting: expected one of whole-chain, first-step, none, got 'all'",
    ],
    [
      'aggregate',
      { foldVersion: 0 },
      'event store: aggregate: foldVersion: expected a whole number from 1, got 0',
    ],
    [
      'aggregate',
      { upcasters: { Moved: 'one' } },
      'event store: aggregate: upcasters: Moved: expected a list of functions',
    ],
    ['projection', { batch: 0 }, 'projection: batch: expected a whole number from 1, got 0'],
    ['view', { by: 'a' }, "projection: definition: there is no option 'by'"],
    [
      'idempotencyKeys',
      { lock: '2h', keeps: '1h' },
      'idempotency keys: keeps: 1h is shorter than the lock, 2h',
    ],
    ['idempotencyKeys', { keeps: '89s' }, 'idempotency keys: keeps: 89s is shorter than the lock, 90s'],
    ['retryTopics', { topics: [] }, 'topics: expected one at least'],
    ['skipping', { retry: { attempt: 3 } }, "there is no option 'attempt'"],
    ['blocking', { breaker: { failures: 1, open: '1s', opens: 1 } }, "there is no option 'opens'"],
    ['idempotencyKeys', { onError: 'forget' }, "onError: expected one of keep, store, delete, got 'forget'"],
    ['orchestrator', { store: 'db' }, "store: expected one of database, in-memory, one-object, got 'db'"],
    ['reservations', { confirm: 'never' }, "confirm: expected one of while-held, always, got 'never'"],
    [
      'eventStore',
      { expectedVersion: 'any' },
      "expectedVersion: expected one of checked, unchecked, got 'any'",
    ],
    ['schemaRegistry', { subjects: { a: 'BACK' } }, 'subject a: expected one of '],
  ])('[S18] of %s are refused when they are %j', (what, options, message) => {
    expect(() => make(what, options)).toThrow(message)
  })
})
