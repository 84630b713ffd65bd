import { lte } from '../database/predicate.ts'
import { SimError } from '../kernel/error.ts'
import { type DurationText, positiveMicros } from '../kernel/time.ts'
import type { Plain } from '../kernel/value.ts'
import type { Context } from '../service/context.ts'
import { HttpError } from '../service/http.ts'
import { checkOptionNames, refuseIdle } from '../service/option.ts'
import { integer, named, oneOf, plain, type Route, type RowOf, table, text } from '../service/schema.ts'
import type { TransactionScope } from '../service/transaction.ts'
import { canonicalText } from './canonical-text.ts'
import { ClaimError } from './claim-error.ts'
import { type ContextWith, contextBehind } from './door.ts'

/** Options of idempotency keys for requests of a kind; every default is right. */
export interface IdempotencyOptions<Request = unknown> {
  /** For whom a key is one: a route of one caller is right; `global` answers one route with the response of another (Z77). */
  readonly scope?: 'route' | 'global'
  /** Who calls, as part of the scope. Default: all callers are one. */
  readonly callerOf?: (request: Request) => string
  /** What a repeated request must equal, else 422: its body is right; `none` answers another request with an old response. */
  readonly fingerprint?: 'body' | 'none'
  /**
   * How a key is claimed: by an insert that only one wins is right; `check-then-insert` looks it up and writes it down at
   * the end, so that two requests at the same time both run (Z39).
   */
  readonly claim?: 'insert' | 'check-then-insert'
  /**
   * What an error that is no answer (an unknown outcome among them) does to a key: `keep` lets a repeated request go on
   * from the last recovery point, which is right; `store` makes it the final answer (Z69); `delete` forgets what was done.
   */
  readonly onError?: 'keep' | 'store' | 'delete'
  /** How long a request has the key to itself; others get 409 meanwhile. Default: 90s. */
  readonly lock?: DurationText
  /** How long a key is remembered, its lock at least. Default: 24h. */
  readonly keeps?: DurationText
  /**
   * Which old keys are forgotten: those that are `finished` is right; `any` takes one for new behind which work was begun,
   * so that its effect happens again.
   */
  readonly forgets?: 'finished' | 'any'
}

/** What a handler knows of the request that it may be doing for the second time. */
export interface Phases<Tx, Response> {
  /** The last recovery point that was reached: `started`, or what `reach` was told. */
  readonly point: string
  /** What was written down there. */
  readonly data: Plain
  /** Derived from the key: for calls between two points, so that a repeated one is recognised by the other side. */
  readonly callKey: string
  /** Reaches a recovery point, as part of a transaction. @throws ClaimError when another request has the key by now */
  reach(tx: Tx, point: string, data?: Plain): Promise<void>
  /** Stores the response, as part of a transaction. @throws ClaimError when another request has the key by now */
  finish(tx: Tx, response: Response): Promise<Response>
}

type Handler = (request: never, ctx: never, phases: never) => Promise<unknown>

const COLUMNS = {
  id: text,
  route: text,
  fingerprint: text,
  request: plain<Plain>(),
  state: oneOf('STARTED', 'FINISHED'),
  point: text,
  data: plain<Plain>(),
  owner: text,
  lockedUntil: integer,
  createdAt: integer,
  status: integer,
  response: plain<Plain>(),
  correlationId: text,
} as const
type KeyRow = RowOf<typeof COLUMNS>
const KEYS = named('idempotencyKeys', table(COLUMNS, { key: 'id', indexes: ['state'] }))

type Tables = { readonly idempotencyKeys: typeof KEYS }

type Claim = { readonly row: KeyRow } | { readonly status: number; readonly response: Plain }

/**
 * Idempotency keys as Stripe's API has them (brandur's rocket-rides-atomic; IETF draft
 * idempotency-key-header): the same key and body get the same response, the same key while it runs 409, the same key with
 * another body 422.
 */
export class IdempotencyKeys<Requests = unknown> {
  /** Of the service whose routes they guard. */
  readonly tables: Tables = { idempotencyKeys: KEYS }
  private readonly options: Required<Omit<IdempotencyOptions, 'callerOf' | 'lock' | 'keeps'>>
  private readonly callerOf: (request: Requests) => string
  private readonly lockMillis: number
  private readonly keepsMillis: number
  private readonly handlers = new Map<string, Handler>()

