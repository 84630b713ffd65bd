import { gt, isIn, lt, lte, ne } from '../database/predicate.ts'
import { horizon } from '../database/server-value.ts'
import type { DurationText } from '../kernel/time.ts'
import type { Plain } from '../kernel/value.ts'
import type { Context } from '../service/context.ts'
import type { JobOptions } from '../service/job-options.ts'
import { checkOptionNames, expectCount, refuseIdle } from '../service/option.ts'
import { integer, named, oneOf, plain, type RowOf, type TableSpec, table, text } from '../service/schema.ts'
import type { TransactionScope, Tx } from '../service/transaction.ts'
import { type ContextWith, contextBehind, scopeBehind, type TxWith, tablesBehind } from './door.ts'
import type { DomainEvent, EventTable, StoredEvent } from './event-store.ts'

/** What a projection follows: an event store. */
export interface EventSource<Event> {
  readonly tables: { readonly events: EventTable }
  /** An event as this code knows it. */
  read(stored: StoredEvent): Event
}

/** What a read model shows, made from events alone. */
export interface ProjectionDefinition<View, Event, Key extends string> {
  /** The column of the views' table that says whose view it is: named as elsewhere, so that properties can compare. */
  readonly key: Key
  /** Whose view an event changes. */
  readonly keyOf: (stored: StoredEvent, event: Event) => string
  /** What an event makes of a view; undefined before the first. It has no other effect. */
  readonly apply: (view: View | undefined, event: Event) => View
  /** What else an event leads to, published in the transaction of the projection, and not in a rebuild. */
  readonly react?: (tx: Pick<Tx<unknown>, 'publish'>, stored: StoredEvent, event: Event) => Promise<unknown>
}

/** Options of a projection; every default is right. */
export interface ProjectionOptions {
  /** How many events are taken in one transaction. Default: 100. */
  readonly batch?: number
  /**
   * When the position is saved: in the transaction of the views is right; `after` counts events twice in a crash between
   * the two (Z80), `before` leaves them out.
   */
  readonly position?: 'same-transaction' | 'after' | 'before'
  /**
   * Up to where events are taken: below every transaction that is still open; `highest` passes those that commit late,
   * and never sees them (Z01).
   */
  readonly upTo?: 'horizon' | 'highest'
  /**
   * Where a rebuild writes: views of a generation of its own, which take the place of the live ones when they have caught up
   * with them; `overtaking` goes on beyond them, so that what they had not come to has no reaction; `beside-live` replays into
   * those that go on being written, and counts everything twice.
   */
  readonly rebuild?: 'own-generation' | 'overtaking' | 'beside-live'
  /** Whether a rebuild leads to what events lead to: never; `repeated` sends every mail again (Z82). */
  readonly reactions?: 'live-only' | 'repeated'
}

const POSITION_COLUMNS = {
  generation: integer,
  state: oneOf('LIVE', 'BUILDING', 'RETIRED'),
  xid: integer,
  id: integer,
  /** Whose request led to it. */
  correlationId: text,
} as const
const POSITIONS = named(
  'projectionPositions',
  table(POSITION_COLUMNS, { key: 'generation', indexes: ['state'] }),
)
type Position = RowOf<typeof POSITION_COLUMNS>

/** How far each generation has come. */
type Positions = { readonly projectionPositions: typeof POSITIONS }

/** A view of a generation: `view` is what `apply` has made. */
export type ViewRow<View, Key extends string> = { readonly [Column in Key]: string } & {
  readonly viewId: string
  readonly generation: number
  readonly view: View
}

/** The table of views whose key is in a column of this name. */
function viewTable<View, Key extends string>(key: Key) {
  const columns = { viewId: text, generation: integer, [key]: text, view: plain<Plain>() }
  const spec = table(columns, { key: 'viewId', indexes: [key, 'generation'] })
  return named('projectionViews', spec as unknown as TableSpec<ViewRow<View, Key>>)
}

/** The tables of a projection. */
type Tables<View, Key extends string> = Positions & {
  readonly projectionViews: ReturnType<typeof viewTable<View, Key>>
}

const FIRST: Position = { generation: 1, state: 'LIVE', xid: 0, id: 0, correlationId: '' }
const DEFAULT_BATCH = 100

/**
 * A read model that follows an event store of the same database: it folds events in the order of their transactions, saves how
 * far it has come together with what it shows, and can be rebuilt from the first event while it is read.
 */
export class Projection<View extends Plain, Event extends DomainEvent, const Key extends string> {
  /** Of the service of the event store. */
  readonly tables: Tables<View, Key>
  /** The first rows of its tables. */
  readonly initially = { projectionPositions: [FIRST] } as const
  private readonly store: EventSource<Event>
  private readonly definition: ProjectionDefinition<View, Event, Key>
  private readonly options: Required<ProjectionOptions>

