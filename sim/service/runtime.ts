import type { Network } from '../cluster/network.ts'
import { Process, type ProcessResource } from '../cluster/process.ts'
import type { Database } from '../database/database.ts'
import type { Table } from '../database/table.ts'
import type { KafkaCluster } from '../kafka/cluster.ts'
import type { ConsumerClient } from '../kafka/consumer-client.ts'
import type { ProducerSettings } from '../kafka/producer/config.ts'
import { ProducerClient } from '../kafka/producer-client.ts'
import type { Account } from '../kernel/account.ts'
import type { ChoiceSite } from '../kernel/choice.ts'
import { SimError } from '../kernel/error.ts'
import type { History } from '../kernel/history.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { hashText } from '../kernel/mix.ts'
import { operationNumber } from '../kernel/step.ts'
import { HandlerSite, Task } from '../kernel/task.ts'
import { Publisher } from '../queue/publisher.ts'
import type { QueueServer } from '../queue/server.ts'
import { ScopedTable, type StatementScope, TableBinding } from './access.ts'
import { clientRefusal, clientSettings } from './client-settings.ts'
import type { ExternalServer, Inbox, Outbox } from './component.ts'
import type { ConsumerPlan } from './consumer-options.ts'
import type { Context } from './context.ts'
import type { DeskOptions } from './desk.ts'
import { Fleet } from './fleet.ts'
import { ServiceHistories } from './history.ts'
import type { HttpCall, RouteServer } from './http.ts'
import { Job } from './job.ts'
import type { KafkaTransactionPlan } from './kafka-transactions.ts'
import { freeLease, LEASES } from './lease.ts'
import { Readers, ServiceContext, ServiceTransaction } from './offers.ts'
import type { TableSpec } from './schema.ts'
import type { HandlerRegistry, ServicePlan } from './service.ts'
import type { FailurePolicy } from './setbacks.ts'
import { TIMERS, type TimerOptions, type Timers } from './timers.ts'

/** A handler of an event type, in one life of one instance. */
export type EventHandler = (data: unknown, context: Context) => Promise<void>

/** What a handler keeps failing at, while it has not succeeded. */
export interface Trouble {
  /** `payment.OrderCreated`. */
  readonly handler: string
  /** The order that it fails for. */
  readonly entity: string
  readonly times: number
  /** The last error: `TypeError: no`. */
  readonly error: string
  readonly thrown: unknown
}

/** What carries events: a topic is on one of them. */
export interface Transports {
  readonly kafka: KafkaCluster
  /** Undefined in a system without queues. */
  readonly queues: QueueServer | undefined
}

/** A service in one run: its database, its instances and what they are made of. */
export class ServiceRuntime {
  readonly kernel: Kernel
  readonly network: Network
  readonly kafka: KafkaCluster
  readonly queues: QueueServer | undefined
  readonly database: Database
  readonly name: string
  readonly inbox: Inbox
  readonly outbox: Outbox<never>
  readonly consumerPlan: ConsumerPlan
  readonly failurePolicy: FailurePolicy
  readonly deskOptions: DeskOptions
  readonly timerOptions: TimerOptions
  readonly fleet: Fleet
  /** Answers the http calls of this service's handlers; set when the world is complete. */
  server: RouteServer | undefined = undefined
  /** Throws when the system does not have a topic that something needs; set when the world is complete. */
  checkTopic: (topic: string, what: string) => void = () => {}
  readonly Context = ServiceContext
  readonly Transaction = ServiceTransaction
  readonly Readers = Readers
  /** What properties want to be told of it; undefined when that is nothing. */
  histories: ServiceHistories | undefined = undefined
  /** The tables of its database, at the index of their binding. */
  readonly tables: Table[] = []
  private readonly plan: ServicePlan
  private readonly externals: ReadonlyMap<string, ExternalServer<unknown>>
  private readonly sites = new Map<string, HandlerSite>()
  // What few services need is made with the first entry.
  private choiceSites: Map<string, ChoiceSite> | undefined = undefined
  /** Tables that the runtime has made for itself. */
  private components: Map<string, TableBinding> | undefined = undefined
  private producers: Map<Process, ProducerClient> | undefined = undefined
  private publishers: Map<Process, Publisher> | undefined = undefined
  /** Whether the run has begun: who comes later has to find the others first. */
  established = false
  /** By what fails again and again: a record at the head of a partition, a job. */
  private troubles: Map<string, Trouble> | undefined = undefined
  /** Those that belong to a stable group when the run begins. */
  readonly firstConsumers: ConsumerClient[] = []

