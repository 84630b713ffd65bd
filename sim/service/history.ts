import type { Process } from '../cluster/process.ts'
import type { CommitWitness, WrittenRow } from '../database/witness.ts'
import { Account } from '../kernel/account.ts'
import type {
  Effect,
  Fact,
  HandlerFailure,
  Handling,
  History,
  RouteAnswer,
  RowChange,
} from '../kernel/history.ts'
import type { Task } from '../kernel/task.ts'
import type { Context } from './context.ts'
import type { Envelope } from './envelope.ts'

/** What the simulator can tell of a service: each kind only if a property of the run reads it. */
export type ServiceHistoryKind = 'facts' | 'effects' | 'handlings' | 'failures' | 'answers' | 'changes'

type Entry = Readonly<Record<string, unknown>>

/** Keeps the histories of a service that properties read. */
export class ServiceHistories {
  private readonly accounts = new Map<string, Account>()
  /** How many facts each key has. */
  private readonly numbers = new Map<string, number>()
  /** Tables that inbox and outbox keep: what is written there is no effect. */
  private readonly ofComponents: ReadonlySet<string>

  constructor(ofComponents: ReadonlySet<string>) {
    this.ofComponents = ofComponents
  }

  /** The account of a history, which is kept from now on. */
  open({ history, part }: Pick<History<unknown>, 'history' | 'part'>): Account {
    const name = part === undefined ? history : `${history} ${part}`
    let account = this.accounts.get(name)
    if (account === undefined) {
      account = new Account()
      this.accounts.set(name, account)
    }
    return account
  }

  /** Who watches the transactions of a handler; undefined when nobody reads what it would tell. */
  witness(context: Context): TransactionWitness {
    return new TransactionWitness(this, context)
  }

  /** Of a kind that is kept; undefined when it is not. */
  kept(history: ServiceHistoryKind, part?: string): Account | undefined {
    return this.accounts.get(part === undefined ? history : `${history} ${part}`)
  }

  /** Whether what is written to a table is an effect of a handler. */
  isEffect(table: string): boolean {
    return !this.ofComponents.has(table)
  }

  /** The number of a new fact of a key. */
  nextNumber(topic: string, key: string): number {
    const name = `${topic}/${key}`
    const number = (this.numbers.get(name) ?? 0) + 1
    this.numbers.set(name, number)
    return number
  }

  /** A consumer is done with events. */
  handled({ process, task }: Context, events: readonly Envelope[], outcome: Handling['outcome']): void {
    const account = this.kept('handlings')
    if (account === undefined) return
    for (const event of events) {
      const entry = { ...identityOf(event), process: process.name, outcome, atMicros: task.kernel.nowMicros }
      account.add(entry satisfies Handling, task.cause)
    }
  }

  /** A handler threw. */
  failed(process: Process, { handler, entity, kernel, cause }: Task, error: string): void {
    const [what, correlationId] = [`${handler.fullName} ${entity.name}`, entity.name]
    const entry = { what, handler: handler.fullName, correlationId, process: process.name, error }
    this.kept('failures')?.add({ ...entry, atMicros: kernel.nowMicros } satisfies HandlerFailure, cause)
  }

  /** A route has answered. */
  answered(
    route: string,
    { idempotencyKey, task }: Context,
    request: unknown,
    status: number,
    body: unknown,
  ): void {
    const account = this.kept('answers', route)
    if (account === undefined) return
    const entry: RouteAnswer = {
      idempotencyKey: idempotencyKey ?? '',
      correlationId: task.entity.name,
      request: JSON.stringify(request),
      status,
      body: JSON.stringify(body ?? null),
      atMicros: task.kernel.nowMicros,
    }
    account.add(entry as unknown as Entry, task.cause)
  }
}

/** What there is to tell of a transaction when it commits. */
export class TransactionWitness implements CommitWitness {
  private readonly histories: ServiceHistories
  private readonly context: Context
  private readonly published: { readonly topic: string; readonly event: Envelope }[] = []
  private readonly told: { readonly account: Account; readonly entry: Entry }[] = []

  constructor(histories: ServiceHistories, context: Context) {
    this.histories = histories
    this.context = context
  }

  /** The transaction publishes an event. */
  publishes(topic: string, event: Envelope): void {
    this.published.push({ topic, event })
  }

  committing(rows: readonly WrittenRow[]): void {
    this.noteFacts()
    this.noteEffects(rows)
    this.noteChanges(rows)
    for (const { account, entry } of this.told) account.insert(entry)
  }

  committed(cause: number): void {
    for (const { account, entry } of this.told) account.tell(entry, cause)
  }

  private get atMicros(): number {
    return this.context.task.kernel.nowMicros
  }

  private note(account: Account, entry: object): void {
    this.told.push({ account, entry: entry as Entry })
  }

  private noteFacts(): void {
    const { histories, atMicros } = this
    const account = histories.kept('facts')
    if (account === undefined) return
    for (const { topic, event } of this.published) {
      const { key, ...identity } = identityOf(event)
      const number = histories.nextNumber(topic, key)
      this.note(account, { ...identity, key, topic, number, atMicros } satisfies Fact)
    }
  }

  private noteEffects(rows: readonly WrittenRow[]): void {
    const { histories, atMicros, context } = this
    const account = histories.kept('effects')
    if (account === undefined || !context.begun) return
    const writes = rows.filter(({ table }) => histories.isEffect(table)).length + this.published.length
    for (const event of context.handled)
      this.note(account, {
        ...identityOf(event),
        process: context.process.name,
        writes,
        atMicros,
      } satisfies Effect)
  }

  private noteChanges(rows: readonly WrittenRow[]): void {
    const { histories, atMicros, context } = this
    for (const { table, key, before, after } of rows) {
      const account = histories.kept('changes', table)
      if (account === undefined || (before === undefined && after === undefined)) continue
      const correlationId = context.task.entity.name
      const entry: RowChange<unknown> = { row: String(key), before, after, correlationId, atMicros }
      this.note(account, entry)
    }
  }
}

/** What an event is known by. */
function identityOf({ eventId, eventType, aggregateId, correlationId }: Envelope) {
  return { eventId, eventType, key: aggregateId, correlationId }
}
