import type { LockRequest } from './row-lock.ts'
import type { Row, Table } from './table.ts'
import type { Transaction } from './transaction.ts'

/** A committed version of a row that a later commit has replaced. */
export interface Version {
  /** Undefined where the row was deleted. */
  readonly row: Row | undefined
  readonly hash: number
  /** Trace id of the commit that wrote it. */
  readonly writtenBy: number
  /** Number of the commit that wrote it. */
  readonly commit: number
  /** Number of the commit that inserted the row. */
  readonly born: number
  /** The transaction that wrote it. */
  readonly xid: number
  /** Number of the commit that replaced it. */
  readonly until: number
  /** The version before it. */
  older: Version | undefined
}

/**
 * A row with all its versions: the last committed one, those before it while a snapshot may see them, and the one that
 * an open transaction has written. Only one transaction at a time can have written.
 */
export class Entry {
  readonly table: Table
  readonly key: unknown
  /** Position in the order of insertion. */
  ordinal: number
  /** The last committed version; undefined when the row does not exist. */
  committed: Row | undefined = undefined
  hash = 0
  writtenBy = 0
  commit = 0
  born = 0
  xid = 0
  older: Version | undefined = undefined
  /** What the writer makes of it; undefined deletes it. */
  pending: Row | undefined = undefined
  pendingHash = 0
  /** Whether the writer has deleted it and inserted it again: another row with the same key. */
  reborn = false
  /** The open transaction that has written it. */
  writer: Transaction | undefined = undefined
  /** A transaction that holds its lock, and how strongly; the only one as a rule. */
  holder: Transaction | undefined = undefined
  holderMode = 0
  /** Those who hold it as well. */
  coHolders: { readonly transaction: Transaction; mode: number }[] | undefined = undefined
  /** Statements that wait for the lock, first come first served. */
  queue: LockRequest[] | undefined = undefined

  constructor(table: Table, key: unknown, ordinal: number) {
    this.table = table
    this.key = key
    this.ordinal = ordinal
  }

  /** The version that a transaction sees: its own, else the last one that was committed when its snapshot was taken. */
  visibleTo(transaction: Transaction | undefined, snapshot: number): Row | undefined {
    if (transaction !== undefined && this.writer === transaction) return this.pending
    return this.commit <= snapshot ? this.committed : this.versionAt(snapshot)?.row
  }

  /** The committed version that a snapshot sees, of those that were replaced. */
  versionAt(snapshot: number): Version | undefined {
    let version = this.older
    while (version !== undefined && version.commit > snapshot) version = version.older
    return version
  }

  /** The last committed version, as one that commit `until` replaces. */
  version(until: number): Version {
    const { committed: row, hash, writtenBy, commit, born, xid, older } = this
    return { row, hash, writtenBy, commit, born, xid, until, older }
  }
}
