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
