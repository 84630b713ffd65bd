import type { Process } from '../cluster/process.ts'
import type { TransactionOptions } from '../database/options.ts'
import { ReadCall } from '../database/read-call.ts'
import { Session } from '../database/session.ts'
import { onlyReads, type Statement } from '../database/statement.ts'
import type { ProducerClient } from '../kafka/producer-client.ts'
import { SentRecord } from '../kafka/sent-record.ts'
import type { Entity } from '../kernel/choice.ts'
import { SimError } from '../kernel/error.ts'
import { hashText } from '../kernel/mix.ts'
import type { Actor } from '../kernel/queue.ts'
import { operationNumber } from '../kernel/step.ts'
import { type Continuation, Operation, type Task } from '../kernel/task.ts'
import { type DurationText, durationMicros, EPOCH_MILLIS } from '../kernel/time.ts'
import { hashNumber, type Plain, sealPlain, sealWhole } from '../kernel/value.ts'
import type { StatementScope, TableAccess, TableReader } from './access.ts'
import type { Envelope } from './envelope.ts'
import { type CallOptions, type HttpResponse, sendCall } from './http.ts'
import { checkOptionNames, type OptionTable, refuseIdle } from './option.ts'
import { makeEnvelope } from './publish.ts'
import type { ServiceRuntime } from './runtime.ts'
import type { EventType, Route, TableSpec } from './schema.ts'
import { NO_STATEMENTS, type TransactionScope, type Tx } from './transaction.ts'

const SLEEP = operationNumber('sleep')
const LOOK_UP = operationNumber('inbox.get')
const WAKE = 0
/** Beyond it a choice is no longer exact. */
const MAX_BOUND = 2 ** 21

/** What every handler gets: everything that service code may do besides computing. */
export interface BaseContext {
  /** Milliseconds since 1970 by this process's clock. */
  now(): number
  /** Waits in virtual time. */
  sleep(duration: DurationText): Promise<void>
  /** An integer in [0, bound), from the run's seed; the bound is at most 2^21. */
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
  call<Request, Response>(
    route: Route<Request, Response>,
    request: Request,
    options?: CallOptions,
  ): Promise<HttpResponse<Response>>
}

/** What a service's handlers get: its database, its events and its clients as well. */
export type HandlerContext<Tables, Clients> = BaseContext & {
  /** Id of the order or other business process that this handler works for. */
  readonly correlationId: string
  /** The event being handled, the first one of a batch; undefined in routes, jobs and timers. */
  readonly event: Envelope | undefined
  /** Id of the event that led to this: the one being handled, or the one behind the call or timer; null when a user acted. */
  readonly causationId: string | null
  /** The idempotency key of the request that is answered; undefined where there is none. */
  readonly idempotencyKey: string | undefined
  /** Reads outside transactions. */
  readonly db: {
    readonly [Name in keyof Tables]: Tables[Name] extends { readonly row?: infer Row }
      ? TableReader<NonNullable<Row>>
      : never
  }
  /** Runs statements as one transaction: all of them or, on an error or a crash, none. */
  transaction<Result>(
    work: (tx: Tx<Tables>) => Promise<Result>,
    options?: TransactionOptions,
  ): Promise<Result>
  /**
   * Commits the offsets of the event that is being handled and of all before it in its partition, where the service's
   * consumer has `commit: 'manual'`.
   * @throws ConsumerError when the group has moved on
   */
  commit(): Promise<void>
  /** Sends an event straight to its topic: in the transaction of Kafka that the handler runs in, or outside any. */
  publish<Data>(type: EventType<Data>, data: Data): Promise<void>
} & {
  readonly [Name in keyof Clients]: Clients[Name] extends {
    open(world: never): { client(...args: never[]): infer Client }
  }
    ? Client
    : never
}

const TRANSACTION_OPTIONS: OptionTable<TransactionOptions> = {
  isolation: ['read committed', 'repeatable read', 'serializable'],
  readOnly: [true, false],
  lockTimeout: 'any',
  statementTimeout: 'any',
  synchronousCommit: [true, false],
}

