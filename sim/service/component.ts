import type { Network } from '../cluster/network.ts'
import type { Process } from '../cluster/process.ts'
import type { Statement } from '../database/statement.ts'
import type { Row } from '../database/table.ts'
import type { Entity } from '../kernel/choice.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Ledger, Readable } from '../kernel/ledger.ts'
import type { HandlerSite, Task } from '../kernel/task.ts'
import type { BaseContext, Context } from './context.ts'
import type { Envelope } from './envelope.ts'
import type { JobSpec } from './job.ts'
import type { TablesByName } from './schema.ts'
import type { TransactionScope } from './transaction.ts'

/** How a consumer recognises an event that it has handled before. */
export interface Inbox {
  /** Tables that it keeps in the service's database: none, `inbox` with the key `eventId`, or others. */
  readonly tables: TablesByName
  /** Whether an event is looked up before it is handled; one that has a row is not handled again. */
  readonly lookUp: boolean
  /** What it knows an event by. Default: its id. */
  keyOf?(event: Envelope): string
  /** A statement that becomes part of the first transaction of the handler, or of one of its own after it. */
  prelude?(context: Context, event: Envelope): Statement
  /** Wraps the handler where the row is written in a transaction of its own. */
  receive?(context: Context, event: Envelope, handle: () => Promise<void>): Promise<void>
}

/**
 * Hears of events in the process that published them; it passes over those that it does not mean. Its context is that of a
 * handler of the service: `Listener<HandlerContext<typeof tables, Clients>>`.
 */
export type Listener<Ctx> = (event: Envelope, ctx: Ctx) => Promise<unknown>

/**
 * How an event that a transaction publishes reaches its topic.
 * @typeParam Ctx what its listeners need of the service that it belongs to
 */
export interface Outbox<Ctx = unknown> {
  /** Tables that it keeps in the service's database. */
  readonly tables: TablesByName
  /** Rows that they hold from the start. */
  readonly initially?: Readonly<Record<string, readonly Row[]>>
  /** Replication slots of the service's database, there from the start. */
  readonly slots?: readonly string[]
  /** Who hears of events in the process that published them, by name. */
  readonly listeners?: Readonly<Record<string, Listener<Ctx>>>
  /** Takes an event that an open transaction publishes. */
  publish(transaction: TransactionScope, topic: string, event: Envelope): Promise<unknown>
  /** The relay: a periodic job in a process of its own. */
  readonly relay?: JobSpec
  /** What an operator has it do with events that were parked because no broker took them. */
  readonly redrive?: ((context: Context) => Promise<unknown>) | undefined
}

/** What an external system is built from in a run. */
export interface ExternalWorld {
  readonly kernel: Kernel
  readonly network: Network
  /** The ledger of a specification, in this run. */
  ledger(spec: Readable<unknown>): Ledger
  /** Whole milliseconds since 1970. */
  clockMillis(): number
  /** Does something of its own at a process of it, such as calling a route; what it throws ends the run. */
  act(
    process: Process,
    handler: HandlerSite,
    entity: Entity,
    cause: number,
    work: (context: BaseContext) => Promise<void>,
  ): void
}

/** Somebody else's system, as this run has it. */
export interface ExternalServer<Client> {
  /** The client that a handler uses: its operations are steps of that handler. */
  client(task: Task, process: Process): Client
}

/** Somebody else's system that services call: a payment provider, a mailer. */
export interface ExternalSpec<Client = unknown> {
  readonly name: string
  readonly ledgers: readonly Readable<unknown>[]
  open(world: ExternalWorld): ExternalServer<Client>
}