  constructor(options: IdempotencyOptions<Requests> = {}) {
    checkOptionNames('idempotency keys', options, {
      scope: ['route', 'global'],
      callerOf: 'any',
      fingerprint: ['body', 'none'],
      claim: ['insert', 'check-then-insert'],
      onError: ['keep', 'store', 'delete'],
      lock: 'any',
      keeps: 'any',
      forgets: ['finished', 'any'],
    })
    if (options.scope === 'global')
      refuseIdle(
        'idempotency keys',
        options,
        ['callerOf'],
        "with scope 'global' a key is one for all callers: leave it out",
      )
    const { scope = 'route', fingerprint = 'body', claim = 'insert', onError = 'keep' } = options
    const { lock = '90s', keeps = '24h', forgets = 'finished' } = options
    this.options = { scope, fingerprint, claim, onError, forgets }
    this.callerOf = options.callerOf ?? (() => '')
    this.lockMillis = positiveMicros(lock, 'the lock of idempotency keys') / 1_000
    this.keepsMillis = positiveMicros(keeps, 'the life of idempotency keys') / 1_000
    if (this.keepsMillis < this.lockMillis)
      throw new SimError(
        'definition',
        `idempotency keys: keeps: ${keeps} is shorter than the lock, ${lock}: a key would be forgotten while a request has it`,
      )
  }

  /** Guards the handler of a route: it runs once per key, however often it is asked. */
  guard<Request extends Requests, Response, Ctx extends ContextWith<Tables> & { transaction: unknown }>(
    { name }: Route<Request, Response>,
    handler: (request: Request, ctx: Ctx, phases: Phases<TxOf<Ctx>, Response>) => Promise<Response>,
  ): (request: Request, ctx: Ctx) => Promise<Response> {
    this.handlers.set(name, handler as unknown as Handler)
    return async (request, ctx) => {
      const context = contextBehind(ctx)
      const { idempotencyKey } = context
      if (idempotencyKey === undefined)
        throw new HttpError(400, { error: 'the request has no idempotency key' })
      const caller = this.callerOf(request)
      const id = this.options.scope === 'route' ? `${name} ${caller} ${idempotencyKey}` : idempotencyKey
      return (await this.answer(context, id, name, request as Plain)) as Response
    }
  }

  /**
   * Does what was begun and not finished, for callers who do not ask again: the work of a job, the completer.
   * @throws the first error that is no answer, when all other keys have had their turn
   */
  async complete(ctx: ContextWith<Tables>): Promise<void> {
    const context = contextBehind(ctx)
    const where = { state: 'STARTED', lockedUntil: lte(context.now()) } as const
    let failure: unknown
    for (const { id, route, request } of await context.table(KEYS).select({ where, orderBy: 'lockedUntil' }))
      await this.answer(context, id, route, request).catch((error: unknown) => {
        if (error instanceof SimError) throw error
        if (!(error instanceof HttpError)) failure ??= error
      })
    if (failure !== undefined) throw failure
  }

  /**
   * Deletes finished keys that are older than they are kept for: the work of a job, the reaper (Brandur's rocket-rides-atomic).
   * What was begun and not finished stays, whatever its age: the completer does it.
   * @returns how many there were
   */
  async reap(ctx: ContextWith<Tables>): Promise<number> {
    const context = contextBehind(ctx)
    const createdAt = lte(context.now() - this.keepsMillis)
    const { forgets } = this.options
    return context
      .table(KEYS)
      .delete({ createdAt, ...(forgets === 'finished' && { state: 'FINISHED' as const }) })
  }

  private async answer(context: Context, id: string, route: string, request: Plain): Promise<unknown> {
    const { claim, onError } = this.options
    const owner = context.id('attempt')
    const claimed = await this.claim(context, this.freshRow(context, id, route, request, owner))
    if ('status' in claimed) return replay(claimed)
    const phases = phasesOf(claimed.row, owner, claim === 'insert')
    const handler = this.handlers.get(route) as (...args: readonly unknown[]) => Promise<unknown>
    try {
      const response = await handler(request, context, phases)
      await this.store(context, claimed.row, 200, response as Plain)
      return response
    } catch (error) {
      if (error instanceof SimError) throw error
      if (error instanceof HttpError)
        await this.store(context, claimed.row, error.status, error.body as Plain)
      else if (onError === 'store') await this.store(context, claimed.row, 500, null)
      else if (onError === 'delete') await context.table(KEYS).delete({ id })
      else if (claim === 'insert') await context.table(KEYS).update({ id, owner }, { lockedUntil: 0 })
      throw error
    }
  }

