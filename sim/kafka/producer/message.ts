import type { ErrorCode } from '../error-code.ts'
import type { RecordBatch } from '../log/batch.ts'

/** -1: everything that must have it in sync, 1: the leader, 0: nobody answers. */
export type Acks = -1 | 0 | 1

export interface ProducePartitionData {
  readonly index: number
  readonly records: RecordBatch
}

/** Produce, by ProduceRequest.json of Kafka 4.x: one batch a partition. */
export interface ProduceRequestData {
  readonly transactionalId: string | null
  readonly acks: Acks
  readonly timeoutMs: number
  readonly topicData: readonly {
    readonly name: string
    readonly partitionData: readonly ProducePartitionData[]
  }[]
}

/** A record that made a whole batch be refused. */
export interface RecordError {
  readonly batchIndex: number
  readonly batchIndexErrorMessage: string | null
}

/** A leader as a broker that refused knows it (KIP-951); -1 for unknown. */
export interface LeaderIdAndEpoch {
  readonly leaderId: number
  readonly leaderEpoch: number
}

/** What a broker answers for one partition. What is left out has the default of ProduceResponse.json. */
export interface ProducePartitionResponse {
  readonly index: number
  readonly errorCode: ErrorCode
  readonly baseOffset: number
  /** -1 unless the log has times of its own. */
  readonly logAppendTimeMs?: number
  readonly logStartOffset?: number
  readonly recordErrors?: readonly RecordError[]
  readonly errorMessage?: string | null
  readonly currentLeader?: LeaderIdAndEpoch
}

/** The answer to Produce, by ProduceResponse.json of Kafka 4.x. */
export interface ProduceResponseData {
  readonly responses: readonly {
    readonly name: string
    readonly partitionResponses: readonly ProducePartitionResponse[]
  }[]
  /** Brokers that `currentLeader` speaks of. */
  readonly nodeEndpoints?: readonly { readonly nodeId: number }[]
}

/** Metadata, by MetadataRequest.json of Kafka 4.x. */
export interface MetadataRequestData {
  readonly topics: readonly { readonly name: string }[]
  readonly allowAutoCreateTopics: boolean
}

export interface MetadataPartition {
  readonly errorCode: ErrorCode
  readonly partitionIndex: number
  /** -1 if it has none. */
  readonly leaderId: number
  /** -1 if not known. */
  readonly leaderEpoch: number
}

export interface MetadataTopic {
  readonly errorCode: ErrorCode
  readonly name: string
  /** Tells a topic from one of the same name that was deleted before; left out if the broker has no ids. */
  readonly topicId?: string
  readonly partitions: readonly MetadataPartition[]
}

/** The answer to Metadata, by MetadataResponse.json of Kafka 4.x, as far as a producer reads it. */
export interface MetadataResponseData {
  readonly brokers: readonly { readonly nodeId: number }[]
  readonly topics: readonly MetadataTopic[]
}
