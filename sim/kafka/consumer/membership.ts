import type { ErrorCode } from '../error-code.ts'
import type { ConsumerError } from './error.ts'

/** As whom a consumer commits offsets. */
export interface CommitIdentity {
  readonly generationIdOrMemberEpoch: number
  readonly memberId: string
  readonly groupInstanceId: string | null
}

/** A consumer's part in a group, under one of the two protocols. */
export interface Membership {
  readonly identity: CommitIdentity
  /**
   * As whom it took its last assignment. It stays so when the member is none any more, so that what it still commits in a
   * transaction is refused (KIP-447). Source: ConsumerCoordinator.onJoinComplete, AsyncKafkaConsumer.updateGroupMetadata.
   */
  readonly assignedIdentity: CommitIdentity
  /** The application calls poll: it is alive. */
  polled(nowMillis: number): void
  /** Goes on with what belongs into poll. @throws ConsumerError */
  work(nowMillis: number): void
  /** Goes on with what happens whether or not the application polls. */
  background(nowMillis: number): void
  /** As whom to commit now, or why there is no point in it. */
  commitIdentity(): CommitIdentity | ConsumerError
  /** Offsets of somebody who is no member, or not this one any more, were refused. @returns what the application hears */
  commitRefused(errorCode: ErrorCode, sent: CommitIdentity): ConsumerError
  /** Whether a refused commit may be sent again as somebody else: the group has moved on, and the member with it. */
  maySendAgain(errorCode: ErrorCode, sent: CommitIdentity): boolean
  enforceRebalance(): void
  /** Gives up the assignment and leaves. @param isClosing for good @param left hears when that is as done as it gets */
  leave(isClosing: boolean, nowMillis: number, left: (nowMillis: number) => void): void
  nextDeadlineMillis(): number
  /** When `work` has something to do without having been woken. */
  workDeadlineMillis(): number
  heartbeatDeadlineMillis(): number
  skipHeartbeats(nowMillis: number): void
}
