import type { Row } from '../database/table.ts'
import type { ProducerSettings } from '../kafka/producer/config.ts'
import { SimError } from '../kernel/error.ts'
import { TableBinding } from './access.ts'
import type { ExternalSpec, Inbox, Outbox } from './component.ts'
import { type ConsumerOptions, type ConsumerPlan, consumerPlan } from './consumer-options.ts'
import { Context, type HandlerContext } from './context.ts'
import { checkDesk, type DeskOptions, type RouteHandler } from './desk.ts'
import type { JobOptions, JobRegistration } from './job-options.ts'
import {
  type KafkaTransactionOptions,
  type KafkaTransactionPlan,
  kafkaTransactionPlan,
} from './kafka-transactions.ts'
import { offerClients, offerTables } from './offers.ts'
import { checkOptionNames, type OptionTable } from './option.ts'
import { retryPlan } from './retry.ts'
import type { EventHandler } from './runtime.ts'
import type { EventType, Route, TableSpec, TablesByName, TimerType } from './schema.ts'
import type { FailurePolicy } from './setbacks.ts'
import { type FiredTimer, TIMER_STORES, type TimerHandler, type TimerOptions } from './timers.ts'
import { TransactionScope } from './transaction.ts'
import { FIRST_VERSION } from './version.ts'

type Tables = TablesByName
type Clients = Readonly<Record<string, ExternalSpec<unknown>>>

type RowIn<Spec> = Spec extends { readonly row?: infer Row } ? NonNullable<Row> : never

/** What a service is made of. */
export interface ServiceOptions<OwnTables extends Tables, OwnClients extends Clients> {
  /** How many processes run it. Default: 1. */
  readonly instances?: number
  /** The tables of its database. */
  readonly tables?: OwnTables
  /** Rows that its tables hold from the start. */
  readonly initially?: { readonly [Name in keyof OwnTables]?: readonly RowIn<OwnTables[Name]>[] }
  /** External systems that it calls, each a property of its contexts. */
  readonly clients?: OwnClients
  /** How it recognises events that it has handled before. */
  readonly inbox: Inbox
  /** How its events reach their topics. */
  readonly outbox: Outbox<NoInfer<HandlerContext<OwnTables, OwnClients>>>
  /** How its instances consume from Kafka. */
  readonly consumer?: ConsumerOptions
  /** What becomes of events of Kafka whose handler throws. Default: they are tried again for ever, and their partition waits. */
  readonly failures?: FailurePolicy
  /** Kafka's producer configuration of this service alone, under Kafka's names: `partitioner.class`, … */
  readonly producer?: ProducerSettings
  /** Makes its handlers of events of Kafka exactly-once processors, from topics to topics. Default: they are not. */
  readonly kafkaTransactions?: KafkaTransactionOptions
  /** How its instances answer requests. */
  readonly http?: DeskOptions
  /** How it keeps and fires timers. */
  readonly timers?: TimerOptions
  /** Factories of other versions, by name: deployments put them in the place of the first one, which is `v1`. */
  readonly versions?: Readonly<Record<string, (register: Registration<OwnTables, OwnClients>) => void>>
}

/** Options of a handler of batches. */
export interface BatchOptions {
  /** How many events it takes at most at a time: from 1 on. */
  readonly size: number
}

/** What a service's factory registers. */
export interface Registration<OwnTables, OwnClients> {
  /** Handles events of a type. */
  on<Data>(
    type: EventType<Data>,
    handler: (data: Data, ctx: HandlerContext<OwnTables, OwnClients>) => Promise<void>,
  ): void
  /**
   * Handles events of a type several at a time: those that a poll returned one after another, at most `size`. They are
   * handled as a whole or not at all; `ctx.event` is the first one. Only on Kafka.
   */
  onBatch<Data>(
    type: EventType<Data>,
    options: BatchOptions,
    handler: (data: readonly Data[], ctx: HandlerContext<OwnTables, OwnClients>) => Promise<void>,
  ): void
  /** Answers requests. */
  route<Request, Response>(
    route: Route<Request, Response>,
    handler: (request: Request, ctx: HandlerContext<OwnTables, OwnClients>) => Promise<Response>,
  ): void
  /**
   * Does something every so often, while rows of a table give it work. With the default `at: 'leader'` one instance at a
   * time does it. Where its rows stay it answers true while it has not done with them.
   */
  job(
    name: string,
    options: JobOptions<OwnTables>,
    handler: (ctx: HandlerContext<OwnTables, OwnClients>) => Promise<unknown>,
  ): void
  /**
   * Does something when a timer fires that a transaction has set: at least once, at any instance. The first transaction
   * of the handler that commits takes the timer away; what it writes counts once.
   */
  onTimer<Payload>(
    type: TimerType<Payload>,
    handler: (timer: FiredTimer<Payload>, ctx: HandlerContext<OwnTables, OwnClients>) => Promise<void>,
  ): void
}

