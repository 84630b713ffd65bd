import type { ErrorCode } from '../error-code.ts'

/**
 * What a group, of whatever type, decides about the offsets that are committed in its name. Source: the interface
 * Group of Apache Kafka.
 */
export interface OffsetValidator {
  readonly groupId: string
  /** Whether it has no members, so that it may be forgotten once it has no offsets. */
  readonly isEmpty: boolean
  /**
   * Whether a member may commit (rules O4, O5).
   * @param memberId empty when the client is not a member
   * @param generationIdOrMemberEpoch negative when the client is not a member
   * @param isTransactional TxnOffsetCommit (rule T9)
   * @param apiVersion of OffsetCommit or TxnOffsetCommit
   */
  validateOffsetCommit(
    memberId: string,
    groupInstanceId: string | null,
    generationIdOrMemberEpoch: number,
    isTransactional: boolean,
    apiVersion: number,
  ): ErrorCode
  /**
   * Whether a member may read offsets. GROUP_ID_NOT_FOUND is not an error to the client: it is told of no offsets.
   * @param memberId null and `memberEpoch` −1 when the client gives none (before v9, and in classic groups)
   */
  validateOffsetFetch(memberId: string | null, memberEpoch: number): ErrorCode
  /** Whether offsets may be deleted. */
  validateOffsetDelete(): ErrorCode
  /** Whether the group may be deleted. */
  validateDelete(): ErrorCode
  /** Whether members read this topic, so that its offsets neither expire nor may be deleted. */
  isSubscribedTo(topic: string): boolean
  /**
   * From when the retention of an offset counts (rule O6); undefined while none of the group's offsets expires.
   * @param commitTimestamp when it was committed
   */
  retainedSinceMillis(commitTimestamp: number): number | undefined
}
