import type { Process } from '../cluster/process.ts'
import type { Query } from '../database/predicate.ts'
import { Session } from '../database/session.ts'
import type { Statement } from '../database/statement.ts'
import type { ChoiceSite } from '../kernel/choice.ts'
import type { Actor } from '../kernel/queue.ts'
import { operationNumber } from '../kernel/step.ts'
import { Operation, type Task } from '../kernel/task.ts'
import { type DurationText, durationMicros } from '../kernel/time.ts'
import { hashNumber, seal, sealPlain } from '../kernel/value.ts'
import type { Producer } from '../kafka/producer.ts'
import { ScopedTable, type StatementScope, type TableReader } from './access.ts'
import type { Envelope } from './envelope.ts'
import { type CallOptions, type HttpResponse, sendCall } from './http.ts'
import { makeEnvelope } from './publish.ts'
import type { EventType, Route } from './schema.ts'
import type { ServiceRuntime } from './runtime.ts'
import { TransactionScope, type Tx } from './transaction.ts'

const SLEEP = operationNumber('sleep')
const WAKE = 0
/** Virtual time 0 on the clocks of services: 2026-01-01T00:00:00Z, in milliseconds since 1970. */
export const EPOCH_MILLIS = 1_767_225_600_000

/** What every handler gets: everything that service code may do besides computing. */
export interface BaseContext {
  /** Milliseconds since 1970 by this process's clock. */
  now(): number
  /** Waits in virtual time. */
  sleep(duration: DurationText): Promise<void>
  /** An integer in [0, bound), from the run's seed. */
  random(bound: number): number
  /** A fresh id that names the business process it was made for. */
  id(prefix: string): string
  /** Writes to the structured log. */
  log(message: string, data?: Readonly<Record<string, unknown>>): void
  /**
   * Calls a route of another service.
   * @throws CallTimeoutError when no answer came in time: whether it took effect is unknown
   * @throws ConnectionResetError when the other side died: whether it took effect is unknown
   */
  call<Request, Response>(route: Route<Request, Response>, request: Request, options?: CallOptions): Promise<HttpResponse<Response>>
}

/** What a service's handlers get: its database, its events and its clients as well. */
export type HandlerContext<Tables, Clients> = BaseContext & {
  /** Id of the order or other business process that this handler works for. */
  readonly correlationId: string
  /** The event being handled; undefined in routes and jobs. */
  readonly event: Envelope | undefined
  /** Reads outside transactions. */
  readonly db: { readonly [Name in keyof Tables]: Tables[Name] extends { readonly row?: infer Row } ? TableReader<NonNullable<Row>> : never }
  /** Runs statements as one transaction: all of them or, on an error or a crash, none. */
  transaction<Result>(work: (tx: Tx<Tables>) => Promise<Result>): Promise<Result>
  /** Sends an event straight to its topic, outside any transaction. */
  publish<Data>(type: EventType<Data>, data: Data): Promise<void>
} & { readonly [Name in keyof Clients]: Clients[Name] extends { open(world: never): { client(...args: never[]): infer Client } } ? Client : never }

/** The implementation behind every context; clients are properties defined per service on a subclass. */
export class Context implements BaseContext, StatementScope {
  readonly runtime: ServiceRuntime
  readonly task: Task
  readonly process: Process
  readonly event: Envelope | undefined
  /** Statements that must be part of the first transaction (the inbox row). */
  prelude: readonly Statement[] = []

  constructor(runtime: ServiceRuntime, process: Process, task: Task, event: Envelope | undefined) {
    this.runtime = runtime
    this.process = process
    this.task = task
    this.event = event
  }

  get correlationId(): string {
    return this.task.entity.name
  }

  /** The tables of the service, for reading. */
  get db(): object {
    return new this.runtime.Readers(this)
  }

  now(): number {
    return EPOCH_MILLIS + Math.floor(this.task.kernel.nowMicros / 1000)
  }

  sleep(duration: DurationText): Promise<void> {
    const pending = this.task.begin<void>(SLEEP)
    if (pending === undefined) return Operation.never()
    const { kernel, entity, cause } = this.task
    kernel.scheduleAt(kernel.nowMicros + durationMicros(duration), entity, SLEEPER, WAKE, pending, cause)
    return pending.promise
  }

  random(bound: number): number {
    return this.task.kernel.choose(this.site('random'), this.task.entity, bound)
  }

  id(prefix: string): string {
    const { kernel, entity } = this.task
    const occurrence = kernel.choices.occurrence(this.site(prefix), entity)
    return occurrence === 1 ? `${prefix}/${entity.name}` : `${prefix}/${entity.name}/${occurrence}`
  }

  log(message: string, data?: Readonly<Record<string, unknown>>): void {
    if (!this.task.incarnation.alive) return
    const { kernel } = this.task
    kernel.digest.word(sealPlain(data ?? null, 'log'))
    kernel.record('log', this.process.name, this.task.entity, this.task.cause, { message, ...data })
  }

  call<Request, Response>(route: Route<Request, Response>, request: Request, options?: CallOptions): Promise<HttpResponse<Response>> {
    return sendCall(this, route, request, options) as Promise<HttpResponse<Response>>
  }

  async transaction(work: (tx: never) => Promise<unknown>): Promise<unknown> {
    const { prelude } = this
    this.prelude = []
    const tx = new this.runtime.Transaction(this, prelude)
    let result: unknown
    try {
      result = await work(tx as never)
    } catch (error) {
      tx.rollback()
      throw error
    }
    await tx.commit()
    return result
  }

  async publish(type: EventType<unknown>, data: unknown): Promise<void> {
    const event = makeEnvelope(this, type, data)
    seal(event, type.name)
    await this.produce(type.topic.name, event)
  }

  /** Sends an event that exists already to its topic and waits for the broker's acknowledgement. */
  async produce(topic: string, event: Envelope, step = this.runtime.produceStep(event.eventType)): Promise<void> {
    const entity = this.task.kernel.choices.entity(event.correlationId)
    const record = { key: event.aggregateId, value: event, hash: seal(event, event.eventType), entity }
    await this.producer.send(this.task, step, topic, record)
  }

  /** A single statement that only reads. */
  perform(operation: number, statement: Statement): Promise<unknown> {
    const pending = this.task.begin<unknown>(operation)
    if (pending === undefined) return Operation.never()
    Session.read(this.runtime.database, this.process, this.task, statement, pending)
    return pending.promise
  }

  /** Whether a row with this key exists in a table, for components. */
  async get(table: string, key: unknown): Promise<Record<string, unknown> | undefined> {
    return new ScopedTable(this, this.runtime.binding(table), this.runtime.database.table(table)).get(key)
  }

  /** The rows of a table that a query selects, for components. */
  async select(table: string, query: Query<Record<string, unknown>>): Promise<readonly Record<string, unknown>[]> {
    return new ScopedTable(this, this.runtime.binding(table), this.runtime.database.table(table)).select(query)
  }

  private get producer(): Producer {
    return this.runtime.producer(this.process)
  }

  private site(name: string): ChoiceSite {
    return this.task.kernel.choices.site(`${this.runtime.name} ${name}`)
  }
}

/** Ends sleeps. */
const SLEEPER: Actor = {
  onEvent(_code: number, subject: unknown): void {
    const pending = subject as Operation<void>
    pending.complete(undefined, hashNumber(0), pending.task.kernel.cause)
  },
}
