/** A file that is deleted, but still takes space. */
interface Deletion {
  readonly atMillis: number
  readonly bytes: number
}

/**
 * The log directory of a broker. A write that does not fit takes it offline, with all logs in it, until the broker is
 * started anew (KAFKA_STORAGE_ERROR). Source: LogDirFailureChannel, LogManager.
 */
export class Disk {
  readonly capacityBytes: number
  /** How long a flush takes. */
  readonly flushMillis: number
  /** There is no space left for anything. */
  isFull = false
  /** A write has failed: every operation fails from now on. */
  offline = false
  private used = 0
  private readonly deletions: Deletion[] = []

  constructor(capacityBytes = Number.POSITIVE_INFINITY, flushMillis = 0) {
    this.capacityBytes = capacityBytes
    this.flushMillis = flushMillis
  }

  /** Bytes in use, with those of deleted files that are not gone yet. */
  usedBytes(nowMillis: number): number {
    while (this.deletions.length > 0 && (this.deletions[0] as Deletion).atMillis <= nowMillis) {
      this.used -= (this.deletions.shift() as Deletion).bytes
    }
    return this.used
  }

  /** Writes bytes. @returns whether they fit; otherwise the disk is offline */
  write(bytes: number, nowMillis: number): boolean {
    if (this.offline) return false
    if (this.isFull) {
      this.offline = true
      return false
    }
    this.used += bytes
    if (this.used <= this.capacityBytes || this.usedBytes(nowMillis) <= this.capacityBytes) return true
    this.used -= bytes
    this.offline = true
    return false
  }

  /** Files are cut: their space is free at once. */
  free(bytes: number): void {
    this.used -= bytes
  }

  /** Files are deleted: their space is free after a delay (file.delete.delay.ms). */
  freeLater(bytes: number, atMillis: number): void {
    if (bytes === 0) return
    let index = this.deletions.length
    while (index > 0 && (this.deletions[index - 1] as Deletion).atMillis > atMillis) index -= 1
    this.deletions.splice(index, 0, { atMillis, bytes })
  }
}
