import type { ErrorCode } from '../error-code.ts'
import type { TopicPartitions } from './topic-partition.ts'

export interface InitProducerIdRequest {
  /** null: an idempotent producer without transactions. */
  readonly transactionalId: string | null
  readonly transactionTimeoutMs: number
  /** With producerEpoch what the producer had, to bump the epoch (KIP-360); else both -1. */
  readonly producerId: number
  readonly producerEpoch: number
}

export interface InitProducerIdResponse {
  readonly errorCode: ErrorCode
  readonly producerId: number
  readonly producerEpoch: number
}

/** Version 3 and below, from clients. */
export interface AddPartitionsToTxnRequest {
  readonly v3AndBelowTransactionalId: string
  readonly v3AndBelowProducerId: number
  readonly v3AndBelowProducerEpoch: number
  readonly v3AndBelowTopics: readonly TopicPartitions[]
}

export interface AddPartitionsToTxnTransaction {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  /** Only ask whether the partitions are in the transaction (KIP-890 part 1). */
  readonly verifyOnly: boolean
  readonly topics: readonly TopicPartitions[]
}

/** Version 4 and above, from brokers. */
export interface AddPartitionsToTxnBatchRequest {
  readonly transactions: readonly AddPartitionsToTxnTransaction[]
}

export interface TopicErrors {
  readonly name: string
  readonly resultsByPartition: readonly {
    readonly partitionIndex: number
    readonly partitionErrorCode: ErrorCode
  }[]
}

export interface AddPartitionsToTxnResponse {
  readonly resultsByTopicV3AndBelow: readonly TopicErrors[]
}

export interface AddPartitionsToTxnBatchResponse {
  readonly errorCode: ErrorCode
  readonly resultsByTransaction: readonly {
    readonly transactionalId: string
    readonly topicResults: readonly TopicErrors[]
  }[]
}

export interface AddOffsetsToTxnRequest {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly groupId: string
}

export interface AddOffsetsToTxnResponse {
  readonly errorCode: ErrorCode
}

export interface EndTxnRequest {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly committed: boolean
}

/** With version 5 producerId and producerEpoch are those of the next transaction; else -1. */
export interface EndTxnResponse {
  readonly errorCode: ErrorCode
  readonly producerId: number
  readonly producerEpoch: number
}

export interface DescribedTransaction {
  readonly errorCode: ErrorCode
  readonly transactionalId: string
  readonly transactionState: string
  readonly transactionTimeoutMs: number
  readonly transactionStartTimeMs: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[]
}

export interface ListTransactionsRequest {
  readonly stateFilters: readonly string[]
  readonly producerIdFilters: readonly number[]
  /** Only transactions that began longer ago; -1 for all. */
  readonly durationFilter: number
  /** Regular expression for the whole transactional id; null or empty for all. */
  readonly transactionalIdPattern: string | null
}

export interface ListTransactionsResponse {
  readonly errorCode: ErrorCode
  readonly unknownStateFilters: readonly string[]
  readonly transactionStates: readonly {
    readonly transactionalId: string
    readonly producerId: number
    readonly transactionState: string
  }[]
}

export interface CommittedOffset {
  readonly committedOffset: number
  readonly committedLeaderEpoch: number
  readonly committedMetadata: string
}

/** Goes to the group coordinator; version 5 adds the partition of __consumer_offsets to the transaction itself. */
export interface TxnOffsetCommitRequest {
  readonly transactionalId: string
  readonly groupId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly topics: readonly {
    readonly name: string
    readonly partitions: readonly ({ readonly partitionIndex: number } & CommittedOffset)[]
  }[]
}

export interface TxnOffsetCommitResponse {
  readonly topics: readonly {
    readonly name: string
    readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: ErrorCode }[]
  }[]
}

export interface FindCoordinatorRequest {
  readonly keyType: 'TRANSACTION' | 'GROUP'
  readonly key: string
}

export interface FindCoordinatorResponse {
  readonly errorCode: ErrorCode
  readonly nodeId: number
}
