import { KeyValueError, type KeyValues } from '../database/key-value-client.ts'
import { type DurationText, positiveMicros } from '../kernel/time.ts'
import type { Plain } from '../kernel/value.ts'
import { checkOptionNames } from '../service/option.ts'

/** What becomes of a cached value when it changes, the right one first. */
export const CACHE_CHANGES = ['delete-after-commit', 'delete-before-commit', 'keep'] as const

/** Options of a cache beside a database. */
export interface CacheAsideOptions {
  /**
   * How long a value stays: what was not deleted, because somebody died in between or a reader was slow, is wrong for so
   * long. `never`: for ever. Default: 10s.
   */
  readonly expiry?: DurationText | 'never'
  /**
   * `delete-after-commit`: readers load the new value. `delete-before-commit`: whoever reads before the commit caches the
   * old one again. `keep`: what is cached stays as it is until it expires. Default: `delete-after-commit`.
   */
  readonly change?: (typeof CACHE_CHANGES)[number]
}

/**
 * Values of a database that are also kept in a key-value store (cache-aside): read there first, loaded and kept where they
 * are missing, deleted when they change. A reader may have loaded a value before it changes and keep it after it was
 * deleted, so what is read may be old for as long as it takes to expire. Without the store everything is loaded.
 */
export class CacheAside<Value extends Plain> {
  private readonly prefix: string
  private readonly expiry: DurationText | 'never'
  private readonly changing: (typeof CACHE_CHANGES)[number]

  /** @param prefix of its keys: `price/` @throws SimError 'definition' for values that expire at once */
  constructor(prefix: string, options: CacheAsideOptions = {}) {
    checkOptionNames(`cache ${prefix}`, options, { expiry: 'any', change: CACHE_CHANGES })
    const { expiry = '10s', change = 'delete-after-commit' } = options
    if (expiry !== 'never') positiveMicros(expiry, `the expiry of the cache ${prefix}`)
    this.prefix = prefix
    this.expiry = expiry
    this.changing = change
  }

  /** The value of a key; undefined when there is none to load, which is not kept. */
  async read(
    store: KeyValues,
    key: string,
    load: () => Promise<Value | undefined>,
  ): Promise<Value | undefined> {
    const cached = await orNothing(() => store.get(this.prefix + key))
    if (cached != null) return JSON.parse(cached) as Value
    const value = await load()
    if (value !== undefined) await orNothing(() => this.keep(store, key, JSON.stringify(value)))
    return value
  }

  /** Changes a value by a transaction, and forgets the one that is cached. */
  async change<Result>(store: KeyValues, key: string, commit: () => Promise<Result>): Promise<Result> {
    const forget = (): Promise<unknown> => orNothing(() => store.del(this.prefix + key))
    if (this.changing === 'delete-before-commit') await forget()
    const result = await commit()
    if (this.changing === 'delete-after-commit') await forget()
    return result
  }

  private keep(store: KeyValues, key: string, value: string): Promise<void> {
    const { expiry, prefix } = this
    return expiry === 'never' ? store.set(prefix + key, value) : store.setex(prefix + key, value, expiry)
  }
}

/** What the store answers; undefined when it does not. */
async function orNothing<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof KeyValueError) return undefined
    throw error
  }
}
