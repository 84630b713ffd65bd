import type { ErrorCode } from '../error-code.ts'
import type { AbortedTxn } from '../log/aborted-index.ts'
import type { RecordBatch } from '../log/batch.ts'
import type { EpochEndOffset } from '../log/epoch-cache.ts'

/** "None" for a leader epoch in a request. Source: RecordBatch.NO_PARTITION_LEADER_EPOCH. */
export const NO_LEADER_EPOCH = -1

/** One partition of a Fetch request. */
export interface FetchPartition {
  readonly partition: number
  readonly fetchOffset: number
  /** NO_LEADER_EPOCH when the client does not say (before Fetch v9). */
  readonly currentLeaderEpoch: number
  /** Epoch of the record before the offset; NO_LEADER_EPOCH when the client does not say (before Fetch v12). */
  readonly lastFetchedEpoch: number
  /** Start of the follower's log; -1 for consumers. */
  readonly logStartOffset: number
  readonly partitionMaxBytes: number
}

/** Partitions of a topic whose first requests are kept. */
const FEW = 64

/**
 * What was asked for last of the start of a partition, by its index, by followers and by consumers: what all of them ask
 * for when they begin. Plain data that nobody changes, compared as a whole, so that keeping it cannot influence a run.
 */
const ofFollowers = new Array<FetchPartition | undefined>(FEW)
const ofConsumers = new Array<FetchPartition | undefined>(FEW)

/** One partition of a Fetch request: where nothing has been fetched, mostly the object that everybody has. */
export function fetchPartition(
  partition: number,
  fetchOffset: number,
  currentLeaderEpoch: number,
  lastFetchedEpoch: number,
  logStartOffset: number,
  partitionMaxBytes: number,
): FetchPartition {
  const isKept = fetchOffset === 0 && partition < FEW
  const kept = logStartOffset < 0 ? ofConsumers : ofFollowers
  const known = isKept ? kept[partition] : undefined
  if (
    known?.currentLeaderEpoch === currentLeaderEpoch &&
    known.lastFetchedEpoch === lastFetchedEpoch &&
    known.logStartOffset === logStartOffset &&
    known.partitionMaxBytes === partitionMaxBytes
  )
    return known
  const wanted = {
    partition,
    fetchOffset,
    currentLeaderEpoch,
    lastFetchedEpoch,
    logStartOffset,
    partitionMaxBytes,
  }
  if (isKept) kept[partition] = wanted
  return wanted
}

/** One partition of a Fetch response. */
export interface FetchedPartition {
  readonly partitionIndex: number
  readonly errorCode: ErrorCode
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  /** Where the log of the one who asked diverges from the leader's; then there are no records. */
  readonly divergingEpoch: EpochEndOffset | undefined
  readonly abortedTransactions: readonly AbortedTxn[]
  readonly batches: readonly RecordBatch[]
  readonly sizeInBytes: number
}

/** A member of the ISR that a leader asks for, with the life in which it fetched. */
export interface IsrMember {
  readonly brokerId: number
  readonly brokerEpoch: number
}

/** AlterPartition (KIP-497, KIP-841), for one partition. */
export interface AlterPartitionRequest {
  readonly brokerId: number
  readonly brokerEpoch: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
  readonly newIsrWithEpochs: readonly IsrMember[]
  readonly leaderRecoveryState: LeaderRecoveryState
}

export interface AlterPartitionResponse {
  readonly errorCode: ErrorCode
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly isr: readonly number[]
  readonly leaderRecoveryState: LeaderRecoveryState
  readonly partitionEpoch: number
}

/** RECOVERING after an unclean election, until the new leader has asked for an ISR. */
export type LeaderRecoveryState = 'RECOVERED' | 'RECOVERING'

/** What the controller's metadata say of one partition. */
export interface PartitionRegistration {
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  /** -1 when there is none. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
  readonly leaderRecoveryState: LeaderRecoveryState
}

/** The times that stand for positions in ListOffsets. Source: ListOffsetsRequest. */
export const LATEST_TIMESTAMP = -1
export const EARLIEST_TIMESTAMP = -2

/** One partition of a ListOffsets response. */
export interface ListedOffset {
  readonly errorCode: ErrorCode
  readonly timestamp: number
  readonly offset: number
  readonly leaderEpoch: number
}

/** The error in place of records. */
export function fetchRefused(partitionIndex: number, errorCode: ErrorCode): FetchedPartition {
  return {
    partitionIndex,
    errorCode,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    divergingEpoch: undefined,
    abortedTransactions: [],
    batches: [],
    sizeInBytes: 0,
  }
}

/** Whether a produce request with acks=all is done (rules A3, A4). */
export interface ReplicationProgress {
  readonly done: boolean
  readonly errorCode: ErrorCode
}