  constructor(
    plan: ServicePlan,
    network: Network,
    { kafka, queues }: Transports,
    database: Database,
    externals: ReadonlyMap<string, ExternalServer<unknown>>,
  ) {
    this.plan = plan
    this.kernel = network.kernel
    this.network = network
    this.kafka = kafka
    this.queues = queues
    this.database = database
    this.externals = externals
    this.name = plan.name
    this.fleet = new Fleet(this)
    this.inbox = plan.inbox
    this.outbox = plan.outbox
    this.consumerPlan = plan.consumer
    this.failurePolicy = plan.failures
    this.deskOptions = plan.http
    this.timerOptions = plan.timers
    for (const { name, schema } of plan.bindings.values()) {
      this.tables.push(database.create(schema, plan.initially[name] ?? []))
    }
    for (const slot of plan.outbox.slots ?? []) database.wal.createSlot(slot)
  }

  /**
   * Starts all processes of the service; its consumer group is stable from the first moment.
   * @throws SimError 'definition' for settings that Kafka's clients or its brokers refuse
   */
  start(): void {
    const { plan, network, kernel } = this
    const refusal = clientRefusal(clientSettings(plan), this.kafka.config)
    if (refusal !== undefined)
      throw new SimError('definition', `service ${this.name}: ${refusal.option}: ${refusal.message}`)
    this.fleet.scale(plan.instances, 0)
    const { relay } = this.outbox
    if (relay !== undefined) {
      const site = new HandlerSite(this.name, relay.name)
      const group = `${this.name}-${relay.name}`
      const { processes = 1 } = relay
      for (let index = 1; index <= processes; index++) {
        const name = processes === 1 ? group : `${group}-${index}`
        const process = new Process(kernel, name, group, (self) => new Job(this, relay, self, site))
        network.add(process).start()
      }
    }
    this.established = true
  }

  /** Keeps a history from now on. */
  openHistory(history: Pick<History<unknown>, 'history' | 'part'>): Account {
    const { inbox, outbox } = this
    const ofComponents = new Set([...Object.keys(inbox.tables), ...Object.keys(outbox.tables)])
    this.histories ??= new ServiceHistories(ofComponents)
    return this.histories.open(history)
  }

  /** The client of an external system for a task; undefined where the service declares none of this name. */
  client(name: string, context: Context): unknown {
    if (!Object.hasOwn(this.plan.clients, name)) return undefined
    return (this.externals.get(name) as ExternalServer<unknown>).client(context.task, context.process)
  }

  /** A table that the service declares, within a scope; undefined where it declares none of this name. */
  declared(name: string, scope: StatementScope): ScopedTable | undefined {
    const binding = this.plan.bindings.get(name)
    return binding && new ScopedTable(scope, binding, this.tables[binding.index] as Table)
  }

  /** A table by name within a scope, for components. */
  scoped(scope: StatementScope, name: string): ScopedTable {
    const binding = this.plan.bindings.get(name) ?? this.components?.get(name)
    if (binding === undefined) throw new SimError('definition', `service ${this.name} has no table ${name}`)
    return new ScopedTable(scope, binding, this.tables[binding.index] as Table)
  }

  /** A site of choices of this service: `payment random`. */
  choiceSite(name: string): ChoiceSite {
    let site = this.choiceSites?.get(name)
    if (site === undefined) {
      this.choiceSites ??= new Map()
      site = this.kernel.choices.site(`${this.name} ${name}`)
      this.choiceSites.set(name, site)
    }
    return site
  }

  /** Kafka's producer configuration of this service alone. */
  get producerSettings(): ProducerSettings {
    return this.plan.producer
  }

  /** How its handlers of events run in transactions of Kafka; undefined when they do not. */
  get kafkaTransactions(): KafkaTransactionPlan | undefined {
    return this.plan.kafkaTransactions
  }

  /** The options that it was given for its consumers of Kafka. */
  get kafkaOptions(): readonly string[] {
    return this.plan.kafkaOptions
  }

  /** The producer client of a process, without transactions. */
  producer(process: Process): ProducerClient {
    let producer = this.producers?.get(process)
    if (producer === undefined || !producer.alive) {
      this.producers ??= new Map()
      producer = new ProducerClient(this.kafka, process, this.plan.producer)
      this.producers.set(process, producer)
    }
    return producer
  }

  /** The publisher of a process; of a system with queues. */
  publisher(process: Process, queues: QueueServer): Publisher {
    let publisher = this.publishers?.get(process)
    if (publisher === undefined) {
      this.publishers ??= new Map()
      publisher = new Publisher(queues, process)
      this.publishers.set(process, publisher)
    }
    return publisher
  }

  /** The step of publishing an event straight to its topic. */
  produceStep(eventType: string): number {
    return operationNumber(`publish ${eventType}`)
  }

