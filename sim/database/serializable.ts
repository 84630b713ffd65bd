import type { Entry } from './entry.ts'
import { DatabaseError } from './error.ts'
import { matches } from './predicate.ts'
import type { Row, Table } from './table.ts'
import { each } from './table-index.ts'

type AnyWhere = Readonly<Record<string, unknown>>

/** What a serializable transaction has read: every row of a table, present or absent, that meets a condition. */
interface PredicateRead {
  readonly table: Table
  readonly where: AnyWhere
}

/** A transaction as serializable snapshot isolation sees it (PostgreSQL: `SERIALIZABLEXACT`). */
export class SerializableTransaction {
  readonly readOnly: boolean
  /** Number of the last commit that it sees. */
  readonly snapshot: number
  /** How many serializable transactions had committed when it took its snapshot. */
  readonly lastBeforeSnapshot: number
  readonly reads: PredicateRead[] = []
  /** Those who wrote what it had read before they did, or read without seeing it. */
  readonly writers = new Set<SerializableTransaction>()
  /** Those who read what it has written, without seeing it. */
  readonly readers = new Set<SerializableTransaction>()
  xid = 0
  wrote = false
  doomed = false
  /** Its place among the serializable commits; 0 while it is open. */
  prepared = 0
  /** Number of its commit; 0 while it is open. */
  commit = 0
  /** The first commit of a transaction that wrote what it had read; 0 for none. */
  firstWriterCommitted = 0

  constructor(snapshot: number, lastBeforeSnapshot: number, readOnly: boolean) {
    this.snapshot = snapshot
    this.lastBeforeSnapshot = lastBeforeSnapshot
    this.readOnly = readOnly
  }

  get committed(): boolean {
    return this.commit > 0
  }

  /** Whether it writes nothing: it says so, or it has committed without. */
  get onlyReads(): boolean {
    return this.readOnly || (this.committed && !this.wrote)
  }
}

/**
 * Serializable snapshot isolation as PostgreSQL has it (src/backend/storage/lmgr/predicate.c; Ports and Grittner,
 * VLDB 2012): a transaction fails when it may be the pivot of two rw-conflicts in a row, T0 → pivot → T2, of which T2
 * committed first. PostgreSQL notes what was read by row, page or table and so refuses more than need be; here the
 * condition itself is noted.
 */
export class SerializableManager {
  /** Open ones, and those that committed while one that is open was. */
  private readonly known = new Set<SerializableTransaction>()
  private readonly byXid = new Map<number, SerializableTransaction>()
  private commits = 0

  /** Begins a transaction with its snapshot. */
  begin(snapshot: number, readOnly: boolean): SerializableTransaction {
    const own = new SerializableTransaction(snapshot, this.commits, readOnly)
    this.known.add(own)
    return own
  }

  /** Notes the transaction id of one that has begun to write. */
  identify(own: SerializableTransaction, xid: number): void {
    own.xid = xid
    this.byXid.set(xid, own)
  }

  /** Notes a read, and the concurrent writers whose versions it did not see. @throws DatabaseError 40001 */
  read(own: SerializableTransaction, table: Table, where: AnyWhere): void {
    if (own.doomed) throw pivotError()
    own.reads.push({ table, where })
    for (const entry of each(table.candidates(where))) this.readEntry(own, entry, where)
  }

  /** Notes a write, and the concurrent readers who have not seen it. @throws DatabaseError 40001 */
  write(own: SerializableTransaction, table: Table, before: Row | undefined, after: Row | undefined): void {
    if (own.doomed) throw pivotError()
    own.wrote = true
    for (const other of this.known) {
      if (other === own || other.doomed || (other.committed && other.commit <= own.snapshot)) continue
      const overlaps = other.reads.some(
        (read) =>
          read.table === table &&
          ((before !== undefined && matches(before, read.where)) ||
            (after !== undefined && matches(after, read.where))),
      )
      if (overlaps) this.conflict(other, own, own)
    }
  }

  /** Before a commit. @throws DatabaseError 40001 */
  prepare(own: SerializableTransaction): void {
    if (own.doomed) throw pivotError()
    for (const pivot of own.readers) {
      if (pivot.committed || pivot.doomed) continue
      for (const far of pivot.readers) {
        if (far !== own && (far.committed || far.onlyReads || far.doomed)) continue
        // The pivot fails and not this one, so that who tries again makes progress; unless it is about to commit.
        if (pivot.prepared > 0) throw pivotError()
        pivot.doomed = true
        break
      }
    }
    own.prepared = ++this.commits
  }

