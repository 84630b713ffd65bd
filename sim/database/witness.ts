import type { Row } from './table.ts'

/** A row as a transaction writes it. */
export interface WrittenRow {
  readonly table: string
  readonly key: unknown
  /** Undefined where it is inserted. */
  readonly before: Row | undefined
  /** Undefined where it is deleted. */
  readonly after: Row | undefined
}

/** Watches one transaction and changes nothing. */
export interface CommitWitness {
  /** It is about to be durable, and visible at once after this. */
  committing(rows: readonly WrittenRow[]): void
  /** It is durable and visible. @param cause trace id of the commit */
  committed(cause: number): void
}
