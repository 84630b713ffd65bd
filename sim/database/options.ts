import type { DurationText } from '../kernel/time.ts'

/** PostgreSQL's levels; what it calls read uncommitted is read committed. */
export type Isolation = 'read committed' | 'repeatable read' | 'serializable'

/** How a transaction runs. */
export interface TransactionOptions {
  /** Default: `read committed`. */
  readonly isolation?: Isolation
  /** Refuses writes with 25006. */
  readonly readOnly?: boolean
  /** `lock_timeout`: a statement that waits longer for one lock fails with 55P03. Default: never. */
  readonly lockTimeout?: DurationText
  /** `statement_timeout`: a statement that takes longer fails with 57014. Default: never. */
  readonly statementTimeout?: DurationText
  /** `synchronous_commit`: whether the commit is durable when it is acknowledged. Default: the database's. */
  readonly synchronousCommit?: boolean
}

/** The connections of one process to one database. */
export interface PoolOptions {
  /** Default: 10. */
  readonly limit?: number
  /** How long a transaction waits for a free one before it fails with 53300. Default: 30s. */
  readonly acquireTimeout?: DurationText
}
