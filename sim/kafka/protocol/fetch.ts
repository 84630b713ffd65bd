import type { ErrorCode } from '../error-code.ts'
import type { FetchedPartition, FetchPartition, ListedOffset } from '../replication/message.ts'

/** 0: up to the high watermark, 1: up to the last stable offset. */
export type IsolationLevel = 'read_uncommitted' | 'read_committed'

/** One partition of a Fetch request, with its index. */
export interface FetchPartitionData extends FetchPartition {
  readonly partition: number
}

/**
 * Fetch, by FetchRequest.json of Kafka 4.x. Sessions (KIP-227) only save bytes, so every request is a full one: it names
 * all partitions that are wanted. Of a follower that may wait (maxWaitMs > 0), a leader remembers what it last asked for,
 * as in a session, and leaves out what there is nothing new to say of; one that may not wait is told everything.
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
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly FetchPartitionData[]
  }[]
}

/** What is fetched of one partition. */
export interface FetchedPartitionData extends FetchedPartition {
  readonly partitionIndex: number
}

/** The answer to Fetch. A partition may be left out when there is nothing to say of it, as in a session. */
export interface FetchResponseData {
  readonly errorCode: ErrorCode
  readonly responses: readonly {
    readonly topic: string
    readonly partitions: readonly FetchedPartitionData[]
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