/** What handles the events of a type. */
export interface EventRegistration {
  readonly topic: string
  readonly handler: EventHandler
  /** How many events it takes at most at a time; undefined: one, as itself. */
  readonly batchSize: number | undefined
}

/** The handlers of one life of one instance. */
export interface HandlerRegistry {
  readonly events: ReadonlyMap<string, EventRegistration>
  readonly routes: ReadonlyMap<string, RouteHandler>
  readonly jobs: ReadonlyMap<string, JobRegistration>
  readonly timers: ReadonlyMap<string, TimerHandler>
  readonly topics: readonly string[]
}

/** A service as a system declares it; made once, run many times. */
export interface ServiceSpec<OwnTables = Tables, OwnClients = unknown> {
  readonly name: string
  /** Its tables, as properties read them. */
  readonly tables: OwnTables
  readonly plan: ServicePlan
  /** Carries the type of its clients; never set. */
  readonly clients?: OwnClients
}

/** What the handlers of a service get, for helpers: of the service itself, or of a function that makes it. */
export type ContextOf<Service> = Service extends (...args: never[]) => infer Made
  ? ContextOf<Made>
  : Service extends ServiceSpec<infer OwnTables, infer OwnClients>
    ? HandlerContext<OwnTables, OwnClients>
    : never

/** Everything about a service that does not change from run to run. */
export interface ServicePlan {
  readonly name: string
  readonly instances: number
  readonly inbox: Inbox
  readonly outbox: Outbox<never>
  readonly consumer: ConsumerPlan
  readonly failures: FailurePolicy
  readonly producer: ProducerSettings
  readonly kafkaTransactions: KafkaTransactionPlan | undefined
  /** The options that it was given for its consumers of Kafka. */
  readonly kafkaOptions: readonly string[]
  readonly http: DeskOptions
  readonly timers: TimerOptions
  readonly clients: Clients
  readonly bindings: ReadonlyMap<string, TableBinding>
  readonly initially: Readonly<Record<string, readonly Row[]>>
  /** The names of its versions, `v1` first. */
  readonly versions: readonly string[]
  /** Runs the factory of a version: once per life of an instance. */
  instantiate(version: string): HandlerRegistry
}

/** What contexts have besides methods; and `then` would make a promise of one. */
const MEMBERS_OF_CTX = [
  'runtime',
  'task',
  'process',
  'event',
  'preludes',
  'acknowledgement',
  'producer',
  'inherited',
  'idempotencyKey',
  'then',
]

const membersOf = (one: { readonly prototype: object }): string[] => Object.getOwnPropertyNames(one.prototype)

/** Refuses names that would hide what every context or transaction has. */
function refuseTaken(of: string, names: readonly string[], scope: string, taken: readonly string[]): void {
  const name = names.find((candidate) => taken.includes(candidate))
  if (name === undefined) return
  throw new SimError('definition', `no ${of} can be called '${name}': it would hide ${scope}.${name}`)
}

/**
 * Declares a service.
 * @param factory called once per life of an instance: everything declared in it dies in a crash
 * @throws SimError 'definition' when its instances, tables, clients or first rows cannot be meant
 */
