import type { DescribedGroup as DescribedConsumerGroup } from '../coordinator/consumer-group-describe.ts'
import type { DeletableGroupResult, DescribedGroup } from '../coordinator/group-message.ts'
import type { ErrorCode } from '../error-code.ts'
import type { DescribedTransaction } from '../transaction/message.ts'

/** DeleteRecords, by DeleteRecordsRequest.json of Kafka 4.x. */
export interface DeleteRecordsRequestData {
  readonly timeoutMs: number
  readonly topics: readonly {
    readonly name: string
    readonly partitions: readonly {
      readonly partitionIndex: number
      /** -1 for the high watermark. */
      readonly offset: number
    }[]
  }[]
}

/** The answer to DeleteRecords. */
export interface DeleteRecordsResponseData {
  readonly topics: readonly {
    readonly name: string
    readonly partitions: readonly {
      readonly partitionIndex: number
      /** -1 when it failed. */
      readonly lowWatermark: number
      readonly errorCode: ErrorCode
    }[]
  }[]
}

export interface DescribeGroupsRequestData {
  readonly groups: readonly string[]
}

export interface DescribeGroupsResponseData {
  readonly groups: readonly DescribedGroup[]
}

export interface DeleteGroupsRequestData {
  readonly groupsNames: readonly string[]
}

export interface DeleteGroupsResponseData {
  readonly results: readonly DeletableGroupResult[]
}

export interface ConsumerGroupDescribeRequestData {
  readonly groupIds: readonly string[]
}

export interface ConsumerGroupDescribeResponseData {
  readonly groups: readonly DescribedConsumerGroup[]
}

export interface DescribeTransactionsRequestData {
  readonly transactionalIds: readonly string[]
}

export interface DescribeTransactionsResponseData {
  readonly transactionStates: readonly DescribedTransaction[]
}

/** CreateTopics, by CreateTopicsRequest.json of Kafka 4.x. */
export interface CreateTopicsRequestData {
  readonly topics: readonly {
    readonly name: string
    /** -1: see the assignments, or the broker's default. */
    readonly numPartitions: number
    /** -1: see the assignments, or the broker's default. */
    readonly replicationFactor: number
    readonly assignments: readonly {
      readonly partitionIndex: number
      readonly brokerIds: readonly number[]
    }[]
    readonly configs: readonly { readonly name: string; readonly value: string }[]
  }[]
}

export interface CreateTopicsResponseData {
  readonly topics: readonly { readonly name: string; readonly errorCode: ErrorCode }[]
}

export interface DeleteTopicsRequestData {
  readonly topicNames: readonly string[]
}

export interface DeleteTopicsResponseData {
  readonly responses: readonly { readonly name: string; readonly errorCode: ErrorCode }[]
}

/** CreatePartitions, by CreatePartitionsRequest.json of Kafka 4.x. */
export interface CreatePartitionsRequestData {
  readonly topics: readonly {
    readonly name: string
    readonly count: number
    readonly assignments: readonly { readonly brokerIds: readonly number[] }[] | null
  }[]
}

export interface CreatePartitionsResponseData {
  readonly results: readonly { readonly name: string; readonly errorCode: ErrorCode }[]
}

export interface ElectLeadersRequestData {
  readonly electionType: 'PREFERRED' | 'UNCLEAN'
  /** null: all partitions. */
  readonly topicPartitions:
    | readonly { readonly topic: string; readonly partitions: readonly number[] }[]
    | null
}

export interface ElectLeadersResponseData {
  readonly errorCode: ErrorCode
  readonly replicaElectionResults: readonly {
    readonly topic: string
    readonly partitionResult: readonly { readonly partitionId: number; readonly errorCode: ErrorCode }[]
  }[]
}

export interface DescribeTopicPartitionsRequestData {
  readonly topics: readonly { readonly name: string }[]
}

/** The answer to DescribeTopicPartitions (KIP-966): Metadata with eligible leader replicas. */
export interface DescribeTopicPartitionsResponseData {
  readonly topics: readonly {
    readonly errorCode: ErrorCode
    readonly name: string
    readonly isInternal: boolean
    readonly partitions: readonly {
      readonly errorCode: ErrorCode
      readonly partitionIndex: number
      readonly leaderId: number
      readonly leaderEpoch: number
      readonly replicaNodes: readonly number[]
      readonly isrNodes: readonly number[]
      readonly eligibleLeaderReplicas: readonly number[]
      readonly lastKnownElr: readonly number[]
      readonly offlineReplicas: readonly number[]
    }[]
  }[]
}
