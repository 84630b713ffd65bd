import { gte, lte } from '../database/predicate.ts'
import { databaseClock, type ServerValue } from '../database/server-value.ts'
import { type DurationText, positiveMicros } from '../kernel/time.ts'
import type { JobOptions } from '../service/job-options.ts'
import { checkOptionNames } from '../service/option.ts'
import { integer, named, oneOf, table, text } from '../service/schema.ts'
import type { TransactionScope } from '../service/transaction.ts'
import { type ContextWith, contextBehind, scopeBehind, type TxWith } from './door.ts'

/** Options of reservations; every default is right. */
export interface ReservationOptions {
  /** How long stock is held for who has not confirmed. Default: 15m. */
  readonly hold?: DurationText
  /**
   * How stock is taken: by one statement that demands enough is right; `check-then-act` reads, decides and writes what is left,
   * so that two that read the same sell the last piece twice (Z76).
   */
  readonly reserve?: 'conditional' | 'check-then-act'
  /** What can be confirmed: what is still held; `always` sells what has gone back on the shelf meanwhile (Z73). */
  readonly confirm?: 'while-held' | 'always'
  /** How often a release puts stock back: once; `every-time` makes stock out of a repeated cancellation (Z75). */
  readonly release?: 'once' | 'every-time'
  /** Whose clock says when stock was taken: the database's, which also ends the hold, or that of whoever takes it (Z90). */
  readonly clock?: 'database' | 'process'
  /** What expires: what is still held then; `as-read` goes by what the sweep has read, though it was confirmed meanwhile. */
  readonly expire?: 'while-held' | 'as-read'
}

/** Where a reservation stands; all but `RESERVED` are for good. */
export type ReservationState = 'RESERVED' | 'CONFIRMED' | 'RELEASED' | 'EXPIRED'

/** What a reservation is asked for with. */
export interface ReservationRequest {
  /** Stands for what it is for, an order's line: the same in every repetition. */
  readonly reservationId: string
  readonly sku: string
  /** Pieces, from 1. */
  readonly quantity: number
}

const STOCK = named('stock', table({ sku: text, available: integer }, { key: 'sku' }))
const RESERVATIONS = named(
  'reservations',
  table(
    {
      reservationId: text,
      sku: text,
      quantity: integer,
      state: oneOf('RESERVED', 'CONFIRMED', 'RELEASED', 'EXPIRED'),
      expiresAt: integer,
      correlationId: text,
    },
    { key: 'reservationId', indexes: ['sku', 'state'] },
  ),
)

type Tables = { readonly stock: typeof STOCK; readonly reservations: typeof RESERVATIONS }

/**
 * Stock that is held for a while: reserved, then confirmed, released or expired, each of them once. What is available is what
 * nobody holds and nobody has bought; whatever changes a reservation changes that in the same transaction.
 */
export class Reservations {
  /** Of the service that owns the stock, which says in `initially.stock` how much there is. */
  readonly tables: Tables = { stock: STOCK, reservations: RESERVATIONS }
  private readonly options: Required<Omit<ReservationOptions, 'hold'>>
  private readonly holdMillis: number

  /** @throws SimError 'definition' when stock is held for no time */
  constructor(options: ReservationOptions = {}) {
    checkOptionNames('reservations', options, {
      hold: 'any',
      reserve: ['conditional', 'check-then-act'],
      confirm: ['while-held', 'always'],
      release: ['once', 'every-time'],
      clock: ['database', 'process'],
      expire: ['while-held', 'as-read'],
    })
    this.options = {
      reserve: options.reserve ?? 'conditional',
      confirm: options.confirm ?? 'while-held',
      release: options.release ?? 'once',
      clock: options.clock ?? 'database',
      expire: options.expire ?? 'while-held',
    }
    this.holdMillis = positiveMicros(options.hold ?? '15m', 'the hold of reservations') / 1_000
  }

  /** Holds stock, unless there is too little. @returns where the reservation stands: a repeated one may be past that */
  async reserve(tx: TxWith<Tables>, request: ReservationRequest): Promise<ReservationState | 'OUT_OF_STOCK'> {
    const { reservationId, sku, quantity } = request
    const scope = scopeBehind(tx)
    const { correlationId } = scope.context
    const expiresAt = this.endOfHold(scope)
    const row = { reservationId, sku, quantity, state: 'RESERVED', expiresAt, correlationId } as const
    const reservations = scope.table(RESERVATIONS)
    if ((await reservations.insertIfAbsent(row)) === undefined)
      return (await reservations.get(reservationId))?.state ?? 'RELEASED'
    if (await this.take(scope, sku, quantity)) return 'RESERVED'
    await reservations.delete({ reservationId })
    return 'OUT_OF_STOCK'
  }

