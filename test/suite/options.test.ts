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
  Orchestrator,
  Projection,
  parking,
  paymentProvider,
  Reconciliation,
  Reservations,
  rabbitmq,
  registryRelay,
  retryTopics,
  schemaRegistry,
  sequenceInbox,
  skipLockedRelay,
  skipping,
  sqs,
  statusRelay,
  table,
  text,
  topic,
} from 'faultline'
import { describe, expect, it } from 'vitest'

const dead = topic('dead', { key: 'id', partitions: 1 })
const Asked = dead.event('Asked', { id: text })
const saga = {
  timeout: '1s',
  steps: [{ name: 'ask', state: 'ASKED', action: command(Asked, () => ({ id: 'a' })) }],
} as const
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
}

const needed = { sequenceOf: () => 1, topics: [{ topic: dead, delay: '1s' }], deadLetters: dead, retry }
const NEEDED: Readonly<Record<string, readonly (keyof typeof needed)[]>> = {
  sequenceInbox: ['sequenceOf'],
  retryTopics: ['topics', 'deadLetters'],
  skipping: ['retry'],
  parking: ['retry'],
  deadLettering: ['retry'],
}
const neededBy = (what: string): object =>
  Object.fromEntries((NEEDED[what] ?? []).map((name) => [name, needed[name]]))

const make = (what: string, options: object): unknown =>
  (MAKERS[what] as (options: object) => unknown)({ ...neededBy(what), ...options })

describe('the options of a pattern', () => {
  it.each(Object.keys(MAKERS))('[S18] of %s are refused when there is none of that name', (what) => {
    expect(() => make(what, {})).not.toThrow()
    expect(() => make(what, { mistyped: 1 })).toThrow("there is no option 'mistyped': expected one of ")
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
