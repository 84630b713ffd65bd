import type { ErrorCode } from '../error-code.ts'
import type { FetchedPartition, FetchPartition, ListedOffset } from '../replication/message.ts'

/** 0: up to the high watermark, 1: up to the last stable offset. */
export type IsolationLevel = 'read_uncommitted' | 'read_committed'

/** Epoch of a fetch that belongs to no session: it names all partitions that are wanted. Source: FetchMetadata. */
export const FINAL_EPOCH = -1
/** Epoch of a fetch that names all partitions that are wanted, and asks for a session of them. */
export const INITIAL_EPOCH = 0
/** The session of a fetch that has none yet. */
export const NO_SESSION = 0

/** A topic with some of its partitions, by their index. */
export interface ForgottenTopic {
  readonly topic: string
  readonly partitions: readonly number[]
}

/**
 * Fetch, by FetchRequest.json of Kafka 4.x. In a session (KIP-227) it names only partitions that were not in the session
 * or are wanted from elsewhere now, and the answer has only those of which there is something new to say.
 */
export interface FetchRequestData {
  /** Broker that follows; -1 for consumers. */
  readonly replicaId: number
  /** Life of that broker; -1 when not said. */
  readonly replicaEpoch: number
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly isolationLevel: IsolationLevel
  /** NO_SESSION, also if left out. */
  readonly sessionId?: number
  /** FINAL_EPOCH, also if left out, INITIAL_EPOCH, or how many fetches of the session there were before. */
  readonly sessionEpoch?: number
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly FetchPartition[]
  }[]
  /** Partitions of the session that are not wanted any more. */
  readonly forgottenTopics?: readonly ForgottenTopic[]
}

/** The answer to Fetch. */
export interface FetchResponseData {
  readonly errorCode: ErrorCode
  /** NO_SESSION, also if left out. */
  readonly sessionId?: number
  readonly responses: readonly {
    readonly topic: string
    readonly partitions: readonly FetchedPartition[]
  }[]
}

/** ListOffsets, by ListOffsetsRequest.json of Kafka 4.x. */
export interface ListOffsetsRequestData {
  /** Broker that asks; -1 for consumers. */
  readonly replicaId: number
  readonly isolationLevel: IsolationLevel
  readonly topics: readonly {
    readonly name: string
    readonly partitions: readonly {
      readonly partitionIndex: number
      /** NO_LEADER_EPOCH when not said. */
      readonly currentLeaderEpoch: number
      /** Milliseconds, or LATEST_TIMESTAMP, EARLIEST_TIMESTAMP and their like. */
      readonly timestamp: number
    }[]
  }[]
}

/** The answer to ListOffsets. */
export interface ListOffsetsResponseData {
  readonly topics: readonly {
    readonly name: string
    readonly partitions: readonly (ListedOffset & { readonly partitionIndex: number })[]
  }[]
}

/** OffsetForLeaderEpoch, by OffsetForLeaderEpochRequest.json of Kafka 4.x. */
export interface OffsetForLeaderEpochRequestData {
  /** -1 for consumers. */
  readonly replicaId: number
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      readonly currentLeaderEpoch: number
      readonly leaderEpoch: number
    }[]
  }[]
}

/** The answer to OffsetForLeaderEpoch. */
export interface OffsetForLeaderEpochResponseData {
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      readonly errorCode: ErrorCode
      readonly leaderEpoch: number
      readonly endOffset: number
    }[]
  }[]
}
