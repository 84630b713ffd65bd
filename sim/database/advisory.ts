import type { LockWaiter } from './row-lock.ts'
import type { AdvisoryLock } from './statement.ts'
import type { Transaction } from './transaction.ts'

/** Whoever may hold advisory locks: a transaction, or the connection that it runs on. */
export type AdvisoryOwner = object

interface Hold {
  /** Two of the same connection never conflict, whatever their scope. */
  readonly connection: object
  readonly owner: AdvisoryOwner
  readonly shared: boolean
  /** How often it was taken: a session must unlock as often. */
  times: number
}

interface Request {
  readonly waiter: LockWaiter
  readonly lock: AdvisoryLock
}

interface Held {
  readonly holds: Hold[]
  queue: Request[]
}

/** The advisory locks of a server (PostgreSQL documentation, 13.3.5). */
export class AdvisoryLocks {
  /** Made with the first lock: most servers never have one. */
  private locks: Map<string | number, Held> | undefined = undefined
  /** Whose turn it is: it stands in no queue. */
  private served: Transaction | undefined = undefined

  /** Takes a lock if nobody else holds it in a way that conflicts, or waits for it before. */
  take(lock: AdvisoryLock, transaction: Transaction): boolean {
    const shared = lock.shared === true
    const { connection } = transaction
    this.locks ??= new Map()
    let held = this.locks.get(lock.key)
    if (held === undefined) {
      held = { holds: [], queue: [] }
      this.locks.set(lock.key, held)
    }
    const own = held.holds.some((hold) => hold.connection === connection)
    const queues = !own && this.served !== transaction
    if (queues && held.queue.some(({ lock: other }) => !shared || other.shared !== true)) return false
    if (!isFree(held, shared, connection)) return false
    const owner: AdvisoryOwner = lock.scope === 'transaction' ? transaction : connection
    const again = held.holds.find((hold) => hold.owner === owner && hold.shared === shared)
    if (again !== undefined) again.times++
    else held.holds.push({ connection, owner, shared, times: 1 })
    return true
  }

  /** Notes that a statement waits for a lock. */
  wait(lock: AdvisoryLock, waiter: LockWaiter): Request {
    const request = { waiter, lock }
    this.locks?.get(lock.key)?.queue.push(request)
    return request
  }

  /** Takes back a wait. */
  cancel(request: Request): void {
    const held = this.locks?.get(request.lock.key)
    if (held === undefined) return
    held.queue = held.queue.filter((other) => other !== request)
    this.wake(request.lock.key, held)
  }

  /** Unlocks a lock of a session; false when the connection does not hold it. */
  unlock(lock: AdvisoryLock, connection: object): boolean {
    const held = this.locks?.get(lock.key)
    const hold = held?.holds.find(
      (each) => each.owner === connection && each.shared === (lock.shared === true),
    )
    if (held === undefined || hold === undefined) return false
    if (--hold.times === 0) {
      held.holds.splice(held.holds.indexOf(hold), 1)
      this.wake(lock.key, held)
    }
    return true
  }

  /** Lets go of everything that a transaction or a connection holds. */
  release(owner: AdvisoryOwner): void {
    if (this.locks === undefined || this.locks.size === 0) return
    for (const [key, held] of [...this.locks]) {
      const left = held.holds.filter((hold) => hold.owner !== owner)
      if (left.length === held.holds.length) continue
      held.holds.splice(0, held.holds.length, ...left)
      this.wake(key, held)
    }
  }

  /** Whether a connection holds a lock of its session. */
  holds(connection: object): boolean {
    if (this.locks === undefined) return false
    for (const { holds } of this.locks.values())
      if (holds.some(({ owner }) => owner === connection)) return true
    return false
  }

  /** Those on whom a waiting statement depends. @param open the open transaction of a connection */
  blockers(request: Request, open: (connection: object) => Transaction | undefined): Transaction[] {
    const held = this.locks?.get(request.lock.key)
    if (held === undefined) return []
    const { connection } = request.waiter.transaction
    const shared = request.lock.shared === true
    const found: Transaction[] = []
    for (const hold of held.holds) {
      if (hold.connection === connection || (shared && hold.shared)) continue
      const transaction = open(hold.connection)
      if (transaction !== undefined) found.push(transaction)
    }
    for (const earlier of held.queue) {
      if (earlier === request) break
      if (!shared || earlier.lock.shared !== true) found.push(earlier.waiter.transaction)
    }
    return found
  }

  /** The server has stopped. */
  clear(): void {
    this.locks?.clear()
  }

  private wake(key: string | number, held: Held): void {
    while (held.queue.length > 0) {
      const { waiter, lock } = held.queue[0] as Request
      if (!isFree(held, lock.shared === true, waiter.transaction.connection)) break
      held.queue.shift()
      this.served = waiter.transaction
      waiter.retry()
      this.served = undefined
    }
    if (held.holds.length === 0 && held.queue.length === 0 && this.locks?.get(key) === held)
      this.locks?.delete(key)
  }
}

export type AdvisoryRequest = Request

function isFree(held: Held, shared: boolean, connection: object): boolean {
  return held.holds.every((hold) => hold.connection === connection || (shared && hold.shared))
}
