import type { Entry } from './entry.ts'

/**
 * The snapshots that somebody may still read: those of transactions of the higher levels, and those of statements that
 * wait for a lock. While there are any, versions that a commit replaces are kept for them.
 */
export class Snapshots {
  /** The number of the last commit that each sees, the oldest first. */
  private taken: Map<object, number> | undefined = undefined
  /** Rows with a version that was replaced, by the number of the commit that did. */
  private replaced: { readonly entry: Entry; readonly commit: number }[] = []
  private pruned = 0

  /** Whether versions that are replaced must be kept. */
  get any(): boolean {
    return this.taken !== undefined && this.taken.size > 0
  }

  /** Keeps what is visible now for somebody, until `release`. */
  take(owner: object, commit: number): void {
    this.taken ??= new Map()
    if (!this.taken.has(owner)) this.taken.set(owner, commit)
  }

  /** Keeps nothing for somebody any longer. */
  release(owner: object): void {
    if (this.taken?.delete(owner)) this.prune()
  }

  /** Notes that a commit has replaced a version that some snapshot may see. */
  keep(entry: Entry, commit: number): void {
    this.replaced.push({ entry, commit })
  }

  /** Forgets all: the server has stopped. */
  clear(): void {
    if (this.taken === undefined) return
    this.taken.clear()
    this.prune()
  }

  /** Drops every version that no snapshot sees any longer. */
  private prune(): void {
    const { replaced } = this
    let oldest = Number.POSITIVE_INFINITY
    for (const commit of this.taken?.values() ?? []) {
      oldest = commit
      break
    }
    let at = this.pruned
    for (; at < replaced.length; at++) {
      const { entry, commit } = replaced[at] as { entry: Entry; commit: number }
      if (commit > oldest) break
      entry.table.dropVersions(entry, oldest)
    }
    this.pruned = at
    if (at === replaced.length || at > 1_000) {
      this.replaced = replaced.slice(at)
      this.pruned = 0
    }
  }
}
