import type { PartitionName } from '../transaction/topic-partition.ts'

/** Offsets from one on and below another. */
interface Range {
  readonly from: number
  readonly to: number
}

/** Which records the readers of partitions were sent past: by their applications, or by auto.offset.reset. */
export class ReaderSkips {
  /** By partition and group. */
  private readonly ranges = new Map<PartitionName, Map<string, Range[]>>()
  private readonly positions = new Map<PartitionName, Map<string, number>>()

  /** A group was given a record. */
  read(group: string, partition: PartitionName, offset: number): void {
    this.of(this.positions, partition).set(group, offset + 1)
  }

  /** A group reads on at an offset. */
  moved(group: string, partition: PartitionName, to: number): void {
    const positions = this.of(this.positions, partition)
    const from = positions.get(group) ?? 0
    positions.set(group, to)
    if (to <= from) return
    const ranges = this.of(this.ranges, partition)
    ranges.set(group, [...(ranges.get(group) ?? []), { from, to }])
  }

  /** Whether every group that reads a partition was sent past an offset. */
  isSkipped(partition: PartitionName, offset: number): boolean {
    const groups = [...(this.positions.get(partition)?.keys() ?? [])]
    const ranges = this.ranges.get(partition)
    if (groups.length === 0 || ranges === undefined) return false
    return groups.every((group) => ranges.get(group)?.some(({ from, to }) => from <= offset && offset < to))
  }

  private of<Value>(
    of: Map<PartitionName, Map<string, Value>>,
    partition: PartitionName,
  ): Map<string, Value> {
    let byGroup = of.get(partition)
    if (byGroup === undefined) {
      byGroup = new Map()
      of.set(partition, byGroup)
    }
    return byGroup
  }
}