export function service<const OwnTables extends Tables, const OwnClients extends Clients>(
  name: string,
  options: ServiceOptions<OwnTables, OwnClients>,
  factory: (register: Registration<OwnTables, OwnClients>) => void,
): ServiceSpec<OwnTables, OwnClients> {
  checkOptions(name, options as unknown as ServiceOptions<Tables, Clients>)
  const tables = Object.fromEntries(
    Object.entries({ ...options.tables }).map(([tableName, spec]) => [
      tableName,
      { ...spec, name: `${name}.${tableName}` },
    ]),
  ) as unknown as OwnTables
  const all: Record<string, TableSpec<unknown>> = {
    ...options.inbox.tables,
    ...options.outbox.tables,
    ...options.failures?.tables,
    ...tables,
  }
  const bindings = new Map(
    Object.entries(all).map(([tableName, spec], index) => [
      tableName,
      new TableBinding(name, tableName, index, spec),
    ]),
  )
  const factories = { [FIRST_VERSION]: factory, ...options.versions } as unknown as Readonly<
    Record<string, Factory>
  >
  const clients = options.clients ?? ({} as OwnClients)
  offerClients(Object.keys(clients))
  offerTables(bindings.keys())
  const plan: ServicePlan = {
    name,
    instances: options.instances ?? 1,
    inbox: options.inbox,
    outbox: options.outbox,
    consumer: consumerPlan(name, options.consumer, options.kafkaTransactions !== undefined),
    failures: failurePolicy(name, options),
    producer: options.producer ?? {},
    kafkaTransactions: kafkaTransactionPlan(
      name,
      options.kafkaTransactions,
      options.consumer,
      options.producer,
    ),
    kafkaOptions: KAFKA_OPTIONS.filter((option) => Object.keys(options[option] ?? {}).length > 0),
    http: options.http ?? {},
    timers: options.timers ?? {},
    clients,
    bindings,
    initially: { ...options.outbox.initially, ...options.initially } as ServicePlan['initially'],
    versions: Object.keys(factories),
    instantiate: (version) => instantiate(name, factories[version] as Factory, options.failures),
  }
  return { name, tables, plan }
}

/** @throws SimError 'definition' when it does not go with how the service consumes */
function failurePolicy(
  service: string,
  {
    failures,
    consumer: { concurrency = 1 } = {},
  }: Pick<ServiceOptions<Tables, Clients>, 'failures' | 'consumer'>,
): FailurePolicy {
  if (failures?.closes !== true || concurrency === 1)
    return failures ?? { retry: retryPlan(`service ${service}`) }
  const why = 'because the handlers beside the one that throws would end with it'
  throw new SimError('definition', `service ${service}: closing: expected a concurrency of 1, ${why}`)
}

type Factory = (register: Registration<unknown, unknown>) => void

/** Tables of this name are told by name only, and never looked up by services. */
const COMPONENT_TABLES: readonly string[] = ['inbox', 'outbox', 'timers', 'leases']

/** Options that mean nothing where all is on queues. */
const KAFKA_OPTIONS = ['consumer', 'failures', 'kafkaTransactions'] as const

/** Handlers that the runtime adds to a service. */
const RUNTIME_HANDLERS: readonly string[] = ['relay', 'startup', 'timers', 'redrive']

const NONE: ReadonlyMap<string, never> = new Map<string, never>()

const OPTIONS: OptionTable<ServiceOptions<Tables, Clients>> = {
  instances: 'any',
  tables: 'any',
  initially: 'any',
  clients: 'any',
  inbox: 'any',
  outbox: 'any',
  consumer: 'any',
  failures: 'any',
  producer: 'any',
  kafkaTransactions: 'any',
  http: 'any',
  timers: 'any',
  versions: 'any',
}

const TIMER_OPTIONS: OptionTable<TimerOptions> = { store: TIMER_STORES, every: 'any', retryAfter: 'any' }

