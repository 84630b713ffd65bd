import { DatabaseError } from '../database/error.ts'
import { gt, gte, lte } from '../database/predicate.ts'
import { transactionId } from '../database/server-value.ts'
import { SimError } from '../kernel/error.ts'
import type { Plain } from '../kernel/value.ts'
import { checkOptionNames, expectCount, refuseIdle } from '../service/option.ts'
import { integer, named, plain, type RowOf, table, text } from '../service/schema.ts'
import type { TransactionScope } from '../service/transaction.ts'
import { type ContextWith, scopeBehind, type TxWith, tablesBehind } from './door.ts'
import {
  checkUpcasters,
  presentVersion,
  UPCASTINGS,
  type UpcasterChains,
  type Upcasting,
  upcast,
} from './upcasting.ts'

/** Something that has happened to an aggregate. */
export interface DomainEvent {
  readonly type: string
  readonly data: Plain
}

/** An aggregate whose state is what its events made of it (Vernon, Implementing Domain-Driven Design, appendix A). */
export interface Aggregate<State, Event> {
  /** Before anything has happened. */
  readonly initial: State
  /** What an event makes of a state; it decides nothing and has no other effect. */
  apply(state: State, event: Event): State
  /** The version of `apply`: a snapshot that another one made is not used. Default: 1. */
  readonly foldVersion?: number
  /** What lifts events that were written when their data looked otherwise. */
  readonly upcasters?: UpcasterChains
}

/** Options of an event store; every default is right. */
export interface EventStoreOptions {
  /** A snapshot is taken of every so many versions of a stream; 0: of none. Default: 0. */
  readonly snapshotEvery?: number
  /** Whether an append demands that nobody has appended since it was decided; `unchecked` counts both (Z84). */
  readonly expectedVersion?: 'checked' | 'unchecked'
  /**
   * What follows a conflict: the stream is loaded and decided anew; `append-anyway` appends at its end what was decided
   * on what is not true any more (Z84).
   */
  readonly onConflict?: 'decide-anew' | 'append-anyway'
  /** Which state a snapshot holds: that after what was appended; `as-loaded` makes it skip those events for ever. */
  readonly snapshotOf?: 'as-appended' | 'as-loaded'
  /** Where the fold goes on: after the snapshot; `at-snapshot` applies its last event twice (Z83). */
  readonly replayFrom?: 'after-snapshot' | 'at-snapshot'
  /** Which snapshots are used: those of the same fold; `any` goes on from a state that this code would not have made (Z83). */
  readonly trustedSnapshots?: 'of-this-fold' | 'any'
  readonly upcasting?: Upcasting
}

/** A stream as it was loaded. */
export interface LoadedStream<State> {
  readonly state: State
  /** How many events it has. */
  readonly version: number
}

const EVENT_COLUMNS = {
  id: integer,
  xid: integer,
  streamId: text,
  version: integer,
  eventType: text,
  schemaVersion: integer,
  data: plain<Plain>(),
  commandId: text,
  correlationId: text,
} as const

const SNAPSHOT_COLUMNS = {
  streamId: text,
  version: integer,
  foldVersion: integer,
  state: plain<Plain>(),
} as const

/** An event as it is stored: the `version`th of its stream. */
export type StoredEvent = RowOf<typeof EVENT_COLUMNS>
type Snapshot = RowOf<typeof SNAPSHOT_COLUMNS>

const eventTable = (unique: readonly (readonly ['streamId', 'version'])[]) =>
  named('events', table(EVENT_COLUMNS, { key: 'id', sequence: true, indexes: ['streamId'], unique }))
/** The table of events of a store. */
export type EventTable = ReturnType<typeof eventTable>

const SNAPSHOTS = named('snapshots', table(SNAPSHOT_COLUMNS, { key: 'streamId' }))

/** The tables of a store. */
type Tables = { readonly events: EventTable; readonly snapshots: typeof SNAPSHOTS }

/** A transaction, or a context: both give access to tables. */
type Scope = TxWith<Tables> | ContextWith<Tables>