  private freshRow(context: Context, id: string, route: string, request: Plain, owner: string): KeyRow {
    const now = context.now()
    return {
      id,
      route,
      fingerprint: this.options.fingerprint === 'body' ? canonicalText(request) : '',
      request,
      state: 'STARTED',
      point: 'started',
      data: null,
      owner,
      lockedUntil: now + this.lockMillis,
      createdAt: now,
      status: 0,
      response: null,
      correlationId: context.correlationId,
    }
  }

  private async claim(context: Context, row: KeyRow): Promise<Claim> {
    if (this.options.claim === 'check-then-insert') {
      const present = await context.table(KEYS).get(row.id)
      return present === undefined ? { row } : (this.judge(context, row, present) ?? { row: present })
    }
    const claimed = await context.transaction(async (tx: TransactionScope) => {
      const present = await insertOrLock(tx, row)
      if (present === undefined) return { row }
      if (this.isForgotten(present, context.now())) {
        const { id: _, ...renewed } = row
        await tx.table(KEYS).update({ id: row.id }, renewed)
        return { row }
      }
      const verdict = this.judge(context, row, present)
      if (verdict !== undefined) return verdict
      const { owner, lockedUntil } = row
      await tx.table(KEYS).update({ id: row.id }, { owner, lockedUntil })
      return { row: { ...present, owner, lockedUntil } }
    })
    return claimed as Claim
  }

  private isForgotten({ state, createdAt }: KeyRow, now: number): boolean {
    const isOld = createdAt + this.keepsMillis <= now
    return isOld && (state === 'FINISHED' || this.options.forgets === 'any')
  }

  /** What a request gets whose key is known; undefined when it may go on with it. */
  private judge(context: Context, row: KeyRow, present: KeyRow): Claim | undefined {
    if (present.fingerprint !== row.fingerprint)
      return { status: 422, response: { error: 'the key was used for another request' } }
    if (present.state === 'FINISHED') return { status: present.status, response: present.response }
    if (present.lockedUntil > context.now())
      return { status: 409, response: { error: 'a request with this key is being handled' } }
    return undefined
  }

  /** Stores a response, unless the handler has stored it with its effect. */
  private async store(context: Context, row: KeyRow, status: number, response: Plain): Promise<void> {
    const finished = { state: 'FINISHED', status, response } as const
    if (this.options.claim === 'check-then-insert')
      await context.table(KEYS).upsert({ ...row, ...finished }, finished)
    else await context.table(KEYS).update({ id: row.id, owner: row.owner, state: 'STARTED' }, finished)
  }
}

/** Inserts a row, or locks the one that is there, which may be deleted between the two. @returns that one */
async function insertOrLock(tx: TransactionScope, row: KeyRow): Promise<KeyRow | undefined> {
  const keys = tx.table(KEYS)
  for (;;) {
    if ((await keys.insertIfAbsent(row)) !== undefined) return undefined
    const present = await keys.get(row.id, { for: 'update' })
    if (present !== undefined) return present
  }
}

/** The transactions of a context. */
type TxOf<Ctx> = Ctx extends { transaction(work: (tx: infer Tx) => Promise<never>): unknown } ? Tx : never

function replay({ status, response }: { readonly status: number; readonly response: Plain }): Plain {
  if (status !== 200) throw new HttpError(status, response)
  return response
}

/** @param fenced whether the key was claimed by this request, and must still be its own */
function phasesOf(
  { id, point, data }: KeyRow,
  owner: string,
  fenced: boolean,
): Phases<TransactionScope, Plain> {
  const update = async (tx: TransactionScope, change: Partial<KeyRow>): Promise<void> => {
    if ((await tx.table(KEYS).update({ id, owner }, change)) === 0 && fenced)
      throw new ClaimError(`another request has the key ${id} by now`)
  }
  return {
    point,
    data,
    callKey: `idempotent ${id}`,
    reach: (tx, reached, written = null) => update(tx, { point: reached, data: written }),
    finish: async (tx, response) => {
      await update(tx, { state: 'FINISHED', status: 200, response })
      return response
    },
  }
}
