import type { Micros } from '../kernel/time.ts'
import type { Lsn, Wal } from './wal.ts'

/** `checkpoint_timeout`: what a slot was confirmed since the last one is forgotten in a crash. */
const CHECKPOINT_MICROS: Micros = 300_000_000

/** Whoever reads a slot: one at a time. */
export interface SlotReader {
  /** Something was committed. */
  wake(): void
  /** The server has crashed, or the slot is gone with the server that had it. */
  serverEnded(): void
}

/**
 * A logical replication slot: it remembers how far its reader has confirmed, and lets the log keep what comes after
 * (PostgreSQL documentation, 49.2). A reader that begins again gets everything after that, some of it a second time.
 */
export class ReplicationSlot {
  readonly name: string
  /** `confirmed_flush_lsn`. */
  confirmed: Lsn
  reader: SlotReader | undefined = undefined
  private readonly wal: Wal
  /** What a crash leaves of it. */
  private saved: Lsn
  private checkpoint = 0

  constructor(name: string, wal: Wal) {
    this.name = name
    this.wal = wal
    this.confirmed = wal.position
    this.saved = wal.position
  }

  /** Everything after it is kept. */
  get restart(): Lsn {
    return Math.min(this.confirmed, this.saved)
  }

  /** The reader needs nothing up to here any longer. */
  confirm(lsn: Lsn, nowMicros: Micros): void {
    const checkpoint = Math.floor(nowMicros / CHECKPOINT_MICROS)
    if (checkpoint > this.checkpoint) this.saved = this.confirmed
    this.checkpoint = checkpoint
    this.confirmed = Math.max(this.confirmed, lsn)
    this.wal.trim()
  }

  /** The log ends here now: nothing beyond is confirmed. */
  rewind(lsn: Lsn): void {
    this.confirmed = Math.min(this.confirmed, lsn)
    this.saved = Math.min(this.saved, lsn)
  }

  /** Something was committed. */
  wake(): void {
    this.reader?.wake()
  }

  /** The server has crashed. */
  serverEnded(): void {
    const { reader } = this
    this.reader = undefined
    this.confirmed = this.saved
    reader?.serverEnded()
  }
}
