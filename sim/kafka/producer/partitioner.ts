import { partitionOf } from '../murmur2.ts'
import type { RandomBelow } from './backoff.ts'

/** What a partitioner sees of a topic. */
export interface TopicView {
  readonly name: string
  readonly partitionCount: number
  /** Partitions that have a leader. */
  readonly available: readonly number[]
}

/** Chooses a partition for a record that names none. */
export type Partitioner = (key: string | null, topic: TopicView) => number

/** The partition of a key: of all partitions, available or not (rule P1). */
export function partitionForKey(key: string, topic: TopicView): number {
  return partitionOf(key, topic.partitionCount)
}

/**
 * The load of the partitions of a topic as a running sum of weights: a random number below the last one stands for the
 * first partition whose sum is greater (KIP-794).
 */
interface LoadStats {
  readonly sums: readonly number[]
  readonly partitions: readonly number[]
}

/**
 * Sticks to one partition of a topic for records without a key until a batch's worth of bytes has gone there, then
 * chooses the next by chance: uniformly, or the sooner the shorter the queues (rule P2). Source: BuiltInPartitioner of
 * Kafka 4.x.
 */
export class StickyPartitioner {
  private readonly stickyBytes: number
  private readonly randomBelow: RandomBelow
  private stats: LoadStats | undefined = undefined
  private current = -1
  private producedBytes = 0

  /** @throws RangeError if stickyBytes is below 1 */
  constructor(stickyBytes: number, randomBelow: RandomBelow) {
    if (stickyBytes < 1) throw new RangeError(`stickyBatchSize must be >= 1 but got ${stickyBytes}`)
    this.stickyBytes = stickyBytes
    this.randomBelow = randomBelow
  }

  /** Whether it has ever been asked: who only writes keyed records needs no statistics. */
  get isUsed(): boolean {
    return this.current >= 0
  }

  /** Running sums of the weights of partitions, empty while all count the same. */
  get cumulativeWeights(): readonly number[] {
    return this.stats?.sums ?? []
  }

  /** The partition for the next record. */
  peek(topic: TopicView): number {
    if (this.current < 0) this.current = this.next(topic)
    return this.current
  }

  /**
   * Bytes went to the current partition. It changes after stickyBytes if a switch is convenient, that is, unless it
   * would leave a batch half full; after twice as many in any case.
   */
  produced(bytes: number, topic: TopicView, isSwitchConvenient: boolean): void {
    this.producedBytes += bytes
    const isDue = isSwitchConvenient && this.producedBytes >= this.stickyBytes
    if (!isDue && this.producedBytes < 2 * this.stickyBytes) return
    this.current = this.next(topic)
    this.producedBytes = 0
  }

  /**
   * Lengths of the queues of the partitions that may be chosen; undefined while it is not known of all.
   * @param knownPartitions how many partitions have a queue, available or not
   */
  updateLoad(
    queueSizes: readonly number[] | undefined,
    partitions: readonly number[],
    knownPartitions: number,
  ): void {
    this.stats = undefined
    if (queueSizes === undefined || queueSizes.length < 1 || knownPartitions < 2) return
    let longest = queueSizes[0] as number
    let isEven = queueSizes.length === knownPartitions
    for (const size of queueSizes) {
      if (size !== longest) isEven = false
      if (size > longest) longest = size
    }
    if (isEven) return
    let sum = 0
    this.stats = {
      sums: queueSizes.map((size) => {
        sum += longest + 1 - size
        return sum
      }),
      partitions,
    }
  }

  private next(topic: TopicView): number {
    if (this.stats === undefined) {
      const { available, partitionCount } = topic
      return available.length > 0
        ? (available[this.randomBelow(available.length)] as number)
        : this.randomBelow(partitionCount)
    }
    const { sums, partitions } = this.stats
    const chosen = this.randomBelow(sums.at(-1) as number)
    return partitions[sums.findIndex((sum) => sum > chosen)] as number
  }
}
