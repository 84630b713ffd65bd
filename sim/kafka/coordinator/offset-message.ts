import type { ErrorCode } from '../error-code.ts'

export interface OffsetCommitPartition {
  readonly partitionIndex: number
  readonly committedOffset: number
  /** −1 when unknown. */
  readonly committedLeaderEpoch: number
  readonly committedMetadata: string | null
}

export interface OffsetCommitTopic {
  readonly name: string
  readonly partitions: readonly OffsetCommitPartition[]
}

export interface OffsetCommitRequest {
  readonly groupId: string
  /** −1 from a client that is no member. */
  readonly generationIdOrMemberEpoch: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  /** −1 unless the client sets a retention of its own (v2 to v4). */
  readonly retentionTimeMs: number
  readonly topics: readonly OffsetCommitTopic[]
}

export interface TxnOffsetCommitRequest {
  readonly transactionalId: string
  readonly groupId: string
  readonly producerId: number
  readonly producerEpoch: number
  /** −1 before v3 and from a producer that is given no group metadata. */
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly topics: readonly OffsetCommitTopic[]
}

export interface PartitionError {
  readonly partitionIndex: number
  readonly errorCode: ErrorCode
}

export interface TopicErrors {
  readonly name: string
  readonly partitions: readonly PartitionError[]
}

/** The answer to OffsetCommit and to TxnOffsetCommit. */
export interface OffsetCommitResponse {
  readonly topics: readonly TopicErrors[]
}

export interface OffsetFetchRequest {
  readonly groupId: string
  /** Null and −1 when the client gives none (before v9, and in classic groups). */
  readonly memberId: string | null
  readonly memberEpoch: number
  /** Null for all offsets of the group. */
  readonly topics: readonly { readonly name: string; readonly partitionIndexes: readonly number[] }[] | null
  readonly requireStable: boolean
}

export interface OffsetFetchPartition {
  readonly partitionIndex: number
  /** −1 when there is none. */
  readonly committedOffset: number
  readonly committedLeaderEpoch: number
  readonly metadata: string
  readonly errorCode: ErrorCode
}

export interface OffsetFetchTopic {
  readonly name: string
  readonly partitions: readonly OffsetFetchPartition[]
}

export interface OffsetFetchResponse {
  readonly groupId: string
  readonly errorCode: ErrorCode
  readonly topics: readonly OffsetFetchTopic[]
}

export interface OffsetDeleteRequest {
  readonly groupId: string
  readonly topics: readonly {
    readonly name: string
    readonly partitions: readonly { readonly partitionIndex: number }[]
  }[]
}

export interface OffsetDeleteResponse {
  readonly errorCode: ErrorCode
  readonly topics: readonly TopicErrors[]
}
