import type { CommitReach } from './consumer-options.ts'

/** How far the records of one partition are handled that were begun in order and end in any. */
export class Progress {
  private readonly reach: CommitReach
  /** Offsets that were taken and are not passed yet, ascending. */
  private readonly taken: number[] = []
  private readonly done = new Set<number>()
  private next = -1
  private committed = -1

  constructor(reach: CommitReach) {
    this.reach = reach
  }

  /** A record that will be handled; offsets rise, with gaps where the log has none. */
  take(offset: number): void {
    if (this.reach === 'contiguous') this.taken.push(offset)
  }

  /** A record is done with. */
  finish(offset: number): void {
    if (this.reach === 'highest') {
      this.next = Math.max(this.next, offset + 1)
      return
    }
    this.done.add(offset)
    let passed = 0
    while (passed < this.taken.length && this.done.delete(this.taken[passed] as number)) passed++
    if (passed > 0) this.next = (this.taken[passed - 1] as number) + 1
    this.taken.splice(0, passed)
  }

  /** The offset to commit: that of the next record to read; undefined when it is committed already, or nothing is done. */
  toCommit(): number | undefined {
    return this.next > this.committed ? this.next : undefined
  }

  /** An offset is on its way to the coordinator. */
  commit(offset: number): void {
    this.committed = offset
  }
}
