import { appended, lastOf } from '../../kernel/list.ts'

/** Answer for an epoch that is not known. Source: OffsetsForLeaderEpochResponse. */
export const UNDEFINED_EPOCH = -1
export const UNDEFINED_EPOCH_OFFSET = -1

/** A leader epoch and the offset of the first record that was written in it. */
export interface EpochEntry {
  readonly epoch: number
  readonly startOffset: number
}

/** An epoch and the offset at which it ends; both -1 when undefined. */
export interface EpochEndOffset {
  readonly epoch: number
  readonly endOffset: number
}

const UNDEFINED: EpochEndOffset = { epoch: UNDEFINED_EPOCH, endOffset: UNDEFINED_EPOCH_OFFSET }

/** Of a replica that knows no epoch yet, and of one whose first leader still leads, as mostly. */
const NO_ENTRIES: readonly EpochEntry[] = []
const FIRST_ENTRIES: readonly EpochEntry[] = [{ epoch: 0, startOffset: 0 }]

/**
 * Leader epochs of one replica with their start offsets, both strictly increasing (rules L7 to L11). It survives every
 * crash: assignments are flushed at once, and what a truncation leaves in the file is cut again when the log is loaded.
 * Source: LeaderEpochFileCache.
 */
export class LeaderEpochCache {
  /** Never changed: another list takes its place. */
  private list = NO_ENTRIES

  constructor(entries: readonly EpochEntry[] = []) {
    for (const { epoch, startOffset } of entries) this.assign(epoch, startOffset)
  }

  /** The entries, oldest first. */
  get entries(): readonly EpochEntry[] {
    return this.list
  }

  get latestEntry(): EpochEntry | undefined {
    return lastOf(this.list)
  }

  get earliestEntry(): EpochEntry | undefined {
    return this.list[0]
  }

  /** Epoch of the last entry, UNDEFINED_EPOCH if there is none. */
  get latestEpoch(): number {
    return this.latestEntry?.epoch ?? UNDEFINED_EPOCH
  }

  /** The last entry of an epoch below one. */
  previousEntry(epoch: number): EpochEntry | undefined {
    return this.at(this.higherIndex(epoch - 1) - 1)
  }

  /** The least epoch above one, UNDEFINED_EPOCH if there is none. */
  nextEpoch(epoch: number): number {
    return this.list[this.higherIndex(epoch)]?.epoch ?? UNDEFINED_EPOCH
  }

  /** The entry of an epoch. */
  entry(epoch: number): EpochEntry | undefined {
    const floor = this.at(this.higherIndex(epoch) - 1)
    return floor?.epoch === epoch ? floor : undefined
  }

  /** The epoch in which the record at an offset was written, UNDEFINED_EPOCH below the first entry. */
  epochForOffset(offset: number): number {
    let epoch = UNDEFINED_EPOCH
    for (const entry of this.list) {
      if (entry.startOffset > offset) break
      epoch = entry.epoch
    }
    return epoch
  }

  /**
   * Notes that an epoch starts at an offset, unless it is the latest and starts no later already. Entries that would
   * no longer be in order are dropped first (rule L7).
   * @throws RangeError for a negative epoch or offset
   */
  assign(epoch: number, startOffset: number): void {
    const latest = this.latestEntry
    if (latest !== undefined && latest.epoch === epoch && latest.startOffset <= startOffset) return
    if (epoch < 0 || startOffset < 0)
      throw new RangeError(`invalid leader epoch entry ${epoch}:${startOffset}`)
    let last = latest
    while (last !== undefined && (last.epoch >= epoch || last.startOffset >= startOffset)) {
      this.dropLatest()
      last = this.latestEntry
    }
    if (last === undefined && epoch === 0 && startOffset === 0) this.list = FIRST_ENTRIES
    else this.list = appended(this.list, { epoch, startOffset })
  }

  /** The largest known epoch that is not above one, and where it ends (rule L9). */
  endOffsetFor(epoch: number, logEndOffset: number): EpochEndOffset {
    if (epoch === UNDEFINED_EPOCH) return UNDEFINED
    if (epoch === this.latestEpoch) return { epoch, endOffset: logEndOffset }
    const higher = this.higherIndex(epoch)
    const next = this.list[higher]
    if (next === undefined) return UNDEFINED
    return { epoch: this.at(higher - 1)?.epoch ?? epoch, endOffset: next.startOffset }
  }

  /** Drops the entries that start at or above an offset; a negative one drops nothing (rule L10). */
  truncateFromEnd(endOffset: number): void {
    if (endOffset < 0) return
    while (this.list.length > 0 && (this.latestEntry as EpochEntry).startOffset >= endOffset)
      this.dropLatest()
  }

  /** Drops the entries below an offset, but keeps the one that covers it, now starting there (rule L10). */
  truncateFromStart(startOffset: number): void {
    let covering = -1
    while (
      covering + 1 < this.list.length &&
      (this.list[covering + 1] as EpochEntry).startOffset <= startOffset
    ) {
      covering += 1
    }
    if (covering < 0) return
    const { epoch } = this.list[covering] as EpochEntry
    this.list = [{ epoch, startOffset }, ...this.list.slice(covering + 1)]
  }

  clear(): void {
    this.list = NO_ENTRIES
  }

  private dropLatest(): void {
    this.list = this.list.slice(0, this.list.length - 1)
  }

  private at(index: number): EpochEntry | undefined {
    return index < 0 ? undefined : this.list[index]
  }

  /** Index of the first entry of an epoch above one: leaders change rarely, so the list is short. */
  private higherIndex(epoch: number): number {
    let index = this.list.length
    while (index > 0 && (this.list[index - 1] as EpochEntry).epoch > epoch) index -= 1
    return index
  }
}
