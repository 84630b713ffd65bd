import type { Micros } from '../kernel/time.ts'

/** A command as data; values are text, as in Redis. */
export type KeyValueCommand =
  | { readonly command: 'get' | 'del' | 'ttl'; readonly key: string }
  | {
      readonly command: 'set'
      readonly key: string
      readonly value: string
      /** Forever without it, also if the key had an expiry before. */
      readonly expireMillis?: number
      /** `NX` and `XX`: sets it only if it is absent, or present. */
      readonly only?: 'absent' | 'present'
    }
  | { readonly command: 'incr'; readonly key: string; readonly by: number }
  | { readonly command: 'expire'; readonly key: string; readonly expireMillis: number }
  /** The script by which a lock is released: deletes the key if it has the value. */
  | { readonly command: 'del if equal'; readonly key: string; readonly value: string }

interface Item {
  readonly value: string
  /** Infinity for one that stays. */
  readonly expiresMicros: Micros
}

/** Keys with values that may expire. Expiry is looked at when a key is asked for, so that it costs no event. */
export class KeyValueStore {
  /** The one that was used longest ago comes first. */
  private readonly items = new Map<string, Item>()
  private readonly maxKeys: number

  /** @param maxKeys beyond it the key that was used longest ago is evicted (`allkeys-lru`) */
  constructor(maxKeys: number) {
    this.maxKeys = maxKeys
  }

  /**
   * Executes a command.
   * @returns the value or null (`get`), whether it was done (`set`, `del`, `expire`), milliseconds or -1 for ever or -2 for no
   * key (`ttl`), the new value (`incr`)
   * @throws RangeError when a value that is no whole number is counted up
   */
  execute(command: KeyValueCommand, nowMicros: Micros): string | number | boolean | null {
    const { key } = command
    const item = this.live(key, nowMicros)
    switch (command.command) {
      case 'get':
        return item?.value ?? null
      case 'set': {
        if (command.only !== undefined && (command.only === 'absent') !== (item === undefined)) return false
        const { expireMillis } = command
        this.put(key, command.value, expireMillis === undefined ? Infinity : nowMicros + expireMillis * 1000)
        return true
      }
      case 'incr': {
        const value = Number(item?.value ?? '0') + command.by
        if (!Number.isSafeInteger(value)) throw new RangeError('value is not an integer or out of range')
        this.put(key, String(value), item?.expiresMicros ?? Infinity)
        return value
      }
      case 'expire':
        if (item === undefined) return false
        this.put(key, item.value, nowMicros + command.expireMillis * 1000)
        return true
      case 'ttl':
        if (item === undefined) return -2
        return item.expiresMicros === Infinity ? -1 : Math.ceil((item.expiresMicros - nowMicros) / 1000)
      case 'del':
        return item !== undefined && this.items.delete(key)
      case 'del if equal':
        return item?.value === command.value && this.items.delete(key)
    }
  }

  /** Evicts the keys with a prefix, all of them for an empty one (`FLUSHALL`); returns how many. */
  evict(prefix: string): number {
    const evicted = [...this.items.keys()].filter((key) => key.startsWith(prefix))
    for (const key of evicted) this.items.delete(key)
    return evicted.length
  }

  private live(key: string, nowMicros: Micros): Item | undefined {
    const item = this.items.get(key)
    if (item === undefined) return undefined
    this.items.delete(key)
    if (item.expiresMicros <= nowMicros) return undefined
    this.items.set(key, item)
    return item
  }

  private put(key: string, value: string, expiresMicros: Micros): void {
    this.items.delete(key)
    this.items.set(key, { value, expiresMicros })
    if (this.items.size <= this.maxKeys) return
    for (const oldest of this.items.keys()) {
      this.items.delete(oldest)
      return
    }
  }
}
