import type { ErrorCode } from '../error-code.ts'

/** Metadata, by MetadataRequest.json of Kafka 4.x. */
export interface MetadataRequestData {
  /** null: all topics. */
  readonly topics: readonly { readonly name: string }[] | null
  readonly allowAutoCreateTopics: boolean
}

export interface MetadataPartition {
  readonly errorCode: ErrorCode
  readonly partitionIndex: number
  /** -1 if it has none. */
  readonly leaderId: number
  /** -1 if not known. */
  readonly leaderEpoch: number
  readonly replicaNodes: readonly number[]
  readonly isrNodes: readonly number[]
  readonly offlineReplicas: readonly number[]
}

export interface MetadataTopic {
  readonly errorCode: ErrorCode
  readonly name: string
  /** Tells a topic from one of the same name that was deleted before; left out if the broker has no ids. */
  readonly topicId?: string
  /** Only brokers write to it. */
  readonly isInternal?: boolean
  readonly partitions: readonly MetadataPartition[]
}

/** The answer to Metadata, by MetadataResponse.json of Kafka 4.x: what the broker that was asked has heard. */
export interface MetadataResponseData {
  readonly brokers: readonly { readonly nodeId: number; readonly rack?: string | null }[]
  /** -1 if not known. */
  readonly controllerId: number
  readonly topics: readonly MetadataTopic[]
}