  /** Holds stock for as long again: before something that takes its time. @returns whether it was still held */
  async extend(tx: TxWith<Tables>, reservationId: string): Promise<boolean> {
    const scope = scopeBehind(tx)
    const expiresAt = this.endOfHold(scope)
    const held = { reservationId, state: 'RESERVED' } as const
    return (await scope.table(RESERVATIONS).update(held, { expiresAt })) === 1
  }

  /** Sells what is held. @returns `CONFIRMED`, or what came before it: then nothing was sold, and money must go back */
  async confirm(tx: TxWith<Tables>, reservationId: string): Promise<ReservationState | undefined> {
    const reservations = scopeBehind(tx).table(RESERVATIONS)
    const where =
      this.options.confirm === 'always' ? { reservationId } : ({ reservationId, state: 'RESERVED' } as const)
    if ((await reservations.update(where, { state: 'CONFIRMED' })) === 1) return 'CONFIRMED'
    return (await reservations.get(reservationId))?.state
  }

  /**
   * Puts back what is held; a release that overtakes its reservation is remembered, so that this one comes too late.
   * @returns where the reservation stands
   */
  async release(tx: TxWith<Tables>, reservationId: string): Promise<ReservationState> {
    const scope = scopeBehind(tx)
    const reservations = scope.table(RESERVATIONS)
    const { correlationId } = scope.context
    const tombstone = { reservationId, sku: '', quantity: 0, state: 'RELEASED', expiresAt: 0 } as const
    if ((await reservations.insertIfAbsent({ ...tombstone, correlationId })) !== undefined) return 'RELEASED'
    const where =
      this.options.release === 'every-time'
        ? { reservationId }
        : ({ reservationId, state: 'RESERVED' } as const)
    const [released] = await reservations.updateReturning(where, { state: 'RELEASED' })
    if (released === undefined) return (await reservations.get(reservationId))?.state ?? 'RELEASED'
    await putBack(scope, released)
    return 'RELEASED'
  }

  /** When the job that expires reservations has work: `job('expire', reservations.expiry('1s'), (ctx) => reservations.expire(ctx))`. */
  expiry(every: DurationText): JobOptions<Tables> {
    return { every, input: { table: 'reservations', where: { state: 'RESERVED' }, due: 'expiresAt' } }
  }

  /** Puts back what was held for too long: the work of a job. */
  async expire(ctx: ContextWith<Tables>): Promise<void> {
    const context = contextBehind(ctx)
    const due = { state: 'RESERVED', expiresAt: lte(databaseClock()) } as const
    const rows = await context.table(RESERVATIONS).select({ where: due, orderBy: 'reservationId' })
    for (const { reservationId } of rows)
      await context.transaction(async (tx: TransactionScope) => {
        const where = this.options.expire === 'as-read' ? { reservationId } : { ...due, reservationId }
        const [expired] = await tx.table(RESERVATIONS).updateReturning(where, { state: 'EXPIRED' })
        if (expired !== undefined) await putBack(tx, expired)
      })
  }

  private endOfHold({ context }: TransactionScope): number | ServerValue {
    const { holdMillis } = this
    return this.options.clock === 'database' ? databaseClock(holdMillis) : context.now() + holdMillis
  }

  private async take(scope: TransactionScope, sku: string, quantity: number): Promise<boolean> {
    const stock = scope.table(STOCK)
    if (this.options.reserve === 'conditional')
      return (
        (await stock.update({ sku, available: gte(quantity) }, (row) => {
          row.available -= quantity
        })) === 1
      )
    const available = (await stock.get(sku))?.available ?? 0
    if (available < quantity) return false
    return (await stock.update({ sku }, { available: available - quantity })) === 1
  }
}

async function putBack(
  scope: TransactionScope,
  { sku, quantity }: { readonly sku: string; readonly quantity: number },
): Promise<void> {
  await scope.table(STOCK).update({ sku }, (row) => {
    row.available += quantity
  })
}