/** The implementation behind every context; clients are properties defined per service on a subclass. */
export class Context implements BaseContext, StatementScope {
  readonly runtime: ServiceRuntime
  readonly task: Task
  readonly process: Process
  readonly event: Envelope | undefined
  /** Whether the handler of the event has begun: inboxes work before and after it. */
  begun = false
  /** The events that a handler of batches has; undefined elsewhere. */
  batch: readonly Envelope[] | undefined = undefined
  /** Statements that must be part of the first transaction: inbox rows. */
  preludes: readonly Statement[] = NO_STATEMENTS
  /** What led to it, where no event did: the event behind a call, or behind the setting of a timer. */
  inherited: string | null = null
  /** The idempotency key of the request that is answered; undefined where there is none. */
  idempotencyKey: string | undefined = undefined
  /** What must be the last thing that the first transaction does: an inbox checks that its claim still holds. */
  conclusion: ((transaction: TransactionScope) => Promise<unknown>) | undefined
  /** The transaction that those of the handler become part of. */
  ambient: TransactionScope | undefined = undefined
  /** The producer of the transaction that what it publishes is part of; undefined: each send is by itself. */
  producer: ProducerClient | undefined = undefined
  /** What `commit` does: in consumers that commit by hand. */
  acknowledgement: (() => Promise<unknown>) | undefined

  constructor(runtime: ServiceRuntime, process: Process, task: Task, event: Envelope | undefined) {
    this.runtime = runtime
    this.process = process
    this.task = task
    this.event = event
  }

  get correlationId(): string {
    return this.task.entity.name
  }

  /** Id of the event that led to what this handler does; null when a user acted. */
  get causationId(): string | null {
    return this.event?.eventId ?? this.inherited
  }

  /** The events that are being handled. */
  get handled(): readonly Envelope[] {
    return this.batch ?? (this.event === undefined ? [] : [this.event])
  }

  /** The tables of the service, for reading. */
  get db(): object {
    return new this.runtime.Readers(this)
  }

  now(): number {
    return EPOCH_MILLIS + Math.floor(this.process.clockMicros / 1000)
  }

  sleep(duration: DurationText): Promise<void> {
    const micros = durationMicros(duration)
    const pending = this.task.begin<void>(SLEEP)
    if (pending === undefined) return Operation.never()
    const { kernel, entity, cause } = this.task
    kernel.scheduleAt(kernel.nowMicros + micros, entity, SLEEPER, WAKE, pending, cause)
    return pending.promise
  }

