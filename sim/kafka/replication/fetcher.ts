import type { ErrorCode } from '../error-code.ts'
import { type EpochEndOffset, UNDEFINED_EPOCH, UNDEFINED_EPOCH_OFFSET } from '../log/epoch-cache.ts'
import type { Log } from '../log/log.ts'
import type { ReplicationConfig, ReplicationSwitches } from './config.ts'
import { type FetchedPartition, type FetchPartition, fetchPartition, NO_LEADER_EPOCH } from './message.ts'

/** What a follower asks its leader next. */
export type FollowerRequest =
  | { readonly api: 'Fetch'; readonly partition: FetchPartition }
  | {
      readonly api: 'OffsetForLeaderEpoch'
      readonly currentLeaderEpoch: number
      readonly leaderEpoch: number
    }
  /** The earliest and the latest offset, by two ListOffsets. */
  | { readonly api: 'ListOffsets'; readonly currentLeaderEpoch: number }

/** Where a follower is: it agrees with its leader on where their logs part, it copies, or it waits for another leader. */
export type FetcherState = 'truncating' | 'out-of-range' | 'fetching' | 'failed'

/**
 * What a follower does for one partition from the moment that it hears of a leader epoch: truncate to what the leader
 * has too, and then copy (rules R1, R3, R4, L5). Source: AbstractFetcherThread, ReplicaFetcherThread.
 */
export class PartitionFetcher {
  readonly leaderEpoch: number
  state: FetcherState
  fetchOffset: number
  /** It asks nothing before. */
  delayedUntilMillis = 0
  private lastFetch: FetchPartition | undefined = undefined
  private readonly log: Log
  private readonly index: number
  private readonly config: ReplicationConfig
  private readonly switches: ReplicationSwitches

  /** @param index of the partition in its topic */
  constructor(
    log: Log,
    index: number,
    leaderEpoch: number,
    config: ReplicationConfig,
    switches: ReplicationSwitches,
    nowMillis: number,
  ) {
    this.log = log
    this.index = index
    this.leaderEpoch = leaderEpoch
    this.config = config
    this.switches = switches
    this.state = 'fetching'
    this.fetchOffset = log.logEndOffset
    if (switches.truncation === 'high-watermark' || log.epochs.latestEpoch === UNDEFINED_EPOCH)
      this.truncate(log.highWatermark, nowMillis)
    else if (switches.truncation !== 'fetch') this.state = 'truncating'
  }

  /** The log is the same as its leader's. */
  resume(): void {
    this.state = 'fetching'
    this.fetchOffset = this.log.logEndOffset
  }

  /** The next request; undefined while it waits or has given up. */
  request(nowMillis: number): FollowerRequest | undefined {
    const partition = this.nextFetch(nowMillis)
    if (partition !== undefined) return { api: 'Fetch', partition }
    if (nowMillis < this.delayedUntilMillis) return undefined
    const { currentLeaderEpoch } = this
    if (this.state === 'out-of-range') return { api: 'ListOffsets', currentLeaderEpoch }
    if (this.state !== 'truncating') return undefined
    return { api: 'OffsetForLeaderEpoch', currentLeaderEpoch, leaderEpoch: this.log.epochs.latestEpoch }
  }

  /**
   * What the next request fetches; undefined if it is another one, or none. As in the last one, if nothing has changed:
   * mostly there was nothing to copy.
   */
  nextFetch(nowMillis: number): FetchPartition | undefined {
    if (this.state !== 'fetching' || nowMillis < this.delayedUntilMillis) return undefined
    const { fetchOffset, lastFetch, log } = this
    const { logStartOffset } = log
    const lastFetchedEpoch = this.switches.truncation === 'fetch' ? log.epochs.latestEpoch : NO_LEADER_EPOCH
    if (
      lastFetch?.fetchOffset === fetchOffset &&
      lastFetch.lastFetchedEpoch === lastFetchedEpoch &&
      lastFetch.logStartOffset === logStartOffset
    )
      return lastFetch
    this.lastFetch = fetchPartition(
      this.index,
      fetchOffset,
      this.currentLeaderEpoch,
      lastFetchedEpoch,
      logStartOffset,
      this.config['replica.fetch.max.bytes'],
    )
    return this.lastFetch
  }

