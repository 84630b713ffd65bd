/**
 * The range assignor (org.apache.kafka.clients.consumer.RangeAssignor, KAFKA.md §1.12): per topic, each member gets
 * floor(P/N) contiguous partitions and the first P mod N members one more.
 * @param partitionCounts partitions of each topic
 * @param memberCount members in their sorted order, all subscribed to all topics
 * @returns per topic and member the half-open range [from, to)
 */
export function rangeAssignment(
  partitionCounts: readonly number[],
  memberCount: number,
): (readonly [number, number])[][] {
  return partitionCounts.map((count) => {
    const quota = Math.floor(count / memberCount)
    const extra = count % memberCount
    return Array.from({ length: memberCount }, (_, index) => {
      const from = quota * index + Math.min(index, extra)
      return [from, from + quota + (index < extra ? 1 : 0)] as const
    })
  })
}
