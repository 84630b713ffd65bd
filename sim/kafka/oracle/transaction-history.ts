import type { PartitionName } from '../transaction/topic-partition.ts'

export type TransactionResult = 'commit' | 'abort'

/** What a leader wrote for a transactional producer: a batch. */
export interface AppendEvent {
  readonly kind: 'append'
  readonly partition: PartitionName
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseOffset: number
  readonly atMillis: number
}

/** What a leader wrote for a coordinator: the end of a transaction. */
export interface MarkerEvent {
  readonly kind: 'marker'
  readonly partition: PartitionName
  readonly producerId: number
  readonly producerEpoch: number
  readonly result: TransactionResult
}

/** A leader answered with its last stable offset. */
export interface StableEvent {
  readonly kind: 'stable'
  readonly partition: PartitionName
  readonly lastStableOffset: number
  readonly highWatermark: number
}

/** A new leader has less than the one before: what is from here on is gone. */
export interface TruncateEvent {
  readonly kind: 'truncate'
  readonly partition: PartitionName
  readonly offset: number
}

/** InitProducerId was answered: older epochs of the producer may write no more. */
export interface InitEvent {
  readonly kind: 'init'
  readonly producerId: number
  readonly producerEpoch: number
  readonly timeoutMillis: number
}

/** The coordinator wrote Prepare{Commit,Abort}: the transaction ends so, in all its partitions. */
export interface DecideEvent {
  readonly kind: 'decide'
  readonly producerId: number
  readonly result: TransactionResult
  readonly partitions: readonly PartitionName[]
}

export type TransactionEvent =
  | AppendEvent
  | MarkerEvent
  | StableEvent
  | TruncateEvent
  | InitEvent
  | DecideEvent

/** What brokers did for transactional producers, in the order in which it happened; events are known by their index. */
export type TransactionHistory = readonly TransactionEvent[]
