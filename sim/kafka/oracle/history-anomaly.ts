import type { PartitionName } from '../transaction/topic-partition.ts'
import type { Value } from './history-operation.ts'

/**
 * What can be wrong with what clients saw, by the names of jepsen.tests.kafka and Elle (Adya's G0, G1a, G1c). `G1c` has
 * write-read edges alone, `G1c-ww` also needs the order of writes.
 */
export type ClientAnomalyType =
  | 'inconsistent-offsets'
  | 'duplicate'
  | 'lost-write'
  | 'unseen'
  | 'G1a'
  | 'precommitted-read'
  | 'int-poll-skip'
  | 'int-nonmonotonic-poll'
  | 'int-send-skip'
  | 'int-nonmonotonic-send'
  | 'poll-skip'
  | 'nonmonotonic-poll'
  | 'nonmonotonic-send'
  | 'G0'
  | 'G1c'
  | 'G1c-ww'

/** A breach with its witness. */
export interface Anomaly<Type extends string> {
  readonly type: Type
  /** Ids of the operations that show it, in the order that the oracle's documentation gives. */
  readonly operations: readonly number[]
  /** Absent of a cycle over several. */
  readonly partition?: PartitionName
  readonly values: readonly Value[]
  readonly offsets: readonly number[]
}

export type ClientAnomaly = Anomaly<ClientAnomalyType>

/** What a run does that makes anomalies legal. */
export interface Tolerance {
  /** Whether consumers at read_uncommitted read what transactions write. */
  readonly readUncommitted?: boolean
  /** Whether at the end all was read that can be: else what nobody saw is merely not read yet. */
  readonly drained?: boolean
}

/**
 * Anomalies that are legal in Kafka. Writers are never isolated from each other: transactions interleave in a partition
 * (`int-send-skip`), and in two partitions in two orders (`G0`), so that a cycle with a write-write edge says nothing
 * either (`G1c-ww`). At read_uncommitted, what is aborted or not yet committed may be read (`G1a`,
 * `precommitted-read`, `G1c`). Source: allowed-error-types of jepsen.tests.kafka. It also allows skips and steps back
 * of consumers that subscribe, because it does not learn of every rebalance; a ClientHistory does.
 */
export function isTolerated(type: ClientAnomalyType, { readUncommitted, drained }: Tolerance = {}): boolean {
  switch (type) {
    case 'int-send-skip':
    case 'G0':
    case 'G1c-ww':
      return true
    case 'G1a':
    case 'precommitted-read':
    case 'G1c':
      return readUncommitted === true
    case 'unseen':
      return drained !== true
    default:
      return false
  }
}