function checkOptions(service: string, options: ServiceOptions<Tables, Clients>): void {
  checkOptionNames(`service ${service}`, options, OPTIONS)
  checkOptionNames(`service ${service}: timers`, options.timers ?? {}, TIMER_OPTIONS)
  const { instances = 1, tables = {}, initially = {}, clients = {}, inbox, outbox, failures } = options
  const refuse = (what: string): never => {
    throw new SimError('definition', `service ${service}: ${what}`)
  }
  if (!Number.isSafeInteger(instances) || instances < 1)
    refuse(`instances: expected a whole number from 1, got ${instances}`)
  for (const [part, given] of Object.entries({ inbox, outbox }))
    if (typeof given?.tables !== 'object') refuse(`it has no ${part}: expected ${part}: ${part}(…)`)
  const taken = [inbox, outbox, failures].flatMap((part) => Object.keys(part?.tables ?? {}))
  for (const table of Object.keys(tables))
    if (COMPONENT_TABLES.includes(table) || taken.includes(table))
      refuse(`its table '${table}' has the name of a table of inbox, outbox or the runtime`)
  checkDesk(service, options.http ?? {})
  if (Object.hasOwn(options.versions ?? {}, FIRST_VERSION))
    refuse(`'${FIRST_VERSION}' is the version of its own factory: give the other one another name`)
  refuseTaken(`table of service ${service}`, Object.keys(tables), 'tx', membersOf(TransactionScope))
  refuseTaken(`client of service ${service}`, Object.keys(clients), 'ctx', [
    ...MEMBERS_OF_CTX,
    ...membersOf(Context),
  ])
  for (const [table, rows = []] of Object.entries(initially as Readonly<Record<string, readonly Row[]>>)) {
    const spec = Object.hasOwn(tables, table) ? tables[table] : undefined
    if (spec === undefined) {
      refuse(
        `'initially' has rows for '${table}', which is no table of it: expected ${Object.keys(tables).join(', ') || 'none'}`,
      )
      continue
    }
    const keys = new Set<unknown>()
    for (const row of rows) {
      const key = row[spec.key]
      if (keys.has(key)) refuse(`'initially' has two rows of ${table} with the key ${String(key)}`)
      keys.add(key)
    }
  }
}

function instantiate(
  service: string,
  factory: Factory,
  failures: FailurePolicy | undefined,
): HandlerRegistry {
  const events = new Map<string, EventRegistration>()
  // Most services have none of some of these: an empty map costs as much as one with a few entries.
  let routes: Map<string, RouteHandler> | undefined
  let jobs: Map<string, JobRegistration> | undefined
  let timers: Map<string, TimerHandler> | undefined
  const names = new Set<string>()
  const refuse = (what: string): never => {
    throw new SimError('definition', `service ${service} ${what}`)
  }
  const claim = (name: string, handler: unknown): void => {
    if (typeof handler !== 'function') refuse(`handles ${name} with ${typeof handler}: expected a function`)
    if (names.has(name) || RUNTIME_HANDLERS.includes(name)) refuse(`has two handlers called ${name}`)
    names.add(name)
  }
  /** Modules that import each other in a circle see what is not declared yet. */
  const known = (declared: unknown, name: unknown, by: string): void => {
    if (typeof name !== 'string')
      refuse(`handles ${declared === null ? null : typeof declared}: expected what ${by} gives`)
  }
  const topics: string[] = []
  const handle = (type: EventType<unknown>, handler: unknown, batchSize: number | undefined): void => {
    known(type, type?.topic?.name, 'topic(…).event(…)')
    if (events.has(type.name)) refuse(`handles ${type.name} twice`)
    claim(type.name, handler)
    events.set(type.name, { topic: type.topic.name, handler: handler as EventHandler, batchSize })
    if (!topics.includes(type.topic.name)) topics.push(type.topic.name)
  }
  factory({
    on: (type, handler) => handle(type, handler, undefined),
    onBatch: (type, { size }, handler) => {
      if (!Number.isSafeInteger(size) || size < 1)
        refuse(`handles ${type?.name} in batches: size: expected a whole number from 1, got ${size}`)
      if (failures?.receive !== undefined)
        refuse(
          `handles ${type?.name} in batches, and its failures wait by key: expected a handler of one event`,
        )
      handle(type, handler, size)
    },
    route: (route, handler) => {
      known(route, route?.service, 'route(…)')
      if (route.service !== service) refuse(`cannot answer '${route.name}', a route of ${route.service}`)
      claim(route.name, handler)
      routes ??= new Map()
      routes.set(route.name, handler as unknown as RouteHandler)
    },
    job: (job, options, run) => {
      claim(job, run)
      jobs ??= new Map()
      jobs.set(job, { options, run } as unknown as JobRegistration)
    },
    onTimer: (type, handler) => {
      known(type, type?.name, 'timer(…)')
      claim(type.name, handler)
      timers ??= new Map()
      timers.set(type.name, handler as unknown as TimerHandler)
    },
  })
  return { events, routes: routes ?? NONE, jobs: jobs ?? NONE, timers: timers ?? NONE, topics }
}