  /** Notes that a handler threw; false when the error is the simulator's and the run is over. */
  handlerFailed(process: Process, task: Task, error: unknown): boolean {
    const { kernel } = this
    if (error instanceof SimError) {
      kernel.fail(error)
      return false
    }
    const name = error instanceof Error ? error.name : typeof error
    const message = error instanceof Error ? error.message : String(error)
    kernel.digest.word(hashText(name, 2))
    task.cause = kernel.record(
      'failed',
      process.name,
      task.entity,
      task.cause,
      kernel.trace && { handler: task.handler.name, error: name, message },
    )
    this.histories?.failed(process, task, name)
    return true
  }

  /** Notes that what is tried until it succeeds has failed once more, in this life of its process or another. */
  troubled(what: string, { handler, entity }: Task, error: unknown): void {
    this.troubles ??= new Map()
    this.troubles.set(what, {
      handler: handler.fullName,
      entity: entity.name,
      times: (this.troubles.get(what)?.times ?? 0) + 1,
      error: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      thrown: error,
    })
  }

  /** Notes that it has succeeded. */
  untroubled(what: string): void {
    this.troubles?.delete(what)
  }

  /** What is failing again and again at this moment. */
  failing(): readonly Trouble[] {
    return this.troubles === undefined ? [] : [...this.troubles.values()]
  }

  /**
   * An operator has what was put away delivered or sent again, by an instance that is up.
   * @param ended hears that it is done, or why it is not and which record says so
   */
  redrive(cause: number, ended: (setback: { why: string; cause: number } | undefined) => void): void {
    const redrives = [this.failurePolicy.redrive, this.outbox.redrive].filter((each) => each !== undefined)
    const { kernel, name } = this
    if (redrives.length === 0) {
      const expected = 'expected failures: parking(…), or an outbox whose relay parks what no broker takes'
      const message = `redrive: service ${name} keeps nothing that could be delivered or sent again: ${expected}`
      kernel.fail(new SimError('definition', message))
      return
    }
    const [process] = this.fleet.open()
    if (process === undefined) {
      ended({ why: `no instance of ${name} is up`, cause })
      return
    }
    const by = kernel.record('redrive', process.name, undefined, cause)
    const task = new Task(kernel, process.incarnation, this.site('operator'), process.entity, by)
    const context = new this.Context(this, process, task, undefined)
    // Its life is that of the instance: one that dies takes the operator's word with it.
    const life: ProcessResource = {
      resourceIndex: -1,
      processEnded: (by) => ended({ why: `${process.name} ended over it`, cause: by }),
    }
    process.attach(life)
    const over = (error: unknown): void => {
      process.detach(life)
      if (error === undefined) ended(undefined)
      else if (this.handlerFailed(process, task, error))
        ended({ why: error instanceof Error ? error.message : String(error), cause: task.cause })
    }
    const run = async (): Promise<void> => {
      for (const redrive of redrives) await redrive(context)
    }
    process.whenResponsive(() => task.start({ run, ended: over }))
  }

  /** Handles a request at an instance of this service. */
  handleCall(process: Process, call: HttpCall, answer: (status: number, body: unknown) => void): void {
    this.fleet.instance(process).desk.handle(call, answer)
  }

  /** The timers of an instance. */
  timersOf(process: Process): Timers {
    return this.fleet.instance(process).timers
  }

  /** Refuses a timer that nobody would handle. */
  checkTimer(name: string, handlers: ReadonlyMap<string, unknown>): void {
    if (handlers.has(name)) return
    const error = new SimError(
      'definition',
      `service ${this.name} sets timer ${name}, which it does not handle: expected onTimer for it in its factory`,
    )
    this.kernel.fail(error)
    throw error
  }

  /** Makes the table of timers, when the first instance has any. */
  openTimers(): void {
    this.openComponentTable('timers', TIMERS)
  }

  /** Makes the lease of a job, which nobody has. */
  openLease(name: string): void {
    this.openComponentTable('leases', LEASES)
    const table = this.database.table('leases')
    if (!table.entries.has(name)) table.load(freeLease(name))
  }

  private openComponentTable(name: string, spec: TableSpec<unknown>): void {
    this.components ??= new Map()
    if (this.components.has(name)) return
    const binding = new TableBinding(this.name, name, this.tables.length, spec)
    this.components.set(name, binding)
    this.tables.push(this.database.create(binding.schema, []))
  }

  /** The names of its versions. */
  get versions(): readonly string[] {
    return this.plan.versions
  }

  /** Runs the factory of a version: once per life of an instance. */
  instantiate(version: string): HandlerRegistry {
    return this.plan.instantiate(version)
  }

  /** The site of a handler, whose steps all its runs share. */
  site(handler: string): HandlerSite {
    let site = this.sites.get(handler)
    if (site === undefined) {
      site = new HandlerSite(this.name, handler)
      this.sites.set(handler, site)
    }
    return site
  }
}
