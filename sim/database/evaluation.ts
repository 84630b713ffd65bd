import type { Entry } from './entry.ts'
import type { LockWaiter } from './row-lock.ts'
import type { Row } from './table.ts'
import type { Transaction } from './transaction.ts'

/** How far a statement that waits for the lock of a row has come. */
export interface Progress {
  /** Number of the last commit that the statement sees, to its end. */
  readonly snapshot: number
  readonly where: Readonly<Record<string, unknown>>
  /** The rows that it found when it began. */
  readonly entries: readonly Entry[]
  /** The next of them. */
  at: number
  /** The rows that it has dealt with. */
  readonly done: Row[]
  /** Of what it has dealt with. */
  hash: number
}

/** Who evaluates a statement and, where it must wait, goes on with it later. */
export interface Evaluation extends LockWaiter {
  /** Of a statement that has waited for the lock of a row. */
  progress: Progress | undefined
  /** What an insert puts in: it keeps its sequence value from its first attempt on. */
  row: Row | undefined
  /** Where it was put in, while its unique constraints are checked. */
  entry: Entry | undefined
  /** How many of them are checked. */
  checked: number
}

/** Keeps what a statement that waits has found, and what it sees. */
export function suspend(evaluation: Evaluation, progress: Progress, { database }: Transaction): false {
  if (evaluation.progress === undefined) {
    evaluation.progress = progress
    database.snapshots.take(evaluation, progress.snapshot)
  }
  return false
}
