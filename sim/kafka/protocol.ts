import type { Entity } from '../kernel/choice.ts'
import type { Micros } from '../kernel/time.ts'
import type { Plain } from '../kernel/value.ts'
import type { ErrorCode } from './error-code.ts'

/** A record as a producer sends it: immutable plain data, with the hash that was taken when it was sealed. */
export interface ProducedRecord {
  readonly key: string
  readonly value: Plain
  readonly hash: number
  /** The order or correlation id that it concerns: a header that every record carries. */
  readonly entity: Entity
}

/** A record in a partition's log. */
export interface LogRecord extends ProducedRecord {
  readonly offset: number
  readonly timestampMicros: Micros
  /** Trace id of its append. */
  readonly appended: number
}

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** Produce: one record for one partition, answered when it is in the log. */
export interface ProduceRequest extends TopicPartition {
  readonly record: ProducedRecord
}

export interface ProduceResponse {
  readonly errorCode: ErrorCode
  readonly baseOffset: number
}

/** OffsetCommit: `offset` is the next record to read, so everything below it is done (rule F5). */
export interface OffsetCommitRequest {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly offsets: readonly (TopicPartition & { readonly offset: number })[]
}

/** What a member is told when a rebalance ends; JoinGroup, SyncGroup and OffsetFetch answered in one. */
export interface Assignment {
  readonly generationId: number
  readonly partitions: readonly (TopicPartition & { readonly committedOffset: number })[]
}