/** How often a command is decided anew before its caller hears of the conflict. */
const MOST_ATTEMPTS = 10

/**
 * Keeps aggregates as streams of events: appended where nobody else has appended meanwhile, folded again whenever a state is
 * needed, from a snapshot on where there is one.
 */
export class EventStore<State extends Plain, Event extends DomainEvent> {
  /** Of the service that owns the aggregates. */
  readonly tables: Tables
  private readonly aggregate: Aggregate<State, Event>
  private readonly chains: UpcasterChains
  private readonly options: Required<EventStoreOptions>

  /** @throws SimError 'definition' when snapshots are taken of no whole number of versions */
  constructor(aggregate: Aggregate<State, Event>, options: EventStoreOptions = {}) {
    checkOptionNames('event store', options, {
      snapshotEvery: 'any',
      expectedVersion: ['checked', 'unchecked'],
      onConflict: ['decide-anew', 'append-anyway'],
      snapshotOf: ['as-appended', 'as-loaded'],
      replayFrom: ['after-snapshot', 'at-snapshot'],
      trustedSnapshots: ['of-this-fold', 'any'],
      upcasting: UPCASTINGS,
    })
    const { snapshotEvery = 0, expectedVersion = 'checked' } = options
    if (!Number.isSafeInteger(snapshotEvery) || snapshotEvery < 0)
      throw new SimError(
        'definition',
        `event store: snapshotEvery: expected a whole number, got ${snapshotEvery}`,
      )
    if (snapshotEvery === 0)
      refuseIdle(
        'event store',
        options,
        ['snapshotOf'],
        'no snapshots are taken: leave it out, or say snapshotEvery',
      )
    if (expectedVersion === 'unchecked')
      refuseIdle(
        'event store',
        options,
        ['onConflict'],
        'versions that are not checked never conflict: leave it out',
      )
    expectCount('event store: aggregate: foldVersion', aggregate.foldVersion ?? 1, 1)
    checkUpcasters('event store: aggregate: upcasters', aggregate.upcasters ?? {})
    this.aggregate = aggregate
    this.chains = aggregate.upcasters ?? {}
    this.options = {
      snapshotEvery,
      expectedVersion,
      onConflict: options.onConflict ?? 'decide-anew',
      snapshotOf: options.snapshotOf ?? 'as-appended',
      replayFrom: options.replayFrom ?? 'after-snapshot',
      trustedSnapshots: options.trustedSnapshots ?? 'of-this-fold',
      upcasting: options.upcasting ?? 'whole-chain',
    }
    const unique = expectedVersion === 'checked' ? [['streamId', 'version'] as const] : []
    this.tables = { events: eventTable(unique), snapshots: SNAPSHOTS }
  }

  /**
   * Decides a command on the present state of a stream, and appends what it decides, in one transaction. The same command
   * is decided once: a repeated one gets the events of the first.
   * @param decide what happens, or nothing; it may publish and write in the same transaction, and throw to refuse
   * @throws DatabaseError 23505 when others were faster again and again
   */
  async handle<Tx extends TxWith<Tables>>(
    ctx: { transaction(work: (tx: Tx) => Promise<readonly StoredEvent[]>): Promise<readonly StoredEvent[]> },
    { streamId, commandId }: { readonly streamId: string; readonly commandId: string },
    decide: (state: State, tx: Tx) => Promise<readonly Event[]> | readonly Event[],
  ): Promise<readonly StoredEvent[]> {
    let decided: readonly Event[] | undefined
    for (let attempt = 1; ; attempt++) {
      try {
        return await ctx.transaction(async (tx) => {
          const stream = await this.load(tx, streamId)
          // After the load: what another attempt has appended by then is found, and what it appends later is a conflict.
          const done = await this.eventsOf(tx, streamId, commandId)
          if (done.length > 0) return done
          const isFixed = decided !== undefined && this.options.onConflict === 'append-anyway'
          const events = isFixed ? (decided as readonly Event[]) : await decide(stream.state, tx)
          decided = events
          return this.append(tx, streamId, commandId, stream, events)
        })
      } catch (error) {
        if (attempt >= MOST_ATTEMPTS || !isConflict(error)) throw error
      }
    }
  }