  random(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > MAX_BOUND) {
      throw new SimError(
        'definition',
        `ctx.random(${bound}): the bound must be a whole number from 1 to ${MAX_BOUND}`,
      )
    }
    return this.task.kernel.choose(this.runtime.choiceSite('random'), this.chooser, bound)
  }

  /** What counts the ids with a prefix is one for all services, so that no two of them make the same id. */
  id(prefix: string): string {
    const entity = this.chooser
    const occurrence = this.task.kernel.choices.count(prefix, entity)
    return occurrence === 1 ? `${prefix}/${entity.name}` : `${prefix}/${entity.name}/${occurrence}`
  }

  log(message: string, data?: Readonly<Record<string, unknown>>): void {
    if (!this.task.incarnation.alive) return
    const { kernel } = this.task
    kernel.digest.word(hashText(message, 4))
    kernel.digest.word(sealPlain(data ?? null, 'log'))
    kernel.record(
      'log',
      this.process.name,
      this.task.entity,
      this.task.cause,
      kernel.trace && { message, ...data },
    )
  }

  call<Request, Response>(
    route: Route<Request, Response>,
    request: Request,
    options?: CallOptions,
  ): Promise<HttpResponse<Response>> {
    return sendCall(this, route, request, options) as Promise<HttpResponse<Response>>
  }

  transaction(work: (tx: never) => Promise<unknown>, options?: TransactionOptions): Promise<unknown> {
    if (options !== undefined) this.checkTransaction(options)
    if (this.ambient !== undefined) return work(this.ambient as never)
    return this.task.incarnation.alive
      ? new this.runtime.Transaction(this, options).run(work)
      : Operation.never()
  }

  /** Code that catches everything must not hide from its author that they mean nothing. */
  private checkTransaction(options: TransactionOptions): void {
    const of = `a transaction of ${this.task.handler.fullName}`
    try {
      checkOptionNames(of, options, TRANSACTION_OPTIONS)
      const names = Object.keys(TRANSACTION_OPTIONS) as (keyof TransactionOptions)[]
      if (this.ambient !== undefined)
        refuseIdle(of, options, names, 'its handler runs in the transaction of its inbox: take another inbox')
    } catch (error) {
      this.task.kernel.fail(error as SimError)
      throw error
    }
  }

  commit(): Promise<unknown> {
    if (this.acknowledgement !== undefined) return this.acknowledgement()
    const { handler, kernel } = this.task
    const message = `${handler.fullName} calls ctx.commit(), which is for handlers of events of a service with consumer: { commit: 'manual' }`
    kernel.fail(new SimError('definition', message))
    return Operation.never()
  }

  async publish(type: EventType<unknown>, data: unknown): Promise<void> {
    const event = makeEnvelope(this, type, data)
    sealWhole(event, type.name)
    await this.produce(type.topic.name, event)
  }

  /** Sends an event that exists already to its topic; settles with the acknowledgement of broker or queue server. */
  produce(
    topic: string,
    event: Envelope,
    step = this.runtime.produceStep(event.eventType),
  ): Promise<unknown> {
    const entity = this.task.kernel.choices.entity(event.correlationId)
    const hash = sealPlain(event, event.eventType)
    const { queues } = this.runtime
    if (queues?.has(topic) === true) {
      const message = { key: event.aggregateId, value: event, hash, entity, deduplicationId: event.eventId }
      return this.runtime.publisher(this.process, queues).send(this.task, step, topic, message)
    }
    const record = new SentRecord(topic, event.aggregateId, event as unknown as Plain, hash, entity)
    const producer = this.producer ?? this.runtime.producer(this.process)
    return producer.send(this.task, step, record)
  }

  /** A single statement outside transactions: a read, or a write that commits by itself. */
  perform(operation: number, statement: Statement): Promise<unknown> {
    const pending = this.task.begin<unknown>(operation)
    if (pending === undefined) return Operation.never()
    const { database } = this.runtime
    if (onlyReads(statement)) new ReadCall(database, statement, pending).send(this.process)
    else {
      const session = new Session(database, this.process, this.task)
      session.witness = this.runtime.histories?.witness(this)
      session.autocommit(statement, pending)
    }
    return pending.promise
  }

  /** Ends a handler that made no transaction for what must be part of one: it goes into one of its own. */
  flush(ended: (error: unknown) => void): void {
    this.task.start({ run: () => this.transaction(async () => {}), ended })
  }

  /** Whose choices it makes: not the order's once its process is dead, lest the dead shift the choices of the living. */
  private get chooser(): Entity {
    const { incarnation, entity, kernel } = this.task
    return incarnation.alive ? entity : kernel.choices.entity('the dead')
  }

  /** Looks up the inbox row of the event, without a promise: the handler has not started yet. */
  lookUp(eventId: string, continuation: Continuation<unknown>): void {
    const pending = this.task.begin<unknown>(LOOK_UP, undefined, continuation)
    if (pending === undefined) return
    const { database } = this.runtime
    new ReadCall(database, { kind: 'get', table: database.table('inbox'), key: eventId }, pending).send(
      this.process,
    )
  }

  /** A table of a component, by its specification or its name. */
  table<Row, New>(spec: TableSpec<Row, New>): TableAccess<Row, New>
  table(name: string): TableAccess<Record<string, unknown>>
  table(table: TableSpec<unknown> | string): unknown {
    return this.runtime.scoped(this, typeof table === 'string' ? table : table.name)
  }
}

/** Ends sleeps. */
const SLEEPER: Actor = {
  onEvent(_code: number, subject: unknown): void {
    const pending = subject as Operation<void>
    pending.complete(undefined, hashNumber(0), pending.task.kernel.cause)
  },
  diesWith: (life, subject) => (subject as Operation<void>).task.incarnation === life,
}