  /** The leader epoch as requests say it, if they do. */
  private get currentLeaderEpoch(): number {
    return this.switches.fenceByLeaderEpoch ? this.leaderEpoch : NO_LEADER_EPOCH
  }

  /** The answer to a Fetch. @returns whether the log has changed */
  fetched(response: FetchedPartition, nowMillis: number): boolean {
    if (this.state !== 'fetching') return false
    if (response.errorCode !== 'NONE') {
      this.refused(response.errorCode, nowMillis)
      return false
    }
    if (response.divergingEpoch !== undefined) {
      this.reconcile(response.divergingEpoch, nowMillis)
      return true
    }
    const { log } = this
    const error = log.appendAsFollower(response.batches, this.leaderEpoch, nowMillis)
    if (error !== 'NONE') {
      this.state = 'failed'
      return false
    }
    this.fetchOffset = log.logEndOffset
    log.updateHighWatermark(response.highWatermark, nowMillis)
    log.maybeIncrementLogStartOffset(response.logStartOffset, nowMillis)
    return response.batches.length > 0
  }

  /** The answer to an OffsetForLeaderEpoch (rule R3). */
  epochEnded(end: EpochEndOffset & { readonly errorCode: ErrorCode }, nowMillis: number): void {
    if (this.state !== 'truncating') return
    // Before KIP-279 the answer did not say of which epoch it speaks.
    const { endOffset, epoch } =
      this.switches.truncation === 'KIP-101' ? { ...end, epoch: UNDEFINED_EPOCH } : end
    if (end.errorCode !== 'NONE') this.refused(end.errorCode, nowMillis)
    else if (this.reconcile({ epoch, endOffset }, nowMillis)) this.state = 'fetching'
  }

  /** The answer to the two ListOffsets (rule R4). */
  bounded(earliest: number, latest: number, nowMillis: number): void {
    if (this.state !== 'out-of-range') return
    const { log } = this
    if (latest < log.logEndOffset) {
      this.truncate(latest, nowMillis)
    } else if (earliest > log.logEndOffset) {
      log.truncateFullyAndStartAt(earliest, nowMillis)
      this.fetchOffset = earliest
    } else {
      this.fetchOffset = Math.max(earliest, log.logEndOffset)
    }
    this.state = 'fetching'
  }

  /** The leader refused, or did not answer. */
  refused(errorCode: ErrorCode, nowMillis: number): void {
    if (errorCode === 'FENCED_LEADER_EPOCH') this.state = 'failed'
    else if (errorCode === 'OFFSET_OUT_OF_RANGE' && this.state === 'fetching') this.state = 'out-of-range'
    else this.delayedUntilMillis = nowMillis + this.config['replica.fetch.backoff.ms']
  }

  /**
   * Truncates to where both logs are the same, as far as the leader's answer tells.
   * @returns whether they are the same now; else the leader is to be asked again (KIP-279)
   */
  private reconcile({ epoch, endOffset }: EpochEndOffset, nowMillis: number): boolean {
    const { log } = this
    if (endOffset === UNDEFINED_EPOCH_OFFSET) {
      this.truncate(log.highWatermark, nowMillis)
      return true
    }
    if (epoch === UNDEFINED_EPOCH) {
      this.truncate(endOffset, nowMillis)
      return true
    }
    const own = log.endOffsetForEpoch(epoch)
    if (own.endOffset !== UNDEFINED_EPOCH_OFFSET && own.epoch !== epoch) {
      this.truncate(own.endOffset, nowMillis)
      return false
    }
    const ownEnd = own.endOffset === UNDEFINED_EPOCH_OFFSET ? endOffset : own.endOffset
    this.truncate(Math.min(ownEnd, endOffset), nowMillis)
    return true
  }

  private truncate(offset: number, nowMillis: number): void {
    this.log.truncateTo(Math.min(offset, this.log.logEndOffset), nowMillis)
    this.fetchOffset = this.log.logEndOffset
  }
}
