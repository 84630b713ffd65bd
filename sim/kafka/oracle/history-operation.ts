import type { PartitionName } from '../transaction/topic-partition.ts'

/**
 * How an operation ended, as the literature has it (Jepsen): `ok` it took effect, `fail` it certainly did not and never
 * will, `info` nobody knows. An error that leaves the record in the log, perhaps, is `info`: a time-out,
 * NOT_LEADER_OR_FOLLOWER, NOT_ENOUGH_REPLICAS_AFTER_APPEND (rules A3, A4, P5).
 */
export type Outcome = 'ok' | 'fail' | 'info'

/** What a record is known by: unique to what its application means to say once. */
export type Value = string | number

export type IsolationLevel = 'read_committed' | 'read_uncommitted'

export const NO_TRANSACTION = -1
export const UNKNOWN_OFFSET = -1
/** When something happened that has not: after everything. */
export const NOT_YET = Number.POSITIVE_INFINITY

interface Timed {
  /** Its index in `ClientHistory.operations`. */
  readonly id: number
  /** Moments count the calls of the history, so that the order of any two is known. */
  readonly invoked: number
  completed: number
}

/** A record handed to a producer. */
export interface SendOperation extends Timed {
  readonly kind: 'send'
  /** One life of one producer: its sends to a partition have an order. */
  readonly client: string
  /** Id of its TransactionOperation, or NO_TRANSACTION. */
  readonly transaction: number
  readonly partition: PartitionName
  readonly value: Value
  /** UNKNOWN_OFFSET until the broker has said it; it may be known of an `info`, too. */
  offset: number
  outcome: Outcome
}

export interface PolledRecord {
  readonly partition: PartitionName
  readonly offset: number
  readonly value: Value
}

/** What a consumer was given by one poll, in its order. */
export interface PollOperation extends Timed {
  readonly kind: 'poll'
  readonly client: string
  /** Empty for a consumer without a group. */
  readonly group: string
  readonly isolationLevel: IsolationLevel
  readonly records: readonly PolledRecord[]
  /** Id of the transaction in which the records are processed: it may be said after the poll. */
  transaction: number
}

/** All that a consumer may read from now on; what it no longer may, it forgets its position in. */
export interface AssignOperation extends Timed {
  readonly kind: 'assign'
  readonly client: string
  readonly group: string
  /** Generation of the classic protocol or member epoch of KIP-848; −1 for partitions that the application chose. */
  readonly epoch: number
  readonly partitions: readonly PartitionName[]
}

/** Why a consumer goes on elsewhere: its application says so, a committed offset does, or auto.offset.reset. */
export type SeekReason = 'application' | 'committed' | 'reset'

/** A position that was set. */
export interface SeekOperation extends Timed {
  readonly kind: 'seek'
  readonly client: string
  readonly group: string
  readonly partition: PartitionName
  readonly offset: number
  readonly reason: SeekReason
}

/** A transaction from its beginning; `ok` is committed, `fail` aborted, `info` unknown or still open. */
export interface TransactionOperation extends Timed {
  readonly kind: 'transaction'
  readonly client: string
  outcome: Outcome
  /** When its end was first asked for: until then nobody at read_committed may see what it wrote. */
  endInvoked: number
}

export interface PartitionOffset {
  readonly partition: PartitionName
  readonly offset: number
}

/** Offsets committed for a group, by a member or in a transaction; `ok` is what the coordinator accepted. */
export interface CommitOperation extends Timed {
  readonly kind: 'commit'
  readonly client: string
  readonly group: string
  readonly epoch: number
  readonly offsets: readonly PartitionOffset[]
  /** Then it takes effect when that is committed. */
  readonly transaction: number
  outcome: Outcome
}

/** Committed offsets as the coordinator answered them; −1 where it knows none. */
export interface OffsetFetchOperation extends Timed {
  readonly kind: 'offset-fetch'
  readonly client: string
  readonly group: string
  offsets: readonly PartitionOffset[]
}

/** Offsets that were forgotten: they expired (rule O6), or somebody deleted or reset them. */
export interface OffsetDeleteOperation extends Timed {
  readonly kind: 'offset-delete'
  readonly group: string
  readonly partitions: readonly PartitionName[]
}

export type GroupProtocol = 'classic' | 'consumer'

/** The coordinator began a generation, or a group epoch of KIP-848. */
export interface GroupEpochOperation extends Timed {
  readonly kind: 'group-epoch'
  readonly group: string
  readonly protocol: GroupProtocol
  readonly epoch: number
}

/** The coordinator let a member go: it left, was fenced, or its session ran out. From now on it may not commit. */
export interface MemberGoneOperation extends Timed {
  readonly kind: 'member-gone'
  readonly client: string
  readonly group: string
}

export type Operation =
  | SendOperation
  | PollOperation
  | AssignOperation
  | SeekOperation
  | TransactionOperation
  | CommitOperation
  | OffsetFetchOperation
  | OffsetDeleteOperation
  | GroupEpochOperation
  | MemberGoneOperation
