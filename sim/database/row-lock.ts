import type { Entry } from './entry.ts'
import type { RowLockMode } from './predicate.ts'
import type { Transaction } from './transaction.ts'

/** Strengths of row locks; two of different transactions conflict where they add up to more than four. */
export const KEY_SHARE = 1
export const SHARE = 2
export const NO_KEY_UPDATE = 3
export const UPDATE = 4

const STRENGTH: Readonly<Record<RowLockMode, number>> = {
  'key share': KEY_SHARE,
  share: SHARE,
  'no key update': NO_KEY_UPDATE,
  update: UPDATE,
}

/** The strength of a lock that a statement names. */
export const strengthOf = (mode: RowLockMode): number => STRENGTH[mode]

/** A statement that waits for something that another transaction holds. */
export interface LockWaiter {
  readonly transaction: Transaction
  /** Evaluates it again. */
  retry(): void
}

/** A statement that waits for the lock of a row. */
export interface LockRequest {
  readonly waiter: LockWaiter
  readonly mode: number
}

/** Whether a transaction could hold the lock of a row now (PostgreSQL documentation, table 13.3). */
export function isFree(entry: Entry, mode: number, transaction: Transaction): boolean {
  const { holder, coHolders } = entry
  if (holder !== undefined && holder !== transaction && entry.holderMode + mode > UPDATE) return false
  if (coHolders === undefined) return true
  return coHolders.every((other) => other.transaction === transaction || other.mode + mode <= UPDATE)
}

/** How strongly a transaction holds the lock of a row; 0 if it does not. */
export function heldMode(entry: Entry, transaction: Transaction): number {
  if (entry.holder === transaction) return entry.holderMode
  return entry.coHolders?.find((other) => other.transaction === transaction)?.mode ?? 0
}

/** Takes a lock that is free, or makes the one that the transaction holds stronger; whether it is new. */
export function take(entry: Entry, mode: number, transaction: Transaction): boolean {
  if (entry.holder === undefined) {
    entry.holder = transaction
    entry.holderMode = mode
    return true
  }
  if (entry.holder === transaction) {
    if (mode > entry.holderMode) entry.holderMode = mode
    return false
  }
  const own = entry.coHolders?.find((other) => other.transaction === transaction)
  if (own !== undefined) {
    own.mode = Math.max(own.mode, mode)
    return false
  }
  entry.coHolders ??= []
  entry.coHolders.push({ transaction, mode })
  return true
}

/** Sets how strongly a transaction holds the lock of a row: 0 lets go of it. */
export function hold(entry: Entry, mode: number, transaction: Transaction): void {
  const { coHolders } = entry
  if (entry.holder === transaction) {
    entry.holderMode = mode
    if (mode > 0) return
    const next = coHolders?.shift()
    entry.holder = next?.transaction
    entry.holderMode = next?.mode ?? 0
  } else if (coHolders !== undefined) {
    const at = coHolders.findIndex((other) => other.transaction === transaction)
    if (at < 0) return
    if (mode > 0) (coHolders[at] as { mode: number }).mode = mode
    else coHolders.splice(at, 1)
  }
  if (coHolders?.length === 0) entry.coHolders = undefined
}

/** Lets those who wait for the lock of a row try again, in their order, as long as it is free for the first of them. */
export function wake(entry: Entry): void {
  const { queue } = entry
  if (queue === undefined) return
  for (let left = queue.length; left > 0 && queue.length > 0; left--) {
    const { waiter, mode } = queue[0] as LockRequest
    if (!isFree(entry, mode, waiter.transaction)) break
    queue.shift()
    waiter.retry()
  }
  if (queue.length === 0 && entry.queue === queue) entry.queue = undefined
}

/** Those on whom a statement that waits for the lock of a row depends: who holds it, and who was there first. */
export function blockers(entry: Entry, request: LockRequest): Transaction[] {
  const { transaction } = request.waiter
  const found: Transaction[] = []
  const { holder, coHolders = [], queue = [] } = entry
  if (holder !== undefined && entry.holderMode + request.mode > UPDATE) found.push(holder)
  for (const other of coHolders) if (other.mode + request.mode > UPDATE) found.push(other.transaction)
  for (const earlier of queue) {
    if (earlier === request) break
    if (earlier.mode + request.mode > UPDATE) found.push(earlier.waiter.transaction)
  }
  return found.filter((other) => other !== transaction)
}