  constructor(
    store: EventSource<Event>,
    definition: ProjectionDefinition<View, Event, Key>,
    options: ProjectionOptions = {},
  ) {
    checkOptionNames('projection', options, {
      batch: 'any',
      position: ['same-transaction', 'after', 'before'],
      upTo: ['horizon', 'highest'],
      rebuild: ['own-generation', 'overtaking', 'beside-live'],
      reactions: ['live-only', 'repeated'],
    })
    checkOptionNames('projection: definition', definition, {
      key: 'any',
      keyOf: 'any',
      apply: 'any',
      react: 'any',
    })
    if (definition.react === undefined)
      refuseIdle(
        'projection',
        options,
        ['reactions'],
        'it has no reaction: leave it out, or give it one (react)',
      )
    const { batch = DEFAULT_BATCH } = options
    expectCount('projection: batch', batch, 1)
    this.tables = { projectionPositions: POSITIONS, projectionViews: viewTable(definition.key) }
    this.store = store
    this.definition = definition
    this.options = {
      batch,
      position: options.position ?? 'same-transaction',
      upTo: options.upTo ?? 'horizon',
      rebuild: options.rebuild ?? 'own-generation',
      reactions: options.reactions ?? 'live-only',
    }
  }

  /** When the job that follows the events has work: `job('project', projection.following('50ms'), (ctx) => projection.follow(ctx))`. */
  following(every: DurationText): JobOptions<EventSource<Event>['tables']> {
    // Every instance tries: they take turns by the lock on the position.
    return { every, at: 'every-instance', input: { table: 'events', stays: true } }
  }

  /** When the job that rebuilds has work: `job('rebuild', projection.rebuilding('50ms'), (ctx) => projection.build(ctx))`. */
  rebuilding(every: DurationText): JobOptions<Tables<View, Key>> {
    const input = { table: 'projectionPositions', where: { state: 'BUILDING' } } as const
    return { every, at: 'every-instance', input }
  }

  /** Takes the next events into the live views: the work of a job. @returns whether there are more */
  async follow(ctx: ContextWith<Tables<View, Key>>): Promise<boolean> {
    const context = contextBehind(ctx)
    const [live] = await context.table(POSITIONS).select({ where: { state: 'LIVE' } })
    if (live === undefined) return true
    const position = await this.advance(context, live.generation)
    return position === undefined || (await this.isBehind(context, position))
  }

  /** Begins to show everything anew, from the first event on, unless that is under way. */
  async rebuild(tx: TxWith<Positions>): Promise<void> {
    const scope = scopeBehind(tx)
    const positions = scope.table(POSITIONS)
    const known = await positions.select({ orderBy: 'generation' })
    const generation = (known.at(-1)?.generation ?? 0) + 1
    if (known.some(({ state }) => state === 'BUILDING')) return
    await positions.insertIfAbsent({
      ...FIRST,
      generation,
      state: 'BUILDING',
      correlationId: scope.context.correlationId,
    })
  }

  /** Takes the next events into the views that are being built, and shows these when they have caught up: the work of a job. */
  async build(ctx: ContextWith<Tables<View, Key>>): Promise<void> {
    const context = contextBehind(ctx)
    const [building] = await context.table(POSITIONS).select({ where: { state: 'BUILDING' } })
    if (building === undefined) return
    await this.advance(context, building.generation)
    await context.transaction((tx: TransactionScope) => switchOver(tx, building.generation))
  }

  /** What is shown of a key; undefined when nothing has happened to it yet. */
  async read(ctx: ContextWith<Tables<View, Key>>, key: string): Promise<View | undefined> {
    const context = contextBehind(ctx)
    const reading = async (tx: TransactionScope): Promise<Plain | undefined> => {
      const live = await livePosition(tx)
      return (await tx.table(this.tables.projectionViews).get(viewIdOf(live, key)))?.view
    }
    const options = { isolation: 'repeatable read', readOnly: true } as const
    return (await context.transaction(reading, options)) as View | undefined
  }

  /** Whether the live views show an event: who has caused it waits for that before reading (read your writes). */
  async shows(
    scope: ContextWith<Positions> | TxWith<Positions>,
    { xid, id }: Pick<StoredEvent, 'xid' | 'id'>,
  ): Promise<boolean> {
    const [live] = await tablesBehind(scope)
      .table(POSITIONS)
      .select({ where: { state: 'LIVE' } })
    return live !== undefined && (live.xid > xid || (live.xid === xid && live.id >= id))
  }

