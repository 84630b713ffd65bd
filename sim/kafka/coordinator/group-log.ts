import type { ErrorCode } from '../error-code.ts'

/** A member of a classic group as it is persisted. Source: GroupMetadataValue.json. */
export interface PersistedMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeout: number
  readonly sessionTimeout: number
  readonly subscription: unknown
  readonly assignment: unknown
}

/** A classic group as it is persisted. Source: GroupMetadataValue.json. */
export interface GroupMetadataValue {
  readonly protocolType: string
  readonly generation: number
  readonly protocol: string | null
  readonly leader: string | null
  /** When the group got into its state, milliseconds. */
  readonly currentStateTimestamp: number
  readonly members: readonly PersistedMember[]
}

/** A committed offset as it is persisted. Source: OffsetCommitValue.json. */
export interface OffsetCommitValue {
  readonly offset: number
  /** −1 when unknown. */
  readonly leaderEpoch: number
  readonly metadata: string
  readonly commitTimestamp: number
  /** −1 unless the request gave a retention of its own (OffsetCommit v2 to v4). */
  readonly expireTimestamp: number
}

/** A record of `__consumer_offsets`; a value of null is a tombstone. */
export type GroupRecord =
  | { readonly kind: 'GroupMetadata'; readonly group: string; readonly value: GroupMetadataValue | null }
  | {
      readonly kind: 'OffsetCommit'
      readonly group: string
      readonly topic: string
      readonly partition: number
      readonly value: OffsetCommitValue | null
    }

/** The producer of a transactional batch. */
export interface BatchProducer {
  readonly producerId: number
  readonly producerEpoch: number
}

/** The end of a transaction, as its coordinator tells it to a partition (WriteTxnMarkers). */
export interface TransactionMarker extends BatchProducer {
  readonly coordinatorEpoch: number
  readonly transactionResult: 'COMMIT' | 'ABORT'
  /** transaction.version of the producer; 0 unless given. */
  readonly transactionVersion?: number
}

/** What a coordinator finds in the log when it takes over: a record, or the marker of a transaction. */
export type LogEntry =
  | { readonly offset: number; readonly producerId: number; readonly record: GroupRecord }
  | { readonly offset: number; readonly producerId: number; readonly marker: 'COMMIT' | 'ABORT' }

/** The producer id of a batch that belongs to no transaction. */
export const NO_PRODUCER_ID = -1

/** Waits until what was appended is replicated. */
export interface Write {
  /** The high watermark has passed everything that was appended before. */
  committed(nowMillis: number): void
  /**
   * It will not, or not in time: REQUEST_TIMED_OUT after offsets.commit.timeout.ms, NOT_LEADER_OR_FOLLOWER when
   * leadership is lost. After a time-out `committed` may still follow.
   */
  failed(errorCode: ErrorCode, nowMillis: number): void
}

/** The partition of `__consumer_offsets` that a coordinator leads. */
export interface GroupLog {
  /**
   * Appends a batch.
   * @param producer of a transactional batch
   * @returns the offset of its first record, or the error for which nothing was written
   */
  append(records: readonly GroupRecord[], producer?: BatchProducer): number | ErrorCode
  /** Appends the marker that ends a transaction. @returns its offset, or the error for which it was not written */
  appendMarker(marker: TransactionMarker): number | ErrorCode
  /** Waits for everything that was appended so far; answers at once if all of it is replicated. In order of calls. */
  whenCommitted(write: Write): void
}

/**
 * What a client is told when the coordinator could not write. Source: `appendGroupMetadataErrorToResponseError` of
 * GroupMetadataManager and `handleOperationException` of GroupCoordinatorService.
 */
export function responseErrorOf(appendError: ErrorCode): ErrorCode {
  switch (appendError) {
    case 'UNKNOWN_TOPIC_OR_PARTITION':
    case 'NOT_ENOUGH_REPLICAS':
    case 'REQUEST_TIMED_OUT':
      return 'COORDINATOR_NOT_AVAILABLE'
    case 'NOT_LEADER_OR_FOLLOWER':
    case 'KAFKA_STORAGE_ERROR':
      return 'NOT_COORDINATOR'
    case 'MESSAGE_TOO_LARGE':
    case 'RECORD_LIST_TOO_LARGE':
    case 'INVALID_FETCH_SIZE':
      return 'UNKNOWN_SERVER_ERROR'
    default:
      return appendError
  }
}