  /** The present state of a stream. @param scope a transaction, or a context */
  async load(scope: Scope, streamId: string): Promise<LoadedStream<State>> {
    const { replayFrom, trustedSnapshots } = this.options
    const found = await tablesBehind(scope).table(SNAPSHOTS).get(streamId)
    const isTrusted = trustedSnapshots === 'any' || found?.foldVersion === this.foldVersion
    const snapshot = isTrusted ? found : undefined
    const from = snapshot?.version ?? 0
    const where = { streamId, version: replayFrom === 'after-snapshot' ? gt(from) : gte(from) }
    const events = await tablesBehind(scope).table(this.tables.events).select({ where, orderBy: 'version' })
    return this.fold(snapshot, events)
  }

  /** The state of a stream when it had so many events: without snapshots. */
  async loadAt(scope: Scope, streamId: string, version: number): Promise<LoadedStream<State>> {
    const where = { streamId, version: lte(version) }
    const events = await tablesBehind(scope).table(this.tables.events).select({ where, orderBy: 'version' })
    return this.fold(undefined, events)
  }

  /** An event as this code knows it. @throws UnknownSchemaError when newer code has written it */
  read(stored: StoredEvent): Event {
    const { eventType: type } = stored
    return { type, data: upcast(this.chains, type, stored, this.options.upcasting) } as unknown as Event
  }

  private get foldVersion(): number {
    return this.aggregate.foldVersion ?? 1
  }

  private fold(snapshot: Snapshot | undefined, events: readonly StoredEvent[]): LoadedStream<State> {
    const start = snapshot === undefined ? this.aggregate.initial : (snapshot.state as State)
    const state = events.reduce((folded, event) => this.aggregate.apply(folded, this.read(event)), start)
    return { state, version: events.at(-1)?.version ?? snapshot?.version ?? 0 }
  }

  private eventsOf(scope: Scope, streamId: string, commandId: string): Promise<readonly StoredEvent[]> {
    return tablesBehind(scope)
      .table(this.tables.events)
      .select({ where: { streamId, commandId }, orderBy: 'version' })
  }

  /** Appends after the version that was loaded. */
  private async append(
    tx: TxWith<Tables>,
    streamId: string,
    commandId: string,
    loaded: LoadedStream<State>,
    events: readonly Event[],
  ): Promise<readonly StoredEvent[]> {
    const scope = scopeBehind(tx)
    const { correlationId } = scope.context
    const stored: StoredEvent[] = []
    for (const { type, data } of events) {
      const version = loaded.version + stored.length + 1
      const schemaVersion = presentVersion(this.chains, type)
      const what = { streamId, version, eventType: type, schemaVersion, data, commandId, correlationId }
      stored.push(await scope.table(this.tables.events).insert({ ...what, xid: transactionId() }))
    }
    const { snapshotEvery } = this.options
    const version = loaded.version + stored.length
    if (snapshotEvery > 0 && Math.floor(version / snapshotEvery) > Math.floor(loaded.version / snapshotEvery))
      await this.takeSnapshot(scope, streamId, loaded, stored)
    return stored
  }

  private async takeSnapshot(
    scope: TransactionScope,
    streamId: string,
    loaded: LoadedStream<State>,
    appended: readonly StoredEvent[],
  ): Promise<void> {
    const last = appended.reduce(
      (folded, event) => this.aggregate.apply(folded, this.read(event)),
      loaded.state,
    )
    const state = this.options.snapshotOf === 'as-appended' ? last : loaded.state
    const { foldVersion } = this
    const taken = { version: loaded.version + appended.length, foldVersion, state }
    await scope.table(SNAPSHOTS).upsert({ streamId, ...taken }, taken)
  }
}

const isConflict = (error: unknown): boolean =>
  error instanceof DatabaseError && error.sqlState === '23505' && error.table === 'events'
