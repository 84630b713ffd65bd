import { JavaHashSet, javaStringHash } from './java-hash.ts'
import type { PartitionIndex } from './sticky-claims.ts'

/** A move of a partition, by member. */
interface Move {
  readonly from: number
  readonly to: number
}

/**
 * The partitions that one balancing has moved so far, so that a member which gave one of a topic to another gets the
 * same one back rather than another of that topic (AbstractStickyAssignor.PartitionMovements).
 */
export class PartitionMovements {
  private readonly index: PartitionIndex
  private readonly moves = new Map<number, Move>()
  /** Partitions that were moved, by topic and move. */
  private readonly moved = new Map<string, JavaHashSet<number>>()

  constructor(index: PartitionIndex) {
    this.index = index
  }

  /** The partition to move so that `partition`'s topic has one more at `to` and one less at `from`. */
  actualPartition(partition: number, from: number, to: number): number {
    const source = this.moves.get(partition)?.from ?? from
    return this.moved.get(this.key(partition, { from: to, to: source }))?.first() ?? partition
  }

  /** Notes that a partition was moved. */
  note(partition: number, from: number, to: number): void {
    const before = this.moves.get(partition)
    if (before !== undefined) {
      this.moves.delete(partition)
      this.moved.get(this.key(partition, before))?.delete(partition)
      if (before.from === to) return
    }
    const move = { from: before?.from ?? from, to }
    this.moves.set(partition, move)
    const key = this.key(partition, move)
    let set = this.moved.get(key)
    if (set === undefined) {
      set = new JavaHashSet((moved) => this.hashOf(moved))
      this.moved.set(key, set)
    }
    set.add(partition)
  }

  private key(partition: number, { from, to }: Move): string {
    return `${from} ${to} ${this.index.at(partition).topic}`
  }

  /** `TopicPartition.hashCode`. */
  private hashOf(moved: number): number {
    const { topic, partition } = this.index.at(moved)
    return (Math.imul(31, 31 + partition) + javaStringHash(topic)) | 0
  }
}
