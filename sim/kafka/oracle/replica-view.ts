import type { LogRecord, RecordBatch } from '../log/batch.ts'

/** What an oracle reads of a replica's log; a `Log` is one, and a `StoredLog` of a broker that is down is nearly one. */
export interface ReplicaLog {
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly highWatermark: number
  /** Up to where it has been compacted; undefined if it never was. */
  readonly firstDirtyOffset?: number | undefined
  /** Batches with ascending offsets, by segments. */
  readonly segments: { readonly all: readonly { readonly batches: readonly RecordBatch[] }[] }
}

/** One replica of a partition as an oracle sees it: from outside, all at one moment. */
export interface ReplicaView {
  readonly brokerId: number
  /** Whether it takes itself for the leader; one that is down does not. */
  readonly isLeader: boolean
  readonly leaderEpoch: number
  /** What it has; of one that is down, what is on its disk. */
  readonly log: ReplicaLog
  /** Of a leader: the maximal ISR, as far as its members live the life in which they joined. */
  readonly isr: readonly number[]
}

/** What must hold of the replicas of one partition, by the names of Kafka's TLA+ models. */
export type ReplicaInvariant =
  | 'NeverTwoLeadersInSameEpoch'
  | 'CommittedOnce'
  | 'LeaderCompleteness'
  | 'LeaderCandidateCompleteness'
  | 'LogMatching'
  | 'NoCommittedRecordLost'
  | 'NoAcknowledgedRecordLost'
  | 'ValidHighWatermark'
  | 'WeakIsr'
  | 'ConsistentRead'

/** A breach: who, and the first offset at which it shows. */
export interface ReplicaAnomaly {
  readonly invariant: ReplicaInvariant
  readonly brokers: readonly number[]
  readonly offset: number
}

/** The batches of a log, in order. */
export function batchesOf({ segments }: ReplicaLog): readonly RecordBatch[] {
  const [first, ...others] = segments.all
  if (first === undefined) return []
  return others.length === 0 ? first.batches : segments.all.flatMap(({ batches }) => batches)
}

/** Index of the first batch that ends above an offset. */
export function indexOf(batches: readonly RecordBatch[], offset: number): number {
  let low = 0
  let high = batches.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((batches[middle] as RecordBatch).nextOffset <= offset) low = middle + 1
    else high = middle
  }
  return low
}

/** Whether two logs hold the same at the same offsets, written in the same epoch. */
export function isSameBatch(a: RecordBatch, b: RecordBatch): boolean {
  if (a === b) return true
  return (
    a.baseOffset === b.baseOffset &&
    a.lastOffsetDelta === b.lastOffsetDelta &&
    a.partitionLeaderEpoch === b.partitionLeaderEpoch &&
    a.producerId === b.producerId &&
    a.producerEpoch === b.producerEpoch &&
    a.baseSequence === b.baseSequence &&
    areSameRecords(a.records, b.records)
  )
}

/**
 * The first offset of a range at which two logs differ, or one of them has nothing. Out of scope: compacted logs, of
 * which each replica keeps what it likes.
 * @returns undefined if there is none
 */
export function firstDifference(
  a: readonly RecordBatch[],
  b: readonly RecordBatch[],
  from: number,
  to: number,
): number | undefined {
  let inA = indexOf(a, from)
  let inB = indexOf(b, from)
  let offset = from
  while (offset < to) {
    const left = a[inA]
    const right = b[inB]
    if (left === undefined || right === undefined || !isSameBatch(left, right)) return offset
    offset = left.nextOffset
    inA += 1
    inB += 1
  }
  return undefined
}

function areSameRecords(a: readonly LogRecord[], b: readonly LogRecord[]): boolean {
  if (a === b) return true
  return (
    a.length === b.length &&
    a.every((record, index) => {
      const { key, value, timestamp } = b[index] as LogRecord
      return record.key === key && record.value === value && record.timestamp === timestamp
    })
  )
}