  /** After a commit. */
  committed(own: SerializableTransaction, commit: number): void {
    own.commit = commit
    if (!own.onlyReads) {
      for (const writer of own.writers) {
        if (!writer.committed) continue
        if (own.firstWriterCommitted === 0 || writer.prepared < own.firstWriterCommitted)
          own.firstWriterCommitted = writer.prepared
      }
    }
    this.forget()
  }

  /** After a rollback. */
  rolledBack(own: SerializableTransaction): void {
    own.doomed = true
    this.remove(own)
    this.forget()
  }

  /** The server has stopped. */
  clear(): void {
    this.known.clear()
    this.byXid.clear()
  }

  private readEntry(own: SerializableTransaction, entry: Entry, where: AnyWhere): void {
    const seen = entry.visibleTo(undefined, own.snapshot)
    const concerns = (row: Row | undefined): boolean =>
      (row !== undefined && matches(row, where)) || (seen !== undefined && matches(seen, where))
    const writer = entry.writer?.serializable
    if (writer !== undefined && writer !== own && concerns(entry.pending)) this.missed(own, writer)
    let { xid, commit, committed: row, older } = entry
    while (commit > own.snapshot) {
      const other = this.byXid.get(xid)
      if (other !== undefined && other !== own && concerns(row)) this.missed(own, other)
      if (older === undefined) break
      ;({ xid, commit, row, older } = older)
    }
  }

  /** A reader has not seen what a concurrent transaction wrote. */
  private missed(reader: SerializableTransaction, writer: SerializableTransaction): void {
    const { firstWriterCommitted } = writer
    const runsFirst =
      reader.onlyReads &&
      writer.committed &&
      (firstWriterCommitted === 0 || reader.lastBeforeSnapshot < firstWriterCommitted)
    if (!runsFirst && !writer.doomed) this.conflict(reader, writer, reader)
  }

  /** Notes a rw-conflict: `reader` has not seen what `writer` wrote. @param acting whose statement this is */
  private conflict(
    reader: SerializableTransaction,
    writer: SerializableTransaction,
    acting: SerializableTransaction,
  ): void {
    if (reader.writers.has(writer)) return
    reader.writers.add(writer)
    writer.readers.add(reader)
    if (!isDangerous(reader, writer)) return
    if (acting === writer || writer.prepared > 0) throw pivotError()
    writer.doomed = true
  }

  /** Forgets those who committed before every open transaction took its snapshot. */
  private forget(): void {
    let oldest = Number.POSITIVE_INFINITY
    for (const each of this.known) if (!each.committed) oldest = Math.min(oldest, each.snapshot)
    for (const each of this.known) if (each.committed && each.commit <= oldest) this.remove(each)
  }

  private remove(own: SerializableTransaction): void {
    this.known.delete(own)
    this.byXid.delete(own.xid)
    for (const writer of own.writers) writer.readers.delete(own)
    for (const reader of own.readers) reader.writers.delete(own)
  }
}

/** Whether a new conflict makes writer or reader the pivot of a dangerous structure (`OnConflict_CheckForSerializationFailure`). */
function isDangerous(reader: SerializableTransaction, writer: SerializableTransaction): boolean {
  if (writer.committed && writer.firstWriterCommitted > 0) return true
  for (const last of writer.writers) {
    if (
      last.prepared > 0 &&
      (!reader.committed || last.prepared <= reader.prepared) &&
      (!writer.committed || last.prepared <= writer.prepared) &&
      (!reader.onlyReads || last.prepared <= reader.lastBeforeSnapshot)
    )
      return true
  }
  if (writer.prepared === 0 || reader.onlyReads) return false
  for (const first of reader.readers) {
    if (
      !first.doomed &&
      (!first.committed || first.prepared >= writer.prepared) &&
      (!first.onlyReads || first.lastBeforeSnapshot >= writer.prepared)
    )
      return true
  }
  return false
}

function pivotError(): DatabaseError {
  return new DatabaseError(
    '40001',
    '',
    'could not serialize access due to read/write dependencies among transactions',
  )
}