  /** Takes a batch. @returns where it stands then; undefined when the generation is not written any more */
  private async advance(context: Context, generation: number): Promise<Position | undefined> {
    const { position: saving } = this.options
    const save = (tx: TransactionScope, { xid, id }: Position): Promise<number> =>
      tx.table(POSITIONS).update({ generation }, { xid, id })
    const taken = (await context.transaction(async (tx: TransactionScope) => {
      const position = await tx.table(POSITIONS).get(generation, { for: 'update' })
      if (position === undefined || position.state === 'RETIRED') return undefined
      const events = await this.eventsAfter(tx, position)
      const last = events.at(-1)
      const next = last === undefined ? position : { ...position, xid: last.xid, id: last.id }
      if (saving !== 'before') await this.take(tx, position, events)
      if (saving !== 'after' && last !== undefined) await save(tx, next)
      return { position, next, events }
    })) as { position: Position; next: Position; events: readonly StoredEvent[] } | undefined
    if (taken === undefined) return undefined
    const { position, next, events } = taken
    if (saving === 'before')
      await context.transaction((tx: TransactionScope) => this.take(tx, position, events))
    if (saving === 'after') await context.transaction((tx: TransactionScope) => save(tx, next))
    return next
  }

  private async eventsAfter(tx: TransactionScope, position: Position): Promise<readonly StoredEvent[]> {
    const { batch: limit, upTo, rebuild } = this.options
    const events = tx.table(this.store.tables.events)
    if (upTo === 'highest') return events.select({ where: { id: gt(position.id) }, orderBy: 'id', limit })
    const isFree = position.state === 'LIVE' || rebuild === 'overtaking'
    const bound = isFree ? { xid: lt(horizon()) } : upToPosition(await livePosition(tx))
    const where = { ...beyond(position), $all: [bound] }
    return events.select({ where, orderBy: ['xid', 'id'], limit })
  }

  /** Whether there are committed events that it has not taken. */
  private async isBehind(context: Context, position: Position): Promise<boolean> {
    const where = this.options.upTo === 'highest' ? { id: gt(position.id) } : beyond(position)
    return (await context.table(this.store.tables.events).select({ where, limit: 1 })).length > 0
  }

  private async take(
    tx: TransactionScope,
    position: Position,
    events: readonly StoredEvent[],
  ): Promise<void> {
    const { rebuild, reactions } = this.options
    const isLive = position.state === 'LIVE'
    const generation =
      isLive || rebuild !== 'beside-live' ? position.generation : (await livePosition(tx)).generation
    const { key } = this.definition
    const views = tx.table('projectionViews')
    for (const stored of events) {
      const event = this.store.read(stored)
      const value = this.definition.keyOf(stored, event)
      const viewId = viewIdOf({ generation }, value)
      const before = (await views.get(viewId, { for: 'update' }))?.view as View | undefined
      const view = this.definition.apply(before, event)
      await views.upsert({ viewId, generation, [key]: value, view }, { view })
      if (isLive || reactions === 'repeated')
        await this.definition.react?.(tx as unknown as Tx<unknown>, stored, event)
    }
  }
}

const viewIdOf = ({ generation }: Pick<Position, 'generation'>, key: string): string => `${generation}/${key}`

/** Events of later transactions, and later ones of the same. */
const beyond = ({ xid, id }: Position) => ({ $any: [{ xid: gt(xid) }, { xid, id: gt(id) }] })

const upToPosition = ({ xid, id }: Position) => ({ $any: [{ xid: lt(xid) }, { xid, id: lte(id) }] })

async function livePosition(tx: TransactionScope): Promise<Position> {
  const [live] = await tx.table(POSITIONS).select({ where: { state: 'LIVE' } })
  return live ?? FIRST
}

/** Makes a generation that has caught up with the live one the live one, and takes away the views of that. */
async function switchOver(tx: TransactionScope, generation: number): Promise<void> {
  const positions = tx.table(POSITIONS)
  const where = { state: isIn(['LIVE', 'BUILDING'] as const) }
  const both = await positions.select({ where, orderBy: 'generation', for: 'update' })
  const live = both.find(({ state }) => state === 'LIVE')
  const building = both.find((position) => position.generation === generation)
  if (live === undefined || building?.state !== 'BUILDING') return
  if (building.xid < live.xid || (building.xid === live.xid && building.id < live.id)) return
  await positions.update({ generation: live.generation }, { state: 'RETIRED' })
  await positions.update({ generation }, { state: 'LIVE' })
  await tx.table('projectionViews').delete({ generation: ne(generation) })
}
