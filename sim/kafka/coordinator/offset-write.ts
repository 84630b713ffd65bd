import type { ErrorCode } from '../error-code.ts'
import { responseErrorOf } from './group-log.ts'
import type { Respond } from './group-message.ts'
import type { OffsetCommitResponse, OffsetCommitTopic } from './offset-message.ts'
import { type OffsetStore, type PartitionOffset, Reveal } from './offset-store.ts'

/** Offsets on their way to the log: once they are replicated readers see them, and who commits them is answered. */
export class OffsetWrite extends Reveal {
  private readonly topics: readonly OffsetCommitTopic[]
  private readonly response: OffsetCommitResponse
  private respond: Respond<OffsetCommitResponse> | undefined

  /**
   * @param entries whose `latest` is what is being written
   * @param topics that the request names
   */
  constructor(
    store: OffsetStore,
    entries: readonly PartitionOffset[],
    topics: readonly OffsetCommitTopic[],
    response: OffsetCommitResponse,
    respond: Respond<OffsetCommitResponse>,
  ) {
    super(store, entries)
    this.topics = topics
    this.response = response
    this.respond = respond
  }

  override committed(): void {
    super.committed()
    this.answer(this.response)
  }

  override failed(errorCode: ErrorCode): void {
    this.answer(commitError(this.topics, responseErrorOf(errorCode)))
  }

  /** Once only: after a time-out the write may still be replicated. */
  private answer(response: OffsetCommitResponse): void {
    const { respond } = this
    this.respond = undefined
    respond?.(response)
  }
}

/** The same error for all partitions of a commit. */
export function commitError(
  topics: readonly OffsetCommitTopic[],
  errorCode: ErrorCode,
): OffsetCommitResponse {
  return {
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
    })),
  }
}
