import { KeyValueError, type KeyValues } from '../database/key-value-client.ts'
import { type DurationText, durationMicros, positiveMicros } from '../kernel/time.ts'
import type { BaseContext } from '../service/context.ts'
import { checkOptionNames } from '../service/option.ts'
import { integer, named, table, text } from '../service/schema.ts'
import { type ContextWith, type TxWith, tablesBehind } from './door.ts'

/** How a lock is given back, the right one first. */
export const LOCK_RELEASES = ['own', 'any'] as const

/** Options of a lock in a key-value store; every default is right (Z23, Z37). */
export interface LockOptions {
  /** How long it is held at most: a holder that dies blocks others no longer. Default: 10s. */
  readonly lease?: DurationText
  /** How long somebody waits for it. Default: 30s. */
  readonly patience?: DurationText
  /** `own`: only while it is still one's own. `any`: by its name alone, so that one takes away another's. Default: `own`. */
  readonly release?: (typeof LOCK_RELEASES)[number]
  /**
   * Whether what is written under the lock is refused when somebody has got it since: the store alone cannot know of a holder
   * that was paused beyond its lease, or that it has forgotten. Default: true.
   */
  readonly fenced?: boolean
}

/** A lock was not free in time, or it is no longer one's own. What was to be done under it was not. */
export class LockError extends Error {
  override readonly name = 'LockError'
}

const FENCES = named('fences', table({ resource: text, token: integer }, { key: 'resource' }))
const RETRY_EVERY: DurationText = '50ms'

type Tables = { readonly fences: typeof FENCES }

/** Makes what is written in a transaction count only if the lock is still one's own. @throws LockError */
export type Guard = (tx: TxWith<Tables>) => Promise<void>

/**
 * A lock by `setnx` with an expiry, and a fencing token that the database gives out: each holder gets a greater one, and a
 * transaction that shows an older one is refused (M. Kleppmann, How to do distributed locking). A token of the store
 * would begin anew when that has lost its keys.
 */
export class Lock {
  /** Of the services that use it. */
  readonly tables: Tables = { fences: FENCES }
  private readonly lease: DurationText
  private readonly patienceMillis: number
  private readonly release: (typeof LOCK_RELEASES)[number]
  private readonly fenced: boolean

  /** @throws SimError 'definition' for a lease of no time */
  constructor(options: LockOptions = {}) {
    checkOptionNames('lock', options, {
      lease: 'any',
      patience: 'any',
      release: LOCK_RELEASES,
      fenced: [true, false],
    })
    const { lease = '10s', patience = '30s', release = 'own', fenced = true } = options
    positiveMicros(lease, 'the lease of a lock')
    this.lease = lease
    this.patienceMillis = durationMicros(patience) / 1_000
    this.release = release
    this.fenced = fenced
  }

  /**
   * Does something under the lock of a name.
   * @param work calls the guard in every transaction that it makes
   * @throws LockError when the lock was not free in time, or what the guard refused
   */
  async hold<Result>(
    context: BaseContext & ContextWith<Tables>,
    store: KeyValues,
    name: string,
    work: (guard: Guard) => Promise<Result>,
  ): Promise<Result> {
    const key = `lock/${name}`
    const owner = context.id(key)
    await this.acquire(context, store, key, owner)
    try {
      const token = this.fenced ? await nextToken(context, name) : 0
      return await work((tx) => (this.fenced ? check(tx, name, token) : Promise.resolve()))
    } finally {
      await this.giveBack(store, key, owner)
    }
  }

  private async acquire(context: BaseContext, store: KeyValues, key: string, owner: string): Promise<void> {
    const start = context.now()
    while (!(await store.setnx(key, owner, this.lease))) {
      if (context.now() - start >= this.patienceMillis)
        throw new LockError(`${key} was not free within ${this.patienceMillis} ms`)
      await context.sleep(RETRY_EVERY)
    }
  }

  /** What the store hears nothing of expires by itself. */
  private async giveBack(store: KeyValues, key: string, owner: string): Promise<void> {
    try {
      if (this.release === 'own') await store.delIfEqual(key, owner)
      else await store.del(key)
    } catch (error) {
      if (!(error instanceof KeyValueError)) throw error
    }
  }
}

/** A token that is greater than all before. */
async function nextToken(context: ContextWith<Tables>, resource: string): Promise<number> {
  const fences = tablesBehind(context).table(FENCES)
  const { token } = await fences.upsert({ resource, token: 1 }, (row) => {
    row.token++
  })
  return token
}

async function check(tx: TxWith<Tables>, resource: string, token: number): Promise<void> {
  const current = await tablesBehind(tx).table(FENCES).get(resource, { for: 'share' })
  if (current?.token === token) return
  throw new LockError(`the lock of ${resource} was lost: token ${token} is older than ${current?.token}`)
}
