import type { Entity } from '../kernel/choice.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Actor } from '../kernel/queue.ts'
import type { Micros } from '../kernel/time.ts'
import type { Entry, Version } from './entry.ts'
import { ReplicationSlot } from './replication-slot.ts'
import type { Row } from './table.ts'

/** A position in the log: a whole number that only grows, 0 before everything. */
export type Lsn = number

/** A change of one row, as the log has it. */
export interface WalChange {
  readonly lsn: Lsn
  readonly table: string
  readonly key: unknown
  /** Undefined for a row that was inserted. */
  readonly before: Row | undefined
  /** Undefined for a row that was deleted. */
  readonly after: Row | undefined
}

/** A committed transaction that wrote something. */
export interface WalTransaction {
  /** Of its commit; those of its changes lie below. */
  readonly lsn: Lsn
  readonly xid: number
  readonly changes: readonly WalChange[]
}

/** A row that was changed, with the version that was committed before. */
export interface Logged {
  readonly entry: Entry
  readonly before: Version | undefined
}

interface WalRecord extends WalTransaction {
  readonly atMicros: Micros
  /** Whose transaction it was. */
  readonly entity: Entity
  /** Trace id of the commit. */
  readonly cause: number
  /** The rows that it changed. */
  readonly undo: readonly Logged[]
}

/** A row that was changed back: as it is now or, where it is gone, as it was. */
export interface Undone {
  readonly entry: Entry
  readonly row: Row
}

/** `wal_writer_delay`, three times at most: so long an asynchronous commit may be lost in a crash. */
const FLUSH_MICROS = 600_000
const FLUSH = 0

/**
 * The write-ahead log of a server: every commit moves its position on. What was committed is kept only as long as
 * somebody may need it: a replication slot, a commit that is not durable, a standby that has not received it.
 */
export class Wal implements Actor {
  /** Of the last commit. */
  position: Lsn = 0
  /** How long a commit may be missing at the standby that takes over; set before the run by whoever lets one. */
  standbyLagMicros: Micros = 0
  /** In the order in which they were made. */
  readonly slots: ReplicationSlot[] = []
  private readonly kernel: Kernel
  /** Everything up to here is durable. */
  private flushed: Lsn = 0
  private flushDue = false
  private records: WalRecord[] = []

  constructor(kernel: Kernel) {
    this.kernel = kernel
  }

  /** Whether commits are noted with what they changed. */
  get keeps(): boolean {
    return this.slots.length > 0 || this.standbyLagMicros > 0
  }

  /** Creates a slot whose reader hears of what is committed from now on. */
  createSlot(name: string): ReplicationSlot {
    const slot = new ReplicationSlot(name, this)
    this.slots.push(slot)
    return slot
  }

  /** The slot of this name; undefined when there is none. */
  slot(name: string): ReplicationSlot | undefined {
    return this.slots.find((slot) => slot.name === name)
  }

  /** A commit of so many rows that nobody needs to know of. */
  advance(rows: number): void {
    this.position += rows + 1
    this.flushed = this.position
  }

  /** Notes a commit. @param durable whether it is so when it is acknowledged, and with it all before */
  append(undo: readonly Logged[], xid: number, entity: Entity, cause: number, durable: boolean): void {
    const { kernel, position: start } = this
    this.position += undo.length + 1
    if (durable) this.flushed = this.position
    else if (!this.flushDue) {
      this.flushDue = true
      kernel.scheduleBackground(kernel.nowMicros + FLUSH_MICROS, this, FLUSH, undefined)
    }
    const changes = undo.map(({ entry, before }, at): WalChange => {
      const { table, key, committed } = entry
      return { lsn: start + 1 + at, table: table.schema.name, key, before: before?.row, after: committed }
    })
    const atMicros = kernel.nowMicros
    this.records.push({ lsn: this.position, xid, changes, undo, atMicros, entity, cause })
    for (const slot of this.slots) slot.wake()
    this.trim()
  }

  /** The committed transactions after a position, in the order of their commits. */
  after(lsn: Lsn, limit: number): readonly WalRecord[] {
    const { records } = this
    let at = records.length
    while (at > 0 && (records[at - 1] as WalRecord).lsn > lsn) at--
    return records.slice(at, at + limit)
  }

  onEvent(_code: number, _subject: unknown): void {
    this.flushDue = false
    this.flushed = this.position
    this.trim()
  }

  /** The server has crashed: undoes what was not durable. */
  recover(): Undone[] {
    for (const slot of this.slots) slot.serverEnded()
    this.flushDue = false
    return this.undoAfter((record) => record.lsn <= this.flushed)
  }

  /** A standby takes over: undoes what it had not received. @param keepsSlots whether it knows of the slots (PostgreSQL 17) */
  failOver(lagMicros: Micros, keepsSlots: boolean): Undone[] {
    for (const slot of this.slots) slot.serverEnded()
    const received = this.kernel.nowMicros - lagMicros
    const undone = this.undoAfter((record) => record.atMicros <= received)
    this.flushed = this.position
    if (!keepsSlots) this.slots.length = 0
    for (const slot of this.slots) slot.rewind(this.position)
    return undone
  }

  /** Forgets all slots; their readers are told. */
  dropSlots(): void {
    for (const slot of this.slots) slot.serverEnded()
    this.slots.length = 0
    this.trim()
  }

  /** Drops what nobody needs any longer. */
  trim(): void {
    const { records, kernel, standbyLagMicros, flushed } = this
    let confirmed = this.position
    for (const slot of this.slots) confirmed = Math.min(confirmed, slot.restart)
    const received = kernel.nowMicros - standbyLagMicros
    let at = 0
    for (; at < records.length; at++) {
      const { lsn, atMicros } = records[at] as WalRecord
      if (lsn > confirmed || lsn > flushed || (standbyLagMicros > 0 && atMicros > received)) break
    }
    if (at > 100 || at === records.length) this.records = records.slice(at)
  }

  private undoAfter(stays: (record: WalRecord) => boolean): Undone[] {
    const undone: Undone[] = []
    for (let last = this.records.at(-1); last !== undefined && !stays(last); last = this.records.at(-1)) {
      this.records.pop()
      this.position = this.records.at(-1)?.lsn ?? last.lsn - last.changes.length - 1
      for (const { entry, before } of last.undo.toReversed()) {
        const row = before?.row ?? entry.committed
        entry.table.restore(entry, before)
        if (row !== undefined) undone.push({ entry, row })
      }
    }
    return undone
  }
}
